"""Secrets by reference: the inventory says where a secret is kept, never what it is.

Errors name the reference, never the secret.
"""

from __future__ import annotations

import os
import re
import stat

from scanner.model import SecretRef

ALLOWED = "allowed: env:NAME, file:PATH or keyring:SERVICE/USER"
MAX_BYTES = 65_536

_FORMS = {"env": r"[A-Za-z_][A-Za-z0-9_]*", "file": r"\S.*", "keyring": r"[^/]+(?:/[^/]+)+"}


class SecretError(Exception):
    """The secret cannot be had; one line that says why and what to do."""


def reference(text: str) -> SecretRef | None:
    """The reference that `text` is, or None when it is none (and so may itself be a secret)."""
    scheme, _, locator = text.partition(":")
    if scheme in _FORMS and re.fullmatch(_FORMS[scheme], locator) and locator.isprintable():
        return SecretRef(scheme, locator)  # type: ignore[arg-type]
    return None


def resolve(ref: SecretRef) -> str:
    """The secret itself. Raises SecretError."""
    read = {"env": _from_environment, "file": _from_file, "keyring": _from_keyring}[ref.scheme]
    secret = read(ref)
    if not secret:
        raise SecretError(f"{ref}: is empty")
    return secret


def _from_environment(ref: SecretRef) -> str:
    try:
        return os.environ[ref.locator]
    except KeyError:
        raise SecretError(f"{ref}: the environment variable is not set") from None


def _from_file(ref: SecretRef) -> str:
    path = os.path.expanduser(ref.locator)  # noqa: PTH111 - os.open below takes the same text
    try:
        # O_NONBLOCK: a pipe that nobody writes to must not hang the scan.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise SecretError(f"{ref}: cannot be read: {error.strerror}") from None
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise SecretError(f"{ref}: is not an ordinary file")
        if status.st_uid != os.geteuid():
            raise SecretError(f"{ref}: belongs to another user; chown it to the user that runs drscan")
        if status.st_mode & 0o077:
            raise SecretError(f"{ref}: others may open it; run: chmod 600 {ref.locator}")
        raw = file.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise SecretError(f"{ref}: is larger than {MAX_BYTES // 1024} KiB")
    try:
        return raw.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise SecretError(f"{ref}: is not UTF-8 text") from None


def _from_keyring(ref: SecretRef) -> str:
    try:
        import keyring
        import keyring.errors
    except ImportError:
        raise SecretError(f"{ref}: needs the keyring extra; run: pip install 'drscan[keyring]'") from None
    service, _, user = ref.locator.rpartition("/")
    try:
        secret = keyring.get_password(service, user)
    except keyring.errors.KeyringError as error:
        raise SecretError(f"{ref}: the keyring cannot be used ({type(error).__name__})") from None
    if secret is None:
        raise SecretError(f"{ref}: the keyring has no such entry")
    return secret
