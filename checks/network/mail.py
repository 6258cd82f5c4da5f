"""Mail on a host that is not a mail server: reachable from nowhere, and read by a person."""

from __future__ import annotations

from collections.abc import Mapping

from scanner.check import check, failed, passed
from scanner.facts.mail import MailAliases
from scanner.facts.sockets import Socket
from scanner.model import Asset, Evidence, Result

_PORTS = (25, 465, 587)


@check("MTA-001", severity="medium", controls=["nist-800-53:CM-7", "cis-v8:4.8"], tags=["network", "mail"])
def loopback_only(
    sockets: tuple[Socket, ...], asset: Asset, services: tuple[str, ...] = ("mail", "smtp", "mx")
) -> Result:
    """The mail server takes mail from this host only, unless mail is its job.

    Why: every host that answers on port 25 will be tried as a relay for spam and as a way in.
    Fix: postfix: `postconf inet_interfaces=loopback-only && systemctl restart postfix`; Exim: set
    `dc_local_interfaces='127.0.0.1 ; ::1'`. On a mail server, add `mail` to its `services`.
    """
    reachable = sorted(
        {str(s) for s in sockets if s.protocol == "tcp" and s.port in _PORTS and not s.loopback}
    )
    if not reachable:
        return passed("No mail port can be reached from other hosts")
    if set(asset.services) & set(services):
        return passed("Mail ports can be reached; the inventory says that mail is this asset's job")
    return failed(
        f"Mail ports can be reached from other hosts: {', '.join(reachable[:10])}",
        Evidence("listening sockets", "\n".join(f"{s.address} {s}" for s in sockets if s.port in _PORTS)),
    )


@check("MTA-002", severity="medium", controls=["nist-800-53:SI-4(5)"], tags=["network", "mail", "alerting"])
def root_mail(mail_aliases: MailAliases) -> Result:
    """Mail to root reaches a person.

    Why: failed backups, disk errors and cron failures are reported to root, where nobody reads them.
    Fix: add `root: it-team@your.domain` to /etc/aliases and run `newaliases`.
    """
    path = mail_aliases.path
    people = [target for target in mail_aliases.root if target != "/dev/null"]
    if not people:
        return failed(
            f"{path} sends root's mail to nobody", Evidence(path, f"root: {_list(mail_aliases.root)}")
        )
    return passed("Root's mail goes to somebody", Evidence(path, f"root: {_list(mail_aliases.root)}"))


@check("MTA-003", severity="high", controls=["nist-800-53:CM-6", "cis-v8:4.1"], tags=["network", "mail"])
def no_open_relay(postfix: Mapping[str, str]) -> Result:
    """Postfix does not relay mail for everybody.

    Why: an open relay sends other people's spam and malware in the office's name within hours.
    Fix: `postconf mynetworks='127.0.0.0/8 [::1]/128'` and keep
    `smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated defer_unauth_destination`.
    """
    networks = postfix.get("mynetworks", "").replace(",", " ").split()
    everybody = [net for net in networks if net.endswith("/0")]
    restrictions = postfix.get("smtpd_relay_restrictions", "").replace(",", " ").split()
    if everybody:
        return failed(
            f"mynetworks trusts every address: {', '.join(everybody[:10])}",
            Evidence("/etc/postfix/main.cf", f"mynetworks = {' '.join(networks)}"),
        )
    if restrictions[:1] == ["permit"]:
        return failed(
            "smtpd_relay_restrictions lets everybody relay",
            Evidence("/etc/postfix/main.cf", f"smtpd_relay_restrictions = {' '.join(restrictions)}"),
        )
    return passed("Only trusted networks and known users can relay")


def _list(targets: tuple[str, ...]) -> str:
    return ", ".join(targets[:10]) or "(no alias)"
