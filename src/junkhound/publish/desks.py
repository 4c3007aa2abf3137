"""For the desks of others: STIX 2.1 bundles, MISP feeds and IntelMQ events, marked with the list's TLP."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from junkhound.kernel import clock
from junkhound.publish.edition import Edition, Entry, NameEntry
from junkhound.publish.names import unspared
from junkhound.publish.outputs import outputs, text
from junkhound.publish.pieces import pieces
from junkhound.publish.plain import bare
from junkhound.wire import stix

_MADE = clock.parse("2026-01-01")
"""When what stands for the list itself came into the world: any moment that never changes."""
_MISP = uuid.uuid5(uuid.NAMESPACE_DNS, "misp.junkhound")


def _rows(edition: Edition) -> Iterator[tuple[Entry | NameEntry, list[str]]]:
    """Each entry with its addresses and networks, cut by the exclusions, or with its name."""
    cut: dict[str, list[str]] = {}
    for network, entry in pieces(edition):
        cut.setdefault(entry.number, []).append(bare(network))
    for entry in edition.entries:
        if entry.number in cut:
            yield entry, cut[entry.number]
    for name in unspared(edition):
        yield name, [name.name]


def _least(messages: str) -> int:
    """The least number of messages that a range stands for: what can be claimed without saying more."""
    numbers = re.findall(r"[\d,]+", messages)
    return 1 if messages.startswith("under") else int(numbers[0].replace(",", ""))


def _who(edition: Edition) -> str:
    whose = "this operator's own servers" if edition.scope == "own" else "anyone"
    return f"list {edition.name}, scope {edition.scope}, for {whose}; ask {edition.origin}"


@outputs.register("stix")
def stix_bundle(edition: Edition) -> Mapping[str, bytes]:
    """A STIX 2.1 bundle: an indicator that ends when the listing does, what was seen, and sightings, for each entry."""
    objects = stix_objects(edition)
    return {"stix": text(stix.bundle_lines(objects, f"{edition.origin} {edition.at}"))}


def stix_objects(edition: Edition) -> list[stix.Object]:
    """The objects of an edition: the same facts give the same objects, whenever and wherever they are made."""
    tlp = edition.marking
    by = stix.identity(edition.origin, _who(edition), _MADE, tlp)
    made = {one["id"]: one for one in (stix.marking(tlp), by)}
    for entry, values in _rows(edition):
        for one in _of_entry(edition, entry, values, by, tlp):
            made.setdefault(one["id"], one)
    return list(made.values())


def _of_entry(
    edition: Edition, entry: Entry | NameEntry, values: Sequence[str], by: stix.Object, tlp: str
) -> list[stix.Object]:
    since, last, until = (clock.parse(day) for day in (entry.since, entry.last_seen, entry.expires))
    first, count = min(since, last), _least(entry.messages)
    kind = _observable_kind(entry)
    if isinstance(entry, NameEntry):
        patterns = [stix.domain_pattern(entry.name, entry.below)]
    else:
        patterns = [stix.network_pattern(kind, value) for value in values]
    reference = {"source_name": edition.origin, "external_id": entry.number}
    if edition.url:
        reference["url"] = edition.url.replace("%s", entry.number)
    about = {
        "name": f"{values[0]} is listed as {entry.listing_class}",
        "description": f"{entry.listing_class}, {entry.messages} messages, last seen {entry.last_seen}",
        "labels": [entry.listing_class],
        "external_references": [reference],
    }
    days = (first, last, first, until)
    things = [stix.observable(kind, value) for value in values]
    seen = stix.observed(things, entry.number, by, first, last, count, tlp)
    of = stix.indicator(about, f"[{' OR '.join(patterns)}]", entry.number, by, days, tlp)
    return [
        *things, seen, of,
        stix.sighting(of, seen, entry.number, by, first, last, count, tlp),
        stix.relationship(of, "based-on", seen, by, first, tlp),
    ]  # fmt: skip


def _observable_kind(entry: Entry | NameEntry) -> str:
    if isinstance(entry, NameEntry):
        return "domain-name"
    return "ipv4-addr" if entry.network.is_v4 else "ipv6-addr"


@outputs.register("misp")
def misp(edition: Edition) -> Mapping[str, bytes]:
    """A MISP feed: one event of the list in ``LIST.misp/``, with manifest and hashes, replaced with each edition."""
    event, org = str(uuid.uuid5(_MISP, edition.origin)), _organisation(edition)
    attributes = [one for entry, values in _rows(edition) for one in _attributes(edition, entry, values)]
    stamp = str(edition.at // clock.SECOND)
    about = {
        "info": f"Junkhound: {_who(edition)}",
        "date": clock.day_text(edition.at),
        "threat_level_id": "3",
        "analysis": "2",
        "timestamp": stamp,
        "Orgc": org,
        "Tag": [{"name": f"tlp:{edition.marking.lower()}"}],
    }
    whole = {
        "Event": {**about, "uuid": event, "published": True, "publish_timestamp": stamp, "distribution": "3",
                  "Attribute": attributes}
    }  # fmt: skip
    hashes = [f"{hashlib.md5(one['value'].encode(), usedforsecurity=False).hexdigest()},{event}" for one in attributes]
    return {
        "misp/manifest.json": _json({event: about}),
        "misp/hashes.csv": text(hashes),
        f"misp/{event}.json": _json(whole),
    }


def _organisation(edition: Edition) -> dict[str, str]:
    return {"name": edition.zone, "uuid": str(uuid.uuid5(_MISP, edition.zone))}


def _attributes(edition: Edition, entry: Entry | NameEntry, values: Sequence[str]) -> list[dict[str, Any]]:
    since, last = (clock.parse(day) for day in (entry.since, entry.last_seen))
    kind = "ip-src" if isinstance(entry, Entry) else "domain" if entry.below else "hostname"
    return [
        {
            "uuid": str(uuid.uuid5(_MISP, f"{edition.origin} {entry.number} {value}")),
            "type": kind,
            "category": "Network activity",
            "to_ids": True,
            "value": value,
            "comment": f"{entry.number}, {entry.listing_class}, {entry.messages} messages, expires {entry.expires}",
            "timestamp": str(last // clock.SECOND),
            "first_seen": _misp_moment(min(since, last)),
            "last_seen": _misp_moment(last),
            "distribution": "5",
        }
        for value in values
    ]


def _misp_moment(at: int) -> str:
    return clock.to_datetime(at).strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")


_TAXONOMY = {
    "spam": "abusive-content",
    "brute-force": "intrusion-attempts",
    "scanner": "information-gathering",
    "proxy": "other",
    "infected-system": "malicious-code",
    "malware-distribution": "malicious-code",
    "ddos": "availability",
    "blacklist": "other",
    "vulnerable-system": "vulnerable",
}
_OLD_TLP = {"CLEAR": "WHITE", "AMBER+STRICT": "RED"}
"""IntelMQ knows the words of TLP 1.0: what it cannot say is marked more strictly, never less."""
_KIND = {
    "open proxy": "proxy", "bot": "infected-system", "malware sender": "malware-distribution",
    "password guessing": "brute-force", "probing": "scanner", "address harvesting": "scanner", "flood": "ddos",
    "dynamic range": "blacklist", "escalated network": "blacklist", "do not route": "blacklist",
    "open relay": "vulnerable-system",
}  # fmt: skip
"""A class in the words of IntelMQ's classification (RSIT); what is not named here is spam."""


