# Jobs for root only.
touch /etc/cron.allow
chmod 640 /etc/cron.allow
chmod 600 /etc/crontab
chmod 700 /etc/cron.d /etc/cron.hourly /etc/cron.daily /etc/cron.weekly /etc/cron.monthly
