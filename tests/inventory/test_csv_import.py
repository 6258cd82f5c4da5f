from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from scanner.inventory.csv_import import convert
from scanner.inventory.load import InventoryError, load
from scanner.model import Port


def test_a_spreadsheet_becomes_an_inventory(write: Any) -> None:
    path = write(
        "\ufeffName;Address;Port;User;Groups;Tags;Owner;Tier;Zone;Services;Expected_Ports;RTO;RPO\n"
        'db1;192.0.2.5;2222;audit;db prod;x y;"Registry; ""civil""";1;dmz;registry;22 53/udp;4h;1d\n'
        ";;;;;;;;;;;;\n"
        "yes;;;;prod\n",
        "list.csv",
    )
    inventory = load([write(yaml.safe_dump(convert(path)))], ssh_config=None)
    database, other = inventory.assets
    assert (database.connection.host, database.connection.port, database.connection.user) == (
        "192.0.2.5",
        2222,
        "audit",
    )
    assert (database.groups, database.tags, database.owner) == (
        ("db", "prod"),
        ("x", "y"),
        'Registry; "civil"',
    )
    assert (database.tier, database.zone, database.services) == (1, "dmz", ("registry",))
    assert database.expected_ports == (Port(22), Port(53, "udp"))
    assert (database.rto, database.rpo) == (timedelta(hours=4), timedelta(days=1))
    assert (other.name, other.groups) == ("yes", ("prod",))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters(write: Any, delimiter: str) -> None:
    path = write(delimiter.join(["name", "tier"]) + "\n" + delimiter.join(["a", "2"]) + "\n", "list.csv")
    assert convert(path) == {"all": {"hosts": {"a": {"drscan": {"tier": 2}}}}}


def test_every_mistake_has_its_place(write: Any) -> None:
    path = write(
        "name,adress,tier,rto,port\n"
        'a,"x, y",7,4h,22\n'
        "a,,,,\n"
        ",,3,,\n"
        "b,,1,4,99999,6\n"
        "c,,one,4,99999\n"
        'd,"open\n'
        "-e,,,,\n",
        "list.csv",
    )
    with pytest.raises(InventoryError) as caught:
        convert(path)
    found = [str(problem).removeprefix(f"{path}:") for problem in caught.value.problems]
    assert [line.split(";")[0] for line in found] == [
        "1:6: unknown column 'adress'",
        "2:10: drscan.tier is not valid",
        "3:1: 'a' is listed twice",
        "4:1: the asset has no name",
        "5:14: more cells than the 5 columns",
        "6:4: drscan.tier is not valid",
        "6:8: drscan.rto: '4' is not a duration",
        "6:10: ansible_port: '99999' is no port",
        "7:1: not well-formed CSV: unexpected end of data",
        "8:1: the host name '-e' is no address",
    ]


@pytest.mark.parametrize(
    ("text", "error"),
    [("", "lists no asset"), ("name\n", "lists no asset"), ("host\na\n", "there is no column 'name'")],
)
def test_an_empty_list_is_refused(write: Any, text: str, error: str) -> None:
    path: Path = write(text, "list.csv")
    with pytest.raises(InventoryError, match=error):
        convert(path)
