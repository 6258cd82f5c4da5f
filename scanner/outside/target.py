"""What an observer is given: where to look, what is known to be open there, and until when."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field

from scanner.facts.exposure import PortScan
from scanner.model import Asset

_SERVER_NAME = re.compile(r"(?=.{1,253}$)([a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z][a-z0-9-]{0,62}", re.I)


@dataclass(frozen=True, slots=True)
class Target:
    """One asset as seen from outside. address: an IP literal that the scope allows.

    deadline: time.monotonic() by which the observer must be done.
    """

    asset: Asset
    address: str
    ports: PortScan
    deadline: float = field(default_factory=lambda: time.monotonic() + 60)

    @property
    def left(self) -> float:
        """Seconds until the deadline, at least a tenth of one."""
        return max(0.1, self.deadline - time.monotonic())


def server_names(asset: Asset) -> tuple[str, ...]:
    """The DNS names that the inventory gives an asset, the one for SNI first; nothing is resolved."""
    names = [asset.connection.host] if asset.connection.host != "localhost" else []
    names += [asset.name] if "." in asset.name else []
    return tuple(dict.fromkeys(name for name in (*names, *asset.domains) if _SERVER_NAME.fullmatch(name)))
