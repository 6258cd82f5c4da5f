"""Fixtures of the inventory's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from tests.inventory.oracle import Ansible, running_ansible


@pytest.fixture(scope="session")
def ansible() -> Iterator[Ansible]:
    with running_ansible() as running:
        yield running


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a file below the test's own folder and give its path."""

    def write(text: str, name: str = "assets.yaml", mode: int = 0o644) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        path.chmod(mode)
        return path

    return write
