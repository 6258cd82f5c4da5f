# Hosts may not set the machine's clock, and systemd would not start chrony without that right; it runs with -x.
mkdir -p /etc/systemd/system/chrony.service.d
printf '[Unit]\nConditionCapability=\n' >/etc/systemd/system/chrony.service.d/fleet.conf
