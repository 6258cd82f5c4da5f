import sqlite3

import pytest

from scanner.model import Asset, Evidence, Reach, Severity, Status
from scanner.store import queries
from scanner.store.db import Store
from scanner.store.rows import CoverageRow, FindingFilter, FindingRow
from scanner.store.writer import Writer
from tests.store.sample import BAK, CHECKS, DB, OK, SELECTION, SSH, WEB, check, result, scan, start


def only(store: Store) -> FindingRow:
    (row,) = queries.findings(store, FindingFilter(), evidence=True)
    return row


def count(store: Store, table: str) -> int:
    row = store.row(f"SELECT count(*) FROM {table}")
    assert row
    return int(row[0])


def test_a_first_result_is_a_change_from_nothing(store: Store, writer: Writer) -> None:
    _, changes = scan(writer, {WEB: [result(SSH, "fail", "root may log in", "PermitRootLogin yes")]})
    row = only(store)
    assert (row.asset, row.zone, row.check, row.status, row.severity) == (
        "web01", "dmz", "SSH-003", Status.FAIL, Severity.HIGH,
    )  # fmt: skip
    assert row.controls == ("cis-v8:5.4", "nist-800-53:AC-6")
    assert row.first_seen == row.last_seen == row.changed_at
    assert row.evidence == (Evidence("/etc/x", "PermitRootLogin yes", 1),)
    assert [(c.previous, c.status, c.evidence) for c in changes] == [(None, Status.FAIL, row.evidence)]


def test_the_same_result_again_only_moves_last_seen(store: Store, writer: Writer) -> None:
    scan(writer, {WEB: [result(SSH)]})
    before = only(store)
    second, changes = scan(writer, {WEB: [result(SSH)]})
    after = only(store)
    assert changes == []
    assert after.last_seen > before.last_seen
    assert after.last_scan == second
    assert (after.first_seen, after.changed_at) == (before.first_seen, before.changed_at)
    assert count(store, "results") == 1


@pytest.mark.parametrize(
    "now", [result(SSH, "fail"), result(SSH, "pass", "other words"), (SSH, Severity.LOW, result(SSH)[2])]
)
def test_another_status_message_or_severity_is_logged(store: Store, writer: Writer, now) -> None:
    scan(writer, {WEB: [result(SSH)]})
    second, changes = scan(writer, {WEB: [now]})
    row = only(store)
    assert (row.status, row.severity, row.message) == (now[2].status, now[1], now[2].message)
    assert row.changed_at == row.last_seen > row.first_seen
    assert list(queries.changes(store, second)) == changes
    assert changes[0].previous is Status.PASS


def test_evidence_alone_is_replaced_without_a_change(store: Store, writer: Writer) -> None:
    for percent in ("80 %", "81 %", "82 %"):
        _, changes = scan(writer, {WEB: [result(SSH, "pass", "enough room", percent)]})
    assert changes == []
    assert only(store).evidence == (Evidence("/etc/x", "82 %", 1),)
    # Kept: the present one and the first, which the history holds.
    bodies = [body for (body,) in store.rows("SELECT body FROM evidence ORDER BY id")]
    assert ["80 %" in bodies[0], "82 %" in bodies[1], len(bodies)] == [True, True, 2]


def test_evidence_may_disappear(store: Store, writer: Writer) -> None:
    scan(writer, {WEB: [result(SSH, "pass", "m", "text")]})
    scan(writer, {WEB: [result(SSH, "pass", "m")]})
    assert only(store).evidence == ()


def test_equal_evidence_is_stored_once(store: Store, writer: Writer) -> None:
    scan(writer, {asset: [result(c, "pass", "m", "same") for c in CHECKS] for asset in (WEB, DB)})
    assert (count(store, "findings"), count(store, "evidence")) == (4, 1)


def test_what_was_not_looked_at_is_not_touched(store: Store, writer: Writer) -> None:
    scan(writer, {WEB: [result(SSH), result(BAK)], DB: [result(SSH)]})
    before = {(f.asset, f.check): f for f in queries.findings(store, FindingFilter())}
    scan(writer, {WEB: [result(SSH)]})
    after = {(f.asset, f.check): f for f in queries.findings(store, FindingFilter())}
    assert {key for key in after if after[key] != before[key]} == {("web01", "SSH-003")}


def test_results_cannot_be_altered(store: Store, writer: Writer) -> None:
    scan(writer, {WEB: [result(SSH)]})
    for statement in (
        "UPDATE results SET status = 'pass'",
        "DELETE FROM results",
        "INSERT OR REPLACE INTO results SELECT * FROM results",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="append only"):
            store.connection.execute(statement)


def test_a_fault_in_an_asset_stores_nothing_of_it(store: Store, writer: Writer) -> None:
    writer.register_checks([SSH])
    scan_id = writer.begin_scan(start())
    with pytest.raises(sqlite3.IntegrityError):
        writer.record_asset(scan_id, WEB, OK, [result(SSH), result(check("NEW-001"))], 0.1)
    assert [count(store, table) for table in ("assets", "scan_assets", "findings", "results")] == [0] * 4
    assert writer.done_assets(scan_id) == set()


