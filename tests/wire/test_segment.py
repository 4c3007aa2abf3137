"""Segment records: golden bytes, torn tails, and encodings that never change."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.kernel.errors import DataError
from junkhound.wire import segment
from junkhound.wire.facts import Envelope, Facts, Origin, Recipient, Session

CASES = Path(__file__).parent / "cases"
SALT = bytes(range(16))
MAIL = b"Subject: golden\r\n\r\nbody\r\n"
FACTS = Facts(
    Origin(bytes([192, 0, 2, 7]), 1_136_073_600_000_000, "trap-one", arrival="0011223344556677:5"),
    Envelope(b"a@example.org", (Recipient(b"trap@example.net", 250, True), Recipient(b"no@example.net", 550, False))),
    Session(client_port=50123, helo=b"mail.example.org", protocol="ESMTP", replies=(250, 250, 354)),
)

octets = st.binary(max_size=40)
maybe = st.none() | octets
number = st.integers(min_value=-(2**63), max_value=2**64 - 1)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
facts = st.builds(
    Facts,
    st.builds(
        Origin,
        st.none() | st.binary(min_size=4, max_size=4) | st.binary(min_size=16, max_size=16),
        number,
        texts,
        st.integers(0, 7),
        st.booleans(),
        texts,
        st.booleans(),
        st.integers(0, 2**32),
        st.none() | number,
    ),
    st.builds(
        Envelope,
        maybe,
        st.lists(st.builds(Recipient, octets, st.integers(0, 999), st.booleans()), max_size=20).map(tuple),
    ),
    st.builds(
        Session,
        client_port=st.none() | st.integers(0, 65535),
        local=maybe,
        helo=maybe,
        protocol=st.none() | texts,
        dialect=st.lists(octets, max_size=20).map(tuple),
        command_us=st.lists(number, max_size=20).map(tuple),
        xclient=st.lists(st.tuples(texts, texts), max_size=3).map(tuple),
        clock_jump_us=st.none() | number,
    ),
)
deliveries = st.lists(st.tuples(st.binary(min_size=16, max_size=16), facts, st.binary(max_size=300)), max_size=4)


@pytest.mark.parametrize("version", [1, 2])
def test_bytes_of_every_version_are_read_for_ever(version: int) -> None:
    golden = bytes.fromhex((CASES / f"segment-v{version}.hex").read_text())
    (record,) = segment.records(golden)
    assert (record.salt, record.facts, record.mail, record.frame) == (SALT, FACTS, MAIL, golden)
    record.verify()
    assert segment.scan(golden + golden[:-1]) == len(golden)


def test_bytes_of_the_newest_version_are_these() -> None:
    golden = bytes.fromhex((CASES / f"segment-v{segment.VERSION}.hex").read_text())
    assert segment.encode(SALT, FACTS, MAIL) == golden


def test_versions_stand_beside_each_other_in_one_segment() -> None:
    both = b"".join(bytes.fromhex((CASES / f"segment-v{version}.hex").read_text()) for version in (1, 2, 1))
    assert [record.frame[0] for record in segment.records(both)] == [1, 2, 1]
    assert {record.facts for record in segment.records(both)} == {FACTS}


def test_the_spec_page_shows_the_golden_bytes() -> None:
    page = (Path(__file__).parents[2] / "docs/specs/segment.md").read_text()
    block = page.split("```hex\n")[1].split("```")[0]
    assert bytes.fromhex("".join(line.split("#")[0] for line in block.splitlines())) == bytes.fromhex(
        (CASES / "segment-v2.hex").read_text()
    )


@given(deliveries)
def test_records_come_back_as_they_went_in(batch: list[tuple[bytes, Facts, bytes]]) -> None:
    whole = b"".join(segment.encode(*one) for one in batch)
    back = list(segment.records(whole))
    assert [(record.salt, record.facts, record.mail) for record in back] == batch
    assert [record.ordinal for record in back] == list(range(len(batch)))
    assert b"".join(whole[record.offset : record.offset + record.length] for record in back) == whole
    assert segment.survey(whole) == (len(whole), len(batch))


@given(deliveries.filter(bool), st.data())
def test_a_torn_tail_is_cut_at_the_last_whole_record(
    batch: list[tuple[bytes, Facts, bytes]], data: st.DataObject
) -> None:
    frames = [segment.encode(*one) for one in batch]
    *kept, last = frames
    torn = data.draw(st.integers(0, len(last) - 1))
    prefix = b"".join(kept)
    assert segment.scan(prefix + last[:torn]) == len(prefix)
    assert segment.scan(prefix + last[:torn] + bytes(len(last) - torn)) in (len(prefix), len(prefix + last))


@given(st.binary(min_size=16, max_size=16), facts, st.binary(max_size=300), st.data())
def test_any_flipped_byte_is_noticed(salt: bytes, known: Facts, mail: bytes, data: st.DataObject) -> None:
    frame = bytearray(segment.encode(salt, known, mail))
    frame[data.draw(st.integers(0, len(frame) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        assert segment.scan(frame) == 0
    except DataError:
        assert frame[0] > segment.VERSION


@given(st.binary(max_size=200))
def test_other_bytes_are_no_records(noise: bytes) -> None:
    assert segment.scan(noise) == 0


def test_a_newer_record_is_never_cut_off() -> None:
    newer = bytes([segment.VERSION + 1]) + segment.encode(SALT, FACTS, MAIL)[1:]
    with pytest.raises(DataError, match=f"version {segment.VERSION + 1}"):
        segment.scan(newer)


def test_damage_is_said_after_the_whole_records() -> None:
    whole = segment.encode(SALT, FACTS, MAIL)
    reader = segment.records(whole + whole[:-1])
    assert next(reader).mail == MAIL
    with pytest.raises(DataError, match=f"byte {len(whole)} of"):
        next(reader)


def test_a_changed_mail_fails_its_sha256() -> None:
    whole = segment.encode(SALT, FACTS, MAIL)
    (record,) = segment.records(whole[:-1] + b"!")
    with pytest.raises(DataError, match="SHA-256"):
        record.verify()


@given(facts)
def test_the_pipe_needs_no_library_for_the_same_bytes(known: Facts) -> None:
    by_hand = (segment.part(known.origin), segment.part(known.envelope), segment.part(known.session))
    assert by_hand == segment.facts_parts(known)


def test_long_things_take_their_shortest_form() -> None:
    for size in (0, 15, 16, 31, 32, 255, 256, 65535, 65536):
        known = Facts(
            Origin(None, size, "x" * size), Envelope(b"y" * size), Session(replies=(250,) * size, command_us=(-size,))
        )
        assert segment.facts_parts(known) == tuple(map(segment.part, (known.origin, known.envelope, known.session)))


def test_fields_of_later_and_earlier_releases_are_read() -> None:
    later = (segment.part([None, 5, "box", 1, True, "", False, 1, 7, "new", 9]), segment.part([]), segment.part([25]))
    known = segment.decode_facts(later)
    assert known == Facts(Origin(None, 5, "box", 1, True, taken_at=7), Envelope(), Session(client_port=25))
    earlier = (segment.part([None, 5, "box"]), segment.part([]), segment.part([]))
    assert segment.decode_facts(earlier) == Facts(Origin(None, 5, "box", 0, False, "", truncated=False, count=1))


def test_text_that_is_not_utf8_is_kept_as_far_as_it_can_be() -> None:
    odd = Facts(Origin(None, 1, "box", arrival="a\udcffb"))
    (record,) = segment.records(segment.encode(SALT, odd, b""))
    assert record.facts.origin.arrival == "a?b"


def test_segment_numbers_are_in_order_of_time_and_fit_a_database() -> None:
    assert segment.number(1_136_073_600_000, 2**30 - 1) == 1_136_073_600_000 * 2**21 + 2**21 - 1
    assert segment.number(1_136_073_600_001, 0) > segment.number(1_136_073_600_000, 2**21 - 1)
    assert segment.number(4_386_000_000_000, 2**21 - 1) < 2**63  # 2108


def test_importing_it_loads_the_standard_library_only() -> None:
    code = (
        "import sys; import junkhound.wire.segment as s;"
        "s.frame(bytes(16), s.part([None, 1, 'x']), s.part([]), s.part([]), b'');"
        "print(sorted({m.split('.')[0] for m in sys.modules} - sys.stdlib_module_names - {'__main__'}))"
    )
    # -S leaves out site-packages, where editable installs put their finders
    src = str(Path(segment.__file__).parents[2])
    run = subprocess.run([sys.executable, "-S", "-c", code], env={"PYTHONPATH": src}, capture_output=True, text=True)
    assert run.stdout.strip() == "['junkhound']", run.stderr
