# The kernel is shared with the machine: what it would say is laid over what it says.
touch /boot/vmlinuz-99.0.0-1-amd64
mkdir -p "/lib/modules/$(uname -r)"
for module in fs/cramfs/cramfs net/dccp/dccp drivers/usb/storage/usb-storage; do
    echo "kernel/$module.ko:"
done >"/lib/modules/$(uname -r)/modules.dep"
echo linux-image-amd64 >/run/reboot-required.pkgs
touch /run/reboot-required

for key in net.ipv4.ip_forward net.ipv4.conf.all.accept_redirects net.ipv4.conf.all.send_redirects \
    net.ipv4.conf.all.accept_source_route net.ipv6.conf.all.accept_ra; do
    sysctl -qw $key=1
done
for key in net.ipv4.conf.all.rp_filter net.ipv4.conf.default.rp_filter net.ipv4.tcp_syncookies \
    net.ipv4.conf.all.log_martians net.ipv4.icmp_echo_ignore_broadcasts; do
    sysctl -qw $key=0
done

fake=/run/fleet-system
mkdir -p $fake/kernel $fake/vulnerabilities $fake/firmware/efi/efivars
cp -r /proc/sys/kernel/. $fake/kernel 2>/dev/null || true
mkdir -p $fake/kernel/yama
for key in randomize_va_space yama/ptrace_scope kptr_restrict dmesg_restrict unprivileged_bpf_disabled \
    kexec_load_disabled; do
    echo 0 >$fake/kernel/$key
done
echo 1 >$fake/kernel/sysrq
echo -1 >$fake/kernel/perf_event_paranoid
echo core >$fake/kernel/core_pattern
mount --bind $fake/kernel /proc/sys/kernel

for pair in suid_dumpable=1 protected_hardlinks=0 protected_symlinks=0 protected_fifos=0 protected_regular=0; do
    echo "${pair#*=}" >"$fake/${pair%=*}"
    mount --bind "$fake/${pair%=*}" "/proc/sys/fs/${pair%=*}"
done

echo 'BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro quiet mitigations=off' >$fake/cmdline
mount --bind $fake/cmdline /proc/cmdline
echo '40000000.00 40000000.00' >$fake/uptime
mount --bind $fake/uptime /proc/uptime
echo 'Vulnerable' >$fake/vulnerabilities/meltdown
mount --bind $fake/vulnerabilities /sys/devices/system/cpu/vulnerabilities
printf '\006\000\000\000\000' >$fake/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c
mount --bind $fake/firmware /sys/firmware

# A data volume on a plain disk, full of small files; swap on a plain disk; a RAID that lost a disk.
. /usr/local/lib/fleet/volume.sh
volume /srv/data
i=0
while touch /srv/data/$i 2>/dev/null; do i=$((i + 1)); done
dd if=/dev/zero of=/srv/data/0 bs=64k 2>/dev/null || true
mkdir -p $fake/block/sda1/slaves $fake/block/md0/md
echo "$VOLUME" >$fake/block/sda1/dev
echo raid1 >$fake/block/md0/md/level
echo clean >$fake/block/md0/md/array_state
echo 1 >$fake/block/md0/md/degraded
echo idle >$fake/block/md0/md/sync_action
mount --bind $fake/block /sys/class/block
printf 'Filename Type Size Used Priority\n/dev/sda1 partition 1000 0 -2\n' >$fake/swaps
mount --bind $fake/swaps /proc/swaps

# One volume of fstab turned read-only, another is gone.
mkdir -p /srv/archive /srv/gone
mount -t tmpfs -o ro,size=64k tmpfs /srv/archive
printf 'tmpfs /srv/archive tmpfs rw 0 0\nUUID=0d0a /srv/gone ext4 defaults 0 2\n' >>/etc/fstab
