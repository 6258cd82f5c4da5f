"""One scan at a time on one database."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType

from scanner.store.errors import StoreError, plain_errors


class ScanLock:
    """Held while a scan runs: `with ScanLock(database): …`. Raises StoreError when another scan holds it.

    The kernel lets go of it when the process ends in any way, so whoever holds the lock and
    reads a scan that is still `running` knows that this scan was interrupted.
    """

    def __init__(self, database: Path) -> None:
        self._database = database
        self._path = database.with_name(database.name + ".lock")
        self._descriptor = -1

    def __enter__(self) -> ScanLock:
        with plain_errors(self._path):
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
                os.close(descriptor)
                raise StoreError(
                    f"{self._database}: another scan is running on this database (process {holder})"
                ) from None
            except OSError:
                os.close(descriptor)
                raise
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # The file stays: to remove it would let two processes lock two files of the same name.
        os.close(self._descriptor)
