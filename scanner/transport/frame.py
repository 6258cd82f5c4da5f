"""One script for all probes of an asset, and the way back from its two streams to outputs.

The script is fed to `sh` on standard input, so neither the login shell nor the length of a
command line matters. Every probe runs in a shell of its own, under its own time and byte limit.
Frames are told apart by a random mark, sent on both streams; whatever a login banner or a
.bashrc prints outside of them is ignored. Nothing is written on the target: no here-documents
(bash spools them to a file) and no temporary files.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scanner.facts.spec import Output, Probe
from scanner.model import Asset

STDERR_BYTES = 16 * 1024

# Given to every probe's shell. R keeps the stderr of a root command on the probe's own stderr
# (fd 7) even inside `2>/dev/null`, because that is where a refusal is recognised.
_PRELUDE = (
    'exec 7>&2; R() { case $DRSCAN_AS in "") "$@" 2>&7 ;; '
    "-) echo 'drscan: needs privilege' >&7; return 126 ;; "
    '*) "$DRSCAN_AS" -n "$@" 2>&7 ;; esac; }; '
    "S() { printf '\\036%s\\n' \"$1\"; }\n"
)

# Each probe is a process group of its own. When it ends, what is left of the group is killed, so that a
# forgotten background process cannot hold the pipe; when its time is up, all of it is. GNU timeout makes such
# a group and keeps the time; BusyBox has none like it, so there setsid and a watchdog beside the probe do it.
# Descriptors: 3 and 4 are the session's stderr and stdout, 6 is the pipe that bounds a probe's stderr.
_HEADER = """\
LC_ALL=C; export LC_ALL; unset LANGUAGE HISTFILE ENV BASH_ENV
PATH=$PATH:/usr/sbin:/sbin:/usr/local/sbin; export PATH
DRSCAN_AS=-
if [ "$(id -u)" = 0 ]; then DRSCAN_AS=
elif [ -n "$B" ] && command -v "$B" >/dev/null 2>&1; then DRSCAN_AS=$B; fi
export DRSCAN_AS
case $(timeout --version 2>&1) in *GNU*) K=1 G=- ;; *)
  K=; command -v setsid >/dev/null 2>&1 && Z=setsid G=- || Z= G= ;; esac
k() {
  if [ -n "$K" ]; then
    timeout -s KILL "$1" /bin/sh -c "$P$2" </dev/null 2>&6 3>&- 4>&- 6>&- & c=$!
  else
    $Z /bin/sh -c "$P$2" </dev/null 2>&6 3>&- 4>&- 6>&- & c=$!
    $Z /bin/sh -c "sleep $1 && kill -9 $G$c" >/dev/null 3>&- 4>&- 6>&- & w=$!
  fi
  wait $c; r=$?
  kill -9 $G$c
  [ -n "$K" ] || kill -9 $G$w
}
clock() { read -r T x </proc/uptime || T=0; }
p() {
  printf '\\n%s B %s\\n' "$M" "$1"; printf '\\n%s B %s\\n' "$M" "$1" >&2
  clock 2>/dev/null; a=$T
  { { k "$2" "$4" 2>/dev/null; printf '\\n%s R %s %s\\n' "$M" "$1" "$r" >&3; } | head -c "$3" >&4; } 6>&1 \\
    | head -c "$E" >&2
  clock 2>/dev/null
  printf '\\n%s E %s %s %s\\n' "$M" "$1" "$a" "$T"
}
exec 3>&2 4>&1
printf '\\n%s U %s\\n' "$M" "$(uname -s)"
"""

# Any complaint of sudo or doas counts as a refusal, known wording or not: to take one for an answer would
# let checks pass on what was never read. Only sudo's warning about its own host name runs the command.
_REFUSAL = re.compile(
    rb"^(?:(?:sudo|sudo-rs|doas): (?!unable to resolve host)|drscan: needs privilege"
    rb"|.*is not allowed to execute|.*may not run sudo|.*is not in the sudoers file)",
    re.MULTILINE,
)


def quote(text: str) -> str:
    """`text` as one single-quoted POSIX sh word."""
    return "'" + text.replace("'", "'\\''") + "'"


@dataclass(frozen=True, slots=True)
class Batch:
    """A script ready to be sent, and what is needed to read its answer."""

    script: bytes
    mark: bytes
    probes: tuple[Probe, ...]
    limits: tuple[tuple[float, int], ...]
    asks_root: frozenset[str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. complete: the script ran to its end; platform: lower-case `uname -s`."""

    outputs: Mapping[str, Output] = field(default_factory=dict)
    platform: str | None = None
    complete: bool = False


