"""YAML keeps its places, reads as PyYAML's safe loader does, and never does more."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scanner.inventory.located import Opaque, parse, plain
from scanner.inventory.problem import Problems

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.dates()
)
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner), max_leaves=20
)


@given(TREES, st.booleans())
def test_reads_what_yaml_writes(data: Any, flow: bool) -> None:
    problems = Problems()
    value = parse("f", yaml.safe_dump(data, default_flow_style=flow), problems)
    assert value is not None
    assert plain(value) == data


@given(st.text() | st.text(alphabet="{}[]:-&*!<>|'\"# \nab0."))
def test_any_text_gives_a_value_or_a_problem(text: str) -> None:
    problems = Problems()
    value = parse("f", text, problems)
    assert value is not None or problems.errors


def test_places_of_keys_and_values() -> None:
    value: Any = parse("f", "a:\n  - x\n  - {b: 1}\n", Problems())
    outer = value.data["a"]
    inner = outer.value.data[1].data["b"]
    places = [outer.at, outer.value.at, inner.at, inner.value.at]
    assert [str(place) for place in places] == ["f:1:1", "f:2:3", "f:3:6", "f:3:9"]


def test_merge_keys_and_aliases() -> None:
    text = "x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz:\n  <<: [*x, *y]\n  a: 0\nw: *x\n"
    value = parse("f", text, Problems())
    assert value is not None
    assert plain(value) == yaml.safe_load(text)


def test_unknown_tags_stay_unread() -> None:
    value = parse("f", "a: !vault |\n  61\nb: !!python/name:os.system x\nc: !unsafe '{{ x }}'\n", Problems())
    assert value is not None
    opaque = Opaque("tag:yaml.org,2002:python/name:os.system")
    assert plain(value) == {"a": Opaque("!vault"), "b": opaque, "c": "{{ x }}"}


def test_a_value_does_not_show_its_content() -> None:
    assert "s3cret" not in repr(parse("f", "password: s3cret", Problems()))


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "a: &a [x]\n" + "".join(f"b{n}: *a\n" for n in range(9_999))]
)
def test_deep_and_repetitive_files_end(text: str) -> None:
    parse("f", text, Problems())


def test_aliases_that_multiply_stay_shared() -> None:
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 64))]
    value = parse("f", "\n".join(lines), Problems())
    assert value is not None
    assert len(plain(value)["a63"]) == 2
