"""What a recovery of the host stands on: its databases, saved configuration and layout, snapshots,
and the credentials of its backups."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from scanner.facts.spec import Absent, NotCollected, Output, Probe, fact


@dataclass(frozen=True, slots=True)
class DatabaseServer:
    """A database server on the host. kind: `postgresql`, `mysql` (MariaDB too), …; seen: what showed it."""

    kind: str
    running: bool
    seen: str


@dataclass(frozen=True, slots=True)
class DatabaseServers:
    """One entry a kind, in alphabetical order."""

    servers: tuple[DatabaseServer, ...]


@dataclass(frozen=True, slots=True)
class RestoreTools:
    """What helps to rebuild the host as it was.

    etc_history: repository that keeps /etc under version control, or None;
    layouts: files that record partitions, volumes or the whole disk layout.
    """

    etc_history: str | None
    layouts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot on the host's own disks. kind: `lvm`, `btrfs` or `zfs`; created: UTC, None if not told."""

    kind: str
    name: str
    created: datetime | None


@dataclass(frozen=True, slots=True)
class Snapshots:
    """Snapshots in the order listed, at most 200 of a kind; unread: kinds that could not be listed."""

    snapshots: tuple[Snapshot, ...]
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SecretFile:
    """A file that holds a backup credential. mode: such as 0o600; owner: `user:group`."""

    path: str
    mode: int
    owner: str


@dataclass(frozen=True, slots=True)
class BackupSecrets:
    """Credential files of backup tools, as far as the scanning user may see them."""

    files: tuple[SecretFile, ...]


# Process names (15 characters, as the kernel keeps them) and server programs by kind.
_DAEMONS = {
    "postgres": "postgresql", "postmaster": "postgresql", "mysqld": "mysql", "mariadbd": "mysql",
    "mongod": "mongodb", "slapd": "openldap", "ns-slapd": "389-ds", "influxd": "influxdb",
    "clickhouse-serv": "clickhouse", "sqlservr": "mssql", "firebird": "firebird", "db2sysc": "db2",
}  # fmt: skip
_PROGRAMS = (
    "/usr/lib/postgresql/*/bin/postgres /usr/pgsql-*/bin/postgres /usr/bin/postgres /usr/sbin/mysqld"
    " /usr/libexec/mysqld /usr/sbin/mariadbd /usr/libexec/mariadbd /usr/bin/mongod /usr/sbin/slapd"
    " /usr/sbin/ns-slapd /usr/bin/influxd /opt/mssql/bin/sqlservr /usr/sbin/firebird"
)

_DATABASES = Probe(
    "database_servers",
    f'for file in {_PROGRAMS}; do [ -x "$file" ] && printf \'%s\\n\' "$file"; done\n'
    "S running\n"
    "for file in /proc/[0-9]*/comm; do\n"
    '  { read -r name <"$file"; } 2>/dev/null && case $name in\n'
    f"    {'|'.join(_DAEMONS)}) printf '%s\\n' \"$name\";;\n"
    "    ora_pmon_*) echo ora_pmon;;\n"
    "  esac\n"
    "done\n"
    "S sockets\n"
    "grep -soE '/[^ ]*(\\.s\\.PGSQL\\.[0-9]+|mysqld?\\.sock|mongodb-[0-9]+\\.sock|/ldapi)$' /proc/net/unix\n",
)
_SOCKETS = (("PGSQL", "postgresql"), ("mysql", "mysql"), ("mongodb", "mongodb"), ("ldapi", "openldap"))


@fact(_DATABASES)
def database_servers(output: Output) -> DatabaseServers:
    """Database and directory servers that are installed or running. Absent when there are none."""
    sections = output.sections()
    if "sockets" not in sections:
        raise NotCollected("database_servers: no answer")
    found: dict[str, DatabaseServer] = {}
    for name in sections.get("running", "").split("\n"):
        kind = "oracle" if name == "ora_pmon" else _DAEMONS.get(name)
        if kind:
            found.setdefault(kind, DatabaseServer(kind, True, f"process {name}"))
    for path in sections["sockets"].split("\n"):
        kind = next((kind for part, kind in _SOCKETS if path.startswith("/") and part in path), None)
        if kind:
            found.setdefault(kind, DatabaseServer(kind, True, f"socket {path}"))
    for path in sections.get("", "").split("\n"):
        kind = _DAEMONS.get(path.rpartition("/")[2])
        if kind:
            found.setdefault(kind, DatabaseServer(kind, False, f"program {path}"))
    if not found:
        raise Absent("no database server is installed or running")
    return DatabaseServers(tuple(found[kind] for kind in sorted(found)))


_RESTORE = Probe(
    "restore_tools",
    "for file in /etc/.git /etc/.hg /etc/.bzr /etc/_darcs; do [ -d $file ] && echo $file; done\n"
    "S layouts\n"
    "ls -d /var/lib/rear/layout/disklayout.conf /etc/lvm/backup/?* /var/backups/*sfdisk* /var/backups/*gpt*"
    " /var/backups/*lsblk* /var/backups/*layout* /var/backups/*partition* 2>/dev/null\n"
    "S end\n",
)


@fact(_RESTORE)
def restore_tools(output: Output) -> RestoreTools:
    """Version control of /etc and saved disk layouts (ReaR, LVM metadata, partition dumps)."""
    sections = output.sections()
    if "end" not in sections:
        raise NotCollected("restore_tools: no answer")
    history = sections.get("", "").split("\n")[0]
    layouts = [path for path in sections.get("layouts", "").split("\n") if path.startswith("/")]
    return RestoreTools(history or None, tuple(layouts))


