# A certificate that is expired, short, signed with SHA-1 and by itself; a key that everybody can read.
set -e
mkdir -p /etc/nginx
cat >/etc/nginx/old.crt <<'X'
-----BEGIN CERTIFICATE-----
MIICFjCCAX+gAwIBAgIUPZNMblgiu7cgxrUrEewYRX7zYSowDQYJKoZIhvcNAQEF
BQAwHTEbMBkGA1UEAwwSb2xkLm9mZmljZS5leGFtcGxlMB4XDTIxMDEwMTAwMDAw
MFoXDTIyMDEwMTAwMDAwMFowHTEbMBkGA1UEAwwSb2xkLm9mZmljZS5leGFtcGxl
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDdy+jOebv+tB/CxfuH+I0IYvAy
FESNwWTmqDOZdOBSwY+rhRzuUuDiToJcShJRJjIIgMDVURg4s/nIpVvFNwaNOxAu
S0+Efgi7kZ7ecbxKrN8gEnkuNBBJpfJB3JuIkI5G942cce9IifTIMhU48l+krtFK
x+vRBO2jf+poI70qdwIDAQABo1MwUTAdBgNVHQ4EFgQUhawpv0UkSwRipEWNEbQ5
ZcS0x6UwHwYDVR0jBBgwFoAUhawpv0UkSwRipEWNEbQ5ZcS0x6UwDwYDVR0TAQH/
BAUwAwEB/zANBgkqhkiG9w0BAQUFAAOBgQAB/vQWHYNQAORA8V9Jf1xkMLzZUQKp
pvJ+Tg5RYPLJF1d++hLUSCjkVYjrpPiClqGULOPQ0TcSNe8EEeHHE2QKOuS7jlou
+nsN2lNa5kTkjlqxeGb6Y/V3tPieKbD+4NptMkPuEOOW9Px6qpWOuYD7alTh4Gjz
m61zeIb7sOUDJg==
-----END CERTIFICATE-----
X
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out /etc/nginx/portal.key
chmod 644 /etc/nginx/portal.key
