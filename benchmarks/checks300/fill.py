"""Copies of the built-in checks under other ids, so that a scan evaluates 300 of them.

Checks that need the walk over the file system are left out: all hosts of the benchmark are one machine, and
it would be the disk cache that is measured.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle

from scanner import catalog

WANTED = 300

WALK = "special_files"

_all = catalog.load(plugins=False).checks
_built_in = [check for check in _all.values() if WALK not in check.needs]
LEFT_OUT = [id for id, check in _all.items() if WALK in check.needs]
_originals = cycle(_built_in)
for _number in range(WANTED - len(_built_in)):
    _original = next(_originals)
    _info = replace(_original.info, id=f"FILL-{_number + 1:03}")
    globals()[f"fill_{_number}"] = replace(_original, info=_info)
