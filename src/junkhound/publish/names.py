"""Listed domains as sets of names: what covers what, and which names a zone needs so that wildcards mean it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from junkhound.publish.edition import Edition, NameEntry


def above(domain: str) -> Iterator[str]:
    """The domains above this one, nearest first."""
    _, dot, rest = domain.partition(".")
    while dot:
        yield rest
        _, dot, rest = rest.partition(".")


def unspared(edition: Edition) -> list[NameEntry]:
    """The names that may leave: those that neither are spared nor stand below what is."""
    spared = set(edition.name_exclusions)
    return [entry for entry in edition.names if not _within(entry.name, spared)]


def fewest(edition: Edition) -> list[NameEntry]:
    """The entries that no other entry covers, less what is spared: no name is written twice."""
    meant = unspared(edition)
    whole = {entry.name for entry in meant if entry.below}
    kept: dict[str, NameEntry] = {}
    for entry in meant:
        if any(name in whole for name in above(entry.name)):
            continue
        if entry.name not in kept or entry.below:
            kept[entry.name] = entry
    return [kept[domain] for domain in sorted(kept)]


def spared_below(edition: Edition, listed: Iterable[NameEntry]) -> list[str]:
    """The spared domains that stand below a listed one, outermost only."""
    whole = {entry.name for entry in listed if entry.below}
    spared = set(edition.name_exclusions)
    return [
        domain
        for domain in sorted(spared)
        if any(name in whole for name in above(domain)) and not any(name in spared for name in above(domain))
    ]


def zone_names(edition: Edition) -> list[tuple[str, NameEntry | None]]:
    """Owner names of a zone with what they stand for, in order; None for what is spared.

    A name that exists ends the reach of every wildcard above it (RFC 4592 section 2.2.2), and so does an empty name
    between the two: what stands between a spared domain and the listed one above it is therefore written out.
    """
    listed = fewest(edition)
    names: dict[str, NameEntry | None] = {}
    whole = {entry.name: entry for entry in listed if entry.below}
    for entry in listed:
        names[entry.name] = entry
        if entry.below:
            names[f"*.{entry.name}"] = entry
    for domain in spared_below(edition, listed):
        for name in above(domain):
            owner = next((whole[top] for top in (name, *above(name)) if top in whole), None)
            if owner is None:
                break
            names.setdefault(name, owner)
            names.setdefault(f"*.{name}", owner)
            if name in whole:
                break
        names[domain] = names[f"*.{domain}"] = None
    return sorted(names.items(), key=lambda pair: (pair[0].removeprefix("*."), pair[0]))


def _within(domain: str, spared: set[str]) -> bool:
    return domain in spared or any(name in spared for name in above(domain))
