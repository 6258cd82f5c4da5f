"""The root filesystems of the hosts, built once as overlay layers and kept in the cache."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from tests.fleet import namespaces
from tests.fleet.cache import FleetError, client_key, folder, layer

HERE = Path(__file__).parent
RECIPES = HERE / "recipes"

SECRET_PASSWORD = "correct horse battery staple"

_SYSTEMD = ("/lib/systemd/systemd",)
_EVERYBODY = ("root", "audit", "nosudo", "secret", "noisy", "dash", "bash")

# Runs name-and-text pairs of scripts in order, and says which one failed.
_RUN_IN_ORDER = """
while [ $# -gt 0 ]; do
    sh -e -c "$2" "$1" </dev/null || { echo "$1 failed"; exit 1; }
    shift 2
done
"""


@dataclass(frozen=True, slots=True)
class Image:
    """A root filesystem and how to start it.

    suite: the Debian release it is made of, None for busybox. users: the accounts, see users.sh; the first
    is the one that a scan logs in as. key: the kind of key that they log in with. all_packages: with those
    that recipes ask for.
    """

    name: str
    suite: str | None
    users: tuple[str, ...]
    init: tuple[str, ...] = _SYSTEMD
    key: Literal["ed25519", "rsa"] = "ed25519"
    all_packages: bool = False

    @property
    def systemd(self) -> bool:
        """True when systemd is process 1."""
        return self.init == _SYSTEMD


IMAGES = {
    image.name: image
    for image in (
        Image("hardened", "bookworm", ("audit",), all_packages=True),
        Image("weak", "bookworm", ("root", "audit"), all_packages=True),
        Image("plain", "bookworm", _EVERYBODY),
        Image("legacy", "bookworm", _EVERYBODY, key="rsa"),
        Image("old", "bullseye", _EVERYBODY),
        Image("busybox", None, ("root", "nosudo", "ash"), init=("/sbin/init",)),
    )
}


def layers(image: Image) -> list[Path]:
    """The image's layers, the topmost first; what is missing is built. Raises FleetError."""
    if image.suite is None:
        return [_busybox(image)]
    sources = _sources(image.suite)
    below = [_debian(image.suite, sources[0].split()[1])]
    lists = RECIPES / "packages"
    below.insert(0, _packages("ssh", image.suite, below, [lists / "fleet.txt"], sources))
    if image.all_packages:
        below.insert(0, _packages("packages", image.suite, below, sorted(lists.glob("*.txt")), sources))
    scripts = [HERE / "users.sh", *recipes(image.name, "image")]
    variables = {**_account_variables(image), "NAME": image.name}
    ingredients = f"{below[0].name} {variables} {_texts(scripts)}"
    build = partial(_run_scripts, below, scripts, variables)
    return [layer(image.name, ingredients, build), *below]


def recipes(name: str, stage: Literal["image", "boot"]) -> list[Path]:
    """The recipes of an image for one stage, in the order they run."""
    return sorted((RECIPES / name).glob(f"*.{stage}.sh"))


def script_arguments(scripts: Sequence[Path], variables: Mapping[str, str]) -> list[str]:
    """The arguments that run scripts one after the other, and name the first that fails."""
    environment = [f"{name}={value}" for name, value in variables.items()]
    return ["env", *environment, "sh", "-c", _RUN_IN_ORDER, "recipes", *_texts(scripts)]


def run_loudly(argv: Sequence[str], what: str, environment: Mapping[str, str] | None = None) -> None:
    """Run a command; raises FleetError with the end of its output when it fails."""
    done = subprocess.run(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        encoding="utf-8", errors="replace", env={**os.environ, **(environment or {})}, check=False,
    )  # fmt: skip
    if done.returncode:
        raise FleetError(f"{what}: exit status {done.returncode}\n{done.stdout[-6000:]}")


def _run_scripts(
    below: Sequence[Path], scripts: Sequence[Path], variables: Mapping[str, str], work: Path
) -> None:
    """Make a layer of what the scripts change; they have no network."""
    arguments = script_arguments(scripts, variables)
    run_loudly(namespaces.start(below, work, "image", arguments, network=True), f"building {work.name}")


def _debian(suite: str, mirror: str) -> Path:
    def build(work: Path) -> None:
        options = ["--variant=minbase", f"--cache-dir={folder(f'downloads/{suite}')}"]
        run_loudly(["debootstrap", *options, suite, str(work / "upper"), mirror], f"debootstrap of {suite}")

    return layer(f"debian-{suite}", suite, build)


def _packages(
    name: str, suite: str, below: Sequence[Path], lists: Sequence[Path], sources: Sequence[str]
) -> Path:
    """What installing the packages in `lists` adds to the layers below, with all updates there are."""
    packages = sorted({package for each in lists for package in each.read_text().split()})
    script = HERE / "packages.sh"
    variables = {"SOURCES": "\n".join(sources), "PACKAGES": " ".join(packages)}
    downloads = {"FLEET_BIND": f"{folder(f'downloads/{suite}')}:/var/cache/apt/archives"}

    def build(work: Path) -> None:
        arguments = script_arguments([script], variables)
        run_loudly(namespaces.start(below, work, "image", arguments), f"{name} for {suite}", downloads)

    return layer(f"{name}-{suite}", f"{below[0].name} {variables} {script.read_text()}", build)


def _sources(suite: str) -> list[str]:
    """Lines for sources.list: where this machine gets Debian from, with `suite` for its own release."""
    release = platform.freedesktop_os_release()["VERSION_CODENAME"]
    wanted = {release: suite}
    if suite == release:
        wanted |= {f"{release}-updates": f"{suite}-updates", f"{release}-security": f"{suite}-security"}
    form = ["--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages", "Component: main"]
    targets = subprocess.run(["apt-get", "indextargets", *form], capture_output=True, text=True, check=True)
    pairs = [line.split() for line in dict.fromkeys(targets.stdout.splitlines())]
    sources = [f"deb {uri} {wanted[name]} main" for name in wanted for uri, found in pairs if found == name]
    if not sources:
        raise FleetError(f"this machine's apt sources have no Debian {release}: hosts cannot be built")
    return sources


def _busybox(image: Image) -> Path:
    script = HERE / "busybox.sh"
    sources = [Path("/bin/busybox"), Path("/usr/sbin/sshd")]
    versions = [f"{path} {path.stat().st_mtime_ns}" for path in sources if path.exists()]

    def build(work: Path) -> None:
        command = ["sh", "-eu", str(script), str(work / "upper")]
        run_loudly(command, "busybox image", _account_variables(image))

    ingredients = f"{versions} {_account_variables(image)} {script.read_text()}"
    return layer(image.name, ingredients, build)


def _account_variables(image: Image) -> dict[str, str]:
    key = client_key(image.key).with_suffix(".pub").read_text().strip()
    return {"USERS": " ".join(image.users), "KEY": key, "PASSWORD": SECRET_PASSWORD}


def _texts(scripts: Sequence[Path]) -> list[str]:
    return [
        text for script in scripts for text in (f"{script.parent.name}/{script.name}", script.read_text())
    ]
