"""The command as a newcomer meets it: workspace, scan, findings, export, errors in one line."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from scanner.cli.main import COMMANDS
from tests.command import DRSCAN, drscan, drscan_json

LOCAL = "all:\n  hosts:\n    here:\n      ansible_connection: local\n"
CHECK = '''
from pathlib import Path
from scanner.check import check, failed, passed
from scanner.facts.spec import Probe, fact

@fact(Probe("state", "cat {state}"))
def state(output):
    return output.text.strip()

@check("OWN-001", severity="{severity}", controls=["house:1"])
def state_is_good(state):
    """The state is good.

    Why: bad is worse.
    Fix: echo good.
    """
    return passed("good") if state == "good" else failed(f"the state is {{state}}")
'''


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace with this machine in it and one check whose outcome the file `state` decides."""
    (tmp_path / "assets.yaml").write_text(LOCAL)
    (tmp_path / "drscan.yaml").write_text("inventory: assets.yaml\nchecks_dirs: own\n")
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "own.py").write_text(CHECK.format(state=tmp_path / "state", severity="high"))
    (tmp_path / "state").write_text("bad")
    return tmp_path


def test_init_then_run_scans_this_machine(tmp_path: Path) -> None:
    drscan("init", "office", cwd=tmp_path)
    said = drscan("run", "--check", "OS-*", cwd=tmp_path / "office", code=None)
    assert "1 of 1 assets looked at" in said and "Database: drscan.db" in said
    assert (tmp_path / "office" / "drscan.db").stat().st_mode & 0o777 == 0o600


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "drscan.yaml").write_text("# mine\n")
    assert "kept" in drscan("init", cwd=tmp_path)
    assert (tmp_path / "drscan.yaml").read_text() == "# mine\n"


def test_a_second_scan_says_what_changed(workspace: Path) -> None:
    assert "first scan" in drscan("run", "--check", "OWN-*", cwd=workspace, code=1)
    assert "nothing changed" in drscan("run", "--check", "OWN-*", cwd=workspace, code=1)
    (workspace / "state").write_text("good")
    said = drscan("run", "--check", "OWN-*", cwd=workspace)
    assert "1 fixed" in said and "fixed: OWN-001 here" in said
    [row] = drscan_json("diff", 1002, 1003, cwd=workspace)
    assert (row["kind"], row["before"]["status"], row["after"]["status"]) == ("fixed", "fail", "pass")
    assert [scan["id"] for scan in drscan_json("scans", cwd=workspace)] == [1003, 1002, 1001]


def test_findings_are_listed_filtered_and_shown(workspace: Path) -> None:
    drscan("run", "--check", "OWN-*", "-q", cwd=workspace, code=1)
    assert "OWN-001" in drscan("findings", "--status", "fail", "--new", cwd=workspace)
    assert "No finding matches" in drscan("findings", "--severity", "critical", cwd=workspace)
    assert "No finding matches" in drscan("findings", "--since", "2999-01-01", cwd=workspace)
    [row] = drscan_json("findings", "--check", "OWN-*", "--since", "1d", cwd=workspace)["findings"]
    said = drscan("findings", "show", row["id"], cwd=workspace)
    for part in ("the state is bad", "bad is worse", "echo good", "house:1", "History"):
        assert part in said


@pytest.mark.parametrize(
    ("severity", "options", "code"),
    [
        ("high", [], 1),
        ("medium", [], 0),
        ("medium", ["--fail-on", "low"], 1),
        ("critical", ["--fail-on", "never"], 0),
    ],
)
def test_exit_code_follows_fail_on(workspace: Path, severity: str, options: list[str], code: int) -> None:
    (workspace / "own" / "own.py").write_text(CHECK.format(state=workspace / "state", severity=severity))
    drscan("run", "--check", "OWN-*", *options, cwd=workspace, code=code)


def test_exit_code_of_what_could_not_be_looked_at(workspace: Path) -> None:
    (workspace / "state").unlink()
    (workspace / "own" / "own.py").write_text(
        CHECK.format(state=workspace / "state", severity="high").replace(
            "return output.text.strip()", "1 / 0"
        )
    )
    drscan("run", "--check", "OWN-*", cwd=workspace, code=3)
    away = LOCAL + "    away:\n      ansible_host: 127.0.9.9\n      ansible_port: 1\n"
    (workspace / "assets.yaml").write_text(away)
    said = drscan("run", "--check", "CON-001", cwd=workspace, code=3)
    assert "Not looked at (1)" in said and "away: unreachable" in said
    drscan("run", "--check", "CON-001", "--allow-unreachable", 1, cwd=workspace)


