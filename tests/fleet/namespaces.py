"""The command lines that start something in namespaces of its own, and join it there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

_ENTER = Path(__file__).with_name("enter.sh")

# The kernel is the machine's own, and no namespace has a clock of its own: with these rights root in a host,
# or its time daemon, would set the machine's clock and load modules.
_LIMIT = ["setpriv", "--bounding-set", "-sys_time,-sys_module,-sys_rawio,-wake_alarm", "--pdeathsig", "KILL"]


def start(
    layers: Sequence[Path], run: Path, hostname: str, argv: Sequence[str], *, network: bool = False
) -> list[str]:
    """The arguments that run `argv` as process 1 of new namespaces, see enter.sh.

    layers: folders of the root filesystem, the topmost first. run: an existing empty folder, on a file
    system that can be the upper one of an overlay. network: with a new network namespace.
    All of it ends when the thread that started it ends.
    """
    lower = ":".join(map(str, layers))
    unshare = ["unshare", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child=KILL"]
    net = ["--net"] if network else []
    return [*_LIMIT, *unshare, *net, "sh", str(_ENTER), lower, str(run), hostname, *argv]


def join(pid: int, argv: Sequence[str]) -> list[str]:
    """The arguments that run `argv` in the namespaces of process `pid`, in a login's clean environment."""
    environment = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C"]
    return [*_LIMIT, "nsenter", "--all", "--target", str(pid), *environment, *argv]
