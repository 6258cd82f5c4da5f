"""drscan.yaml: what it sets, and all of its mistakes at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner import config
from scanner.inventory.problem import InventoryError
from scanner.transport.base import Limits


def test_without_a_file_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert config.load(None) == config.Config()


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    path = tmp_path / "drscan.yaml"
    path.write_text(
        "inventory: [a.yaml, /b]\nprofile: mine.yaml\nlimits: {probe_seconds: 5}\n"
        "fail_on: never\nports: polite\n"
    )
    loaded = config.load(path)
    assert loaded.inventory == (tmp_path / "a.yaml", Path("/b"))
    assert loaded.profile == str(tmp_path / "mine.yaml")
    assert loaded.limits == Limits(probe_seconds=5)
    assert (loaded.fail_on, loaded.ports) == ("never", "polite")


def test_all_mistakes_are_told_with_their_places(tmp_path: Path) -> None:
    path = tmp_path / "drscan.yaml"
    path.write_text(
        "profil: x\njobs: many\nfail_on: urgent\nlimits: {probe_second: 1, asset_seconds: -1}\nports: all\n"
    )
    with pytest.raises(InventoryError) as caught:
        config.load(path)
    lines = str(caught.value).splitlines()
    assert [line.removeprefix(str(path)).split(": ")[0] for line in lines] == [
        ":1:1",
        ":2:7",
        ":3:10",
        ":4:10",
        ":4:42",
        ":5:8",
    ]
    assert "did you mean 'profile'" in lines[0]


def test_the_starter_settings_are_the_defaults() -> None:
    starter = Path(config.__file__).parent / "starter" / "drscan.yaml"
    loaded = config.load(starter)
    assert (loaded.limits, loaded.fail_on, loaded.profile) == (Limits(), "high", "default")
