"""The SSH server. Recorded on Debian 12 with OpenSSH 9.2: `weak` as root, `unprivileged` without sudo."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.facts.spec import Absent, NotCollected, Output
from scanner.facts.sshd import authorized_keys, sshd

RECORDED = Path(__file__).parent / "recorded"
WEAK = Output((RECORDED / "sshd/weak.txt").read_bytes())
UNPRIVILEGED = Output((RECORDED / "sshd/unprivileged.txt").read_bytes(), denied=True)
KEYS = Output((RECORDED / "authorized_keys/weak.txt").read_bytes())


def files(text: str) -> Output:
    """What the probe gives without root where sshd_config holds these lines."""
    lines = [f"/etc/ssh/sshd_config:{number}:{line}" for number, line in enumerate(text.splitlines(), 1)]
    return Output("\n".join(["\x1eeffective", "\x1efiles", *lines, "\x1ekeys"]).encode())


def test_sshd_tells_what_is_in_force_and_the_file_tells_where_it_is_set() -> None:
    config = sshd.parse(WEAK)
    assert (config.source, config.get("permitrootlogin"), config.get("logingracetime")) == (
        "sshd -T",
        "yes",
        "600",
    )
    seen = config.evidence("permitrootlogin")
    assert (seen.source, seen.line) == ("/etc/ssh/sshd_config.d/10-weak.conf", 1)
    assert config.evidence("port").source == "sshd -T"


def test_host_keys_have_a_size_and_no_key() -> None:
    sizes = {key.kind: key.bits for key in sshd.parse(WEAK).host_keys}
    assert sizes == {"ecdsa-sha2-nistp256": 256, "ssh-ed25519": 256, "ssh-rsa": 1024}
    assert b"AAAA" not in WEAK.stdout + KEYS.stdout


def test_without_root_the_files_and_the_defaults_are_read() -> None:
    config = sshd.parse(UNPRIVILEGED)
    assert (config.source, config.get("x11forwarding"), config.get("maxauthtries")) == ("files", "yes", "6")
    assert config.get("ciphers") is None
    assert config.evidence("maxauthtries").source == "sshd_config(5) default"


def test_the_first_value_wins_and_times_become_seconds() -> None:
    config = sshd.parse(files("LoginGraceTime 1m30\nlogingracetime 5\nPermitRootLogin=without-password"))
    assert config.get("logingracetime") == "90"
    assert config.get("permitrootlogin") == "prohibit-password"


def test_match_blocks_are_kept_apart_and_end_at_match_all() -> None:
    config = sshd.parse(files("Match User bob\n X11Forwarding yes\nMatch all\nMaxAuthTries 3"))
    assert config.get("x11forwarding") == "no"
    assert config.get("maxauthtries") == "3"
    (block,) = config.matches
    assert (block.criteria, block.values["x11forwarding"]) == ("User bob", "yes")


def test_an_include_that_was_not_read_leaves_every_value_open() -> None:
    config = sshd.parse(files("MaxAuthTries 3\nInclude /opt/site/*.conf"))
    assert config.unread == ("/opt/site/*.conf",)
    assert config.get("maxauthtries") is config.get("x11forwarding") is None


def test_no_sshd_and_no_permission_are_told_apart() -> None:
    with pytest.raises(Absent):
        sshd.parse(Output())
    with pytest.raises(NotCollected, match="privilege"):
        sshd.parse(Output(b"\x1eeffective\n\x1efiles\n\x1ekeys\n", denied=True))


def test_keys_of_people_are_told_with_their_place_and_options() -> None:
    keys = authorized_keys.parse(KEYS)
    assert [(key.source, key.kind, key.bits) for key in keys] == [
        ("/root/.ssh/authorized_keys", "ssh-ed25519", 256),
        ("/home/audit/.ssh/authorized_keys", "ssh-ed25519", 256),
        ("/home/clerk/.ssh/authorized_keys", "ssh-rsa", 1024),
    ]
    line = b'/root/.ssh/authorized_keys:3:from="10.0.0.1",command="a b" ssh-rsa 716 me@here\n\x1eend\n'
    (key,) = authorized_keys.parse(Output(line))
    assert (key.options, key.bits, key.comment) == ('from="10.0.0.1",command="a b"', 4096, "me@here")
