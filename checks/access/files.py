"""Owners and modes of files: those that decide about security, and those that stand open."""

from __future__ import annotations

from collections.abc import Sequence

from checks.access.wording import modes, some
from scanner.check import check, failed, not_applicable, passed, unknown
from scanner.facts.accounts import Group
from scanner.facts.files import FileMode, FileModes, SpecialFiles
from scanner.model import Result

# SUID and SGID programs of the distributions; /usr/bin and /bin are the same folder to this list.
_PROGRAMS = """
/bin/at /bin/bbsuid /bin/bsd-write /bin/chage /bin/chfn /bin/chsh /bin/crontab /bin/doas /bin/dotlockfile
/bin/expiry /bin/fusermount /bin/fusermount3 /bin/gpasswd /bin/ksu /bin/locate /bin/lockfile /bin/mail-lock
/bin/mail-touchlock /bin/mail-unlock /bin/mlocate /bin/mount /bin/newgidmap /bin/newgrp /bin/newuidmap
/bin/ntfs-3g /bin/passwd /bin/ping /bin/ping6 /bin/pkexec /bin/plocate /bin/procmail /bin/screen /bin/sg
/bin/ssh-agent /bin/staprun /bin/su /bin/sudo /bin/sudoedit /bin/umount /bin/vmware-user-suid-wrapper
/bin/wall /bin/write /bin/write.ul /lib/aarch64-linux-gnu/utempter/utempter /lib/apache2/suexec
/lib/authbind/helper /lib/chromium/chrome-sandbox /lib/cockpit/cockpit-session
/lib/dbus-1.0/dbus-daemon-launch-helper /lib/dma/dma-mbox-create /lib/eject/dmcrypt-get-device
/lib/mysql/plugin/auth_pam_tool_dir/auth_pam_tool /lib/nagios/plugins/check_dhcp
/lib/nagios/plugins/check_icmp /lib/openssh/ssh-keysign /lib/policykit-1/polkit-agent-helper-1
/lib/polkit-1/polkit-agent-helper-1 /lib/qemu/qemu-bridge-helper /lib/snapd/snap-confine
/lib/utempter/utempter /lib/x86_64-linux-gnu/lxc/lxc-user-nic /lib/x86_64-linux-gnu/utempter/utempter
/lib/xorg/Xorg.wrap /lib64/nagios/plugins/check_dhcp /lib64/nagios/plugins/check_icmp /libexec/Xorg.wrap
/libexec/cockpit-session /libexec/dbus-1/dbus-daemon-launch-helper /libexec/lxc/lxc-user-nic
/libexec/openssh/ssh-keysign /libexec/polkit-agent-helper-1 /libexec/qemu-bridge-helper
/libexec/sssd/krb5_child /libexec/sssd/ldap_child /libexec/sssd/p11_child /libexec/sssd/proxy_child
/libexec/sssd/selinux_child /libexec/utempter/utempter /sbin/dma /sbin/exim4 /sbin/grub2-set-bootflag
/sbin/lockdev /sbin/mount.cifs /sbin/mount.davfs /sbin/mount.nfs /sbin/netreport /sbin/pam-tmpdir-helper
/sbin/pam_extrausers_chkpwd /sbin/pam_timestamp_check /sbin/postdrop /sbin/postqueue /sbin/pppd
/sbin/sendmail.sendmail /sbin/suexec /sbin/unix_chkpwd /sbin/userhelper /sbin/usernetctl
"""
_EXPECTED = frozenset(_PROGRAMS.split())


def _held(
    found: Sequence[FileMode], most: int, gids: frozenset[int], yes: str, no: str, hidden: Sequence[str] = ()
) -> Result:
    """Each file belongs to root, to one of the groups, and has no bit beyond `most`."""
    if not found:
        return (
            unknown(f"Could not be looked at: {some(hidden)}") if hidden else not_applicable("No such file")
        )
    bad = [entry for entry in found if entry.uid != 0 or entry.gid not in gids or entry.mode & ~most & 0o777]
    if bad:
        return failed(f"{no}: {some(entry.path for entry in bad)}", *modes(bad))
    if hidden:
        return unknown(f"Could not be looked at: {some(hidden)}")
    return passed(yes, *modes(found))


def _unwritable(found: Sequence[FileMode], yes: str, no: str, hidden: Sequence[str]) -> Result:
    """Each file belongs to root and nobody else may write it; who may read it does not matter."""
    if not found:
        return (
            unknown(f"Could not be looked at: {some(hidden)}") if hidden else not_applicable("No such file")
        )
    bad = [entry for entry in found if entry.uid != 0 or entry.mode & 0o022]
    if bad:
        return failed(f"{no}: {some(entry.path for entry in bad)}", *modes(bad))
    if hidden:
        return unknown(f"Could not be looked at: {some(hidden)}")
    return passed(yes, *modes(found))


