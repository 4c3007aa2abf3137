"""JSON, JSON lines and CSV: every entry with its number, days, class and range."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable
from importlib import resources
from typing import Any

from junkhound.kernel import clock
from junkhound.publish.edition import Edition, Entry, NameEntry, header
from junkhound.publish.names import fewest, spared_below, unspared
from junkhound.publish.outputs import outputs, text

FORMAT_VERSION = 1


def schema() -> str:
    """The JSON Schema of ``LIST.json``; its ``$defs`` head and entry are those of the lines of ``LIST.jsonl``."""
    return resources.files("junkhound.publish").joinpath("data/list.schema.json").read_text("utf-8")


COLUMNS = ("network", "number", "class", "messages", "since", "last_seen", "expires", "codes", "domain", "below")


def _row(edition: Edition, entry: Entry | NameEntry) -> dict[str, Any]:
    about: dict[str, Any] = {
        "number": entry.number,
        "class": entry.listing_class,
        "messages": entry.messages,
        "since": entry.since,
        "last_seen": entry.last_seen,
        "expires": entry.expires,
        "codes": list(edition.codes(entry)),
    }
    if isinstance(entry, NameEntry):
        return {"domain": entry.name, "below": entry.below, **about}
    return {"network": str(entry.network), **about}


def entry_lines(edition: Edition) -> list[str]:
    """Each entry as compact JSON with sorted keys: the lines that the feed's sha256 covers."""
    every: Iterable[Entry | NameEntry] = (*edition.entries, *unspared(edition))
    return [_compact(_row(edition, entry)) for entry in every]


def _compact(fields: dict[str, Any]) -> str:
    return json.dumps(fields, sort_keys=True, separators=(",", ":"))


def _about(edition: Edition, lines: list[str]) -> dict[str, Any]:
    return {
        "format": "junkhound-list",
        "version": FORMAT_VERSION,
        "list": edition.name,
        "scope": edition.scope,
        "zone": edition.origin,
        "code": edition.code,
        "holds": "domains" if not edition.of_addresses else "both" if edition.names else "addresses",
        "tlp": edition.marking,
        "generated": clock.text(edition.at),
        "expires": clock.text(edition.expires_at),
        "ttl": edition.ttl_s,
        "count": len(lines),
        "sha256": hashlib.sha256(text(lines)).hexdigest(),
        "exclusions": [str(network) for network in sorted(edition.exclusions)],
        "name_exclusions": spared_below(edition, fewest(edition)),
    }


@outputs.register("json")
def feed(edition: Edition) -> dict[str, bytes]:
    """One JSON document, an entry a line."""
    lines = entry_lines(edition)
    top = json.dumps(_about(edition, lines), indent=1)[:-2]  # reopened, so that each entry stands on its own line
    body = ",\n".join(lines)
    return {"json": f'{top},\n "entries": [\n{body}\n ]\n}}\n'.encode()}


@outputs.register("jsonl")
def lines(edition: Edition) -> dict[str, bytes]:
    """JSON lines: the first says what the list is, each further one is an entry."""
    entries = entry_lines(edition)
    return {"jsonl": text([json.dumps(_about(edition, entries)), *entries])}


def _cell(value: str | bool | list[str]) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else " ".join(value)


@outputs.register("csv")
def table(edition: Edition) -> dict[str, bytes]:
    """A table with a line of names on top (RFC 4180, with LF ends and comment lines above)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    every: tuple[Entry | NameEntry, ...] = (*edition.entries, *unspared(edition))
    for entry in every:
        row = _row(edition, entry)
        writer.writerow([_cell(row.get(name, "")) for name in COLUMNS])
    rows = out.getvalue().splitlines()
    excluded = [
        f"# excluded {words}"
        for words in (*map(str, sorted(edition.exclusions)), *spared_below(edition, fewest(edition)))
    ]
    return {"csv": text([*header(edition, ", ".join(COLUMNS), rows), *excluded, *rows])}
