"""sslyze in a process of its own: a job as JSON on standard input, a line of JSON for each endpoint out.

sslyze brings OpenSSL 1.0.2e and 1.1.1w, to speak what nobody should, reads without limits in places and can
wait for ever. So it gets none of the scanner's memory or secrets, and the parent ends it when time is up.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nassl._nassl import X509
from nassl.cert_chain_verifier import CertificateChainVerificationFailed, CertificateChainVerifier
from sslyze import (
    ProtocolWithOpportunisticTlsEnum,
    RobotScanResultEnum,
    ScanCommand,
    Scanner,
    ServerNetworkConfiguration,
    ServerNetworkLocation,
    ServerScanRequest,
)

# Every command has its own handshakes, about 450 an endpoint; these are the ones that a check asks for.
_SUITES = {
    "SSLv2": ScanCommand.SSL_2_0_CIPHER_SUITES,
    "SSLv3": ScanCommand.SSL_3_0_CIPHER_SUITES,
    "TLSv1.0": ScanCommand.TLS_1_0_CIPHER_SUITES,
    "TLSv1.1": ScanCommand.TLS_1_1_CIPHER_SUITES,
    "TLSv1.2": ScanCommand.TLS_1_2_CIPHER_SUITES,
    "TLSv1.3": ScanCommand.TLS_1_3_CIPHER_SUITES,
}
_OTHERS = {
    ScanCommand.CERTIFICATE_INFO, ScanCommand.ELLIPTIC_CURVES, ScanCommand.HEARTBLEED, ScanCommand.ROBOT,
    ScanCommand.OPENSSL_CCS_INJECTION, ScanCommand.TLS_COMPRESSION, ScanCommand.SESSION_RENEGOTIATION,
}  # fmt: skip
_NETWORK_SECONDS = 5
_MAX_MEMORY = 2 << 30
_MAX_CERTIFICATES, _MAX_PEM = 10, 200_000
# X509_V_ERR_CERT_NOT_YET_VALID and _HAS_EXPIRED: found after the chain was built, so the chain is there.
_TIME_ERRORS = (9, 10)


@dataclass(frozen=True, slots=True)
class _Job:
    address: str
    name: str
    verifier: CertificateChainVerifier | None
    connections: int


def main() -> None:
    """Read the job, print what each endpoint gives as soon as it is there."""
    resource.setrlimit(resource.RLIMIT_AS, (_MAX_MEMORY, _MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    asked = json.load(sys.stdin)
    verifier = CertificateChainVerifier.from_file(Path(asked["ca_file"])) if asked["ca_file"] else None
    job = _Job(asked["address"], asked["name"], verifier, asked["connections"])
    with ThreadPoolExecutor(asked["together"]) as pool:
        scans = [pool.submit(_scan, job, port, starttls) for port, starttls in asked["endpoints"]]
        for scan in as_completed(scans):
            sys.stdout.write(json.dumps(scan.result()) + "\n")
            sys.stdout.flush()


def _scan(job: _Job, port: int, starttls: str) -> dict[str, Any]:
    # One Scanner an endpoint: it gives no result before it has tried to reach all that it was given.
    scanner = Scanner(
        per_server_concurrent_connections_limit=job.connections, concurrent_server_scans_limit=1
    )
    request = ServerScanRequest(
        # An address is given beside the name, so sslyze resolves nothing.
        ServerNetworkLocation(job.name, port, job.address),
        ServerNetworkConfiguration(
            job.name,
            ProtocolWithOpportunisticTlsEnum[starttls.upper()] if starttls else None,
            network_timeout=_NETWORK_SECONDS,
            network_max_retries=2,
        ),
        _OTHERS | set(_SUITES.values()),
    )
    scanner.queue_scans([request])
    (done,) = scanner.get_results()
    if done.scan_result is None:
        return {"port": port, "error": str(done.connectivity_error_trace)[:300]}
    seen = {command: getattr(done.scan_result, command).result for command in request.scan_commands}
    return {"port": port, "error": "", **_describe(job, seen)}


def _describe(job: _Job, seen: dict[ScanCommand, Any]) -> dict[str, Any]:
    """Plain data of sslyze's results. None stands for a command that did not come to a result."""
    suites = {name: seen[command] for name, command in _SUITES.items()}
    accepted = {name: found.accepted_cipher_suites for name, found in suites.items() if found}
    curves, renegotiation = seen[ScanCommand.ELLIPTIC_CURVES], seen[ScanCommand.SESSION_RENEGOTIATION]
    return {
        "suites": {name: [suite.cipher_suite.name for suite in found] for name, found in accepted.items()},
        "silent": [name for name, found in suites.items() if found is None or _timed_out(found)],
        "groups": [curve.name for curve in curves.supported_curves or ()] if curves else None,
        "dh_bits": _dh_bits(accepted.values()),
        "certificates": _certificates(job, seen[ScanCommand.CERTIFICATE_INFO]),
        "heartbleed": _value(seen[ScanCommand.HEARTBLEED], "is_vulnerable_to_heartbleed"),
        "early_ccs": _value(seen[ScanCommand.OPENSSL_CCS_INJECTION], "is_vulnerable_to_ccs_injection"),
        "robot": _robot(seen[ScanCommand.ROBOT]),
        "compression": _value(seen[ScanCommand.TLS_COMPRESSION], "supports_compression"),
        "insecure_renegotiation": renegotiation and not renegotiation.supports_secure_renegotiation,
    }


def _dh_bits(accepted: Iterable[Any]) -> int | None:
    """The smallest group seen, 0 without any; None when OpenSSL found one too small to tell its size."""
    suites = [suite for found in accepted for suite in found if "_DHE_" in suite.cipher_suite.name]
    if not all(suite.ephemeral_key for suite in suites):
        return None
    return min((suite.ephemeral_key.size for suite in suites), default=0)


def _timed_out(found: Any) -> bool:
    """sslyze takes no answer for a refusal; a version that was refused in this way was not looked at."""
    answers = {suite.error_message for suite in found.rejected_cipher_suites}
    return not found.accepted_cipher_suites and any("timed out" in answer for answer in answers)


def _value(result: Any, name: str) -> Any:
    return getattr(result, name) if result else None


def _robot(result: Any) -> bool | None:
    if result is None or result.robot_result == RobotScanResultEnum.UNKNOWN_INCONSISTENT_RESULTS:
        return None
    return bool(result.robot_result.name.startswith("VULNERABLE"))


def _certificates(job: _Job, result: Any) -> list[dict[str, Any]] | None:
    return [*_deployments(job, result)] if result else None


def _deployments(job: _Job, result: Any) -> Iterator[dict[str, Any]]:
    for deployment in result.certificate_deployments:
        chain = deployment.received_certificate_chain_as_pem[:_MAX_CERTIFICATES]
        if sum(map(len, chain)) <= _MAX_PEM:
            yield {
                "chain": chain,
                "ordered": deployment.received_chain_has_valid_order is not False,
                "stapled": deployment.ocsp_response is not None,
                "chain_fault": _chain_fault(job.verifier, chain),
            }


def _chain_fault(verifier: CertificateChainVerifier | None, chain: list[str]) -> str | None:
    if verifier is None:
        return None
    try:
        verifier.verify([X509(pem) for pem in chain])
    except CertificateChainVerificationFailed as error:
        return "" if error.openssl_error_code in _TIME_ERRORS else error.openssl_error_string
    return ""


if __name__ == "__main__":
    main()
