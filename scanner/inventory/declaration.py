"""What drscan itself wants to know of an asset: the mapping under the key `drscan:`.

The pydantic models below are the one description of it: they validate, they say what is allowed,
and `drscan inventory schema` is made from them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as AnyMapping
from datetime import date, timedelta
from ipaddress import ip_address, ip_network
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from scanner import duration
from scanner.inventory.located import Opaque, Value, plain
from scanner.inventory.problem import Position, Problems, allowed
from scanner.model import Authorisation, BackupDeclaration, Port

_PORT_FORM = r"^[0-9]{1,5}(/(tcp|udp))?$"
_DOMAIN = re.compile(r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}")
_RESOLVER = re.compile(
    r"(?P<v4>[0-9.]+)(:(?P<port4>[0-9]{1,5}))?|\[(?P<v6>[0-9a-fA-F:.]+)\]:(?P<port6>[0-9]{1,5})"
)
# The largest networks, by IP version, that may be authorised at all, and that may be searched for hosts.
_LARGEST = {4: 8, 6: 32}
_LARGEST_SEARCHED = {4: 16, 6: 112}


def _text(text: str) -> str:
    if "{{" in text or "{%" in text:
        raise ValueError("a template, and drscan has no Jinja")
    if not text.strip() or not text.isprintable():
        raise ValueError("empty, or has characters that do not print")
    return text


def _port(value: object) -> Port:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    number, _, protocol = value.partition("/") if isinstance(value, str) else ("", "", "")
    if not (number.isascii() and number.isdecimal() and len(number) <= 5 and 1 <= int(number) <= 65_535):
        raise ValueError(f"{value!r} is no port")
    if protocol not in ("", "tcp", "udp"):
        raise ValueError(f"{protocol!r} is no protocol")
    return Port(int(number), "udp" if protocol == "udp" else "tcp")


def _network(text: str) -> str:
    try:
        network = ip_network(text)
    except ValueError as error:
        raise ValueError(str(error)) from None
    least = _LARGEST[network.version]
    if network.prefixlen < least:
        raise ValueError(f"{text} is too large to be yours: give your own networks, /{least} or smaller")
    return str(network)


def _domain(text: str) -> str:
    name = text.lower().removesuffix(".")
    if not _DOMAIN.fullmatch(name):
        raise ValueError(f"{text!r} is no domain")
    return name


def _resolver(text: str) -> str:
    match = _RESOLVER.fullmatch(text)
    address = (match["v4"] or match["v6"]) if match else text
    port = (match["port4"] or match["port6"]) if match else None
    try:
        ip_address(address)
    except ValueError:
        raise ValueError(f"{text!r} is no IP address") from None
    if port and not 1 <= int(port) <= 65_535:
        raise ValueError(f"{port} is no port")
    return text


Text = Annotated[str, AfterValidator(_text)]
Texts = tuple[Text, ...]
Duration = Annotated[
    timedelta,
    BeforeValidator(duration.parse),
    WithJsonSchema({"type": "string", "pattern": duration.PATTERN}),
]
PortText = Annotated[
    Port,
    BeforeValidator(_port),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string", "pattern": _PORT_FORM}]}),
]
YesNo = Annotated[bool, Field(strict=True)]


class Backup(BaseModel):
    """One backup of the asset; the fields of `scanner.model.BackupDeclaration`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text = Field(description="a name for the backup, required")
    tool: Text = Field(description="the program that makes it, such as restic, required")
    path: Text | None = Field(
        None, description="the folder on the asset that holds the backups or the repository"
    )
    pattern: Text = Field("*", description="a glob of the files in it that count")
    sources: Texts = Field((), description="a list of what is backed up")
    repository: Text | None = Field(None, description="where the tool keeps it, as the tool names it")
    location: Literal["onsite", "offsite", "both"] | None = Field(None, description="onsite, offsite or both")
    encrypted: YesNo | None = Field(None, description="true or false")
    immutable: YesNo | None = Field(None, description="true or false")
    max_age: Duration | None = Field(None, description=duration.ALLOWED)
    last_verified: date | None = Field(None, description="a date such as 2026-01-31")
    last_restore_test: date | None = Field(None, description="a date such as 2026-01-31")


