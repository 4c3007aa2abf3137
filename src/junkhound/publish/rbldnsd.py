"""rbldnsd data in every kind of set that rbldnsd(8) knows, for one zone.

``rbldnsd`` is what to take if you have no reason for another: ``ip4set`` because almost every entry is a single IPv4
address (a trie takes half as much memory again), ``ip6trie`` because it alone carries a text for each IPv6 network.
``rbldnsd-tset`` takes half the memory and knows one answer for all; ``rbldnsd-combined`` is all of it in one file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import structs

from junkhound.kernel import clock
from junkhound.kernel.net import Network
from junkhound.publish.edition import Edition, Entry, NameEntry, header
from junkhound.publish.names import fewest, spared_below
from junkhound.publish.outputs import outputs, text
from junkhound.publish.pieces import pieces, refuse_if_too_wide, spread

_TEST = "test entry, RFC 5782 section 5"


@outputs.register("rbldnsd")
def rbldnsd(edition: Edition) -> Mapping[str, bytes]:
    """The zone's data sets; load all that are written under one zone name."""
    made = {}
    if edition.of_addresses:
        made["ip4set"] = _file(edition, "IPv4 sources", [_default(edition), *_ip4(edition)])
        made["ip6trie"] = _file(edition, "IPv6 sources", [_default(edition), *_ip6(edition)])
    if edition.of_names:
        made["dnset"] = _file(edition, "domains", [_default_name(edition), *_dn(edition)])
    return made


@outputs.register("rbldnsd-trie")
def trie(edition: Edition) -> Mapping[str, bytes]:
    """The IPv4 set for ``ip4trie``: better where networks outnumber single addresses."""
    if not edition.of_addresses:
        return {}
    return {"ip4trie": _file(edition, "IPv4 sources", [_default(edition), *_ip4(edition, one=True)])}


@outputs.register("rbldnsd-tset")
def tset(edition: Edition) -> Mapping[str, bytes]:
    """Sets without texts of their own, in half the memory: one answer for the whole list.

    ``ip6tset`` knows whole /64s only. What is narrower is left out of it, and so is the test entry ``::FFFF:7F00:2``:
    it would list ``::FFFF:7F00:1`` with it, which RFC 5782 section 5 forbids. Errors: Refused for too many lines.
    """
    if not edition.of_addresses:
        return {}
    four = [network for network, _ in pieces(edition) if network.is_v4]
    refuse_if_too_wide(edition, four, 128, "ip4tset", "rbldnsd-trie")
    singles = [str(one.first) for network in four for one in spread(network, 128)]
    ip4 = [_default(edition), "127.0.0.2", *singles]
    return {
        "ip4tset": _file(edition, "single IPv4 sources", ip4),
        "ip6tset": _file(edition, "IPv6 sources by /64", [_default(edition), *_halves(edition)]),
    }


def _halves(edition: Edition) -> list[str]:
    """IPv6 by /64, with single exclusions inside them."""
    holes = [network for network in edition.exclusions if not network.is_v4 and network.bits == 128]
    # A single address is an exclusion that the set knows; cutting it out would leave nothing of its /64 to list.
    wider = structs.replace(edition, exclusions=tuple(n for n in edition.exclusions if n not in set(holes)))
    whole = [network for network, _ in pieces(wider) if not network.is_v4 and network.bits <= 64]
    refuse_if_too_wide(edition, whole, 64, "ip6tset", "rbldnsd")
    halves = [one.hi for network in whole for one in spread(network, 64)]
    listed = set(halves)
    lines = [":".join(f"{hi >> shift & 0xFFFF:x}" for shift in (48, 32, 16, 0)) for hi in halves]
    return lines + [f"!{network.first}" for network in sorted(holes) if network.hi in listed]


@outputs.register("rbldnsd-combined")
def combined(edition: Edition) -> Mapping[str, bytes]:
    """Everything of the zone in one file, for the data set type ``combined``."""
    lines = []
    if edition.of_addresses:
        lines += ["$DATASET ip4set:ip4 @", _default(edition), *_ip4(edition)]
        # A trie keeps one answer for a network: further codes stand in tries of their own, and all are asked.
        answers = [len(edition.codes(entry)) for entry in edition.entries if not entry.network.is_v4]
        for turn in range(max(answers, default=1)):
            lines += [f"$DATASET ip6trie:ip6.{turn} @", _default(edition), *_ip6(edition, turn)]
    if edition.of_names:
        lines += ["$DATASET dnset:names @", _default_name(edition), *_dn(edition)]
    return {"combined": _file(edition, "all sources", lines)}


