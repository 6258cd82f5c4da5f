"""docs/database.md stays true: every example runs, every column is described."""

import re
from pathlib import Path

import pytest

from scanner.model import Reach
from scanner.store.db import Store
from scanner.store.writer import Writer
from tests.store.sample import BAK, DB, SSH, WEB, result, scan

TEXT = (Path(__file__).parents[2] / "docs" / "database.md").read_text()
EXAMPLES = re.findall(r"^```sql\n(.+?)^```", TEXT, re.M | re.S)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_finds_something(example: str, store: Store, writer: Writer) -> None:
    scan(writer, {WEB: [result(SSH, "fail", "m", "PermitRootLogin yes"), result(BAK)]})
    scan(writer, {DB: []}, Reach("unreachable", "connection refused"))
    assert list(store.rows(example))


def test_every_column_is_described(store: Store) -> None:
    described: dict[str, set[str]] = {}
    for heading, section in re.findall(r"^### (.+)\n((?:(?!^###).*\n)+)", TEXT, re.M):
        columns = re.findall(r"^\| ([a-z_, ]+) \| ", section, re.M)
        for table in heading.split(", "):
            described[table] = set(", ".join(columns).split(", ")) - {"column"}
    tables = [name for (name,) in store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    assert set(described) == set(tables)
    for table in tables:
        columns = {name for (name,) in store.rows("SELECT name FROM pragma_table_info(?)", (table,))}
        others = {"asset_ids", "check_ids"} if table.endswith("_sets") else set()
        assert described[table] - others == columns - others
