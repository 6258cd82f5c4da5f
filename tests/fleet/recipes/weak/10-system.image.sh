# An old release, unverified sources, a missing security update, a hold, a broken installation.
rm -f /etc/os-release
cat >/etc/os-release <<'CONF'
PRETTY_NAME="Debian GNU/Linux 9 (stretch)"
NAME="Debian GNU/Linux"
VERSION_ID="9"
ID=debian
CONF
echo 'deb [trusted=yes] http://192.0.2.1/debian local main' >/etc/apt/sources.list.d/local.list
arch=$(dpkg --print-architecture)
printf 'Package: bash\nVersion: 99\nArchitecture: %s\n\n' "$arch" \
    >"/var/lib/apt/lists/192.0.2.1_debian_dists_stretch-security_main_binary-${arch}_Packages"
touch -d '60 days ago' /var/lib/apt/lists/*
rm -f /var/lib/apt/periodic/update-success-stamp
cat >/etc/apt/apt.conf.d/20auto-upgrades <<'CONF'
APT::Periodic::Update-Package-Lists "0";
APT::Periodic::Unattended-Upgrade "0";
CONF
echo 'sed hold' | dpkg --set-selections
sed -i '/^Package: hostname$/,/^$/s/^Status: .*/Status: install ok half-configured/' /var/lib/dpkg/status

# A root shell on the console, a service that fails, and services that nobody should offer.
systemctl enable debug-shell.service
cat >/etc/systemd/system/nightly-export.service <<'CONF'
[Service]
Type=oneshot
ExecStart=/bin/false
[Install]
WantedBy=multi-user.target
CONF
cat >/etc/systemd/system/old-services.socket <<'CONF'
[Socket]
ListenStream=21
ListenStream=23
ListenStream=2375
ListenStream=5900
ListenStream=6379
Accept=yes
[Install]
WantedBy=sockets.target
CONF
printf '[Service]\nExecStart=/bin/true\n' >/etc/systemd/system/old-services@.service
systemctl enable nightly-export.service old-services.socket

mkdir -p /boot/grub
printf "menuentry 'Debian GNU/Linux' {\n}\n" >/boot/grub/grub.cfg
