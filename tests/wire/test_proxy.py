"""PROXY headers, both versions; anything else from a named proxy is refused."""

from __future__ import annotations

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.wire import proxy

V1 = b"PROXY TCP4 192.0.2.1 198.51.100.2 40000 25\r\n"
V2 = (
    proxy.SIGNATURE
    + b"\x21\x21"
    + struct.pack("!H", 36)
    + socket.inet_pton(socket.AF_INET6, "2001:db8::1")
    + socket.inet_pton(socket.AF_INET6, "2001:db8::2")
    + struct.pack("!HH", 40000, 25)
)


@pytest.mark.parametrize(("header", "client"), [(V1, "192.0.2.1"), (V2, "2001:db8::1")])
def test_the_real_client_is_read_and_the_rest_left(header: bytes, client: str) -> None:
    found = proxy.read(header + b"EHLO x\r\n")
    assert found is not None
    assert (str(found.client), found.client_port, found.local_port, found.used) == (client, 40000, 25, len(header))
    for cut in range(len(header)):
        assert proxy.read(header[:cut]) is None, "more bytes are awaited"


@pytest.mark.parametrize("header", [b"PROXY UNKNOWN\r\n", proxy.SIGNATURE + b"\x20\x00\x00\x00"])
def test_health_checks_name_nobody(header: bytes) -> None:
    found = proxy.read(header)
    assert found is not None
    assert found.client is None
    assert found.used == len(header)


@pytest.mark.parametrize(
    "header",
    [
        b"EHLO x\r\n", b"PROXY TCP4 a b c d\r\n", b"PROXY TCP4 192.0.2.1 192.0.2.2 1 99999\r\n", b"PROXY " + b"x" * 200,
        proxy.SIGNATURE + b"\x31\x11\x00\x0c" + bytes(12), proxy.SIGNATURE + b"\x21\x11\xff\xff",
    ],
)  # fmt: skip
def test_anything_else_is_malformed(header: bytes) -> None:
    with pytest.raises(proxy.Malformed):
        proxy.read(header)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_header_or_more_are_awaited_or_it_is_malformed(data: bytes) -> None:
    try:
        found = proxy.read(data)
    except proxy.Malformed:
        return
    assert found is None or found.used <= len(data)
