"""What holds for every fact: hostile answers are survived, scripts are sound, root commands are literal."""

from __future__ import annotations

import re
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner import catalog
from scanner.facts.spec import SECTION, Absent, AnyFact, NotCollected, Output, Probe
from scanner.model import Asset, BackupDeclaration

CATALOG = catalog.load(plugins=False)
FACTS = sorted((f for f in CATALOG.facts.values() if not f.observed), key=lambda fact: fact.name)
PROBES = {probe.id: probe for fact in FACTS for probe in fact.probes}
# An asset for which every probe has something to look at, with names that a shell would trip over.
ASSET = Asset("a", backups=(BackupDeclaration("it's; rm", "files", path="/srv/a b'c/$(x)", pattern="*.gz"),))

words = st.sampled_from(
    [
        "",
        "\n",
        "\n",
        " ",
        "\t",
        ":",
        "=",
        "0",
        "-1",
        "99999999999999999999",
        "root",
        "x",
        "\x00",
        "é",
        "%",
        "[",
        "]",
        "{",
    ]
)
sections = st.sampled_from(
    sorted({name for probe in PROBES.values() for name in re.findall(r"\bS ([\w.-]+)", probe.text(ASSET))})
    or ["x"]
)
lines = st.lists(words, max_size=12).map("".join)
texts = st.lists(st.one_of(lines, sections.map(lambda name: f"\n{SECTION}{name}\n")), max_size=12).map(
    "".join
)
outputs = st.builds(
    Output,
    stdout=st.one_of(texts.map(str.encode), st.binary(max_size=200)),
    stderr=st.binary(max_size=20),
    exit=st.sampled_from([0, 1, 2, 126, 127]),
    denied=st.booleans(),
    truncated=st.booleans(),
    timed_out=st.booleans(),
)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_answer_can_break_a_parser(fact: AnyFact, data: st.DataObject) -> None:
    answers = data.draw(st.tuples(*(outputs for _ in fact.probes)))
    try:
        value = fact.parse(*answers)
    except (Absent, NotCollected) as why:
        assert str(why)
    else:
        assert value is not None


@pytest.mark.parametrize(
    "shell", [["dash", "-n"], ["bash", "-n"], ["busybox", "sh", "-n"]], ids=lambda s: s[0]
)
def test_every_probe_is_posix_shell(shell: list[str]) -> None:
    for probe in PROBES.values():
        done = subprocess.run(shell, input=probe.text(ASSET), capture_output=True, text=True)
        assert not done.stderr, (probe.id, done.stderr)


@pytest.mark.parametrize("probe", PROBES.values(), ids=lambda probe: probe.id)
def test_no_probe_writes_a_file(probe: Probe) -> None:
    text = probe.text(ASSET)
    assert "<<" not in text, "a here-document makes bash write a temporary file"
    targets = re.findall(r"(?<![<\d&])\d?>>?\s*([^\s;|)&]+)", re.sub(r"'[^']*'", "''", text))
    assert set(targets) <= {"/dev/null"}, targets


def test_every_root_command_is_found_for_the_sudoers_list() -> None:
    for probe in PROBES.values():
        text = re.sub(r"'[^'\n]*'", lambda quoted: quoted[0].replace("R ", "r "), probe.text(Asset("")))
        used = len(re.findall(r"(?:^|[\s;({|&!`])R (?=\S)", text))
        commands = re.findall(r"(?:^|[\s;({|&!`])R ([^;|&<>\n)}`]+)", text)
        assert used == len(commands)
        for command in commands:
            assert "$" not in command, f"{probe.id}: `R {command}` can't be published: it is not literal"
