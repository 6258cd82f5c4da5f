# An SSH server as it is found after years of quick fixes; root still logs in with its key.
cat >/etc/ssh/sshd_config.d/10-weak.conf <<'SSHD'
PermitRootLogin yes
PasswordAuthentication yes
PermitEmptyPasswords yes
MaxAuthTries 10
X11Forwarding yes
LoginGraceTime 10m
ClientAliveInterval 0
LogLevel ERROR
PermitUserEnvironment yes
HostbasedAuthentication yes
IgnoreRhosts no
StrictModes no
UsePAM no
GatewayPorts yes
PermitTunnel yes
Ciphers +aes128-cbc,3des-cbc
MACs +hmac-md5
KexAlgorithms +diffie-hellman-group14-sha1
SSHD
rm /etc/ssh/ssh_host_rsa_key /etc/ssh/ssh_host_rsa_key.pub
ssh-keygen -q -t rsa -b 1024 -N '' -f /etc/ssh/ssh_host_rsa_key
cp /etc/ssh/ssh_host_rsa_key /etc/ssh/ssh_host_previous_key
chmod 644 /etc/ssh/ssh_host_previous_key
chmod 666 /etc/ssh/sshd_config
install -d /run/sshd
sshd -t
rmdir /run/sshd
