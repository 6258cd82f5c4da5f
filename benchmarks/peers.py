"""Ways to run one script on many hosts, each a process of its own so that its cost is measured from outside.

Usage: python -m benchmarks.peers NAME JOB.json; prints the number of hosts that answered in full.
JOB holds: hosts [[address, port], ...], user, identity, known_hosts, script (path), probes (list of texts),
concurrency, workspace.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

END = b" Z\n"


def raw_paramiko(job: dict[str, Any]) -> int:
    """The floor: connect, check the host key, run the batch, read the answer; nothing else."""
    import paramiko

    script = Path(job["script"]).read_bytes()
    key = paramiko.PKey.from_path(job["identity"])

    def one(host: tuple[str, int]) -> bool:
        client = paramiko.SSHClient()
        client.load_host_keys(job["known_hosts"])
        client.connect(
            host[0], host[1], job["user"], pkey=key, allow_agent=False, look_for_keys=False, timeout=60,
            banner_timeout=60, auth_timeout=60,
        )  # fmt: skip
        with client:
            channel = client.get_transport().open_session()  # type: ignore[union-attr]
            channel.exec_command("/bin/sh")
            channel.sendall(script)
            channel.shutdown_write()
            parts = []
            while data := channel.recv(1 << 20):
                parts.append(data)
        return b"".join(parts).endswith(END)

    return _threads(job, one)


def exec_per_probe(job: dict[str, Any]) -> int:
    """How per-resource tools work: one connection, and an exec for each question."""
    import paramiko

    key = paramiko.PKey.from_path(job["identity"])

    def one(host: tuple[str, int]) -> bool:
        client = paramiko.SSHClient()
        client.load_host_keys(job["known_hosts"])
        client.connect(
            host[0], host[1], job["user"], pkey=key, allow_agent=False, look_for_keys=False, timeout=60
        )
        with client:
            for command in job["commands"]:
                _, stdout, _ = client.exec_command(command)
                stdout.read()
        return True

    return _threads(job, one)


def ssh_process(job: dict[str, Any]) -> int:
    """One `ssh` process a host."""
    script = Path(job["script"]).read_bytes()
    options = ["BatchMode=yes", "StrictHostKeyChecking=yes", f"UserKnownHostsFile={job['known_hosts']}"]

    def one(host: tuple[str, int]) -> bool:
        argv = ["ssh", "-F", "none", "-T", "-i", job["identity"], "-p", str(host[1]), "-l", job["user"]]
        for option in options:
            argv += ["-o", option]
        done = subprocess.run([*argv, host[0], "/bin/sh"], input=script, capture_output=True, check=False)
        return done.stdout.endswith(END)

    return _threads(job, one)


def with_asyncssh(job: dict[str, Any]) -> int:
    """asyncssh in one event loop."""
    import asyncssh

    script = Path(job["script"]).read_bytes()

    async def one(host: tuple[str, int], gate: asyncio.Semaphore) -> bool:
        async with gate, asyncssh.connect(
            host[0], host[1], username=job["user"], client_keys=[job["identity"]],
            known_hosts=job["known_hosts"], config=None, agent_path=None,
        ) as connection:  # fmt: skip
            done = await connection.run("/bin/sh", input=script, encoding=None)
            return bytes(done.stdout or b"").endswith(END)  # type: ignore[arg-type]

    async def everything() -> int:
        gate = asyncio.Semaphore(job["concurrency"])
        return sum(await asyncio.gather(*(one(host, gate) for host in job["hosts"])))

    return asyncio.run(everything())


def with_parallel_ssh(job: dict[str, Any]) -> int:
    """parallel-ssh on libssh2 and gevent. It checks no host keys."""
    from pssh.clients import ParallelSSHClient
    from pssh.config import HostConfig

    script = Path(job["script"]).read_text()
    hosts = [address for address, _ in job["hosts"]]
    configs = [HostConfig(port=port) for _, port in job["hosts"]]
    client = ParallelSSHClient(
        hosts, user=job["user"], pkey=job["identity"], host_config=configs, pool_size=job["concurrency"],
        allow_agent=False,
    )  # fmt: skip
    answered = 0
    # Without `sudo` and `shell` the command is sent as it is; the script goes in on standard input.
    output = client.run_command("/bin/sh", use_pty=False, read_timeout=120)
    for host in output:
        host.stdin.write(script)
        host.stdin.flush()
        host.client.eof(host.channel) if hasattr(host.client, "eof") else host.channel.send_eof()
    for host in output:
        answered += any(line.endswith(" Z") for line in host.stdout)
    return answered


def with_ansible(job: dict[str, Any]) -> int:
    """`ansible -m script`, which copies the batch to each host and runs it there."""
    folder = Path(job["workspace"])
    lines = [
        f"h{number} ansible_host={address} ansible_port={port}"
        for number, (address, port) in enumerate(job["hosts"])
    ]
    inventory = folder / "ansible.ini"
    inventory.write_text("[all]\n" + "\n".join(lines) + "\n")
    settings = folder / "ansible.cfg"
    settings.touch()
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": str(settings),
        "ANSIBLE_HOME": str(folder / "ansible-home"),
        "ANSIBLE_SSH_ARGS": f"-o UserKnownHostsFile={job['known_hosts']} "
        "-o ControlMaster=auto -o ControlPersist=5s",
        "ANSIBLE_PIPELINING": "True",
    }
    argv = [
        str(Path(sys.executable).with_name("ansible")), "all", "-i", str(inventory), "-m", "script",
        "-a", f"executable=/bin/sh {job['script']}", "-u", job["user"], "--private-key", job["identity"],
        "-f", str(job["concurrency"]),
    ]  # fmt: skip
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    return done.stdout.count("| CHANGED =>")


def drscan(job: dict[str, Any]) -> int:
    """The installed command: the whole scan, from reading the inventory to stored findings."""
    argv = [
        str(Path(sys.executable).with_name("drscan")), "--config", f"{job['workspace']}/drscan.yaml", "run",
        "--json", "--fail-on", "never", "--jobs", str(job["concurrency"]),
        "--checks-dir", str(Path(__file__).with_name("checks300")),
    ]  # fmt: skip
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    summary = json.loads(done.stdout)
    return int(summary["assets"]["done"] - summary["assets"]["unreachable"])


def _threads(job: dict[str, Any], one: Callable[[tuple[str, int]], bool]) -> int:
    with ThreadPoolExecutor(job["concurrency"]) as pool:
        return sum(pool.map(one, [tuple(host) for host in job["hosts"]]))


PEERS: dict[str, Callable[[dict[str, Any]], int]] = {
    "raw paramiko": raw_paramiko,
    "drscan": drscan,
    "ssh process": ssh_process,
    "asyncssh": with_asyncssh,
    "parallel-ssh": with_parallel_ssh,
    "ansible script": with_ansible,
    "exec per probe": exec_per_probe,
}

if __name__ == "__main__":
    print(PEERS[sys.argv[1]](json.loads(Path(sys.argv[2]).read_text())))
