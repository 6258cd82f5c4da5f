from datetime import UTC, datetime

import pytest

from scanner.model import Reach, Severity, Status
from scanner.store import queries
from scanner.store.db import Store
from scanner.store.diff import diff
from scanner.store.rows import FindingFilter
from scanner.store.writer import Writer
from tests.store.sample import BAK, CHECKS, DB, OK, SSH, WEB, check, result, scan, start

LOW = check("LOG-001", Severity.LOW, "cis-v8:8.2")


@pytest.fixture
def two_scans(writer: Writer) -> tuple[int, int]:
    writer.register_checks([LOW])
    first, _ = scan(
        writer,
        {
            WEB: [result(SSH, "fail"), result(BAK), result(LOW, "fail")],
            DB: [result(SSH), result(BAK, "fail")],
        },
    )
    second, _ = scan(writer, {WEB: [result(SSH, "fail"), result(BAK, "fail"), result(LOW, "error")]})
    return first, second


def found(store: Store, where: FindingFilter) -> list[str]:
    return [f"{row.asset} {row.check} {row.status}" for row in queries.findings(store, where)]


def test_findings_come_worst_first(store: Store, two_scans: tuple[int, int]) -> None:
    assert found(store, FindingFilter()) == [
        "db01 BAK-001 fail",
        "web01 BAK-001 fail",
        "db01 SSH-003 pass",
        "web01 SSH-003 fail",
        "web01 LOG-001 error",
    ]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (FindingFilter(status=(Status.PASS, Status.ERROR)), ["db01 SSH-003 pass", "web01 LOG-001 error"]),
        (FindingFilter(severity=Severity.CRITICAL), ["db01 BAK-001 fail", "web01 BAK-001 fail"]),
        (FindingFilter(severity=Severity.HIGH, asset="web*"), ["web01 BAK-001 fail", "web01 SSH-003 fail"]),
        (FindingFilter(asset="[!d]*", check="SSH-*"), ["web01 SSH-003 fail"]),
        (FindingFilter(control="cis-v8:8.*"), ["web01 LOG-001 error"]),
        (FindingFilter(control="nist-800-53:AC-6", zone="inside"), ["db01 SSH-003 pass"]),
        (FindingFilter(tier=1, limit=1), ["web01 BAK-001 fail"]),
        (FindingFilter(since=datetime(2027, 1, 1, tzinfo=UTC)), []),
        (FindingFilter(asset="' OR 1=1 --"), []),
    ],
)
def test_findings_are_filtered(
    store: Store, two_scans: tuple[int, int], where: FindingFilter, expected: list[str]
) -> None:
    assert found(store, where) == expected


def test_findings_of_one_scan(store: Store, two_scans: tuple[int, int]) -> None:
    first, second = two_scans
    assert found(store, FindingFilter(new_in=second)) == ["web01 BAK-001 fail", "web01 LOG-001 error"]
    assert found(store, FindingFilter(looked_at_in=first)) == ["db01 BAK-001 fail", "db01 SSH-003 pass"]
    moved = next(queries.changes(store, second)).at
    since = FindingFilter(since=datetime.fromisoformat(moved))
    assert found(store, since) == ["web01 BAK-001 fail", "web01 LOG-001 error"]


def test_a_finding_has_its_history(store: Store, two_scans: tuple[int, int]) -> None:
    (row,) = queries.findings(store, FindingFilter(asset="web01", check="BAK-001"))
    history = queries.finding(store, row.id)
    assert history
    assert history.finding == row
    assert [(c.scan, c.previous, c.status) for c in history.changes] == [
        (two_scans[1], Status.PASS, Status.FAIL),
        (two_scans[0], None, Status.PASS),
    ]
    assert queries.finding(store, 10**9) is None


def test_counts_now_and_of_a_scan(store: Store, two_scans: tuple[int, int]) -> None:
    assert queries.counts(store)[Status.FAIL] == {Severity.CRITICAL: 2, Severity.HIGH: 1}
    assert queries.counts(store, two_scans[1])[Status.FAIL] == {Severity.CRITICAL: 1, Severity.HIGH: 1}


