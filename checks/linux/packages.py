"""Software is patched, whole, and comes from verified sources."""

from __future__ import annotations

from datetime import datetime, timedelta

from scanner.check import check, failed, not_applicable, passed, unknown
from scanner.facts.os_release import OsRelease
from scanner.facts.packages import Packages
from scanner.facts.repositories import Repositories
from scanner.facts.updates import AutomaticUpdates, PackageLists, Updates
from scanner.model import Evidence, Result

# Their releases get security updates from a suite of its own; derivatives such as Raspbian do not.
_SEPARATE_ARCHIVE = frozenset({"debian", "ubuntu"})


def _some(names: list[str] | tuple[str, ...]) -> str:
    shown = ", ".join(names[:10])
    return shown if len(names) <= 10 else f"{shown} and {len(names) - 10} more"


@check(
    "PKG-001",
    severity="high",
    controls=["nist-800-53:SI-2", "cis-v8:7.3", "iso-27001:A.8.8", "csf-2.0:PR.PS-02", "nis2:21.2e"],
    tags=["packages", "patching"],
)
def security_updates_installed(
    updates: Updates, package_lists: PackageLists, os_release: OsRelease, now: datetime, max_days: int = 30
) -> Result:
    """Every known security update is installed.

    Why: the hole is public from the day of the update, and exploits follow within days.
    Fix: `apt-get update && apt-get upgrade`, or `apk upgrade`. Where the security
    archive is missing: `deb https://security.debian.org/debian-security bookworm-security main`.
    """
    if updates.security:
        rows = (f"{u.name} {u.installed} -> {u.available}" for u in updates.security)
        seen = Evidence(f"{updates.manager} package lists", "\n".join(rows))
        return failed(f"Security updates are missing for {_some([u.name for u in updates.security])}", seen)
    if updates.security_sources == 0 and os_release.id in _SEPARATE_ARCHIVE and os_release.version:
        return failed("No package list comes from a security archive, so security updates cannot arrive")
    if updates.security_sources == 0:
        return unknown("No package list can be told to come from a security archive")
    if package_lists.refreshed is None or now - package_lists.refreshed > timedelta(days=max_days):
        return unknown("The package lists are too old to tell whether updates are missing")
    return passed("No security update is pending according to the asset's package lists")


@check(
    "PKG-002",
    severity="medium",
    controls=["nist-800-53:SI-2", "cis-v8:7.3"],
    tags=["packages", "patching"],
)
def lists_fresh(package_lists: PackageLists, now: datetime, max_days: int = 7) -> Result:
    """The package lists are fresh.

    Why: a host that cannot fetch its lists learns of no update and looks patched when it is not.
    Fix: run `apt-get update` (or `dnf makecache`, `zypper refresh`, `apk update`) and repair what
    it complains about.
    """
    if package_lists.refreshed is None:
        return failed("The asset has never fetched package lists")
    seen = Evidence(
        f"{package_lists.manager} package lists", f"changed {package_lists.refreshed.isoformat()}"
    )
    if now - package_lists.refreshed > timedelta(days=max_days):
        return failed(f"The package lists are older than {max_days} days", seen)
    return passed(f"The package lists changed within the last {max_days} days", seen)


@check(
    "PKG-003",
    severity="medium",
    controls=["nist-800-53:SI-2(5)", "cis-v8:7.3"],
    tags=["packages", "patching"],
)
def updates_automatic(automatic_updates: AutomaticUpdates) -> Result:
    """Security updates install themselves.

    Why: on a host that waits for a person, updates wait for holidays and illness too.
    Fix: Debian, Ubuntu: `apt-get install unattended-upgrades && dpkg-reconfigure -plow
    unattended-upgrades`. RHEL and kin: `dnf install dnf-automatic`, set `apply_updates = yes` in
    /etc/dnf/automatic.conf, `systemctl enable --now dnf-automatic.timer`.
    """
    if automatic_updates.missing:
        return failed("Automatic updates are off: " + "; ".join(automatic_updates.missing))
    return passed(f"{automatic_updates.tool} installs security updates")


@check(
    "PKG-004",
    severity="high",
    controls=["nist-800-53:CM-14", "nist-800-53:SI-7", "cis-v8:7.3"],
    tags=["packages", "supply-chain"],
)
def packages_verified(repositories: Repositories) -> Result:
    """Every package source is verified by signature.

    Why: without it, whoever controls the mirror or the network between installs software as root.
    Fix: remove `trusted=yes`, `allow-insecure=yes`, `AllowUnauthenticated` or `gpgcheck=0`, and install
    the vendor's signing key instead (`signed-by=` in apt, `gpgkey=` in dnf).
    """
    found = repositories.unverified
    if not found:
        return passed("No package source switches signature verification off")
    seen = (Evidence(u.source, u.text, u.line) for u in found)
    return failed(f"Signatures are not verified: {_some(sorted({u.source for u in found}))}", *seen)


@check(
    "PKG-005",
    severity="medium",
    controls=["nist-800-53:SI-2", "nist-800-53:CM-2", "cis-v8:7.3"],
    tags=["packages", "patching"],
)
def packages_whole(packages: Packages) -> Result:
    """Every package is completely installed.

    Why: a broken-off installation blocks every later update, and the program may not start again.
    Fix: `dpkg --configure -a && apt-get -f install`.
    """
    if packages.manager != "dpkg":
        return not_applicable(f"{packages.manager} does not record broken-off installations")
    if packages.incomplete:
        seen = Evidence("dpkg-query -W", "\n".join(packages.incomplete))
        return failed(f"The installation broke off: {_some(packages.incomplete)}", seen)
    return passed("No installation broke off")


@check(
    "PKG-006",
    severity="medium",
    controls=["nist-800-53:SI-2", "cis-v8:7.3"],
    tags=["packages", "patching"],
)
def nothing_held(packages: Packages, allowed: tuple[str, ...] = ()) -> Result:
    """No package is kept from being updated.

    Why: a package on hold gets no security update, and holds are forgotten.
    Fix: `apt-mark unhold NAME`, or list the package under `allowed` in the profile.
    """
    if packages.manager != "dpkg":
        return not_applicable(f"Holds of {packages.manager} are not read")
    held = [name for name in packages.held if name not in allowed]
    if held:
        return failed(f"On hold: {_some(held)}", Evidence("apt-mark showhold", "\n".join(held)))
    return passed("No package is on hold")
