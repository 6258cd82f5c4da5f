# Folders that only root may look into.
install -d -m 700 /root /etc/ssl/private
install -d -m 755 /boot/grub
[ -e /boot/grub/grub.cfg ] || echo '# boot menu' >/boot/grub/grub.cfg
chmod 600 /boot/grub/grub.cfg
