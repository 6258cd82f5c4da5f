"""TLS seen by drscan and by sslyze's own command line, on the same loopback servers: verdicts and time.

Usage: python -m benchmarks.outside_tls [--rounds 3]; needs drscan[tls,test] and openssl.
Prints where the two differ (nothing, if they agree) and the median seconds of each. Exit 1 if they differ.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from scanner.facts.tls import TlsServer
from tests.outside.tls_hosts import ADDRESS, MODERN, NAME, look, make, s_server, smtp, upgraded

SUITES = {
    "SSLv2": "ssl_2_0", "SSLv3": "ssl_3_0", "TLSv1.0": "tls_1_0", "TLSv1.1": "tls_1_1", "TLSv1.2": "tls_1_2",
    "TLSv1.3": "tls_1_3",
}  # fmt: skip
OPTIONS = [
    "--certinfo", "--sslv2", "--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3", "--elliptic_curves",
    "--heartbleed", "--openssl_ccs", "--robot", "--compression", "--reneg",
]  # fmt: skip


def main() -> int:
    """Start the servers, look at each with both, compare."""
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=3)
    rounds = options.parse_args().rounds
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # aiosmtpd logs every handshake that fails
    differences = 0
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as running:
        folder = Path(name)
        curve, rsa = make(folder, "curve"), make(folder, "rsa", bits=2048)
        both = ("-dcert", curve.pem, "-dkey", curve.key)
        everything = ("-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0")
        start = running.enter_context
        servers = {
            "modern": (start(s_server(curve, "-cipher", MODERN)), ""),
            "default": (start(s_server(rsa)), ""),
            "everything": (start(s_server(rsa, *everything, *both)), ""),
            "no TLS 1.3": (start(s_server(rsa, *everything, "-no_tls1_3")), ""),
            "mail": (start(smtp(rsa)).port.number, "smtp"),
        }
        print(f"{'server':12} {'sslyze s':>9} {'CPU s':>6} {'drscan s':>9} {'CPU s':>6}  verdicts")
        for label, (port, starttls) in servers.items():
            theirs, wall, cpu = measure(partial(of_sslyze, port, starttls), rounds)
            ours, own_wall, own_cpu = measure(partial(of_drscan, port, starttls), rounds)
            unlike = [key for key in theirs if theirs[key] != ours.get(key)]
            differences += len(unlike)
            for key in unlike:
                print(f"{label}: {key}: sslyze {theirs[key]}, drscan {ours.get(key)}", file=sys.stderr)
            verdict = f"{len(theirs) - len(unlike)} of {len(theirs)} equal"
            print(f"{label:12} {wall:9.2f} {cpu:6.2f} {own_wall:9.2f} {own_cpu:6.2f}  {verdict}")
    return 1 if differences else 0


def measure(look_at: Callable[[], dict[str, Any]], rounds: int) -> tuple[dict[str, Any], float, float]:
    """The last answer, and the median seconds: on the wall, and of CPU in this process and its children."""
    walls, cpus = [], []
    for _ in range(rounds):
        wall, cpu = time.monotonic(), spent()
        answer = look_at()
        walls.append(time.monotonic() - wall)
        cpus.append(spent() - cpu)
    return answer, statistics.median(walls), statistics.median(cpus)


def spent() -> float:
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def of_sslyze(port: int, starttls: str) -> dict[str, Any]:
    extra = [f"--starttls={starttls}"] if starttls else []
    command = [
        sys.executable,
        "-m",
        "sslyze",
        "--json_out=-",
        *OPTIONS,
        *extra,
        f"{NAME}:{port}{{{ADDRESS}}}",
    ]
    done = subprocess.run(command, capture_output=True, check=False)
    (server,) = json.loads(done.stdout)["server_scan_results"]
    found = {name: attempt["result"] for name, attempt in server["scan_result"].items()}
    deployments = found["certificate_info"]["certificate_deployments"]
    accepted = {name: found[f"{key}_cipher_suites"]["accepted_cipher_suites"] for name, key in SUITES.items()}
    return {
        **{name: {suite["cipher_suite"]["name"] for suite in suites} for name, suites in accepted.items()},
        "groups": {curve["name"] for curve in found["elliptic_curves"]["supported_curves"] or ()},
        "heartbleed": found["heartbleed"]["is_vulnerable_to_heartbleed"],
        "early CCS": found["openssl_ccs_injection"]["is_vulnerable_to_ccs_injection"],
        "ROBOT": found["robot"]["robot_result"].startswith("VULNERABLE"),
        "compression": found["tls_compression"]["supports_compression"],
        "renegotiation": not found["session_renegotiation"]["supports_secure_renegotiation"],
        "certificates": {one["received_certificate_chain"][0]["fingerprint_sha256"] for one in deployments},
        "order": all(one["received_chain_has_valid_order"] for one in deployments),
        "stapled": any(one["ocsp_response"] for one in deployments),
    }


def of_drscan(port: int, starttls: str) -> dict[str, Any]:
    server: TlsServer = look(upgraded(port, starttls) if starttls else port).servers[0]
    accepted = {version.name: {suite.name for suite in version.suites} for version in server.versions or ()}
    certificates = server.certificates or ()
    return {
        **{version: accepted.get(version, set()) for version in SUITES},
        "groups": set(server.groups or ()),
        "heartbleed": server.heartbleed,
        "early CCS": server.early_ccs,
        "ROBOT": server.robot,
        "compression": server.compression,
        "renegotiation": server.insecure_renegotiation,
        "certificates": {b64encode(bytes.fromhex(one.leaf.fingerprint)).decode() for one in certificates},
        "order": all(one.ordered for one in certificates),
        "stapled": any(one.stapled for one in certificates),
    }


if __name__ == "__main__":
    sys.exit(main())
