"""Other people's block lists: asked where it was accepted, told apart where they fail, kept with their history."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from junkhound.kernel import clock
from junkhound.kernel.config import Config, Crosscheck, Foreign, Lookup, NetworkSection, Store, Trap
from junkhound.kernel.errors import ConfigError, NotFound, Refused, Temporary
from junkhound.verbs import crosscheck, why
from junkhound.verbs.office import Office
from spamworld.serve import dns as worlds
from spamworld.serve.zones import Foreign as Kept
from spamworld.serve.zones import Zones
from support.desk import AT
from support.nameserver import serving

GOOD, OTHER = "203.0.113.9", "198.51.100.20"
KEPT = [
    Kept("one.dnsbl.example", "127.0.0.2", addresses=frozenset((GOOD, "2001:db8::9"))),
    Kept("two.dnsbl.example", "127.0.0.4", addresses=frozenset((GOOD,))),
    Kept("three.dnsbl.example", "127.0.0.2", addresses=frozenset((OTHER,))),
    Kept("world.dnsbl.example", "127.0.0.2", fault="world"),
    Kept("shy.dnsbl.example", fault="refused"),
    Kept("silent.dnsbl.example", fault="silent"),
]
LISTS = {
    "one": Foreign(zone="one.dnsbl.example", family="first", ipv6=True, codes=("127.0.0.2=spam source",)),
    "two": Foreign(zone="two.dnsbl.example", family="first", scope="range", codes=("127.0.0.4=bot",)),
    "three": Foreign(zone="three.dnsbl.example", scope="asn"),
    "world": Foreign(zone="world.dnsbl.example"),
    "shy": Foreign(zone="shy.dnsbl.example"),
    "silent": Foreign(zone="silent.dnsbl.example"),
    "gone": Foreign(zone="gone.dnsbl.example"),
}


class World:
    """SpamWorld's name server in a thread; its lists may change while it runs."""

    def __init__(self) -> None:
        self.zones = Zones([], KEPT)
        self.server = worlds.Server(self.zones)
        self.loop = asyncio.new_event_loop()
        self.loop.run_until_complete(self.server.start("127.0.0.1", 0))
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()

    @property
    def asked(self) -> int:
        return self.server.counts["udp"]

    def hold(self, zone: str, *addresses: str, fault: str = "") -> None:
        was = self.zones.lists[zone]
        self.zones.lists[zone] = Kept(zone, was.code, fault, frozenset(addresses))

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()


def office(home: Path, port: int, at: int = AT, **about: Any) -> Office:
    settings = Config(
        store=Store(home=str(home)),
        network=NetworkSection(allow_documentation=True),
        lookup=Lookup(resolver=f"127.0.0.1:{port}", timeout_s=0.3, tries=2),
        crosscheck=Crosscheck(per_second=0),
        blocklists=LISTS,
        traps={"t": Trap(domains=("trap.example",))},
    )
    return Office(dataclasses.replace(settings, **about), at)


def outcomes(one: crosscheck.Checked) -> dict[str, str]:
    return {line.said.list: line.said.outcome for line in one.lines}


def test_five_outcomes_and_what_they_count(tmp_path: Path, world: World) -> None:
    (one,) = crosscheck.check(office(tmp_path, world.server.port), [GOOD])
    assert outcomes(one) == {
        "one": "listed", "two": "listed", "three": "not listed", "world": "dead", "shy": "refused",
        "silent": "refused", "gone": "dead",
    }  # fmt: skip
    assert (len(one.listed), one.witnesses) == (2, 1)  # one family: one witness
    said = {line.said.list: line.said for line in one.lines}
    assert (said["one"].means, said["one"].scope) == ("spam source", "address")
    assert (said["two"].codes, said["two"].scope) == (("127.0.0.4",), "range")
    assert said["world"].means == "it lists the whole world"
    (two,) = crosscheck.check(office(tmp_path, world.server.port), [OTHER])
    assert (outcomes(two)["three"], two.witnesses) == ("listed", 1)


