"""The first messages of TLS: a real OpenSSL 3.5 for the post-quantum group, and bytes of any kind."""

from __future__ import annotations

import contextlib
import io
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.outside.tls_hello import Answer, NotTls, hybrid_group, read_answer
from tests.outside.tls_hosts import ADDRESS, answering, make, s_server


def test_a_server_with_a_post_quantum_group(tmp_path: Path) -> None:
    openssl: Any = pytest.importorskip("OpenSSL.SSL", reason="needs pyOpenSSL, which brings OpenSSL 3.5")
    pair = make(tmp_path, "any")
    context = openssl.Context(openssl.TLS_SERVER_METHOD)
    context.use_certificate_file(str(pair.pem))
    context.use_privatekey_file(str(pair.key))

    def handle(connection: socket.socket) -> None:
        session = openssl.Connection(context, connection)
        session.set_accept_state()
        with contextlib.suppress(openssl.Error):
            session.do_handshake()

    with answering(handle) as port:
        assert hybrid_group(ADDRESS, port, "", None, time.monotonic() + 5) == "X25519MLKEM768"


def test_a_server_without(tmp_path: Path) -> None:
    with s_server(make(tmp_path, "any")) as port:
        assert hybrid_group(ADDRESS, port, "", "a.example", time.monotonic() + 5) == ""


record = st.builds(
    lambda kind, body: bytes([kind, 3, 3]) + len(body).to_bytes(2) + body,
    st.sampled_from([21, 22, 23]),
    st.one_of(st.binary(max_size=200), st.binary(max_size=200).map(lambda rest: b"\x02\0\0\0\3\3" + rest)),
)


@given(st.one_of(st.binary(max_size=300), record))
def test_any_answer_is_understood_or_refused(data: bytes) -> None:
    try:
        answer = read_answer(io.BufferedReader(io.BytesIO(data)))
    except (NotTls, OSError):
        return
    assert isinstance(answer, Answer)
