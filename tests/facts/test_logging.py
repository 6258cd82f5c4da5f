"""Journal, syslog, rotation and log modes, recorded on two Debian 12 hosts with rsyslog 8.2302."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.facts.logging import LogFile, journald, log_files, log_rotation, syslog
from scanner.facts.spec import Absent, Output

RECORDED = Path(__file__).parent / "recorded"
GOOD = Output((RECORDED / "log_config/hardened.txt").read_bytes())
WEAK = Output((RECORDED / "log_config/weak.txt").read_bytes())
NOTHING = Output(b"\x1ejournald\n\x1ejournal\n\x1esyslog\n\x1elogrotate\n\x1eschedule\n")


def lines(section: str, path: str, *texts: str) -> Output:
    numbered = "\n".join(f"{path}:{number}:{text}" for number, text in enumerate(texts, 1))
    return Output(f"\x1ejournal\n/var/log/journal\n\x1e{section}\n{numbered}\n".encode())


def test_journald() -> None:
    good, weak = journald.parse(GOOD), journald.parse(WEAK)
    assert (good.persistent, good.value("SystemMaxUse")) == (True, "200M")
    assert (weak.persistent, weak.settings["Storage"].number) == (False, 2)


def test_journald_automatic_storage_depends_on_the_folder() -> None:
    kept = lines("journald", "/etc/systemd/journald.conf", "Compress=yes")
    assert journald.parse(kept).persistent
    assert not journald.parse(Output(kept.stdout.replace(b"/var/log", b"/run/log"))).persistent


def test_journald_drop_ins_win() -> None:
    text = (
        "\x1ejournald\n/etc/systemd/journald.conf.d/9.conf:1:Storage=none\n"
        "/run/systemd/journald.conf.d/9.conf:1:Storage=auto\n/etc/systemd/journald.conf:1:Storage=persistent\n"
        "/etc/systemd/journald.conf.d/1.conf:1:Storage=volatile\n"
    )
    assert journald.parse(Output(text.encode())).value("Storage") == "none"


@pytest.mark.parametrize(("span", "days"), [("90day", 90), ("2week 1d", 15), ("86400", 1), ("0", None)])
def test_journald_retention(span: str, days: float | None) -> None:
    output = lines("journald", "/etc/systemd/journald.conf", f"MaxRetentionSec={span}")
    assert journald.parse(output).retention_days == days


def test_syslog() -> None:
    good, weak = syslog.parse(GOOD), syslog.parse(WEAK)
    assert [(line.path, line.number) for line in good.remote] == [("/etc/rsyslog.d/90-forward.conf", 1)]
    assert good.listeners == ()
    assert weak.remote == ()
    assert [line.text for line in weak.listeners] == ['input(type="imudp" port="514")']


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("*.* @192.0.2.1", True),
        ("*.* @@(o,z9)loghost.example:6514", True),
        ("auth,authpriv.* @@[2001:db8::1]:514", True),
        ("*.info;mail.none @@loghost", True),
        ("mail.* @@loghost", False),
        ("*.*;auth,authpriv.none -/var/log/syslog", False),
        ("*.* @@127.0.0.1", False),
        ('action(type="omrelp" target="loghost" port="2514")', True),
        ('mail.* action(type="omfwd" target="loghost")', False),
        ('*.* action(type="omfile" file="/var/log/x@host")', False),
    ],
)
def test_syslog_that_sends_log_ins_away(text: str, sent: bool) -> None:
    assert bool(syslog.parse(lines("syslog", "/etc/rsyslog.conf", text)).remote) == sent


def test_syslog_ng() -> None:
    output = lines(
        "syslog", "/etc/syslog-ng/syslog-ng.conf", "destination d_net {", 'tcp("192.0.2.1" port(514));', "};",
        "source s_net { udp(port(514)); };",
    )  # fmt: skip
    seen = syslog.parse(output)
    assert ([line.number for line in seen.remote], [line.number for line in seen.listeners]) == ([1], [4])


def test_syslog_that_cannot_be_read_says_so() -> None:
    assert syslog.parse(Output(b"\x1esyslog\nunreadable:/etc/rsyslog.d/tls.conf\n")).unreadable == (
        "/etc/rsyslog.d/tls.conf",
    )


def test_rotation() -> None:
    good, weak = log_rotation.parse(GOOD), log_rotation.parse(WEAK)
    assert (good.days, good.cron) == (91, ("/etc/cron.daily/logrotate",))
    assert (weak.days, weak.cron) == (7, ())
    assert weak.line is not None and weak.line.text == "rotate 1"


def test_rotation_takes_the_general_rule_where_the_log_has_none() -> None:
    main, own = "/etc/logrotate.conf", "/etc/logrotate.d/syslog"
    text = (
        "\x1esyslog\n/etc/rsyslog.conf:1:*.* /var/log/messages\n\x1elogrotate\n"
        f"{main}:1:weekly\n{main}:2:rotate 4\n{main}:3:/var/log/wtmp {{\n{main}:4:rotate 1\n{main}:5:}}\n"
        f"{own}:1:/var/log/messages {{\n{own}:2:}}\n"
    )
    assert log_rotation.parse(Output(text.encode())).days == 28


@pytest.mark.parametrize("parser", [journald, syslog, log_rotation])
def test_nothing_set_up(parser: object) -> None:
    with pytest.raises(Absent):
        parser.parse(NOTHING)  # type: ignore[attr-defined]


def test_log_files() -> None:
    seen = log_files.parse(Output((RECORDED / "log_files/weak.txt").read_bytes()))
    assert seen == (
        LogFile("/var/log/portal.log", 0o666, "root"),
        LogFile("/var/log/auth.log", 0o644, "root"),
    )
    with pytest.raises(Absent):
        log_files.parse(Output(exit=3))
