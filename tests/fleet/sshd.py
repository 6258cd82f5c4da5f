"""A light SSH server: the machine's own sshd as a plain process on a loopback address.

It logs in to the machine itself, as the user who runs the tests. For load, and as a jump host; a `Host`
is for everything that looks at what is on the other side.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from tests.fleet.cache import FleetError

_START_SECONDS = 10.0


class Sshd:
    """One running sshd with a configuration, a host key and an authorized key of its own. A context manager.

    user, identity: who logs in, and with which private key.
    It ends with the thread that made it, so make it in the main thread.
    """

    def __init__(
        self,
        folder: Path,
        address: str = "127.0.2.1",
        port: int = 0,
        *,
        config: Mapping[str, str] | None = None,
        identity: Path | None = None,
        host_key: Path | None = None,
    ) -> None:
        """Start it, with its files in `folder`, which must exist.

        port: 0 takes one that is free. config: options of sshd_config that win over those here.
        identity, host_key: existing private keys, which saves making them for each of many servers.
        Raises FleetError when it does not come up.
        """
        self.address, self.port = address, port or _free_port(address)
        self.user = pwd.getpwuid(os.geteuid()).pw_name
        self.host_key = host_key or make_key(folder / "host_key")
        self.identity = identity or make_key(folder / "identity")
        options = {
            "ListenAddress": f"{address}:{self.port}",
            "HostKey": self.host_key,
            "AuthorizedKeysFile": self.identity.with_suffix(".pub"),
            "StrictModes": "no",
            "UsePAM": "no",
            "PidFile": "none",
            "MaxStartups": "1000",
            **(config or {}),
        }
        file = folder / "sshd_config"
        file.write_text("".join(f"{name} {value}\n" for name, value in options.items()))
        self._log = folder / "sshd.log"
        program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
        if not program:
            raise FleetError("no sshd on this machine: run script/test")
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", program, "-D", "-e", "-f", str(file)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        self._wait_until_it_listens()

    def known_hosts(self) -> list[str]:
        """Its line for a known_hosts file."""
        key = self.host_key.with_suffix(".pub").read_text().split()[:2]
        name = self.address if self.port == 22 else f"[{self.address}]:{self.port}"
        return [" ".join([name, *key])]

    def close(self) -> None:
        """End it; sessions that are open go on until their client leaves."""
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Sshd:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _wait_until_it_listens(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            if "Server listening on" in self._log.read_text():
                return
            time.sleep(0.005)
        self.close()
        raise FleetError(f"sshd on {self.address}:{self.port}: {self._log.read_text()[-2000:]}")


def make_key(path: Path, kind: str = "ed25519") -> Path:
    """Make a private key without passphrase, and `.pub` beside it. Returns `path`."""
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", path.name, "-f", str(path)], check=True)
    return path


def _free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        port: int = probe.getsockname()[1]
        return port
