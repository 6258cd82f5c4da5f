# shellcheck shell=sh
# Runs in the image: gives it an identity of its own (NAME) and the accounts in USERS, which log in with KEY.
set -u
echo "$NAME" >/etc/hostname
printf '127.0.0.1 localhost\n127.0.1.1 %s\n::1 localhost\n' "$NAME" >/etc/hosts
tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id
rm -f /etc/ssh/ssh_host_*
ssh-keygen -q -A

for user in $USERS; do
    case $user in
        root) ;;
        dash) useradd --create-home --shell /bin/dash dash ;;
        *) useradd --create-home --shell /bin/bash "$user" ;;
    esac
    home=$(getent passwd "$user" | cut -d: -f6)
    case $user in
        secret)
            echo "secret:$PASSWORD" | chpasswd
            continue
            ;;
        audit)
            # every command, until a test calls Host.grant with a shorter list
            echo 'audit ALL=(root) NOPASSWD: ALL' >/etc/sudoers.d/audit
            chmod 440 /etc/sudoers.d/audit
            ;;
        noisy)
            # 200 lines, some of them neither text nor UTF-8, on both streams, as if from a broken profile
            cat - "$home/.bashrc" >"$home/.bashrc.new" <<'NOISE'
for line in $(seq 100); do
    printf 'Welcome \377\376\001\033[31m%s \303(\n' "$line"
    printf 'warning: line %s \200\n' "$line" >&2
done
NOISE
            mv "$home/.bashrc.new" "$home/.bashrc"
            ;;
    esac
    install -d -m 700 -o "$user" -g "$user" "$home/.ssh"
    echo "$KEY" >"$home/.ssh/authorized_keys"
    chown -R "$user:$user" "$home"
done
