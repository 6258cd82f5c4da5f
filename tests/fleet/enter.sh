#!/bin/sh
# Makes stacked overlay layers the root of this process's namespaces and runs a command there.
# usage: enter.sh LOWER[:LOWER…] RUN HOSTNAME COMMAND…
# Called as the first process of new pid, mount, uts and ipc namespaces (see namespaces.py): every mount made
# here goes away with them. RUN is an existing folder; what the command writes is found in RUN/upper.
set -eu

lower=$1 run=$2 hostname=$3
shift 3

if [ -n "${FLEET_CGROUP:-}" ]; then
    # systemd has to find a cgroup tree that is empty but for itself
    echo 0 >"$FLEET_CGROUP/cgroup.procs"
    FLEET_CGROUP='' exec unshare --cgroup sh "$0" "$lower" "$run" "$hostname" "$@"
fi

mkdir "$run/root" "$run/upper" "$run/work"
chmod 755 "$run/upper"
# volatile: sync() costs nothing; a host is thrown away, and an image is synced once when it is complete
mount -t overlay -o "lowerdir=$lower,upperdir=$run/upper,workdir=$run/work,volatile" overlay "$run/root"
cd "$run/root"

mount -t proc -o nosuid,nodev,noexec proc proc
# The kernel is shared with the machine: its settings can be read here, and only the network's written,
# because those belong to the host's own network namespace.
for shared in sys sysrq-trigger irq bus fs; do
    [ -e "proc/$shared" ] || continue
    mount --bind "proc/$shared" "proc/$shared"
    mount -o remount,bind,ro "proc/$shared"
done
mount --bind proc/sys/net proc/sys/net
mount -o remount,bind,rw proc/sys/net
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 sys/fs/cgroup

mount -t tmpfs -o mode=755,nosuid,nodev tmpfs run
mount -t tmpfs -o mode=755,nosuid,noexec tmpfs dev
cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty dev/
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,nosuid,noexec,ptmxmode=666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr

# What an image build reads from the machine; see images.py.
if [ -n "${FLEET_BIND:-}" ]; then
    mount --bind "${FLEET_BIND%%:*}" ".${FLEET_BIND#*:}"
fi

hostname "$hostname"
mkdir run/.machine
pivot_root . run/.machine
umount -l /run/.machine
rmdir /run/.machine
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C container=fleet "$@"