def test_lists_that_fail_their_test_points_are_not_asked_further(tmp_path: Path, world: World) -> None:
    home = office(tmp_path, world.server.port)
    many = [f"203.0.113.{n}" for n in range(1, 101)]
    assert len(list(crosscheck.check(home, many))) == 100
    assert world.asked == 7 * 2 + 100 * 3


def test_ipv6_is_asked_only_of_lists_that_know_it(tmp_path: Path, world: World) -> None:
    (one,) = crosscheck.check(office(tmp_path, world.server.port), ["2001:db8::9"])
    assert outcomes(one) == {"one": "listed"}


def test_what_was_asked_lately_is_not_asked_again(tmp_path: Path, world: World) -> None:
    list(crosscheck.check(office(tmp_path, world.server.port), [GOOD, OTHER]))
    asked = world.asked
    (one, *_) = crosscheck.check(office(tmp_path, world.server.port, AT + clock.HOUR), [GOOD, OTHER])
    assert (world.asked, one.fresh, one.at) == (asked, False, AT)
    (one,) = crosscheck.check(office(tmp_path, world.server.port, AT + clock.HOUR), [GOOD], again=True)
    assert (one.fresh, one.at) == (True, AT + clock.HOUR)
    (one,) = crosscheck.check(office(tmp_path, world.server.port, AT + 8 * clock.HOUR), [GOOD])
    assert one.fresh


