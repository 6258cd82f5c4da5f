"""PAM. Recorded on a hardened Debian 12; the RHEL form is from authselect's `sssd` profile."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.facts.pam import pam
from scanner.facts.spec import Absent, Output

HARDENED = Output((Path(__file__).parent / "recorded/pam/hardened.txt").read_bytes())
RHEL = Output(
    b"\x1erules\n"
    b"/etc/pam.d/sshd:1:auth       substack     password-auth\n"
    b"/etc/pam.d/sshd:2:-auth      optional     pam_reauthorize.so prepare\n"
    b"/etc/pam.d/password-auth:5:auth required /usr/lib64/security/pam_faillock.so preauth silent # why\n"
    b"/etc/pam.d/password-auth:6:auth [default=1 ignore=ignore  success=ok] pam_usertype.so isregular\n"
    b"/etc/pam.d/loop:1:auth include loop\n"
)


def test_a_stack_follows_includes_in_order() -> None:
    found = pam.parse(HARDENED)
    modules = [rule.module for rule in found.stack("sshd", "auth")]
    assert modules[:3] == ["pam_faillock", "pam_unix", "pam_faillock"]
    assert "pam_wheel" in [rule.module for rule in found.stack("su", "auth")]
    assert found.stack("nonesuch", "auth") == found.stack("other", "auth")


def test_an_option_comes_from_the_line_or_the_modules_file() -> None:
    found = pam.parse(HARDENED)
    by_name = {rule.module: rule for rule in found.stack("passwd", "password")}
    assert found.option(by_name["pam_pwhistory"], "remember") == "5"
    assert found.option(by_name["pam_pwquality"], "minlen") == "14"
    assert found.option(by_name["pam_pwquality"], "dictcheck") is None
    assert found.settings["pwquality"]["minlen"].evidence.source == "/etc/security/pwquality.conf"


def test_substacks_paths_brackets_and_loops() -> None:
    found = pam.parse(RHEL)
    first, second, third = found.stack("sshd", "auth")
    assert (first.module, first.args) == ("pam_faillock", ("preauth", "silent"))
    assert (second.control, second.module) == ("[default=1 ignore=ignore success=ok]", "pam_usertype")
    assert third.module == "pam_reauthorize"
    assert found.stack("loop", "auth") == ()


def test_no_pam() -> None:
    with pytest.raises(Absent):
        pam.parse(Output())
