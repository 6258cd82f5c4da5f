"""Until when operating systems get security updates.

Sources, read on 2026-11-24: distro-info-data 0.58+deb12u7 (Debian, Ubuntu); endoflife.date of
2026-08-22 (the others, each from its vendor's life-cycle page). A date is the last day of support.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """standard: last day of updates for everyone. extended: last day of a further offer, if any.

    offer: the name of that offer; paid: it needs a contract or a registration.
    """

    standard: date
    extended: date | None = None
    offer: str = ""
    paid: bool = True

    def ends(self, extended: bool) -> date:
        """Last day of support. extended: the asset has the paid offer."""
        covered = self.extended if self.extended and (extended or not self.paid) else None
        return covered or self.standard


# id: rows of release, standard end, extended end (`-` none).
_TABLES: dict[str, tuple[str, bool, str]] = {
    "debian": (
        "Debian LTS",
        False,
        """
        7   2016-04-25 2018-05-31
        8   2018-06-17 2020-06-30
        9   2020-07-18 2022-06-30
        10  2022-09-10 2024-06-30
        11  2024-08-14 2026-08-31
        12  2026-07-11 2028-06-30
        13  2028-08-09 2030-06-30
        """,
    ),
    "ubuntu": (
        "Ubuntu Pro (ESM)",
        True,
        """
        14.04 2019-04-25 2024-04-25
        16.04 2021-04-30 2026-04-23
        18.04 2023-05-31 2028-04-26
        20.04 2025-05-29 2030-04-23
        22.04 2027-06-01 2032-04-21
        23.10 2024-07-11 -
        24.04 2029-05-31 2034-04-25
        24.10 2025-07-10 -
        25.04 2026-01-15 -
        25.10 2026-07-09 -
        26.04 2031-05-29 2036-04-23
        26.10 2027-07-15 -
        """,
    ),
    "rhel": (
        "RHEL Extended Life Cycle Support",
        True,
        """
        5  2017-03-31 2020-11-30
        6  2020-11-30 2024-06-30
        7  2024-06-30 2029-05-31
        8  2029-05-31 2033-05-31
        9  2032-05-31 2036-05-31
        10 2035-05-31 2039-05-31
        """,
    ),
    "centos": ("", True, "5 2017-03-31 -\n6 2020-11-30 -\n7 2024-06-30 -\n8 2021-12-31 -"),
    "centos-stream": ("", True, "8 2024-05-31 -\n9 2027-05-31 -\n10 2030-05-31 -"),
    "almalinux": ("", True, "8 2029-05-31 -\n9 2032-05-31 -\n10 2035-05-31 -"),
    "rocky": ("", True, "8 2029-05-31 -\n9 2032-05-31 -\n10 2035-05-31 -"),
    "ol": (
        "Oracle Extended Support",
        True,
        "6 2021-03-31 2024-12-31\n7 2024-12-31 2028-06-30\n8 2029-07-31 2032-07-31\n9 2032-06-30 2035-06-30",
    ),
    "sles": (
        "SUSE LTSS",
        True,
        """
        11.4 2019-03-31 2022-03-31
        12.3 2019-06-30 2022-06-30
        12.4 2020-06-30 2023-06-30
        12.5 2024-10-31 2027-10-31
        15   2019-12-31 2022-12-31
        15.1 2021-01-31 2024-01-31
        15.2 2021-12-31 2024-12-31
        15.3 2022-12-31 2025-12-31
        15.4 2023-12-31 2026-12-31
        15.5 2024-12-31 2027-12-31
        15.6 2025-12-31 2028-12-31
        15.7 2031-07-31 2034-07-31
        16.0 2027-11-30 2030-11-30
        """,
    ),
    "opensuse-leap": (
        "",
        True,
        """
        42.3 2019-07-01 -
        15.0 2019-12-03 -
        15.1 2021-02-02 -
        15.2 2022-01-04 -
        15.3 2022-12-31 -
        15.4 2023-12-07 -
        15.5 2024-12-31 -
        15.6 2026-04-30 -
        16.0 2027-10-31 -
        """,
    ),
    "alpine": (
        "",
        True,
        """
        3.12 2022-05-01 -
        3.13 2022-11-01 -
        3.14 2023-05-01 -
        3.15 2023-11-01 -
        3.16 2024-05-23 -
        3.17 2024-11-22 -
        3.18 2025-05-09 -
        3.19 2025-11-01 -
        3.20 2026-04-01 -
        3.21 2026-11-01 -
        3.22 2027-05-01 -
        3.23 2027-11-01 -
        3.24 2028-06-01 -
        """,
    ),
    "fedora": (
        "",
        True,
        """
        36 2023-05-16 -
        37 2023-12-05 -
        38 2024-05-21 -
        39 2024-11-26 -
        40 2025-05-13 -
        41 2025-12-15 -
        42 2026-05-27 -
        43 2026-12-09 -
        44 2027-06-02 -
        """,
    ),
    "amzn": ("", True, "2018.03 2023-12-31 -\n2 2026-06-30 -\n2023 2029-06-30 -"),
}

ROLLING = frozenset({"arch", "gentoo", "opensuse-tumbleweed", "void", "nixos", "manjaro"})


def _rows(offer: str, paid: bool, text: str) -> dict[str, Lifecycle]:
    releases = {}
    for line in text.strip().split("\n"):
        release, standard, extended = line.split()
        further = None if extended == "-" else date.fromisoformat(extended)
        releases[release] = Lifecycle(date.fromisoformat(standard), further, offer, paid)
    return releases


LIFECYCLES = {id: _rows(*table) for id, table in _TABLES.items()}


def lifecycle(id: str, version: str, name: str) -> Lifecycle | None:
    """The life cycle of a release by os-release's ID, VERSION_ID and NAME; None when not listed.

    RHEL and its rebuilds are listed by major release, Alpine by its first two figures.
    """
    if id == "centos" and "stream" in name.lower():
        id = "centos-stream"
    releases = LIFECYCLES.get(id, {})
    parts = version.split(".")
    return releases.get(version) or releases.get(".".join(parts[:2])) or releases.get(parts[0])
