"""Sets for packet filters: nftables and ipset, loaded in one step so that no packet meets a half-filled set."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from junkhound.publish.edition import Edition, header
from junkhound.publish.outputs import outputs, text
from junkhound.publish.pieces import covers

_IPSET_NAME = 31  # IPSET_MAXNAMELEN less its end
# One size for ever: a set of another size could not be exchanged with the one in use.
_IPSET_LIMIT = 1 << 22


@outputs.register("nftables")
def nftables(edition: Edition) -> Mapping[str, bytes]:
    """Sets ``NAME-4`` and ``NAME-6`` in table ``inet junkhound``, for ``nft -f``; rules that use them stay as they are.

    They drop nothing by themselves: what to do with a match is the reader's rule.
    """
    if not edition.of_addresses:
        return {}
    lines = ["add table inet junkhound"]
    for family, kind, networks in zip((4, 6), ("ipv4_addr", "ipv6_addr"), covers(edition), strict=True):
        name = f"{_letter_first(edition.name)}-{family}"
        lines.append(f"add set inet junkhound {name} {{ type {kind}; flags interval; }}")
        lines.append(f"flush set inet junkhound {name}")
        if networks:
            members = ",\n".join(str(n.first) if n.bits == 128 else str(n) for n in networks)
            lines += [f"add element inet junkhound {name} {{", *members.split("\n"), "}"]
    return {"nft": text([*header(edition, "nftables sets; load with nft -f", lines), *lines])}


@outputs.register("ipset")
def ipset(edition: Edition) -> Mapping[str, bytes]:
    """Sets ``NAME-4`` and ``NAME-6`` of type hash:net, for ``ipset restore``: filled aside, then exchanged."""
    if not edition.of_addresses:
        return {}
    lines = []
    for family, kind, networks in zip((4, 6), ("inet", "inet6"), covers(edition), strict=True):
        name = f"{_short(edition.name)}-{family}"
        about = f"hash:net family {kind} maxelem {_IPSET_LIMIT}"
        lines += [f"create {name} {about} -exist", f"create {name}.n {about} -exist", f"flush {name}.n"]
        lines += [f"add {name}.n {network}" for network in networks]
        lines += [f"swap {name}.n {name}", f"destroy {name}.n"]
    return {"ipset": text([*header(edition, "ipset sets; load with ipset restore", lines), *lines])}


def _letter_first(name: str) -> str:
    """nft takes a name that begins with a digit for a number."""
    return name if name[0].isalpha() else f"list-{name}"


def _short(name: str) -> str:
    """A set's name has 31 characters: a longer list's is cut, and told from its like by a digest."""
    room = _IPSET_NAME - len("-4.n")
    if len(name) <= room:
        return name
    return f"{name[: room - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
