#!/bin/sh
# Makes a root filesystem in $1 of busybox and the machine's own sshd, and nothing else: no bash, no coreutils,
# no systemd. The accounts in USERS log in with KEY.
set -eu
root=$1
umask 022
mkdir -p "$root"
cd "$root"
mkdir -p bin dev etc/ssh home proc root run sbin sys tmp usr/bin usr/sbin var/empty var/log
chmod 1777 tmp
chmod 700 root

cp /bin/busybox bin/
chroot . /bin/busybox --install -s

# sshd with the programs it starts, and every library that they name
for program in /usr/sbin/sshd /usr/lib/openssh/*; do
    [ -f "$program" ] || continue
    mkdir -p ".${program%/*}"
    cp "$program" ".$program"
    for library in $(ldd "$program" | grep -o '/[^ )]*'); do
        mkdir -p ".${library%/*}"
        cp -L "$library" ".$library"
    done
done
for type in rsa ecdsa ed25519; do
    ssh-keygen -q -t "$type" -N '' -C busybox -f "etc/ssh/ssh_host_${type}_key"
done
printf 'UsePAM no\nPidFile none\nPasswordAuthentication no\n' >etc/ssh/sshd_config

echo busybox >etc/hostname
printf '127.0.0.1 localhost busybox\n' >etc/hosts
printf 'NAME=BusyBox\nID=busybox\nVERSION_ID=%s\n' "$(bin/busybox | sed -n '1s/^BusyBox v\([0-9.]*\).*/\1/p')" >etc/os-release
printf '/bin/sh\n/bin/ash\n' >etc/shells
printf 'sshd:x:74:74::/var/empty:/bin/false\n' >etc/passwd
printf 'root:x:0:\nsshd:x:74:\n' >etc/group
printf 'sshd:*:19000::::::\n' >etc/shadow
number=1000
for user in $USERS; do
    id=$number home=/home/$user
    [ "$user" != root ] || { id=0 home=/root; }
    printf '%s:x:%s:%s::%s:/bin/ash\n' "$user" "$id" "$id" "$home" >>etc/passwd
    printf '%s:*:19000::::::\n' "$user" >>etc/shadow
    [ "$id" = 0 ] || printf '%s:x:%s:\n' "$user" "$id" >>etc/group
    mkdir -p ".$home/.ssh"
    chmod 700 ".$home/.ssh"
    echo "$KEY" >".$home/.ssh/authorized_keys"
    chown -R "$id:$id" ".$home"
    number=$((number + 1))
done
chmod 600 etc/shadow

cat >etc/inittab <<'INIT'
::sysinit:/bin/mkdir -p -m 755 /run/sshd
::respawn:/usr/sbin/sshd -D
INIT
