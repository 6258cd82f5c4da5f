# A journal and syslog files that survive, leave the host, and are kept for a quarter.
set -e
mkdir -p /etc/systemd/journald.conf.d /var/log/journal
printf '[Journal]\nStorage=persistent\nSystemMaxUse=200M\n' >/etc/systemd/journald.conf.d/50-office.conf
cat >/etc/rsyslog.d/90-forward.conf <<'X'
*.* action(type="omfwd"
    target="192.0.2.1" port="514" protocol="tcp"
    queue.type="LinkedList" action.resumeRetryCount="-1")
X
sed -i 's/rotate 4/rotate 13/' /etc/logrotate.d/rsyslog
systemctl enable rsyslog.service logrotate.timer
