"""Every check cites controls that exist, and carries a tag that a profile can select."""

from __future__ import annotations

import re

import pytest

from scanner import catalog

# Base controls a family of NIST SP 800-53 r5 has (the last number, withdrawn ones counted).
_NIST = {
    "AC": 25, "AT": 6, "AU": 16, "CA": 9, "CM": 14, "CP": 13, "IA": 12, "IR": 10, "MA": 7, "MP": 8, "PE": 23,
    "PL": 11, "PM": 32, "PS": 9, "PT": 8, "RA": 10, "SA": 23, "SC": 51, "SI": 23, "SR": 12,
}  # fmt: skip
# Safeguards in each of the 18 CIS Controls v8.
_CIS = (5, 7, 14, 12, 6, 8, 7, 12, 7, 7, 5, 8, 11, 9, 7, 14, 9, 5)
# Controls in the themes 5 to 8 of ISO/IEC 27001:2022 Annex A.
_ISO = {5: 37, 6: 8, 7: 14, 8: 34}
# Categories of the NIST Cybersecurity Framework 2.0 with their last subcategory.
_CSF = {
    "GV.OC": 5, "GV.RM": 7, "GV.RR": 4, "GV.PO": 2, "GV.OV": 3, "GV.SC": 10, "ID.AM": 8, "ID.RA": 10,
    "ID.IM": 4, "PR.AA": 6, "PR.AT": 2, "PR.DS": 11, "PR.PS": 6, "PR.IR": 4, "DE.CM": 9, "DE.AE": 8,
    "RS.MA": 5, "RS.AN": 8, "RS.CO": 3, "RS.MI": 2, "RC.RP": 6, "RC.CO": 4,
}  # fmt: skip


def _exists(control: str) -> bool:
    framework, _, id = control.partition(":")
    match framework:
        case "nist-800-53":
            found = re.fullmatch(r"([A-Z]{2})-(\d+)(\([1-9]\d?\))?", id)
            return bool(found) and 0 < int(found[2]) <= _NIST.get(found[1], 0)
        case "cis-v8":
            found = re.fullmatch(r"(\d+)\.(\d+)", id)
            return bool(found) and 0 < int(found[1]) <= 18 and 0 < int(found[2]) <= _CIS[int(found[1]) - 1]
        case "iso-27001":
            found = re.fullmatch(r"A\.(\d)\.(\d+)", id)
            return bool(found) and 0 < int(found[2]) <= _ISO.get(int(found[1]), 0)
        case "csf-2.0":
            category, _, number = id.partition("-")
            return number.isdecimal() and 0 < int(number) <= _CSF.get(category, 0)
        case "nis2":
            return bool(re.fullmatch(r"21\.2[a-j]", id))
    return True


@pytest.mark.parametrize("control", ["nist-800-53:AC-26", "cis-v8:3.15", "iso-27001:A.8.35", "nis2:21.2k"])
def test_a_control_that_does_not_exist(control: str) -> None:
    assert not _exists(control)


def test_every_control_exists_and_every_check_has_a_tag() -> None:
    for check in catalog.load(plugins=False).checks.values():
        assert check.info.tags, check.info.id
        assert all(map(_exists, check.info.controls)), check.info.id
