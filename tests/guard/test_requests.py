"""HTTP requests as a small server reads them: cut anywhere, pipelined, in chunks; what is unclear is refused."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.service.guard.requests import Refusal, Request, Session

HOST = b"Host: localhost\r\n"


def read(octets: bytes, step: int = 0, size: int = 1000) -> tuple[list[Request], bytes]:
    session, found = Session(size), []
    for start in range(0, len(octets), step or len(octets)):
        for request in session.receive(octets[start : start + (step or len(octets))]):
            found.append(request)
            session.answer(200, b"{}")
    return found, session.take_output()


def test_requests_one_behind_the_other_are_read_wherever_they_are_cut() -> None:
    one = b"POST /check HTTP/1.1\r\n" + HOST + b"Client:  192.0.2.1 \r\nContent-Length: 5\r\n\r\nhello"
    two = b"POST /check HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
    two += b"3;x=y\r\nabc\r\n0a\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n"
    three = b"GET /healthz HTTP/1.0\r\n\r\n"
    octets = one + two + three
    for step in range(1, len(octets) + 1):
        found, out = read(octets, step)
        assert [request.body for request in found] == [b"hello", b"abc0123456789", b""]
        assert found[0].fields["client"] == "192.0.2.1"
        assert len(found) == 3
        assert out.count(b"HTTP/1.1 200 \r\n") == 3
        assert out.lower().count(b"connection: close") == 1


def test_of_a_long_body_the_beginning_is_kept_and_the_next_request_is_read() -> None:
    long = b"POST /check HTTP/1.1\r\n" + HOST + b"Content-Length: 5000\r\n\r\n" + b"x" * 5000
    chunks = b"POST /check HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
    chunks += b"%x\r\n%b\r\n" % (700, b"y" * 700) * 2 + b"0\r\n\r\n"
    found, _ = read(long + chunks, 333)
    assert [request.body for request in found] == [b"x" * 1000, b"y" * 1000]


def test_who_asks_first_is_told_to_go_on() -> None:
    session = Session(1000)
    head = b"POST /check HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    assert list(session.receive(head)) == []
    assert session.take_output() == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert [request.body for request in session.receive(b"ab")] == [b"ab"]


@pytest.mark.parametrize(("octets", "status"), [
    (b"POST /check HTTP/2.0\r\n" + HOST + b"\r\n", 400),
    (b"GET / HTTP/1.1\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx", 400),
    (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
    (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1_0\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n", 400),
    (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", 400),
    (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n" + b"0" * 20_000, 431),
    (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 5000, 431),
    (b"GET / HTTP/1.1\r\n" + b"a" * 20_000, 431),
])  # fmt: skip
def test_what_is_unclear_is_refused_and_the_connection_ends(octets: bytes, status: int) -> None:
    session = Session(1000)
    with pytest.raises(Refusal) as told:
        list(session.receive(octets))
    assert told.value.status == status
    assert session.closed
    assert session.take_output().startswith(b"HTTP/1.1 %d " % status)


@given(st.binary(max_size=400), st.integers(1, 50))
def test_nonsense_ends_a_connection_or_waits(octets: bytes, step: int) -> None:
    session = Session(100)
    try:
        for start in range(0, len(octets), step):
            for request in session.receive(octets[start : start + step]):
                assert len(request.body) <= 100
                session.answer(200, b"")
    except Refusal:
        assert session.closed


tokens = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=12)
values = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=30)


@given(st.dictionaries(tokens, values, max_size=6), st.binary(max_size=300), st.booleans(), st.integers(1, 90))
def test_it_reads_what_another_implementation_writes(
    fields: dict[str, str], body: bytes, chunked: bool, step: int
) -> None:
    for name in ("host", "content-length", "transfer-encoding", "connection", "expect"):
        fields.pop(name, None)
    how = ("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(len(body)))
    writer = h11.Connection(h11.CLIENT)
    octets = writer.send(h11.Request(method="POST", target="/check",
                                     headers=[("Host", "localhost"), how, *fields.items()])) or b""  # fmt: skip
    octets += writer.send(h11.Data(body)) or b""
    octets += writer.send(h11.EndOfMessage()) or b""
    (found,), out = read(octets, step)
    assert found.body == body
    assert {name: found.fields[name] for name in fields} == fields
    writer.receive_data(out)
    assert isinstance(writer.next_event(), h11.Response)
