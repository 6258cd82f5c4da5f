"""Answers for Ansible: run by Ansible's own interpreter, one JSON question a line on stdin.

{"paths": [...], "patterns": [...]} -> what `ansible-inventory --list` is made from, and the hosts
of each pattern; {"error": ...} when Ansible refuses the inventory.
"""

import json
import sys

from ansible import constants
from ansible.cli.inventory import INTERNAL_VARS
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.utils.display import Display
from ansible.vars.manager import VariableManager


def answer(paths, patterns):
    loader = DataLoader()
    inventory = InventoryManager(loader=loader, sources=paths)
    variables = VariableManager(loader=loader, inventory=inventory)
    hosts = {}
    for name, host in inventory.hosts.items():
        values = variables.get_vars(host=host, include_hostvars=False, stage="all")
        hosts[name] = {key: value for key, value in values.items() if key not in INTERNAL_VARS}
    return {
        "hosts": hosts,
        "groups": {
            name: {
                "hosts": [host.name for host in group.hosts],
                "children": [g.name for g in group.child_groups],
            }
            for name, group in inventory.groups.items()
        },
        "memberships": {name: host.get_magic_vars()["group_names"] for name, host in inventory.hosts.items()},
        "patterns": [sorted({host.name for host in inventory.get_hosts(pattern)}) for pattern in patterns],
    }


constants.INVENTORY_ANY_UNPARSED_IS_FAILED = True
Display.warning = Display.display = lambda *arguments, **options: None
for line in sys.stdin:
    question = json.loads(line)
    try:
        reply = answer(**question)
    except Exception as error:
        reply = {"error": str(error)}
    print(json.dumps(reply, default=str), flush=True)
