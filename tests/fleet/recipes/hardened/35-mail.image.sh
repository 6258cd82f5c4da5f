# Mail of root reaches people; postfix (its configuration is enough) relays for this host only.
set -e
printf 'postmaster: root\nroot: it-team@office.example\n' >/etc/aliases
mkdir -p /etc/postfix
cat >/etc/postfix/main.cf <<'X'
inet_interfaces = loopback-only
mynetworks = 127.0.0.0/8 [::1]/128
smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated
    defer_unauth_destination
X
