"""JSON and CSV: every entry with its number, days, class and range."""

from __future__ import annotations

import csv
import hashlib
import io
import json

from junkhound.kernel import clock
from junkhound.publish.edition import Edition, Entry, header
from junkhound.publish.outputs import outputs, text

FORMAT_VERSION = 1
COLUMNS = ("network", "number", "class", "messages", "since", "last_seen", "expires")


def _row(entry: Entry) -> dict[str, str]:
    return {
        "network": str(entry.network),
        "number": entry.number,
        "class": entry.listing_class,
        "messages": entry.messages,
        "since": entry.since,
        "last_seen": entry.last_seen,
        "expires": entry.expires,
    }


def entry_lines(edition: Edition) -> list[str]:
    """Each entry as compact JSON with sorted keys: the lines that the feed's sha256 covers."""
    return [json.dumps(_row(entry), sort_keys=True, separators=(",", ":")) for entry in edition.entries]


@outputs.register("json")
def feed(edition: Edition) -> dict[str, bytes]:
    """One JSON document, an entry a line."""
    lines = entry_lines(edition)
    about = {
        "format": "junkhound-list",
        "version": FORMAT_VERSION,
        "list": edition.name,
        "scope": edition.scope,
        "zone": edition.origin,
        "code": edition.code,
        "generated": clock.text(edition.at),
        "expires": clock.text(edition.expires_at),
        "ttl": edition.ttl_s,
        "count": len(lines),
        "sha256": hashlib.sha256(text(lines)).hexdigest(),
        "exclusions": [str(network) for network in sorted(edition.exclusions)],
    }
    top = json.dumps(about, indent=1)[:-2]  # reopened, so that each entry can stand on a line of its own
    body = ",\n".join(lines)
    return {"json": f'{top},\n "entries": [\n{body}\n ]\n}}\n'.encode()}


@outputs.register("csv")
def table(edition: Edition) -> dict[str, bytes]:
    """A table with a line of names on top (RFC 4180, with LF ends and comment lines above)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_row(entry)[name] for name in COLUMNS] for entry in edition.entries)
    lines = out.getvalue().splitlines()
    return {"csv": text([*header(edition, ", ".join(COLUMNS), lines), *lines])}
