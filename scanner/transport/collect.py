"""The one way to look at an asset, whatever it is reached by."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.model import Asset, Reach, SecretRef
from scanner.transport import local, openssh
from scanner.transport.base import OUTSIDE_ONLY, Collected, Limits, Unreached
from scanner.transport.frame import Batch

if TYPE_CHECKING:
    from scanner.transport.ssh import SshTransport

KNOWN_HOSTS = (Path("~/.ssh/known_hosts"), Path("/etc/ssh/ssh_known_hosts"))


@dataclass
class Collector:
    """Runs batches on assets. One for a scan; its `collect` may be called from many threads.

    paramiko is imported with the first SSH asset, so that a local scan does not pay for it.
    """

    limits: Limits = field(default_factory=Limits)
    known_hosts: Sequence[Path] = KNOWN_HOSTS
    resolve_secret: Callable[[SecretRef], str] | None = None
    _ssh: SshTransport | None = None

    def prepare(self, assets: Sequence[Asset]) -> None:
        """Load what the assets' transports need, once, before threads ask for it."""
        if any(a.connection.transport == "ssh" and not a.connection.ssh_legacy for a in assets):
            self.ssh()

    def collect(self, asset: Asset, batch: Batch) -> Collected:
        """Everything that the batch found out; never raises for a fault of the asset."""
        connection = asset.connection
        try:
            if connection.transport == "network":
                return Collected(OUTSIDE_ONLY)
            if connection.transport == "local":
                return local.collect(batch, self.limits)
            if connection.ssh_legacy:
                return openssh.collect(connection, batch, self.limits, self.known_hosts)
            return self.ssh().collect(connection, batch)
        except Unreached as fault:
            return Collected(fault.reach)
        except OSError as error:
            return Collected(Reach("unreachable", str(error)))

    def ssh(self) -> SshTransport:
        """The SSH transport of this scan."""
        if self._ssh is None:
            with _without("invoke"):
                from scanner.transport.auth import Credentials
                from scanner.transport.hostkeys import KnownHosts
                from scanner.transport.ssh import SshTransport

            credentials = Credentials(self.resolve_secret) if self.resolve_secret else Credentials()
            self._ssh = SshTransport(KnownHosts.read(self.known_hosts), self.limits, credentials)
        return self._ssh


@contextmanager
def _without(module: str) -> Iterator[None]:
    """Keep an optional module from being imported in the block.

    paramiko takes `invoke` for ProxyCommand and Match exec alone, which are never run here, and it
    is a third of paramiko's import time.
    """
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[module]
