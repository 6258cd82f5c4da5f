# One administrator, who is asked for a password.
usermod -aG sudo clerk
printf 'Defaults use_pty\nDefaults timestamp_timeout=5\n' >/etc/sudoers.d/10-hardened
chmod 440 /etc/sudoers.d/10-hardened
visudo --check
