# Two name servers (no route leads to them, so that nothing waits) and a notice before log-in.
set -e
printf 'nameserver 198.51.100.53\nnameserver 198.51.100.54\n' >/etc/resolv.conf
echo 'Only authorised use is permitted. Activity is monitored.' >/etc/issue
cp /etc/issue /etc/issue.net
