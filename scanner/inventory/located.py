"""YAML (and JSON) read into values that know their place in the file.

Nothing is constructed but plain data: a value with an unknown tag, such as Ansible's `!vault`,
is kept as `Opaque`. A key given twice is an error, as one of the two would be lost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from scanner.inventory.problem import Position, Problems

MAX_BYTES = 16 * 1024 * 1024

_CORE = "tag:yaml.org,2002:"
_SCALARS = {f"{_CORE}{name}" for name in ("null", "bool", "int", "float", "str", "binary", "timestamp")}
_UNSAFE = "!unsafe"
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Opaque:
    """A value that drscan does not read, such as one encrypted with Ansible Vault."""

    tag: str


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """A value and where it starts. Its content is not part of the repr, as it may be a secret."""

    at: Position
    data: bool | int | float | str | bytes | date | Opaque | list[Value] | Mapping | None = field(repr=False)


class Entry(NamedTuple):
    """What a mapping holds for a key, and where the key stands."""

    at: Position
    value: Value


Mapping = dict[Any, Entry]


def plain(value: Value) -> Any:
    """`value` as ordinary Python data; `Opaque` values stay as they are."""
    seen: dict[int, Any] = {}

    def convert(value: Value) -> Any:
        if id(value) not in seen:
            data: Any = value.data
            if isinstance(data, dict):
                data = {key: convert(entry.value) for key, entry in data.items()}
            elif isinstance(data, list):
                data = [convert(item) for item in data]
            seen[id(value)] = data
        return seen[id(value)]

    return convert(value)


def from_plain(data: Any, at: Position) -> Value:
    """Ordinary data as values that all stand at `at`."""
    if isinstance(data, dict):
        return Value(at, {key: Entry(at, from_plain(item, at)) for key, item in data.items()})
    if isinstance(data, list):
        return Value(at, [from_plain(item, at) for item in data])
    return Value(at, data)


def read_text(path: Path, problems: Problems) -> str | None:
    """The text of a file of at most MAX_BYTES, without a byte-order mark; None after an error."""
    at = Position(str(path))
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        problems.error(at, f"cannot be read: {error.strerror}")
        return None
    if len(raw) > MAX_BYTES:
        problems.error(at, f"is larger than {MAX_BYTES // 1024 // 1024} MiB")
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig", "replace")
        problems.error(_position_after(str(path), before), "is not UTF-8 text", "save the file as UTF-8")
        return None


def parse(path: str, text: str, problems: Problems) -> Value | None:
    """The one document in `text`, an empty one being null; None after an error.

    path: the name to give positions.
    """
    if bad := yaml.reader.Reader.NON_PRINTABLE.search(text):
        at = _position_after(path, text[: bad.start()])
        problems.error(at, f"the character U+{ord(bad[0]):04X} is not allowed in YAML")
        return None
    if text.lstrip().startswith("{"):
        text = text.replace("\t", " ")  # JSON may be indented with tabs, YAML may not
    try:
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = Position(path, mark.line + 1, mark.column + 1) if mark else Position(path)
        problems.error(at, f"not well-formed YAML: {error.problem or error.context}")
        return None
    except (yaml.YAMLError, RecursionError) as error:
        problems.error(Position(path), f"not well-formed YAML: {type(error).__name__}")
        return None
    if root is None:
        return Value(Position(path), None)
    return _Converter(path, problems).convert(root)


def _position_after(path: str, before: str) -> Position:
    return Position(path, before.count("\n") + 1, len(before) - before.rfind("\n"))


class _Converter:
    """From composed nodes to values. An aliased node is converted once and shared."""

    def __init__(self, path: str, problems: Problems) -> None:
        self.path = path
        self.problems = problems
        self.done: dict[int, Value] = {}
        self.open: set[int] = set()
        self.constructor = yaml.constructor.SafeConstructor()

    def at(self, node: yaml.Node) -> Position:
        return Position(self.path, node.start_mark.line + 1, node.start_mark.column + 1)

    def convert(self, node: yaml.Node) -> Value:
        if id(node) in self.done:
            return self.done[id(node)]
        if id(node) in self.open:
            self.problems.error(self.at(node), "an alias inside its own anchor never ends")
            return Value(self.at(node), None)
        self.open.add(id(node))
        value = Value(self.at(node), self.data(node))
        self.open.remove(id(node))
        self.done[id(node)] = value
        return value

    def data(self, node: yaml.Node) -> Any:
        known = node.tag in (f"{_CORE}map", f"{_CORE}seq", _UNSAFE)
        if isinstance(node, yaml.MappingNode) and known:
            return self.mapping(node)
        if isinstance(node, yaml.SequenceNode) and known:
            return [self.convert(item) for item in node.value]
        if isinstance(node, yaml.ScalarNode) and node.tag == _UNSAFE:
            return node.value
        if isinstance(node, yaml.ScalarNode) and node.tag in _SCALARS:
            return self.scalar(node)
        return Opaque(node.tag)

    def scalar(self, node: yaml.ScalarNode) -> Any:
        construct: Callable[..., Any] = yaml.SafeLoader.yaml_constructors[node.tag]
        try:
            return construct(self.constructor, node)
        except (ValueError, yaml.YAMLError, LookupError):
            kind = node.tag.removeprefix(_CORE)
            self.problems.error(self.at(node), f"looks like a {kind} and is none", "quote it if it is text")
            return None

    def mapping(self, node: yaml.MappingNode) -> Mapping:
        own: Mapping = {}
        merged: Mapping = {}
        for key_node, value_node in node.value:
            if key_node.tag == f"{_CORE}merge":
                self.merge(value_node, merged)
                continue
            at = self.at(key_node)
            key = self.data(key_node)
            if isinstance(key, dict | list | Opaque):
                self.problems.error(at, "a key must be plain text")
                continue
            if key in own:
                line = own[key].at.line
                self.problems.error(at, f"the key {key!r} is given twice", f"first given in line {line}")
                continue
            own[key] = Entry(at, self.convert(value_node))
        return {**merged, **own}

    def merge(self, node: yaml.Node, into: Mapping) -> None:
        """Add what `<<` brings in; of several mappings the first that has a key wins."""
        sources = node.value if isinstance(node, yaml.SequenceNode) else [node]
        for source in sources:
            value = self.convert(source)
            if not isinstance(value.data, dict):
                self.problems.error(self.at(node), "`<<` takes a mapping or a list of mappings")
                return
            for key, entry in value.data.items():
                into.setdefault(key, entry)
