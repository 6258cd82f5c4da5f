"""Every mistake is one line: file:line:column, what is wrong, what is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scanner.inventory.load import InventoryError, load


def errors(*paths: Path) -> list[str]:
    """The problems as text, without the folder they are in."""
    with pytest.raises(InventoryError) as caught:
        load(paths, ssh_config=None)
    return [str(problem).replace(f"{paths[0].parent}/", "") for problem in caught.value.problems]


def test_all_mistakes_of_all_files_come_at_once(write: Any) -> None:
    one = write("all:\n  hosts:\n    a: {drscan: {tier: 9}}\n", "one.yml")
    two = write("all:\n  hosts:\n    b: {ansible_port: 0}\n    c: {drscan: {ownr: x}}\n", "two.yml")
    keys = "owner, tier, zone, classification, services, tags, expected_ports, backups, rto, rpo, "
    keys += "scope, domains, resolver, ssh_legacy, become"
    assert errors(one, two) == [
        "one.yml:3:24: drscan.tier is not valid; allowed: 1 (most critical) to 4",
        "two.yml:3:23: ansible_port: '0' is no port; a number from 1 to 65535",
        f"two.yml:4:18: unknown key 'ownr' under `drscan`; did you mean 'owner'? allowed: {keys}",
    ]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "1:1: an inventory must be a mapping of group names"),
        ("- a\n", "1:1: an inventory must be a mapping of group names"),
        ("all: {hosts: {a: , a: }}", "1:20: the key 'a' is given twice; first given in line 1"),
        ("all:\n  hosts: [a]\n", "2:10: 'hosts' of the group 'all' must be a mapping"),
        ("all:\n  host: {a: }\n", "2:3: unknown key 'host' in the group 'all'; did you mean 'hosts'?"),
        ("hosts:\n  a:\n", "1:1: 'hosts' at the top level is no group; put it under `all:`"),
        ("all: {hosts: {10: }}", "1:15: the host name 10 is not text; put it in quotes"),
        ("2024: {hosts: {a: }}", "1:1: the group name 2024 is not text; put it in quotes"),
        ('all: {hosts: {"a\\e": }}', "1:15: the host name 'a\\x1b' cannot be used"),
        ('"w\\nb": {hosts: {a: }}', "1:1: the group name 'w\\nb' cannot be used"),
        (
            "all: {hosts: {'w[1:99999999]': }}",
            "1:15: the host 'w[1:99999999]': the range makes 99999999 hosts",
        ),
        (
            "all: {hosts: {'w[3:1]': }}",
            "1:15: the host 'w[3:1]': [3:1] is empty: its end comes before its start",
        ),
        (
            "all: {hosts: {'w[01:5]': }}",
            "1:15: the host 'w[01:5]': [01:5]: both ends need the same number of digits",
        ),
        ("all: {hosts: {'w[1:5': }}", "1:15: the host 'w[1:5': a range bracket is not closed"),
        (
            "all: {hosts: {'w:70000': }}",
            "1:15: the host 'w:70000': the port 70000 is not between 1 and 65535",
        ),
        ("a: {children: {b: {children: {a: }}}}", "1:16: the group 'b' cannot be inside 'a'"),
        ("a: {vars: {ansible_group_priority: x}}", "1:36: ansible_group_priority is not a whole number"),
        ("a: {hosts: {b: 5}}", "1:16: the variables of 'b' must be a mapping"),
        ("all: {hosts: {a: {when: 2026-13-45}}}", "1:25: looks like a timestamp and is none"),
        ("all:\n  hosts: {\n", "3:1: not well-formed YAML: "),
        ("all: &x {vars: {y: *x}}", "1:6: an alias inside its own anchor never ends"),
        ("all: \x07", "1:6: the character U+0007 is not allowed in YAML"),
        ("plugin: amazon.aws.aws_ec2\n", "1:1: this configures an Ansible inventory plugin"),
        ('{"_meta": {}, "web": {"hosts": ["a"]}}', "1:2: this is the JSON of `ansible-inventory --list`"),
        (
            "# our hosts\n[web]\nhost1\n",
            "1:1: looks like an INI inventory, INI inventories are not read; convert it",
        ),
        ("host1 ansible_host=192.0.2.1\n", "1:1: looks like an INI inventory"),
        ("$ANSIBLE_VAULT;1.1;AES256\n6162\n", "1:1: encrypted with Ansible Vault"),
        ("all: {hosts: {a: {drscan: 5}}}", "1:27: `drscan` must be a mapping"),
        ("all: {hosts: {-oProxyCommand=x: }}", "1:15: the host name '-oProxyCommand=x' is no address"),
        ("x: {vars: {drscan: {tier: 0}}}", "1:27: drscan.tier is not valid"),
    ],
)
def test_structure(write: Any, text: str, error: str) -> None:
    assert errors(write(text, "f"))[0].startswith(f"f:{error}")


@pytest.mark.parametrize(
    ("declared", "error"),
    [
        ("rto: 4", "drscan.rto: 4 is not a duration; allowed: a number and a unit"),
        ("rpo: 4 hours", "drscan.rpo: '4 hours' is not a duration"),
        ("tier: true", "drscan.tier is not valid"),
        ("expected_ports: [https]", "drscan.expected_ports.1: 'https' is no port; allowed: a list of ports"),
        ("expected_ports: [53/sctp]", "drscan.expected_ports.1: 'sctp' is no protocol"),
        ("tags: web", "drscan.tags is not valid; allowed: a list of words to select it by"),
        ("owner: '{{ team }}'", "drscan.owner: a template, and drscan has no Jinja"),
        ('zone: "d\\tz"', "drscan.zone: empty, or has characters that do not print"),
        ("owner: !vault x", "drscan.owner has a !vault value; vault values are not read"),
        ("backups: [{tool: restic}]", "drscan.backups.1.name is missing; allowed: a name for the backup"),
        (
            "backups: [{name: n, tool: t, maxage: 1d}]",
            "unknown key 'maxage' under `drscan`; did you mean 'max_age'?",
        ),
        (
            "backups: [{name: n, tool: t, location: moon}]",
            "drscan.backups.1.location is not valid; allowed: onsite",
        ),
        (
            "scope: [{network: 10.0.0.5/8, authorised_by: c, until: 2026-12-31}]",
            "drscan.scope.1.network: 10.0.0.5/8 has host bits set; allowed: an address or a network",
        ),
        (
            "scope: [{network: 0.0.0.0/0, authorised_by: c, until: 2026-12-31}]",
            "drscan.scope.1.network: 0.0.0.0/0 is too large to be yours: give your own networks, /8 or",
        ),
        (
            "scope: [{network: '2000::/3', authorised_by: c, until: 2026-12-31}]",
            "drscan.scope.1.network: 2000::/3 is too large to be yours",
        ),
        (
            "scope: [{network: 10.0.0.0/8, authorised_by: c, until: 2026-12-31, discover: true}]",
            "drscan.scope.1: 10.0.0.0/8 is too large to be searched: with `discover`, /16 or smaller",
        ),
        ("scope: [{network: 10.0.0.0/8, until: 2026-12-31}]", "drscan.scope.1.authorised_by is missing"),
        (
            "scope: [{network: 10.0.0.0/8, authorised_by: c}]",
            "drscan.scope.1.until is missing; allowed: the last",
        ),
        (
            "scope: [{network: localhost, authorised_by: c, until: 2026-12-31}]",
            "drscan.scope.1.network: 'localhost'",
        ),
        ("domains: [office]", "drscan.domains.1: 'office' is no domain; allowed: a list of DNS names"),
        ("domains: ['a b.example']", "drscan.domains.1: 'a b.example' is no domain"),
        ("resolver: dns.example", "drscan.resolver: 'dns.example' is no IP address; allowed: an IP address"),
        ("resolver: '192.0.2.53:0'", "drscan.resolver: 0 is no port"),
    ],
)
def test_declaration(write: Any, declared: str, error: str) -> None:
    found = errors(write(f"all: {{hosts: {{a: {{drscan: {{{declared}}}}}}}}}", "f"))
    assert len(found) == 1
    assert found[0].split(": ", 1)[1].startswith(error)


@pytest.mark.parametrize(
    ("variables", "error"),
    [
        ("ansible_host: '{{ ip }}'", "ansible_host is a template; drscan has no Jinja: give the value"),
        ("ansible_host: -oProxyCommand=x", "ansible_host: '-oProxyCommand=x' is no address"),
        ("ansible_user: !vault x", "ansible_user has a !vault value; vault values are not read"),
        ("ansible_connection: sssh", "ansible_connection: 'sssh' is not supported; did you mean 'ssh'?"),
        ("ansible_become: maybe", "ansible_become is not a yes or no"),
        (
            "ansible_become: yes, ansible_become_user: oracle",
            "ansible_become_user: 'oracle' is refused; allowed: root",
        ),
        ("ansible_ssh_common_args: '-J a;b'", "ansible_ssh_common_args: 'a;b' is no ProxyJump"),
        (
            "ansible_password: !vault x",
            "ansible_password has a !vault value, vault values are not read; allowed: env:",
        ),
    ],
)
def test_connection(write: Any, variables: str, error: str) -> None:
    found = errors(write(f"all: {{hosts: {{a: {{{variables}}}}}}}", "f"))
    assert len(found) == 1
    assert found[0].split(": ", 1)[1].startswith(error)


@pytest.mark.parametrize("name", ["ansible_password", "ansible_ssh_pass", "ansible_become_password"])
@pytest.mark.parametrize("literal", ["hunter2", "'123456'", "env:not a name", "[hunter2]", "123456"])
def test_a_literal_secret_is_refused_and_not_shown(write: Any, name: str, literal: str) -> None:
    (found,) = errors(write(f"all: {{hosts: {{a: {{{name}: {literal}}}}}}}", "f"))
    assert "is a literal" in found
    assert "env:NAME, file:PATH or keyring:SERVICE/USER" in found
    assert not any(part in found for part in ("hunter2", "123456", "not a name"))


def test_files_that_cannot_be_read(write: Any, tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"all:\n  hosts: \xff\n")
    (tmp_path / "nothing").mkdir()
    assert errors(binary, tmp_path / "nothing", tmp_path / "gone", write("[a]\n", "hosts.ini")) == [
        "binary:2:10: is not UTF-8 text; save the file as UTF-8",
        "nothing:1:1: the folder holds no inventory file",
        "gone:1:1: there is no such file; give an inventory file, folder or program",
        "hosts.ini:1:1: INI inventories are not read; "
        "convert it: ansible-inventory -i FILE --list --yaml > assets.yaml",
    ]


def test_a_mistake_in_a_variables_file_is_found_there(write: Any) -> None:
    assets = write("web: {hosts: {a: , b: }}\n", "assets.yml")
    write("drscan:\n  tier: 9\n", "group_vars/web.yml")
    write("- 1\n", "host_vars/b.yml")
    assert errors(assets) == [
        "group_vars/web.yml:2:9: drscan.tier is not valid; allowed: 1 (most critical) to 4",
        "host_vars/b.yml:1:1: a variables file must be a mapping of names to values",
    ]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("exit 3", "--list: ended with status 3"),
        ("echo no >&2; echo broken >&2; exit 1", "--list: ended with status 1: broken"),
        ("echo hello", "--list does not print JSON; it must print JSON as `ansible-inventory --list` does"),
        ("echo '[]'", "--list prints no JSON object"),
        ("head -c 17000000 /dev/zero", "--list: prints more than 16 MiB"),
        ('echo \'{"a": {"hosts": "x"}}\'', "`hosts` of the group 'a' is no list of names"),
        ('echo \'{"a": {"hosts": [1]}}\'', "`hosts` of the group 'a' is no list of names"),
        ('[ $1 = --list ] && echo \'{"a": ["x"]}\' || exit 2', "--host: ended with status 2"),
    ],
)
def test_a_program_that_fails(write: Any, body: str, error: str) -> None:
    assert errors(write(f"#!/bin/sh\n{body}\n", "program", 0o755))[0].startswith(f"program:1:1: {error}")
