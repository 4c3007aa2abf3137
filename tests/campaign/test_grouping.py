"""Texts are grouped by their words and by what they share; no text and no key may blow a group up."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from junkhound import campaign, content
from junkhound.campaign import Keys, Known, Units, forest
from junkhound.content import template
from junkhound.tables import KeyKind

PROSE = [f"{a}{b}" for a in ("mor", "lan", "tes", "quil", "bar", "ven", "dor", "sal", "nim", "kor", "pel", "rud")
         for b in ("ta", "nel", "dis", "ova", "rix", "mun", "ela", "gor", "shi", "bek", "fal", "zen")]  # fmt: skip


def units(texts: list[str], before: list[int] | None = None) -> Units:
    """Units of these texts, one mail each."""
    made = [(template.sketch(text), len(template.words_of(text))) for text in texts]
    sketch = np.stack([np.frombuffer(s, "<u4") if s else np.zeros(128, np.uint32) for s, _ in made])
    numbers = [content.key(text) for text in texts]
    ones = np.ones(len(texts), np.int64)
    return Units(
        np.array(numbers, np.uint64), sketch, np.array([words for _, words in made], np.int64), ones,
        np.array(before or [0] * len(texts), np.int64),
    )  # fmt: skip


def keys(held: list[tuple[int, KeyKind, str]]) -> Keys:
    """Keys by row."""
    return Keys(
        np.array([row for row, _, _ in held], np.int64), np.array([int(kind) for _, kind, _ in held], np.int64),
        np.array([content.key(name) for _, _, name in held], np.uint64), np.ones(len(held), np.int64),
    )  # fmt: skip


def letter(seed: int, words: int = 30) -> list[str]:
    return random.Random(seed).sample(PROSE, words)


def noisy(seed: int, copies: int, noise: int, words: int = 30) -> list[str]:
    """Copies of one letter, each with words of its own at the end."""
    own = [f"x{n:x}q".translate(str.maketrans("0123456789", "ghijklmnop")) for n in range(5000)]
    chance = random.Random(1000 + seed)
    return [" ".join(letter(seed, words) + chance.choices(own, k=noise)) for _ in range(copies)]


def parts(labels: np.ndarray) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in np.unique(labels)}


def test_copies_with_a_tail_of_their_own_are_one_and_other_letters_are_not() -> None:
    labels = campaign.group(units(noisy(1, 8, 8) + noisy(2, 8, 8)), Keys())
    assert parts(labels) == {frozenset(range(8)), frozenset(range(8, 16))}


def test_a_shared_domain_joins_what_noise_has_drowned() -> None:
    texts = noisy(3, 10, 45)  # words of their own: the overlap of two is below a third
    assert len(parts(campaign.group(units(texts), Keys()))) > 5
    shared = keys([(row, KeyKind.DOMAIN, "pills.example") for row in range(10)])
    assert parts(campaign.group(units(texts), shared)) == {frozenset(range(10))}


def test_one_domain_alone_joins_no_different_letters() -> None:
    texts = noisy(4, 6, 3) + noisy(5, 6, 3)
    shared = keys([(row, KeyKind.DOMAIN, "short.example") for row in range(12)])
    assert parts(campaign.group(units(texts), shared)) == {frozenset(range(6)), frozenset(range(6, 12))}


def test_a_known_hub_joins_nothing() -> None:
    texts = noisy(3, 10, 45)
    shared = keys([(row, KeyKind.DOMAIN, "pills.example") for row in range(10)])
    known = Known(np.array([content.key("pills.example")], np.uint64))
    assert len(parts(campaign.group(units(texts), shared, known))) > 5


def test_a_key_of_many_different_letters_is_found_to_be_a_hub() -> None:
    """Nine letters whose words overlap by a third, under one shortener: near enough, were it anybody's own."""
    common = letter(77, 16)
    texts = [" ".join(common + letter(200 + n, 26)[:22]) + f" {word}" for n in range(9)
             for word in ("ena", "eno", "enu", "eni")]  # fmt: skip
    shared = keys([(row, KeyKind.DOMAIN, "short.example") for row in range(36)])
    assert len(parts(campaign.group(units(texts), shared))) == 9


