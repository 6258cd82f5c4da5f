"""An asset list in a spreadsheet, saved as CSV, made into an inventory file."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scanner.inventory import connection, declaration, located
from scanner.inventory.graph import ALL, Graph
from scanner.inventory.located import Entry, Value
from scanner.inventory.problem import Position, Problems, allowed

LISTS = ("tags", "services", "expected_ports")
DECLARED = ("owner", "tier", "zone", "classification", *LISTS, "rto", "rpo")
CONNECTION = {"address": "ansible_host", "port": "ansible_port", "user": "ansible_user"}
COLUMNS = ("name", *CONNECTION, "groups", *DECLARED)


def convert(path: Path) -> dict[str, Any]:
    """The inventory as data to write as YAML. Raises InventoryError with every mistake in the file.

    The first line names the columns, in any order, out of COLUMNS; `name` is required. Columns are
    separated by `,`, `;` or tabs; words in a list by spaces or `;`.
    """
    problems = Problems()
    text = located.read_text(path, problems) or ""
    problems.raise_errors()
    hosts: dict[str, Any] = {}
    groups: dict[str, dict[str, Any]] = {}
    graph = Graph(problems)
    for row in _rows(str(path), text, problems):
        at, name = row.pop("name")
        if name in graph.hosts:
            problems.error(at, f"{name!r} is listed twice", f"first in line {graph.hosts[name].at.line}")
            continue
        graph.add_host(name, ALL, at)
        groups_at, group_names = row.pop("groups", (at, ""))
        for group in _words(group_names):
            if graph.add_group(group, groups_at):
                groups.setdefault(group, {"hosts": {}})["hosts"][name] = None
        hosts[name] = _host(name, at, row, problems)
    if not hosts and not problems.errors:
        problems.error(Position(str(path)), "lists no asset", "a line of column names, then a line an asset")
    problems.raise_errors()
    top: dict[str, Any] = {"hosts": hosts}
    if groups:
        top["children"] = groups
    return {ALL: top}


def _host(name: str, at: Position, row: _Row, problems: Problems) -> dict[str, Any] | None:
    """What the file says of a host, validated as an inventory would be."""
    variables = {CONNECTION[key]: cell for key, cell in row.items() if key in CONNECTION}
    entries = {key: Entry(at, Value(at, text)) for key, (at, text) in variables.items()}
    connection.read(name, at, entries, problems)
    declared = {key: _declared(key, *row[key]) for key in DECLARED if key in row}
    declaration.read(Value(at, {key: Entry(value.at, value) for key, value in declared.items()}), problems)
    host: dict[str, Any] = {key: _number(text) for key, (_, text) in variables.items()}
    if declared:
        host["drscan"] = {key: located.plain(value) for key, value in declared.items()}
    return host or None


def _declared(key: str, at: Position, text: str) -> Value:
    if key in LISTS:
        return Value(at, [Value(at, _number(word)) for word in _words(text)])
    return Value(at, _number(text) if key == "tier" else text)


def _number(text: str) -> int | str:
    return int(text) if re.fullmatch(r"[1-9][0-9]{0,5}", text) else text


def _words(text: str) -> list[str]:
    return re.split(r"[\s;]+", text.strip(" ;")) if text.strip(" ;") else []


_Row = dict[str, tuple[Position, str]]


def _rows(path: str, text: str, problems: Problems) -> Iterator[_Row]:
    """The lines after the first, as cells that are not empty by column name."""
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip(" ,;\t")]
    if not lines:
        return
    number, header = lines[0]
    delimiter = max(",;\t", key=header.count)
    columns = []
    for at, cell in _cells(path, number, header, delimiter, problems):
        column = cell.strip().lower()
        columns.append(column)
        if column not in COLUMNS:
            problems.error(at, f"unknown column {cell!r}", allowed(COLUMNS, column))
        elif columns.count(column) > 1:
            problems.error(at, f"the column {column!r} is given twice")
    if "name" not in columns:
        problems.error(Position(path, number), "there is no column 'name'", allowed(COLUMNS))
        return
    for number, line in lines[1:]:
        cells = _cells(path, number, line, delimiter, problems)
        if len(cells) > len(columns):
            problems.error(cells[len(columns)][0], f"more cells than the {len(columns)} columns")
            continue
        row = {column: (at, text.strip()) for column, (at, text) in zip(columns, cells, strict=False)}
        row = {column: cell for column, cell in row.items() if cell[1]}
        if "name" in row:
            yield row
        elif cells:
            problems.error(Position(path, number), "the asset has no name")


def _cells(
    path: str, number: int, line: str, delimiter: str, problems: Problems
) -> list[tuple[Position, str]]:
    """The cells of one line with the column each starts at; [] after an error."""
    try:
        texts = next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error as error:
        problems.error(Position(path, number), f"not well-formed CSV: {error}", "one line an asset")
        return []
    # A delimiter counts when an even number of quotes stands before it.
    starts = [0] + [
        at + 1 for at, char in enumerate(line) if char == delimiter and line.count('"', 0, at) % 2 == 0
    ]
    return [(Position(path, number, at + 1), text) for at, text in zip(starts, texts, strict=False)]
