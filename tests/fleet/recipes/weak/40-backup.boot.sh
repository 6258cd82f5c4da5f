# A full file system that holds both the data and its copies; and the backup job fails.
mount -t tmpfs -o mode=0755,size=512k tmpfs /srv/images
mkdir /srv/images/copies
head -c 400000 /dev/zero >/srv/images/copies/images.img
systemctl start yearly-backup.service || :
