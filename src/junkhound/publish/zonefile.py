"""Zone files (RFC 1035 section 5): the list for a name server that knows no rbldnsd data, and as response policy zone.

Both use names relative to their zone, so that a reader may load them under any name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from junkhound.kernel import clock
from junkhound.kernel.net import Network
from junkhound.publish.edition import Edition, Entry, NameEntry, header
from junkhound.publish.names import zone_names
from junkhound.publish.outputs import outputs, text
from junkhound.publish.pieces import pieces, refuse_if_too_wide, spread
from junkhound.publish.plain import bare
from junkhound.publish.rbldnsd import keeper, servers

_TEST = "test entry, RFC 5782 section 5"
_LONGEST = 253
_OUTCOME = {
    "nxdomain": "CNAME .",
    "nodata": "CNAME *.",
    "passthru": "CNAME rpz-passthru.",
    "drop": "CNAME rpz-drop.",
    "tcp-only": "CNAME rpz-tcp-only.",
}


@outputs.register("bind")
def bind(edition: Edition) -> Mapping[str, bytes]:
    """The zone for any name server: A and TXT of each entry, networks by wildcard. Errors: Refused for too many names.

    IPv4 networks are written by whole octets and IPv6 by whole nibbles, as many as it takes.
    """
    lines = [*_top(edition, " ".join((f"{servers(edition)[0]}.", f"{keeper(edition)}."))), *_servers(edition)]
    if edition.of_addresses:
        cut = pieces(edition)
        refuse_if_too_wide(edition, [network for network, _ in cut if network.is_v4], 120, "a zone file", "rbldnsd")
        for network, entry in cut:
            for owner, asked in _reversed(network):
                lines += _answer(edition, owner, entry, asked or bare(entry.network))
        lines += _test(edition, "2.0.0.127")
        lines += _test(edition, ".".join(reversed("00000000000000000000ffff7f000002")))
    if edition.of_names:
        for name, found in zone_names(edition):
            if not _fits(name, edition.origin):
                continue
            if found is None:
                lines.append(f'{name} TXT "not listed"')  # it exists, so that no wildcard above it answers
            else:
                lines += _answer(edition, name, found, found.name)
        lines += _test(edition, "test")
    return {"zone": _file(edition, f"zone file of {edition.origin}", lines)}


@outputs.register("rpz")
def rpz(edition: Edition) -> Mapping[str, bytes]:
    """A response policy zone: listed domains by name, listed addresses wherever an answer points to one.

    What is done stands in ``[publish] rpz_action``. ``test.ORIGIN`` is rewritten for everyone who wants to see it work.
    """
    action = _OUTCOME.get(edition.rpz_action, f"CNAME {edition.rpz_action.rstrip('.')}.")
    # Nobody asks this zone for anything but its changes: its name server is a name that says so.
    lines = [*_top(edition, f"localhost. {keeper(edition)}."), "@ NS localhost."]
    lines.append(f"test.{edition.origin} {action}")
    if edition.of_names:
        for name, found in zone_names(edition):
            if _fits(name, edition.origin):
                lines.append(f"{name} {'CNAME rpz-passthru.' if found is None else action}")
    if edition.of_addresses:
        lines += [f"{rpz_ip(network)} {action}" for network, _ in pieces(edition)]
    return {"rpz": _file(edition, "response policy zone", lines)}


def rpz_ip(network: Network) -> str:
    """The trigger for answers that point into this network: length, then octets or groups from the last to the first.

    IPv6 writes the longest run of zero groups as ``zz`` (draft-vixie-dnsop-dns-rpz, section 4.3).
    """
    if network.is_v4:
        octets = str(network.first).split(".")
        return ".".join([str(network.prefix), *reversed(octets), "rpz-ip"])
    number = network.hi << 64 | network.lo
    groups = [f"{number >> shift & 0xFFFF:x}" for shift in range(112, -1, -16)]
    start, length = _zeros(groups)
    if length > 1:
        groups[start : start + length] = ["zz"]
    return ".".join([str(network.bits), *reversed(groups), "rpz-ip"])


def _zeros(groups: list[str]) -> tuple[int, int]:
    """Where the longest run of zero groups begins, and how long it is; the first of equals."""
    best, at = (0, 0), 0
    while at < len(groups):
        end = at
        while end < len(groups) and groups[end] == "0":
            end += 1
        if end - at > best[1]:
            best = (at, end - at)
        at = max(end, at + 1)
    return best


def _top(edition: Edition, who: str) -> list[str]:
    serial, ttl = edition.at // clock.SECOND, edition.ttl_s
    return [f"$TTL {ttl}", f"@ SOA {who} {serial} 3600 600 604800 {ttl}"]


def _servers(edition: Edition) -> list[str]:
    return [f"@ NS {name}." for name in servers(edition)]


def _answer(edition: Edition, owner: str, entry: Entry | NameEntry, asked: str) -> list[str]:
    words = edition.sentence(entry, asked).replace("\\", "\\\\").replace('"', '\\"')
    return [*(f"{owner} A {code}" for code in edition.codes(entry)), f'{owner} TXT "{words}"']


def _test(edition: Edition, owner: str) -> list[str]:
    return [f"{owner} A {edition.code}", f'{owner} TXT "{_TEST}"']


def _fits(name: str, origin: str) -> bool:
    """Whether the name still is one below the zone (RFC 1035 section 2.3.4)."""
    return len(name) + 1 + len(origin) <= _LONGEST


def _reversed(network: Network) -> Iterator[tuple[str, str]]:
    """Owner names that together stand for exactly this network (RFC 5782 sections 2.1 and 2.4).

    Each with the address that is asked for under it; empty for a wildcard, which answers for many.
    """
    step = 8 if network.is_v4 else 4
    for part in spread(network, -(-network.bits // step) * step):
        digits = str(part.first).split(".") if part.is_v4 else list(part.first.packed.hex())
        known = (part.bits - 96) // 8 if part.is_v4 else part.bits // 4
        wild = ["*"] if known < len(digits) else []
        yield ".".join([*wild, *reversed(digits[:known])]), "" if wild else str(part.first)


def _file(edition: Edition, about: str, lines: list[str]) -> bytes:
    top = [f";{line[1:]}" for line in header(edition, about, lines)]
    return text([*top, *lines])
