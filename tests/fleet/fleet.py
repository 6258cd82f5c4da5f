"""The hosts of a test run: started when a test first asks for them, ended with the run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from tests.fleet.cache import FleetError
from tests.fleet.host import Host
from tests.fleet.images import IMAGES

_TOOLS = ("debootstrap", "ip", "nsenter", "setpriv", "sshd", "ssh-keygen", "unshare")


class Fleet:
    """Makes hosts. A context manager: all of them end with it."""

    def __init__(self) -> None:
        """Raises FleetError when this machine cannot make hosts."""
        path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
        missing = [tool for tool in _TOOLS if not shutil.which(tool, path=path)]
        if os.geteuid() or missing or not Path("/bin/busybox").exists():
            raise FleetError("real hosts need root and Debian's tools: run script/test")
        os.environ["PATH"] = path
        self._shared: dict[str, Host] = {}
        self._fresh: list[Host] = []

    def host(self, name: str) -> Host:
        """The run's host of this image, see IMAGES. Tests share it, so they leave it as it was."""
        if name not in self._shared:
            self._shared[name] = Host(IMAGES[name])
        return self._shared[name]

    def fresh(self, name: str, ports: Iterable[int] = ()) -> Host:
        """A host of this image for one test, which may break it, with further TCP ports reachable."""
        host = Host(IMAGES[name], list(ports))
        self._fresh.append(host)
        return host

    def inventory(self, folder: Path, hosts: Iterable[Host], **variables: Any) -> Path:
        """Write an Ansible inventory of these hosts, with variables for all of them; return its path."""
        path = folder / "assets.yaml"
        entries = {host.name: host.inventory_entry() for host in hosts}
        path.write_text(yaml.safe_dump({"all": {"hosts": entries, "vars": variables}}, sort_keys=False))
        return path

    def known_hosts(self, folder: Path, hosts: Iterable[Host]) -> Path:
        """Write a known_hosts file with all keys of these hosts; return its path."""
        path = folder / "known_hosts"
        path.write_text("".join(f"{line}\n" for host in hosts for line in host.known_hosts()))
        return path

    def __enter__(self) -> Fleet:
        return self

    def __exit__(self, *_: object) -> None:
        for host in (*self._shared.values(), *self._fresh):
            host.close()
