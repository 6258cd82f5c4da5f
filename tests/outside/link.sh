#!/bin/sh
# Run "$@" in a network namespace with one other host on its link. Use: unshare --net sh link.sh COMMAND…
# 10.99.0.1 is the namespace itself, 10.99.0.2 the other host; nothing else is there, and nothing leads out.
set -e
ip link set lo up
ip link add here type veth peer name there
ip address add 10.99.0.1/24 dev here
ip link set here up
unshare --net sleep 60 &
other=$!
trap 'kill "$other"' EXIT
# Until it has unshared, `there` would stay on this side.
while [ "$(readlink "/proc/$other/ns/net")" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.1; done
ip link set there netns "$other"
nsenter --target "$other" --net sh -c 'ip address add 10.99.0.2/24 dev there && ip link set there up'
"$@"