class Scope(BaseModel):
    """Leave to look at a network from outside; the fields of `scanner.model.Authorisation`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    network: Annotated[Text, AfterValidator(_network)] = Field(
        description="an address or a network such as 192.0.2.0/24, required"
    )
    authorised_by: Text = Field(description="who allowed it, and where that is written, required")
    until: date = Field(description="the last day, a date such as 2027-01-31, required")
    discover: YesNo = Field(False, description="true or false")

    @model_validator(mode="after")
    def _searchable(self) -> Scope:
        network = ip_network(self.network)
        least = _LARGEST_SEARCHED[network.version]
        if self.discover and network.prefixlen < least:
            raise ValueError(
                f"{self.network} is too large to be searched: with `discover`, /{least} or smaller"
            )
        return self


class Declaration(BaseModel):
    """The keys under `drscan:`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    owner: Text | None = Field(None, description="who answers for the asset")
    tier: Annotated[int, Field(strict=True, ge=1, le=4)] | None = Field(
        None, description="1 (most critical) to 4"
    )
    zone: Text | None = Field(None, description="the network zone it stands in")
    classification: Text | None = Field(None, description="the office's word for how sensitive its data is")
    services: Texts = Field((), description="a list of the services it carries")
    tags: Texts = Field((), description="a list of words to select it by")
    expected_ports: tuple[PortText, ...] = Field(
        (), description="a list of ports such as 443, 443/tcp or 53/udp"
    )
    backups: tuple[Backup, ...] = Field((), description="a list of backups")
    rto: Duration | None = Field(None, description=duration.ALLOWED)
    rpo: Duration | None = Field(None, description=duration.ALLOWED)
    scope: tuple[Scope, ...] = Field((), description="a list of networks that may be looked at from outside")
    domains: tuple[Annotated[Text, AfterValidator(_domain)], ...] = Field(
        (), description="a list of DNS names such as office.example"
    )
    resolver: Annotated[Text, AfterValidator(_resolver)] | None = Field(
        None, description="an IP address such as 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:53"
    )
    ssh_legacy: YesNo = Field(False, description="true or false")
    become: YesNo = Field(False, description="true or false")


# What the items of a list are, for the explanation of a mistake in one.
_LISTED: AnyMapping[str, type[BaseModel]] = {"backups": Backup, "scope": Scope}


def read(value: Value, problems: Problems) -> dict[str, Any]:
    """The fields given in one `drscan:` mapping, as `scanner.model` types; {} after an error.

    Keys without a value count as not given.
    """
    if not isinstance(value.data, dict):
        problems.error(value.at, "`drscan` must be a mapping", allowed(Declaration.model_fields))
        return {}
    data = {key: item for key, item in plain(value).items() if item is not None}
    try:
        declaration = Declaration.model_validate(data)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_context=True):
            _explain(value, detail, problems)
        return {}
    given = {name: getattr(declaration, name) for name in declaration.model_fields_set}
    if "backups" in given:
        given["backups"] = tuple(BackupDeclaration(**dict(backup)) for backup in declaration.backups)
    if "scope" in given:
        given["scope"] = tuple(Authorisation(**dict(scope)) for scope in declaration.scope)
    return given


def _explain(root: Value, detail: AnyMapping[str, Any], problems: Problems) -> None:
    """Turn one of pydantic's errors into ours: at the key or value it is about, in plain words."""
    path = detail["loc"]
    key_at, value = _find(root, path)
    inner = _LISTED.get(str(path[0])) if len(path) > 2 else None
    fields = (inner or Declaration).model_fields
    field = fields.get(str(path[2 if inner else 0]))
    hint = f"allowed: {field.description}" if field else ""
    name = ".".join(str(part + 1) if isinstance(part, int) else str(part) for part in path)
    if detail["type"] == "extra_forbidden":
        problems.error(key_at, f"unknown key {str(path[-1])!r} under `drscan`", allowed(fields, path[-1]))
    elif detail["type"] == "missing":
        problems.error(value.at, f"drscan.{name} is missing", hint)
    elif isinstance(value.data, Opaque):
        problems.error(value.at, f"drscan.{name} has a {value.data.tag} value", "vault values are not read")
    elif detail["type"] == "value_error":
        problems.error(value.at, f"drscan.{name}: {detail['ctx']['error']}", hint)
    else:
        problems.error(value.at, f"drscan.{name} is not valid", hint)


def _find(root: Value, path: tuple[int | str, ...]) -> tuple[Position, Value]:
    """Where the key and the value at `path` stand, or the innermost that exists."""
    key_at, value = root.at, root
    for part in path:
        if isinstance(value.data, dict) and part in value.data:
            key_at, value = value.data[part]
        elif isinstance(value.data, list) and isinstance(part, int):
            value = value.data[part]
            key_at = value.at
    return key_at, value
