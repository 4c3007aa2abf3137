"""Rules for SpamAssassin: one file that asks our zone, and one that needs no network."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from junkhound.kernel.net import Network
from junkhound.publish.edition import Edition, header
from junkhound.publish.names import fewest, spared_below
from junkhound.publish.outputs import outputs, text
from junkhound.publish.pieces import covers, refuse_if_too_wide, spread

_SCORE = "2.0"
_NETWORKS_A_RULE = 200  # /24s in one pattern: Perl compiles each rule, and a short one fails fast


@outputs.register("spamassassin")
def spamassassin(edition: Edition) -> Mapping[str, bytes]:
    """``.cf`` tests the address that handed the mail over, and links, by itself; ``.dnscf`` asks the zone instead.

    Use one of the two. IPv6 has no single spelling in a trace line, so it is tested by the zone only.
    Errors: Refused for a list of more than four million addresses.
    """
    return {
        "cf": _file(edition, "SpamAssassin rules that need no network", _offline(edition)),
        "dnscf": _file(edition, f"SpamAssassin rules that ask {edition.origin}", _asking(edition)),
    }


def rule_name(edition: Edition) -> str:
    """``JH_NAME``: letters, digits and underscores only."""
    return f"JH_{re.sub('[^A-Z0-9]', '_', edition.name.upper())}"


def _offline(edition: Edition) -> list[str]:
    rule = rule_name(edition)
    lines = []
    if edition.of_addresses:
        four, _ = covers(edition)
        refuse_if_too_wide(edition, four, 120, "SpamAssassin rules", "its file .dnscf, or a zone")
        patterns = _patterns(four)
        for number, pattern in enumerate(patterns):
            lines.append(rf"header __{rule}_{number} X-Spam-Relays-External =~ /^\[ ip=(?:{pattern}) /")
        any_of = " || ".join(f"__{rule}_{number}" for number in range(len(patterns)))
        lines += [
            f"meta {rule} {any_of or '0'}",
            f"describe {rule} Handed over by an address on list {edition.name}",
            f"score {rule} {_SCORE}",
        ]
    if edition.of_names:
        listed = fewest(edition)
        # SpamAssassin looks for the host, then for each domain above it: an exact name takes those below with it.
        lines += [f"enlist_uri_host ({rule}) {entry.name}" for entry in listed if entry.below]
        lines += [f"enlist_uri_host ({rule}) !{name}" for name in spared_below(edition, listed)]
        lines += [
            f"header {rule}_URI eval:check_uri_host_listed('{rule}')",
            f"describe {rule}_URI Links to a domain on list {edition.name}",
            f"score {rule}_URI {_SCORE}",
        ]
    return lines


def _patterns(networks: Iterable[Network]) -> list[str]:
    """IPv4 networks as patterns of the dotted text, some hundred /24s each."""
    hosts: dict[str, list[str]] = defaultdict(list)
    for network in networks:
        for part in spread(network, 120):
            top, _, last = str(part.first).rpartition(".")
            size = 1 << (128 - part.bits)
            hosts[top] += [r"\d+"] if size == 256 else [str(int(last) + n) for n in range(size)]
    made = [f"{top.replace('.', chr(92) + '.')}\\.(?:{'|'.join(hosts[top])})" for top in hosts]
    return ["|".join(made[at : at + _NETWORKS_A_RULE]) for at in range(0, len(made), _NETWORKS_A_RULE)]


def _asking(edition: Edition) -> list[str]:
    rule, zone = rule_name(edition), edition.origin
    lines = []
    if edition.of_addresses:
        lines += [
            f"header {rule} eval:check_rbl('{rule.lower()}-lastexternal', '{zone}.', '^127\\.0\\.')",
            f"describe {rule} Handed over by an address on list {edition.name}",
            f"tflags {rule} net",
            f"score {rule} {_SCORE}",
        ]
    if edition.of_names:
        lines += [
            f"urirhsbl {rule}_URI {zone}. A",
            f"body {rule}_URI eval:check_uridnsbl('{rule}_URI')",
            f"describe {rule}_URI Links to a domain on list {edition.name}",
            f"tflags {rule}_URI net",
            f"score {rule}_URI {_SCORE}",
        ]
    return lines


def _file(edition: Edition, about: str, lines: list[str]) -> bytes:
    return text([*header(edition, about, lines), *lines])
