"""drscan reads an inventory as Ansible does: the same groups, hosts, variables and patterns."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanner.inventory import sources
from scanner.inventory.document import graph_lines
from scanner.inventory.load import SelectionError, load, select
from scanner.inventory.located import plain
from scanner.inventory.problem import Problems
from tests.inventory.oracle import Ansible

TOP_GROUPS = st.sampled_from(["web", "db", "prod", "ungrouped", "all"])
# Not `ungrouped`: Ansible loses the hosts of a group that holds it.
CHILD_GROUPS = st.sampled_from(["web", "db", "prod", "dmz", "all"])
HOSTS = st.sampled_from(
    ["a1", "a2", "b1:2222", "a[1:3]", "n[01:05:2]", "x-[a:c]", "m[1:2]-[a:b]", "192.0.2.[8:9]"]
)
VARIABLES = st.dictionaries(
    st.sampled_from(["v", "w", "x"]),
    st.integers(0, 9) | st.dictionaries(st.sampled_from("kl"), st.integers(0, 9), max_size=2),
    max_size=3,
)
GROUP_VARIABLES = st.builds(
    lambda variables, priority: variables | ({"ansible_group_priority": priority} if priority else {}),
    VARIABLES,
    st.none() | st.integers(1, 3),
)


def group(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | st.fixed_dictionaries(
        {},
        optional={
            "hosts": st.none() | st.dictionaries(HOSTS, st.none() | VARIABLES, max_size=3),
            "vars": st.none() | GROUP_VARIABLES,
            "children": children,
        },
    )


TREES = st.recursive(
    st.none(),
    lambda inner: st.dictionaries(CHILD_GROUPS, group(inner), min_size=1, max_size=3),
    max_leaves=12,
)
FILES = st.dictionaries(TOP_GROUPS, group(TREES), min_size=1, max_size=4)
VARS_FILES = st.dictionaries(
    st.tuples(
        st.sampled_from(
            ["group_vars/all", "group_vars/web", "group_vars/db", "host_vars/a1", "host_vars/a2"]
        ),
        st.sampled_from(
            ["", ".yml", ".json", "/main.yml", "/deep/er/z.yaml", "/.hidden", "/old.yml~", "/x.txt"]
        ),
    ).map("".join),
    VARIABLES,
    max_size=5,
)


def write_all(folder: Path, files: dict[str, Any]) -> None:
    for name, data in files.items():
        path = folder / name
        if not path.exists() and not any(parent.is_file() for parent in path.parents):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(yaml.safe_dump(data))


def ours(paths: list[Path]) -> dict[str, Any]:
    problems = Problems()
    graph, files = sources.read(paths, problems)
    hosts = {
        name: {key: plain(entry.value) for key, entry in graph.variables(name, files).items()}
        for name in graph.hosts
    }
    if problems.errors:
        return {"error": str(problems.errors[0])}
    return {
        "hosts": hosts,
        "groups": {g.name: {"hosts": [*g.hosts], "children": [*g.children]} for g in graph.groups.values()},
        "memberships": {host: sorted(group.name for group in graph.groups_of(host)) for host in graph.hosts},
    }


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=FILES, second=FILES, variables=VARS_FILES, as_folder=st.booleans())
def test_groups_hosts_and_variables(
    ansible: Ansible, first: Any, second: Any, variables: Any, as_folder: bool
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_all(folder, {"one.yml": first, "two": second, "notes.txt": "no inventory", **variables})
        paths = [folder] if as_folder else [folder / "two", folder / "one.yml"]
        expected = ansible.read(paths)
        got = ours(paths)
        assert ("error" in got) == ("error" in expected), (got, expected)
        if "error" not in got:
            del expected["patterns"]
            assert got == expected


OFFICE = """
all:
  children:
    web:
      hosts: {"web[01:06]": , web-old: }
    db:
      hosts: {"db[1:4]": }
      children: {replica: {hosts: {"rep[a:c]": }}}
    prod:
      children: {web: , replica: }
    empty:
  hosts: {lonely: }
"""
WORDS = st.sampled_from([
    "all", "web", "db", "prod", "empty", "ungrouped", "db1", "rep*", "web0?", "*b*", "[dw]*", "lonely",
    "nobody", "web[0]", "db[1:2]", "web[-1]", "web[1:]", "db[0:9]", "w*[2]", "web[9]", "~web0[13]", "~r.*",
])  # fmt: skip
PATTERNS = st.builds(
    lambda first, rest, separator: separator.join([first, *rest]),
    WORDS,
    st.lists(st.tuples(st.sampled_from(["", "!", "&"]), WORDS).map("".join), max_size=3),
    st.sampled_from([":", ",", ", "]),
) | WORDS.map(lambda word: f"!{word}")


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(patterns=st.lists(PATTERNS, min_size=5, max_size=20))
def test_patterns(ansible: Ansible, tmp_path: Path, patterns: list[str]) -> None:
    path = tmp_path / "office"
    path.write_text(OFFICE)
    inventory = load([path], ssh_config=None)
    accepted: dict[str, list[str]] = {}
    for pattern in patterns:
        try:
            accepted[pattern] = sorted(asset.name for asset in select(inventory, pattern))
        except SelectionError:
            # Ansible passes over a part that matches nothing; drscan refuses it.
            parts = [part.lstrip("!&") for part in re.split(r"[:,] ?(?![^\[]*\])", pattern)]
            alone = ansible.read([path], [pattern, *parts])
            assert "error" in alone or [] in alone["patterns"], pattern
    assert ansible.read([path], list(accepted))["patterns"] == list(accepted.values())


def test_the_command_ansible_inventory_itself(write: Any) -> None:
    path = write(OFFICE)
    graph = subprocess.run(
        ["ansible-inventory", "-i", path, "--graph"], capture_output=True, text=True, check=True
    )
    assert "\n".join(graph_lines(load([path], ssh_config=None))) == graph.stdout.rstrip("\n")
    listing = subprocess.run(
        ["ansible-inventory", "-i", path, "--list"], capture_output=True, text=True, check=True
    )
    script = write(f"#!/bin/sh\ncat <<'E'\n{listing.stdout}\nE\n", "program", 0o755)
    assert json.loads(listing.stdout)["web"]["hosts"][0] == "web01"
    from_program = load([script], ssh_config=None)
    from_file = load([path], ssh_config=None)
    assert {a.name: a for a in from_program.assets} == {a.name: a for a in from_file.assets}


@pytest.mark.parametrize("meta", [True, False])
def test_a_program_is_read_as_by_ansible(ansible: Ansible, write: Any, meta: bool) -> None:
    listing = {
        "web": {"hosts": ["w1", "w[1:2]"], "vars": {"x": 1}, "children": ["old"]},
        "old": ["o1", "w1"],
        "single": {"y": 2},
        **({"_meta": {"hostvars": {"w1": {"x": 5}, "nobody": {"x": 6}}}} if meta else {}),
    }
    path = write(
        f"""\
        #!/bin/sh
        if [ "$1" = --list ]; then echo '{json.dumps(listing)}'; else echo '{{"asked": "'"$2"'"}}'; fi
        """,
        "program.py",
        0o755,
    )
    expected = ansible.read([path])
    del expected["patterns"]
    assert ours([path]) == expected
