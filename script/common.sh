# Shared by the scripts beside it: Debian packages and the virtual environment.
# shellcheck shell=bash

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# missing_packages PACKAGE…: those that are not installed, a line each.
missing_packages() {
    local package
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
    done
}

# install_packages PACKAGE…: those that are missing, and nothing at all when none is.
install_packages() {
    local missing
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} = 0 ] && return
    echo "Installing: ${missing[*]}" >&2
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# install_stopped PACKAGE…: the same for servers of which only the programs are needed. A machine that did not
# offer a service before must not do so because of its tests: nothing is started, now or at the next boot.
install_stopped() {
    local missing policy=/usr/sbin/policy-rc.d made='' status=0 units
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} = 0 ] && return
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
        as_root chmod 755 $policy
        made=1
    fi
    install_packages "${missing[@]}" || status=$?
    if [ -n "$made" ]; then as_root rm $policy; fi
    if [ $status = 0 ] && [ -d /run/systemd/system ]; then
        mapfile -t units < <(dpkg -L "${missing[@]}" | sed -n 's|.*/systemd/system/\([^/@]*\.\(service\|socket\|timer\)\)$|\1|p')
        as_root systemctl disable --quiet "${units[@]}"
    fi
    return $status
}

# make_venv REQUIREMENT…: .venv with drscan in it, made or brought up to date.
make_venv() {
    [ -x .venv/bin/pip ] || /usr/bin/python3 -m venv --clear .venv
    # What an earlier build left here would be installed again, deleted files included.
    rm -rf build
    .venv/bin/pip install --quiet --disable-pip-version-check --use-pep517 "$@"
}
