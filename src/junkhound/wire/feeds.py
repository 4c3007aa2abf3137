"""Other people's lists: plain and hosts text, CIDR, CSV, JSON and JSON lines, MISP events, STIX and TAXII, IntelMQ.

Bytes in, items out; what stands in them is for the caller to judge. Lists come from strangers: nothing is fetched, no
pattern backtracks, and what is half-written says so.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from junkhound.kernel import clock, net
from junkhound.kernel.errors import ConfigError, DataError, UsageError

FORMATS = ("auto", "text", "csv", "json", "misp", "stix", "intelmq")
LONGEST = 1024
"""A line or value that is longer holds no address and no name."""


class Item(NamedTuple):
    """One entry as its list writes it: an address, a network or a name, and when it was seen last, if that is said."""

    text: str
    at: int | None = None


_SPLIT = re.compile(r"[\s,;|]+")
_COUNT = re.compile(rb"(?m)^[#;] count (\d{1,12})\r?$")
_SHA256 = re.compile(rb"(?m)^([#;]) sha256 ([0-9a-f]{64})\r?$")
_STIX_VALUE = re.compile(r"(?:ipv4-addr|ipv6-addr|domain-name):value\s*(?:=|ISSUBSET)\s*'([^'\\]{1,255})'")
_KEYS = ("network", "domain", "ip", "address", "cidr", "prefix", "ip_address", "ipaddress", "host", "hostname", "value",
         "indicator", "source.ip", "source.network", "source.fqdn")  # fmt: skip
_WHEN = ("last_seen", "lastseen", "last-seen", "time.source", "seen", "date", "timestamp")
_MISP_TYPES = frozenset(("ip-src", "ip-dst", "domain", "hostname"))


def read(content: bytes, form: str = "auto") -> list[Item]:
    """Items of a list. Errors: DataError for another format, for nothing at all, and for what is half-written."""
    if b"\0" in content[:4096]:
        raise DataError("not a list: it is binary")
    try:
        words = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"not a list: byte {error.start} is no UTF-8") from None
    if form == "auto":
        form = _looks(words)
    items = list(_READERS[form](words))
    if form in ("text", "csv"):
        _whole(content, words)
    return items


def _looks(words: str) -> str:
    start = words.lstrip()[:1]
    if start not in ("{", "["):
        first = next((line for line in words.splitlines() if line.strip() and line[0] not in "#;"), "")
        return "csv" if first.lower().split(",")[0].strip('" ') in _KEYS and "," in first else "text"
    head = words.lstrip()[:65536]
    if re.search(r'"type"\s*:\s*"bundle"|"spec_version"\s*:\s*"2\.', head):
        return "stix"
    if re.search(r'"Event"\s*:', head):
        return "misp"
    return "intelmq" if '"classification.type"' in head else "json"


def _whole(content: bytes, words: str) -> None:
    """Our own text forms say how many lines they have and their hash: a torn file does not pass for a short list."""
    said = _SHA256.search(content)
    if said is None:
        return
    mark = said[1].decode()
    body = "".join(f"{line}\n" for line in words.splitlines() if not line.startswith(mark))
    if hashlib.sha256(body.encode()).hexdigest().encode() != said[2]:
        count = _COUNT.search(content)
        hint = f"it says that it has {int(count[1]):,} entries" if count else None
        raise DataError("the list is half-written or changed: its sha256 differs", hint)


def _text(words: str) -> Iterator[Item]:
    for line in words.splitlines():
        if len(line) > LONGEST:
            yield Item(line[:60])
            continue
        line = line.split("#", 1)[0].strip()
        # comments of others, and the lines of rbldnsd data that name nothing listed
        if not line or line.startswith((";", "//", "$", "!")) or (line[0] == ":" and line[:2] != "::"):
            continue
        parts = _SPLIT.split(line.strip(" ,;|"))
        if len(parts) > 1 and parts[0] in ("0.0.0.0", "127.0.0.1", "::"):  # noqa: S104 a line of a hosts file
            yield Item(parts[1])
        else:
            yield Item(parts[0].strip('"'))


def _csv(words: str) -> Iterator[Item]:
    import csv

    lines = (line for line in words.splitlines() if line.strip() and line[0] not in "#;")
    try:
        for row in csv.DictReader(lines):
            yield from _from_fields({(key or "").strip().lower(): value for key, value in row.items()})
    except csv.Error as error:
        raise DataError(f"not a table: {error}") from None


def _documents(words: str) -> Iterator[Any]:
    """One JSON document, or one a line."""
    try:
        yield json.loads(words)
        return
    except (json.JSONDecodeError, RecursionError) as error:
        lines = [line for line in words.splitlines() if line.strip()]
        whole = error
    if len(lines) < 2 or not lines[0].rstrip().endswith("}"):
        raise DataError(f"half-written or not JSON: {whole}")
    for number, line in enumerate(lines, 1):
        try:
            yield json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            raise DataError(f"half-written or not JSON: line {number}: {error}") from None


def _json(words: str) -> Iterator[Item]:
    said, seen = None, 0
    for document in _documents(words):
        if isinstance(document, dict) and document.get("format") == "junkhound-list":
            said = document.get("count")
            rows = document.get("entries", ())
        else:
            rows = document if isinstance(document, list) else _inner(document)
        for row in rows:
            seen += 1
            yield from [Item(row)] if isinstance(row, str) else _from_fields(row)
    if isinstance(said, int) and said != seen:
        raise DataError(f"the list is half-written: it says {said:,} entries and has {seen:,}")


def _inner(document: Any) -> Iterable[Any]:
    """The rows of an object: its longest list, or itself where it is a row."""
    if not isinstance(document, dict):
        return ()
    lists = [value for value in document.values() if isinstance(value, list)]
    if any(key in document for key in _KEYS) or not lists:
        return (document,)
    return max(lists, key=len)


def _from_fields(row: Any) -> Iterator[Item]:
    if not isinstance(row, Mapping):
        yield Item(str(row)[:60])
        return
    found = next((row[key] for key in _KEYS if isinstance(row.get(key), str) and row[key]), None)
    when = next((row[key] for key in _WHEN if row.get(key)), None)
    yield Item(found if found is not None else json.dumps(row, default=str)[:60], _moment(when))


def _misp(words: str) -> Iterator[Item]:
    for document in _documents(words):
        found = document.get("response", [document]) if isinstance(document, dict) else document
        for one in found if isinstance(found, list) else [found]:
            event = one.get("Event", one) if isinstance(one, dict) else {}
            attributes = list(event.get("Attribute") or ())
            for thing in event.get("Object") or ():
                attributes += thing.get("Attribute") or () if isinstance(thing, dict) else ()
            for attribute in attributes:
                if isinstance(attribute, dict) and attribute.get("type") in _MISP_TYPES:
                    when = attribute.get("last_seen") or attribute.get("timestamp")
                    yield Item(str(attribute.get("value", ""))[:LONGEST], _moment(when))


def _stix(words: str) -> Iterator[Item]:
    """Indicators of a bundle or a TAXII envelope; an observable by itself is a fact, and nobody's accusation."""
    for document in _documents(words):
        objects = document.get("objects", ()) if isinstance(document, dict) else ()
        for one in objects:
            if not isinstance(one, dict) or one.get("type") != "indicator" or one.get("revoked"):
                continue
            when = _moment(one.get("modified") or one.get("valid_from"))
            for value in _STIX_VALUE.findall(str(one.get("pattern", ""))[:1_000_000]):
                yield Item(value, when)


