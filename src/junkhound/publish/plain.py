"""Plain text: one entry a line, and the same addresses as the fewest networks."""

from __future__ import annotations

from junkhound.publish.cover import cover, less, merged
from junkhound.publish.edition import Edition, header
from junkhound.publish.outputs import outputs, text


@outputs.register("plain")
def plain(edition: Edition) -> dict[str, bytes]:
    """One listed address or network a line, as decided; what an exclusion cuts is written as what remains."""
    holes = merged(edition.exclusions)
    kept = (network for entry in edition.entries for network in less(entry.network, holes))
    lines = [str(network.first) if network.bits == 128 else str(network) for network in kept]
    return {"txt": text([*header(edition, "one address or network a line", lines), *lines])}


@outputs.register("cidr")
def cidr(edition: Edition) -> dict[str, bytes]:
    """The fewest networks that hold exactly the listed addresses, for packet filters and routers."""
    lines = [str(network) for network in cover((entry.network for entry in edition.entries), edition.exclusions)]
    return {"cidr": text([*header(edition, "the fewest networks that hold exactly what is listed", lines), *lines])}
