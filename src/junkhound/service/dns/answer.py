"""One question, one answer: every kind of question, for every zone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from junkhound.kernel import net
from junkhound.service.dns.mmsg import LARGEST
from junkhound.service.dns.zone import Face, Zone
from junkhound.wire import dns
from junkhound.wire.dns import Malformed, Query, Record

_OCTETS = {str(number).encode(): number for number in range(256)}
_NIBBLES = {b"%x" % number: number for number in range(16)}
_TCP_ROOM = 65_535
_LONGEST_V4, _LONGEST_V6 = 4, 32


class Book:
    """The zones of a responder, and what was asked so far by what came of it (``counts``)."""

    def __init__(self, zones: Iterable[Zone]) -> None:
        self.zones = list(zones)
        self.counts: Counter[str] = Counter()
        self._by_name: dict[bytes, Zone] = {zone.origin: zone for zone in self.zones}

    def answer(self, packet: bytes, client: bytes, at: int, tcp: bool = False) -> bytes | None:
        """The reply to a packet of this client (4 or 16 bytes), None for silence.

        By UDP it is no longer than the client can take, and than a row of ours.
        """
        query = dns.parse(packet)
        if isinstance(query, Malformed):
            self.counts["malformed"] += 1
            self.counts[f"malformed: {query.reason}"] += 1
            return None if query.code is None else dns.bare(packet, query.code)
        room = _TCP_ROOM if tcp else min(query.room, LARGEST)
        zone, depth = self._zone(query)
        if zone is None or not zone.clients.allow(client):
            return self._end(query, dns.REFUSED, room)
        if query.version:
            return self._end(query, dns.BADVERS, room)
        if query.klass not in (dns.IN, dns.ANY_CLASS) or query.kind in (dns.AXFR, dns.IXFR):
            return self._end(query, dns.REFUSED, room)
        face = zone.standing(at)
        if face is None:
            return self._end(query, dns.SERVFAIL, room)
        code, answers = _look_up(face, query, query.labels[:depth])
        self.counts["listed" if answers and depth else dns.CODES[code]] += 1
        return dns.reply(query, code, answers, () if answers else (face.soa,), room)

    def _end(self, query: Query, code: int, room: int) -> bytes:
        self.counts[dns.CODES[code]] += 1
        return dns.reply(query, code, room=room, authoritative=False)

    def _zone(self, query: Query) -> tuple[Zone | None, int]:
        """The zone that holds the name, and how many labels stand before it."""
        lower = query.name.lower()
        at = 0
        for depth in range(len(query.labels)):
            zone = self._by_name.get(lower[at:])
            if zone is not None:
                return zone, depth
            at += lower[at] + 1
        return None, 0


def _look_up(face: Face, query: Query, asked: tuple[bytes, ...]) -> tuple[int, list[Record]]:
    """The code and the records of one name in a zone."""
    if not asked:
        return dns.NOERROR, _apex(face, query.kind)
    data = face.data
    octets = [_OCTETS.get(label) for label in reversed(asked)] if len(asked) <= _LONGEST_V4 else [None]
    exists = False
    if None not in octets:
        low = int.from_bytes(bytes(octets).ljust(4, b"\0"), "big")  # type: ignore[arg-type]
        if len(octets) == _LONGEST_V4:
            if (place := data.find4(low)) >= 0:
                return dns.NOERROR, _listed(face, query, "v4", place, str(net.v4(low)))
        else:
            exists = data.any4(low, low | (1 << 32 - 8 * len(octets)) - 1)
    if not exists and len(asked) <= _LONGEST_V6:
        nibbles = [_NIBBLES.get(label) for label in reversed(asked)]
        if None not in nibbles:
            free = 4 * (_LONGEST_V6 - len(nibbles))
            low = int(b"".join(reversed(asked)), 16) << free
            if free == 0:
                if (place := data.find6(low)) >= 0:
                    address = net.Address(low >> 64, low & net.MASK64)
                    return dns.NOERROR, _listed(face, query, "v6", place, str(address))
            else:
                exists = data.any6(low, low | (1 << free) - 1)
    if data.has_names:
        wire = b"".join(bytes([len(label)]) + label for label in asked)
        if (place := data.find_name(wire)) >= 0:
            subject = b".".join(asked).decode("ascii", "replace")
            return dns.NOERROR, _listed(face, query, "name", place, subject)
        exists = exists or data.any_name(wire)
    # A name with listed names below it exists, or resolvers that ask label by label would stop here (RFC 8020).
    return (dns.NOERROR if exists else dns.NXDOMAIN), []


def _listed(face: Face, query: Query, family: str, place: int, subject: str) -> list[Record]:
    if query.kind in (dns.A, dns.ANY):  # one set of records is enough for ANY (RFC 8482 section 4.1)
        codes = face.codes[face.data.code(family, place)]
        return [Record(query.name, dns.A, face.ttl, (code,)) for code in codes]
    if query.kind == dns.TXT:
        return [Record(query.name, dns.TXT, face.ttl, dns.txt(face.data.sentence(family, place, subject)))]
    return []


def _apex(face: Face, kind: int) -> list[Record]:
    if kind in (dns.SOA, dns.ANY):
        return [face.soa]
    if kind == dns.NS:
        return face.servers
    if kind == dns.TXT:
        return [face.about]
    return []