def _intelmq(words: str) -> Iterator[Item]:
    for document in _documents(words):
        for row in document if isinstance(document, list) else [document]:
            yield from _from_fields(row)


def _moment(value: Any) -> int | None:
    """A moment in any of the usual spellings; None where it is none."""
    text = str(value or "").strip()
    if not text or len(text) > 40:
        return None
    if text.isascii() and text.isdigit():
        return int(text) * clock.SECOND if len(text) <= 10 else None
    try:
        return clock.parse(re.sub(r"\+00:?00$", "Z", text.replace(" ", "T")))
    except (UsageError, ConfigError, DataError, ValueError):
        return None


_READERS: dict[str, Callable[[str], Iterator[Item]]] = {
    "text": _text, "csv": _csv, "json": _json, "misp": _misp, "stix": _stix, "intelmq": _intelmq,
}  # fmt: skip


def networks_of(text: str) -> list[net.Network]:
    """An address, a network or a range ``first-last`` as networks; empty where it is none of these."""
    one = net.parse_network(text)
    if one is not None:
        return [one]
    first_text, dash, last_text = text.partition("-")
    first, last = net.parse(first_text), net.parse(last_text)
    if not dash or first is None or last is None or first.is_v4 != last.is_v4 or first > last:
        return []
    made: list[net.Network] = []
    at, end = first.hi << 64 | first.lo, last.hi << 64 | last.lo
    while at <= end and len(made) < 256:
        room = (end - at + 1).bit_length() - 1
        size = min(room, (at & -at).bit_length() - 1) if at else room
        made.append(net.Network(at >> 64, at & net.MASK64, 128 - size))
        at += 1 << size
    return made
