"""The world beside its mail: names, registries, routes, lists, prices, money and providers agree with its facts."""

from __future__ import annotations

import ipaddress
from collections import Counter, defaultdict
from pathlib import Path
from statistics import median

import pytest

from spamworld.content import brief, macro
from spamworld.content.skeleton import template
from spamworld.out import around
from spamworld.out.files import Shelf
from spamworld.world import World
from spamworld.world.addresses import dotted
from spamworld.world.facts import DAY, EVER, Record


@pytest.fixture(scope="module")
def world() -> World:
    return World(1000, "S")


@pytest.fixture(scope="module")
def names(world: World) -> dict[tuple[str, str], list[Record]]:
    found: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for one in world.dns_zones():
        found[one.name, one.type].append(one)
    return found


def holds(one: Record, at: int) -> bool:
    return (one.since is None or one.since <= at) and (one.until is None or at < one.until)


def test_names_say_of_a_machine_what_the_mail_says(world: World, names: dict[tuple[str, str], list[Record]]) -> None:
    for d in world.day(3)[::9]:
        machine = d.handover
        pointer = ipaddress.ip_address(machine.address).reverse_pointer
        said = [r.value for r in names[pointer, "PTR"] if holds(r, d.at)]
        assert (machine.rdns in said) if machine.rdns else not said
        if machine.confirmed:
            kind = "AAAA" if ":" in machine.address else "A"
            assert machine.address in [r.value for r in names[machine.rdns, kind] if holds(r, d.at)]


def test_every_domain_of_a_sender_has_mail_servers_and_a_policy(names: dict[tuple[str, str], list[Record]]) -> None:
    servers = [key for key in names if key[1] == "MX"]
    assert len(servers) > 500
    for name, _ in servers:
        (policy, *_) = names[name, "TXT"]
        assert policy.value.startswith("v=spf1 ")
        target = names[name, "MX"][0].value.split()[1]
        assert names.get((target, "A")) or names.get((target, "AAAA"))


def test_registrations_cover_every_network_and_nest(world: World) -> None:
    found = list(world.rdap())
    handles = {one.handle for one in found}
    assert all(not one.parent or one.parent in handles for one in found)
    assert {str(n.asn) for n in world.networks} == {one.first for one in found if one.kind == "autnum"}
    parts = [one for one in found if one.parent]
    whole = {one.handle: one for one in found}
    for one in parts:
        above = whole[one.parent]
        assert int(ipaddress.ip_address(above.first)) <= int(ipaddress.ip_address(one.first))
        assert int(ipaddress.ip_address(one.last)) <= int(ipaddress.ip_address(above.last))
    assert any(one.kind == "domain" for one in found)


def test_routes_hold_every_network_unless_cut_off() -> None:
    world = World(1000, "M")
    event = next(e for e in world.events if e.kind == "E1")
    hoster = world.hosters[event.hoster - 1]
    asn = world.networks[hoster.network].asn
    before, after = ({r.asn for r in world.bgp(event.at + n * DAY)} for n in (-1, 1))
    assert asn in before
    assert (asn in after) is not hoster.own
    assert before - after <= {asn}


def test_what_spf_says_follows_from_the_names(world: World, names: dict[tuple[str, str], list[Record]]) -> None:
    checked = 0
    for d in world.day(4)[::5]:
        domain = d.envelope_from.partition("@")[2]
        policies = [r.value for r in names[domain, "TXT"] if holds(r, d.at)] if domain else []
        assert bool(policies) == (d.spf != "none"), d
        if d.spf == "pass":
            terms = policies[0].split()
            hosts = [t[2:] for t in terms if t.startswith("a:")]
            known = {t.partition(":")[2] for t in terms if t.startswith("ip")}
            known |= {r.value for h in hosts for kind in ("A", "AAAA") for r in names[h, kind]}
            assert d.handover.address in known
            checked += 1
    assert checked > 500


def test_lists_hold_bots_and_two_of_twelve_are_broken(world: World) -> None:
    lists = world.foreign_lists
    assert len(lists) == 12
    assert len({x.family for x in lists}) == 4
    assert sorted(x.fault for x in lists if x.fault) == ["refused", "world"]
    rows = list(world.listings())
    assert {r.list for r in rows} == {x.number for x in lists}
    assert all(r.start < r.end for r in rows)
    addresses = {lease.address for host in world.hosts() for lease in host.leases}
    inside = sum(r.address in addresses for r in rows)
    assert inside / len(rows) > 0.6  # the others were listed for what a bot sent before the run, or by mistake


