"""The folder that keeps built images, the packages they are made of, and the key that logs in to them."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from tests.fleet.keeper import remove_tree

_UNUSED_SECONDS = 24 * 3600


class FleetError(Exception):
    """A host or an image could not be made. The text says what failed and what to do."""


def folder(name: str = "") -> Path:
    """A folder in `DRSCAN_FLEET_CACHE` (default ~/.cache/drscan-fleet), which exists afterwards.

    Nobody else may enter the cache: it holds SUID programs that are weak on purpose.
    """
    top = Path(os.environ.get("DRSCAN_FLEET_CACHE", "~/.cache/drscan-fleet")).expanduser()
    top.mkdir(parents=True, exist_ok=True)
    top.chmod(0o700)
    path = top / name
    path.mkdir(exist_ok=True)
    return path


def client_key(kind: Literal["ed25519", "rsa"] = "ed25519") -> Path:
    """A private key, without passphrase, that the hosts' users accept. Made once; `.pub` lies beside it."""
    key = folder() / f"id_{kind}"
    with _lock(key.name):
        if not key.exists():
            keygen = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "fleet", "-f", str(key)]
            subprocess.run(keygen, check=True)
    return key


def layer(name: str, ingredients: str, build: Callable[[Path], None]) -> Path:
    """The folder that `build` made for these ingredients, built only when there is none yet.

    ingredients: everything that decides the content. build: gets a new folder and leaves the layer in its
    `upper`. Layers of this name with other ingredients go when nobody used them for a day.
    """
    path = folder() / f"{name}-{hashlib.sha256(ingredients.encode()).hexdigest()[:12]}"
    with _lock(name):
        if not path.exists():
            _remove_old(name)
            started = time.monotonic()
            work = Path(tempfile.mkdtemp(prefix=f"{name}.part-", dir=folder()))
            build(work)
            subprocess.run(["sync", "--file-system", str(work)], check=True)
            (work / "upper").rename(path)
            remove_tree(work)
            print(f"fleet: built {name} in {time.monotonic() - started:.0f} s")
        _used(path).touch()
    return path


def run_folder(hostname: str) -> tuple[Path, int]:
    """A new folder for one host to live in, and a file descriptor that holds its lock.

    Whoever keeps the descriptor open keeps the folder; folders that nobody keeps, left by a run that was
    killed, are removed here.
    """
    with _lock("run"):
        for left in folder("run").iterdir():
            descriptor = os.open(left, os.O_RDONLY)
            if _try_lock(descriptor):
                remove_tree(left)
            os.close(descriptor)
        path = Path(tempfile.mkdtemp(prefix=f"{hostname}-", dir=folder("run")))
        descriptor = os.open(path, os.O_RDONLY)
        _try_lock(descriptor)
    return path, descriptor


def _remove_old(name: str) -> None:
    # The name's lock is held, so a part of it can only be what a killed build left.
    for part in folder().glob(f"{name}.part-*"):
        remove_tree(part)
    for path in folder().glob(f"{name}-{'[0-9a-f]' * 12}"):
        if not _used(path).exists() or time.time() - _used(path).stat().st_mtime > _UNUSED_SECONDS:
            remove_tree(path)
            _used(path).unlink(missing_ok=True)


def _used(path: Path) -> Path:
    return path.with_name(f"{path.name}.used")


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _lock(name: str) -> Iterator[None]:
    with (folder("locks") / name).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
