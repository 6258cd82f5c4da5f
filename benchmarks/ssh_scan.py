"""drscan beside its peers on the same loopback hosts, in one run.

    sudo .venv/bin/python -m benchmarks.ssh_scan [--hosts 20 --hosts 200] [--peer NAME …]

Starts N real sshd on loopback addresses, then lets each peer run the very batch that drscan sends. Prints
hosts/s, CPU of the client a host (user + system, of the process and its children) and peak memory, and each
as a ratio to raw paramiko at its best concurrency. The servers share the machine's cores with the client:
trust the ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.checks300.fill import LEFT_OUT
from benchmarks.peers import PEERS
from scanner import catalog, planner, profile
from scanner.inventory.load import load
from scanner.transport.frame import render
from tests.fleet.sshd import Sshd, make_key

JOBS = (2, 4, 8)
SFTP = {"Subsystem": "sftp internal-sftp"}  # Ansible copies through it
# They need so long a host that a few are enough to know what one costs.
SLOW = {"exec per probe": 4, "ansible script": 20}


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run cost. cpu: seconds a host; memory: MiB of the largest process."""

    peer: str
    concurrency: int
    hosts: int
    seconds: float
    cpu: float
    memory: float

    @property
    def rate(self) -> float:
        """Hosts a second."""
        return self.hosts / self.seconds


@contextmanager
def servers(count: int, folder: Path) -> Iterator[dict[str, Any]]:
    """`count` sshd with one identity and one host key, and the job description for the peers."""
    identity, host_key = make_key(folder / "identity"), make_key(folder / "host_key")
    with ExitStack() as stack:
        running = []
        for number in range(count):
            own = folder / f"sshd{number}"
            own.mkdir()
            address = f"127.0.{4 + number // 200}.{1 + number % 200}"
            running.append(
                stack.enter_context(
                    Sshd(own, address, 2200, config=SFTP, identity=identity, host_key=host_key)
                )
            )
        known_hosts = folder / "known_hosts"
        known_hosts.write_text("".join(f"{line}\n" for server in running for line in server.known_hosts()))
        yield {
            "hosts": [(server.address, server.port) for server in running],
            "user": running[0].user,
            "identity": str(identity),
            "known_hosts": str(known_hosts),
        }


def prepare(job: dict[str, Any], folder: Path) -> None:
    """Write drscan's workspace for these hosts, and its batch for the peers."""
    hosts = {
        f"h{number}": {"ansible_host": address, "ansible_port": port}
        for number, (address, port) in enumerate(job["hosts"])
    }
    shared = {"ansible_user": job["user"], "ansible_ssh_private_key_file": job["identity"]}
    (folder / "assets.yaml").write_text(json.dumps({"all": {"hosts": hosts, "vars": shared}}))
    (folder / "bench.yaml").write_text(json.dumps({"exclude": LEFT_OUT}))
    settings = {"inventory": "assets.yaml", "profile": "bench.yaml", "known_hosts": [job["known_hosts"]]}
    (folder / "drscan.yaml").write_text(json.dumps({**settings, "database": "drscan.db"}))
    found = catalog.load(plugins=False)
    planned = planner.plan(found, profile.select(found, profile.load(str(folder / "bench.yaml"))))
    [asset, *_] = load([folder / "assets.yaml"]).assets
    batch = render(planned.probes, asset, seconds=20, max_bytes=1 << 20)
    script = folder / "batch.sh"
    script.write_bytes(batch.script)
    single = [render([p], asset, seconds=20, max_bytes=1 << 20).script.decode() for p in planned.probes]
    job.update(script=str(script), commands=single, workspace=str(folder))


