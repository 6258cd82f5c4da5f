# Backups that stopped, shrank, can be read by everybody, and stay on the host.
mkdir -p /srv/files /srv/backup/files /srv/images /etc/restic
cat >/etc/systemd/system/yearly-backup.service <<'UNIT'
[Service]
Type=oneshot
ExecStart=/bin/sh -c "RESTIC_PASSWORD=example restic --repo /srv/restic backup /srv/files"
UNIT
printf '[Timer]\nOnCalendar=yearly\n\n[Install]\nWantedBy=timers.target\n' >/etc/systemd/system/yearly-backup.timer
systemctl enable -q yearly-backup.timer
printf '[Service]\nType=oneshot\nExecStart=/usr/bin/borg create /srv/borg::now /srv/files\n' \
    >/etc/systemd/system/forgotten.service
printf '[Timer]\nOnCalendar=daily\n\n[Install]\nWantedBy=timers.target\n' >/etc/systemd/system/forgotten.timer
echo example >/etc/restic/password
chmod 644 /etc/restic/password
cd /srv/backup/files
chmod 777 .
: >files-2.tar.gz
head -c 100000 /dev/zero >files-1.tar.gz
touch -d 2024-02-01 files-2.tar.gz
touch -d 2024-01-01 files-1.tar.gz
# stand-ins: the names are what a scan sees of a database server and of ZFS
ln -s /bin/sleep /usr/sbin/mariadbd
mkdir -p /usr/local/sbin
printf '#!/bin/sh\nprintf "1764000000\\ttank/files@daily\\n"\n' >/usr/local/sbin/zfs
chmod 755 /usr/local/sbin/zfs
