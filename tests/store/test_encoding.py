import json
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.model import Evidence
from scanner.store.encoding import clean, evidence_json, pack, to_time, unpack

texts = st.text(st.characters(exclude_categories=["Cs"]))
evidences = st.lists(st.builds(Evidence, texts, texts, st.none() | st.integers(1, 10**6))).map(tuple)


@given(evidences)
def test_evidence_comes_back_as_it_was(evidence: tuple[Evidence, ...]) -> None:
    assert unpack(pack(evidence_json(evidence))) == evidence


@given(evidences)
def test_evidence_is_canonical_json(evidence: tuple[Evidence, ...]) -> None:
    body = evidence_json(evidence).decode()
    assert body == json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def test_short_evidence_is_stored_readable_and_long_evidence_compressed() -> None:
    short, long = (evidence_json((Evidence("/etc/x", "a" * n),)) for n in (10, 10_000))
    assert pack(short) == '[{"source":"/etc/x","text":"aaaaaaaaaa"}]'
    assert isinstance(pack(long), bytes)
    assert len(pack(long)) < 200


def test_text_that_utf8_cannot_hold_is_replaced() -> None:
    assert clean("Zürich \udcff") == "Zürich ?"
    assert unpack(pack(evidence_json((Evidence("x", "\udcff"),)))) == (Evidence("x", "?"),)


@pytest.mark.parametrize("hours", [0, 2, -5])
def test_times_are_utc_of_fixed_width(hours: int) -> None:
    moment = datetime(2026, 11, 24, 19, 0, 1, 999, tzinfo=timezone(timedelta(hours=hours)))
    assert to_time(moment) == f"2026-11-{24 if hours >= -4 else 25}T{(19 - hours) % 24:02}:00:01Z"
