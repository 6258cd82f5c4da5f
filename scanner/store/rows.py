"""What goes into the store and comes out of it, typed. Times are UTC text like `2026-11-24T19:00:00Z`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from scanner.model import Evidence, Severity, Status

ScanEnd = Literal["finished", "interrupted", "failed"]
ScanStatus = Literal["running"] | ScanEnd

Counts = Mapping[Status, Mapping[Severity, int]]
"""How many findings there are by status and, within it, by severity. Zeros are left out."""


@dataclass(frozen=True, slots=True)
class ScanStart:
    """What is known when a scan begins.

    selection: what `--resume` needs to select the same again (limit, tags, zones, checks, inventory
    paths), as JSON-able values; version: of drscan; operator: who started it; host: where it runs.
    """

    profile: str
    selection: Mapping[str, Any]
    version: str
    operator: str
    host: str
    assets_total: int


@dataclass(frozen=True, slots=True)
class ScanRow:
    """One scan. `uid` tells scans of different databases apart.

    assets_unreachable: of those done, how many ended in anything but `ok`. counts: of the findings
    looked at in this scan, empty until it ends.
    """

    id: int
    uid: str
    status: ScanStatus
    started: str
    finished: str | None
    profile: str
    selection: Mapping[str, Any]
    version: str
    operator: str
    host: str
    assets_total: int
    assets_done: int
    assets_unreachable: int
    counts: Counts


@dataclass(frozen=True, slots=True)
class ScanSummary:
    """How a scan ended. new: findings that fail and did not before; fixed: that no longer fail."""

    scan: ScanRow
    new: int
    fixed: int


@dataclass(frozen=True, slots=True)
class Change:
    """A finding got another status, severity or message in a scan. previous is None when it is new."""

    finding: int
    asset: str
    check: str
    at: str
    scan: int
    previous: Status | None
    status: Status
    severity: Severity
    message: str
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class FindingFilter:
    """Which findings to read. Every part that is given must hold; nothing given means all.

    severity: at least this. asset, check: globs. control: glob over `framework:control`.
    new_in: got its present status in this scan. looked_at_in: last looked at in this scan.
    since: last changed at this moment or later (aware). limit: at most so many.
    """

    status: tuple[Status, ...] = ()
    severity: Severity | None = None
    asset: str | None = None
    check: str | None = None
    control: str | None = None
    zone: str | None = None
    tier: int | None = None
    new_in: int | None = None
    looked_at_in: int | None = None
    since: datetime | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class FindingRow:
    """The state of one check on one asset. severity is the one the profile gave it.

    first_seen, last_seen: when it was looked at first and last; changed_at: when status, severity
    or message last became another.
    """

    id: int
    asset: str
    owner: str | None
    tier: int | None
    zone: str | None
    check: str
    title: str
    status: Status
    severity: Severity
    message: str
    why: str
    fix: str
    controls: tuple[str, ...]
    first_seen: str
    last_seen: str
    changed_at: str
    last_scan: int
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class FailedCheck:
    """A check that failed in a scan, on how many assets, and the finding on the first of them by name."""

    check: str
    severity: Severity
    fix: str
    assets: int
    finding: int
    asset: str
    message: str


@dataclass(frozen=True, slots=True)
class FindingHistory:
    """A finding and every change of it, the newest first."""

    finding: FindingRow
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """How the attempt to look at an asset ended in a scan: `ok`, or why not; see `scanner.model.Reach`."""

    asset: str
    outcome: str
    detail: str


DiffKind = Literal["new", "fixed", "worse", "better", "undecided", "changed", "added", "unreachable", "gone"]


@dataclass(frozen=True, slots=True)
class State:
    """What a finding said as of one scan."""

    status: Status
    severity: Severity
    message: str


@dataclass(frozen=True, slots=True)
class DiffRow:
    """How one finding differs between an older and a newer scan.

    kind: `new` fails now and did not; `fixed` failed and no longer does; `worse` and `better` fails in both,
    with another severity; `undecided` was pass or fail and now nobody can tell; `changed` any other
    difference; `added` first looked at since, and does not fail; `unreachable` its asset could not be
    looked at; `gone` its asset or its check was no part of the newer scan.
    before is None when the finding is of a later date; after is None for `unreachable` and `gone`.
    """

    finding: int
    asset: str
    check: str
    title: str
    kind: DiffKind
    before: State | None
    after: State | None


@dataclass(frozen=True, slots=True)
class AssetRow:
    """An asset as it was last scanned. last_reached is None when it never answered."""

    name: str
    transport: str
    address: str | None
    owner: str | None
    tier: int | None
    zone: str | None
    classification: str | None
    first_seen: str
    last_tried: str
    last_reached: str | None
    last_outcome: str
    last_seconds: float | None
    groups: tuple[str, ...]
    tags: tuple[str, ...]
    services: tuple[str, ...]
