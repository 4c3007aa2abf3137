"""STIX 2.1 objects (OASIS) as plain dicts: observables with the identifiers the standard prescribes, and their users.

Equal facts give equal objects: identifiers are UUIDs of version 5 and moments are given by the caller.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from junkhound.kernel import clock

Object = dict[str, Any]

OBSERVABLES = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
"""The namespace of observables' identifiers (STIX 2.1, section 2.9)."""
OURS = uuid.uuid5(uuid.NAMESPACE_DNS, "stix.junkhound")
"""The namespace of everything else that we make."""

_TLP_EXTENSION = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
_TLP_MADE = "2022-10-01T00:00:00.000Z"
TLP = {
    "CLEAR": "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    "GREEN": "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "AMBER": "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "AMBER+STRICT": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    "RED": "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}
"""The identifiers of the TLP 2.0 markings among the common objects of OASIS."""


def moment(at: int) -> str:
    """An instant as STIX writes it: UTC, milliseconds."""
    return f"{clock.to_datetime(at).strftime('%Y-%m-%dT%H:%M:%S')}.{at // 1000 % 1000:03d}Z"


def identifier(kind: str, *words: str) -> str:
    """The identifier of an object of ours that stands for these words."""
    return f"{kind}--{uuid.uuid5(OURS, chr(0).join((kind, *words)))}"


def marking(tlp: str) -> Object:
    """The TLP 2.0 marking itself, word for word as the common object."""
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": TLP[tlp],
        "created": _TLP_MADE,
        "name": f"TLP:{tlp}",
        "extensions": {
            _TLP_EXTENSION: {"extension_type": "property-extension", "tlp_2_0": tlp.lower()},
        },
    }


def observable(kind: str, value: str) -> Object:
    """An ``ipv4-addr``, ``ipv6-addr`` or ``domain-name``; its identifier comes from its value alone (section 2.9)."""
    contributing = json.dumps({"value": value}, separators=(",", ":"), ensure_ascii=False)  # RFC 8785 for one text
    made = f"{kind}--{uuid.uuid5(OBSERVABLES, contributing)}"
    return {"type": kind, "spec_version": "2.1", "id": made, "value": value}


def identity(name: str, about: str, created: int, tlp: str) -> Object:
    """Who says it."""
    return {
        **_head("identity", identifier("identity", name), created, created, tlp),
        "name": name,
        "description": about,
        "identity_class": "organization",
    }


def indicator(
    about: Mapping[str, Any], pattern: str, key: str, by: Object, days: tuple[int, int, int, int], tlp: str
) -> Object:
    """A pattern to look for, from ``valid_from`` until it is no longer meant.

    ``about`` are further properties: name, description, references; ``days`` are created, modified, from and until.
    """
    created, modified, since, until = days
    return {
        **_head("indicator", identifier("indicator", by["id"], key), created, modified, tlp),
        "created_by_ref": by["id"],
        "indicator_types": ["malicious-activity"],
        "pattern": pattern,
        "pattern_type": "stix",
        "pattern_version": "2.1",
        "valid_from": moment(since),
        "valid_until": moment(max(until, since + clock.SECOND)),
        **about,
    }


def observed(objects: Sequence[Object], key: str, by: Object, first: int, last: int, count: int, tlp: str) -> Object:
    """That these observables were seen, ``count`` times or more, between two moments."""
    return {
        **_head("observed-data", identifier("observed-data", by["id"], key), first, last, tlp),
        "created_by_ref": by["id"],
        "first_observed": moment(first),
        "last_observed": moment(last),
        "number_observed": max(count, 1),
        "object_refs": [one["id"] for one in objects],
    }


def sighting(of: Object, seen: Object, key: str, by: Object, first: int, last: int, count: int, tlp: str) -> Object:
    """That what an indicator means was seen."""
    return {
        **_head("sighting", identifier("sighting", by["id"], key), first, last, tlp),
        "created_by_ref": by["id"],
        "first_seen": moment(first),
        "last_seen": moment(last),
        "count": max(count, 1),
        "sighting_of_ref": of["id"],
        "observed_data_refs": [seen["id"]],
        "where_sighted_refs": [by["id"]],
    }


def relationship(source: Object, word: str, target: Object, by: Object, created: int, tlp: str) -> Object:
    """That one object has to do with another, in the standard's word."""
    key = identifier("relationship", source["id"], word, target["id"])
    return {
        **_head("relationship", key, created, created, tlp),
        "created_by_ref": by["id"],
        "relationship_type": word,
        "source_ref": source["id"],
        "target_ref": target["id"],
    }


def _head(kind: str, made: str, created: int, modified: int, tlp: str) -> Object:
    return {
        "type": kind,
        "spec_version": "2.1",
        "id": made,
        "created": moment(created),
        "modified": moment(max(created, modified)),
        "object_marking_refs": [TLP[tlp]],
    }


def text_in_pattern(value: str) -> str:
    """A text as a pattern writes it (STIX 2.1, section 9.3)."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def network_pattern(kind: str, network: str) -> str:
    """What matches one address or any address of a network."""
    operator = "ISSUBSET" if "/" in network else "="
    return f"{kind}:value {operator} {text_in_pattern(network)}"


def domain_pattern(name: str, below: bool) -> str:
    """What matches a name, and everything below it if that is meant."""
    pattern = f"domain-name:value = {text_in_pattern(name)}"
    return f"{pattern} OR domain-name:value LIKE {text_in_pattern(f'%.{name}')}" if below else pattern


def bundle_lines(objects: Iterable[Object], key: str) -> list[str]:
    """A bundle as lines, one for each object, so that two editions can be compared line by line."""
    lines = [json.dumps(one, sort_keys=True, separators=(",", ":"), ensure_ascii=False) for one in objects]
    top = ['{"type":"bundle",', f'"id":"{identifier("bundle", key)}",', '"objects":[']
    return [*top, *(f"{line}," for line in lines[:-1]), *lines[-1:], "]}"]
