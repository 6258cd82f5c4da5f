"""The process that keeps one host: starts it, relays its ports, and ends it without a trace.

    keeper.py RUN FD=PORT,… COMMAND…

RUN is the folder that the host lives in, COMMAND (see namespaces.py) starts it. Each FD is an inherited
socket that listens in the machine's network namespace, while this process has a network namespace of its own:
connections to it are relayed to 127.0.0.1:PORT here, which is the host's. Prints the process id of the
host's process 1 as one line. Ends when its standard input closes, which it does even when the test run is
killed. Run as a file by the system's Python; standard library only.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

_CHUNK = 1 << 16


def main() -> None:
    """Keep the host until standard input closes or the host ends by itself."""
    run, ports, *command = sys.argv[1:]
    folder = Path(run)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    cgroup = _make_cgroup(folder)
    environment = {**os.environ, "FLEET_CGROUP": str(cgroup)}
    host = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, env=environment)
    try:
        first = _first_process(host)
        try:
            print(first, flush=True)
            asyncio.run(_serve(host, [pair.split("=") for pair in ports.split(",")]))
        finally:
            # No orderly shutdown: nothing of the host is kept, and its process 1 takes all others along.
            with contextlib.suppress(ProcessLookupError):
                os.kill(first, signal.SIGKILL)
            host.wait()
    finally:
        _remove_cgroup(cgroup)
        remove_tree(folder)


def remove_tree(folder: Path) -> None:
    """Delete a folder, files that were made immutable or append-only in it too."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        subprocess.run(["chattr", "-R", "-f", "-ia", str(folder)], check=False)
        shutil.rmtree(folder)


def _make_cgroup(folder: Path) -> Path:
    tree = folder / "cgroup"
    tree.mkdir()
    subprocess.run(["mount", "-t", "cgroup2", "cgroup2", str(tree)], check=True)
    cgroup = tree / f"fleet-{folder.name}"
    cgroup.mkdir()
    return cgroup


def _remove_cgroup(cgroup: Path) -> None:
    for folder, _, _ in os.walk(cgroup, topdown=False):
        Path(folder).rmdir()
    subprocess.run(["umount", str(cgroup.parent)], check=True)


def _first_process(unshare: subprocess.Popen[bytes]) -> int:
    children = Path(f"/proc/{unshare.pid}/task/{unshare.pid}/children")
    while unshare.poll() is None:
        if pids := children.read_text().split():
            return int(pids[0])
        time.sleep(0.002)
    raise SystemExit("the host ended before it began")


async def _serve(host: subprocess.Popen[bytes], ports: list[list[str]]) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), ended.set)
    loop.add_reader(os.pidfd_open(host.pid), ended.set)
    for descriptor, port in ports:
        listener = socket.socket(fileno=int(descriptor))
        await asyncio.start_server(_relay_to(int(port)), sock=listener, backlog=256)
    await ended.wait()


def _relay_to(port: int) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.transport.abort()
            return
        try:
            await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))
        except OSError:
            writer.transport.abort()
            inner_writer.transport.abort()
        finally:
            writer.close()
            inner_writer.close()

    return relay


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy to the end, then close this direction only: the other side may still have things to say."""
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()
    writer.write_eof()


if __name__ == "__main__":
    main()
