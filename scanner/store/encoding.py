"""How values are written in the database: times, JSON and evidence."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from scanner.model import Evidence

# zlib takes 10 µs even for a short text and saves little there; as text a person can read it.
_COMPRESS_OVER = 512

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=str).encode
_quote = json.encoder.encode_basestring


def to_time(moment: datetime) -> str:
    """An aware datetime as UTC text of fixed width, `2026-11-24T19:00:00Z`: its text order is time order."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def to_json(value: Any) -> str:
    """Canonical JSON (RFC 8785: sorted keys, no spaces) of mappings, sequences, texts and integers.

    Anything else in it is written as its text.
    """
    return clean(_encode(value))


def clean(text: str) -> str:
    """The text with lone surrogates, which UTF-8 and so SQLite cannot hold, replaced by `?`."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def evidence_json(evidence: Sequence[Evidence]) -> bytes:
    """Canonical JSON, as UTF-8, of what supports a result: the bytes that its hash is taken over."""
    # Put together by hand: it runs for every finding of every scan; json.dumps takes five times as long.
    items = []
    for e in evidence:
        line = "" if e.line is None else f'"line":{e.line},'
        items.append(f'{{{line}"source":{_quote(e.source)},"text":{_quote(e.text)}}}')
    return f"[{','.join(items)}]".encode("utf-8", "replace")


def pack(body: bytes) -> str | bytes:
    """What is stored for an evidence body: itself as text when short, else compressed by zlib."""
    return body.decode() if len(body) <= _COMPRESS_OVER else zlib.compress(body)


def unpack(stored: str | bytes) -> tuple[Evidence, ...]:
    """The evidence that `pack` stored."""
    body = stored if isinstance(stored, str) else zlib.decompress(stored)
    return tuple(Evidence(item["source"], item["text"], item.get("line")) for item in json.loads(body))
