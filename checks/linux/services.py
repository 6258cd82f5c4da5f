"""Services run as they should."""

from __future__ import annotations

from scanner.check import check, failed, not_applicable, passed
from scanner.facts.services import Services
from scanner.model import Evidence, Result


@check(
    "SVC-001",
    severity="medium",
    controls=["nist-800-53:CA-7", "csf-2.0:DE.CM-09"],
    tags=["services", "availability", "recovery"],
)
def nothing_failed(services: Services, ignore: tuple[str, ...] = ()) -> Result:
    """No service has failed.

    Why: the failed one may be the backup, the log shipper or the certificate renewal, and nobody looked.
    Fix: `systemctl status NAME` and `journalctl -u NAME`, repair it, then `systemctl reset-failed NAME`.
    """
    down = sorted(u.name for u in services.units.values() if u.state == "failed" and u.name not in ignore)
    if down:
        rows = (f"{n}: {services.units[n].sub}, result {services.units[n].result or 'unknown'}" for n in down)
        return failed(f"Failed: {', '.join(down[:10])}", Evidence("systemctl --failed", "\n".join(rows)))
    return passed("No service has failed")


@check(
    "SVC-002",
    severity="high",
    controls=["nist-800-53:AC-3", "nist-800-53:CM-7", "cis-v8:4.8"],
    tags=["services", "hardening"],
)
def no_debug_shell(services: Services) -> Result:
    """No root shell waits on the console without a login.

    Why: debug-shell.service gives root to whoever presses Ctrl-Alt-F9.
    Fix: `systemctl disable --now debug-shell.service`.
    """
    if services.manager != "systemd":
        return not_applicable("Only systemd has a debug shell")
    if services.active("debug-shell.service") or services.enabled("debug-shell.service"):
        unit = services.units["debug-shell.service"]
        return failed("debug-shell.service is on", Evidence("systemctl", f"{unit.state}, {unit.enabled}"))
    return passed("debug-shell.service is off")


@check(
    "SVC-003",
    severity="low",
    controls=["nist-800-53:CM-6", "cis-v8:4.1"],
    tags=["services", "availability", "physical"],
)
def no_keyboard_restart(services: Services) -> Result:
    """Ctrl-Alt-Del on the console does not restart the asset.

    Why: one habit from another system, typed at the wrong console, stops every service.
    Fix: `systemctl mask ctrl-alt-del.target`.
    """
    if services.manager != "systemd":
        return not_applicable("Read for systemd only")
    unit = services.units.get("ctrl-alt-del.target")
    seen = Evidence("systemctl is-enabled ctrl-alt-del.target", unit.enabled if unit else "not found")
    if unit and unit.enabled == "masked":
        return passed("ctrl-alt-del.target is masked", seen)
    return failed("Ctrl-Alt-Del restarts the asset", seen)
