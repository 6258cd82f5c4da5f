"""Checks are found where they may be, and faults name their place."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scanner import catalog, profile
from scanner.catalog import CatalogError
from scanner.model import Severity

SITE = '''
from scanner.check import check, passed
from scanner.facts.spec import Probe, fact

@fact(Probe("site-motd", "cat /etc/motd"))
def site_motd(output):
    return output.text

@check("SITE-001", severity="low", controls=["house:1"])
def greets(site_motd):
    """The site greets.

    Why: custom.
    Fix: edit /etc/motd.
    """
    return passed("yes")
'''


def test_everything_built_in_loads_and_every_profile_fits() -> None:
    found = catalog.load()
    assert len(found.checks) >= 80
    for name in profile.built_in():
        assert profile.select(found, profile.load(name))


# No CIS safeguard asks for these; a forced mapping would mislead an auditor.
WITHOUT_CIS = {"DSK-003", "DSK-011", "DSK-012", "MTA-002", "SVC-001"}


def test_every_check_cites_both_frameworks_and_has_a_usable_severity() -> None:
    for check in catalog.load(plugins=False).checks.values():
        frameworks = {control.partition(":")[0] for control in check.info.controls}
        wanted = {"nist-800-53"} if check.info.id in WITHOUT_CIS else {"nist-800-53", "cis-v8"}
        assert wanted <= frameworks, check.info.id
        assert check.info.severity is not Severity.INFO or "informational" in check.info.tags, check.info.id


def test_a_folder_of_a_sites_own_checks(tmp_path: Path) -> None:
    (tmp_path / "site.py").write_text(SITE)
    found = catalog.load([tmp_path])
    assert found.check("SITE-001").needs == ("site_motd",)
    assert "site_motd" in found.facts


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import nothing_of_that_name", r"site\.py:1: "),
        ("x = 1\nif", r"site\.py:2: "),
        (SITE.replace("greets(site_motd)", "greets(site_mott)"), "did you mean 'site_motd'"),
        (SITE.replace("SITE-001", "SSH-001"), "'SSH-001' is defined twice"),
        (SITE.replace("site-motd", "sshd"), "different probes 'sshd'"),
    ],
)
def test_a_broken_check_file_is_told_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "site.py").write_text(text)
    with pytest.raises(CatalogError, match=message):
        catalog.load([tmp_path])


def test_a_folder_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="no such folder"):
        catalog.load([tmp_path / "none"])


def test_a_plugin_is_found_by_its_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "drscan_plugin.py").write_text(SITE)
    info = tmp_path / "plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[drscan.checks]\nplugin = drscan_plugin\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "drscan_plugin", raising=False)
    assert "SITE-001" in catalog.load().checks


def test_an_unknown_check_suggests_the_nearest() -> None:
    with pytest.raises(CatalogError, match="did you mean SSH-0"):
        catalog.load().check("SSH-01")
