"""Packs: written, read, differences applied; a cut or changed one is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.guard import FORMS, Book, Head, pack, sorted_rows
from junkhound.kernel import config
from junkhound.kernel.errors import DataError, NotFound, TamperError
from junkhound.verbs import guard as verbs
from junkhound.verbs import guard_pack as packs
from junkhound.verbs import signing
from junkhound.verbs.office import Office
from junkhound.wire import minisign
from support import guards

HEAD = Head("bl.example.org", 1, 0, guards.KEY)


@st.composite
def books(draw: st.DrawFn, sequence: int = 1) -> Book:
    tables = {}
    for name, form in FORMS.items():
        ids = sorted(draw(st.sets(st.integers(0, 40), max_size=12)))
        rows = np.zeros(len(ids), form)
        rows["id"] = ids
        rows["mails"] = [draw(st.integers(0, 3)) for _ in ids]
        tables[name] = sorted_rows(name, rows)
    return Book(Head("bl.example.org", sequence, sequence, guards.KEY), tables)


def same(a: Book, b: Book) -> bool:
    return a.head == b.head and all(np.array_equal(a.tables[name], b.tables[name]) for name in FORMS)


@given(books(), books(sequence=2))
def test_a_difference_makes_the_very_book(old: Book, new: Book) -> None:
    assert same(pack.read(pack.write(old)), old)
    assert same(pack.apply(old, pack.difference(old, new)), new)
    assert same(pack.apply(old, pack.write(new)), new)


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_changed_byte_is_noticed(place: int, flip: int) -> None:
    octets = bytearray(pack.write(guards.book(made_at=0)))
    place %= len(octets)
    octets[place] ^= flip
    try:
        found = pack.read(bytes(octets))
    except DataError:
        return
    assert pack.digest(found) == pack.digest(guards.book(made_at=0))  # the head has no seal but the signature


@pytest.mark.parametrize("octets", [b"", b"JHGP\x01", b"JHGP\x02" + b"x" * 40, b"x" * 100])
def test_what_is_no_pack_is_refused(octets: bytes) -> None:
    with pytest.raises(DataError):
        pack.read(octets)


def test_a_difference_fits_one_pack_only() -> None:
    first, second = guards.book(made_at=0), guards.book(made_at=1, sequence=2)
    third = guards.book(made_at=2, sequence=3)
    delta = pack.difference(second, third)
    with pytest.raises(DataError, match="a difference to pack 2"):
        pack.apply(first, delta)
    with pytest.raises(DataError, match="a difference, not a whole"):
        pack.read(delta)


def test_packs_are_taken_as_signed_and_in_order(tmp_path: Path) -> None:
    hub, person = Office(config.load(guards.settled(tmp_path / "hub"))), tmp_path / "person"
    person.mkdir()
    made = tmp_path / "out" / "hub.pack"
    packs.write_pack(hub, made)
    key = tmp_path / "hub.pub"
    key.write_text(minisign.public_text(signing.public_key(hub)))
    (person / "junkhound.toml").write_text(f'[store]\nhome = "{person / "home"}"\n\n[guard]\nkey = "{key}"\n')
    reader = Office(config.load(person / "junkhound.toml"))
    assert packs.take(reader, made).sequence == 1
    first = made.read_bytes()
    old = tmp_path / "old.pack"
    old.write_bytes(first)
    assert packs.write_pack(hub, made, old).sequence == 2
    assert packs.take(reader, made.with_name("hub.pack.delta")).sequence == 2
    assert verbs.status(reader).sequence == 2
    with pytest.raises(DataError, match="a difference to pack 1"):
        packs.take(reader, made.with_name("hub.pack.delta"))
    old.with_name("old.pack.minisig").write_bytes(made.with_name("hub.pack.minisig").read_bytes())
    with pytest.raises(TamperError):
        packs.take(reader, old)
    made.write_bytes(made.read_bytes()[:-1] + b"x")
    with pytest.raises(TamperError):
        packs.take(reader, made)
    made.with_name("hub.pack.minisig").unlink()
    with pytest.raises(NotFound):
        packs.take(reader, made)
    assert verbs.status(reader).sequence == 2


def test_what_is_alike_is_found_by_any_band_that_two_share() -> None:
    chance = np.random.default_rng(7)
    rows = np.zeros(400, FORMS["texts"])
    rows["id"] = np.arange(1, 401)
    rows["sketch"] = chance.integers(0, 256, rows["sketch"].shape, dtype=np.uint8)
    rows["sketch"][5] = 0  # a text too short for one
    known = guards.book(made_at=0)
    book = Book(known.head, {**known.tables, "texts": sorted_rows("texts", rows)})
    for _ in range(300):
        kept = chance.random(128) < chance.choice([0.3, 0.6, 0.8, 1.0])
        near = int(chance.integers(0, 400))
        low = np.where(kept, rows["sketch"][near], chance.integers(0, 256, 128))
        sketch = (low.astype("<u4") + 256 * chance.integers(0, 1 << 20, 128).astype("<u4")).tobytes()
        same = rows["sketch"] == low.astype(np.uint8)
        met = same.reshape(400, 32, 4).all(axis=2).any(axis=1) & rows["sketch"].any(axis=1)
        shares = np.where(met, (same.mean(axis=1) - 1 / 256) / (1 - 1 / 256), 0.0)
        found = book.alike("texts", sketch, 0.5)
        if shares.max() >= 0.5:
            assert found is not None
            assert int(found[0]["id"]) == int(shares.argmax()) + 1
            assert found[1] == pytest.approx(shares.max())
        else:
            assert found is None
    assert book.alike("campaigns", sketch, 0.5) is None