def test_a_check_text_that_changes_is_seen(store: Store, writer: Writer) -> None:
    def stored() -> tuple[str, str, str]:
        row = store.row("SELECT title, digest, changed_at FROM checks")
        assert row
        return row

    writer.register_checks([check("SSH-003")])
    first = stored()
    writer.register_checks([check("SSH-003")])
    assert stored() == first
    writer.register_checks([check("SSH-003", Severity.HIGH, "cis-v8:1.1")])
    second = stored()
    assert second[0] == first[0]
    assert second[1] != first[1]
    assert second[2] > first[2]
    assert list(store.rows("SELECT * FROM controls")) == [("SSH-003", "cis-v8", "1.1")]


def test_a_scan_that_ends_says_how_it_went(store: Store, writer: Writer) -> None:
    first, _ = scan(writer, {WEB: [result(SSH, "fail"), result(BAK, "fail")]})
    writer.register_checks(CHECKS)
    second = writer.begin_scan(start(3))
    writer.record_asset(second, WEB, OK, [result(SSH), result(BAK, "fail")], 0.1)
    writer.record_asset(second, DB, Reach("auth-failed", "no key fits"), [], 0.1)
    summary = writer.finish_scan(second, "finished")
    assert (summary.new, summary.fixed) == (0, 1)
    row = summary.scan
    assert row == queries.latest_scan(store) == queries.scan(store, second)
    assert (row.status, row.profile, row.selection) == ("finished", "sample", SELECTION)
    assert (row.assets_total, row.assets_done, row.assets_unreachable) == (3, 2, 1)
    assert row.counts == {Status.PASS: {Severity.HIGH: 1}, Status.FAIL: {Severity.CRITICAL: 1}}
    assert [s.id for s in queries.scans(store)] == [second, first]
    assert queries.previous_scan(store, second) == queries.scan(store, first)
    assert queries.previous_scan(store, first) is None


def test_which_assets_were_not_reached_stays(store: Store, writer: Writer) -> None:
    for _ in range(2):
        scan_id = writer.begin_scan(start())
        writer.record_asset(scan_id, WEB, OK, [], 0.1)
        writer.record_asset(scan_id, DB, Reach("unreachable", "connection refused"), [], 0.1)
        writer.finish_scan(scan_id, "finished")
    for row in queries.scans(store):
        assert list(queries.coverage(store, row.id)) == [
            CoverageRow("db01", "unreachable", "connection refused"),
            CoverageRow("web01", "ok", ""),
        ]
    assert (count(store, "scan_assets"), count(store, "asset_sets")) == (2, 1)
    reached = {row.name: row.last_reached for row in queries.assets(store)}
    assert reached["db01"] is None
    assert reached["web01"]


def test_an_interrupted_scan_is_resumed_where_it_stopped(store: Store, writer: Writer) -> None:
    scan_id = writer.begin_scan(start())
    writer.record_asset(scan_id, WEB, OK, [], 0.1)
    found = writer.interrupted_scan()
    assert found
    assert (found.id, found.status, found.selection) == (scan_id, "running", SELECTION)
    writer.finish_scan(scan_id, "interrupted")
    assert writer.done_assets(scan_id) == {"web01"}
    writer.resume_scan(scan_id)
    resumed = queries.scan(store, scan_id)
    assert resumed
    assert (resumed.status, resumed.finished) == ("running", None)
    writer.record_asset(scan_id, DB, OK, [], 0.1)
    assert writer.finish_scan(scan_id, "finished").scan.assets_done == 2
    assert writer.interrupted_scan() is None


def test_a_new_scan_closes_one_that_was_killed(store: Store, writer: Writer) -> None:
    killed = writer.begin_scan(start())
    writer.record_asset(killed, WEB, OK, [], 0.1)
    newer = writer.begin_scan(start())
    row = queries.scan(store, killed)
    assert row
    assert row.status == "interrupted"
    assert [c.asset for c in queries.coverage(store, killed)] == ["web01"]
    writer.finish_scan(newer, "finished")
    assert writer.interrupted_scan() is None


def test_an_unchanged_fleet_costs_almost_no_space(store: Store, writer: Writer) -> None:
    checks = [check(f"CHK-{n:03}") for n in range(100)]
    results = {
        Asset(f"host{m:02}.office.example"): [
            result(c, "pass" if n % 3 else "fail", "x" * (n % 40), f"{m % 5} {n}")
            for n, c in enumerate(checks)
        ]
        for m in range(20)
    }

    def size() -> int:
        store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return store.path.stat().st_size

    writer.register_checks(checks)
    scan(writer, results)
    before = size()
    for _ in range(50):
        scan(writer, results)
    assert size() < 1.05 * before
