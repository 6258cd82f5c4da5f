# The time server is another machine: a network namespace behind a veth, with a chronyd of its own.
# The veth is also the interface with an IPv6 address that the IPv6 firewall check wants to see.
set -e
ip netns add ntp
ip link add ntp0 type veth peer name ntp1 netns ntp
ip address add 192.0.2.10/24 dev ntp0
ip -6 address add 2001:db8::10/64 dev ntp0 nodad
ip link set ntp0 up
for n in 1 2 3; do ip -n ntp address add 192.0.2.$n/24 dev ntp1; done
ip -n ntp link set ntp1 up
ip -n ntp link set lo up
install -d -m 0755 -o _chrony /run/ntp
printf '%s\n' 'local stratum 3' 'port 11123' 'allow 192.0.2.0/24' 'cmdport 0' 'bindcmdaddress /' \
  'pidfile /run/ntp/chronyd.pid' >/run/ntp/chrony.conf
nsenter --net=/run/netns/ntp chronyd -x -f /run/ntp/chrony.conf
systemctl restart chrony.service
chronyc -n waitsync 30 0 0 0.5 >/dev/null
