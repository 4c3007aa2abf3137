"""rbldnsd data: an ``ip4set`` and an ``ip6trie`` for one zone (rbldnsd(8)).

``ip4set`` because almost every entry is a single IPv4 address (a trie takes half as much memory again); the file
loads as ``ip4trie`` too, since it holds prefixes only. ``ip6trie`` and not ``ip6tset``: a tset knows whole /64s
with one text for all of them, so it could carry neither the number of a listing nor the test entry
``::FFFF:7F00:2`` without listing ``::FFFF:7F00:1`` with it, which RFC 5782 section 5 forbids.
"""

from __future__ import annotations

from collections.abc import Iterable

from junkhound.kernel import clock
from junkhound.kernel.net import Network
from junkhound.publish.edition import Edition, Entry, header
from junkhound.publish.outputs import outputs, text

_TEST = "test entry, RFC 5782 section 5"


@outputs.register("rbldnsd")
def rbldnsd(edition: Edition) -> dict[str, bytes]:
    """The zone's two data sets; load both under one zone name."""
    four = [entry for entry in edition.entries if entry.network.is_v4]
    six = [entry for entry in edition.entries if not entry.network.is_v4]
    holes = [network for network in edition.exclusions if network.is_v4]
    wide = [network for network in edition.exclusions if not network.is_v4]
    # $MAXRANGE4 binds what follows it, exclusions too: those stand above it and may be as wide as they like.
    ip4 = [*_excluded(holes), f"$MAXRANGE4 /{edition.max_network}", *_entries(edition, four)]
    ip4 += [f"127.0.0.2 :{edition.code}:{_TEST}", "!127.0.0.1"]
    ip6 = [*_excluded(wide), *_entries(edition, six)]
    ip6 += [f"::ffff:7f00:2/128 :{edition.code}:{_TEST}", "!::ffff:7f00:1/128"]
    return {"ip4set": _file(edition, "IPv4", ip4), "ip6trie": _file(edition, "IPv6", ip6)}


def _file(edition: Edition, family: str, entries: list[str]) -> bytes:
    lines = [*_about(edition), *entries]
    top = header(edition, f"{family} sources for rbldnsd, zone {edition.origin}", lines)
    return text([*top, *lines])


def _about(edition: Edition) -> list[str]:
    servers = edition.name_servers or (f"ns.{edition.zone}",)
    local, _, domain = (edition.contact or f"hostmaster@{edition.zone}").rpartition("@")
    contact = f"{local.replace('.', chr(92) + '.')}.{domain}"  # RFC 1035 section 8: a dot in the local part is escaped
    ttl = edition.ttl_s
    return [
        # The last field is how long "not listed" is remembered (RFC 2308): short, so that a removal shows soon.
        f"$SOA {ttl} {edition.origin} {contact} {edition.at // clock.SECOND} 1h 10m 1w {ttl}",
        f"$NS 1h {' '.join(servers)}",
        f"$TTL {ttl}",
        f"$TIMESTAMP {_stamp(edition.at)} {_stamp(edition.expires_at)}",
        f":{edition.code}:IP $ is listed on {edition.origin}",
    ]


def _stamp(at: int) -> str:
    return clock.to_datetime(at).strftime("%Y:%m:%d:%H:%M:%S")


def _excluded(networks: Iterable[Network]) -> list[str]:
    return [f"!{network}" for network in sorted(networks)]


def _entries(edition: Edition, entries: Iterable[Entry]) -> list[str]:
    # An address that stands twice gets both answers: one A record for each code.
    return [
        f"{_name(entry.network)} :{code}:{_template(edition, entry)}"
        for entry in entries
        for code in edition.codes(entry)
    ]


def _template(edition: Edition, entry: Entry) -> str:
    """The sentence as rbldnsd wants it: ``$`` is the address asked for, ``$$`` a dollar sign."""
    return edition.sentence(entry, "\0").replace("$", "$$").replace("\0", "$")


def _name(network: Network) -> str:
    return str(network.first) if network.is_v4 and network.bits == 128 else str(network)
