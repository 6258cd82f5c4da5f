"""A running host: a whole system with its own sshd, reached at a loopback address."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from tests.fleet import namespaces
from tests.fleet.cache import FleetError, client_key, run_folder
from tests.fleet.images import SECRET_PASSWORD, Image, layers, recipes, script_arguments
from tests.fleet.listing import Entry, Lister

_BOOT_SECONDS = 60.0
_KEEPER = Path(__file__).with_name("keeper.py")


class Host:
    """One running host, made by `Fleet.host` or `Fleet.fresh`.

    address, port: where its sshd is reached; 22, or 2222 on a machine whose own sshd takes 22 everywhere.
    identity: the private key that its users accept; password: for user `secret`. `image.users` names them.
    pid: its process 1, and root: its root file system, both as the machine sees them. folder: on the machine,
    with what the host wrote; gone when the host is.
    """

    def __init__(self, image: Image, ports: Sequence[int] = ()) -> None:
        """Boot it, with further `ports` relayed as they are. Raises FleetError."""
        self.image = image
        self.identity = client_key(image.key)
        self.password = SECRET_PASSWORD
        below = layers(image)
        listeners = _listen([22, *ports])
        self.address, self.port = listeners[0].getsockname()
        self.folder, lock = run_folder(image.name)
        relayed = [
            f"{listener.fileno()}={port}" for listener, port in zip(listeners, [22, *ports], strict=True)
        ]
        self._log = (self.folder / "log").open("w+b")
        keeper = ["unshare", "--net", "--mount", "/usr/bin/python3", "-I", str(_KEEPER)]
        start = namespaces.start(below, self.folder, image.name, image.init)
        self._keeper = subprocess.Popen(
            [*keeper, str(self.folder), ",".join(relayed), *start],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, start_new_session=True,
            pass_fds=[lock, *(listener.fileno() for listener in listeners)],
        )  # fmt: skip
        os.close(lock)
        for listener in listeners:
            listener.close()
        try:
            self.pid = int(_pipe(self._keeper.stdout).readline() or 0)
            self.root = Path(f"/proc/{self.pid}/root")
            self._lister = Lister(self.root)
            self._wait_until_ready()
        except BaseException:
            self.close()
            raise

    @property
    def name(self) -> str:
        """The image's name, which is also the hostname."""
        return self.image.name

    def run(
        self, command: str | Sequence[str], *, check: bool = True, input: str = "", timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside as root, not over SSH: an argument list, or a script for sh.

        Raises FleetError with the output when it fails, unless `check` is false.
        """
        argv = ["sh", "-c", command] if isinstance(command, str) else command
        done = subprocess.run(
            namespaces.join(self.pid, argv), input=input, capture_output=True, check=False,
            encoding="utf-8", errors="replace", timeout=timeout,
        )  # fmt: skip
        if check and done.returncode:
            output = (done.stdout + done.stderr)[-6000:]
            raise FleetError(f"{self.name}: {argv[-1][-200:]}: exit status {done.returncode}\n{output}")
        return done

    def grant(self, sudoers: str) -> None:
        """Let user `audit` run what these sudoers lines say, and nothing else."""
        self.run(["visudo", "--check", "--file=-"], input=sudoers)
        self.run("rm /etc/sudoers.d/audit; umask 227; cat >/etc/sudoers.d/audit", input=sudoers)

    def stop_sshd(self) -> None:
        """Freeze every sshd: the kernel still accepts connections, and nobody answers."""
        for process in self._processes("sshd"):
            os.kill(process, signal.SIGSTOP)

    def cont_sshd(self) -> None:
        """Undo `stop_sshd`."""
        for process in self._processes("sshd"):
            os.kill(process, signal.SIGCONT)

    def known_hosts(self) -> list[str]:
        """Its lines for a known_hosts file, one for each of its host keys."""
        name = self.address if self.port == 22 else f"[{self.address}]:{self.port}"
        files = sorted(self.root.glob("etc/ssh/ssh_host_*_key.pub"))
        return [" ".join([name, *file.read_text().split()[:2]]) for file in files]

    def inventory_entry(self, user: str | None = None, **variables: Any) -> dict[str, Any]:
        """Its variables in an Ansible inventory. user: the image's first if not told; audit becomes root."""
        user = user or self.image.users[0]
        entry: dict[str, Any] = {
            "ansible_host": self.address, "ansible_port": self.port, "ansible_user": user,
            "ansible_ssh_private_key_file": str(self.identity), "ansible_become": user == "audit",
        }  # fmt: skip
        return entry | variables

    def listing(self) -> dict[str, Entry]:
        """Every file of its root file system, session logs apart; compare two with `==`."""
        return self._lister.listing()

    def close(self) -> None:
        """End the host and all that runs in it, and delete what it wrote. May be called again."""
        _pipe(self._keeper.stdin).close()
        self._keeper.wait(timeout=30)
        _pipe(self._keeper.stdout).close()
        self._log.close()

    def _wait_until_ready(self) -> None:
        if self.image.systemd:
            self._wait_for("the end of its boot", self._booted)
        done = self.run(script_arguments(recipes(self.name, "boot"), {}), check=False)
        if done.returncode:
            raise FleetError(f"{self.name}: {(done.stdout + done.stderr)[-6000:]}")
        self._wait_for("its sshd", self._answers)

    def _wait_for(self, what: str, ready: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _BOOT_SECONDS
        while not ready():
            if self._keeper.poll() is not None or time.monotonic() > deadline:
                self._log.seek(0)
                journal = self.run("journalctl --no-pager -n 50", check=False).stdout if self.pid else ""
                raise FleetError(f"{self.name}: no sign of {what}\n{self._log.read().decode()}\n{journal}")
            time.sleep(0.05)

    def _booted(self) -> bool:
        wait = ["timeout", "5", "systemctl", "is-system-running", "--wait"]
        return self.run(wait, check=False).stdout.strip() in {"running", "degraded"}

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection((self.address, self.port), timeout=1) as connection:
            return connection.recv(4) == b"SSH-"
        return False

    def _processes(self, name: str) -> Iterator[int]:
        namespace = Path(f"/proc/{self.pid}/ns/pid").readlink()
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                inside = (process / "ns/pid").readlink() == namespace
                if inside and (process / "comm").read_text() == f"{name}\n":
                    yield int(process.name)


def _listen(ports: Sequence[int]) -> list[socket.socket]:
    """Sockets for these ports on one loopback address that nobody else uses."""
    for ssh_port in (22, 2222):
        for last in range(10, 250):
            sockets: list[socket.socket] = []
            try:
                for port in [ssh_port, *ports[1:]]:
                    sockets.append(socket.create_server((f"127.0.1.{last}", port), backlog=256))
            except OSError:
                for each in sockets:
                    each.close()
            else:
                return sockets
    raise FleetError(f"no address in 127.0.1.0/24 has ports {ports} free")


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream
