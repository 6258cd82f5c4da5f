"""Certificates that a server presents, held against the names of the asset."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

from scanner.facts.certificates import read_certificate
from scanner.facts.tls import ServedCertificate


def served(place: str, found: dict[str, Any], names: Sequence[str], address: str) -> ServedCertificate | None:
    """What the scan child says of one deployment, or None when its certificate cannot be understood.

    place: what stands as the certificate's path. names: the asset's DNS names; its address counts as well.
    """
    chain = [read_certificate(place, pem) for pem in found["chain"]]
    understood = [certificate for certificate in chain if certificate]
    if not chain or len(understood) < len(chain):
        return None
    leaf = x509.load_pem_x509_certificate(found["chain"][0].encode("ascii"))
    try:
        covers, responder = _covers(leaf, names, address), _responder(leaf)
    except Exception:
        # The library raises many unrelated types on malformed extensions; all mean the same here.
        return None
    return ServedCertificate(
        understood[0],
        tuple(understood[1:]),
        ordered=found["ordered"] is True,
        chain_fault=found["chain_fault"],
        names_asset=covers,
        responder=responder,
        stapled=found["stapled"] is True,
    )


def _covers(leaf: x509.Certificate, names: Sequence[str], address: str) -> bool | None:
    """By RFC 9525: only subject alternative names count, and `*` stands for one whole leftmost label."""
    try:
        alternatives = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False if names else None
    if ip_address(address) in alternatives.get_values_for_type(x509.IPAddress):
        return True
    if not names:
        return None
    certified = {name.lower() for name in alternatives.get_values_for_type(x509.DNSName)}
    return any({name, "*." + name.partition(".")[2]} & certified for name in map(str.lower, names))


def _responder(leaf: x509.Certificate) -> bool:
    for extension in leaf.extensions:
        value = extension.value
        if isinstance(value, x509.TLSFeature) and x509.TLSFeatureType.status_request in value:
            return True
        if isinstance(value, x509.AuthorityInformationAccess) and any(
            access.access_method == AuthorityInformationAccessOID.OCSP for access in value
        ):
            return True
    return False
