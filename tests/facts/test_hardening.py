"""Confinement, integrity, name servers, banners. Recorded on Debian 12; AppArmor's listing is made up."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from scanner.facts.hardening import MandatoryAccess, banners, integrity, mandatory_access, name_servers
from scanner.facts.spec import Absent, NotCollected, Output

RECORDED = Path(__file__).parent / "recorded"


def output(name: str) -> Output:
    return Output((RECORDED / f"{name}.txt").read_bytes())


def mac(**sections: str) -> MandatoryAccess:
    parts = {"lsm": "", **{name.replace("_", "-"): text for name, text in sections.items()}}
    return mandatory_access.parse(Output("".join(f"\n\x1e{n}\n{t}" for n, t in parts.items()).encode()))


def test_apparmor() -> None:
    assert mandatory_access.parse(output("mandatory_access/apparmor")) == MandatoryAccess("AppArmor", True)
    mixed = mac(lsm="yama,apparmor", apparmor="/usr/bin/man (enforce)\nnvidia modprobe (complain)")
    assert mixed == MandatoryAccess("AppArmor", True, ("nvidia modprobe",))


def test_selinux() -> None:
    seen = mac(selinux="1\n", selinux_config="SELINUX=permissive\n", lsm="selinux")
    assert seen == MandatoryAccess("SELinux", True, configured="permissive")
    assert not mac(selinux="0").enforcing


def test_no_confinement() -> None:
    assert mac(lsm="capability,yama").system == "none"


def test_profiles_that_cannot_be_read() -> None:
    with pytest.raises(NotCollected):
        mac(lsm="apparmor")


def test_integrity() -> None:
    good, weak = integrity.parse(output("integrity/hardened")), integrity.parse(output("integrity/weak"))
    assert (good.tools, good.scheduled) == (("aide",), ("/etc/cron.daily/aide",))
    assert (
        good.database and good.last_run and datetime(2026, 11, 24, tzinfo=UTC) < good.database < good.last_run
    )
    assert (weak.tools, weak.database, weak.last_run, weak.scheduled) == (("aide",), None, None, ())


def test_an_empty_database_is_none() -> None:
    text = b"\x1etools\n/usr/bin/aide\n\x1efiles\n1795550297_0_/var/lib/aide/aide.db\n\x1eschedule\n"
    assert integrity.parse(Output(text)).database is None


def test_name_servers() -> None:
    assert name_servers.parse(output("name_servers/two")) == ("198.51.100.53", "198.51.100.54")
    with pytest.raises(Absent):
        name_servers.parse(Output(exit=3))


def test_banners() -> None:
    assert banners.parse(output("banners/hardened"))["/etc/issue"].startswith("Only authorised use")
