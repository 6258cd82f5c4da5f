"""Run one local process with a script on its standard input, bounded in time and bytes."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

from scanner.transport.base import Streams

Ending = Literal["exited", "deadline", "flood"]


def feed(
    argv: Sequence[str],
    script: bytes,
    streams: Streams,
    *,
    deadline: float,
    env: Mapping[str, str] | None = None,
) -> tuple[Ending, int]:
    """Run argv until it exits, floods or `deadline` (time.monotonic) passes: how it ended, and its code.

    The process gets a session of its own, and the whole session is killed if it must be.
    Raises OSError when argv cannot be started.
    """
    process = subprocess.Popen(
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env=env,
    )
    ending: Ending = "deadline"
    try:
        ending = _pump(process, script, streams, deadline)
        if ending == "exited":
            process.wait(max(0.1, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        ending = "deadline"
    finally:
        if process.poll() is None or ending != "exited":
            _kill_session(process.pid)
            process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe:
                pipe.close()
    return ending, process.returncode


def _kill_session(leader: int) -> None:
    """Kill every process of the session: each probe is a group of its own in it."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, IndexError, ValueError):
            # The name in parentheses may hold blanks; after it come state, parent, group, session (proc(5)).
            if int(stat.read_text().rpartition(")")[2].split()[3]) == leader:
                os.kill(int(stat.parent.name), signal.SIGKILL)
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def _pump(process: subprocess.Popen[bytes], script: bytes, streams: Streams, deadline: float) -> Ending:
    assert process.stdin and process.stdout and process.stderr  # noqa: S101 - all three are pipes
    todo = memoryview(script)
    os.set_blocking(process.stdin.fileno(), False)
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdin, selectors.EVENT_WRITE)
        selector.register(process.stdout, selectors.EVENT_READ, False)
        selector.register(process.stderr, selectors.EVENT_READ, True)
        readable = 2
        while readable:
            left = deadline - time.monotonic()
            if left <= 0:
                return "deadline"
            for key, events in selector.select(left):
                if events & selectors.EVENT_WRITE:
                    try:
                        todo = todo[os.write(key.fd, todo[:65536]) :]
                    except BrokenPipeError:
                        todo = todo[:0]
                    if not todo:
                        selector.unregister(process.stdin)
                        process.stdin.close()
                    continue
                data = os.read(key.fd, 65536)
                if not data:
                    selector.unregister(key.fileobj)
                    readable -= 1
                    continue
                streams.feed(data, error=key.data)
                if streams.full:
                    return "flood"
    return "exited"
