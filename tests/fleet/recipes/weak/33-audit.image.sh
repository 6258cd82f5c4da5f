# auditd installed and never used; a full disk is ignored.
set -e
systemctl disable auditd.service
sed -i 's/^disk_full_action .*/disk_full_action = IGNORE/' /etc/audit/auditd.conf
