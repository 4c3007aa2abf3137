"""A replay decides as the ledger's list did, step by step; ranges, names and combined zones through the ledger."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from junkhound.content.template import key
from junkhound.kernel import config
from junkhound.kernel.clock import DAY, HOUR
from junkhound.kernel.errors import ConfigError, UsageError
from junkhound.ledger import histories
from junkhound.listing import Rows, Senders, senders
from junkhound.tables import Clue, KeyKind, Kind, Operator, Standing
from junkhound.verbs import lists, publish, replaying
from junkhound.verbs.office import Office
from support.sightings import unit
from verbs.test_lists import AT, BAIT, BOX, LURE, NAMES, ROWS, make, moved, seen

__all__ = ["make"]
Make = Callable[..., Office]

POOL = {"operator": int(Operator.ACCESS), "clues": int(Clue.DYNAMIC_RDNS), "prefix": 112}
MANY = [
    *ROWS,
    *(seen(100 + n, f"45.0.0.{n % 7}", 5 + n % 5, n % 23, (BAIT, LURE)[n % 2], 21 + n % 2) for n in range(40)),
    *({**seen(200 + n, f"45.9.{128 + n}.7", 6, n, (BAIT, LURE)[n % 2]), **POOL} for n in range(8)),
    seen(300, "45.0.0.9", 6, 3, BOX, 0, kind=int(Kind.GOOD), standing=int(Standing.MAILBOX)),
]
BOTH = {"main": config.List(), "pools": config.List(holds="dynamic")}


def test_a_replay_holds_what_the_list_held_at_every_step(make: Make) -> None:
    office = make(MANY, lists=BOTH)
    start, step = AT - 6 * DAY, 6
    held: dict[tuple[str, int], set[str]] = {}
    for at in range(start + step * HOUR, AT + 1, step * HOUR):
        now = moved(office, at)
        lists.decide(now)
        for name in BOTH:
            held[name, at] = {str(one.subject) for one in lists.entries(now, name)}
    for done in replaying.replay(moved(office, AT), None, start, AT, step):
        for (name, at), subjects in held.items():
            if name == done.policy.name:
                then = {str(s) for s, spans in done.book.spans.items() if any(x.start <= at < x.end for x in spans)}
                assert then == subjects, (name, at)
        assert done.only_then == done.only_now == []
    assert any(held.values())


def test_a_replay_names_the_good_senders_it_would_have_hit(make: Make) -> None:
    good = [
        seen(400 + n, "2001:db8:1:2::99", 9, 10 + n, BOX, 0, kind=int(Kind.GOOD), standing=int(Standing.FBL))
        for n in range(1)
    ]
    office = make([*ROWS, *good], lists={"main": config.List(bound=0.2)})
    (done,) = replaying.replay(office, "main", AT - 4 * DAY, AT, 1)
    assert done.good_days == 1
    assert [(str(hit.address), str(hit.subject)) for hit in done.hits] == [("2001:db8:1:2::99", "2001:db8:1:2::/64")]


def test_names_cannot_be_replayed(make: Make) -> None:
    office = make(lists={"names": config.List(holds="domains")})
    with pytest.raises(UsageError, match="can be replayed"):
        list(replaying.replay(office, "names", AT - DAY, AT))


def test_both_ways_of_making_senders_agree(make: Make) -> None:
    office = make(MANY)
    query = office.ledger.query()
    hour = AT // HOUR
    plain = senders(Rows.of(query.units(0, AT + DAY)), hour - 800, hour)
    asked = Senders.of(histories.senders(query, hour - 800, hour))
    for one in dataclasses.fields(Senders):
        assert getattr(plain, one.name).tolist() == getattr(asked, one.name).tolist(), one.name
    assert histories.good_days(query, 0, AT + DAY) == (2, 2)


def test_a_pool_is_listed_pinned_published_and_ended_by_good_mail(make: Make) -> None:
    office = make(MANY, lists=BOTH)
    lists.decide(office)
    (pool,) = lists.entries(office, "pools")
    assert (str(pool.subject), pool.listing_class) == ("45.9.128.0/21", "dynamic range")
    assert len(lists.book_of(office).pins(pool.number)) == 8
    done = {one.name: one for one in publish.publish(office)}
    assert done["pools"].edition is not None
    assert done["pools"].edition.code == "127.0.0.7"
    assert "45.9.128.0/21" in (office.home / "out/pools.txt").read_text()
    fine = [seen(500, "45.9.130.25", 10, 1, BOX, 0, kind=int(Kind.GOOD), standing=int(Standing.MAILBOX))]
    office.ledger.commit([unit(office.ledger.store, 12, fine, known_as=NAMES)])
    (after,) = lists.decide(moved(office, AT + 2 * HOUR), "pools")
    assert after.applied.delisted == [pool.number] or after.applied.replaced == [pool.number]
    assert all(not one.subject.holds(seen_at) for one in lists.entries(moved(office, AT + 2 * HOUR), "pools")
               for seen_at in (publish.Network(0, 0xFFFF_2D09_8219, 128).first,))  # fmt: skip


def test_a_combined_zone_answers_for_all_its_parts(make: Make) -> None:
    office = make(MANY, lists={**BOTH, "all": config.List(holds="combined", of=("main", "pools"))})
    lists.decide(office)
    with pytest.raises(UsageError, match="is combined from others"):
        lists.decide(office, "all")
    done = {one.name: one for one in publish.publish(office)}
    edition = done["all"].edition
    assert edition is not None
    codes = {str(entry.network): edition.codes(entry) for entry in edition.entries}
    assert codes["203.0.113.7/32"] == ("127.0.0.2",)
    assert codes["45.9.128.0/21"] == ("127.0.0.7",)
    assert edition.meanings == (
        ("127.0.0.2", "direct source of junk mail"),
        ("127.0.0.7", "range of dynamic addresses that should not send mail directly (policy)"),
    )
    assert len(lists.entries(office, "all")) == edition.size
    assert lists.diff(office, "all")[0].added == []
    broken = moved(office, AT, lists={**office.config.lists, "all": config.List(holds="combined", of=("none",))})
    with pytest.raises(ConfigError, match="no list 'none' to combine"):
        publish.publish(broken, "all")


def test_a_new_public_list_and_new_rules_wait_in_the_shadow(make: Make) -> None:
    office = make(lists={"open": config.List(scope="public"), "main": config.List()})
    lists.decide(office)
    assert lists.in_shadow(office, "open")
    assert not lists.in_shadow(office, "main")
    assert not lists.in_shadow(moved(office, AT + 61 * 60_000_000), "open")
    later = moved(office, AT + 2 * HOUR, lists={"open": config.List(scope="public", bound=0.6)})
    lists.decide(later)
    assert lists.in_shadow(later, "open")


LINKS = [seen(900 + n, f"45.20.{n}.1", 9, 1 + n, (BAIT, LURE)[n % 2], 21 + n % 2) for n in range(4)]


def links(*names: str) -> dict[str, list[dict[str, object]]]:
    """Every mail of LINKS links to these domains."""
    day = AT // DAY - 1
    keys = [
        {"id_hi": row["id_hi"], "id_lo": row["id_lo"], "day": day, "kind": int(KeyKind.DOMAIN), "key": key(name)}
        for row in LINKS
        for name in names
    ]
    texts = [{"kind": int(KeyKind.DOMAIN), "key": key(name), "name": name, "day": day} for name in names]
    return {"keys": keys, "names": texts}


def test_advertised_domains_are_listed_pinned_and_published_and_ours_never(make: Make) -> None:
    rules = {"names": config.List(holds="domains", scope="public", protect_names=("bank.example",))}
    office = make(lists=rules)
    held = links("shop.example", "www.bank.example", "example.org")
    office.ledger.commit([unit(office.ledger.store, 30, LINKS, known_as=NAMES, **held)])
    ours = moved(office, AT, publish=config.Publish(zone="bl.example.org"))
    (done,) = lists.decide(ours, "names")
    assert [one.words for one in lists.entries(ours, "names")] == ["shop.example"]
    assert {str(d.subject): d.reasons[-1].code for d in done.decisions if not d.listed} == {
        "www.bank.example": "protected", "example.org": "protected",
    }  # fmt: skip
    (one,) = lists.check(ours, "a.shop.example")
    assert len(lists.book_of(ours).pins(one.number)) == 4
    (published,) = publish.publish(ours, "names", ("plain", "json"))
    assert published.edition is not None
    assert [entry.name for entry in published.edition.names] == ["shop.example"]
    assert published.edition.code == "127.0.1.2"
    signed = [seen(950, "45.30.0.1", 9, 3, BOX, 0, kind=int(Kind.GOOD), standing=int(Standing.MAILBOX),
                   auth_domain=key("shop.example"))]  # fmt: skip
    office.ledger.commit([unit(office.ledger.store, 31, signed, known_as=NAMES)])
    (after,) = lists.decide(moved(ours, AT + HOUR), "names")
    assert after.applied.delisted == [one.number]


def test_mail_that_carried_a_program_makes_a_malware_list(make: Make) -> None:
    office = make(lists={"evil": config.List(holds="malware"), "main": config.List()})
    rows = [seen(970, "45.40.0.1", 9, 20), seen(971, "45.40.0.1", 9, 22, LURE, 22)]
    name = "Invoice.PDF.exe"
    keys = [{"id_hi": r["id_hi"], "id_lo": r["id_lo"], "day": 1, "kind": int(KeyKind.ATTACHMENT_NAME), "key": key(name)}
            for r in rows]  # fmt: skip
    texts = [{"kind": int(KeyKind.ATTACHMENT_NAME), "key": key(name), "name": name, "day": 1}]
    office.ledger.commit([unit(office.ledger.store, 32, rows, known_as=NAMES, keys=keys, names=texts)])
    lists.decide(office)
    assert [(one.words, one.listing_class) for one in lists.entries(office, "evil")] == [
        ("45.40.0.1", "malware sender")
    ]
