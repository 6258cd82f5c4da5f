set -e
echo 'nameserver 198.51.100.53' >/etc/resolv.conf
printf 'Debian GNU/Linux 12 \\n \\l\n' >/etc/issue
echo 'Debian GNU/Linux 12' >/etc/issue.net
