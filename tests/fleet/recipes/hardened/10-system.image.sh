# Packages: automatic updates on, every source signed (the image's own sources are), nothing held or broken.
mkdir -p /etc/apt/apt.conf.d
cat >/etc/apt/apt.conf.d/20auto-upgrades <<'CONF'
APT::Periodic::Update-Package-Lists "1";
APT::Periodic::Unattended-Upgrade "1";
CONF
# The hosts have no network: the timers are on, as they should be, but shall not fire during a test.
for timer in apt-daily apt-daily-upgrade; do
    systemctl enable "$timer.timer"
    mkdir -p "/etc/systemd/system/$timer.timer.d"
    printf '[Timer]\nOnCalendar=\nOnCalendar=*-01-01 03:00\nPersistent=false\n' \
        >"/etc/systemd/system/$timer.timer.d/calm.conf"
done

systemctl mask ctrl-alt-del.target

# Network settings belong to the host's own network namespace, so systemd-sysctl can set them.
cat >/etc/sysctl.d/60-hardening.conf <<'CONF'
net.ipv4.ip_forward = 0
net.ipv6.conf.all.forwarding = 0
net.ipv4.conf.all.accept_redirects = 0
net.ipv4.conf.default.accept_redirects = 0
net.ipv6.conf.all.accept_redirects = 0
net.ipv6.conf.default.accept_redirects = 0
net.ipv4.conf.all.send_redirects = 0
net.ipv4.conf.default.send_redirects = 0
net.ipv4.conf.all.accept_source_route = 0
net.ipv4.conf.default.accept_source_route = 0
net.ipv6.conf.all.accept_source_route = 0
net.ipv6.conf.default.accept_source_route = 0
net.ipv4.conf.all.rp_filter = 1
net.ipv4.conf.default.rp_filter = 1
net.ipv4.tcp_syncookies = 1
net.ipv4.conf.all.log_martians = 1
net.ipv4.conf.default.log_martians = 1
net.ipv4.icmp_echo_ignore_broadcasts = 1
net.ipv4.icmp_ignore_bogus_error_responses = 1
net.ipv6.conf.all.accept_ra = 0
net.ipv6.conf.default.accept_ra = 0
CONF

mkdir -p /etc/modprobe.d
for module in cramfs freevxfs hfs hfsplus jffs2 dccp rds sctp tipc usb-storage firewire-core; do
    echo "install $module /bin/false"
done >/etc/modprobe.d/unused.conf

mkdir -p /etc/security/limits.d
echo '* hard core 0' >/etc/security/limits.d/60-core.conf

mkdir -p /boot/grub
cat >/boot/grub/grub.cfg <<'CONF'
set superusers="root"
password_pbkdf2 root grub.pbkdf2.sha512.10000.00
menuentry 'Debian GNU/Linux' --unrestricted {
}
CONF
chmod 600 /boot/grub/grub.cfg

cat >/etc/fstab <<'CONF'
tmpfs    /tmp     tmpfs nodev,nosuid,noexec,mode=1777 0 0
/var/tmp /var/tmp none  bind,nodev,nosuid,noexec      0 0
/home    /home    none  bind,nodev,nosuid             0 0
/var/log /var/log none  bind,nodev,nosuid,noexec      0 0
CONF
