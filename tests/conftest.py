"""Fixtures that more than one folder of tests uses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fleet.cache import FleetError
from tests.fleet.fleet import Fleet


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that start real hosts, so that `-m "not fleet"` leaves them out."""
    for item in items:
        if "fleet" in getattr(item, "fixturenames", ()):
            item.add_marker("fleet")


@pytest.fixture(scope="session")
def fleet() -> Iterator[Fleet]:
    """Real hosts, see tests/fleet/README.md."""
    try:
        running = Fleet()
    except FleetError as error:
        pytest.fail(str(error), pytrace=False)
    with running:
        yield running