def test_a_list_of_many_authors_ties_nothing_to_what_spammers_post_there() -> None:
    """One letter with copies, and forty others that share a footer with its link and number."""
    many = [one + other for one in PROSE for other in PROSE[:40]]
    footer, lines = letter(300, 9), [random.Random(n).sample(many, 26) for n in range(41)]
    spam = [" ".join(lines[40] + footer) + f" {word}" for word in ("ena", "eno", "enu", "eni", "enk")]
    posts = [" ".join(lines[n] + footer) for n in range(40)]
    held = [(row, kind, "list.example") for row in range(45) for kind in (KeyKind.DOMAIN, KeyKind.PHONE)]
    found = parts(campaign.group(units(spam + posts), keys(held)))
    assert frozenset(range(5)) in found


def test_a_tracker_ties_no_customers_who_have_domains_of_their_own() -> None:
    one, other = letter(500, 30), letter(501, 18)
    texts = [" ".join(one) + f" {word}" for word in ("ena", "eno", "enu", "eni")]
    texts += [" ".join(one[:12] + other) + f" {word}" for word in ("ena", "eno", "enu", "eni")]
    held = [(row, KeyKind.DOMAIN, "track.example") for row in range(8)]
    own = [(row, KeyKind.DOMAIN, "pills.example" if row < 4 else "watches.example") for row in range(8)]
    assert len(parts(campaign.group(units(texts), keys(held)))) == 1
    assert len(parts(campaign.group(units(texts), keys(held + own)))) == 2


def test_a_key_put_into_a_few_texts_of_another_campaign_counts_nothing() -> None:
    """What somebody would do to tie his rival to himself, or everybody to a bank: 2 of 20 texts have the key."""
    texts = noisy(11, 20, 3) + noisy(12, 20, 3)
    few = [(row, kind, "a.example") for row in (0, 1, *range(20, 40)) for kind in (KeyKind.DOMAIN, KeyKind.MAILBOX)]
    assert len(parts(campaign.group(units(texts), keys(few)))) == 2
    many = [(row, kind, "a.example") for row in range(40) for kind in (KeyKind.DOMAIN, KeyKind.MAILBOX)]
    mixed = [text + " " + " ".join(letter(13, 14)) for text in texts]
    assert len(parts(campaign.group(units(mixed), keys(many)))) == 1


def test_wordings_in_turn_are_one_campaign_where_the_same_programs_send_them() -> None:
    """The second wording begins when the first ends, under one subject; at the same time, or by others, it is two."""
    common = letter(600, 20)
    tails = ["".join(chr(97 + ord(c) - 48) for c in f"{n:03}") + "qx" for n in range(10)]
    texts = [" ".join(common + letter(601, 30)[:16] + [tail]) for tail in tails]
    texts += [" ".join(common + letter(602, 30)[:16] + [tail]) for tail in tails]
    held = [(row, KeyKind.SUBJECT, "good news") for row in range(20)]

    def found(start: int, manner: str) -> int:
        made, named = units(texts), keys(held)
        spoke = keys([(row, KeyKind.SUBJECT, "helo" if row < 10 else manner) for row in range(20)])
        named = Keys(*(np.concatenate([getattr(named, n), getattr(spoke, n)]) for n in ("row", "kind", "key", "mails")))
        named.kind[20:] = campaign.MANNER
        at = np.array([1000 + row * 100 if row < 10 else start + (row - 10) * 100 for row in range(20)])
        timed = Units(made.number, made.sketch, made.words, made.mails, made.group, at, at + 50)
        return len(parts(campaign.group(timed, named)))

    assert found(2000, "helo") == 1
    assert found(1300, "helo") == 2
    assert found(2000, "ehlo") == 2


def test_one_prose_with_two_numbers_to_call_is_two_offers_unless_it_is_the_same_letter() -> None:
    common = letter(700, 22)
    near_by = [" ".join(common + letter(701, 30)[:6]) + f" {word}" for word in ("ena", "eno", "enu", "eni", "enk")]
    near_by += [" ".join(common + letter(702, 30)[:6]) + f" {word}" for word in ("ena", "eno", "enu", "eni", "enk")]
    two = keys([(row, KeyKind.PHONE, "+12025550142" if row < 5 else "+12025550171") for row in range(10)])
    assert len(parts(campaign.group(units(near_by), Keys()))) == 1
    assert len(parts(campaign.group(units(near_by), two))) == 2
    same = noisy(703, 10, 1)
    assert len(parts(campaign.group(units(same), two))) == 1


