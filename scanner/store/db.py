"""Opening the database."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from scanner.store import migrations
from scanner.store.errors import StoreError, plain_errors

_BUSY_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Store:
    """An open database of the newest schema. Belongs to the thread that opened it."""

    path: Path
    connection: sqlite3.Connection

    def rows(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, one at a time as they are read. Raises StoreError."""
        with plain_errors(self.path):
            yield from self.connection.execute(sql, parameters)

    def row(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> tuple[Any, ...] | None:
        """The first row of a query, or None. Raises StoreError."""
        return next(self.rows(sql, parameters), None)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One write transaction: committed when the block ends, undone when it raises. Raises StoreError."""
        with plain_errors(self.path):
            # IMMEDIATE: a deferred transaction that reads first can fail when it comes to write.
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close it; the last connection to close also folds the write-ahead log into the file."""
        self.connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open(path: Path, *, create: bool = True) -> Store:
    """Open the database at `path`, bringing an older schema to the newest.

    A new file is readable by its owner only (SQLite gives its -wal and -shm files the same mode).
    Before an older database is changed, a copy is kept beside it as `<name>.v<version>.bak`.
    Raises StoreError when there is none and `create` is false, when the file is something else,
    or when a newer drscan made it.
    """
    with plain_errors(path):
        if not path.exists():
            if not create:
                raise StoreError(f"{path}: no database here; `drscan run` makes one")
            _make_private(path)
        # isolation_level None: transactions begin where we say so, not where the driver guesses.
        connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
        try:
            for setting in ("foreign_keys = ON", "synchronous = NORMAL", "recursive_triggers = ON"):
                connection.execute(f"PRAGMA {setting}")
            _bring_up_to_date(path, connection)
        except BaseException:
            connection.close()
            raise
    return Store(path, connection)


def _make_private(path: Path) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))


def _bring_up_to_date(path: Path, connection: sqlite3.Connection) -> None:
    version = _pragma(connection, "user_version")
    latest = len(migrations.MIGRATIONS)
    if _pragma(connection, "application_id") != migrations.APPLICATION_ID:
        if version or connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            raise StoreError(f"{path}: this SQLite database was not made by drscan")
        connection.execute("PRAGMA journal_mode = WAL")
    elif version > latest:
        raise StoreError(
            f"{path}: a newer drscan made this database (schema {version}, this drscan knows {latest}); "
            "update drscan"
        )
    if version == latest:
        return
    if version:
        _keep_copy(connection, path.with_name(f"{path.name}.v{version}.bak"))
    migrations.migrate(connection)


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _keep_copy(connection: sqlite3.Connection, path: Path) -> None:
    _make_private(path)
    with closing(sqlite3.connect(path)) as copy:
        connection.backup(copy)
