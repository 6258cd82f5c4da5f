"""The framed script on real shells, and the way back from hostile streams."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.facts.spec import Output, Probe
from scanner.model import Asset, Connection
from scanner.transport.frame import STDERR_BYTES, Answer, Batch, decode, quote, render

ASSET = Asset("here", Connection("local"))


@pytest.fixture(params=["dash", "bash", "busybox"])
def shell(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """A command that runs a script from standard input; busybox has nothing but itself in PATH."""
    if request.param != "busybox":
        yield [shutil.which(request.param) or request.param]
        return
    busybox = shutil.which("busybox") or "busybox"
    # Not tmp_path: other users have to get in.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        for applet in subprocess.run([busybox, "--list"], capture_output=True, text=True).stdout.split():
            (Path(folder) / applet).symlink_to(busybox)
        yield ["env", "-i", f"PATH={folder}", busybox, "sh"]


def run(shell: list[str], *probes: Probe, seconds: float = 20, noise: bytes = b"") -> dict[str, Output]:
    batch = render(probes, ASSET, seconds=seconds, max_bytes=1000)
    done = subprocess.run(shell, input=batch.script, capture_output=True, timeout=30)
    answer = decode(batch, noise + done.stdout + noise, noise + done.stderr)
    assert answer.complete
    assert answer.platform == "linux"
    return dict(answer.outputs)


def test_streams_and_exit_status_are_kept_apart(shell: list[str]) -> None:
    output = run(shell, Probe("a", "echo out; echo err >&2; exit 3"))["a"]
    assert (output.stdout, output.stderr, output.exit) == (b"out\n", b"err\n", 3)


def test_bytes_come_through_as_they_are(shell: list[str]) -> None:
    output = run(shell, Probe("a", "printf 'no newline\\377\\000\\n\\nx'"), noise=b"\xff\x00Welcome!\n")["a"]
    assert output.stdout == b"no newline\xff\x00\n\nx"


def test_a_flood_is_cut_off_and_marked(shell: list[str]) -> None:
    outputs = run(shell, Probe("out", "yes"), Probe("err", "yes >&2"), Probe("next", "echo ok"))
    assert outputs["out"].truncated and len(outputs["out"].stdout) == 1000
    assert len(outputs["err"].stderr) == STDERR_BYTES
    assert outputs["next"].stdout == b"ok\n"


def test_a_probe_that_hangs_is_ended_with_its_children(shell: list[str]) -> None:
    outputs = run(shell, Probe("hang", "sleep 99; echo no", seconds=0.5), Probe("next", "echo ok"))
    assert outputs["hang"].timed_out and outputs["hang"].stdout == b""
    assert not outputs["next"].timed_out


def test_a_forgotten_background_process_does_not_hold_the_batch(shell: list[str]) -> None:
    assert run(shell, Probe("a", "( sleep 99 ) & echo now"))["a"].stdout == b"now\n"


def test_a_syntax_error_costs_only_its_own_probe(shell: list[str]) -> None:
    outputs = run(shell, Probe("bad", "if then ' fi"), Probe("good", 'echo "it\'s"'))
    assert outputs["bad"].exit != 0
    assert outputs["good"].stdout == b"it's\n"


def test_sections(shell: list[str]) -> None:
    output = run(shell, Probe("a", "echo head; S one; echo 1; S two; printf 2"))["a"]
    assert output.sections() == {"": "head", "one": "1", "two": "2"}


def test_root_is_refused_where_the_inventory_does_not_allow_it(shell: list[str]) -> None:
    batch = render(
        [Probe("a", "R id 2>/dev/null; echo rest"), Probe("b", "id")], ASSET, seconds=9, max_bytes=99
    )
    done = subprocess.run(
        ["setpriv", "--reuid=65534", "--clear-groups", *shell], input=batch.script, capture_output=True
    )
    outputs = decode(batch, done.stdout, done.stderr).outputs
    assert outputs["a"].denied and outputs["a"].stdout == b"rest\n"
    assert not outputs["b"].denied


def test_quoting_survives_a_shell() -> None:
    text = "a'b\"c$d`e\\f\ng!"
    done = subprocess.run(["sh", "-c", f"printf %s {quote(text)}"], capture_output=True, text=True)
    assert done.stdout == text


BATCH = Batch(b"", b"@mark", (Probe("a", "x"), Probe("b", "y")), ((20, 10), (20, 10)), frozenset())


def test_a_system_that_names_no_platform_has_none() -> None:
    assert decode(BATCH, b"\n@mark U \n", b"").platform is None


def test_what_follows_an_exit_status_is_still_stderr() -> None:
    answer = decode(
        BATCH, b"\n@mark B 0\n\n@mark E 0 1 1\n", b"\n@mark B 0\none\n@mark R 0 3\ntwo\n@mark Z\n"
    )
    assert (answer.outputs["a"].stderr, answer.outputs["a"].exit) == (b"onetwo", 3)


def test_a_cut_stream_gives_what_is_whole() -> None:
    whole = b"\n@mark B 0\nhi\n@mark E 0 1.0 1.5\n"
    answer = decode(BATCH, whole + b"\n@mark B 1\ncut", b"\n@mark B 0\n\n@mark R 0 0\n")
    assert list(answer.outputs) == ["a"] and answer.outputs["a"].seconds == 0.5
    assert not answer.complete


pieces = st.one_of(
    st.binary(max_size=20),
    st.sampled_from(
        [
            b"\n@mark ",
            b"B 0\n",
            b"R 0 0\n",
            b"R 0 x\n",
            b"E 0 1 2\n",
            b"E 9\n",
            b"U \xff\n",
            b"Z\n",
            b"E 0 nan inf\n",
        ]
    ),
)


@given(st.lists(pieces).map(b"".join), st.lists(pieces).map(b"".join))
def test_no_stream_can_break_the_decoder(stdout: bytes, stderr: bytes) -> None:
    answer = decode(BATCH, stdout, stderr)
    assert isinstance(answer, Answer)
    assert all(len(output.stdout) <= 10 for output in answer.outputs.values())


def test_a_flood_of_frames_is_not_taken_apart() -> None:
    flood = b"\n@mark R 0 0\n" * 200_000
    assert decode(BATCH, flood, flood).outputs == {}


@pytest.mark.parametrize(
    ("complaint", "denied"),
    [
        (b"sudo: some wording of a later version\n", True),
        (b"doas: whatever\n", True),
        (b"Sorry, user a is not allowed to execute 'cat' as root on b.\n", True),
        (b"sudo: unable to resolve host b: Name or service not known\n", False),
        (b"cat: /etc/x: No such file or directory\n", False),
    ],
)
def test_any_complaint_of_sudo_is_a_refusal(complaint: bytes, denied: bool) -> None:
    batch = Batch(b"", b"@mark", (Probe("a", "R x"),), ((20, 10),), frozenset({"a"}))
    answer = decode(
        batch, b"\n@mark B 0\n\n@mark E 0 1 1\n", b"\n@mark B 0\n" + complaint + b"\n@mark R 0 1\n"
    )
    assert answer.outputs["a"].denied is denied
