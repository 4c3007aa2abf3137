"""What partners may fetch: lists as STIX objects, each version with the moment it came into its collection."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from junkhound.kernel import clock, net
from junkhound.kernel.config import Config
from junkhound.ledger.partners import Object
from junkhound.verbs.office import Office
from junkhound.verbs.partners import book_of

NAMESPACE = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
"""STIX 2.1's own, for ids that anybody makes alike."""
TLP = {
    "clear": "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    "amber": "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
}


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
            key = str(uuid.uuid5(NAMESPACE, f"junkhound collection {name}.{settings.publish.zone}"))
            tlp = "clear" if rules.scope == "public" else "amber"
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
    objects = {one["id"]: one for one in objects_of(json.loads(path.read_bytes()), collection)}
    added = book_of(office).share(collection.id, objects, clock.SystemClock().now())
    seen[collection.id] = stamp
    return added


def objects_of(feed: Mapping[str, Any], collection: Collection) -> Iterator[dict[str, Any]]:
    """The STIX objects of a published list, but for their ``modified``. The one place that says how a list looks."""
    for entry in feed["entries"]:
        subject = str(entry.get("network") or entry.get("name"))
        kind, subject = _told(subject)
        key = f"{collection.id} {entry['number']} {subject}"
        yield {
            "type": "indicator",
            "spec_version": "2.1",
            "id": f"indicator--{uuid.uuid5(NAMESPACE, key)}",
            "created": f"{entry['since']}T00:00:00.000Z",
            "name": f"{subject} is on {collection.title}",
            "description": f"{entry['number']}: {entry['class']}, {entry['messages']} messages,"
            f" last seen {entry['last_seen']}",
            "indicator_types": ["malicious-activity"],
            "pattern": f"[{kind}:value = '{subject}']",
            "pattern_type": "stix",
            "valid_from": f"{entry['since']}T00:00:00Z",
            "valid_until": f"{_later(entry)}T00:00:00Z",
            "object_marking_refs": [TLP[collection.tlp]],
        }


def _told(subject: str) -> tuple[str, str]:
    """The kind of an object, and its value: a single address stands without its length."""
    network = net.parse_network(subject)
    if network is None:
        return "domain-name", subject
    kind = "ipv4-addr" if network.is_v4 else "ipv6-addr"
    return kind, str(network.first if network.bits == 128 else network)


def _later(entry: Mapping[str, str]) -> str:
    """The day the listing ends; after its begin, as STIX asks for."""
    if entry["expires"] > entry["since"]:
        return entry["expires"]
    return clock.day_text(clock.parse(f"{entry['since']}T00:00:00Z") + clock.DAY)


def shared(office: Office, collection: Collection, after: int, ids: list[str]) -> list[Object]:
    """What was added to a collection after a moment, in that order."""
    return book_of(office).shared(collection.id, after, ids)
