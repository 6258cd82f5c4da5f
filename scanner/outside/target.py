"""What an observer is given: where to look, what is known to be open there, and until when."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from scanner.facts.exposure import PortScan
from scanner.model import Asset


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
