"""The machine that drscan stands on, through the same script as every other asset."""

from __future__ import annotations

import time

from scanner.transport.base import Collected, Limits, Streams, ended
from scanner.transport.frame import Batch, decode
from scanner.transport.process import feed


def collect(batch: Batch, limits: Limits) -> Collected:
    """Run the batch in a local shell."""
    streams = Streams(limits.asset_bytes)
    deadline = time.monotonic() + limits.asset_seconds
    ending, _ = feed(["/bin/sh"], batch.script, streams, deadline=deadline)
    answer = decode(batch, streams.stdout, streams.stderr)
    return Collected(ended(ending, answer.complete, limits), answer.outputs, answer.platform)
