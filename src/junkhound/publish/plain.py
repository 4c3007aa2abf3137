"""Plain text: one entry a line, the same addresses as the fewest networks, and a hosts file."""

from __future__ import annotations

from collections.abc import Mapping

from junkhound.kernel.net import Network
from junkhound.publish.edition import Edition, header
from junkhound.publish.names import fewest, spared_below
from junkhound.publish.outputs import outputs, text
from junkhound.publish.pieces import covers, pieces

_ADDRESS = "address or network"


@outputs.register("plain")
def plain(edition: Edition) -> Mapping[str, bytes]:
    """One listed address, network or domain a line, as decided; what an exclusion cuts is written as what remains.

    A domain with a dot before it means every name below it too, but for those that the comment lines call spared.
    """
    lines = [bare(network) for network, _ in pieces(edition)]
    listed = fewest(edition)
    lines += [f".{entry.name}" if entry.below else entry.name for entry in listed]
    what = "domain" if not edition.of_addresses else "address, network or domain" if edition.names else _ADDRESS
    spared = [f"# spared {name}" for name in spared_below(edition, listed)]
    return {"txt": text([*header(edition, f"one {what} a line", lines), *spared, *lines])}


@outputs.register("cidr")
def cidr(edition: Edition) -> Mapping[str, bytes]:
    """The fewest networks that hold exactly the listed addresses, for packet filters and routers."""
    if not edition.of_addresses:
        return {}
    lines = [str(network) for family in covers(edition) for network in family]
    return {"cidr": text([*header(edition, "the fewest networks that hold exactly what is listed", lines), *lines])}


@outputs.register("hosts")
def hosts(edition: Edition) -> Mapping[str, bytes]:
    """Listed domains as a hosts file: names themselves only, for a hosts file knows nothing of names below them."""
    if not edition.of_names:
        return {}
    lines = [f"0.0.0.0 {entry.name}" for entry in fewest(edition)]
    return {"hosts": text([*header(edition, "hosts file of listed domains", lines), *lines])}


def bare(network: Network) -> str:
    """A network as text, a single address without its length."""
    return str(network.first) if network.bits == 128 else str(network)
