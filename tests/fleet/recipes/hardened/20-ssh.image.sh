# An SSH server that takes keys of a named group only, with current algorithms.
groupadd ssh-users
usermod -aG ssh-users audit
echo 'Authorised use only. Activity is logged.' >/etc/issue.net
cat >/etc/ssh/sshd_config.d/10-hardened.conf <<'SSHD'
PermitRootLogin no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitEmptyPasswords no
MaxAuthTries 4
X11Forwarding no
LoginGraceTime 60
ClientAliveInterval 300
ClientAliveCountMax 3
Banner /etc/issue.net
AllowGroups ssh-users
LogLevel VERBOSE
PermitUserEnvironment no
HostbasedAuthentication no
IgnoreRhosts yes
StrictModes yes
GatewayPorts no
PermitTunnel no
Ciphers aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr
MACs hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com,hmac-sha2-512,hmac-sha2-256
KexAlgorithms -*-sha1
SSHD
chmod 600 /etc/ssh/sshd_config /etc/ssh/sshd_config.d/10-hardened.conf
install -d /run/sshd
sshd -t
rmdir /run/sshd
