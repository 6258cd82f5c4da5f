"""What an inventory says, as assets."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from scanner.inventory import script_source
from scanner.inventory.graph import Graph
from scanner.inventory.load import SelectionError, load, select
from scanner.inventory.problem import Problems
from scanner.model import Asset, Authorisation, BackupDeclaration, Connection, Port, SecretRef


def one(path: Path) -> Asset:
    (asset,) = load([path], ssh_config=None).assets
    return asset


def connection(write: Any, variables: str) -> Connection:
    return one(write(f"all: {{hosts: {{a: {{{variables}}}}}}}")).connection


def test_an_asset_in_full(write: Any) -> None:
    path = write(
        """\
        all:
          vars:
            drscan:
              owner: it
              tier: 3
              tags: [x]
              scope: [{network: 192.0.2.0/24, authorised_by: "CISO, 12", until: 2026-12-31, discover: true}]
          children:
            db:
              vars: {drscan: {tier: 1, rto: 4h, rpo: 1d12h}, ssh_legacy: true}
              hosts:
                reg:
                  ansible_host: 192.0.2.7
                  ansible_port: 2222
                  ansible_user: audit
                  ansible_ssh_private_key_file: /etc/drscan/key
                  ansible_password: env:REG_PASSWORD
                  ansible_become: "yes"
                  ansible_become_method: doas
                  ansible_ssh_common_args: -C -o ProxyJump=hop@192.0.2.1:2022,gate
                  drscan:
                    zone: dmz
                    classification: secret
                    services: [registry]
                    expected_ports: [443, 22/tcp, 53/udp]
                    domains: [Office.Example.]
                    resolver: "[2001:db8::53]:5353"
                    backups:
                      - {name: n, tool: restic, max_age: 1d, last_restore_test: 2026-05-01, encrypted: true}
        """
    )
    assert one(path) == Asset(
        "reg",
        Connection(
            host="192.0.2.7",
            port=2222,
            user="audit",
            identity_files=("/etc/drscan/key",),
            password=SecretRef("env", "REG_PASSWORD"),
            proxy_jump=("hop@192.0.2.1:2022", "gate"),
            become=True,
            become_method="doas",
            ssh_legacy=True,
        ),
        groups=("db",),
        tags=("x",),
        owner="it",
        tier=1,
        zone="dmz",
        classification="secret",
        services=("registry",),
        expected_ports=(Port(443), Port(22), Port(53, "udp")),
        backups=(
            BackupDeclaration(
                "n",
                "restic",
                encrypted=True,
                max_age=timedelta(days=1),
                last_restore_test=date(2026, 5, 1),
            ),
        ),
        rto=timedelta(hours=4),
        rpo=timedelta(hours=36),
        scope=(Authorisation("192.0.2.0/24", "CISO, 12", date(2026, 12, 31), discover=True),),
        domains=("office.example",),
        resolver="[2001:db8::53]:5353",
    )


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ("", Connection(host="a")),
        ("ansible_connection: local", Connection("local", host="a")),
        ("ansible_connection: ansible.builtin.paramiko_ssh", Connection(host="a")),
        ("ansible_host: b, ansible_ssh_host: c", Connection(host="c")),
        ("ansible_host: '2001:db8::1'", Connection(host="2001:db8::1")),
        ("ansible_user: , ansible_port: '22'", Connection(host="a")),
        ("ansible_user: !unsafe x", Connection(host="a", user="x")),
        (
            "ansible_ssh_extra_args: -J b, ansible_ssh_common_args: -oProxyJump=c",
            Connection(host="a", proxy_jump=("c",)),
        ),
        ("ansible_ssh_common_args: -J none", Connection(host="a")),
        ("ansible_become: true, drscan: {become: false}", Connection(host="a")),
        ("ssh_legacy: true", Connection(host="a", ssh_legacy=True)),
        ("some_template: '{{ x }}', other: !vault y", Connection(host="a")),
    ],
)
def test_connection(write: Any, variables: str, expected: Connection) -> None:
    assert connection(write, variables) == expected


@pytest.mark.parametrize(
    ("variables", "warning"),
    [
        (
            "ansible_connection: winrm",
            "ansible_connection: 'winrm' is not supported; the asset is looked at over SSH",
        ),
        (
            "ansible_become: true, ansible_become_method: enable",
            "ansible_become_method: 'enable' is not supported",
        ),
        ("ansible_become_password: !vault x", "ansible_become_password is not used; drscan uses `sudo -n`"),
        ("ansible_become_password: '{{ x }}'", "ansible_become_password is not used; drscan uses `sudo -n`"),
        ("ansible_become_password: env:X", "ansible_become_password is not used; drscan uses `sudo -n`"),
        (
            "ansible_ssh_common_args: -o ProxyCommand='sshpass -p hunter2'",
            "ansible_ssh_common_args: `-o ProxyCommand` is not read; read are -J HOST and -o ProxyJump=HOST",
        ),
    ],
)
def test_what_is_not_honoured_is_said(write: Any, variables: str, warning: str) -> None:
    inventory = load([write(f"all: {{hosts: {{a: {{{variables}}}}}}}")], ssh_config=None)
    (found,) = map(str, inventory.warnings)
    assert f": {warning}" in found
    assert "hunter2" not in found
    assert not inventory.assets[0].connection.become


def test_a_secret_file_is_found_beside_the_inventory(write: Any, tmp_path: Path) -> None:
    password = connection(write, "ansible_password: file:secrets/a").password
    assert password == SecretRef("file", f"{tmp_path}/secrets/a")


def test_a_vault_encrypted_variables_file_is_passed_over(write: Any) -> None:
    path = write("web: {hosts: {a: }}")
    write("$ANSIBLE_VAULT;1.1;AES256\n3762\n", "group_vars/web/vault.yml")
    write('{\n\t"ansible_user": "x"\n}', "group_vars/web/plain.json")
    inventory = load([path], ssh_config=None)
    assert inventory.assets[0].connection.user == "x"
    assert ["vault.yml" in str(warning) for warning in inventory.warnings] == [True]


def test_loading_a_text_file_with_the_executable_bit_runs_nothing(write: Any) -> None:
    assert one(write("all: {hosts: {a: }}", "assets", 0o755)).name == "a"


def test_a_program_is_stopped_with_what_it_started(write: Any) -> None:
    problems = Problems()
    path = write("#!/bin/sh\nsleep 600 & sleep 600\n", "program", 0o755)
    script_source.read(path, Graph(problems), seconds=0.2)
    assert "takes longer than the time allowed" in str(problems.errors[0])


def test_select(write: Any) -> None:
    path = write(
        """\
        web:
          hosts:
            w1: {drscan: {tags: [x, y], zone: dmz}}
            w2: {drscan: {tags: [y], zone: lan}}
        db: {hosts: {d1: {drscan: {zone: lan}}}}
        """
    )
    inventory = load([path], ssh_config=None)

    def names(*arguments: Any) -> list[str]:
        return [asset.name for asset in select(inventory, *arguments)]

    assert names() == ["w1", "w2", "d1"]
    assert names("d1,w*") == ["w1", "w2", "d1"]
    assert names(None, ["x", "y"]) == ["w1", "w2"]
    assert names("web", ["y"], ["lan"]) == ["w2"]
    for arguments, error in [
        (("wbe",), "the pattern 'wbe' matches no host and no group"),
        (("all:!d9",), "the pattern 'd9' matches no host and no group"),
        (("web[7]",), "asks for more than the 2 hosts"),
        (("~(",), "no regular expression"),
        (("web:&db",), "the selection leaves no asset"),
        ((None, ["z"]), "no asset has the tag 'z'; allowed: x, y"),
        ((None, (), ["lna"]), "no asset has the zone 'lna'; did you mean 'lan'? allowed: dmz, lan"),
    ]:
        with pytest.raises(SelectionError) as caught:
            names(*arguments)
        assert error in str(caught.value)


def test_the_sample_office_is_an_inventory() -> None:
    inventory = load([Path(__file__).parents[2] / "inventory" / "assets.yaml"], ssh_config=None)
    assert inventory.assets
    assert not inventory.warnings
