# The kernel is shared with the machine: what it would say is laid over what it says.
# Lists are as fresh as the image otherwise.
mkdir -p /var/lib/apt/periodic
touch /var/lib/apt/periodic/update-success-stamp

touch "/boot/vmlinuz-$(uname -r)"
mkdir -p "/lib/modules/$(uname -r)"
: >"/lib/modules/$(uname -r)/modules.dep"
mount -o remount,nodev,nosuid,noexec /dev/shm

fake=/run/fleet-system
mkdir -p $fake/kernel $fake/vulnerabilities $fake/firmware/efi/efivars
cp -r /proc/sys/kernel/. $fake/kernel 2>/dev/null || true
mkdir -p $fake/kernel/yama
echo 2 >$fake/kernel/randomize_va_space
echo 1 >$fake/kernel/yama/ptrace_scope
echo 1 >$fake/kernel/kptr_restrict
echo 1 >$fake/kernel/dmesg_restrict
echo 1 >$fake/kernel/unprivileged_bpf_disabled
echo 1 >$fake/kernel/kexec_load_disabled
echo 176 >$fake/kernel/sysrq
echo 3 >$fake/kernel/perf_event_paranoid
echo core >$fake/kernel/core_pattern
mount --bind $fake/kernel /proc/sys/kernel

for pair in suid_dumpable=0 protected_hardlinks=1 protected_symlinks=1 protected_fifos=1 protected_regular=2; do
    echo "${pair#*=}" >"$fake/${pair%=*}"
    mount --bind "$fake/${pair%=*}" "/proc/sys/fs/${pair%=*}"
done

echo 'BOOT_IMAGE=/vmlinuz root=/dev/mapper/root ro quiet' >$fake/cmdline
mount --bind $fake/cmdline /proc/cmdline
echo 'Mitigation: PTI' >$fake/vulnerabilities/meltdown
mount --bind $fake/vulnerabilities /sys/devices/system/cpu/vulnerabilities
printf '\006\000\000\000\001' >$fake/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c
mount --bind $fake/firmware /sys/firmware

# A data volume on a loop device, which sysfs shows as a LUKS volume; swap on it; a whole RAID.
. /usr/local/lib/fleet/volume.sh
volume /srv/data
mkdir -p $fake/block/dm-0/dm $fake/block/dm-0/slaves $fake/block/md0/md
echo "$VOLUME" >$fake/block/dm-0/dev
echo CRYPT-LUKS2-00000000000000000000000000000000-data >$fake/block/dm-0/dm/uuid
echo raid1 >$fake/block/md0/md/level
echo clean >$fake/block/md0/md/array_state
echo 0 >$fake/block/md0/md/degraded
echo idle >$fake/block/md0/md/sync_action
mount --bind $fake/block /sys/class/block
printf 'Filename Type Size Used Priority\n/dev/dm-0 partition 1000 0 -2\n' >$fake/swaps
mount --bind $fake/swaps /proc/swaps
