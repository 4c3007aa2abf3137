"""For proxies and resolvers: Squid's lists and Unbound's local zones."""

from __future__ import annotations

from collections.abc import Mapping

from junkhound.publish.edition import Edition, NameEntry, header
from junkhound.publish.names import fewest, spared_below
from junkhound.publish.outputs import outputs, text
from junkhound.publish.pieces import covers
from junkhound.publish.plain import bare


@outputs.register("squid")
def squid(edition: Edition) -> Mapping[str, bytes]:
    """Files for Squid's ``acl ... dst`` and ``acl ... dstdomain``, and the domains to allow first."""
    made = {}
    if edition.of_addresses:
        lines = [bare(network) for family in covers(edition) for network in family]
        made["dst"] = _file(edition, "Squid acl dst", lines)
    if edition.of_names:
        listed = fewest(edition)
        made["dstdomain"] = _file(edition, "Squid acl dstdomain", _dotted(listed))
        spared = [f".{name}" for name in spared_below(edition, listed)]
        made["dstspared"] = _file(edition, "Squid acl dstdomain, of what is spared below listed domains", spared)
    return made


def _dotted(listed: list[NameEntry]) -> list[str]:
    return [f".{entry.name}" if entry.below else entry.name for entry in listed]


@outputs.register("unbound")
def unbound(edition: Edition) -> Mapping[str, bytes]:
    """A file for Unbound's ``include:``: listed names do not exist, answers that point to listed addresses neither.

    The part about addresses needs Unbound's module ``respip``; it stands in a file of its own.
    """
    made = {}
    if edition.of_addresses:
        lines = [f"response-ip: {network} always_nxdomain" for family in covers(edition) for network in family]
        made["respip"] = _file(edition, "Unbound response-ip", ["server:", *lines])
    if edition.of_names:
        listed = fewest(edition)
        lines = []
        for entry in listed:
            if entry.below:
                lines.append(f'local-zone: "{entry.name}." always_nxdomain')
            else:  # a zone would take the names below with it: the name alone exists, and has no address
                lines.append(f'local-zone: "{entry.name}." transparent')
                lines.append(f"local-data: '{entry.name}. TXT {entry.number}'")
        lines += [f'local-zone: "{name}." transparent' for name in spared_below(edition, listed)]
        made["unbound"] = _file(edition, "Unbound local zones", ["server:", *lines])
    return made


def _file(edition: Edition, about: str, lines: list[str]) -> bytes:
    return text([*header(edition, about, lines), *lines])
