"""What the world's registries, name servers and routers say: domain names, allocations, routes, with their times."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

import numpy as np

from spamworld import signing
from spamworld.plan import Machine
from spamworld.world.addresses import confirmed, dotted, rdns
from spamworld.world.facts import DAY, Network, Prefix, Record, Registration, Route
from spamworld.world.hosts import CHUNK, running, spells
from spamworld.world.servers import Organisation
from spamworld.world.setting import Setting

SNOWSHOE = "k1"  # selector of all outfits
SEALS = "arc"  # selector of forwarders' seals


def hosted(esp: int) -> str:
    """Selector under which a company publishes the key of a mass mailer it hired."""
    return f"em{esp + 1}"


def outfit_key(number: int, large: bool) -> int:
    """An outfit signs for all its domains with one key: whoever looks the keys up sees one hand."""
    return signing.numbered(signing.PAIRS - number, large)


def dns_zones(s: Setting, hired: Iterable[tuple[Machine, str]]) -> Iterator[Record]:
    """All records: of servers, senders' domains, advertised domains, hired machines and customers' lines."""
    for machine, name in hired:
        yield from named(machine.address, machine.rdns, machine.confirmed)
        if name:
            yield Record(name, "MX", f"10 {machine.name}")
            yield Record(name, "TXT", f"v=spf1 ip4:{machine.address} -all")
    for found in s.misused.values():
        for x in found:
            home = s.networks[x.network]
            yield from named(dotted(x.address), rdns(home, x.address), confirmed(home, x.address))
    for organisation in s.servers.everyone:
        yield from _organisation(s, organisation)
    for machine in [*s.servers.relays, *(m for farm in s.servers.farms for m in farm)]:
        yield from _server(machine)
    for outfit in s.outfits:
        yield from _outfit(s, outfit.id)
    for one in s.campaigns.values():
        for domain in one.domains:
            yield Record(domain.name, "A", domain.address, domain.start, domain.end)
            for server in domain.ns:
                yield Record(domain.name, "NS", server, domain.start, domain.end)
    yield from _lines(s)


def named(address: str, name: str, both: bool, since: int | None = None, until: int | None = None) -> Iterator[Record]:
    """A PTR record, and the address record that confirms it where there is one."""
    if name:
        yield Record(reverse(address), "PTR", name, since, until)
        if both:
            yield Record(name, "AAAA" if ":" in address else "A", address, since, until)


def reverse(address: str) -> str:
    """The name under which an address is looked up."""
    return ipaddress.ip_address(address).reverse_pointer


def _server(machine: Machine) -> Iterator[Record]:
    """A server's own name always leads to it; the way back may be missing."""
    yield from named(machine.address, machine.rdns, machine.confirmed)
    if not (machine.rdns and machine.confirmed):
        yield Record(machine.name, "AAAA" if ":" in machine.address else "A", machine.address)


def _organisation(s: Setting, one: Organisation) -> Iterator[Record]:
    server = one.server
    yield from _server(server)
    yield Record(one.domain, "MX", f"10 {server.name}")
    family = "ip6" if ":" in server.address else "ip4"
    extra = f" {'ip6' if one.relay and ':' in one.relay.address else 'ip4'}:{one.relay.address}" if one.relay else ""
    siblings = "".join(f" a:{m.name}" for m in s.servers.siblings(one))
    yield Record(one.domain, "TXT", f"v=spf1 {family}:{server.address}{extra}{siblings} ~all")
    yield Record(one.domain, "NS", f"ns1.{one.domain}")
    yield from _keys(s, one)


def _keys(s: Setting, one: Organisation) -> Iterator[Record]:
    """Public keys of those who sign: its own, those of its mass mailers, and a forwarder's for seals."""
    held = {}
    if one.signs or one.purpose in ("webmail", "esp"):
        held[one.selector] = one.key
    if one.signs and one.purpose == "company":
        held |= {hosted(place): esp.key for place, esp in enumerate(s.servers.esps)}
    if one.arc and one.purpose == "forwarder":
        held[SEALS] = one.key
    for selector, key in held.items():
        yield Record(f"{selector}._domainkey.{one.domain}", "TXT", signing.key(s.seed, key).record)