@outputs.register("intelmq")
def intelmq(edition: Edition) -> Mapping[str, bytes]:
    """IntelMQ events as JSON lines, in the fields of its harmonisation."""
    lines = [
        json.dumps(_event(edition, entry, value), sort_keys=True)
        for entry, values in _rows(edition)
        for value in values
    ]
    return {"intelmq": text(lines)}


def _event(edition: Edition, entry: Entry | NameEntry, value: str) -> dict[str, Any]:
    kind = _KIND.get(entry.listing_class, "spam")
    field = "source.fqdn" if isinstance(entry, NameEntry) else "source.network" if "/" in value else "source.ip"
    event = {
        "feed.name": f"Junkhound {edition.name}",
        "feed.provider": edition.zone,
        "feed.code": edition.origin,
        "classification.taxonomy": _TAXONOMY[kind],
        "classification.type": kind,
        "classification.identifier": entry.listing_class.replace(" ", "-"),
        field: value,
        "time.source": f"{entry.last_seen}T00:00:00+00:00",
        "time.observation": clock.to_datetime(edition.at).strftime("%Y-%m-%dT%H:%M:%S+00:00"),
        "event_description.text": edition.sentence(entry, value),
        "tlp": _OLD_TLP.get(edition.marking, edition.marking),
        "extra.tlp": edition.marking,
        "raw": base64.b64encode(edition.sentence(entry, value).encode()).decode(),
        "extra.number": entry.number,
        "extra.messages": entry.messages,
        "extra.expires": entry.expires,
        "extra.scope": edition.scope,
    }
    if edition.url:
        event["event_description.url"] = edition.url.replace("%s", entry.number)
    return event


def _json(value: Any) -> bytes:
    return f"{json.dumps(value, indent=1, sort_keys=True)}\n".encode()
