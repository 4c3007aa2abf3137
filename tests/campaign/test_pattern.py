"""Templates: learned from copies, they match later copies and nothing else, in forms that run in linear time."""

from __future__ import annotations

import random
import re

import duckdb
import pytest

from junkhound.campaign import pattern, reading, rules
from junkhound.campaign.pattern import Gap, Pattern
from junkhound.evidence.message import parse

WORDS = ("alder", "birch", "cedar", "maple", "oak", "pine", "rowan", "willow", "hazel", "ash", "beech", "elm", "fir",
         "larch", "spruce")  # fmt: skip


def copies(count: int, seed: int = 1, offer: str = "tablets for a fraction of the usual cost") -> list[str]:
    chance = random.Random(seed)
    found = []
    for _ in range(count):
        noise = " ".join(chance.choices(WORDS, k=chance.randint(4, 30)))
        town = chance.choice(["Northbridge", "Easthaven", "Millport"])
        found.append(
            f"Dear {chance.choice(['friend', 'customer', 'member'])},\n\nthousands of customers in {town} already trust"
            f" our famous store and order {offer}.\nOrder number {chance.randrange(10**6)} is reserved for you until"
            f" midnight, https://shop{chance.randrange(99)}.example/{chance.randrange(10**9):x}\n\n{noise}\n"
        )
    return [reading.canon(text) for text in found]


def test_a_pattern_matches_what_comes_later_and_no_other_mail() -> None:
    (made,) = pattern.infer(copies(100))
    assert made.bits >= pattern.LEAST_BITS
    assert (made.learned, made.missed) == (100, 0)
    assert all(made.matches(text) for text in copies(500, seed=2))
    other = copies(200, seed=3, offer="replica watches with sapphire glass and papers of the maker")
    assert sum(made.matches(text) for text in other) == 0
    assert not made.matches(reading.canon("Thousands of customers already trust our famous store."))


def test_links_numbers_and_noise_stand_in_no_phrase() -> None:
    (made,) = pattern.infer(copies(100))
    words = " ".join(made.phrases)
    assert "http" not in words
    assert "example" not in words
    assert not any(tree in words for tree in WORDS)
    assert reading.CUT not in words


def test_two_wordings_are_two_patterns() -> None:
    other = [
        f"a gentleman is judged by the wrist: our replica watches weigh and shine like the original, papers of the"
        f" maker and box included, delivery within {n % 9} days {WORDS[n % 15]} {WORDS[n % 7]} to any country"
        for n in range(60)
    ]
    mixed = [*copies(80), *other]
    random.Random(5).shuffle(mixed)
    found = pattern.infer(mixed)
    assert [one.learned for one in found] == [80, 60]
    assert all(sum(one.matches(text) for one in found) == 1 for text in mixed)


def spun(count: int, seed: int) -> list[str]:
    """Copies put together anew each time from a few small pieces."""
    chance = random.Random(seed)
    slots = (
        ("you have unread messages from women near you", "there are new letters from singles in your area",
         "somebody sent winks to your profile last night"),
        ("joining is free of charge and no card is needed", "the first month costs you nothing at all today"),
        ("i love books and quiet evenings by the fire", "i like music and travel to distant countries",
         "i dream of long walks along the winter sea"),
        ("read my message behind this link my dear", "answer before the weekend when i leave town"),
        ("tell me about yourself and what you enjoy", "write to me and send a photo of your house"),
        ("paula hartnell of the customer care office", "jenny hartnell from our member sales team"),
    )  # fmt: skip
    return [
        reading.canon(f"dear member {chance.randrange(999)}: " + ". ".join(chance.choice(slot) for slot in slots))
        for _ in range(count)
    ]


def test_pieces_that_take_turns_are_one_pattern() -> None:
    (made,) = pattern.infer(spun(200, 1))
    assert any(made.turns)
    assert all(made.matches(text) for text in spun(300, 2))
    assert not any(made.matches(text) for text in copies(50))
    half = spun(1, 3)[0][:120]
    assert not made.matches(half)
    engine = duckdb.connect()
    for text in [*spun(20, 4), half]:
        (hit,) = engine.execute("SELECT regexp_matches(?, ?)", [text, made.expression]).fetchone()  # type: ignore[misc]
        assert bool(hit) == made.matches(text)
    rule = rules.Rule("K-2006-000012", "dating", 1, "2006-06-11", made)
    assert rules.spamassassin([rule]).count("(?:") >= len([one for one in made.turns if one])