_SNAPSHOTS = Probe(
    "snapshots",
    "TZ=UTC0; export TZ\n"
    # --readonly takes no lock; without hints=none, lvs writes the file /run/lvm/hints.
    "if command -v lvs >/dev/null && [ -d /etc/lvm ]; then\n"
    "  S lvm\n"
    "  R lvs --readonly --config devices/hints=none --noheadings --separator /"
    " -o lv_attr,vg_name,lv_name,lv_time && echo read\n"
    "fi\n"
    "if command -v btrfs >/dev/null && grep -q ' / btrfs ' /proc/mounts; then\n"
    "  S btrfs\n"
    "  R btrfs subvolume list -s / && echo read\n"
    "fi\n"
    "if command -v zfs >/dev/null; then\n"
    "  S zfs\n"
    "  zfs list -t snapshot -H -p -o creation,name -S creation && echo read\n"
    "fi\n",
    seconds=5,
)
_LIMIT = 200


@fact(_SNAPSHOTS, partial=True)
def snapshots(output: Output) -> Snapshots:
    """LVM, Btrfs (of the root file system) and ZFS snapshots.

    Absent when the host has none, or none of the three. A kind whose tool failed is in `unread`.
    """
    if output.timed_out:
        raise NotCollected("snapshots: no answer within the time limit")
    found: list[Snapshot] = []
    unread = []
    for kind, text in output.sections().items():
        if kind not in _READERS:
            continue
        lines = text.rstrip("\n").split("\n")
        # A list cut at the byte limit is no failure: there are enough to know.
        if lines[-1] != "read" and not output.truncated:
            unread.append(kind)
        found += [snapshot for line in lines[:_LIMIT] for snapshot in _READERS[kind](line)]
    if not found and unread:
        raise NotCollected(f"snapshots: {', '.join(unread)} could not be listed")
    if not found:
        raise Absent("no LVM, Btrfs or ZFS snapshot")
    return Snapshots(tuple(found), tuple(unread))


def _lvm(line: str) -> Iterator[Snapshot]:
    attributes, _, rest = line.strip().partition("/")
    parts = rest.split("/")
    # lvs(8): the first attribute is the volume type, s or S for a snapshot.
    if attributes[:1] in ("s", "S") and len(parts) == 3:
        yield Snapshot("lvm", f"{parts[0]}/{parts[1]}", _date(parts[2]))


def _btrfs(line: str) -> Iterator[Snapshot]:
    match = re.match(r"ID \d+ .*?otime (\S+ \S+) path (.+)", line)
    if match:
        yield Snapshot("btrfs", match[2], _date(match[1]))


def _zfs(line: str) -> Iterator[Snapshot]:
    created, _, name = line.partition("\t")
    if "@" in name and created.isdecimal() and len(created) < 12:
        yield Snapshot("zfs", name, datetime.fromtimestamp(int(created), UTC))


_READERS = {"lvm": _lvm, "btrfs": _btrfs, "zfs": _zfs}


def _date(text: str) -> datetime | None:
    """`2026-11-24 19:37:51`, in UTC because the probe's time zone is, or with ` +0000` behind it."""
    try:
        moment = datetime.fromisoformat(re.sub(r" (?=[+-]\d{4}$)", "", text.strip()))
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


_SECRETS = Probe(
    "backup_secrets",
    "set -- /etc/*restic* /etc/restic/* /etc/*borg* /etc/borg/* /etc/borgmatic/* /etc/borgmatic.d/*"
    " /etc/kopia/* /etc/duplicity/* /etc/duply/*/conf /etc/backup/* /etc/backups/* /etc/*backup*"
    " /etc/backup.d/* /etc/pgbackrest.conf /etc/pgbackrest/* /etc/barman.d/* /etc/bareos/bareos-fd.d/*/*"
    " /etc/bacula/*.conf /etc/rclone.conf /etc/wal-g* /etc/automysqlbackup/* /root/.pgpass /root/.my.cnf"
    " /root/.restic* /root/.borg* /root/.config/borg/keys/* /root/.config/rclone/rclone.conf"
    " /root/.config/restic/* /etc/mysql/debian.cnf\n"
    "S modes\n"
    "stat -c '%a %U:%G %F|%n' \"$@\" 2>/dev/null\n"
    "S secrets\n"
    "grep -lsiE '(password|passphrase|passwd|cipher-pass|secret_access_key|_secret|account_key)"
    "[\"'\\'']?[[:space:]]*[:=][[:space:]]*[^[:space:]]' \"$@\"\n"
    "S end\n",
)
# A file whose name says that it is a credential; others count when a credential is seen in them.
_NAMED_SECRET = re.compile(r"pass|secret|cred|token|\.key|/keys/|keyfile|pgpass|\.env$", re.IGNORECASE)
_NO_SECRET = (".pub", ".crt", ".pem", ".cer")


@fact(_SECRETS)
def backup_secrets(output: Output) -> BackupSecrets:
    """Files with credentials of backup tools at their usual places. Absent when none is seen.

    A file in a folder that the scanning user may not enter is not seen; others cannot read it either.
    """
    sections = output.sections()
    if "end" not in sections:
        raise NotCollected("backup_secrets: no answer")
    holding = set(sections.get("secrets", "").split("\n"))
    files: dict[str, SecretFile] = {}
    for line in sections.get("modes", "").split("\n"):
        head, _, path = line.partition("|")
        mode, _, rest = head.partition(" ")
        owner, _, kind = rest.partition(" ")
        named = _NAMED_SECRET.search(path) and not path.endswith(_NO_SECRET)
        if not kind.startswith("regular") or not (named or path in holding):
            continue
        if re.fullmatch("[0-7]{1,5}", mode):
            files.setdefault(path, SecretFile(path, int(mode, 8), owner))
    if not files:
        raise Absent("no credential file of a backup tool was found")
    return BackupSecrets(tuple(files.values()))