def render(probes: Sequence[Probe], asset: Asset, *, seconds: float, max_bytes: int) -> Batch:
    """One script that runs every probe of the asset in turn.

    seconds, max_bytes: limits for probes that set none of their own.
    """
    mark = "@" + secrets.token_hex(12)
    method = asset.connection.become_method if asset.connection.become else ""
    lines = [f"M={mark} B={method} E={STDERR_BYTES}", f"P={quote(_PRELUDE)}", _HEADER]
    limits: list[tuple[float, int]] = []
    asks_root: set[str] = set()
    for number, probe in enumerate(probes):
        text = probe.text(asset)
        limit = (probe.seconds or seconds, probe.max_bytes or max_bytes)
        lines.append(f"p {number} {limit[0]:g} {limit[1] + 1} {quote(text)}")
        if "R " in text:
            asks_root.add(probe.id)
        limits.append(limit)
    lines.append("printf '\\n%s Z\\n' \"$M\"; printf '\\n%s Z\\n' \"$M\" >&2\n")
    script = "\n".join(lines).encode()
    return Batch(script, mark.encode(), tuple(probes), tuple(limits), frozenset(asks_root))


def decode(batch: Batch, stdout: bytes, stderr: bytes) -> Answer:
    """The outputs that are whole in the two streams. Never raises: the streams are not trusted."""
    said: dict[bytes, list[bytes]] = {}
    exits: dict[bytes, bytes] = {}
    for kind, index, words, body in _frames(batch, stderr):
        # An exit status can overtake what was still in the pipe, so that stderr goes on after it.
        said.setdefault(index, []).append(body)
        if kind == b"R" and words:
            exits[index] = words[0]
    outputs: dict[str, Output] = {}
    pending: dict[bytes, bytes] = {}
    platform: str | None = None
    complete = False
    for kind, index, words, body in _frames(batch, stdout):
        if kind == b"B":
            pending[index] = body
        elif kind == b"E" and index in pending and index in exits:
            ending = [exits[index], *words]
            _add(outputs, batch, index, ending, pending.pop(index), b"".join(said[index]))
        elif kind == b"U":
            platform = index.decode("ascii", "replace").lower()[:32] or None
        elif kind == b"Z":
            complete = True
    return Answer(outputs, platform, complete)


def _frames(batch: Batch, stream: bytes) -> list[tuple[bytes, bytes, list[bytes], bytes]]:
    # The target knows the mark, too: what it sends beyond two frames a probe is not taken apart.
    most = 2 * len(batch.probes) + 4
    frames = []
    for chunk in stream.split(b"\n" + batch.mark + b" ", most)[1:]:
        head, _, body = chunk.partition(b"\n")
        words = head[:128].split()
        if words:
            frames.append((words[0], words[1] if len(words) > 1 else b"", words[2:], body))
    return frames


def _add(
    outputs: dict[str, Output], batch: Batch, index: bytes, words: list[bytes], out: bytes, err: bytes
) -> None:
    try:
        position = int(index)
        probe, (seconds, max_bytes) = batch.probes[position], batch.limits[position]
        code, began, ended = int(words[0]), float(words[1]), float(words[2])
    except (ValueError, IndexError):
        return
    took = max(0.0, ended - began)
    outputs[probe.id] = Output(
        stdout=out[:max_bytes],
        stderr=err[:STDERR_BYTES],
        exit=code,
        seconds=took,
        truncated=len(out) > max_bytes,
        timed_out=code in (124, 137, 143) and took >= seconds * 0.9,
        denied=probe.id in batch.asks_root and bool(_REFUSAL.search(err)),
    )
