from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from scanner.inventory.secrets import SecretError, reference, resolve
from scanner.model import SecretRef


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("env:DB_PW", SecretRef("env", "DB_PW")),
        ("file:/a b", SecretRef("file", "/a b")),
        ("keyring:drscan/x/root", SecretRef("keyring", "drscan/x/root")),
    ],
)
def test_reference(text: str, ref: SecretRef) -> None:
    assert reference(text) == ref


@pytest.mark.parametrize(
    "text", ["secret", "env:", "env:a b", "file:", "keyring:x", "keyring:x/", "vault:x", "env:a\n"]
)
def test_what_is_no_reference(text: str) -> None:
    assert reference(text) is None


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRSCAN_TEST", "s3cret")
    assert resolve(SecretRef("env", "DRSCAN_TEST")) == "s3cret"
    monkeypatch.delenv("DRSCAN_TEST")
    with pytest.raises(SecretError, match="env:DRSCAN_TEST: the environment variable is not set"):
        resolve(SecretRef("env", "DRSCAN_TEST"))


def test_file(write: Any, tmp_path: Path) -> None:
    path = write("s3cret \n", "pw", 0o600)
    ref = SecretRef("file", str(path))
    assert resolve(ref) == "s3cret "
    path.chmod(0o640)
    with pytest.raises(SecretError, match="others may open it; run: chmod 600"):
        resolve(ref)
    path.chmod(0o600)
    path.write_bytes(b"\n")
    with pytest.raises(SecretError, match="is empty"):
        resolve(ref)
    path.write_bytes(b"s3cret\xff")
    with pytest.raises(SecretError, match="is not UTF-8 text") as caught:
        resolve(ref)
    assert "s3cret" not in str(caught.value)
    path.write_bytes(b"x" * 70_000)
    with pytest.raises(SecretError, match="is larger than 64 KiB"):
        resolve(ref)
    path.unlink()
    with pytest.raises(SecretError, match="No such file"):
        resolve(ref)
    os.mkfifo(path, 0o600)
    with pytest.raises(SecretError, match="is not an ordinary file"):
        resolve(ref)


def test_file_of_another_user(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("s3cret", "pw", 0o600)
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(SecretError, match="belongs to another user"):
        resolve(SecretRef("file", str(path)))


def test_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring
    from keyring.backend import KeyringBackend

    class Memory(KeyringBackend):
        priority = 1

        def get_password(self, service: str, username: str) -> str | None:
            return "s3cret" if (service, username) == ("office/db", "root") else None

        def set_password(self, service: str, username: str, password: str) -> None:
            raise NotImplementedError

        def delete_password(self, service: str, username: str) -> None:
            raise NotImplementedError

    before = keyring.get_keyring()
    keyring.set_keyring(Memory())  # type: ignore[no-untyped-call]
    try:
        assert resolve(SecretRef("keyring", "office/db/root")) == "s3cret"
        with pytest.raises(SecretError, match="the keyring has no such entry"):
            resolve(SecretRef("keyring", "office/other"))
    finally:
        keyring.set_keyring(before)


def test_without_the_keyring_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(SecretError, match=r"pip install 'drscan\[keyring\]'"):
        resolve(SecretRef("keyring", "a/b"))
