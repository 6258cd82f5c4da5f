"""Turns SQLite's errors into one plain line a person can act on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ADVICE = {
    sqlite3.SQLITE_FULL: "the disk is full; nothing of this step was stored, what was stored before is whole",
    sqlite3.SQLITE_READONLY: "the database cannot be written: it or its folder is read-only",
    sqlite3.SQLITE_BUSY: "another program holds the database; try again when it has ended",
    sqlite3.SQLITE_LOCKED: "another program holds the database; try again when it has ended",
    sqlite3.SQLITE_NOTADB: "this file is not a SQLite database",
    sqlite3.SQLITE_CORRUPT: "the database is damaged; restore it from a backup copy",
    sqlite3.SQLITE_CANTOPEN: "the database cannot be opened: look at the permissions of file and folder",
    sqlite3.SQLITE_IOERR: "the disk gave an error; look at free space and at the kernel log",
}


class StoreError(Exception):
    """The database cannot do what was asked. The text is one line: which file, what, what to do."""


@contextmanager
def plain_errors(path: Path) -> Iterator[None]:
    """Raise StoreError in place of SQLite's operational errors and of OSError.

    Integrity and programming errors pass unchanged: they are faults of ours, not of the machine.
    """
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
        raise
    except sqlite3.DatabaseError as error:
        # The low byte is the primary code; the rest tells kinds of I/O error apart.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        raise StoreError(f"{path}: {_ADVICE.get(code, error)}") from error
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror or error}") from error
