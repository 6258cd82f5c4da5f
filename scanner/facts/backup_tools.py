"""Backup programs: how to recognise them in names and command lines, and which are installed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from scanner.facts.spec import Absent, Output, Probe, fact

# Command name → tool. Commands of one tool share its name.
COMMANDS: Mapping[str, str] = {
    "restic": "restic", "autorestic": "restic", "resticprofile": "restic", "rustic": "restic",
    "borg": "borg", "borgmatic": "borg", "borgbackup": "borg", "kopia": "kopia",
    "duplicity": "duplicity", "duply": "duplicity", "duplicati-cli": "duplicati",
    "rsnapshot": "rsnapshot", "rdiff-backup": "rdiff-backup", "dirvish": "dirvish",
    "backupninja": "backupninja", "burp": "burp", "bup": "bup", "attic": "attic", "vorta": "borg",
    "pgbackrest": "pgbackrest", "barman": "barman", "wal-g": "wal-g", "envdir-wal-e": "wal-e",
    "pg_dump": "pg_dump", "pg_dumpall": "pg_dump", "pg_basebackup": "pg_basebackup",
    "mysqldump": "mysqldump", "mariadb-dump": "mysqldump", "mydumper": "mydumper",
    "mariabackup": "mariabackup", "mariadb-backup": "mariabackup", "xtrabackup": "xtrabackup",
    "mongodump": "mongodump", "influxd-backup": "influxdb", "slapcat": "slapcat",
    "bconsole": "bareos", "bareos-fd": "bareos", "bacula-fd": "bacula", "amdump": "amanda",
    "proxmox-backup-client": "proxmox-backup-client", "vzdump": "vzdump", "rear": "rear",
    "timeshift": "timeshift", "urbackupclientctl": "urbackup",
    "veeamconfig": "veeam", "dsmc": "spectrum-protect", "rclone": "rclone", "fsarchiver": "fsarchiver",
}  # fmt: skip

# Part of a script's or unit's name that says it makes a backup.
_SCRIPT_WORD = re.compile("backup|bkup|dump|sauvegarde|sicherung|respaldo", re.IGNORECASE)
_WORD = re.compile(r"[\w.-]+")
# Jobs of the distribution that save package databases only, and dumps that are no backup.
_NO_BACKUP = re.compile("dpkg-db-backup|backup-rpmdb|backup-sysconfig|kdump|tcpdump|coredump")


@dataclass(frozen=True, slots=True)
class BackupTool:
    """A backup program found in the search path. version: the package's, where a package owns it."""

    name: str
    path: str
    version: str | None = None


@dataclass(frozen=True, slots=True)
class BackupTools:
    """The backup programs that are installed, in the order of COMMANDS."""

    tools: tuple[BackupTool, ...]

    @property
    def names(self) -> frozenset[str]:
        """Tool names, such as `restic`."""
        return frozenset(tool.name for tool in self.tools)


_TOOLS = Probe(
    "backup_tools",
    f"for tool in {' '.join(COMMANDS)}; do command -v $tool; done\n"
    "S packages\n"
    "if command -v dpkg-query >/dev/null; then\n"
    "  dpkg-query -W -f '${Package} ${Version}\\n' restic borgbackup kopia duplicity rsnapshot pgbackrest"
    " barman rear bareos-filedaemon bacula-fd proxmox-backup-client timeshift 2>/dev/null\n"
    "elif command -v rpm >/dev/null; then\n"
    "  rpm -q --qf '%{NAME} %{VERSION}-%{RELEASE}\\n' restic borgbackup kopia duplicity rsnapshot pgbackrest"
    " barman rear bareos-filedaemon bacula-client 2>/dev/null\n"
    "fi\n",
)
_PACKAGE_TOOLS = {"borgbackup": "borg", "bareos-filedaemon": "bareos", "bacula-fd": "bacula"}


@fact(_TOOLS)
def backup_tools(output: Output) -> BackupTools:
    """Which backup programs are in the search path, with package versions where cheap."""
    sections = output.sections()
    versions: dict[str, str] = {}
    for line in sections.get("packages", "").split("\n"):
        package, _, version = line.partition(" ")
        if version and "not installed" not in line:
            versions[_PACKAGE_TOOLS.get(package, package)] = version
    tools: dict[str, BackupTool] = {}
    for path in sections.get("", "").split("\n"):
        name = COMMANDS.get(path.rpartition("/")[2])
        if name and path.startswith("/"):
            tools.setdefault(name, BackupTool(name, path, versions.get(name)))
    if not tools:
        raise Absent("no known backup program is installed")
    return BackupTools(tuple(tools.values()))


def tool_of(text: str) -> str | None:
    """The backup tool a command line or name stands for; `script` for a script named like a backup."""
    words = _WORD.findall(text)
    for word in words:
        if word in COMMANDS:
            return COMMANDS[word]
    if not _SCRIPT_WORD.search(text):
        return None
    named = [word for word in words if _SCRIPT_WORD.search(word)]
    return "script" if any(not _NO_BACKUP.search(word) for word in named) else None


_SECRET = re.compile(
    r"(?P<key>\b(?!\w*(?i:FILE|COMMAND))\w*(?i:PASSWORD|PASSPHRASE|PASSWD|SECRET)\w*="
    r"|--?(?i:password|passphrase|pass)[= ]"
    r"|://[^/\s:@]{1,64}:(?=[^/\s@]{1,64}@)"
    r"|\b(?:mysqldump|mariadb-dump|mariabackup|xtrabackup)\b[^|;&]{0,200}?\s-p)"
    r"(?P<value>(?![\"']?[$`/-]|file:|env:)[^\s;|&@]+)"
)


def mask(command: str) -> tuple[str, bool]:
    """The command with literal passwords replaced by `***`, and whether there was one.

    A variable, a path or a command substitution (`PASSWORD=$(cat x)`) is no literal password.
    """
    masked, count = _SECRET.subn(lambda match: match["key"] + "***", command[:2000])
    return masked, count > 0