def _outfit(s: Setting, number: int) -> Iterator[Record]:
    outfit = s.outfits[number - 1]
    life = int(s.p.sources.snowshoe_domain_d * DAY)
    key = signing.key(s.seed, outfit_key(number, s.era.dkim_large > 0)).record
    for place, value in enumerate(outfit.addresses):
        at, address = outfit.start, dotted(value)
        while at < outfit.end:
            domain, since, until = outfit.domain(value, at, life)
            name = f"mta{place:03d}.{domain}"
            yield from named(address, name, True, since, until)
            yield Record(domain, "MX", f"10 {name}", since, until)
            yield Record(domain, "TXT", f"v=spf1 ip4:{address} -all", since, until)
            yield Record(f"{SNOWSHOE}._domainkey.{domain}", "TXT", key, since, until)
            yield Record(domain, "NS", f"ns1.dns{number}.example", since, until)
            at = until


def _lines(s: Setting) -> Iterator[Record]:
    """Names of customers' lines: a bot's for the time it had the address, an author's in the whole run."""
    for bots in s.bots.values():
        rows = running(s, bots)
        for first in range(0, rows.size, CHUNK):
            part = rows[first : first + CHUNK]
            start, end = spells(s, bots, part)
            yield from _leased(s, bots.id[part], bots.network[part], start, end)
    servers = s.servers
    for first in range(0, servers.id_of.size, CHUNK):
        one = slice(first, first + CHUNK)
        size = servers.id_of[one].size
        start, end = np.full(size, s.start), np.full(size, s.end)
        yield from _leased(s, servers.id_of[one], servers.line_of[one], start, end)


def _leased(s: Setting, host: np.ndarray, network: np.ndarray, start: np.ndarray, end: np.ndarray) -> Iterator[Record]:
    for home, held in zip(network.tolist(), s.plan.leases(host, network, start, end), strict=True):
        provider = s.networks[home]
        for lease in held:
            value = _value(lease.address)
            yield from named(lease.address, rdns(provider, value), confirmed(provider, value), lease.start, lease.end)


def _value(address: str) -> int:
    a, b, c, d = map(int, address.split("."))
    return a << 24 | b << 16 | c << 8 | d


def rdap(s: Setting) -> Iterator[Registration]:
    """Allocations, AS numbers, sub-allocations of hosters and snowshoe outfits, and domains."""
    for network in s.networks:
        yield Registration("autnum", f"AS{network.asn}", str(network.asn), str(network.asn), network.name,
                           network.country, network.abuse, network.since)  # fmt: skip
        for prefix in network.prefixes:
            yield _allocation(network, prefix, network.name, network.abuse, network.since)
    for hoster in s.hosters:
        if not hoster.own:
            for block in hoster.blocks:
                name = f"offshore{hoster.id}"
                yield _part(s.networks[hoster.network], block, name, s.start - 90 * DAY, None)
    for outfit in s.outfits:
        for block in outfit.blocks:
            name = f"media{outfit.id}"
            yield _part(s.networks[outfit.network], block, name, outfit.start - 3 * DAY, outfit.end + 30 * DAY)
    for one in s.campaigns.values():
        for domain in one.domains:
            yield Registration("domain", domain.name, domain.name, "", "", "", "", domain.registered,
                               registrar=domain.registrar, ns=domain.ns, since=domain.registered)  # fmt: skip


def _allocation(network: Network, prefix: Prefix, name: str, abuse: str, registered: int) -> Registration:
    last = dotted(prefix.base + prefix.size - 1)
    return Registration(
        "ip network", f"NET-{prefix.base:08X}", dotted(prefix.base), last, name, network.country, abuse, registered
    )


def _part(network: Network, block: Prefix, name: str, since: int, until: int | None) -> Registration:
    whole = next(p for p in network.prefixes if p.base <= block.base < p.base + p.size)
    return Registration(
        "ip network",
        f"NET-{block.base:08X}-{block.bits}",
        dotted(block.base),
        dotted(block.base + block.size - 1),
        name,
        network.country,
        f"abuse@{name}.example",
        since,
        f"NET-{whole.base:08X}",
        since,
        until,
    )


def bgp(s: Setting, at: int) -> Iterator[Route]:
    """The routing table at an instant: a hoster that was cut off is not in it."""
    for network in s.networks:
        if not s.cut(network.index, at):
            for prefix in network.prefixes:
                yield Route(str(prefix), network.asn)
            if network.prefix6:
                yield Route(network.prefix6, network.asn)
