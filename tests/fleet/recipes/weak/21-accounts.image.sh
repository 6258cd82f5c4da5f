# Accounts that nobody tidied up: a second root, one without a password, shared ids, old hashes.
sed -i -e 's/^PASS_MAX_DAYS.*/PASS_MAX_DAYS 99999/' -e 's/^PASS_MIN_DAYS.*/PASS_MIN_DAYS 0/' \
    -e 's/^PASS_WARN_AGE.*/PASS_WARN_AGE 3/' /etc/login.defs
for name in clerk mayor intern helper vendor tester; do
    useradd --create-home --shell /bin/bash "$name"
done
useradd --non-unique --uid 0 --gid 0 --no-create-home --shell /bin/bash toor
groupadd --non-unique --gid 0 wheel0
usermod --shell /bin/bash games
passwd -d intern
# MD5-crypt of "weak example", with a date in the future
usermod --password '$1$abcdefgh$kAbBzvtrZ5jaQztSvVRcL.' clerk
chage --lastday 2099-01-01 clerk
gpasswd -a vendor shadow
chmod 777 /home/mayor
touch /home/clerk/.netrc
printf '%s\n' 'former:$1$abcdefgh$kAbBzvtrZ5jaQztSvVRcL.:1901:4999::/home/former:/bin/bash' '+::::::' >>/etc/passwd

install -d -m 700 -o clerk -g clerk /home/clerk/.ssh
ssh-keygen -q -t rsa -b 1024 -N '' -C clerk@old -f /root/short
mv /root/short.pub /home/clerk/.ssh/authorized_keys
rm /root/short
chown clerk:clerk /home/clerk/.ssh/authorized_keys /home/clerk/.netrc