def kinds(store: Store, older: int, newer: int) -> dict[str, str]:
    return {f"{row.asset} {row.check}": row.kind for row in diff(store, older, newer)}


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (result(SSH, "pass"), result(SSH, "fail"), "new"),
        (result(SSH, "error"), result(SSH, "fail"), "new"),
        (result(SSH, "fail"), result(SSH, "pass"), "fixed"),
        (result(SSH, "fail"), result(SSH, "notapplicable"), "fixed"),
        (result(SSH, "fail"), (SSH, Severity.CRITICAL, result(SSH, "fail")[2]), "worse"),
        (result(SSH, "fail"), (SSH, Severity.LOW, result(SSH, "fail")[2]), "better"),
        (result(SSH, "fail"), result(SSH, "fail", "other words"), "changed"),
        (result(SSH, "fail"), result(SSH, "unknown"), "undecided"),
        (result(SSH, "pass"), result(SSH, "notapplicable"), "changed"),
        (result(SSH, "pass"), result(SSH, "pass"), None),
    ],
)
def test_diff_names_the_kind_of_change(store: Store, writer: Writer, before, after, kind: str | None) -> None:
    older, _ = scan(writer, {WEB: [before]})
    newer, _ = scan(writer, {WEB: [after]})
    (row,) = list(diff(store, older, newer)) or [None]
    if kind is None:
        assert row is None
    else:
        assert row
        assert row.kind == kind
        assert row.before
        assert row.after
        assert (row.before.status, row.after.status) == (before[2].status, after[2].status)


def test_diff_tells_what_was_not_looked_at_again(store: Store, writer: Writer) -> None:
    older, _ = scan(writer, {WEB: [result(c) for c in CHECKS], DB: [result(SSH)]})
    writer.register_checks([LOW])
    newer = writer.begin_scan(start())
    writer.record_asset(newer, WEB, OK, [result(SSH), result(LOW)], 0.1)
    writer.record_asset(newer, DB, Reach("unreachable", "refused"), [], 0.1)
    expected = {"web01 BAK-001": "gone", "web01 LOG-001": "added", "db01 SSH-003": "unreachable"}
    # The same while the scan runs, when it has ended, and when a later scan has looked again.
    assert kinds(store, older, newer) == expected
    writer.finish_scan(newer, "finished")
    assert kinds(store, older, newer) == expected
    latest, _ = scan(writer, {WEB: [result(c) for c in (*CHECKS, LOW)], DB: [result(SSH)]})
    assert kinds(store, older, newer) == expected
    assert kinds(store, newer, latest) == {}
    assert kinds(store, older, latest) == {"web01 LOG-001": "added"}


def test_diff_looks_past_a_change_that_went_back(store: Store, writer: Writer) -> None:
    older, _ = scan(writer, {WEB: [result(SSH)]})
    scan(writer, {WEB: [result(SSH, "fail")]})
    newer, _ = scan(writer, {WEB: [result(SSH)]})
    assert kinds(store, older, newer) == {}


def test_diff_needs_two_scans_in_order(store: Store, writer: Writer) -> None:
    older, _ = scan(writer, {WEB: [result(SSH)]})
    newer, _ = scan(writer, {WEB: [result(SSH)]})
    with pytest.raises(ValueError, match="name the older one first"):
        list(diff(store, newer, older))
    with pytest.raises(LookupError, match="there is no scan 7"):
        list(diff(store, older, 7))


def test_failed_checks_are_counted_over_assets(writer: Writer, store: Store) -> None:
    scanned, _ = scan(
        writer,
        {WEB: [result(SSH, "fail"), result(BAK, "fail")], DB: [result(SSH), result(BAK, "fail")]},
    )
    rows = queries.failed_checks(store, scanned, 5)
    assert [(row.check, row.assets, row.asset) for row in rows] == [
        ("BAK-001", 2, "db01"),
        ("SSH-003", 1, "web01"),
    ]
    assert queries.finding(store, rows[0].finding).finding.asset == "db01"  # type: ignore[union-attr]
    assert len(queries.failed_checks(store, scanned, 1)) == 1
