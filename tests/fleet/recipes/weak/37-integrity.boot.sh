# AppArmor is on, and its one profile only logs.
set -e
mount -t tmpfs -o mode=755 tmpfs /sys/kernel/security
mkdir /sys/kernel/security/apparmor
echo lockdown,capability,yama,apparmor >/sys/kernel/security/lsm
echo 'rsyslogd (complain)' >/sys/kernel/security/apparmor/profiles
