# A backup that runs every hour, a dump of the database, and the means of a rebuild.
mkdir -p /usr/local/sbin /etc/backup /srv/registry /srv/backup/registry
cat >/usr/local/sbin/backup-registry <<'SCRIPT'
#!/bin/sh
# the dump of the database comes first, so that the archive holds it
command -v mariadb-dump >/dev/null && mariadb-dump --defaults-file=/etc/backup/password.cnf --all-databases
exit 0
SCRIPT
chmod 755 /usr/local/sbin/backup-registry
cat >/etc/systemd/system/backup-registry.service <<'UNIT'
[Unit]
Description=Backup of the registry

[Service]
Type=oneshot
ExecStart=/usr/local/sbin/backup-registry
UNIT
cat >/etc/systemd/system/backup-registry.timer <<'UNIT'
[Timer]
OnCalendar=hourly
Persistent=true

[Install]
WantedBy=timers.target
UNIT
systemctl enable -q backup-registry.timer
printf '[client]\npassword=example\n' >/etc/backup/password.cnf
chmod 600 /etc/backup/password.cnf
# stand-ins: the names are what a scan sees of a database server and of ZFS
ln -s /bin/sleep /usr/sbin/mariadbd
printf '#!/bin/sh\nprintf "1764000000\\ttank/registry@hourly\\n"\n' >/usr/local/sbin/zfs
chmod 755 /usr/local/sbin/zfs
mkdir -p /var/backups
printf 'label: gpt\nunit: sectors\n\n/dev/vda1 : start=2048, size=4096\n' >/var/backups/vda.sfdisk
chmod 600 /var/backups/vda.sfdisk
