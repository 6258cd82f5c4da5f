# Modes opened to make something work, and what an intruder leaves behind.
chmod 646 /etc/group
chmod 644 /etc/shadow
chmod 755 /root
install -d -m 755 /etc/ssl/private
install -d -m 755 /boot/grub
[ -e /boot/grub/grub.cfg ] || echo '# boot menu' >/boot/grub/grub.cfg
chmod 644 /boot/grub/grub.cfg
echo '# doas rules of an earlier administrator' >/etc/doas.conf
chmod 666 /etc/doas.conf
echo 'debug = true' >/opt/app/app.ini
chmod 666 /opt/app/app.ini
install -d -m 777 /srv/share
echo 'left by someone who is gone' >/srv/handover.txt
chown 4242:4242 /srv/handover.txt
cp /bin/dash /usr/local/bin/maintenance
chmod 4777 /usr/local/bin/maintenance
