"""Maps for mail servers that refuse without asking DNS: Postfix, Exim and rspamd."""

from __future__ import annotations

from collections.abc import Mapping

from junkhound.publish.edition import Edition, header
from junkhound.publish.names import fewest, spared_below
from junkhound.publish.outputs import outputs, text
from junkhound.publish.pieces import pieces
from junkhound.publish.plain import bare


@outputs.register("postfix")
def postfix(edition: Edition) -> Mapping[str, bytes]:
    """Tables for ``check_client_access`` and ``postscreen_access_list`` (cidr), and for domains (texthash).

    Postfix takes the names below a domain with it: what is listed without them stays out of its domain table.
    """
    made = {}
    if edition.of_addresses:
        cut = [(network, edition.sentence(entry, bare(entry.network))) for network, entry in pieces(edition)]
        made["access"] = _file(edition, "Postfix access, cidr", [f"{n} REJECT 5.7.1 {said}" for n, said in cut])
        made["postscreen"] = _file(edition, "Postfix postscreen_access_list, cidr", [f"{n} reject" for n, _ in cut])
    if edition.of_names:
        listed = [entry for entry in fewest(edition) if entry.below]
        lines = [f"{entry.name} REJECT 5.7.1 {edition.sentence(entry, entry.name)}" for entry in listed]
        # The table's own parents are tried nearest first, so a spared name is found before the domain above it.
        lines += [f"{domain} DUNNO" for domain in spared_below(edition, listed)]
        made["rhsaccess"] = _file(edition, "Postfix access, texthash, of domains", lines)
    return made


@outputs.register("exim")
def exim(edition: Edition) -> Mapping[str, bytes]:
    """Files for Exim's ``iplsearch`` and, for domains, ``partial2-lsearch``; what is found is the words of refusal."""
    made = {}
    if edition.of_addresses:
        lines = [f'"{network}": {edition.sentence(entry, bare(entry.network))}' for network, entry in pieces(edition)]
        made["iplsearch"] = _file(edition, "Exim iplsearch", lines)
    if edition.of_names:
        listed = fewest(edition)
        lines = []
        for entry in listed:
            said = edition.sentence(entry, entry.name)
            lines += [f"{name}: {said}" for name in ((entry.name, f"*.{entry.name}")[: 1 + entry.below])]
        for domain in spared_below(edition, listed):
            lines += [f"{domain}:", f"*.{domain}:"]  # found, and nothing is said of it
        made["lsearch"] = _file(edition, "Exim partial2-lsearch", lines)
    return made


@outputs.register("rspamd")
def rspamd(edition: Edition) -> Mapping[str, bytes]:
    """Maps for rspamd's multimap: type ``ip``, and for domains one with ``glob``."""
    made = {}
    if edition.of_addresses:
        lines = [f"{network} {entry.number}" for network, entry in pieces(edition)]
        made["ipmap"] = _file(edition, "rspamd multimap of type ip", lines)
    if edition.of_names:
        listed, lines = fewest(edition), []
        for entry in listed:
            lines += [f"{name} {entry.number}" for name in ((entry.name, f"*.{entry.name}")[: 1 + entry.below])]
        made["globmap"] = _file(edition, "rspamd multimap with glob", lines)
        spared = [name for spared in spared_below(edition, listed) for name in (spared, f"*.{spared}")]
        made["globspared"] = _file(edition, "rspamd map with glob, of what is spared below listed domains", spared)
    return made


def _file(edition: Edition, about: str, lines: list[str]) -> bytes:
    return text([*header(edition, about, lines), *lines])
