"""Time synchronisation. chrony 4.3 recorded on Debian 12: three servers, and one that it may not follow.
timesyncd and ntpd are written after timedatectl(1) and ntpq(8): neither was let near this machine's clock."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.facts.spec import Output
from scanner.facts.timesync import TimeSource, TimeSync, timesync

RECORDED = Path(__file__).parent / "recorded/timesync"

TIMESYNCD = """\x1etimesyncd
FallbackNTPServers=0.debian.pool.ntp.org 1.debian.pool.ntp.org
ServerName=1.debian.pool.ntp.org
ServerAddress=192.0.2.4
NTPMessage={ Leap=0, Version=4, Mode=4, Stratum=2, Ignored=no PacketCount=3, Jitter=2ms }
\x1etimesyncd-status
       Server: 192.0.2.4 (1.debian.pool.ntp.org)
Poll interval: 34min 8s (min: 32s; max 34min 8s)
       Offset: -2.500ms
"""
NTPQ = """\x1entpq
     remote           refid      st t when poll reach   delay   offset  jitter
==============================================================================
 0.pool.ntp.org  .POOL.          16 p    -   64    0    0.000   +0.000   0.000
*192.0.2.7       10.0.0.1         2 u   33   64  377    0.412   -1.500   0.061
+192.0.2.8       10.0.0.1         2 u   30   64  377    0.512   -1.700   0.071
 127.127.1.0     .LOCL.          10 l    -   64    0    0.000   +0.000   0.000
"""


def parse(text: str) -> TimeSync:
    return timesync.parse(Output(text.encode()))


def recorded(name: str) -> TimeSync:
    return timesync.parse(Output((RECORDED / f"{name}.txt").read_bytes()))


def test_chrony() -> None:
    seen = recorded("chrony")
    assert (seen.synchronised, seen.servers) == (True, 3)
    assert [source.selected for source in seen.sources] == [False, False, True]
    assert seen.offset == pytest.approx(3.2e-6, abs=1e-7)


def test_chrony_that_follows_nobody_still_measures() -> None:
    seen = recorded("chrony-unsynchronised")
    assert (seen.synchronised, seen.servers) == (False, 1)
    assert seen.sources[0].local
    assert seen.offset == pytest.approx(-100, abs=0.1)


def test_timesyncd() -> None:
    seen = parse(TIMESYNCD)
    assert (seen.synchronised, seen.servers, seen.offset) == (True, 2, -0.0025)
    assert seen.sources[1] == TimeSource("1.debian.pool.ntp.org", selected=True, offset=-0.0025)
    silent = "\n".join(line for line in TIMESYNCD.split("\n") if not line.startswith("NTPMessage"))
    assert parse(silent).synchronised is False


def test_ntpd() -> None:
    seen = parse(NTPQ)
    assert (seen.synchronised, seen.servers, seen.offset) == (True, 3, -0.0015)
    assert [source.local for source in seen.sources] == [False, False, True]
    assert parse(NTPQ.replace("*", " ")).synchronised is False


def test_no_daemon_answers() -> None:
    seen = parse(
        "\x1echrony-tracking\n506 Cannot talk to daemon\n\x1econfigured\npool a.example iburst\nserver b\n"
    )
    assert (seen.synchronised, seen.offset, seen.sources, seen.servers) == (None, None, (), 5)