def test_mail_without_text_goes_by_its_file_or_picture() -> None:
    texts = ["", "", "hi", "", "see it"]
    shared = keys([(0, KeyKind.PICTURE, "a"), (1, KeyKind.PICTURE, "a"), (2, KeyKind.ATTACHMENT, "b"),
                   (3, KeyKind.ATTACHMENT, "b")])  # fmt: skip
    found = units(texts)
    labels = campaign.group(found, shared)
    assert parts(labels) == {frozenset({0, 1}), frozenset({2, 3}), frozenset({4})}


def test_mail_without_text_is_together_whatever_text_has_the_picture_too() -> None:
    """Two letters with the same picture stand between those that say nothing."""
    texts = ["", noisy(20, 1, 0)[0], "", noisy(21, 1, 0)[0], ""]
    labels = campaign.group(units(texts), keys([(row, KeyKind.PICTURE, "a") for row in range(5)]))
    assert labels[0] == labels[2] == labels[4]


def test_a_few_words_beside_a_picture_are_no_letter_of_their_own() -> None:
    captions = [" ".join(letter(800 + n, 9)) for n in range(6)]
    shared = keys([(row, KeyKind.PICTURE, "a") for row in range(6)])
    assert len(parts(campaign.group(units(captions), shared))) == 1
    letters = [" ".join(letter(820 + n, 30)) for n in range(6)]
    assert len(parts(campaign.group(units(letters), shared))) == 6


def test_what_was_one_campaign_stays_one() -> None:
    texts = noisy(6, 3, 2) + noisy(7, 3, 2)
    labels = campaign.group(units(texts, before=[5, 5, 5, 5, 0, 0]), Keys())
    assert len(np.unique(labels)) == 1


def test_a_chain_of_texts_does_not_become_one() -> None:
    """Each near the next, the ends with no word in common: what somebody would write to tie all campaigns together."""
    words = [a + b for a in PROSE[:60] for b in ("ia", "eo", "ou", "ae")]
    chain = [" ".join(words[n : n + 24]) for n in range(0, 200, 4)]
    labels = campaign.group(units(chain), Keys())
    assert np.bincount(labels).max() <= 20


@settings(max_examples=20, deadline=None)
@given(st.permutations(list(range(30))))
def test_the_order_of_arrival_changes_nothing(order: list[int]) -> None:
    texts = noisy(8, 10, 10) + noisy(9, 10, 20) + noisy(10, 10, 40)
    held = [(row, KeyKind.DOMAIN, "one.example") for row in range(20, 30)]
    straight = campaign.group(units(texts), keys(held))
    place = {row: at for at, row in enumerate(order)}
    turned = campaign.group(
        units([texts[row] for row in order]), keys([(place[row], kind, n) for row, kind, n in held])
    )
    assert parts(straight) == {frozenset(order[at] for at in part) for part in parts(turned)}


def test_a_flood_of_texts_made_to_collide_costs_no_more() -> None:
    """Every text in one bucket of every band: the pairs that are looked at grow with their number, not its square."""
    same = np.zeros(20_000, np.uint64)
    a, b = campaign.sketches.neighbours(same, np.arange(len(same)))
    assert len(a) < 2 * len(same)
    assert len(a) == len(b)


def test_components_follow_chains() -> None:
    a = np.arange(0, 999, dtype=np.int64)
    assert len(np.unique(forest.components(1000, a, a + 1))) == 1
    assert forest.components(4, np.array([1]), np.array([3])).tolist() == [0, 1, 2, 1]


def test_names_stay_with_the_larger_part() -> None:
    labels = np.array([0, 0, 0, 1, 1, 2, 2, 2])
    before = np.array([7, 7, 8, 7, 9, 0, 0, 0])
    found = campaign.trace(labels, before, np.array([5, 5, 2, 3, 9, 1, 1, 1]))
    assert found.kept == {0: 7, 1: 9}
    assert found.merged == [(8, 0)]
    assert found.born == {2: 0}


def test_a_part_that_splits_off_is_born_of_the_old_one() -> None:
    found = campaign.trace(np.array([0, 0, 1, 1]), np.array([4, 4, 4, 4]), np.array([9, 9, 2, 2]))
    assert found.kept == {0: 4}
    assert found.born == {1: 4}
    assert not found.merged


@pytest.mark.parametrize("count", [0, 1])
def test_nothing_and_one_text_are_grouped(count: int) -> None:
    assert len(campaign.group(units(noisy(1, 2, 2)[:count]) if count else campaign.units.nothing(), Keys())) == count
