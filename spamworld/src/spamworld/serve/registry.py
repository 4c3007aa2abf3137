"""What the registries said at one instant: networks, numbers and domains, as RDAP objects (RFC 9083).

Rows of ``world/rdap.jsonl.zst`` are ``{"since", "until", "object"}``; the object is an ``ip network``, an ``autnum``, a
``domain`` or an ``entity``, as a server of RFC 9082 gives it.
"""

from __future__ import annotations

import bisect
import ipaddress
from collections.abc import Iterable
from itertools import accumulate
from pathlib import Path
from typing import Any

import msgspec

from spamworld.errors import NotFound
from spamworld.out.files import lines
from spamworld.serve.zones import holds

CONFORMANCE = ["rdap_level_0"]


class Registered(msgspec.Struct):
    """One object with the time in which it was so."""

    object: dict[str, Any]
    since: int | None = None
    until: int | None = None


class Registry:
    """Objects of one instant, found by what RFC 9082 section 3.1 lets one ask for."""

    def __init__(self, objects: Iterable[dict[str, Any]]) -> None:
        self._numbers: list[tuple[int, int, dict[str, Any]]] = []
        self._named: dict[tuple[str, str], dict[str, Any]] = {}
        networks: dict[int, list[tuple[int, int, dict[str, Any]]]] = {4: [], 6: []}
        for one in objects:
            match one.get("objectClassName"):
                case "ip network":
                    first = ipaddress.ip_address(one["startAddress"])
                    last = ipaddress.ip_address(one["endAddress"])
                    networks[first.version].append((int(first), int(last), one))
                case "autnum":
                    self._numbers.append((int(one["startAutnum"]), int(one["endAutnum"]), one))
                case "domain":
                    self._named["domain", one["ldhName"].lower().rstrip(".")] = one
                case "entity":
                    self._named["entity", one["handle"].lower()] = one
        self._numbers.sort(key=lambda row: row[:2])
        # Wider ones first where they begin at the same address: the last that covers is the narrowest.
        self._networks = {v: sorted(found, key=lambda row: (row[0], -row[1])) for v, found in networks.items()}
        self._starts = {v: [row[0] for row in found] for v, found in self._networks.items()}
        # The furthest end of all networks up to each: where it falls short, no wider one covers.
        self._ends = {v: list(accumulate((row[1] for row in found), max)) for v, found in self._networks.items()}

    def find(self, path: str) -> dict[str, Any] | None:
        """The object at ``/ip/192.0.2.7``, ``/autnum/64500``, ``/domain/bank.example``, ``/entity/HANDLE``.

        Errors: ValueError for what is no such path.
        """
        kind, _, rest = path.strip("/").partition("/")
        if kind == "ip":
            network = ipaddress.ip_network(rest, strict=False)
            return self._covering(network.version, int(network[0]), int(network[-1]))
        if kind == "autnum":
            number = int(rest)
            return next((one for first, last, one in self._numbers if first <= number <= last), None)
        if kind in ("domain", "entity") and rest:
            return self._named.get((kind, rest.lower().rstrip(".")))
        raise ValueError(path)

    def _covering(self, version: int, first: int, last: int) -> dict[str, Any] | None:
        """The narrowest network that holds a range (RFC 9082 section 3.1.1)."""
        found = self._networks[version]
        at = bisect.bisect_right(self._starts[version], first) - 1
        while at >= 0 and self._ends[version][at] >= last:
            if found[at][1] >= last:
                return found[at][2]
            at -= 1
        return None


def load(folder: Path, at: int) -> Registry:
    """The registry of a world at an instant. Errors: NotFound for a folder that is no world."""
    path = folder / "world/rdap.jsonl.zst"
    if not path.exists():
        raise NotFound(f"no registry in {str(folder)!r}", "name a folder that 'spamworld gen' made")
    decode = msgspec.json.Decoder(Registered).decode
    return Registry(row.object for line in lines(path) if holds((row := decode(line)).since, row.until, at))
