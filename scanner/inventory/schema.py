"""JSON Schema of an assets file, for editors that complete and check YAML."""

from __future__ import annotations

from typing import Any

from scanner.inventory import connection, secrets
from scanner.inventory.declaration import Declaration

_TEXT = {"type": "string"}
_PORT = {"type": "integer", "minimum": 1, "maximum": 65_535}
_YES_NO = {"type": "boolean"}
_SECRET = {"type": "string", "pattern": "^(env|file|keyring):.", "description": secrets.ALLOWED}


def json_schema() -> dict[str, Any]:
    """A JSON Schema (draft 2020-12). Variables that drscan does not read are left free, as in Ansible."""
    declaration = Declaration.model_json_schema()
    definitions = declaration.pop("$defs")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "drscan inventory: Ansible's YAML layout with a `drscan:` key",
        "type": "object",
        "additionalProperties": {"$ref": "#/$defs/group"},
        "$defs": {
            **definitions,
            "declaration": {**declaration, "type": ["object", "null"]},
            "variables": {"type": ["object", "null"], "properties": _variables()},
            "group": {
                "type": ["object", "null"],
                "properties": {
                    "hosts": _named("variables"),
                    "children": _named("group"),
                    "vars": {"$ref": "#/$defs/variables"},
                },
                "additionalProperties": False,
            },
        },
    }


def _named(definition: str) -> dict[str, Any]:
    return {"type": ["object", "string", "null"], "additionalProperties": {"$ref": f"#/$defs/{definition}"}}


def _variables() -> dict[str, Any]:
    return {
        "drscan": {"$ref": "#/$defs/declaration"},
        "ssh_legacy": _YES_NO,
        **dict.fromkeys(connection.HOST + connection.USER + connection.KEY_FILE, _TEXT),
        **dict.fromkeys(connection.PORT, _PORT),
        **dict.fromkeys(connection.PASSWORD + connection.BECOME_PASSWORD, _SECRET),
        **dict.fromkeys(connection.SSH_ARGUMENTS, _TEXT),
        "ansible_connection": {"enum": list(connection.TRANSPORTS)},
        "ansible_become": _YES_NO,
        "ansible_become_method": {"enum": list(connection.METHODS)},
        "ansible_become_user": {"const": "root"},
    }
