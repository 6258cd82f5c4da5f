"""A store in a temporary folder, and a writer whose clock moves one minute at each look."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from scanner.store import db
from scanner.store.db import Store
from scanner.store.writer import Writer


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with db.open(tmp_path / "drscan.db") as opened:
        yield opened


@pytest.fixture
def writer(store: Store) -> Writer:
    ticks = (datetime(2026, 11, 24, 19, 0, tzinfo=UTC) + timedelta(minutes=n) for n in count())
    return Writer(store, clock=lambda: next(ticks))
