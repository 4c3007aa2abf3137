"""What every name of the world resolved to at one instant, from ``world/zones.jsonl.zst`` and ``world/lists/``.

A zone row has ``name``, ``type``, ``value`` and the instants ``since`` and ``until`` (microseconds UTC, null where it
has no end); only rows that hold at the instant are kept, so memory follows the number of names and not their history.
"""

from __future__ import annotations

import csv
import io
import ipaddress
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from spamworld.errors import NotFound
from spamworld.out.files import lines
from spamworld.serve.names import ANY, KINDS, NOERROR, NXDOMAIN, REFUSED, Record

ALLOW = "list.allow.example"  # the zone of the allow list
SOA = "ns.{zone} hostmaster.{zone} 1 3600 600 86400 300"


class Row(msgspec.Struct):
    """One record with the time in which it held."""

    name: str
    type: str
    value: str
    since: int | None = None
    until: int | None = None


class Foreign(msgspec.Struct):
    """A foreign block list: its zone, the answer for a listed address, and what is wrong with it.

    ``fault`` is ``world`` (it answers for every address), ``refused`` (a code that says: not for you), or nothing.
    """

    zone: str
    code: str = "127.0.0.2"
    fault: str = ""
    addresses: frozenset[str] = frozenset()


class Zones:
    """Names and lists at one instant; ``answer`` is a pure function of them."""

    def __init__(self, rows: Iterable[Row], lists: Iterable[Foreign] = ()) -> None:
        self.records: dict[str, dict[str, list[str]]] = {}
        self.parents: set[str] = set()
        self.apexes: set[str] = set()
        for row in rows:
            name = row.name.lower().rstrip(".")
            self.records.setdefault(name, {}).setdefault(row.type, []).append(row.value)
            if row.type in ("SOA", "NS"):
                self.apexes.add(name)
            above = name
            while "." in above:
                above = above.partition(".")[2]
                if above in self.parents:
                    break
                self.parents.add(above)
        self.lists = {one.zone: one for one in lists}

    def answer(self, name: str, kind: int) -> tuple[int, list[Record], list[Record]]:
        """(code, answers, authority) for a name in lower case; every name that nobody has is NXDOMAIN."""
        for zone, one in self.lists.items():
            if name == zone or name.endswith("." + zone):
                return self._listed(name, kind, one)
        found = self.records.get(name)
        if found is None:
            code = NOERROR if name in self.parents else NXDOMAIN
            return code, [], self._authority(name)
        kinds = list(found) if kind == ANY else [KINDS.get(kind, "")]
        answers = [Record(name, one, value) for one in kinds for value in found.get(one, ())]
        if not answers and kind != ANY and "CNAME" in found:
            answers = [Record(name, "CNAME", value) for value in found["CNAME"]]
        if not answers and name in self.apexes and KINDS.get(kind) == "SOA":
            answers = [Record(name, "SOA", SOA.format(zone=name))]
        return NOERROR, answers, [] if answers else self._authority(name)

    def _authority(self, name: str) -> list[Record]:
        above = name
        while above not in self.apexes:
            if "." not in above:
                return [Record("", "SOA", SOA.format(zone="world.example"))]
            above = above.partition(".")[2]
        return [Record(above, "SOA", SOA.format(zone=above))]

    def _listed(self, name: str, kind: int, one: Foreign) -> tuple[int, list[Record], list[Record]]:
        soa = Record(one.zone, "SOA", SOA.format(zone=one.zone))
        if name == one.zone:
            return NOERROR, [soa] if KINDS.get(kind) == "SOA" else [], [soa]
        if one.fault == "silent":
            return REFUSED, [], []
        address = reversed_address(name.removesuffix("." + one.zone))
        code = ""
        if one.fault == "refused":
            code = "127.255.255.254"
        elif address and (one.fault == "world" or address in one.addresses or address == "127.0.0.2"):
            code = one.code
        if not code:
            return NXDOMAIN, [], [soa]
        if KINDS.get(kind) == "A":
            return NOERROR, [Record(name, "A", code)], []
        if KINDS.get(kind) == "TXT":
            return NOERROR, [Record(name, "TXT", f"{address or 'this'} is on {one.zone}")], []
        return NOERROR, [], [soa]


def reversed_address(labels: str) -> str:
    """The address whose octets or nibbles stand in reverse in a name; "" for anything else (RFC 5782 section 2)."""
    parts = labels.split(".")[::-1]
    text = ".".join(parts) if len(parts) == 4 else ""
    if len(parts) == 32:
        text = ":".join("".join(parts[n : n + 4]) for n in range(0, 32, 4))
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""


def holds(since: int | None, until: int | None, at: int) -> bool:
    """Whether something that began and ended then held at an instant."""
    return (since is None or since <= at) and (until is None or at < until)


def load(folder: Path, at: int) -> Zones:
    """The zones of a world at an instant. Errors: NotFound for a folder that is no world."""
    path = folder / "world/zones.jsonl.zst"
    if not path.exists():
        raise NotFound(f"no zones in {str(folder)!r}", "name a folder that 'spamworld gen' made")
    decode = msgspec.json.Decoder(Row).decode
    rows = (row for line in lines(path) if holds((row := decode(line)).since, row.until, at))
    return Zones(rows, foreign(folder, at))


def foreign(folder: Path, at: int) -> list[Foreign]:
    """The foreign lists at an instant: ``lists.json`` names those that block, ``lists/ID.csv.zst`` fills them."""
    index, allow = folder / "world/lists.json", folder / "world/allow.csv"
    found = [_list(folder, one, at) for one in json.loads(index.read_text("utf-8"))] if index.exists() else []
    if allow.exists():
        with allow.open(encoding="utf-8", newline="") as rows:
            found.append(Foreign(ALLOW, addresses=frozenset(row["address"] for row in csv.DictReader(rows))))
    return found


def _list(folder: Path, said: Mapping[str, object], at: int) -> Foreign:
    path = folder / f"world/lists/{said['id']}.csv.zst"
    held = set()
    if path.exists():
        text = (line.decode() for line in lines(path))
        for row in csv.DictReader(text):
            if holds(_instant(row["since"]), _instant(row["until"]), at):
                held.add(row["address"])
    fault_at = said.get("fault_at")
    broken = said.get("fault") and (fault_at is None or (isinstance(fault_at, int) and at >= fault_at))
    return Foreign(
        str(said["zone"]), str(said.get("code", "127.0.0.2")), str(said["fault"]) if broken else "", frozenset(held)
    )


def _instant(text: str) -> int | None:
    return int(text) if text else None


def table(rows: Iterable[Iterable[object]], head: Iterable[str]) -> bytes:
    """CSV with a head and LF."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue().encode()