def test_a_touted_share_is_pumped_and_falls() -> None:
    world = World(1000, "M")
    touted = [c.stock for c in world.campaigns.values() if c.stock]
    rows = defaultdict(list)
    for one in world.prices():
        rows[one.ticker].append(one)
    assert all(len(days) == world.days for days in rows.values())
    rise, fall, volume = [], [], []
    for stock in touted:
        first, last = (stock.start - world.start) // DAY, (stock.end - 1 - world.start) // DAY
        days = rows[stock.ticker]
        if first < 5 or last > world.days - 4:
            continue
        rise.append(days[last].close / days[first - 3].close)
        fall.append(days[last + 2].close / days[last].close)
        volume.append(days[first].volume / days[first - 4].volume)
    assert len(rise) > 5
    assert sorted(rise)[len(rise) // 2] > 1.03
    assert sorted(fall)[len(fall) // 2] < 1.0
    assert sorted(volume)[len(volume) // 2] > 2


def test_money_comes_from_mail_and_goes_to_brokers(world: World) -> None:
    books = list(world.bookings())
    assert {b.kind for b in books} == {"income", "rent", "domains", "addresses"}
    assert all((b.amount >= 0) == (b.kind == "income") for b in books)
    assert {r.broker for r in world.rentals} <= set(range(1, 6))
    served = Counter(r.botnet for r in world.rentals)
    assert set(served) == {b.id for b in world.botnets}


def test_providers_logs_hold_bots_among_innocents(world: World) -> None:
    flows = list(world.flows())
    bad = [f for f in flows if not f.innocent]
    assert bad
    assert all(f.control for f in bad)
    assert not any(f.control for f in flows if f.innocent)
    assert median(f.port25 for f in bad) > 20 * median(f.port25 for f in flows if f.innocent)
    lines = list(world.log_lines())
    assert {line.software for line in lines} == {"postfix", "exim"}
    assert any(line.junk for line in lines)
    for provider in {line.provider for line in lines}:
        held = [ipaddress.ip_network(str(p)) for p in world.networks[provider].prefixes]
        some = [line for line in lines if line.provider == provider][::200]
        assert all(any(ipaddress.ip_address(line.address) in n for n in held) for line in some)


def test_answers_are_of_every_kind_and_resolved_is_not_always_true(world: World) -> None:
    found = list(world.notices())
    kinds = Counter(n.reply for n in found)
    assert {"", "auto-ack", "bounce", "human", "resolved"} <= set(kinds)
    assert {n.true for n in found if n.reply == "resolved"} >= {False}
    assert {"detailed", "minimal", "duplicate"} <= {n.kind for n in found}
    assert all(n.cleaned == EVER or n.cleaned < world.end for n in found)


def test_tenants_move_and_some_are_innocent(world: World) -> None:
    spells = defaultdict(list)
    for t in world.tenants:
        spells[t.customer].append(t)
    assert any(len(x) > 1 for x in spells.values()) or world.days < 10
    innocent = sum(not x[0].spammer for x in spells.values()) / len(spells)
    assert 0.03 < innocent < 0.5
    blocks = {str(b) for h in world.hosters for b in h.blocks}
    for t in world.tenants:
        assert any(ipaddress.ip_network(t.block).subnet_of(ipaddress.ip_network(b)) for b in blocks)


def test_complaints_repeat_and_folders_hold_what_was_sent(world: World) -> None:
    said = list(world.complaints())
    reports = [c for c in said if c.kind == "report"]
    assert 0.5 < sum(c.duplicate for c in reports) / len(reports) < 0.7
    assert {"to-junk", "from-junk"} & {c.kind for c in said}
    folders = list(world.folders())
    assert len(folders) == 60
    assert sum(not f.owner for f in folders) == 30
    owner = next(f for f in folders if f.owner and f.templates)
    assert all(world.campaigns[c].spammer == owner.owner for c, _ in owner.templates)


def test_templates_on_seized_machines_are_what_its_mail_was_written_from(world: World, tmp_path: Path) -> None:
    briefs = {one.id: brief.of(one) for one in world.campaigns.values()}
    shelf = Shelf(tmp_path)
    around.seized(shelf, world.folders(), briefs, world.seed)
    shelf.close()
    folders = list(world.folders())
    for number, folder in enumerate(folders, 1):
        place = tmp_path / f"world/seized/{folder.event}-{number:02d}/templates"
        held = sorted(place.iterdir()) if place.exists() else []
        assert len(held) == len(folder.templates) + bool(folder.letter)
        for (campaign, version), path in zip(folder.templates, held, strict=False):
            text = path.read_text()
            assert f"{campaign}/{version}" not in text.partition("\n")[0], "whose it is only truth tells"
            page = template(world.seed, briefs[campaign], version)
            assert all(macro.source(one) in text for block in page.blocks for one in block)
    assert any(not folder.owner and folder.letter for folder in folders)


def test_the_allow_list_holds_good_servers_and_hardly_a_bad_one(world: World) -> None:
    entries = dict(world.allowed())
    good = {one.server.address for one in world.setting.servers.everyone}
    bad = {dotted(value) for outfit in world.snowshoes for value in outfit.addresses}
    assert 0.5 < len(good & entries.keys()) / len(good) < 0.7
    assert len(bad & entries.keys()) < 0.1 * len(bad)
