"""The real hosts themselves: they boot, take logins, show what changed in them, and leave nothing behind."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from base64 import b64decode
from pathlib import Path

import paramiko
import pytest

from tests.fleet import faults
from tests.fleet.cache import FleetError
from tests.fleet.fleet import Fleet
from tests.fleet.host import Host
from tests.fleet.images import script_arguments
from tests.fleet.sshd import Sshd

_LEGACY = (
    "-oHostKeyAlgorithms=ssh-rsa",
    "-oPubkeyAcceptedAlgorithms=ssh-rsa",
    "-oKexAlgorithms=diffie-hellman-group14-sha1",
    "-oMACs=hmac-sha1",
)


class Client:
    """The OpenSSH client, strict about the keys of the hosts that it has been told of."""

    def __init__(self, folder: Path) -> None:
        self._known_hosts = folder / "known_hosts"

    def __call__(
        self, host: Host | Sshd, user: str, command: str, *options: str
    ) -> subprocess.CompletedProcess[bytes]:
        lines = host.known_hosts()
        self._known_hosts.write_text("\n".join(lines) + "\n")
        strict = [
            "-oBatchMode=yes",
            "-oStrictHostKeyChecking=yes",
            f"-oUserKnownHostsFile={self._known_hosts}",
        ]
        key = ["-oIdentitiesOnly=yes", "-oIdentityAgent=none", "-i", str(host.identity)]
        address = ["-p", str(host.port), f"{user}@{host.address}", command]
        return subprocess.run(
            ["ssh", "-F", "none", *strict, *key, *options, *address],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False,
        )  # fmt: skip


@pytest.fixture
def ssh(tmp_path: Path) -> Client:
    return Client(tmp_path)


@pytest.mark.parametrize("name", ["plain", "legacy", "old", "busybox"])
def test_every_user_logs_in_with_the_key(fleet: Fleet, ssh: Client, name: str) -> None:
    host = fleet.host(name)
    options = _LEGACY if name == "legacy" else ()
    for user in set(host.image.users) - {"secret"}:
        login = ssh(host, user, "id -un", *options)
        assert login.stdout.endswith(f"{user}\n".encode()), (user, login)


@pytest.mark.parametrize("name", ["hardened", "weak"])
def test_recipes_leave_the_scanning_user_in(fleet: Fleet, ssh: Client, name: str) -> None:
    host = fleet.host(name)
    assert ssh(host, host.image.users[0], "hostname").stdout == f"{name}\n".encode()


@pytest.mark.parametrize("name", ["plain", "legacy", "old"])
def test_systemd_has_no_failed_unit(fleet: Fleet, name: str) -> None:
    assert fleet.host(name).run(["systemctl", "--failed", "--plain", "--no-legend"]).stdout == ""


def test_paramiko_logs_in_with_the_password(fleet: Fleet) -> None:
    host = fleet.host("plain")
    with paramiko.SSHClient() as client:
        for line in host.known_hosts():
            address, kind, key = line.split()
            client.get_host_keys().add(address, kind, paramiko.PKey.from_type_string(kind, b64decode(key)))
        client.connect(
            host.address, host.port, "secret", host.password, look_for_keys=False, allow_agent=False
        )
        assert client.exec_command("id -un")[1].read() == b"secret\n"


def test_sudo_is_as_granted(fleet: Fleet, ssh: Client) -> None:
    host = fleet.fresh("plain")
    assert ssh(host, "audit", "sudo -n id -u").stdout == b"0\n"
    assert b"password is required" in ssh(host, "nosudo", "sudo -n id -u").stderr
    host.grant("audit ALL=(root) NOPASSWD: /usr/bin/id -g\n")
    assert ssh(host, "audit", "sudo -n id -g").stdout == b"0\n"
    assert b"password is required" in ssh(host, "audit", "sudo -n id -u").stderr


def test_noisy_shell_precedes_output_with_bytes_that_are_no_text(fleet: Fleet, ssh: Client) -> None:
    login = ssh(fleet.host("plain"), "noisy", "true")
    assert login.stdout.count(b"\n") + login.stderr.count(b"\n") == 200
    with pytest.raises(UnicodeDecodeError):
        login.stdout.decode()


def test_busybox_has_no_other_tools(fleet: Fleet, ssh: Client) -> None:
    found = ssh(fleet.host("busybox"), "ash", "readlink /bin/ls; command -v bash gawk sudo systemctl")
    assert found.stdout == b"/bin/busybox\n"


def test_legacy_refuses_a_client_of_today(fleet: Fleet, ssh: Client) -> None:
    assert b"no matching" in ssh(fleet.host("legacy"), "root", "true").stderr


def test_old_release_has_an_older_sshd(fleet: Fleet, ssh: Client) -> None:
    host = fleet.host("old")
    assert "VERSION_CODENAME=bullseye" in host.run("cat /etc/os-release").stdout
    assert b"remote software version OpenSSH_8.4" in ssh(host, "root", "true", "-v").stderr


def test_listing_shows_a_change_and_no_login(fleet: Fleet, ssh: Client) -> None:
    host = fleet.fresh("plain")
    before = host.listing()
    ssh(host, "audit", "sudo -n true")
    assert host.listing() == before
    host.run(
        's=$(stat -c %y /etc/passwd); sed -i s/root/toor/ /etc/passwd; touch -d "$s" /etc/passwd; mkdir /new'
    )
    after = host.listing()
    assert {path for path in before | after if before.get(path) != after.get(path)} == {
        "/etc",
        "/etc/passwd",
        "/new",
    }


def test_stopped_sshd_accepts_and_says_nothing(fleet: Fleet, ssh: Client) -> None:
    host = fleet.fresh("plain")
    host.stop_sshd()
    assert b"timed out" in ssh(host, "root", "true", "-oConnectTimeout=1").stderr
    host.cont_sshd()
    assert ssh(host, "root", "echo back").stdout == b"back\n"


def test_hosts_cannot_touch_the_machine(fleet: Fleet, ssh: Client) -> None:
    host = fleet.host("plain")
    set_clock = "date --set=@$(date +%s)"
    assert host.run(set_clock, check=False).returncode
    assert ssh(host, "root", set_clock).returncode
    assert host.run("echo 1 >/proc/sys/kernel/panic", check=False).returncode
    assert host.run("echo 1 >/proc/sys/net/ipv4/ip_forward; ls /sys/class/net").stdout == "lo\n"


def test_further_ports_are_relayed_to_the_end_of_each_direction(fleet: Fleet) -> None:
    host = fleet.fresh("busybox", ports=[7000])
    host.run("nc -ll -p 7000 -e sh -c 'cat; head -c 8000000 /dev/zero' >/dev/null 2>&1 &")
    host.run("until nc 127.0.0.1 7000 </dev/null >/dev/null; do :; done")
    with socket.create_connection((host.address, 7000), timeout=30) as connection:
        connection.sendall(b"sent")
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as stream:
            assert stream.read() == b"sent" + bytes(8_000_000)


def test_failing_recipe_is_named_with_its_output(fleet: Fleet, tmp_path: Path) -> None:
    good, bad = tmp_path / "10-good.boot.sh", tmp_path / "20-bad.boot.sh"
    good.write_text("echo fine")
    bad.write_text("echo reason >&2; false; echo never")
    with pytest.raises(FleetError) as error:
        fleet.host("plain").run(script_arguments([good, bad, good], {}))
    assert "20-bad.boot.sh failed" in str(error.value)
    assert "reason" in str(error.value)
    assert "never" not in str(error.value).splitlines()


def test_killed_run_leaves_nothing(fleet: Fleet) -> None:
    code = "from tests.fleet.fleet import Fleet; h = Fleet().host('plain'); print(h.pid, h.folder); input()"
    with subprocess.Popen(
        [sys.executable, "-u", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=Path(__file__).parents[2],
    ) as run:  # fmt: skip
        assert run.stdout
        pid, folder = run.stdout.readline().split()
        run.kill()
    deadline = time.monotonic() + 30
    while Path(folder).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(folder).exists()
    assert not Path("/proc", pid).exists()
    assert folder not in Path("/proc/mounts").read_text()


def test_light_sshd_takes_a_login(tmp_path: Path, ssh: Client) -> None:
    with Sshd(tmp_path) as server:
        assert ssh(server, server.user, "echo in").stdout == b"in\n"


def test_cutting_relay_ends_a_session_in_the_middle(tmp_path: Path, ssh: Client) -> None:
    with Sshd(tmp_path) as server, faults.cutting((server.address, server.port), after=100_000) as cut:
        known_as = f"-oHostKeyAlias=[{server.address}]:{server.port}"
        relay = [known_as, f"-oHostName={cut[0]}", f"-oPort={cut[1]}"]
        short = ssh(server, server.user, "echo in", *relay)
        long = ssh(server, server.user, "head -c 1000000 /dev/zero", *relay)
    assert short.stdout == b"in\n"
    assert (long.returncode, 0 < len(long.stdout) < 100_000) == (255, True)


def test_silent_server_says_nothing() -> None:
    with (
        faults.silent() as address,
        socket.create_connection(address, timeout=0.1) as connection,
        pytest.raises(TimeoutError),
    ):
        connection.recv(1)


def test_resetting_server_resets() -> None:
    with (
        faults.resetting() as address,
        socket.create_connection(address, timeout=5) as connection,
        pytest.raises(ConnectionResetError),
    ):
        connection.recv(1)


def test_refusing_port_refuses() -> None:
    with faults.refusing() as address, pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=5)


def test_endless_banner_goes_on() -> None:
    with (
        faults.endless_banner(b"x\n") as address,
        socket.create_connection(address, timeout=5) as connection,
        connection.makefile("rb") as stream,
    ):
        assert stream.read(1 << 20) == b"x\n" * (1 << 19)