def test_export_writes_csv_and_json_with_the_same_filters(workspace: Path) -> None:
    drscan("run", "--check", "OWN-*", "-q", cwd=workspace, code=1)
    rows = list(csv.DictReader(io.StringIO(drscan("export", "--format", "csv", cwd=workspace))))
    assert [row["check"] for row in rows] == ["OWN-001"]
    drscan("export", "--format", "json", "--status", "pass", "-o", "out.json", cwd=workspace)
    assert json.loads((workspace / "out.json").read_text())["findings"] == []
    assert not list(workspace.glob(".out.json.*"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rum"], "Did you mean run?"),
        (["run", "--profile", "recovry"], "did you mean 'recovery'?"),
        (["run", "--check", "NOPE-*"], "selects no check"),
        (["run", "--limit", "nobody"], "nobody"),
        (["run", "-i", "absent.yaml"], "absent.yaml:1:1: "),
        (["run", "--resume"], "no database here"),
        (["run", "--resume", "--limit", "x"], "give no other"),
        (["findings"], "no database here"),
        (["checks", "show", "OWN-1"], "no check 'OWN-1'"),
        (["--config", "absent.yaml", "run"], "absent.yaml:1:1: "),
    ],
)
def test_a_mistake_is_one_line_and_writes_nothing(workspace: Path, arguments: list[str], words: str) -> None:
    before = sorted(path.name for path in workspace.rglob("*") if "__pycache__" not in path.parts)
    assert words in drscan(*arguments, cwd=workspace, code=2)
    assert sorted(path.name for path in workspace.rglob("*") if "__pycache__" not in path.parts) == before


def test_an_export_into_a_pipe_or_link_writes_where_it_leads(workspace: Path) -> None:
    drscan("run", "--check", "OWN-*", "-q", cwd=workspace, code=1)
    (workspace / "link.csv").symlink_to("real.csv")
    drscan("export", "--format", "csv", "-o", "link.csv", cwd=workspace)
    assert (workspace / "link.csv").is_symlink() and (workspace / "real.csv").read_text().startswith('"id",')
    drscan("export", "--format", "csv", "-o", "/dev/null", cwd=workspace)
    assert not Path("/dev/null").is_file()


def test_a_known_hosts_that_cannot_be_read_is_one_line(workspace: Path) -> None:
    (workspace / "assets.yaml").write_text("all: {hosts: {a: {ansible_host: 127.0.9.9}}}")
    with (workspace / "drscan.yaml").open("a") as settings:
        settings.write("known_hosts: [own]\n")
    assert "Is a directory" in drscan("run", "--check", "CON-*", cwd=workspace, code=2)


def test_nothing_to_resume(workspace: Path) -> None:
    drscan("run", "--check", "OWN-*", "-q", cwd=workspace, code=1)
    assert "nothing to resume" in drscan("run", "--resume", cwd=workspace, code=2)


def test_every_command_has_help_with_an_example(tmp_path: Path) -> None:
    assert all(name in drscan("--help", cwd=tmp_path) for name in COMMANDS)
    for name in COMMANDS:
        assert "Example: " in drscan(name, "--help", cwd=tmp_path) or name in ("checks", "inventory"), name


def test_checks_are_those_that_the_settings_run(workspace: Path) -> None:
    (workspace / "drscan.yaml").write_text("profile: own.yaml\nchecks_dirs: own\n")
    (workspace / "own.yaml").write_text("include: [OWN-*]\n")
    assert [check["id"] for check in drscan_json("checks", "list", cwd=workspace)] == ["OWN-001"]
    assert drscan("checks", "sudoers", cwd=workspace) == "# Nothing that was selected needs root.\n"


def test_sudoers_list_is_accepted_by_visudo(tmp_path: Path) -> None:
    text = drscan("checks", "sudoers", "--user", "audit", cwd=tmp_path)
    visudo = shutil.which("visudo", path="/usr/sbin:/usr/bin") or "visudo"
    done = subprocess.run([visudo, "-cf", "-"], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_reader_of_a_pipe_may_go_away(tmp_path: Path) -> None:
    done = subprocess.run(
        f"{DRSCAN} checks list | head -1",
        shell=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.stderr == ""


def test_completion_completes_commands_and_checks_the_shell(tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", 'source <(drscan completion bash); COMP_WORDS=(drscan find); COMP_CWORD=1; '
         '_drscan_completion drscan; echo "${COMPREPLY[@]}"'],
        capture_output=True, text=True, cwd=tmp_path, check=False,
        env={"PATH": f"{DRSCAN.parent}:/usr/bin:/bin", "HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.stdout.split() == ["findings"], done.stderr
