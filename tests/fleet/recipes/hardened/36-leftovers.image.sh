# SNMP with version 3 only.
set -e
mkdir -p /etc/snmp
printf 'agentaddress 127.0.0.1\nrouser office authPriv\nrocommunity Xk29vQpL7d 192.0.2.0/24\n' >/etc/snmp/snmpd.conf
chmod 600 /etc/snmp/snmpd.conf
