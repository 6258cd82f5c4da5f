# What network appliances of about 2012 offer, and nothing newer.
cat >/etc/ssh/sshd_config.d/legacy.conf <<'SSHD'
HostKey /etc/ssh/ssh_host_rsa_key
HostKeyAlgorithms ssh-rsa
PubkeyAcceptedAlgorithms ssh-rsa
KexAlgorithms diffie-hellman-group14-sha1
Ciphers aes128-ctr
MACs hmac-sha1
SSHD
