"""Listings in the state database, on SQLite and PostgreSQL: numbers, steps, pins, and doing it twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from junkhound.kernel.clock import DAY, HOUR
from junkhound.kernel.errors import NotFound, Refused
from junkhound.ledger import schema, state
from junkhound.ledger.listing_records import Past
from junkhound.ledger.listing_step import decision_id
from junkhound.ledger.listings import Listings
from junkhound.listing import Decision, Outcome, Reason
from support.histories import NOW, policy, subject

MAIN = policy()


@pytest.fixture
def book(state_url: str, tmp_path: Path) -> Iterator[Listings]:
    engine = state.open_state(state_url, tmp_path)
    schema.metadata.create_all(engine)
    yield Listings(engine)
    engine.dispose()


def decision(words: str, at: int = NOW, held: int = 3 * DAY, outcome: Outcome = Outcome.LIST, **other) -> Decision:
    values = {
        "list": "main",
        "subject": subject(words),
        "at": at,
        "outcome": outcome,
        "score": 0.81,
        "reasons": (Reason("seen", "2 messages at 2 vantages"), Reason("score", "the bound is 0.810")),
        "policy": MAIN.hash,
        "inputs": {"junk": [1.0, 2.0, 3.0, 4.0], "relistings": other.pop("relistings", 0)},
        "expires_at": at + held,
        "first_at": at - DAY,
        "last_at": at - HOUR,
        "messages": 12,
        "vantages": 2,
        "listing_class": "direct spam source",
        **other,
    }
    return Decision(**values)


def events(book: Listings, number: str) -> list[str]:
    return [event.event for event in book.events(number)]


def test_listings_get_numbers_of_the_year_in_the_order_of_addresses(book: Listings) -> None:
    made = [decision("203.0.113.9"), decision("2001:db8:1:2::/64"), decision("203.0.113.7")]
    assert book.apply(MAIN, made, NOW).listed == ["JH-2022-000001", "JH-2022-000002", "JH-2022-000003"]
    assert [str(one.subject) for one in book.live("main", NOW)] == [
        "203.0.113.7/32",
        "203.0.113.9/32",
        "2001:db8:1:2::/64",
    ]
    stored = book.decision(book.get("JH-2022-000001").decision)
    assert stored.id == decision_id(decision("203.0.113.7"))
    assert stored.reasons[0].text == "2 messages at 2 vantages"
    assert book.policy_text(stored.policy) == MAIN.text


def test_deciding_twice_at_one_moment_changes_nothing(book: Listings) -> None:
    made = [decision("203.0.113.7"), decision("203.0.113.9")]
    book.apply(MAIN, made, NOW)
    before = [(one, book.events(one.number)) for one in book.live("main", NOW)]
    assert book.apply(MAIN, list(reversed(made)), NOW).changed == 0
    assert [(one, book.events(one.number)) for one in book.live("main", NOW)] == before


def test_what_is_asked_of_some_subjects_is_what_is_known_of_them(book: Listings) -> None:
    every = [f"203.0.113.{n}" for n in range(6)]
    made = [decision(words, held=(1 + n) * HOUR) for n, words in enumerate(every)]
    book.apply(MAIN, made, NOW)
    later = NOW + 3 * HOUR + HOUR // 2
    book.expire("main", later)
    book.apply(MAIN, [decision(every[0], later)], later)
    some = {subject(words) for words in (every[0], every[1], every[4], "192.0.2.1")}
    live, past = book.live("main", later), book.past("main", later)
    assert book.live("main", later, some) == [one for one in live if one.subject in some]
    assert book.past("main", later, some) == {one: was for one, was in past.items() if one in some}
    assert len(book.live("main", later, some)) == 2
    assert book.count("main", later) == len(live) == 4
    assert [book.count("main", NOW + hours * HOUR) for hours in (-1, 0, 2, 99)] == [0, 6, 4, 0]
    assert events(book, book.live("main", later, some)[0].number) == ["relisted"]


def test_a_number_is_never_used_again(book: Listings) -> None:
    book.apply(MAIN, [decision("203.0.113.7")], NOW)
    assert book.expire("main", NOW + 4 * DAY) == ["JH-2022-000001"]
    again = NOW + 5 * DAY
    assert book.apply(MAIN, [decision("203.0.113.7", again, relistings=1)], again).relisted == ["JH-2022-000002"]
    assert book.get("JH-2022-000002").relistings == 1
    assert events(book, "JH-2022-000001") == ["listed", "expired"]
    assert events(book, "JH-2022-000002") == ["relisted"]
    year = NOW + 365 * DAY
    assert book.apply(MAIN, [decision("203.0.113.8", year)], year).listed == ["JH-2023-000001"]


def test_it_expires_at_its_own_moment_however_late_we_look(book: Listings) -> None:
    book.apply(MAIN, [decision("203.0.113.7")], NOW)
    assert book.expire("main", NOW + 3 * DAY - 1) == []
    assert book.expire("main", NOW + 40 * DAY) == ["JH-2022-000001"]
    one = book.get("JH-2022-000001")
    assert (one.ended_at, one.end) == (NOW + 3 * DAY, "expired")
    assert book.live("main", NOW + 3 * DAY) == []
    assert [live.number for live in book.live("main", NOW + 3 * DAY - 1)] == ["JH-2022-000001"]
    assert book.past("main", NOW + 40 * DAY) == {
        subject("203.0.113.7"): Past(relistings=1, ended_hour=(NOW + 3 * DAY) // HOUR)
    }
    assert book.past("main", NOW + 2 * DAY) == {}


def test_being_seen_again_renews_and_small_steps_make_no_events(book: Listings) -> None:
    book.apply(MAIN, [decision("203.0.113.7")], NOW)
    soon, later = NOW + HOUR, NOW + DAY
    book.apply(MAIN, [decision("203.0.113.7", soon)], soon)
    assert book.get("JH-2022-000001").expires_at == soon + 3 * DAY
    assert events(book, "JH-2022-000001") == ["listed"]
    assert book.apply(MAIN, [decision("203.0.113.7", later)], later).renewed == ["JH-2022-000001"]
    assert events(book, "JH-2022-000001") == ["listed", "renewed"]
    assert book.get("JH-2022-000001").decision == decision_id(decision("203.0.113.7", later))
    # rows leave the window: what stands is not cut short, unless the rules change
    last = later + HOUR
    book.apply(MAIN, [decision("203.0.113.7", last, held=HOUR)], last)
    assert book.get("JH-2022-000001").expires_at == later + 3 * DAY
    strict = policy(first_days=0.5)
    book.apply(strict, [decision("203.0.113.7", last, held=2 * HOUR, policy=strict.hash)], last)
    assert book.get("JH-2022-000001").expires_at == last + 2 * HOUR


def test_a_rule_can_end_it_at_once(book: Listings) -> None:
    book.apply(MAIN, [decision("203.0.113.7")], NOW)
    why = (Reason("protected", "never listed: 203.0.113.0/24 is our own"),)
    cleared = decision("203.0.113.7", NOW + HOUR, outcome=Outcome.CLEAR, expires_at=None, reasons=why)
    assert book.apply(MAIN, [cleared], NOW + HOUR).delisted == ["JH-2022-000001"]
    last = book.events("JH-2022-000001")[-1]
    assert (last.event, last.who, last.why) == ("delisted", "junkhound", why[0].text)
    assert book.past("main", NOW + DAY) == {}  # an error of ours does not double the next one


def test_a_removal_by_hand_is_kept_and_remembered(book: Listings) -> None:
    book.apply(MAIN, [decision("203.0.113.7")], NOW)
    one = book.remove("main", subject("203.0.113.7"), NOW + HOUR, "pat", "the owner has cleaned it")
    assert (one.end, one.ended_at) == ("removed", NOW + HOUR)
    last = book.events(one.number)[-1]
    assert (last.event, last.who, last.why) == ("delisted", "pat", "the owner has cleaned it")
    assert book.past("main", NOW + DAY)[subject("203.0.113.7")] == Past(cleared_hour=(NOW + HOUR) // HOUR)
    with pytest.raises(NotFound, match="not on list 'main'"):
        book.remove("main", subject("203.0.113.7"), NOW + HOUR, "pat", "again")


def test_history_is_not_rewritten(book: Listings) -> None:
    book.apply(MAIN, [decision("203.0.113.7")], NOW)
    with pytest.raises(Refused, match="which is later"):
        book.apply(MAIN, [decision("203.0.113.8", NOW - DAY)], NOW - DAY)
    assert len(book.live("main", NOW)) == 1


def test_a_failed_run_leaves_nothing_behind(book: Listings) -> None:
    broken = decision("203.0.113.8", listing_class=None)  # refused by the database
    with pytest.raises(Exception, match="class"):
        book.apply(MAIN, [decision("203.0.113.7"), broken], NOW)
    assert book.live("main", NOW) == []
    assert book.run("main") is None
    assert book.apply(MAIN, [decision("203.0.113.7")], NOW).listed == ["JH-2022-000001"]


def test_listings_are_found_by_any_address_in_them(book: Listings) -> None:
    wide = policy("wide")
    book.apply(MAIN, [decision("2001:db8:1:2::/64"), decision("203.0.113.7")], NOW)
    book.apply(wide, [decision("203.0.113.0/24", policy=wide.hash, list="wide")], NOW)
    assert {one.list for one in book.of(subject("203.0.113.7").first)} == {"main", "wide"}
    assert [one.list for one in book.of(subject("203.0.113.8").first)] == ["wide"]
    assert [one.number for one in book.of(subject("2001:db8:1:2:ffff::1").last)] == ["JH-2022-000002"]
    assert book.of(subject("2001:db8:1:3::").first) == []
    with pytest.raises(NotFound, match="JH-2022-000009"):
        book.get("JH-2022-000009")


def test_pins_keep_the_first_and_the_newest_messages(book: Listings) -> None:
    where = subject("203.0.113.7")
    messages = [(1 << 62, ordinal, NOW + ordinal) for ordinal in range(100)]
    book.apply(MAIN, [decision("203.0.113.7")], NOW, {where: messages[:50]})
    assert [pin["ordinal"] for pin in book.pins("JH-2022-000001")] == [*range(20), *range(30, 50)]
    assert ("JH-2022-000001", 1 << 62, 49) in book.untraced("main")
    book.keep_traces([("JH-2022-000001", 1 << 62, 49, '{"hops": []}')])
    book.keep_traces([("JH-2022-000001", 1 << 62, 49, "{}")])
    assert ("JH-2022-000001", 1 << 62, 49) not in book.untraced("main")
    book.apply(MAIN, [decision("203.0.113.7", NOW + DAY)], NOW + DAY, {where: messages})
    kept = book.pins("JH-2022-000001")
    # what has been traced already stays for good
    assert [pin["ordinal"] for pin in kept] == [*range(20), 49, *range(80, 100)]
    assert next(pin["trace"] for pin in kept if pin["ordinal"] == 49) == '{"hops": []}'
    assert all(pin["closed_at"] is None for pin in kept)
    book.expire("main", NOW + 9 * DAY)
    assert {pin["closed_at"] for pin in book.pins("JH-2022-000001")} == {NOW + 4 * DAY}


def test_runs_and_editions_are_remembered(book: Listings) -> None:
    assert book.run("main") is None
    book.apply(MAIN, [], NOW)
    book.note_edition(policy(), NOW, 0)
    run = book.run("main")
    assert run is not None
    assert (run.decided_at, run.published_at, run.published_entries) == (NOW, NOW, 0)


@settings(max_examples=20)
@given(st.lists(st.tuples(st.sampled_from([7, 8, 9]), st.integers(0, 5), st.booleans()), max_size=8))
def test_history_only_grows(steps: list[tuple[int, int, bool]]) -> None:
    """Listing then expiry leaves the list as it was and the history longer, whatever came before."""
    engine = state.open_state("sqlite://", Path())
    schema.metadata.create_all(engine)
    book, at, told = Listings(engine), NOW, 0
    for host, days, expire in steps:
        at += days * DAY
        book.apply(MAIN, [decision(f"203.0.113.{host}", at)], at)
        if expire:
            at += 30 * DAY
            book.expire("main", at)
            assert book.live("main", at) == []
        every = [e for host in (7, 8, 9) for one in book.of(subject(f"203.0.113.{host}").first)
                 for e in book.events(one.number)]  # fmt: skip
        assert len(every) >= told
        told = len(every)
        assert len({one.subject for one in book.live("main", at)}) == len(book.live("main", at))
    engine.dispose()