def test_history_says_since_when_and_gone_when(tmp_path: Path, world: World) -> None:
    port, day = world.server.port, clock.DAY

    def at(days: int) -> crosscheck.Checked:
        return next(iter(crosscheck.check(office(tmp_path, port, AT + days * day), [GOOD])))

    def rows() -> list[tuple[str, int, int | None]]:
        found = crosscheck.history(office(tmp_path, port), GOOD)
        return [(one.list, (one.since_at - AT) // day, one.gone_at and (one.gone_at - AT) // day) for one in found]

    at(0)
    at(3)
    world.hold("two.dnsbl.example")  # off list two
    world.hold("one.dnsbl.example", fault="world")  # and one breaks: that ends nothing
    assert outcomes(at(5))["one"] == "dead"
    assert rows() == [("one", 0, None), ("two", 0, 5)]
    world.hold("one.dnsbl.example", GOOD)
    world.hold("two.dnsbl.example", GOOD)
    one = at(9)
    assert rows() == [("one", 0, None), ("two", 9, None), ("two", 0, 5)]
    assert [(gone.list, gone.means) for gone in one.gone] == [("two", "bot")]
    told = why.why(office(tmp_path, port, AT + 10 * day), GOOD).others
    assert (len(told.standing), told.witnesses, told.asked, len(told.gone)) == (2, 1, 7, 1)
    before = why.why(office(tmp_path, port, AT + 4 * day), GOOD).others
    assert ([one.list for one in before.standing], before.gone) == (["one", "two"], [])


def test_a_dry_run_shows_every_question_and_nothing_leaves(tmp_path: Path, world: World) -> None:
    planned = crosscheck.plan(office(tmp_path, world.server.port), [GOOD, "2001:db8::9"], ["one", "two"])
    assert {one.list: one.names for one in planned} == {
        "one": ["2.0.0.127.one.dnsbl.example", "1.0.0.127.one.dnsbl.example", "9.113.0.203.one.dnsbl.example",
                "9." + "0." * 23 + "8.b.d.0.1.0.0.2.one.dnsbl.example"],
        "two": ["2.0.0.127.two.dnsbl.example", "1.0.0.127.two.dnsbl.example", "9.113.0.203.two.dnsbl.example"],
    }  # fmt: skip
    assert world.asked == 0


def test_nothing_leaves_unless_it_was_switched_on(tmp_path: Path, world: World) -> None:
    with pytest.raises(ConfigError, match="no resolver"):
        list(crosscheck.check(office(tmp_path, 1, lookup=Lookup()), [GOOD]))
    catalogue_only = office(tmp_path, world.server.port, blocklists={})
    with pytest.raises(Refused, match="no list's terms"):
        list(crosscheck.check(catalogue_only, [GOOD]))
    with pytest.raises(Refused, match="'psbl' are not accepted"):
        list(crosscheck.check(catalogue_only, [GOOD], ["psbl"]))
    with pytest.raises(NotFound):
        list(crosscheck.check(catalogue_only, [GOOD], ["nosuch"]))
    assert world.asked == 0


def test_terms_are_accepted_and_withdrawn(tmp_path: Path, world: World) -> None:
    home = office(tmp_path, world.server.port, blocklists={})
    assert not any(one.accepted_at is not None for one in crosscheck.catalogue(home))
    crosscheck.accept(home, "psbl", "me")
    assert [one.about.name for one in crosscheck.catalogue(home) if one.accepted_at is not None] == ["psbl"]
    (one,) = crosscheck.check(home, [GOOD])
    assert outcomes(one) == {"psbl": "dead"}  # this world has no such list
    with pytest.raises(Refused, match="closed in 2024-06"):
        crosscheck.accept(home, "sorbs", "me")
    crosscheck.withdraw(home, "psbl")
    with pytest.raises(Refused):
        list(crosscheck.check(home, [GOOD]))
    crosscheck.others_of(home).accept("psbl", "terms of another day", AT, "me")
    assert not any(one.accepted_at is not None for one in crosscheck.catalogue(home))


def test_private_addresses_and_trap_domains_are_never_asked_about(tmp_path: Path) -> None:
    good, bad = crosscheck.subjects(
        office(tmp_path, 1), ["10.0.0.1", "127.0.0.1", "trap.example", "a.TRAP.example", "x y", GOOD, "Pills.Example."]
    )
    assert good == [GOOD, "pills.example"]
    assert len(bad) == 5


def test_names_are_asked_of_lists_of_names(tmp_path: Path) -> None:
    from support.nameserver import reply

    held = {"test.uri.example", "pills.example.uri.example"}

    def answer(name: str, kind: int, packet: bytes) -> list[bytes]:
        return [reply(packet, "127.0.0.2") if name in held else reply(packet, code=3)]

    lists = {"uri": Foreign(zone="uri.example", of="names"), "ip": Foreign(zone="ip.example")}
    with serving(answer) as named:
        found = list(crosscheck.check(office(tmp_path, named.port, blocklists=lists), ["pills.example", "ok.example"]))
    assert [outcomes(one) for one in found] == [{"uri": "listed"}, {"uri": "not listed"}]


def test_a_resolver_that_does_not_answer_is_no_verdict(tmp_path: Path) -> None:
    with serving(lambda *_: []) as named:
        home = office(tmp_path, named.port)
        with pytest.raises(Temporary, match="does not answer"):
            list(crosscheck.check(home, [GOOD]))
        assert crosscheck.history(home, GOOD) == []


def test_a_resolver_that_rewrites_is_no_verdict(tmp_path: Path) -> None:
    from support.nameserver import reply

    def rewriting(name: str, kind: int, packet: bytes) -> list[bytes]:
        return [reply(packet, "192.0.2.80")]

    with serving(rewriting) as named:
        (one,) = crosscheck.check(office(tmp_path, named.port), [GOOD])
    assert set(outcomes(one).values()) == {"unknown"}


def test_the_web_page_shows_them(tmp_path: Path, world: World) -> None:
    from junkhound.web.plain import others

    list(crosscheck.check(office(tmp_path, world.server.port), [GOOD]))
    told = others(why.why(office(tmp_path, world.server.port), GOOD).others)
    assert [row["list"] for row in told["standing"]] == ["one", "two"]
    json.dumps(told)
