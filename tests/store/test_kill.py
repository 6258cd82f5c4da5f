"""A scan that is killed at any moment leaves a whole database whose journal agrees with its findings."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from scanner.store import db
from scanner.store.writer import Writer

CHECKS = 50
SCAN = f"""
import pathlib, sys
from scanner.model import Asset
from scanner.store import db
from scanner.store.writer import Writer
from tests.store.sample import OK, check, result, start

checks = [check(f"CHK-{{n:03}}") for n in range({CHECKS})]
with db.open(pathlib.Path(sys.argv[1])) as store:
    writer = Writer(store)
    writer.register_checks(checks)
    for status in ("pass", "fail"):
        scan_id = writer.begin_scan(start(10000))
        for n in range(100 if status == "pass" else 10000):
            results = [result(c, status, "m", f"{{n}}") for c in checks]
            writer.record_asset(scan_id, Asset(f"host{{n}}"), OK, results, 0.1)
            if n == 1:
                print(status, flush=True)
        writer.finish_scan(scan_id, "finished")
"""


@pytest.mark.parametrize("phase", ["pass", "fail", "fail"])
def test_killed_while_writing(tmp_path: Path, phase: str) -> None:
    path = tmp_path / "drscan.db"
    with subprocess.Popen([sys.executable, "-c", SCAN, str(path)], stdout=subprocess.PIPE, text=True) as scan:
        assert scan.stdout
        while scan.stdout.readline() != f"{phase}\n":
            pass
        try:
            scan.wait(random.uniform(0, 0.05))
        except subprocess.TimeoutExpired:
            scan.kill()
    assert scan.returncode == -9
    with db.open(path) as store:
        assert store.row("PRAGMA integrity_check") == ("ok",)
        assert list(store.rows("PRAGMA foreign_key_check")) == []
        interrupted = Writer(store).interrupted_scan()
        assert interrupted
        done = Writer(store).done_assets(interrupted.id)
        assert len(done) == interrupted.assets_done >= 2
        stored = dict(
            store.rows(
                "SELECT asset, count(*) FROM current_findings WHERE last_scan_id = ? GROUP BY asset",
                (interrupted.id,),
            )
        )
        assert stored == dict.fromkeys(done, CHECKS)
        logged = store.row("SELECT count(*) FROM results WHERE scan_id = ?", (interrupted.id,))
        assert logged == (len(done) * CHECKS,)
