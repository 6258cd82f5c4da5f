# People whose passwords run out and whose homes are closed; defaults for those to come.
sed -i -e 's/^PASS_MAX_DAYS.*/PASS_MAX_DAYS 365/' -e 's/^PASS_MIN_DAYS.*/PASS_MIN_DAYS 1/' \
    -e 's/^PASS_WARN_AGE.*/PASS_WARN_AGE 7/' -e 's/^UMASK.*/UMASK 027/' \
    -e 's/^ENCRYPT_METHOD.*/ENCRYPT_METHOD YESCRYPT/' /etc/login.defs
useradd -D -f 30
useradd --create-home --shell /bin/bash clerk
echo 'clerk:an example of a long password' | chpasswd --crypt-method YESCRYPT
chage --mindays 1 --maxdays 365 --inactive 30 clerk
chmod 750 /home/*
echo 'readonly TMOUT=900; export TMOUT' >/etc/profile.d/timeout.sh
