# Three time servers. -x: the kernel's clock belongs to the machine that the tests run on.
set -e
printf 'DAEMON_OPTS="-x"\n' >/etc/default/chrony
cat >/etc/chrony/chrony.conf <<'X'
server 192.0.2.1 port 11123 iburst minpoll 0 maxpoll 2
server 192.0.2.2 port 11123 iburst minpoll 0 maxpoll 2
server 192.0.2.3 port 11123 iburst minpoll 0 maxpoll 2
driftfile /var/lib/chrony/chrony.drift
makestep 1 3
X
systemctl enable chrony.service
