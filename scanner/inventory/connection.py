"""Ansible's connection variables, read into `scanner.model.Connection`.

Where Ansible knows two names for one thing, the longer `ansible_ssh_…` wins, as in its ssh plugin.
There is no templating: `{{` in a variable that is read here is an error.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from scanner.inventory import secrets
from scanner.inventory.located import Entry, Mapping, Opaque
from scanner.inventory.problem import Position, Problems, allowed, is_slip
from scanner.model import Connection, SecretRef

HOST = ("ansible_host", "ansible_ssh_host")
PORT = ("ansible_port", "ansible_ssh_port")
USER = ("ansible_user", "ansible_ssh_user")
KEY_FILE = ("ansible_private_key_file", "ansible_ssh_private_key_file")
PASSWORD = ("ansible_password", "ansible_ssh_pass", "ansible_ssh_password")
BECOME_PASSWORD = ("ansible_become_pass", "ansible_become_password", "ansible_sudo_pass")
SSH_ARGUMENTS = ("ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args")

TRANSPORTS = ("ssh", "paramiko", "paramiko_ssh", "local", "smart")
METHODS = ("sudo", "doas")

_ADDRESS = re.compile(r"[\w:][\w.:%-]*")
_HOP = re.compile(
    r"(?:[\w.][\w.@-]*@)?(?:\[[0-9A-Fa-f:.%\w]+\]|[\w][\w.-]*)(?::(?P<port>\d{1,5}))?", re.ASCII
)
_TRUE = ("true", "yes", "on", "y", "t", "1")
_FALSE = ("false", "no", "off", "n", "f", "0")


def read(
    name: str, at: Position, variables: Mapping, problems: Problems
) -> tuple[Connection, frozenset[str]]:
    """The connection of the host `name`, and which of its fields the inventory gave.

    at: where the host stands, for problems with the name itself.
    """
    return _Reader(variables, problems).connection(name, at)


def is_address(text: str) -> bool:
    """True for what can be a host name or an IP address, and never an option of a command."""
    return _ADDRESS.fullmatch(text) is not None


def jump_hops(text: str) -> tuple[str, ...] | None:
    """The `[user@]host[:port]` hops of a ProxyJump value; () for `none`; None when it is malformed."""
    if text == "none":
        return ()
    hops = tuple(hop.strip().removeprefix("ssh://") for hop in text.split(","))
    matches = [_HOP.fullmatch(hop) for hop in hops]
    return hops if all(match and 1 <= int(match["port"] or 22) <= 65_535 for match in matches) else None


class _Reader:
    def __init__(self, variables: Mapping, problems: Problems) -> None:
        self.variables = variables
        self.problems = problems

    def connection(self, name: str, at: Position) -> tuple[Connection, frozenset[str]]:
        given = {
            "transport": self.transport(),
            "host": self.address(),
            "port": self.port(),
            "user": self.text(USER),
            "identity_files": self.identity_files(),
            "password": self.password(),
            "proxy_jump": self.proxy_jump(),
            **self.privilege(),
        }
        given = {field: value for field, value in given.items() if value is not None}
        local = given.get("transport") == "local"
        if "host" not in given and not local and not is_address(name):
            self.problems.error(at, f"the host name {name!r} is no address", "set ansible_host")
        connection = Connection(**{"host": name, **given})  # type: ignore[arg-type]
        return connection, frozenset(given)

    def entry(self, names: tuple[str, ...]) -> Entry | None:
        """The last of `names` that has a value."""
        entries = [self.variables[name] for name in names if name in self.variables]
        return next((entry for entry in reversed(entries) if entry.value.data is not None), None)

    def text(self, names: tuple[str, ...]) -> str | None:
        entry = self.entry(names)
        if entry is None or self.is_template(entry, names[0]):
            return None
        data = entry.value.data
        if isinstance(data, Opaque):
            self.problems.error(
                entry.value.at, f"{names[0]} has a {data.tag} value", "vault values are not read"
            )
        elif isinstance(data, int) and not isinstance(data, bool):
            return str(data)
        elif not isinstance(data, str) or not data.isprintable() or not data:
            self.problems.error(entry.value.at, f"{names[0]} is not printable text")
        else:
            return data
        return None

    def is_template(self, entry: Entry, name: str) -> bool:
        data = entry.value.data
        if isinstance(data, str) and ("{{" in data or "{%" in data):
            self.problems.error(
                entry.value.at, f"{name} is a template", "drscan has no Jinja: give the value"
            )
            return True
        return False

    def choice(self, names: tuple[str, ...], options: tuple[str, ...], otherwise: str) -> str | None:
        """One of `options`; what else Ansible may know is a warning, a slip of the pen an error."""
        text = self.text(names)
        entry = self.entry(names)
        if text is None or entry is None:
            return None
        word = text.removeprefix("ansible.builtin.")
        if word in options:
            return word
        what = f"{names[0]}: {text!r} is not supported"
        if is_slip(word, options):
            self.problems.error(entry.value.at, what, allowed(options, word))
        else:
            self.problems.warn(entry.value.at, what, otherwise)
        return word

    def boolean(self, name: str) -> bool | None:
        entry = self.entry((name,))
        if entry is None or self.is_template(entry, name):
            return None
        word = str(entry.value.data).lower()
        if word not in _TRUE + _FALSE:
            self.problems.error(entry.value.at, f"{name} is not a yes or no", "allowed: true, false")
        return word in _TRUE

    def transport(self) -> str | None:
        word = self.choice(("ansible_connection",), TRANSPORTS, "the asset is looked at over SSH")
        return None if word is None else "local" if word == "local" else "ssh"

    def address(self) -> str | None:
        text = self.text(HOST)
        entry = self.entry(HOST)
        if text is not None and entry is not None and not is_address(text):
            self.problems.error(
                entry.value.at, f"ansible_host: {text!r} is no address", "a host name or an IP address"
            )
            return None
        return text

    def port(self) -> int | None:
        text = self.text(PORT)
        entry = self.entry(PORT)
        if text is None or entry is None:
            return None
        if not (text.isascii() and text.isdecimal() and len(text) <= 5 and 1 <= int(text) <= 65_535):
            self.problems.error(
                entry.value.at, f"ansible_port: {text!r} is no port", "a number from 1 to 65535"
            )
            return None
        return int(text)

    def identity_files(self) -> tuple[str, ...] | None:
        text = self.text(KEY_FILE)
        return None if text is None else (str(Path(text).expanduser()),)

    def password(self) -> SecretRef | None:
        entry = self.entry(PASSWORD)
        return None if entry is None else self.secret(entry, "ansible_password")

    def secret(self, entry: Entry, name: str) -> SecretRef | None:
        """The reference in `entry`. A literal is refused and never shown."""
        data = entry.value.data
        at = entry.value.at
        if isinstance(data, Opaque):
            what = f"{name} has a {data.tag} value, vault values are not read"
            self.problems.error(at, what, secrets.ALLOWED)
        elif not self.is_template(entry, name):
            ref = secrets.reference(data) if isinstance(data, str) else None
            if ref is None:
                what = f"{name} is a literal: whoever reads the inventory would read the secret"
                self.problems.error(at, what, secrets.ALLOWED)
            elif ref.scheme == "file":
                beside = Path(at.path).parent / Path(ref.locator).expanduser()
                return SecretRef("file", str(beside))
            return ref
        return None

    def proxy_jump(self) -> tuple[str, ...] | None:
        """The first ProxyJump in the ssh arguments, as ssh takes the first of an option."""
        found: tuple[str, ...] | None = None
        for name in SSH_ARGUMENTS:
            text = self.text((name,))
            if text is None:
                continue
            at = self.variables[name].value.at
            try:
                words = shlex.split(text)
            except ValueError:
                self.problems.error(at, f"{name}: a quote is not closed")
                continue
            for option in _options(words):
                jump = _proxy_jump(option)
                if jump is None:
                    shown = option.partition("=")[0] if option.startswith("-o") else option[:2]
                    what = f"{name}: `{shown}` is not read"
                    self.problems.warn(at, what, "read are -J HOST and -o ProxyJump=HOST")
                    continue
                hops = jump_hops(jump)
                if hops is None:
                    self.problems.error(
                        at, f"{name}: {jump!r} is no ProxyJump", "[user@]host[:port],… or none"
                    )
                found = hops if found is None else found
        return found

    def privilege(self) -> dict[str, object]:
        become = self.boolean("ansible_become")
        password = self.entry(BECOME_PASSWORD)
        if password is not None:
            data = password.value.data
            is_literal = not isinstance(data, Opaque) and "{{" not in str(data)
            if not is_literal or self.secret(password, "ansible_become_password"):
                self.problems.warn(
                    password.value.at, "ansible_become_password is not used", "drscan uses `sudo -n`"
                )
        if not become:
            return {"become": become}
        user = self.text(("ansible_become_user",))
        if user not in (None, "root"):
            at = self.variables["ansible_become_user"].value.at
            self.problems.error(at, f"ansible_become_user: {user!r} is refused", "allowed: root")
        method = self.choice(("ansible_become_method",), METHODS, "what needs root will not be read")
        if method is not None and method not in METHODS:
            return {"become": False}
        return {"become": True, "become_method": method}


def _options(words: list[str]) -> list[str]:
    """ssh's arguments with every option and its value as one text, such as `-o Name=value`."""
    options: list[str] = []
    takes_value = False
    for word in words:
        if takes_value:
            options[-1] += f" {word}"
            takes_value = False
        else:
            options.append(word)
            takes_value = re.fullmatch(r"-[BbcDEeFIiJLlmOoPpQRSWw]", word) is not None
    return options


def _proxy_jump(option: str) -> str | None:
    if match := re.fullmatch(r"-J ?(.+)", option):
        return match[1]
    match = re.fullmatch(r"-o ?ProxyJump(?:\s*=\s*|\s+)(.+)", option, re.I)
    return match[1] if match else None