def _ip4(edition: Edition, one: bool = False) -> list[str]:
    holes = [network for network in edition.exclusions if network.is_v4]
    four = [entry for entry in edition.entries if entry.network.is_v4]
    # $MAXRANGE4 binds what follows it, exclusions too: those stand above it and may be as wide as they like.
    lines = [*_excluded(holes), f"$MAXRANGE4 /{edition.max_network}"]
    # In a set, an address that stands twice gets both answers; a trie keeps the first and complains of the second.
    for entry in four:
        codes = edition.codes(entry)
        lines += [_entry(edition, entry, code) for code in (codes[:1] if one else codes)]
    return [*lines, f"127.0.0.2 :{edition.code}:{_TEST}", "!127.0.0.1"]


def _ip6(edition: Edition, turn: int = 0) -> list[str]:
    """IPv6 networks with their first code, or with the one of another ``turn`` where they have so many."""
    wide = [network for network in edition.exclusions if not network.is_v4]
    lines = _excluded(wide)
    for entry in edition.entries:
        codes = edition.codes(entry)
        if not entry.network.is_v4 and turn < len(codes):
            lines.append(_entry(edition, entry, codes[turn]))
    if turn == 0:
        lines.append(f"::ffff:7f00:2/128 :{edition.code}:{_TEST}")
    return [*lines, "!::ffff:7f00:1/128"]


def _dn(edition: Edition) -> list[str]:
    """Domains with their texts; a dot before one means that the names below it are listed too."""
    listed = fewest(edition)
    lines = [
        f"{'.' if entry.below else ''}{entry.name} :{code}:{_dollars(_said(edition, entry))}"
        for entry in listed
        for code in edition.codes(entry)
    ]
    lines += [f"!.{domain}" for domain in spared_below(edition, listed)]
    return [*lines, f"test :{edition.code}:{_TEST}", "!invalid"]


def _said(edition: Edition, entry: NameEntry) -> str:
    return edition.sentence(entry, entry.name)


def _file(edition: Edition, what: str, entries: list[str]) -> bytes:
    lines = [*_about(edition), *entries]
    top = header(edition, f"{what} for rbldnsd, zone {edition.origin}", lines)
    return text([*top, *lines])


def keeper(edition: Edition) -> str:
    """The keeper's mail address as a zone writes it (RFC 1035 section 8): a dot in the local part is escaped."""
    local, _, domain = (edition.contact or f"hostmaster@{edition.zone}").rpartition("@")
    return f"{local.replace('.', chr(92) + '.')}.{domain}"


def servers(edition: Edition) -> tuple[str, ...]:
    """The zone's name servers."""
    return edition.name_servers or (f"ns.{edition.zone}",)


def _about(edition: Edition) -> list[str]:
    ttl = edition.ttl_s
    return [
        # The last field is how long "not listed" is remembered (RFC 2308): short, so that a removal shows soon.
        f"$SOA {ttl} {edition.origin} {keeper(edition)} {edition.at // clock.SECOND} 1h 10m 1w {ttl}",
        f"$NS 1h {' '.join(servers(edition))}",
        f"$TTL {ttl}",
        f"$TIMESTAMP {_stamp(edition.at)} {_stamp(edition.expires_at)}",
    ]


def _default(edition: Edition) -> str:
    return f":{edition.code}:IP $ is listed on {edition.origin}"


def _default_name(edition: Edition) -> str:
    return f":{edition.code}:Host $ is listed on {edition.origin}"


def _stamp(at: int) -> str:
    return clock.to_datetime(at).strftime("%Y:%m:%d:%H:%M:%S")


def _excluded(networks: Iterable[Network]) -> list[str]:
    return [f"!{network}" for network in sorted(networks)]


def _entry(edition: Edition, entry: Entry, code: str) -> str:
    return f"{_name(entry.network)} :{code}:{_template(edition, entry)}"


def _template(edition: Edition, entry: Entry) -> str:
    """The sentence as rbldnsd wants it: ``$`` is the address asked for, ``$$`` a dollar sign."""
    return _dollars(edition.sentence(entry, "\0")).replace("\0", "$")


def _dollars(words: str) -> str:
    return words.replace("$", "$$")


def _name(network: Network) -> str:
    return str(network.first) if network.is_v4 and network.bits == 128 else str(network)
