import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from scanner.store.errors import StoreError
from scanner.store.lock import ScanLock

HOLD = """
import pathlib, sys
from scanner.store.lock import ScanLock
with ScanLock(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_scan_is_refused_until_the_first_lets_go(tmp_path: Path) -> None:
    database = tmp_path / "drscan.db"
    with ScanLock(database), pytest.raises(StoreError, match=f"another scan is running.*{os.getpid()}"):
        ScanLock(database).__enter__()
    with ScanLock(database):
        assert stat.S_IMODE((tmp_path / "drscan.db.lock").stat().st_mode) == 0o600


def test_the_kernel_releases_the_lock_of_a_killed_process(tmp_path: Path) -> None:
    database = tmp_path / "drscan.db"
    command = [sys.executable, "-c", HOLD, str(database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreError, match=f"process {holder.pid}"):
            ScanLock(database).__enter__()
        holder.kill()
    with ScanLock(database):
        pass
