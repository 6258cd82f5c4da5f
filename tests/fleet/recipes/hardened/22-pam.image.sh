# Long passwords from no dictionary, a lock after five wrong ones, su for one group only.
printf 'minlen = 14\n' >>/etc/security/pwquality.conf
printf 'deny = 5\nunlock_time = 900\n' >>/etc/security/faillock.conf
cat >/etc/pam.d/common-auth <<'PAM'
auth required pam_faillock.so preauth
auth [success=2 default=ignore] pam_unix.so
auth [default=die] pam_faillock.so authfail
auth requisite pam_deny.so
auth required pam_permit.so
PAM
cat >/etc/pam.d/common-password <<'PAM'
password requisite pam_pwquality.so retry=3
password required pam_pwhistory.so remember=5 use_authtok
password [success=1 default=ignore] pam_unix.so use_authtok yescrypt
password requisite pam_deny.so
password required pam_permit.so
PAM
echo 'account required pam_faillock.so' >>/etc/pam.d/common-account
echo 'session optional pam_umask.so' >>/etc/pam.d/common-session
echo 'session optional pam_umask.so' >>/etc/pam.d/common-session-noninteractive
sed -i 's/^# *auth *required *pam_wheel.so$/auth required pam_wheel.so use_uid/' /etc/pam.d/su
