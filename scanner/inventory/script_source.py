"""A dynamic inventory: any executable that prints the JSON of `ansible-inventory --list`.

Protocol: "Developing dynamic inventory" in Ansible's documentation. The program is run with
`--list`, and once more for each host with `--host NAME` when it gives no `_meta.hostvars`.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from scanner.inventory.graph import Graph
from scanner.inventory.located import MAX_BYTES, from_plain
from scanner.inventory.problem import Position

SECONDS = 30.0
FORM = "it must print JSON as `ansible-inventory --list` does"


def is_script(path: Path) -> bool:
    """True for a file to run: a script or binary with the executable bit.

    Text without `#!` is data, whatever its bits: on some shares every file is executable.
    """
    if not os.access(path, os.X_OK):
        return False
    with path.open("rb") as file:
        head = file.read(512)
    return head.startswith(b"#!") or b"\0" in head


def read(path: Path, graph: Graph, seconds: float = SECONDS) -> None:
    """Run the program and add what it prints to `graph`. `seconds`: limit for all its runs together."""
    source = _Script(path, graph, time.monotonic() + seconds)
    listing = source.run("--list")
    if listing is not None:
        source.add_listing(listing)


class _Script:
    def __init__(self, path: Path, graph: Graph, deadline: float) -> None:
        self.path = path
        self.at = Position(str(path))
        self.graph = graph
        self.problems = graph.problems
        self.deadline = deadline
        self.hosts: dict[str, None] = {}

    def run(self, *arguments: str) -> dict[str, Any] | None:
        """What the program prints for these arguments; None after an error."""
        command = [str(self.path.resolve()), *arguments]
        try:
            output = _output(command, self.deadline)
            data = json.loads(output or b"{}")
        except OSError as error:
            self.problems.error(self.at, f"cannot be run: {error.strerror}")
        except _Failed as error:
            self.problems.error(self.at, f"{arguments[0]}: {error}")
        except (ValueError, RecursionError):
            self.problems.error(self.at, f"{arguments[0]} does not print JSON", FORM)
        else:
            if isinstance(data, dict):
                return data
            self.problems.error(self.at, f"{arguments[0]} prints no JSON object", FORM)
        return None

    def add_listing(self, listing: dict[str, Any]) -> None:
        meta = listing.pop("_meta", None)
        for name, content in listing.items():
            self.add_group(name, content)
        variables = meta.get("hostvars") if isinstance(meta, dict) else None
        if variables is not None and not isinstance(variables, dict):
            self.problems.error(self.at, "`_meta.hostvars` is no JSON object", FORM)
            return
        for host in self.hosts:
            own = self.run("--host", host) if variables is None else variables.get(host)
            if own is None and variables is None:
                return
            self.add_host_variables(host, own or {})

    def add_host_variables(self, host: str, variables: object) -> None:
        value = from_plain(variables, self.at)
        if isinstance(value.data, dict):
            self.graph.add_host_variables(host, value.data)
        else:
            self.problems.error(self.at, f"the variables of the host {host!r} are no JSON object", FORM)

    def add_group(self, name: str, content: object) -> None:
        group = self.graph.add_group(name, self.at)
        if group is None:
            return
        if not isinstance(content, dict):
            content = {"hosts": content}
        elif not content.keys() & {"hosts", "vars", "children"}:
            content = {"hosts": [group], "vars": content}
        for host in self.names(group, "hosts", content):
            if self.graph.add_host(host, group, self.at):
                self.hosts[host] = None
        variables = from_plain(content.get("vars", {}), self.at)
        if isinstance(variables.data, dict):
            self.graph.add_group_variables(group, variables.data)
        else:
            self.problems.error(self.at, f"`vars` of the group {group!r} is no JSON object", FORM)
        for child in self.names(group, "children", content):
            if self.graph.add_group(child, self.at):
                self.graph.add_child(group, child, self.at)

    def names(self, group: str, section: str, content: dict[str, Any]) -> list[str]:
        names = content.get(section, [])
        if isinstance(names, list) and all(isinstance(name, str) for name in names):
            return names
        self.problems.error(self.at, f"`{section}` of the group {group!r} is no list of names", FORM)
        return []


class _Failed(Exception):
    """The program did not do its part; the text says how."""


def _output(command: list[str], deadline: float) -> bytes:
    """Standard output of a program that ends well, in time, and within MAX_BYTES."""
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            output, errors = _drain(process, deadline)
            code = process.wait(max(0.0, deadline - time.monotonic()))
        except BaseException as error:
            # What it started must go too, or the pipes stay open. Not reaped yet, so the id is still its own.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                raise _Failed("takes longer than the time allowed for an inventory program") from None
            raise
    if code:
        last = errors.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise _Failed(f"ended with status {code}" + (f": {last[:200]}" if last else ""))
    return output


def _drain(process: subprocess.Popen[bytes], deadline: float) -> tuple[bytes, bytes]:
    assert process.stdout and process.stderr  # noqa: S101 - both are pipes
    received = {process.stdout: bytearray(), process.stderr: bytearray()}
    with selectors.DefaultSelector() as selector:
        for stream in received:
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            left = deadline - time.monotonic()
            ready = selector.select(left) if left > 0 else []
            if not ready:
                raise subprocess.TimeoutExpired(process.args, left)
            for key, _ in ready:
                stream = process.stdout if key.fileobj is process.stdout else process.stderr
                chunk = os.read(stream.fileno(), 65_536)
                if not chunk:
                    selector.unregister(stream)
                received[stream] += chunk
                if len(received[stream]) > MAX_BYTES:
                    raise _Failed(f"prints more than {MAX_BYTES // 1024 // 1024} MiB")
    return bytes(received[process.stdout]), bytes(received[process.stderr])