def test_too_few_copies_or_too_little_said_make_none() -> None:
    assert pattern.infer(copies(pattern.LEAST - 1)) == []
    assert pattern.infer(["see the attached file please"] * 200) == []
    assert pattern.infer([]) == []


def test_between_phrases_a_closed_list_is_told_and_noise_by_its_kind() -> None:
    towns = pattern.gap_of(["northbridge", "easthaven", "millport"] * 40)
    assert set(towns.values) == {"northbridge", "easthaven", "millport"}
    noise = pattern.gap_of([f"{n:06x}" for n in range(100)])
    assert noise == Gap((), "a-z0-9", 6, 6)
    assert pattern.gap_of(["x" + reading.CUT, "y"]).classes == "any"


def test_fields_that_are_made_alike_become_one_expression() -> None:
    fields = [
        {"Message-ID": f"<{n:04d}.{n * 7919 % 65536:04x}@mail.example>", "X-Mailer": "Bat 1.0"} for n in range(60)
    ]
    found = pattern.fields_of(fields)
    assert found["X-Mailer"] == r"^Bat\s+1\.0$"
    assert all(re.match(found["Message-ID"], one["Message-ID"]) for one in fields)
    assert not re.match(found["Message-ID"], "<abc@mail.example>")


def test_recipients_are_taken_out_of_the_text_even_where_all_mail_is_for_one() -> None:
    mails = [
        f"To: Alice <alice.lure@trap.example>\r\nSubject: hello alice\r\n\r\nDear Alice Lure, {text}\r\nyou are"
        " alice.lure@trap.example, unsubscribe trap.example\r\n"
        for text in copies(60)
    ]
    texts = [reading.read(parse(mail.encode()), ["alice.lure@trap.example"]).text for mail in mails]
    (made,) = pattern.infer(texts)
    said = " ".join((*made.phrases, *(value for gap in made.gaps for value in gap.values)))
    assert "alice" not in said
    assert "lure" not in said
    assert "trap.example" not in said
    assert all(made.matches(text) for text in texts)


def test_expressions_mean_the_same_to_an_engine_without_backtracking() -> None:
    (made,) = pattern.infer(copies(100))
    texts = [*copies(20, seed=6), "another text"]
    engine = duckdb.connect()  # its expressions are RE2's
    for text in texts:
        (hit,) = engine.execute("SELECT regexp_matches(?, ?)", [text, made.expression]).fetchone()  # type: ignore[misc]
        assert bool(hit) == made.matches(text) == bool(re.search(made.expression, text))


@pytest.mark.parametrize(
    "phrase", ["save 50% (now) [a.b] \\d {2} /x/ $9 @home #1", "größe straße äpfel", "наша аптека"]
)
def test_phrases_mean_themselves_in_every_form(phrase: str) -> None:
    canon = reading.canon(phrase)
    engine = duckdb.connect()
    (hit,) = engine.execute("SELECT regexp_matches(?, ?)", [canon, pattern.flexible(canon)]).fetchone()  # type: ignore[misc]
    assert hit
    for text in (phrase, phrase.upper().replace("STRASSE", "STRAßE")):
        assert re.search(rules.octets(canon).encode(), text.encode(), re.IGNORECASE), text


def test_hostile_copies_cost_what_they_are_long() -> None:
    import time

    flood = [reading.canon("a b " * 1500 + str(n)) for n in range(60)]
    chance = random.Random(9)
    noise = [" ".join(chance.choices(WORDS, k=600)) for _ in range(150)]
    began = time.process_time()
    pattern.infer(flood)
    pattern.infer(noise)
    assert time.process_time() - began < 10


def test_rule_files_name_the_campaign_and_ask_for_every_phrase() -> None:
    rule = rules.Rule("K-2006-000012", "pharma", 2, "2006-06-11", Pattern(("first phrase", "second / phrase")))
    assassin = rules.spamassassin([rule])
    assert r"body __JH_K_2006_000012_2_2 /second\s+\/\s+phrase/i" in assassin
    assert "meta JH_K_2006_000012_2 (__JH_K_2006_000012_2_1 && __JH_K_2006_000012_2_2)" in assassin
    assert r"re = [==[/first\s+phrase/i{sa_body} & /second\s+\/\s+phrase/i{sa_body}]==]" in rules.rspamd([rule])
    assert rules.expressions([rule]) == "JH_K_2006_000012_2\t(?s)first\\s+phrase.*second\\s+\\/\\s+phrase\n"
