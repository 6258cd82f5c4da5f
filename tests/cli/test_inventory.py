from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scanner.cli.inventory import inventory
from scanner.config import Config
from scanner.inventory.load import load

ASSETS = """
all:
  children:
    web:
      hosts:
        w1: {ansible_host: 192.0.2.1, ansible_password: env:P, drscan: {zone: dmz, tags: [x], owner: '[b]it'}}
        w2: {drscan: {zone: lan, rto: 4h, expected_ports: [53/udp]}}
    db: {hosts: {d1: {some_other: {}}}}
"""


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    path = tmp_path / "assets.yaml"
    path.write_text(ASSETS)
    return path


def run(*arguments: object, obj: Config | None = None) -> Result:
    return CliRunner().invoke(inventory, [str(argument) for argument in arguments], obj=obj or Config())


def test_list(assets: Path) -> None:
    lines = run("list", "-i", assets).stdout.splitlines()
    assert lines[0].split() == ["Asset", "Address", "Tier", "Zone", "Owner", "RTO", "RPO", "Groups"]
    lines = lines[1:]
    assert lines[1].split() == ["w1", "192.0.2.1", "dmz", "[b]it", "web"]
    assert [line.split()[0] for line in lines[1:]] == ["w1", "w2", "d1"]


def test_list_selected_as_json(assets: Path) -> None:
    result = run("list", "-i", assets, "--limit", "web", "--zone", "lan", "--json")
    (asset,) = json.loads(result.stdout)
    assert (asset["name"], asset["rto"], asset["expected_ports"]) == ("w2", "4h", ["53/udp"])


def test_show(assets: Path) -> None:
    shown = run("show", "w1", "-i", assets).stdout
    assert "owner: '[b]it'" in shown
    assert "password: env:P" in shown
    assert "rto" not in shown
    assert json.loads(run("show", "w1", "-i", assets, "--json").stdout)["rto"] is None


def test_graph(assets: Path) -> None:
    assert run("graph", "web", "-i", assets).stdout == "@web:\n  |--w1\n  |--w2\n"
    document = json.loads(run("graph", "-i", assets, "--json").stdout)
    assert document["db"] == {"hosts": ["d1"], "children": []}


def test_validate(assets: Path) -> None:
    assert run("validate", "-i", assets).stdout == "3 assets, 4 groups: no errors\n"


def test_the_configuration_names_the_inventory(assets: Path) -> None:
    assert run("validate", obj=Config((assets,))).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["list", "--limit", "wbe"], "the pattern 'wbe' matches no host and no group"),
        (["list", "--limit", "\x1b[31m"], "'\\x1b[31m' is no host pattern"),
        (["list", "--tag", "y"], "no asset has the tag 'y'; allowed: x"),
        (["show", "w3"], "there is no asset 'w3'; allowed: w1, w2, d1"),
        (["graph", "wbe"], "there is no group 'wbe'; did you mean 'web'? allowed: all, ungrouped, web, db"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(assets: Path, arguments: list[str], error: str) -> None:
    result = run(*arguments, "-i", assets)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", error + "\n")


def test_mistakes_end_with_2_and_one_line_each(tmp_path: Path) -> None:
    path = tmp_path / "assets.yaml"
    path.write_text("all: {hosts: {a: {ansible_port: x, drscan: {tier: 5}}}}")
    result = run("validate", "-i", path)
    assert result.exit_code == 2
    assert [line.split(": ")[0] for line in result.stderr.splitlines()] == [f"{path}:1:33", f"{path}:1:51"]


def test_warnings_do_not_mix_with_the_output(tmp_path: Path) -> None:
    path = tmp_path / "assets.yaml"
    path.write_text("all: {hosts: {a: {ansible_connection: winrm}}}")
    result = run("list", "-i", path, "--json")
    assert json.loads(result.stdout)[0]["name"] == "a"
    assert result.stderr.startswith(f"warning: {path}:1:39: ansible_connection: 'winrm' is not supported")


def test_schema_names_every_key() -> None:
    definitions = json.loads(run("schema").stdout)["$defs"]
    assert {"owner", "tier", "backups", "rpo"} <= definitions["declaration"]["properties"].keys()
    assert definitions["variables"]["properties"]["drscan"] == {"$ref": "#/$defs/declaration"}


def test_import(tmp_path: Path) -> None:
    source, target = tmp_path / "list.csv", tmp_path / "assets.yaml"
    source.write_text("name;tier\na;1\n")
    printed = run("import", source).stdout
    assert run("import", source, "-o", target).exit_code == 0
    assert target.read_text() == printed
    assert load([target], ssh_config=None).assets[0].tier == 1
    refused = run("import", source, "-o", target)
    assert (refused.exit_code, refused.stderr) == (
        2,
        f"{target} exists already; give --force to replace it\n",
    )
    assert run("import", source, "-o", target, "--force").exit_code == 0


def test_nothing_is_written_from_a_list_with_mistakes(tmp_path: Path) -> None:
    source, target = tmp_path / "list.csv", tmp_path / "assets.yaml"
    source.write_text("name;tier\na;9\n")
    result = run("import", source, "-o", target)
    assert (result.exit_code, target.exists()) == (2, False)
    assert result.stderr.startswith(f"{source}:2:3: drscan.tier")


@pytest.mark.parametrize("name", sorted(inventory.commands))
def test_every_help_has_an_example(name: str) -> None:
    assert f"drscan inventory {name}" in run(name, "--help").output
