# A helper for boot recipes: `volume DIR` mounts a small new ext4 file system from a loop device there and
# sets VOLUME to its device number. The kernel frees the loop device when the host ends.
mkdir -p /usr/local/lib/fleet
cat >/usr/local/lib/fleet/volume.sh <<'SH'
volume() {
    [ -e /dev/loop-control ] || mknod /dev/loop-control c 10 237
    # Loop devices are shared with the machine and with every other host, so the free one may be any.
    n=0
    while [ $n -lt 64 ]; do
        [ -e /dev/loop$n ] || mknod /dev/loop$n b 7 $n
        n=$((n + 1))
    done
    mkdir -p /var/lib/fleet "$1"
    truncate -s 1M /var/lib/fleet/volume.img
    mkfs.ext4 -q -O ^has_journal -N 32 /var/lib/fleet/volume.img
    mount -o loop /var/lib/fleet/volume.img "$1"
    VOLUME=$(awk -v point="$1" '$5 == point { print $3 }' /proc/self/mountinfo)
}
SH
