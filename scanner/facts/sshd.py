"""The SSH server's effective configuration, its host keys, and the keys that may log in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from types import MappingProxyType

from scanner.facts.files import numbered
from scanner.facts.spec import Absent, NotCollected, Output, Probe, fact
from scanner.facts.text import whole
from scanner.model import Evidence

# A public key cut down to what is judged: its type, the length of its base64 text, the words around it.
_KEY_AWK = (
    "{ for (i = 1; i < NF; i++) if ($i ~ /(^|:)(ssh-|ecdsa-|sk-)/ && $(i + 1) ~ /^AAAA/) {"
    ' gsub(/=/, "", $(i + 1)); o = c = ""; for (j = 1; j < i; j++) o = o $j " ";'
    ' for (j = i + 2; j <= NF; j++) c = c " " $j; print o $i, length($(i + 1)) c; break } }'
)

# Folders that hold home folders; each of these is searched one level down.
KEY_FOLDERS = ("/home", "/var/lib", "/srv", "/opt")
# sshd reads both names where nothing else is set (sshd_config(5), AuthorizedKeysFile).
_FIND_KEYS = (
    f"R find /root {' '.join(KEY_FOLDERS)} -maxdepth 3 -type f -name authorized_keys -exec grep -aHn . {{}} +"
    " -o -type f -name authorized_keys2 -exec grep -aHn . {} +"
)

SSHD = Probe(
    "sshd",
    f"""
    command -v sshd >/dev/null || [ -e /etc/ssh/sshd_config ] || exit 0
    S effective
    R sshd -T
    S files
    closed=
    for f in /etc/ssh/sshd_config /etc/ssh/sshd_config.d /etc/ssh/sshd_config.d/*; do
      [ ! -e "$f" ] || [ -r "$f" ] || closed=yes
    done
    if [ -z "$closed" ]
    then grep -rsaHn . /etc/ssh/sshd_config /etc/ssh/sshd_config.d
    else R grep -rsaHn . /etc/ssh/sshd_config /etc/ssh/sshd_config.d
    fi
    S keys
    grep -Hn . /etc/ssh/ssh_host_*_key.pub 2>/dev/null | awk '{_KEY_AWK}'
    """,
)
AUTHORIZED_KEYS = Probe(
    "authorized_keys",
    f"""
    {_FIND_KEYS} | awk '{_KEY_AWK}'
    S end
    """,
)

# sshd_config(5), OpenSSH 9.2; algorithm lists are not here because they differ by release.
_DEFAULTS: Mapping[str, str] = MappingProxyType(
    {
        "allowtcpforwarding": "yes",
        "authenticationmethods": "any",
        "banner": "none",
        "clientalivecountmax": "3",
        "clientaliveinterval": "0",
        "disableforwarding": "no",
        "gatewayports": "no",
        "hostbasedauthentication": "no",
        "ignorerhosts": "yes",
        "kbdinteractiveauthentication": "yes",
        "logingracetime": "120",
        "loglevel": "INFO",
        "maxauthtries": "6",
        "passwordauthentication": "yes",
        "permitemptypasswords": "no",
        "permitrootlogin": "prohibit-password",
        "permittunnel": "no",
        "permituserenvironment": "no",
        "strictmodes": "yes",
        "usepam": "no",
        "x11forwarding": "no",
    }
)
_REPEATED = frozenset({"allowusers", "allowgroups", "denyusers", "denygroups", "hostkey"})
_RENAMED = {"challengeresponseauthentication": "kbdinteractiveauthentication"}
_TIMES = frozenset({"logingracetime", "clientaliveinterval"})
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key without the key. bits: its size, None when the type does not tell.

    options: what authorized_keys puts before it. source, line: where it stands.
    """

    kind: str
    bits: int | None
    comment: str = ""
    options: str = ""
    source: str = ""
    line: int | None = None

    @property
    def evidence(self) -> Evidence:
        """Options, type, size and comment; never the key."""
        words = (self.options, self.kind, f"({self.bits} bits)" if self.bits else "", self.comment)
        return Evidence(self.source, " ".join(word for word in words if word), self.line)


@dataclass(frozen=True, slots=True)
class MatchBlock:
    """Settings for some connections only. settings: by keyword in lower case."""

    criteria: str
    settings: Mapping[str, Evidence]
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SshdConfig:
    """Effective configuration of sshd.

    source: `sshd -T` (exact), or `files`: the configuration files read by sshd's own rules, with
    the defaults of sshd_config(5). values: by keyword in lower case; times are in seconds.
    lines: where a keyword was set, for those that a file sets. unread: included files that were
    not read, empty with `sshd -T`; what they set is not known, so then no value is.
    """

    source: str
    values: Mapping[str, tuple[str, ...]]
    lines: Mapping[str, Evidence] = field(default_factory=dict)
    matches: tuple[MatchBlock, ...] = ()
    host_keys: tuple[PublicKey, ...] = ()
    unread: tuple[str, ...] = ()

    def get(self, keyword: str) -> str | None:
        """The value in force; None where it is not set and its default is not known."""
        if self.unread:
            return None
        values = self.values.get(keyword)
        if values:
            return " ".join(values)
        return None if self.source == "sshd -T" else _DEFAULTS.get(keyword)

    def evidence(self, keyword: str) -> Evidence:
        """The line that sets a keyword, else what sshd says."""
        if keyword in self.lines:
            return self.lines[keyword]
        source = "sshd -T" if self.source == "sshd -T" else "sshd_config(5) default"
        return Evidence(source, f"{keyword} {self.get(keyword) or 'not set'}")


@fact(SSHD, partial=True)
def sshd(output: Output) -> SshdConfig:
    """Effective sshd configuration. Absent where no sshd is installed."""
    sections = output.sections()
    if output.timed_out or output.truncated:
        raise NotCollected("sshd: the answer was cut off by the limits")
    if "effective" not in sections:
        raise Absent("no SSH server is installed")
    reader = _Files(sections.get("files", ""))
    keys = tuple(_public_keys(sections.get("keys", "")))
    effective: dict[str, list[str]] = {}
    for line in sections["effective"].splitlines():
        keyword, _, value = line.partition(" ")
        keyword = _RENAMED.get(keyword, keyword)
        effective.setdefault(keyword, []).append(_normal(keyword, value.strip()))
    if "port" in effective and "permitrootlogin" in effective:
        return SshdConfig("sshd -T", _tuples(effective), reader.lines, tuple(reader.matches), keys)
    if not reader.found:
        raise NotCollected(
            "sshd: needs privilege" if output.denied else "sshd: no configuration could be read"
        )
    return SshdConfig(
        "files", _tuples(reader.values), reader.lines, tuple(reader.matches), keys, tuple(reader.unread)
    )


@fact(AUTHORIZED_KEYS)
def authorized_keys(output: Output) -> tuple[PublicKey, ...]:
    """Keys that may log in, from ~/.ssh/authorized_keys and authorized_keys2 below KEY_FOLDERS and /root."""
    sections = output.sections()
    if "end" not in sections:
        raise NotCollected("authorized_keys: the search did not end")
    return tuple(_public_keys(sections.get("", "")))


def _public_keys(text: str) -> Iterator[PublicKey]:
    for line in numbered(text):
        words = line.text.split()
        for index, word in enumerate(words[:-1]):
            length = whole(words[index + 1])
            if length is not None and word.startswith(("ssh-", "ecdsa-", "sk-")):
                bits = _bits(word, length)
                comment, options = " ".join(words[index + 2 :]), " ".join(words[:index])
                yield PublicKey(word, bits, comment, options, line.source, line.line)
                break


def _bits(kind: str, length: int) -> int | None:
    """Size of a key, for RSA from the length of its base64 text without padding.

    An RSA blob (RFC 4253, 6.6) is three length words, the 7 letters of its name, an exponent of 1
    to 4 bytes and a modulus with a zero before it; sizes are multiples of 64 in practice.
    """
    if "ed25519" in kind:
        return 256
    if kind.startswith(("ecdsa-sha2-nistp", "sk-ecdsa-sha2-nistp")):
        return whole(kind.partition("nistp")[2][:3])
    if kind == "ssh-rsa":
        return max(0, (length * 3 // 4 - 23 + 4) // 8) * 64
    return 1024 if kind == "ssh-dss" else None


def _tuples(values: Mapping[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {keyword: tuple(found) for keyword, found in values.items()}


def _normal(keyword: str, value: str) -> str:
    """One spelling for a value: `sshd -T` and the files differ in a few."""
    if keyword in _TIMES:
        return _seconds(value)
    if value == "without-password":
        return "prohibit-password"
    return value.lower() if value.lower() in ("yes", "no") else value


def _seconds(value: str) -> str:
    total, digits = 0, ""
    for character in value.lower():
        if character.isascii() and character.isdigit():
            digits += character
        elif character in _UNITS and digits and len(digits) < 10:
            total, digits = total + int(digits) * _UNITS[character], ""
        else:
            return value
    return str(total + int(digits or 0)) if len(digits) < 10 else value


class _Files:
    """Reads `grep -n` output of the configuration files: the first value of a keyword wins."""

    def __init__(self, text: str) -> None:
        self.values: dict[str, list[str]] = {}
        self.lines: dict[str, Evidence] = {}
        self.matches: list[MatchBlock] = []
        self.unread: list[str] = []
        self._files: dict[str, list[Evidence]] = {}
        for line in numbered(text):
            self._files.setdefault(line.source, []).append(line)
        self.found = "/etc/ssh/sshd_config" in self._files
        self._block: tuple[dict[str, Evidence], dict[str, str]] | None = None
        self._read("/etc/ssh/sshd_config", 4)

    def _read(self, path: str, depth: int) -> None:
        outer = self._block
        for line in self._files.get(path, ()):
            parts = line.text.replace("=", " ", 1).split(None, 1)
            if len(parts) < 2 or parts[0].startswith("#"):
                continue
            keyword, value = parts[0].lower(), parts[1].split(" #")[0].strip().strip('"')
            if keyword == "include":
                for pattern in value.split():
                    self._include(pattern.strip('"'), depth)
            elif keyword == "match":
                everyone = value.lower() == "all"
                self._block = None if everyone else ({}, {})
                if self._block is not None:
                    self.matches.append(MatchBlock(value, *self._block))
            else:
                self._set(_RENAMED.get(keyword, keyword), value, line)
        # A Match block ends with the file it stands in (sshd_config(5), Include).
        self._block = outer

    def _include(self, pattern: str, depth: int) -> None:
        path = pattern if pattern.startswith("/") else f"/etc/ssh/{pattern}"
        names = sorted(name for name in self._files if fnmatchcase(name, path))
        if not names and not path.startswith("/etc/ssh/sshd_config.d/"):
            self.unread.append(path)
        for name in names if depth else ():
            self._read(name, depth - 1)

    def _set(self, keyword: str, value: str, line: Evidence) -> None:
        value = _normal(keyword, value)
        if self._block is not None:
            lines, values = self._block
            lines.setdefault(keyword, line)
            values.setdefault(keyword, value)
        elif keyword not in self.values:
            self.values[keyword] = [value]
            self.lines[keyword] = line
        elif keyword in _REPEATED:
            self.values[keyword].append(value)
