"""Both formats of findings, with text that a hostile machine could have put there."""

import csv
import io
import json
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scanner.export
from scanner.export import csvfile, jsonfile
from scanner.model import Evidence, Severity, Status
from scanner.store.rows import FindingRow, ScanRow

NOW = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)
TIME = "2026-11-24T19:00:00Z"
FINDING = FindingRow(
    1, "web01", None, 1, None, "SSH-003", "Root cannot log in over SSH", Status.FAIL, Severity.HIGH,
    "root may log in", "why", "fix", ("nist-800-53:AC-6",), TIME, TIME, TIME, 1001,
    (Evidence("/etc/ssh/sshd_config", "PermitRootLogin yes", 12), Evidence("sshd -T", "permitrootlogin yes")),
)  # fmt: skip
SCAN = ScanRow(
    1001, "5f6dd34b-58b4-4a4f-8c4e-0f4a3ff7a7f1", "finished", TIME, None, "sample", {"limit": "web*"}, "0.1",
    "clerk", "centre", 2, 2, 0, {},
)  # fmt: skip
SCHEMA = json.loads((Path(scanner.export.__path__[0]) / "findings.schema.json").read_text())

hostile = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "\uff1d1",
        'a","b',
        "\x1b[31m",
        "\u202egnp.exe",
        "\x00",
    ]
)
maybe = st.none() | hostile
evidence = st.builds(Evidence, hostile, hostile, st.none() | st.integers(1, 9))
rows = st.builds(
    FindingRow,
    id=st.integers(1, 2**63 - 1), asset=hostile, owner=maybe, tier=st.none() | st.integers(0, 9), zone=maybe,
    check=hostile, title=hostile, status=st.sampled_from(Status), severity=st.sampled_from(Severity),
    message=hostile, why=hostile, fix=hostile,
    controls=st.lists(st.just("nist-800-53:CP-9"), max_size=2).map(tuple),
    first_seen=st.just(TIME), last_seen=st.just(TIME), changed_at=st.just(TIME),
    last_scan=st.integers(1, 10**6), evidence=st.lists(evidence, max_size=2).map(tuple),
)  # fmt: skip


def as_json(findings: list[FindingRow]) -> dict[str, Any]:
    stream = io.StringIO()
    jsonfile.write(findings, stream, scan=None, generated=NOW)
    assert stream.getvalue().isascii()
    document: dict[str, Any] = json.loads(stream.getvalue())
    return document


def as_csv(findings: list[FindingRow], safe: bool) -> list[dict[str, str]]:
    stream = io.StringIO(newline="")
    csvfile.write(findings, stream, safe=safe)
    stream.seek(0)
    return list(csv.DictReader(stream))


def from_json(item: dict[str, Any]) -> FindingRow:
    observed = tuple(Evidence(**e) for e in item.pop("evidence"))
    kinds = {"status": Status(item.pop("status")), "severity": Severity(item.pop("severity"))}
    return FindingRow(controls=tuple(item.pop("controls")), evidence=observed, **kinds, **item)


@given(st.lists(rows, max_size=3))
def test_json_gives_back_the_rows_and_keeps_to_its_schema(findings: list[FindingRow]) -> None:
    document = as_json(findings)
    jsonschema.validate(document, SCHEMA)
    assert [from_json(item) for item in document["findings"]] == findings


@given(st.lists(rows, max_size=3))
def test_csv_for_programs_gives_back_the_rows(findings: list[FindingRow]) -> None:
    read = as_csv(findings, safe=False)
    assert read == [{name: str(cell(row)) for name, cell in csvfile.COLUMNS.items()} for row in findings]


@given(rows)
def test_csv_for_people_holds_no_formula_and_no_control_character(finding: FindingRow) -> None:
    (read,) = as_csv([finding], safe=True)
    for cell in read.values():
        assert not cell.startswith(
            ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
        )
        assert not {
            c for c in cell if (c < " " and c not in "\t\n") or "\x7f" <= c <= "\x9f" or c == "\u202e"
        }


def test_every_field_is_in_both_formats() -> None:
    names = [field.name for field in fields(FindingRow)]
    assert list(csvfile.COLUMNS) == names
    assert list(SCHEMA["properties"]["findings"]["items"]["properties"]) == names


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("plain", "plain"),
        ("=cmd|'/c calc'!A1", "'=cmd|'/c calc'!A1"),
        ("\r-1", "'\\x0d-1"),
        ("red \x1b[31m \u202etxt", "red \\x1b[31m \\u202etxt"),
        ("two\nlines", "two\nlines"),
    ],
)
def test_cells_as_a_spreadsheet_shows_them(text: str, cell: str) -> None:
    (read,) = as_csv([replace(FINDING, message=text)], safe=True)
    assert read["message"] == cell


def test_evidence_in_a_cell_says_where_it_was_read() -> None:
    (read,) = as_csv([FINDING], safe=True)
    assert read["evidence"] == "/etc/ssh/sshd_config:12: PermitRootLogin yes\nsshd -T: permitrootlogin yes"


def test_json_names_the_scan() -> None:
    stream = io.StringIO()
    jsonfile.write([FINDING], stream, scan=SCAN, generated=NOW)
    document = json.loads(stream.getvalue())
    jsonschema.validate(document, SCHEMA)
    assert (document["generated"], document["scan"]["id"]) == (TIME, 1001)
