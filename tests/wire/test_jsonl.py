"""Mail as JSON lines: reads back as written; a wrong fact costs the fact, not the mail."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.kernel.errors import DataError, UsageError
from junkhound.wire import jsonl
from junkhound.wire.facts import Recipient

texts = st.text(st.characters(codec="utf-8"), max_size=20)
ports = st.integers(0, 65535)
addresses = st.binary(min_size=4, max_size=4) | st.binary(min_size=16, max_size=16).filter(
    lambda packed: not packed.startswith(bytes(10) + b"\xff\xff")
)
recipients = st.builds(Recipient, texts.map(str.encode), st.integers(200, 599), st.booleans())
rows = st.fixed_dictionaries(
    {},
    optional={
        "client": addresses,
        "mail_from": texts.map(str.encode),
        "rcpt": st.lists(recipients, max_size=3).map(tuple),
        "received_at": st.integers(0, 4_000_000_000_000_000),
        "arrival": texts,
        "client_port": ports,
        "client_name": texts,
        "local": addresses,
        "local_port": ports,
        "helo": texts.map(str.encode),
        "protocol": texts,
        "tls_version": ports,
        "tls_cipher": texts,
        "client_hello": texts,
        "dialect": st.lists(texts.map(str.encode), max_size=4).map(tuple),
        "command_us": st.lists(st.integers(0, 1 << 40), max_size=4).map(tuple),
        "replies": st.lists(st.integers(100, 599), max_size=4).map(tuple),
        "manners": st.integers(0, 31),
    },
)


@given(st.binary(max_size=200), rows)
def test_a_line_reads_back_as_written(mail: bytes, facts: dict[str, object]):
    line = jsonl.write(mail, facts)
    assert line.count(b"\n") == 1
    assert jsonl.read(line) == (mail, facts, ())


@given(st.binary(max_size=100))
def test_any_bytes_give_a_line_or_a_data_error(junk: bytes):
    for line in (junk, b'{"mail": "eA==", "rcpt": ' + junk + b"}", b'{"mail": "' + junk + b'"}'):
        try:
            jsonl.read(line)
        except DataError:
            continue


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b'"x"',
        b'{"client": "192.0.2.7"}',
        b'{"mail": 7}',
        b'{"mail": "a"}',
        b'{"mail": "a!=="}',
        b"[" * 9999,
    ],
)
def test_no_mail_no_line(line: bytes):
    with pytest.raises(DataError):
        jsonl.read(line)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("client", '"192.0.2.300"'),
        ("client", "7"),
        ("client_port", "true"),
        ("client_port", "70000"),
        ("rcpt", '"a@example.org"'),
        ("rcpt", "[{}]"),
        ("rcpt", "[[]]"),
        ("rcpt", '[{"address": "a", "code": 99}]'),
        ("received_at", '"yesterday"'),
        ("received_at", "-1"),
        ("helo", '["x"]'),
        ("arrival", "1.5"),
    ],
)
def test_a_wrong_fact_is_left_out_and_said(name: str, value: str):
    line = jsonl.read(f'{{"mail": "aGk=", "arrival": "x", "{name}": {value}}}'.encode())
    assert line.mail == b"hi"
    assert name not in line.facts
    assert len(line.wrong) == 1
    assert name in line.wrong[0]


def test_facts_become_whole_with_what_the_operator_says():
    found = jsonl.read(
        b'{"mail": "aGk=", "client": "192.0.2.7", "helo": "mail.example.org", "mail_from": "",'
        b' "rcpt": ["trap@example.net", {"address": "no@example.net", "code": 550, "trap": true}],'
        b' "received_at": "2006-01-01T00:00:00Z", "client_port": 4711, "colour": "blue"}'
    ).facts
    facts = jsonl.facts_of(found, "first", 0, 7)
    assert (facts.origin.client, facts.origin.received_at, facts.origin.intake) == (
        b"\xc0\x00\x02\x07",
        1136073600000000,
        "first",
    )
    assert facts.origin.imported
    assert facts.envelope.mail_from == b""
    assert facts.envelope.recipients == (
        Recipient(b"trap@example.net", 250, False),
        Recipient(b"no@example.net", 550, True),
    )
    assert (facts.session.helo, facts.session.client_port) == (b"mail.example.org", 4711)
    assert jsonl.facts_of({}, "first", 0, 7).origin.received_at == 7


def test_unknown_facts_are_not_written():
    with pytest.raises(UsageError, match="colour"):
        jsonl.write(b"", {"colour": "blue"})


def test_the_page_shows_every_fact_and_its_example_reads():
    page = (Path(__file__).parents[2] / "docs/specs/jsonl.md").read_text()
    for name in ("mail", *jsonl.FACTS):
        assert f"`{name}`" in page, name
    example = re.search(r"```json\n(.*?)```", page, re.DOTALL)
    assert example is not None
    line = jsonl.read(example[1].replace("\n", "").encode())
    assert line.wrong == ()
    assert line.mail.startswith(b"Received:")
