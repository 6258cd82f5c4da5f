# A certificate issued by the office's own CA, and its key for root only.
set -e
mkdir -p /etc/ssl/office /etc/ssl/private
cd /etc/ssl/office
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /root/ca.key -out ca.pem \
  -days 7300 -subj '/O=Office/CN=Office CA' -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /etc/ssl/private/portal.key -out /root/portal.csr \
  -subj '/O=Office/CN=portal.office.example' -addext 'subjectAltName=DNS:portal.office.example' 2>/dev/null
openssl x509 -req -in /root/portal.csr -CA ca.pem -CAkey /root/ca.key -CAcreateserial -copy_extensions copy \
  -days 7300 -out portal.pem 2>/dev/null
chmod 600 /etc/ssl/private/portal.key
rm -f /root/ca.key /root/portal.csr
