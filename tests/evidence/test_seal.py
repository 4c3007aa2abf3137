"""Leaves, disclosure and Merkle proofs: golden values, published values, and no byte that can change unseen."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.evidence import seal

SALT = bytes(range(16))
PARTS = (b"origin", b"envelope", b"session", b"Subject: x\r\n\r\n", b"body\r\n")
salts = st.binary(min_size=16, max_size=16)
parts = st.tuples(*[st.binary(max_size=30)] * 5)
trees = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40)


def test_a_leaf_of_version_1_is_this_for_ever() -> None:
    assert seal.leaf(SALT, *PARTS).hex() == "d15d854ba02300a1a920674b496f91ce65a4907b8646eecfea691f22757ac13c"


def test_a_leaf_is_what_its_formula_says() -> None:
    def h(*things: bytes) -> bytes:
        return sha256(b"".join(things)).digest()

    labels = (b"origin", b"envelope", b"session", b"header", b"body")
    by_hand = h(b"\0", *(h(h(SALT, label), part) for label, part in zip(labels, PARTS, strict=True)))
    assert seal.leaf(SALT, *PARTS) == by_hand


@pytest.mark.parametrize(
    ("mail", "header"),
    [
        (b"A: b\r\n\r\nbody", b"A: b\r\n\r\n"),
        (b"A: b\n\nbody", b"A: b\n\n"),
        (b"A: b\n\r\nbody\n\nmore", b"A: b\n\r\n"),
        (b"A: b\n\nbody\r\n\r\nmore", b"A: b\n\n"),
        (b"A: b\r\n\nbody", b"A: b\r\n\n"),
        (b"A: b\r\n\r\n\nbody", b"A: b\r\n\r\n"),
        (b"\r\nbody", b"\r\n"),
        (b"\nbody", b"\n"),
        (b"\r\rA: b\r\rbody", b"\r\rA: b\r\rbody"),
        (b"A: b\n \nbody", b"A: b\n \nbody"),
        (b"A: b\n\r\r\nbody", b"A: b\n\r\r\nbody"),
        (b"A: b", b"A: b"),
        (b"", b""),
    ],
)
def test_the_cut_is_after_the_first_empty_line(mail: bytes, header: bytes) -> None:
    assert seal.split(mail) == (header, mail[len(header) :])


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"a", b" "])).map(b"".join))
def test_header_and_body_are_the_mail(mail: bytes) -> None:
    header, body = seal.split(mail)
    assert header + body == mail
    lines = header.split(b"\n")
    # an empty line is followed by nothing but the end of the header
    assert not any(line in (b"", b"\r") for line in lines[:-2])
    assert not body or lines[-2:] in ([b"", b""], [b"\r", b""])


@given(salts, parts, st.sets(st.sampled_from(seal.LABELS)))
def test_any_choice_of_parts_can_be_shown(salt: bytes, content: tuple[bytes, ...], show: set[str]) -> None:
    sealed = seal.leaf(salt, *content)
    shown = seal.disclose(salt, content, show)
    assert seal.verify_disclosure(sealed, shown)
    assert {part.label for part in shown if part.content is not None} == show
    assert all(salt not in (part.key or b"") + part.commitment for part in shown)


@given(salts, parts, st.sampled_from(seal.LABELS), st.data())
def test_flipping_any_byte_breaks_the_seal(
    salt: bytes, content: tuple[bytes, ...], label: str, data: st.DataObject
) -> None:
    sealed = seal.leaf(salt, *content)
    shown = list(seal.disclose(salt, content, {label}))
    at = seal.LABELS.index(label)
    part = shown[at]
    assert part.key is not None
    assert part.content is not None

    def flip(words: bytes) -> bytes:
        place = data.draw(st.integers(0, len(words) - 1))
        return words[:place] + bytes([words[place] ^ data.draw(st.integers(1, 255))]) + words[place + 1 :]

    other = (at + 1) % 5
    broken = [
        [*shown[:at], seal.Part(label, part.commitment, flip(part.key), part.content), *shown[at + 1 :]],
        [*shown[:at], seal.Part(label, part.commitment, part.key, part.content + b"x"), *shown[at + 1 :]],
        [*shown[:at], seal.Part(label, flip(part.commitment)), *shown[at + 1 :]],
        [*shown[:other], seal.Part(shown[other].label, flip(shown[other].commitment)), *shown[other + 1 :]],
    ]
    if part.content:
        moved = seal.Part(label, part.commitment, part.key + part.content[:1], part.content[1:])
        broken.append([*shown[:at], seal.Part(label, part.commitment, part.key, flip(part.content)), *shown[at + 1 :]])
        broken.append([*shown[:at], moved, *shown[at + 1 :]])  # same bytes hashed, another boundary
    assert not any(seal.verify_disclosure(sealed, attempt) for attempt in broken)
    assert not seal.verify_disclosure(flip(sealed), shown)
    assert not seal.verify_disclosure(sealed, shown[:4])
    assert not seal.verify_disclosure(sealed, [*shown[1:], shown[0]])


def test_an_unknown_part_is_refused() -> None:
    with pytest.raises(ValueError, match="no part called 'subject'"):
        seal.disclose(SALT, PARTS, {"subject"})


def test_published_tree_heads() -> None:
    # RFC 9162 section 2.1.1: the hash of an empty list; the others are the test tree of RFC 6962 implementations
    assert seal.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    entries = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    leaves = [sha256(b"\0" + bytes.fromhex(entry)).digest() for entry in entries]
    heads = {
        1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    }
    assert {size: seal.root(leaves[:size]).hex() for size in heads} == heads


def test_the_root_is_that_of_the_definition() -> None:
    def mth(leaves: list[bytes]) -> bytes:
        if len(leaves) == 1:
            return leaves[0]
        k = 1
        while k * 2 < len(leaves):
            k *= 2
        return sha256(b"\1" + mth(leaves[:k]) + mth(leaves[k:])).digest()

    leaves = [sha256(bytes([number])).digest() for number in range(70)]
    assert all(seal.root(leaves[:size]) == mth(leaves[:size]) for size in range(1, 70))


@given(trees, st.data())
def test_every_leaf_is_proven_and_nothing_else(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    head, path, size = seal.root(leaves), seal.inclusion(leaves, index), len(leaves)
    assert seal.verify_inclusion(leaves[index], index, size, path, head)
    other = bytes([leaves[index][0] ^ 1]) + leaves[index][1:]
    assert not seal.verify_inclusion(other, index, size, path, head)
    assert not seal.verify_inclusion(leaves[index], index, size, [*path, other], head)
    assert not seal.verify_inclusion(leaves[index], size, size, path, head)
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        wrong = [*path[:at], bytes([path[at][0] ^ 1]) + path[at][1:], *path[at + 1 :]]
        assert not seal.verify_inclusion(leaves[index], index, size, wrong, head)
        assert not seal.verify_inclusion(leaves[index], index, size, path[1:], head)


def test_all_small_trees_are_consistent() -> None:
    leaves = [sha256(bytes([number])).digest() for number in range(20)]
    heads = [seal.root(leaves[:size]) for size in range(21)]
    for second in range(1, 21):
        for first in range(1, second + 1):
            proof = seal.consistency(leaves[:second], first)
            assert seal.verify_consistency(first, second, heads[first], heads[second], proof)
            assert not seal.verify_consistency(first, second, heads[first - 1], heads[second], proof)
            assert not seal.verify_consistency(first, second, heads[first], heads[second - 1], proof)
            assert not seal.verify_consistency(first, second, heads[first], heads[second], [*proof, heads[0]])
            assert not (proof and seal.verify_consistency(first, second, heads[first], heads[second], proof[1:]))
    assert not seal.verify_consistency(0, 5, heads[0], heads[5], [])


def test_no_proof_for_what_is_not_there() -> None:
    with pytest.raises(IndexError, match="no leaf 3 in a tree of 3"):
        seal.inclusion([b"x" * 32] * 3, 3)
    with pytest.raises(IndexError, match="no tree of 0 leaves"):
        seal.consistency([b"x" * 32] * 3, 0)


@given(salts, parts, st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"a", b"bc"])).map(b"".join))
def test_the_leaf_of_a_record_is_that_of_its_parts(salt: bytes, content: tuple[bytes, ...], mail: bytes) -> None:
    origin, envelope, *_ = content
    expected = seal.leaf(salt, origin, envelope, b"", *seal.split(mail))
    assert seal.leaf_of(salt, (origin, envelope, b""), mail) == expected
    assert seal.leaf_of(salt, (origin, envelope, b""), memoryview(b"x" + mail + b"y")[1:-1]) == expected
