# Two managers started by hand, none at boot, an IPv6 address, and an empty ruleset in the end.
set -e
systemctl disable --quiet nftables.service
systemctl start nftables.service
systemd-run --quiet --unit=firewalld sleep infinity
nft flush ruleset
ip link add net0 type veth peer name net1
ip link set net1 up
ip link set net0 up
ip -6 address add 2001:db8::20/64 dev net0 nodad
