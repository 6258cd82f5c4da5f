# Programs and services that should have gone years ago: empty files and sleeping units in their places.
set -e
mkdir -p /opt/teamviewer/tv_bin /etc/snmp
for f in /usr/sbin/in.telnetd /usr/sbin/in.rshd /usr/sbin/in.tftpd /usr/sbin/ypbind /usr/sbin/vsftpd \
  /opt/teamviewer/tv_bin/teamviewerd /usr/bin/Xvnc /usr/bin/Xorg; do
  printf '#!/bin/sh\n' >$f
  chmod 755 $f
done
echo 'telnet stream tcp nowait root /usr/sbin/tcpd /usr/sbin/in.telnetd' >/etc/inetd.conf
printf 'rocommunity public\n' >/etc/snmp/snmpd.conf
for name in rpcbind avahi-daemon cups; do
  printf '[Service]\nExecStart=/usr/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n' \
    >/etc/systemd/system/$name.service
  systemctl enable $name.service
done
