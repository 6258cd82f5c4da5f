"""A small office: assets, checks and results to store."""

from collections.abc import Sequence

from scanner.model import Asset, CheckInfo, Connection, Evidence, Reach, Result, Severity, Status
from scanner.store.findings import Checked
from scanner.store.rows import Change, ScanStart
from scanner.store.writer import Writer

OK = Reach("ok")
SELECTION = {"limit": "web*", "inventory": ["inventory/assets.yaml"]}
WEB = Asset(
    "web01", Connection("ssh", "192.0.2.1"), ("web",), ("prod",), "it@office", 1, "dmz", services=("www",)
)
DB = Asset("db01", Connection("ssh", "192.0.2.2"), zone="inside")


def check(id: str, severity: Severity = Severity.HIGH, *controls: str) -> CheckInfo:
    """A check; `controls` are of the form `framework:control`."""
    return CheckInfo(id, f"Title of {id}", "why", "fix", severity, controls or ("nist-800-53:CP-9",))


SSH = check("SSH-003", Severity.HIGH, "nist-800-53:AC-6", "cis-v8:5.4")
BAK = check("BAK-001", Severity.CRITICAL)
CHECKS = (SSH, BAK)


def start(total: int = 2) -> ScanStart:
    """What begins a scan of `total` assets."""
    return ScanStart("sample", SELECTION, "0.1", "clerk", "centre", total)


def result(
    info: CheckInfo, status: str = "pass", message: str = "as it should be", *evidence: str
) -> Checked:
    """What a check said, with `evidence` texts that were read from /etc/x."""
    supports = tuple(Evidence("/etc/x", text, 1) for text in evidence)
    return info, info.severity, Result(Status(status), message, supports)


def scan(
    writer: Writer, results: dict[Asset, Sequence[Checked]], reach: Reach = OK
) -> tuple[int, list[Change]]:
    """A whole scan. Returns its id and what it changed."""
    writer.register_checks(CHECKS)
    scan_id = writer.begin_scan(start(len(results)))
    changes = [
        change
        for asset, checked in results.items()
        for change in writer.record_asset(scan_id, asset, reach, checked, 0.5)
    ]
    writer.finish_scan(scan_id, "finished")
    return scan_id, changes
