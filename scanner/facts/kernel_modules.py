"""Which of the seldom-used kernel modules this asset could load."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scanner.facts.spec import Absent, Output, Probe, fact

FILESYSTEMS = ("cramfs", "freevxfs", "hfs", "hfsplus", "jffs2")
PROTOCOLS = ("dccp", "rds", "sctp", "tipc")
REMOVABLE = ("usb_storage", "firewire_core")
WATCHED = FILESYSTEMS + PROTOCOLS + REMOVABLE


@dataclass(frozen=True, slots=True)
class ModuleRule:
    """An `install` or `blacklist` line of modprobe.d(5). command is empty for blacklist."""

    kind: str
    module: str
    command: str
    file: str
    line: int

    @property
    def blocks(self) -> bool:
        """True when the kernel cannot load the module by itself: blacklisted, or replaced by nothing."""
        return self.kind == "blacklist" or self.command.split(" ")[0].rpartition("/")[2] in ("true", "false")


@dataclass(frozen=True, slots=True)
class KernelModules:
    """loaded: every loaded module. rules: those of modprobe.d.

    available: the WATCHED modules that exist for the running kernel, loadable or built in;
    None when the kernel's module index is not on the disk. Names are written with `_`, as the kernel does.
    """

    loaded: frozenset[str]
    rules: tuple[ModuleRule, ...]
    available: frozenset[str] | None

    def blocked_by(self, module: str) -> ModuleRule | None:
        """The rule that keeps the module out, or None."""
        return next((r for r in self.rules if r.module == module and r.blocks), None)


_NAMES = "|".join(name.replace("_", "[-_]") for name in WATCHED)

KERNEL_MODULES = Probe(
    "kernel-modules",
    f"""
[ -e /proc/modules ] && cut -d' ' -f1 /proc/modules
S rules
grep -nsE '^[[:space:]]*(install|blacklist)[[:space:]]' /etc/modprobe.d/*.conf /run/modprobe.d/*.conf \
/usr/lib/modprobe.d/*.conf /lib/modprobe.d/*.conf /dev/null
d=/lib/modules/$(uname -r)
if [ -r "$d/modules.dep" ]; then
S available
grep -hsoE '/({_NAMES})\\.ko' "$d/modules.dep" "$d/modules.builtin"
fi
true
""",
)


@fact(KERNEL_MODULES)
def kernel_modules(output: Output) -> KernelModules:
    """Absent where the kernel cannot load modules at all."""
    sections = output.sections()
    loaded = frozenset(sections.get("", "").split())
    available = None
    if "available" in sections:
        names = re.findall(r"/([a-z0-9_-]{1,60})\.ko", sections["available"])
        available = frozenset(name.replace("-", "_") for name in names)
    elif not loaded:
        raise Absent("this kernel loads no modules")
    return KernelModules(loaded, tuple(_rules(sections.get("rules", ""))), available)


def _rules(text: str) -> list[ModuleRule]:
    rules = []
    for row in text.split("\n"):
        file, _, rest = row.partition(":")
        number, _, content = rest.partition(":")
        words = content.split(None, 2)
        if len(words) >= 2 and number.isascii() and number.isdigit() and len(number) < 10:
            command = words[2].strip() if len(words) > 2 else ""
            rules.append(ModuleRule(words[0], words[1].replace("-", "_"), command, file, int(number)))
    return rules