def _pick(file_modes: FileModes, *paths: str) -> tuple[list[FileMode], list[str]]:
    found = [file_modes.found[path] for path in paths if path in file_modes.found]
    return found, [path for path in paths if path in file_modes.hidden]


@check(
    "FIL-001",
    severity="critical",
    controls=["nist-800-53:AC-3", "nist-800-53:AC-6", "cis-v8:3.3"],
    tags=["files"],
)
def account_files(file_modes: FileModes) -> Result:
    """Only root can change the account files.

    Why: whoever can write /etc/passwd or /etc/group makes an account with root's rights.
    Fix: `chown root:root /etc/passwd /etc/group; chmod 644 /etc/passwd /etc/group` (and the `-` copies).
    """
    found, hidden = _pick(file_modes, "/etc/passwd", "/etc/passwd-", "/etc/group", "/etc/group-")
    yes, no = "Only root can change the account files", "Account files can be changed"
    return _unwritable(found, yes, no, hidden)


@check(
    "FIL-002",
    severity="critical",
    controls=["nist-800-53:IA-5(6)", "nist-800-53:AC-3", "cis-v8:3.3", "iso-27001:A.5.17"],
    tags=["files"],
)
def password_files(file_modes: FileModes, groups: tuple[Group, ...]) -> Result:
    """Only root can read the password hashes.

    Why: with a copy of the hashes, passwords are guessed elsewhere, unseen and without a limit.
    Fix: `chown root:shadow /etc/shadow* /etc/gshadow*; chmod 640 /etc/shadow* /etc/gshadow*` (root:root
    and 000 on RHEL), then change the passwords if others could read them.
    """
    found, hidden = _pick(file_modes, "/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-")
    gids = frozenset({0, *(group.gid for group in groups if group.name == "shadow")})
    yes, no = "Only root can read the password hashes", "Password hashes can be read or changed"
    return _held(found, 0o640, gids, yes, no, hidden)


@check(
    "FIL-003",
    severity="critical",
    controls=["nist-800-53:AC-3", "nist-800-53:AC-6", "cis-v8:3.3"],
    tags=["files"],
)
def sudo_files(file_modes: FileModes) -> Result:
    """Only root can change sudo's rules.

    Why: one line in these files makes its writer root.
    Fix: `chown root:root /etc/sudoers /etc/sudoers.d; chmod 440 /etc/sudoers; chmod 750 /etc/sudoers.d`.
    """
    found, hidden = _pick(file_modes, "/etc/sudoers", "/etc/sudoers.d", "/etc/doas.conf")
    yes, no = "Only root can change sudo's rules", "sudo's rules can be changed"
    return _unwritable(found, yes, no, hidden)


@check(
    "FIL-004",
    severity="high",
    controls=["nist-800-53:AC-3", "nist-800-53:CM-5", "cis-v8:3.3"],
    tags=["files"],
)
def ssh_files(file_modes: FileModes) -> Result:
    """Only root can change SSH's configuration.

    Why: whoever can write it lets root log in, or trusts keys of their own.
    Fix: `chown root:root /etc/ssh/sshd_config; chmod 600 /etc/ssh/sshd_config; chmod go-w /etc/ssh`.
    """
    paths = ("/etc/ssh", "/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d")
    found, hidden = _pick(file_modes, *paths)
    yes, no = "Only root can change SSH's configuration", "SSH's configuration can be changed"
    return _unwritable(found, yes, no, hidden)


@check(
    "FIL-005",
    severity="medium",
    controls=["nist-800-53:AC-3", "nist-800-53:CM-5", "cis-v8:3.3"],
    tags=["files"],
)
def boot_files(file_modes: FileModes) -> Result:
    """Only root can read the boot loader's configuration.

    Why: it may hold the boot password's hash, and whoever can write it decides what starts.
    Fix: `chown root:root /boot/grub/grub.cfg; chmod 600 /boot/grub/grub.cfg` (/boot/grub2 on RHEL).
    """
    paths = [path for path in file_modes.found if path.startswith("/boot/") and "/efi/" not in path]
    hidden = [path for path in file_modes.hidden if path.startswith("/boot/")]
    # /boot/efi is FAT: its modes come from the mount and cannot be set.
    found = [file_modes.found[path] for path in paths]
    yes = "Only root can read the boot loader's configuration"
    return _held(
        found, 0o700, frozenset({0}), yes, "The boot loader's configuration is open", () if found else hidden
    )


@check(
    "FIL-006",
    severity="medium",
    controls=["nist-800-53:AC-3", "nist-800-53:AC-6", "cis-v8:3.3"],
    tags=["files"],
)
def root_home(file_modes: FileModes) -> Result:
    """Root's home folder is closed.

    Why: it holds keys, histories and dumps that say how to get into this and other hosts.
    Fix: `chmod 700 /root`.
    """
    found, hidden = _pick(file_modes, "/root")
    return _held(
        found, 0o750, frozenset({0}), "Root's home folder is closed", "Root's home folder is open", hidden
    )


