"""What a client's first packets say of its program: ClientHello in JA4 form, SYN in p0f's."""

from __future__ import annotations

import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.wire import hello, syn


def extension(kind: int, content: bytes = b"") -> bytes:
    return kind.to_bytes(2, "big") + len(content).to_bytes(2, "big") + content


def vector(content: bytes, length: int = 2) -> bytes:
    return len(content).to_bytes(length, "big") + content


def pairs(text: str) -> bytes:
    return b"".join(int(word, 16).to_bytes(2, "big") for word in text.split(","))


CIPHERS = "1a1a,1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035"
SIGNATURES = "0403,0804,0401,0503,0805,0501,0806,0601"
PLAIN = "001b,0023,0012,0005,000a,000b,4469,ff01,0033,002d,0015,0017"


def client_hello(cut: int = 1 << 14) -> bytes:
    extensions = b"".join(
        [
            extension(0x2A2A),
            extension(0x0000, vector(b"\0" + vector(b"trap.example"))),
            extension(0x0010, vector(vector(b"h2", 1) + vector(b"http/1.1", 1))),
            extension(0x002B, vector(pairs("3a3a,0304,0303"), 1)),
            extension(0x000D, vector(pairs(SIGNATURES))),
            *(extension(int(word, 16), b"\0") for word in PLAIN.split(",")),
        ]
    )
    body = b"\x03\x03" + bytes(32) + vector(bytes(32), 1) + vector(pairs(CIPHERS)) + b"\1\0" + vector(extensions)
    message = b"\1" + len(body).to_bytes(3, "big") + body
    return b"".join(b"\x16\x03\x01" + vector(message[at : at + cut]) for at in range(0, len(message), cut))


@pytest.mark.parametrize("cut", [1 << 14, 100, 7])
def test_the_published_example_comes_out_whatever_the_records(cut: int) -> None:
    # FoxIO, JA4 technical details: Chrome
    assert hello.ja4(client_hello(cut)) == "t13d1516h2_8daaf6152771_e5627efa2ab1"


def test_a_real_client_is_read_and_half_of_it_is_not() -> None:
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(into, out, server_hostname="trap.example").do_handshake()
    said = out.read()
    found = hello.ja4(said)
    assert found is not None
    assert found.startswith("t13d")
    assert hello.ja4(said[:-1]) is None
    assert hello.ja4(b"EHLO client.example\r\n") is None


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_not(data: bytes) -> None:
    hello.ja4(data)
    hello.ja4(b"\x16\x03\x01" + vector(b"\1" + len(data).to_bytes(3, "big") + data))
    syn.signature(data)
    syn.signature(bytes.fromhex("45000034000040003306") + data)


def packet(ip: str, tcp: str, options: str) -> bytes:
    tail = bytes.fromhex(options)
    head = bytearray(bytes.fromhex(tcp))
    head[12] = (5 + len(tail) // 4) << 4
    return bytes.fromhex(ip) + bytes(head) + tail


V4 = "4500003c1c4640003706b1e6c0000207c6336401"
V6 = "60012345002806f0" + "20010db8" + "00" * 12 + "20010db8" + "00" * 11 + "01"
TCP = "c3500019" + "12345678" + "00000000" + "a002faf0" + "abcd0000"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (packet(V4, TCP, "020405b40402080a000a0b0c0000000001030307"), "4:64:0:1460:64240,7:mss,sok,ts,nop,ws:df,id+:0"),
        (packet(V6, TCP, "020405a00103030801010402"), "6:255:0:1440:64240,8:mss,nop,ws,nop,nop,sok:flow:0"),
        (packet(V4, TCP, "") + b"x", "4:64:0:*:64240,0::df,id+:+"),
        (packet(V4, TCP, "020405b400000001"), "4:64:0:1460:64240,0:mss,eol+3:df,id+,opt+:0"),
        (packet(V4, TCP, "0303ff0008090102"), "4:64:0:*:64240,255:ws,eol+4:df,id+,exws,opt+:0"),
        (packet(V4, TCP.replace("a002", "a012"), ""), "4:64:0:*:64240,0::df,id+:0"),
        (packet(V4, TCP.replace("a002", "a010"), ""), None),
        (packet(V4.replace("3706", "3711"), TCP, ""), None),
    ],
    ids=["linux", "v6", "payload", "eol", "scale", "syn-ack", "no-syn", "udp"],
)
def test_a_syn_has_its_signature(data: bytes, expected: str | None) -> None:
    assert syn.signature(data) == expected
