"""What one asset costs the scanner, and how long a newcomer waits.

    .venv/bin/python -m benchmarks.one_host [--lynis]

Prints CPU for planning and evaluating 300 checks, CPU to store a finding, the time of `drscan --help`, the
time from starting `drscan run` to the first connection, and a whole scan of this machine; with --lynis
(Debian package) beside Lynis on the same machine in the same run. Medians of several runs.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from scanner import catalog, engine, planner, profile
from scanner.evaluate import FactTable, evaluate
from scanner.facts.spec import AnyFact, Output
from scanner.model import Asset, Connection, Reach
from scanner.store import db
from scanner.store.rows import ScanStart
from scanner.store.writer import Writer
from scanner.transport.base import Collected, Limits
from scanner.transport.collect import Collector
from scanner.transport.frame import Batch, render

DRSCAN = str(Path(sys.executable).with_name("drscan"))
FILL = Path(__file__).with_name("checks300")
LIMITS = Limits()
NOW = datetime.now(UTC)


class Recorded:
    """Looks at this machine once and gives the same answer to every further batch."""

    def __init__(self, planned: planner.Plan, asset: Asset) -> None:
        batch = render(planned.probes, asset, seconds=20, max_bytes=LIMITS.probe_bytes)
        self.found = Collector(LIMITS).collect(asset, batch)

    def collect(self, asset: Asset, batch: Batch) -> Collected:
        """What was recorded."""
        return self.found


def cpu(action: Callable[[], object], times: int = 15) -> float:
    """Median CPU seconds of one call."""
    taken = []
    for _ in range(times):
        began = time.process_time()
        action()
        taken.append(time.process_time() - began)
    return statistics.median(taken)


def wall(action: Callable[[], object], times: int = 7) -> float:
    """Median wall-clock seconds of one call."""
    taken = []
    for _ in range(times):
        began = time.monotonic()
        action()
        taken.append(time.monotonic() - began)
    return statistics.median(taken)


def evaluation() -> None:
    """Plan, parse and evaluate 300 checks, and store their findings."""
    found = catalog.load([FILL], plugins=False)
    chosen = profile.select(found, profile.load("default"))
    asset = Asset("here", Connection("local"))
    planned = planner.plan(found, chosen)
    recorded = Recorded(planned, asset)
    outputs: dict[str, Output] = dict(recorded.found.outputs)
    engine.Runner(planned, recorded, LIMITS, NOW).look(asset)

    table = FactTable(planned.facts, outputs)
    parsed = {name: known(fact, table.get(name)) for name, fact in planned.facts.items()}

    def judge() -> object:
        return evaluate(replace(planned, facts=parsed), asset, Reach("ok"), outputs, "linux", NOW)

    def parse() -> None:
        table = FactTable(planned.facts, outputs)
        for name in planned.facts:
            table.get(name)

    parsing = cpu(parse)
    planning = cpu(lambda: planner.plan(found, profile.select(found, profile.load("default"))))
    rendering = cpu(lambda: render(planned.probes, asset, seconds=20, max_bytes=LIMITS.probe_bytes))
    print(f"checks                               {len(planned.checks)}")
    print(f"parse all facts of this machine      {parsing * 1000:.1f} ms CPU")
    print(f"select and plan (once a scan)        {planning * 1000:.1f} ms CPU")
    print(f"render the batch                     {rendering * 1000:.1f} ms CPU")
    print(f"evaluate                             {cpu(judge) * 1000:.1f} ms CPU")
    storing(planned, recorded)


def known(fact: AnyFact, value: object) -> AnyFact:
    """The fact with its parsing already done."""

    def parser(*outputs: Output) -> object:
        if isinstance(value, Exception):
            raise value
        return value

    return replace(fact, parser=parser, partial=True)


def storing(planned: planner.Plan, recorded: Recorded, assets: int = 60) -> None:
    """Store the findings of many assets, new and then unchanged."""
    results = [
        engine.Runner(planned, recorded, LIMITS, NOW).look(Asset(f"a{number}", Connection("local")))
        for number in range(assets)
    ]
    with tempfile.TemporaryDirectory() as folder, db.open(Path(folder) / "drscan.db") as store:
        writer = Writer(store)
        writer.register_checks(item.check.info for item in planned.checks)
        for label in ("new", "unchanged"):
            scan = writer.begin_scan(ScanStart("default", {}, "0", "bench", "here", assets))
            began = time.process_time()
            for result in results:
                writer.record_asset(scan, result.asset, result.reach, result.verdicts, 1.0)
            spent = (time.process_time() - began) / (assets * len(planned.checks))
            writer.finish_scan(scan, "finished")
            print(f"{f'store a finding, {label}':36} {spent * 1e6:.1f} us CPU")


def waiting(with_lynis: bool) -> None:
    """What a person waits for."""
    print(f"drscan --help                        {wall(lambda: run(['--help'])):.3f} s")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first_byte(folder)
        run(["init", name])
        scan = wall(lambda: run(["run", "-q"], folder), 3)
        print(f"scan of this machine                 {scan:.2f} s")
        quick = wall(lambda: run(["run", "-q", "--profile", "quick"], folder), 3)
        print(f"scan of this machine, profile quick  {quick:.2f} s")
    if with_lynis:
        lynis = shutil.which("lynis", path="/usr/sbin:/usr/bin") or "lynis"
        audit = wall(
            lambda: subprocess.run([lynis, "audit", "system", "-Q", "--nocolors"], capture_output=True), 1
        )
        print(f"lynis audit system -Q                {audit:.1f} s, {audit / scan:.1f} times as long")


def first_byte(folder: Path) -> None:
    """From starting `drscan run` to its connection to one host."""
    with socket.create_server(("127.0.2.9", 0)) as server:
        address, port = server.getsockname()
        host = f"{{ansible_host: {address}, ansible_port: {port}, drscan: {{tier: 1, rto: 4h}}}}"
        (folder / "one.yaml").write_text(f"all: {{hosts: {{h1: {host}}}}}")
        taken = []
        for _ in range(7):
            began = time.monotonic()
            process = subprocess.Popen(
                [DRSCAN, "run", "-q", "-i", "one.yaml"], cwd=folder, stderr=subprocess.DEVNULL
            )
            connection, _ = server.accept()
            taken.append(time.monotonic() - began)
            connection.close()
            process.kill()
            process.wait()
    print(f"drscan run until the first byte      {statistics.median(taken):.3f} s")


def run(arguments: list[str], folder: Path | None = None) -> None:
    """One call of the command; what it finds does not matter here."""
    subprocess.run([DRSCAN, *arguments], cwd=folder, capture_output=True, check=False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lynis", action="store_true", help="also run Lynis, for about a minute")
    options = parser.parse_args()
    evaluation()
    waiting(options.lynis)
