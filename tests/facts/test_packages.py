"""Recorded on Debian 12 in hosts of tests/fleet; rpm from a database that Debian's rpm 4.18 made."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.facts.debversion import newer
from scanner.facts.packages import packages
from scanner.facts.repositories import Unverified, repositories
from scanner.facts.spec import Absent, NotCollected, Output
from scanner.facts.updates import PackageLists, Update, automatic_updates, package_lists, updates
from tests.facts.recording import recorded


def test_dpkg() -> None:
    found = packages.parse(recorded("packages", "dpkg"))
    assert found.manager == "dpkg"
    assert found.versions["bash"] == "5.2.15-2+b13"
    assert (found.held, found.incomplete) == (("sed",), ("hostname",))


def test_removed_packages_are_not_installed() -> None:
    text = b"\x1edpkg\nii  bash 5.2\nrc  vim 9.0\niFR apache2 2.4\n"
    found = packages.parse(Output(text))
    assert (set(found.versions), found.incomplete) == ({"bash", "apache2"}, ("apache2",))


def test_rpm() -> None:
    found = packages.parse(recorded("packages", "rpm"))
    assert (found.manager, found.versions) == ("rpm", {"hello": "1.0-1"})


def test_apk() -> None:
    # Fields of /lib/apk/db/installed as apk(5) describes them.
    found = packages.parse(Output(b"\x1eapk\nP:musl\nV:1.2.5-r0\nP:busybox\nV:1.36.1-r29\n"))
    assert found.versions == {"musl": "1.2.5-r0", "busybox": "1.36.1-r29"}


def test_an_empty_database_is_not_an_answer() -> None:
    with pytest.raises(NotCollected):
        packages.parse(Output(b"\x1erpm\n"))


def test_apt_updates() -> None:
    # The list of a security archive also holds older versions of what is installed.
    found = updates.parse(recorded("updates", "apt"))
    assert found.security == (Update("bash", "5.2.15-2+b13", "99"),)
    assert found.security_sources == 2
    lists = package_lists.parse(recorded("updates", "apt"))
    assert lists == PackageLists("apt", datetime.fromtimestamp(1790366886, UTC))


def test_an_unreadable_security_list_is_not_an_empty_one() -> None:
    for rows in ("", "listed 0\n"):
        with pytest.raises(NotCollected):
            updates.parse(Output(f"\x1eapt\n1\n{rows}\x1edates\n1790366373\n".encode()))


def test_a_host_that_never_fetched_lists() -> None:
    never = Output(b"\x1eapt\n0\n\x1edates\n")
    assert (updates.parse(never).security_sources, package_lists.parse(never).refreshed) == (0, None)
    with pytest.raises(NotCollected):
        updates.parse(Output(b"\x1eapk\nInstalled: Available:\n\x1edates\n"))


def test_dnf_tells_the_age_of_its_lists_only() -> None:
    dnf = Output(b"\x1ednf\n\x1edates\n1790366373\n1790366000\n")
    assert package_lists.parse(dnf) == PackageLists("dnf", datetime.fromtimestamp(1790366373, UTC))
    with pytest.raises(NotCollected):
        updates.parse(dnf)


def test_apk_updates() -> None:
    # As `apk version -l '<'` prints them in the Alpine wiki.
    text = b"\x1eapk\nInstalled:   Available:\nbusybox-1.36.1-r28   < 1.36.1-r29\n\x1edates\n1790366373\n"
    assert updates.parse(Output(text)).security == (Update("busybox", "1.36.1-r28", "1.36.1-r29"),)


def test_a_failing_package_manager_is_not_a_patched_host() -> None:
    with pytest.raises(NotCollected):
        updates.parse(Output(b"\x1eapk\nfailed\n\x1edates\n1790366373\n"))


def test_unattended_upgrades() -> None:
    assert automatic_updates.parse(recorded("automatic_updates", "on")).missing == ()
    off = automatic_updates.parse(recorded("automatic_updates", "off"))
    assert off.missing[1] == 'APT::Periodic::Unattended-Upgrade is not "1"'
    assert automatic_updates.parse(Output(b"\x1eapt\n")).tool is None


@pytest.mark.parametrize(
    ("lines", "works"),
    [
        ("timer dnf-automatic.timer\napply_updates = yes\n", True),
        ("timer dnf-automatic.timer\napply_updates = no\n", False),
        ("timer dnf-automatic-install.timer\napply_updates = no\n", True),
        ("apply_updates = yes\n", False),
    ],
)
def test_dnf_automatic(lines: str, works: bool) -> None:
    # Options as in the dnf-automatic manual.
    assert (not automatic_updates.parse(Output(f"\x1ednf\n{lines}".encode())).missing) is works


def test_unverified_repositories() -> None:
    found = repositories.parse(recorded("repositories", "trusted"))
    text = "deb [trusted=yes] http://192.0.2.1/debian local main"
    assert found.unverified == (Unverified("/etc/apt/sources.list.d/local.list", 1, text),)
    option = repositories.parse(Output(b'\x1eapt-config\nAPT::Get::AllowUnauthenticated "true";\n'))
    assert option.unverified[0].source == "apt-config dump"
    with pytest.raises(Absent):
        repositories.parse(Output())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.0-2", "1.0-1"),
        ("1:0.9", "1.0"),
        ("1.0", "1.0~rc1"),
        ("1.0-1+deb12u10", "1.0-1+deb12u9"),
        ("1.0-1", "1.0-1~deb12u1"),
        ("1.0a", "1.0"),
        ("1.0+b", "1.0a"),
        ("1.0.1", "1.0"),
    ],
)
def test_debian_versions(one: str, other: str) -> None:
    assert newer(one, other)
    assert not newer(other, one)


@pytest.mark.parametrize(("one", "other"), [("1.0", "1.00"), ("1.0-0", "1.0"), ("1.0.", "1.0.0")])
def test_equal_debian_versions(one: str, other: str) -> None:
    assert not newer(one, other)
    assert not newer(other, one)


upstream = st.text(alphabet="01a.+~", min_size=1, max_size=6).map(lambda text: "1" + text)
versions = st.builds(lambda a, b: f"{a}-{b}" if b else a, upstream, st.text(alphabet="01a.+~", max_size=4))


@pytest.mark.skipif(not shutil.which("dpkg"), reason="compares with dpkg")
@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(versions, versions), min_size=50, max_size=50))
def test_debian_versions_are_ordered_as_dpkg_does(pairs: list[tuple[str, str]]) -> None:
    script = "".join(f"dpkg --compare-versions '{a}' gt '{b}' && echo 1 || echo 0\n" for a, b in pairs)
    done = subprocess.run(["sh"], input=script, capture_output=True, text=True, check=True)
    assert [newer(a, b) for a, b in pairs] == [line == "1" for line in done.stdout.split()]
