"""Ansible itself, asked what it makes of an inventory."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ORACLE = Path(__file__).with_name("oracle_program.py")


class Ansible:
    """One running interpreter with Ansible loaded; asking it costs milliseconds."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def read(self, paths: Sequence[Path], patterns: Sequence[str] = ()) -> dict[str, Any]:
        """Groups, hosts with their variables, and the hosts of each pattern; or {"error": …}."""
        assert self._process.stdin and self._process.stdout
        question = {"paths": [str(path) for path in paths], "patterns": list(patterns)}
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        reply: dict[str, Any] = json.loads(self._process.stdout.readline())
        return reply


@contextmanager
def running_ansible() -> Iterator[Ansible]:
    """Start it with the interpreter that the installed `ansible-inventory` uses."""
    program = shutil.which("ansible-inventory", path="/usr/bin:/usr/local/bin")
    assert program, "the tests need Ansible: apt-get install ansible-core"
    interpreter = Path(program).read_text().splitlines()[0].removeprefix("#!").strip().split()
    command = [*interpreter, str(ORACLE)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Ansible(process)
        assert process.stdin
        process.stdin.close()
