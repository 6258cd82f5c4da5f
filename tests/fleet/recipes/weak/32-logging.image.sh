# Logs in memory, a syslog daemon that is set up and stopped, files open to everybody, no rotation.
set -e
mkdir -p /etc/systemd/journald.conf.d
printf '[Journal]\nStorage=volatile\n' >/etc/systemd/journald.conf.d/50-office.conf
printf 'module(load="imudp")\ninput(type="imudp" port="514")\n' >/etc/rsyslog.d/10-collect.conf
systemctl disable rsyslog.service logrotate.timer
rm -f /etc/cron.daily/logrotate
sed -i 's/rotate 4/rotate 1/' /etc/logrotate.d/rsyslog
echo 'log-in of root' >/var/log/auth.log
chmod 644 /var/log/auth.log
echo 'started' >/var/log/portal.log
chmod 666 /var/log/portal.log