def measure(peer: str, job: dict[str, Any], concurrency: int, folder: Path) -> Cost:
    """Run one peer as a process of its own and read what it cost from the kernel."""
    hosts = job["hosts"][: SLOW.get(peer, len(job["hosts"]))]
    (folder / "drscan.db").unlink(missing_ok=True)
    path = folder / "job.json"
    path.write_text(json.dumps({**job, "hosts": hosts, "concurrency": concurrency}))
    began = time.monotonic()
    read_end, write_end = os.pipe()
    pid = os.posix_spawn(
        sys.executable,
        [sys.executable, "-m", "benchmarks.peers", peer, str(path)],
        os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, write_end, 1)],
    )
    os.close(write_end)
    with os.fdopen(read_end) as output:
        said = output.read()
    _, status, usage = os.wait4(pid, 0)
    seconds = time.monotonic() - began
    answered = int(said or 0) if os.waitstatus_to_exitcode(status) == 0 else 0
    if answered != len(hosts):
        print(f"  {peer}: only {answered} of {len(hosts)} hosts answered", file=sys.stderr)
    cpu = (usage.ru_utime + usage.ru_stime) / len(hosts)
    return Cost(peer, concurrency, len(hosts), seconds, cpu, usage.ru_maxrss / 1024)


def compare(count: int, peers: Sequence[str], jobs: Sequence[int], rounds: int) -> list[Cost]:
    """Every peer at every number of jobs, in turns, on `count` hosts; the best round of each is kept."""
    best: dict[tuple[str, int], Cost] = {}
    with tempfile.TemporaryDirectory(prefix="drscan-bench-") as name:
        folder = Path(name)
        with servers(count, folder) as job:
            prepare(job, folder)
            for _ in range(rounds):
                for peer in peers:
                    for concurrency in jobs if peer not in SLOW else (4,):
                        cost = measure(peer, job, concurrency, folder)
                        known = best.get((peer, concurrency))
                        if known is None or cost.seconds < known.seconds:
                            best[peer, concurrency] = cost
    by_peer: dict[str, Cost] = {}
    for cost in best.values():
        if cost.peer not in by_peer or cost.rate > by_peer[cost.peer].rate:
            by_peer[cost.peer] = cost
    return list(by_peer.values())


def show(costs: Sequence[Cost], floor: Cost) -> None:
    """A Markdown table; ratios are to raw paramiko."""
    print("| | hosts | jobs | hosts/s | ratio | CPU ms a host | ratio | peak MiB |")
    print("|---|---|---|---|---|---|---|---|")
    for cost in costs:
        rate, cpu = cost.rate / floor.rate, cost.cpu / floor.cpu
        print(
            f"| {cost.peer} | {cost.hosts} | {cost.concurrency} | {cost.rate:.2f} | {rate:.2f} "
            f"| {cost.cpu * 1000:.1f} | {cpu:.2f} | {cost.memory:.0f} |"
        )


def main() -> None:
    """Parse the command line, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--hosts", type=int, action="append", help="how many hosts; may be repeated [20, 200]"
    )
    parser.add_argument("--peer", action="append", choices=PEERS, help="only these [all]")
    parser.add_argument("--rounds", type=int, default=2, help="runs of each, of which the best counts [2]")
    parser.add_argument(
        "--jobs", type=int, action="append", help="hosts at a time; may be repeated [2, 4, 8]"
    )
    options = parser.parse_args()
    per_host: dict[str, list[Cost]] = {}
    for count in options.hosts or [20, 200]:
        costs = compare(count, options.peer or list(PEERS), options.jobs or JOBS, options.rounds)
        floor = next((cost for cost in costs if cost.peer == "raw paramiko"), costs[0])
        print(f"\n{count} hosts\n")
        show(costs, floor)
        for cost in costs:
            per_host.setdefault(cost.peer, []).append(cost)
    print("\nCPU of one more host (what is left when start-up is taken out)\n")
    for peer, costs in per_host.items():
        if len(costs) == 2 and costs[1].hosts > costs[0].hosts:
            [few, many] = costs
            slope = (many.cpu * many.hosts - few.cpu * few.hosts) / (many.hosts - few.hosts)
            print(f"- {peer}: {slope * 1000:.1f} ms")


if __name__ == "__main__":
    main()
