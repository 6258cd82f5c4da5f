"""Small checks and facts for tests of the machinery around them."""

from __future__ import annotations

from dataclasses import dataclass

from scanner.catalog import Catalog
from scanner.check import Check, check, failed, passed
from scanner.facts.exposure import PortScan, port_scan
from scanner.facts.spec import Absent, Fact, NotCollected, Output, Probe, fact
from scanner.model import Result

GREETING = Probe("greeting", "echo hello")
SHADOW = Probe("shadow", "R cat /etc/shadow; R ls -l /root 2>/dev/null | head -3")


@dataclass(frozen=True, slots=True)
class Greeting:
    """What the sample probe says."""

    text: str


@fact(GREETING)
def greeting(output: Output) -> Greeting:
    """The sample fact; `gone` on the asset means it is absent, `broken` raises."""
    if output.text == "gone":
        raise Absent("nobody greets here")
    if output.text == "unreadable":
        raise NotCollected("greeting: may not be read")
    if output.text == "broken":
        raise RuntimeError("parser fault")
    return Greeting(output.text.strip())


@fact(GREETING, SHADOW)
def both(greeting: Output, shadow: Output) -> int:
    """A second fact over the same probe."""
    return len(greeting.stdout) + len(shadow.stdout)


@check("TST-001", severity="high", controls=["nist-800-53:AC-1", "cis-v8:1.1"], tags=["talk"])
def says_hello(greeting: Greeting, wanted: str = "hello") -> Result:
    """The asset says hello.

    Why: politeness.
    Fix: say
        `hello`.
    """
    return passed("polite") if greeting.text == wanted else failed("rude")


@check("TST-002", severity="low", controls=["nist-800-53:AC-2"], platforms=["linux", "freebsd"])
def optional(greeting: Greeting | None) -> Result:
    """It may say nothing.

    Why: silence is fine.
    Fix: nothing.
    """
    return passed("silent" if greeting is None else "loud")


@check("TST-003", severity="critical", controls=["cis-v8:2.1"])
def raises(both: int) -> Result:
    """It never raises.

    Why: a fault of a check is its own.
    Fix: none.
    """
    raise ZeroDivisionError("oh")


@check("TST-004", severity="medium", controls=["cis-v8:13.1"], platforms=())
def answers(port_scan: PortScan) -> Result:
    """The asset answers on the network.

    Why: it is seen without a login.
    Fix: none.
    """
    return passed("up") if port_scan.up else failed("down")


CHECKS: tuple[Check, ...] = (says_hello, optional, raises)
FACTS: tuple[Fact[object], ...] = (greeting, both)  # type: ignore[assignment]
CATALOG = Catalog({item.info.id: item for item in CHECKS}, {item.name: item for item in FACTS})
OUTSIDE_CATALOG = Catalog({answers.info.id: answers}, {port_scan.name: port_scan})
