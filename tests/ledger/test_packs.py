"""Evidence packs: golden bytes, reads that notice any change, the log of seals, erasure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from obstore.store import MemoryStore

from junkhound.evidence import seal as seals
from junkhound.kernel.errors import DataError, NotFound, TamperError
from junkhound.ledger import packs
from junkhound.ledger.entry import PackEntry
from junkhound.ledger.store import BucketStore, FolderStore, Store
from junkhound.wire import pack, segment
from junkhound.wire.facts import Facts, Origin

NAME = "0000000000000abc"
CASES = Path(__file__).parent / "cases"


def segment_bytes(mails: Sequence[bytes], salt: int = 0) -> bytes:
    return b"".join(
        segment.encode(bytes([salt + number]) * 16, Facts(Origin(bytes([192, 0, 2, number]), number, "trap-one")), mail)
        for number, mail in enumerate(mails)
    )


MAILS = [b"Subject: %d\r\n\r\nbody of %d\r\n" % (number, number) for number in range(5)]
SEGMENT = segment_bytes(MAILS)


def put(store: Store, keep: Callable[[segment.Record], bool] = lambda record: True, name: str = NAME) -> PackEntry:
    entry = packs.write_pack(store, name, segment.records(SEGMENT), keep)
    assert entry is not None
    return entry


@pytest.fixture(params=["folder", "memory", pytest.param("s3", marks=pytest.mark.slow)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "s3":
        return BucketStore(request.getfixturevalue("s3")())
    return FolderStore(tmp_path) if request.param == "folder" else BucketStore("memory:///", MemoryStore())


def test_the_segment_can_be_rebuilt_bit_by_bit(store: Store) -> None:
    entry = put(store)
    assert (entry.segment, entry.path, entry.mails) == (0xABC, "packs/0000000000000abc.pack", 5)
    assert entry.size == store.size(entry.path)
    reader = packs.Packs(store)
    assert b"".join(record.frame for record in reader.records(NAME)) == SEGMENT
    assert b"".join(reader.read(0xABC, ordinal).frame for ordinal in range(5)) == SEGMENT
    assert reader.read(0xABC, 3).facts.origin.client == bytes([192, 0, 2, 3])


def test_mail_that_is_not_kept_still_has_its_place(store: Store) -> None:
    entry = put(store, lambda record: record.ordinal % 2 == 1)
    reader = packs.Packs(store)
    assert entry.mails == 5
    assert [record.ordinal for record in reader.records(NAME)] == [1, 3]
    assert reader.read(0xABC, 3).mail == MAILS[3]
    with pytest.raises(NotFound, match="mail 2 of segment 0000000000000abc is not kept"):
        reader.read(0xABC, 2)
    with pytest.raises(NotFound, match="no mail 9"):
        reader.read(0xABC, 9)
    with pytest.raises(NotFound):
        reader.read(0xDEF, 0)
    assert entry.root == seals.root(
        [seals.leaf_of(record.salt, record.facts_parts, record.mail) for record in segment.records(SEGMENT)]
    )


def test_nothing_kept_makes_no_pack(store: Store) -> None:
    assert packs.write_pack(store, NAME, segment.records(SEGMENT), lambda record: False) is None
    assert not store.exists(packs.pack_path(NAME))


def test_a_pack_left_by_a_dead_worker_is_replaced(store: Store) -> None:
    first = put(store)
    assert put(store) == first
    fewer = put(store, lambda record: record.ordinal == 2)  # the others turned out to be known
    assert fewer.size < first.size
    assert [record.ordinal for record in packs.Packs(store).records(NAME)] == [2]


def test_a_sealed_pack_is_adopted_or_nothing(store: Store) -> None:
    whole = put(store)
    packs.seal(store, whole, None, 1)
    assert put(store, lambda record: record.ordinal == 2) == whole  # it holds all that is wanted
    store.put(whole.path, b"torn")
    with pytest.raises(TamperError, match="sealed pack"):
        put(store)


def chain(store: Store, count: int) -> list[pack.Seal]:
    made: list[pack.Seal] = []
    for number in range(count):
        entry = put(store, name=f"{number:016x}")
        made.append(packs.seal(store, entry, made[-1] if made else None, 1000 * number))
    return made


def test_seals_are_one_log(store: Store) -> None:
    made = chain(store, 4)
    read = [packs.read_seal(store, f"{number:016x}") for number in range(4)]
    assert read == made
    assert [seal.sequence for seal in read] == [1, 2, 3, 4]
    assert (read[1].previous_root, read[1].previous_at, read[1].previous) == (made[0].root, 0, made[0].sha256)
    assert pack.broken_chain(reversed(read)) == []
    assert [len(packs.Packs(store).verify(f"{seal.segment:016x}", seal).entries) for seal in read] == [5] * 4


def test_breaks_in_the_log_are_said(store: Store) -> None:
    made = chain(store, 4)
    assert pack.broken_chain(made[1:])[0].startswith("the log starts with seal 2")
    assert pack.broken_chain([made[0], made[3]]) == ["seals 2 to 3 are missing"]
    changed = [made[0], replace(made[1], mails=6), *made[2:]]
    assert pack.broken_chain(changed) == ["seal 3 names another predecessor than seal 2 as it stands"]
    assert pack.broken_chain([]) == []


def test_a_clock_set_back_does_not_turn_the_log(store: Store) -> None:
    entry = put(store)
    first = packs.seal(store, entry, None, 5000)
    second = packs.seal(store, replace_entry(entry, 7), first, 4000)
    assert second.sealed_at == 5000
    assert pack.broken_link(first, second) is None


def replace_entry(entry: PackEntry, number: int) -> PackEntry:
    return PackEntry(number, entry.path, entry.mails, entry.size, entry.root)


@given(st.data())
def test_no_byte_of_a_sealed_pack_can_change_unseen(data: st.DataObject) -> None:
    store = BucketStore("memory:///", MemoryStore())
    sealed = packs.seal(store, put(store), None, 1)
    content = bytearray(store.get(packs.pack_path(NAME)))
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    store.put(packs.pack_path(NAME), bytes(content))
    with pytest.raises(DataError):
        packs.Packs(store).verify(NAME, sealed)
    for ordinal in range(5):  # one read alone: either what was sealed, or an error
        try:
            record = packs.Packs(store).read(0xABC, ordinal)
        except (DataError, NotFound):
            continue
        assert record.mail == MAILS[ordinal]


@given(st.data())
def test_no_byte_of_a_seal_can_change_unseen(data: st.DataObject) -> None:
    store = BucketStore("memory:///", MemoryStore())
    made = chain(store, 3)
    at = data.draw(st.integers(0, 1))
    content = bytearray(made[at].encode())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 127))
    try:
        changed = pack.parse_seal(bytes(content))
    except DataError:
        return
    assert pack.broken_chain([*made[:at], changed, *made[at + 1 :]])


def test_a_pack_under_another_name_is_noticed(store: Store) -> None:
    put(store)
    store.put(packs.pack_path("0000000000000def"), store.get(packs.pack_path(NAME)))
    with pytest.raises(TamperError, match="is the pack of segment 0000000000000abc"):
        packs.Packs(store).read(0xDEF, 0)
    with pytest.raises(TamperError, match="says that it is of segment"):
        packs.Packs(store).verify("0000000000000def")


def test_a_swapped_mail_breaks_its_leaf(store: Store) -> None:
    put(store)
    opened = pack.parse(store.get(packs.pack_path(NAME)))
    packer = pack.Packer()
    other = list(segment.records(segment_bytes(MAILS, salt=100)))  # the same mails, other salts
    frames = [packer.frame(record.ordinal, record.frame, record.sha256) for record in other]
    store.put(packs.pack_path(NAME), pack.build(0xABC, opened.root, opened.leaves, frames))
    with pytest.raises(TamperError, match="mail 2 of segment 0000000000000abc broke its seal"):
        packs.Packs(store).read(0xABC, 2)


def test_erasure_takes_the_mail_and_keeps_its_leaf(store: Store) -> None:
    entry = put(store)
    sealed = packs.seal(store, entry, None, 1)
    reader, eraser = packs.Packs(store), packs.Packs(store)
    assert reader.read(0xABC, 4).mail == MAILS[4]
    assert eraser.erase(NAME, [1, 2, 77]) == 2
    assert eraser.erase(NAME, [1]) == 0
    assert reader.read(0xABC, 4).mail == MAILS[4]  # its remembered index is out of date
    with pytest.raises(NotFound, match="mail 1 of segment 0000000000000abc is not kept"):
        reader.read(0xABC, 1)
    content = store.get(entry.path)
    opened = pack.parse(content)
    assert opened.generation == 1
    assert seals.root(opened.leaves) == entry.root
    assert len(eraser.verify(NAME, sealed).entries) == 3
    assert put(store).size == len(content)  # a late worker does not bring it back


def test_an_erased_mail_that_is_forged_back_is_noticed(store: Store) -> None:
    entry = put(store)
    sealed = packs.seal(store, entry, None, 1)
    packs.Packs(store).erase(NAME, [1])
    opened = pack.parse(store.get(entry.path))
    forged = pack.build(0xABC, opened.root, opened.leaves[:-1], [], 1)
    store.put(entry.path, forged)
    with pytest.raises(TamperError, match="do not have the root"):
        packs.Packs(store).verify(NAME, sealed)


def test_only_the_packs_asked_for_last_are_remembered(store: Store) -> None:
    reader = packs.Packs(store, remember=2)
    for number in range(4):
        put_as = f"{number:016x}"
        put(store, name=put_as)
        reader.read(number, 0)
    assert list(reader._known) == [f"{number:016x}" for number in (2, 3)]


def test_a_pack_of_many_mails_is_read_in_two_steps(store: Store) -> None:
    many = b"".join(
        segment.encode(number.to_bytes(16, "big"), Facts(Origin(None, number, "box")), b"A: b\n\n%d" % number)
        for number in range(1500)
    )
    packs.write_pack(store, NAME, segment.records(many), lambda record: True)
    assert packs.Packs(store).read(0xABC, 1499).mail == b"A: b\n\n1499"


def test_newer_forms_are_refused_with_a_hint() -> None:
    content = bytearray(pack.build(1, seals.root([]), [], []))
    content[0] = 2
    with pytest.raises(DataError, match="pack of version 2"):
        pack.parse(bytes(content))
    with pytest.raises(DataError, match="not a pack"):
        pack.parse(b"PK\x03\x04")
    with pytest.raises(TamperError, match="not a seal"):
        pack.parse_seal(b"hello\n")
    with pytest.raises(DataError, match="seal of version '2'"):
        pack.parse_seal(b"junkhound seal 2\n" + b"".join(b"%s 1\n" % name.encode() for name in pack._SEAL_LINES[1:]))


def test_packs_of_version_1_are_read_for_ever() -> None:
    golden = bytes.fromhex((CASES / "pack-v1.hex").read_text())
    store = BucketStore("memory:///", MemoryStore())
    store.put(packs.pack_path(NAME), golden)
    sealed = pack.parse_seal((CASES / "seal-v1.txt").read_bytes())
    reader = packs.Packs(store)
    assert len(reader.verify(NAME, sealed).entries) == 2
    assert [reader.read(0xABC, ordinal).mail for ordinal in (0, 2)] == [MAILS[0], MAILS[2]]
    assert seals.root([seals.leaf_of(r.salt, version_1(r), r.mail) for r in segment.records(SEGMENT)]) == sealed.root


def version_1(record: segment.Record) -> tuple[bytes, bytes, bytes]:
    """The facts of a record as segments of version 1 had them: the origin ended with its eighth field."""
    origin = record.facts.origin
    fields = [getattr(origin, name) for name in origin.__struct_fields__[:8]]
    return segment.part(fields), *record.facts_parts[1:]


def test_the_spec_page_shows_the_golden_seal() -> None:
    page = (Path(__file__).parents[2] / "docs/specs/pack.md").read_text()
    assert (CASES / "seal-v1.txt").read_text() in page
