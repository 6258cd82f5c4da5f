"""Runs the installed `drscan` command as its user would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

DRSCAN = Path(sys.executable).with_name("drscan")


def drscan(*arguments: object, cwd: Path, code: int | None = 0, **environment: str) -> str:
    """What `drscan ARGUMENTS` printed, for code 2 its errors; the exit code must be `code` (None: any)."""
    done = subprocess.run(
        [str(DRSCAN), *map(str, arguments)],
        cwd=cwd, capture_output=True, text=True, timeout=120, check=False,
        stdin=subprocess.DEVNULL, env={**os.environ, "HOME": str(cwd), "COLUMNS": "200", **environment},
    )  # fmt: skip
    assert code is None or done.returncode == code, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout if code in (0, 1, 3, None) else done.stderr


def drscan_json(*arguments: object, cwd: Path, code: int | None = 0) -> Any:
    """What `drscan ARGUMENTS --json` prints, read."""
    return json.loads(drscan(*arguments, "--json", cwd=cwd, code=code))
