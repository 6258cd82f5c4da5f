"""known_hosts, held against OpenSSH's own reading of the same file."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest

from scanner.transport.hostkeys import HostKey, KnownHosts, append

KEY = HostKey("ssh-ed25519", b"\x00\x00\x00\x0bssh-ed25519\x00\x00\x00 " + b"k" * 32)
OTHER = HostKey("ssh-ed25519", b"\x00\x00\x00\x0bssh-ed25519\x00\x00\x00 " + b"o" * 32)


def text(key: HostKey) -> str:
    return f"{key.kind} {base64.b64encode(key.blob).decode()}"


def known(tmp_path: Path, *lines: str) -> KnownHosts:
    path = tmp_path / "known_hosts"
    path.write_text("\n".join(lines) + "\n")
    return KnownHosts.read([path, tmp_path / "absent"])


@pytest.mark.parametrize(
    ("names", "host", "port"),
    [
        ("db01", "db01", 22),
        ("DB01", "db01", 22),
        ("a,db01,b", "db01", 22),
        ("*.example.org", "db01.example.org", 22),
        ("db?1", "db01", 22),
        ("[db01]:2222", "db01", 2222),
        ("[127.0.0.1]:2222,other", "127.0.0.1", 2222),
        ("::1", "::1", 22),
    ],
)
def test_names_that_match(tmp_path: Path, names: str, host: str, port: int) -> None:
    hosts = known(tmp_path, f"{names} {text(KEY)} comment")
    assert hosts.verify(host, port, KEY) == "known"
    assert hosts.verify(host, port, OTHER) == "changed"
    assert hosts.verify("elsewhere", port, KEY) == "unknown"


@pytest.mark.parametrize("names", ["!db01,db*", "[db01]:22x", "db01.example.org", "[d]b01"])
def test_names_that_do_not_match(tmp_path: Path, names: str) -> None:
    assert known(tmp_path, f"{names} {text(KEY)}").verify("db01", 22, KEY) == "unknown"


def test_hashed_names_as_openssh_writes_them(tmp_path: Path) -> None:
    known(tmp_path, f"db01 {text(KEY)}", f"[db02]:2222 {text(KEY)}")
    subprocess.run(
        ["ssh-keygen", "-q", "-H", "-f", tmp_path / "known_hosts"], check=True, capture_output=True
    )
    hosts = KnownHosts.read([tmp_path / "known_hosts"])
    assert "db01" not in (tmp_path / "known_hosts").read_text()
    assert hosts.verify("db01", 22, KEY) == hosts.verify("db02", 2222, KEY) == "known"


def test_a_revoked_key_is_refused_even_where_it_is_on_file(tmp_path: Path) -> None:
    hosts = known(tmp_path, f"db01 {text(KEY)}", f"@revoked * {text(KEY)}")
    assert hosts.verify("db01", 22, KEY) == "revoked"


def test_lines_that_are_not_understood_do_not_hide_the_others(tmp_path: Path) -> None:
    lines = [
        f"@cert-authority * {text(OTHER)}",
        "# note",
        "db01",
        "db01 ssh-ed25519 %%%",
        f"db01 {text(KEY)}",
    ]
    hosts = known(tmp_path, *lines)
    assert hosts.verify("db01", 22, KEY) == "known"
    assert hosts.kinds("db01", 22) == ("ssh-ed25519",)


def test_a_key_of_another_type_than_the_known_ones_counts_as_changed(tmp_path: Path) -> None:
    hosts = known(tmp_path, f"db01 {text(KEY)}")
    assert hosts.verify("db01", 22, HostKey("ssh-rsa", b"x")) == "changed"


def test_append_makes_a_private_file_that_openssh_reads(tmp_path: Path) -> None:
    path = tmp_path / "new" / "known_hosts"
    append(path, "db01", 2222, [KEY])
    path.write_text(path.read_text().rstrip("\n"))
    append(path, "db02", 22, [KEY])
    found = subprocess.run(["ssh-keygen", "-F", "[db01]:2222", "-f", path], capture_output=True, text=True)
    assert text(KEY) in found.stdout
    assert path.stat().st_mode & 0o777 == 0o600
    assert KnownHosts.read([path]).verify("db02", 22, KEY) == "known"


def test_fingerprint_is_what_ssh_keygen_prints(tmp_path: Path) -> None:
    path = tmp_path / "key.pub"
    path.write_text(text(KEY) + "\n")
    printed = subprocess.run(["ssh-keygen", "-lf", path], capture_output=True, text=True).stdout
    assert KEY.fingerprint in printed.split()
