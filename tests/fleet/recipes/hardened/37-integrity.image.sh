# AIDE with a reference of /etc, compared daily.
set -e
mkdir -p /etc/aide /var/lib/aide /var/log/aide
cat >/etc/aide/aide.conf <<'X'
database_in=file:/var/lib/aide/aide.db
database_out=file:/var/lib/aide/aide.db.new
report_url=file:/var/log/aide/aide.log
/etc p+u+g+sha256
X
chmod 700 /var/lib/aide /var/log/aide
aide --config /etc/aide/aide.conf --init >/dev/null
mv /var/lib/aide/aide.db.new /var/lib/aide/aide.db
printf '#!/bin/sh\nexec aide --config /etc/aide/aide.conf --check\n' >/etc/cron.daily/aide
chmod 755 /etc/cron.daily/aide
