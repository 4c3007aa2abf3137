"""The entry that every form is made from: addresses, networks and names, each with its answers."""

from __future__ import annotations

import pytest

from junkhound.listing import HOLDS, bit_code, domain_name
from junkhound.publish import is_code, outputs
from support.editions import entry, make, name_entry


def test_an_entry_answers_with_its_own_codes_and_else_with_those_of_its_edition() -> None:
    both = entry("203.0.113.7", codes=("127.0.0.2", "127.0.0.4"))
    made = make(both, entry("203.0.113.8", 2), code="127.0.0.9")
    assert [made.codes(one) for one in made.entries] == [("127.0.0.2", "127.0.0.4"), ("127.0.0.9",)]


def test_an_edition_keeps_addresses_and_names_apart_and_in_order() -> None:
    made = make(name_entry("b.example"), entry("203.0.113.9"), name_entry("a.example", 3), entry("203.0.113.7", 4))
    assert [str(one.network.first) for one in made.entries] == ["203.0.113.7", "203.0.113.9"]
    assert [one.name for one in made.names] == ["a.example", "b.example"]
    assert made.size == 4


@pytest.mark.parametrize(
    "words", ["127.0.0.1", "127.255.255.254", "192.0.2.1", "::1", "127.0.0", "", "127.0.0.2 ", "::ffff:127.0.0.2x"]
)
def test_an_answer_that_means_something_else_is_no_code(words: str) -> None:
    assert not is_code(words)
    with pytest.raises(ValueError, match="not the words"):
        entry("203.0.113.7", codes=(words,))


@pytest.mark.parametrize("name", ["Shop.example", "shop.example.", "example", "192.0.2.7", "a b.example", "-a.example"])
def test_a_name_is_published_in_one_form_only(name: str) -> None:
    with pytest.raises(ValueError, match="not a domain"):
        name_entry(name)


def test_a_name_is_brought_to_the_form_in_which_it_is_listed() -> None:
    assert domain_name("Shop.EXAMPLE.") == "shop.example"
    assert domain_name("xn--bcher-kva.example") == "xn--bcher-kva.example"
    assert domain_name("a." * 120 + "example") is None  # no room for it below a zone


def test_the_sentence_of_a_name_says_whether_all_below_is_listed() -> None:
    made = make(url="https://bl.example.org/r/%s")
    host = name_entry("www.shop.example", below=False, listing_class="advertised host")
    assert made.sentence(name_entry("shop.example"), "shop.example").startswith("Domain shop.example is listed (JH-")
    assert made.sentence(host, host.name).startswith("Host www.shop.example is listed (JH-2026-000001, advertised")
    longest = ".".join(["a" * 48] * 4)
    assert len(made.sentence(name_entry(longest), longest)) <= 255


def test_codes_and_bits_of_all_kinds_differ_and_none_says_blocked() -> None:
    assert len({one.code for one in HOLDS.values()}) == len(HOLDS)
    assert len({one.bit for one in HOLDS.values()}) == len(HOLDS)
    assert all(is_code(one.code) and one.bit for one in HOLDS.values())
    assert bit_code({"direct", "bots"}) == "127.0.0.6"
    assert bit_code({"snowshoe", "direct"}) == "127.0.1.2"


def test_rbldnsd_answers_every_code_of_an_entry() -> None:
    made = make(entry("203.0.113.7", codes=("127.0.0.2", "127.0.0.4")))
    lines = outputs.get("rbldnsd")(made)["ip4set"].decode().splitlines()
    assert [line.split()[1][:11] for line in lines if line.startswith("203.0.113.7 ")] == [":127.0.0.2:", ":127.0.0.4:"]
