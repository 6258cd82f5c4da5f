# A time server on this host that is 100 seconds ahead, and a second daemon that sets the clock.
set -e
cp /usr/bin/sleep /run/ntpd
systemd-run --quiet --unit=second-clock /run/ntpd infinity
cat >/run/timeserver.pl <<'X'
use Socket;
socket(my $s, PF_INET, SOCK_DGRAM, 17) or die;
bind($s, sockaddr_in(11123, inet_aton('127.0.0.1'))) or die;
while (my $from = recv($s, my $query, 512, 0)) {
    my $stamp = pack('NN', time + 100 + 2208988800, 0);
    send($s, pack('CCCcNNN', 0x24, 1, 0, -20, 0, 0, 0) . $stamp . substr($query, 40, 8) . $stamp . $stamp, 0, $from);
}
X
systemd-run --quiet --unit=wrong-time perl /run/timeserver.pl
systemctl restart chrony.service
n=0
until chronyc -n -c sources | grep -q ',-\?\(99\|100\)\.'; do
  n=$((n + 1)); [ $n -lt 50 ]; sleep 0.2
done
