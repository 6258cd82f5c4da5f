"""Loopback addresses that no other test process uses, so that ports can be fixed."""

from __future__ import annotations

import os


def own(number: int) -> str:
    """One of this process's addresses; each test module takes numbers of its own."""
    pid = os.getpid()
    return f"127.{number}.{pid >> 8 & 255}.{pid & 255}"
