# shellcheck shell=sh
# Runs in a fresh Debian: installs PACKAGES and the updates of SOURCES; see images.py.
set -u
printf '%s\n' "$SOURCES" >/etc/apt/sources.list
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
export DEBIAN_FRONTEND=noninteractive
apt="apt-get -qq -o APT::Sandbox::User=root -o Acquire::Languages=none -o Dpkg::Options::=--force-unsafe-io"
$apt update
$apt dist-upgrade
# shellcheck disable=SC2086 # the list is words
$apt install --no-install-recommends $PACKAGES
rm /usr/sbin/policy-rc.d
