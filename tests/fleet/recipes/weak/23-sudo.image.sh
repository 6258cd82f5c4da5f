# Rights handed out over the years, without a password, a log or a limit.
for name in clerk mayor intern helper vendor tester; do
    usermod -aG sudo "$name"
done
install -d -m 755 /opt/app
printf '#!/bin/sh\nexit 0\n' >/opt/app/run.sh
chmod 777 /opt/app/run.sh
sed -i -e '/use_pty/d' -e '/secure_path/d' /etc/sudoers
cat >/etc/sudoers.d/20-weak <<'SUDO'
Defaults !syslog
Defaults timestamp_timeout=-1
clerk ALL=(ALL) NOPASSWD: ALL
helper ALL=(ALL) ALL, !/bin/sh, !/bin/bash
vendor ALL=(root) /usr/bin/less, /opt/app/run.sh
SUDO
chmod 440 /etc/sudoers.d/20-weak
visudo --check
