"""What partners may fetch: lists as STIX objects, each version with the moment it came into its collection."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from junkhound import publish as room
from junkhound.kernel import clock, net
from junkhound.kernel.config import Config
from junkhound.ledger.partners import Object
from junkhound.publish import Edition, Entry, NameEntry
from junkhound.publish.desks import stix_objects
from junkhound.verbs.office import Office
from junkhound.verbs.partners import book_of
from junkhound.wire import stix


class Collection(msgspec.Struct, frozen=True):
    """One list that is shared; ``id`` is a UUID that stays the same."""

    id: str
    list: str
    title: str
    tlp: str


def collections(settings: Config) -> list[Collection]:
    """The lists that partners may fetch: public ones, and those that the operator names."""
    made = []
    for name, rules in sorted(settings.lists.items()):
        if rules.scope == "public" or name in settings.partners.lists:
            key = str(uuid.uuid5(stix.OURS, f"collection {name}.{settings.publish.zone}"))
            tlp = (rules.tlp or ("clear" if rules.scope == "public" else "green")).lower()
            made.append(Collection(key, name, f"{name}.{settings.publish.zone}", tlp))
    return made


def refresh(office: Office, collection: Collection, seen: dict[str, tuple[int, int]]) -> int:
    """Bring a collection to what was published last; how many versions are new. ``seen`` are the files as last read."""
    folder = office.config.publish.folder
    out = Path(folder).expanduser() if folder else office.home / "out"
    path = out / f"{collection.list}.json"
    try:
        status = path.stat()
    except OSError:
        return 0
    stamp = (status.st_mtime_ns, status.st_ino)
    if seen.get(collection.id) == stamp:
        return 0
    edition = edition_of(json.loads(path.read_bytes()), office.config)
    added = book_of(office).share(collection.id, {one["id"]: one for one in stix_objects(edition)}, _now())
    seen[collection.id] = stamp
    return added


def _now() -> int:
    return clock.SystemClock().now()


def edition_of(feed: Mapping[str, Any], settings: Config) -> Edition:
    """The edition that a published ``LIST.json`` holds, so that what partners fetch is what was published."""
    entries = [_entry(row) for row in feed["entries"]]
    name = str(feed["list"])
    rules = settings.lists.get(name)
    return room.edition(
        entries, name=name, scope=feed["scope"], at=clock.parse(feed["generated"]),
        expires_at=clock.parse(feed["expires"]), zone=str(feed["zone"]).removeprefix(f"{name}."), code=feed["code"],
        exclusions=tuple(n for words in feed["exclusions"] if (n := net.parse_network(words)) is not None),
        name_exclusions=tuple(feed.get("name_exclusions", ())), url=rules.text if rules is not None else "",
        tlp=str(feed.get("tlp", "")),
    )  # fmt: skip


def _entry(row: Mapping[str, Any]) -> Entry | NameEntry:
    words = {
        "number": row["number"], "listing_class": row["class"], "messages": row["messages"], "since": row["since"],
        "last_seen": row["last_seen"], "expires": row["expires"], "codes": tuple(row.get("codes", ())),
    }  # fmt: skip
    if "domain" in row:
        return NameEntry(name=row["domain"], below=row["below"], **words)
    network = net.parse_network(row["network"])
    assert network is not None  # written by us
    return Entry(network=network, **words)


def shared(office: Office, collection: Collection, after: int, ids: list[str]) -> list[Object]:
    """What was added to a collection after a moment, in that order."""
    return book_of(office).shared(collection.id, after, ids)