@check(
    "FIL-007",
    severity="high",
    controls=["nist-800-53:SC-12", "nist-800-53:AC-3", "cis-v8:3.3", "iso-27001:A.8.24"],
    tags=["files", "crypto"],
)
def tls_key_folder(file_modes: FileModes, groups: tuple[Group, ...]) -> Result:
    """The folder of private TLS keys is closed.

    Why: whoever has the key can read and forge the traffic of this host's services.
    Fix: `chown root:ssl-cert /etc/ssl/private; chmod 710 /etc/ssl/private` (root:root and 700 where there
    is no group ssl-cert), then replace the keys if others could read them.
    """
    found, hidden = _pick(file_modes, "/etc/ssl/private", "/etc/pki/tls/private")
    gids = frozenset({0, *(group.gid for group in groups if group.name == "ssl-cert")})
    # RHEL's /etc/pki/tls/private is 0755 by its package: the keys inside carry the protection there.
    judged = [entry for entry in found if entry.path == "/etc/ssl/private" or entry.mode & 0o022]
    if found and not judged:
        return not_applicable("This distribution protects each key, not the folder (see CRT-006)")
    yes, no = "The folder of private TLS keys is closed", "The folder of private TLS keys is open"
    return _held(judged, 0o710, gids, yes, no, hidden)


def _walked(special: SpecialFiles, found: Sequence[FileMode], yes: str, no: str) -> Result:
    if found:
        return failed(f"{no}: {some(entry.path for entry in found)}", *modes(found))
    if special.gap:
        return unknown(f"Nothing was found, but {special.gap}")
    return passed(yes)


@check(
    "FIL-010",
    severity="high",
    controls=["nist-800-53:AC-3", "nist-800-53:AC-6", "cis-v8:3.3"],
    tags=["files"],
)
def world_writable(special_files: SpecialFiles) -> Result:
    """No file can be written by everyone.

    Why: any account or hacked service can change it, be it a script, a configuration or data.
    Fix: `chmod o-w FILE`, after finding out which program needs to write it.
    """
    found = special_files.world_writable
    return _walked(special_files, found, "No file can be written by everyone", "Everyone can write")


@check(
    "FIL-011",
    severity="medium",
    controls=["nist-800-53:SC-4", "nist-800-53:AC-3", "cis-v8:3.3"],
    tags=["files"],
)
def sticky_folders(special_files: SpecialFiles) -> Result:
    """In shared folders, nobody can remove another's files.

    Why: without the sticky bit, anyone can replace a file that another, perhaps root, is about to use.
    Fix: `chmod +t FOLDER`, or `chmod o-w FOLDER` if it need not be shared.
    """
    found = special_files.open_folders
    return _walked(
        special_files, found, "Shared folders have the sticky bit", "Everyone can replace files in"
    )


@check(
    "FIL-012",
    severity="medium",
    controls=["nist-800-53:AC-2", "nist-800-53:AC-3", "cis-v8:3.3"],
    tags=["files"],
)
def unowned(special_files: SpecialFiles) -> Result:
    """Every file has an owner that exists.

    Why: the next account that is made may get the free id, and with it those files.
    Fix: look at it, then `chown root:root FILE` or remove it.
    """
    if not special_files.ownership:
        return unknown("Owners were not looked up: they come from a directory server, or find cannot tell")
    found = special_files.unowned
    return _walked(special_files, found, "Every file has an owner", "Files without an owner")


@check(
    "FIL-013",
    severity="high",
    controls=["nist-800-53:AC-6(8)", "nist-800-53:CM-7", "cis-v8:3.3", "iso-27001:A.8.18"],
    tags=["files"],
)
def privileged_programs(special_files: SpecialFiles, expected: tuple[str, ...] = ()) -> Result:
    """No unexpected program runs with its owner's rights (SUID, SGID).

    Why: a SUID copy of a shell is the usual back door; each such program is one more way to root.
    Fix: `chmod u-s,g-s FILE`; if it belongs here, add its path to the tunable `expected`.
    """
    found = [
        entry
        for entry in special_files.privileged
        if entry.path.removeprefix("/usr") not in _EXPECTED and entry.path not in expected
    ]
    return _walked(special_files, found, "Only expected programs are SUID or SGID", "Unexpected SUID or SGID")


@check(
    "FIL-014",
    severity="critical",
    controls=["nist-800-53:AC-6(8)", "nist-800-53:AC-3", "cis-v8:3.3"],
    tags=["files"],
)
def privileged_programs_protected(special_files: SpecialFiles) -> Result:
    """Programs that run with root's rights can be changed by root only.

    Why: whoever can write such a program decides what runs as root.
    Fix: `chown root:root FILE; chmod go-w FILE`, and reinstall its package to be sure of its content.
    """
    found = [
        entry
        for entry in special_files.privileged
        if entry.mode & 0o4000 and entry.uid == 0 and entry.changeable
    ]
    yes, no = "SUID programs can be changed by root only", "Others can change SUID programs of root"
    return _walked(special_files, found, yes, no)
