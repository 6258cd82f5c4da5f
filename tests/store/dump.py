"""Prints a small database of the present schema as SQL.

When a migration is added, keep the version before it: check out the release before and run
`python -m tests.store.dump > tests/store/databases/vN.sql`.
"""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from scanner.model import Reach
from scanner.store import db
from scanner.store.writer import Writer
from tests.store.sample import BAK, DB, SSH, WEB, result, scan


def main() -> None:
    """Two scans: one finding changes, one keeps its state with new evidence, one asset is lost."""
    with tempfile.TemporaryDirectory() as folder, db.open(Path(folder) / "drscan.db") as store:
        writer = Writer(store, clock=lambda: datetime(2026, 11, 24, 19, 0, tzinfo=UTC))
        long = "line\n" * 200
        scan(
            writer, {WEB: [result(SSH, "fail", "root may log in", "yes"), result(BAK, "pass", "kept", long)]}
        )
        scan(writer, {WEB: [result(SSH, "pass", "root cannot", "no"), result(BAK, "pass", "kept", "81 %")]})
        scan(writer, {DB: []}, Reach("unreachable", "connection refused"))
        for name in ("application_id", "user_version"):
            print(f"PRAGMA {name} = {store.connection.execute(f'PRAGMA {name}').fetchone()[0]};")
        print("\n".join(store.connection.iterdump()))


if __name__ == "__main__":
    main()
