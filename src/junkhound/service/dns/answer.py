"""One question, one answer: every kind of question, for every zone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from junkhound.kernel import net
from junkhound.service.dns import transfer, whole
from junkhound.service.dns.journal import Journal
from junkhound.service.dns.mmsg import LARGEST
from junkhound.service.dns.querylog import QueryLog
from junkhound.service.dns.transfer import Peers
from junkhound.service.dns.zone import Face, Zone
from junkhound.wire import dns, tsig
from junkhound.wire.dns import Malformed, Query, Record
from junkhound.wire.tsig import Key

_OCTETS = {str(number).encode(): number for number in range(256)}
_NIBBLES = {b"%x" % number: number for number in range(16)}
_TCP_ROOM = 65_535
_LONGEST_V4, _LONGEST_V6 = 4, 32


class Book:
    """The zones of a responder, and what was asked so far by what came of it (``counts``).

    ``peers`` may have zones whole, and their changes as far as ``journals`` go back.
    """

    def __init__(self, zones: Iterable[Zone], peers: Peers | None = None) -> None:
        self.zones = list(zones)
        self.peers = peers or Peers()
        self.counts: Counter[str] = Counter()
        self.log: QueryLog | None = None
        self.journals = {zone.name: Journal(zone.style) for zone in self.zones if self.peers.of(zone)}
        for zone in self.zones:
            if zone.face is not None and zone.name in self.journals:
                self.journals[zone.name].note(zone.face)
        self._by_name: dict[bytes, Zone] = {zone.origin: zone for zone in self.zones}

    def answer(self, packet: bytes, client: bytes, at: int, tcp: bool = False) -> bytes | None:
        """The reply to a packet of this client (4 or 16 bytes), None for silence.

        By UDP it is no longer than the client can take, and than a row of ours.
        """
        return next(self.replies(packet, client, at, tcp), None)

    def replies(self, packet: bytes, client: bytes, at: int, tcp: bool = True) -> Iterator[bytes]:
        """The messages that answer a packet: none, one, or for a transfer by TCP as many as it takes."""
        query = dns.parse(packet)
        if isinstance(query, Malformed):
            self.counts["malformed"] += 1
            self.counts[f"malformed: {query.reason}"] += 1
            if query.code is not None:
                yield dns.bare(packet, query.code)
            return
        key, signer = None, None
        if query.signed:
            answer, key, signer = transfer.refused(query, packet, self.peers)
            if answer is not None:
                self.counts["signature refused"] += 1
                self.counts[dns.CODES[answer[3] & 15]] += 1
                yield answer
                return
        zone, depth = self._zone(query)
        if tcp and zone is not None and query.kind in (dns.AXFR, dns.IXFR):
            records = self._transfer(zone, depth, query, packet, client, key, at)
            if records is not None:
                yield from transfer.messages(query, records, signer, self.peers.now_s)
                return
        room = _TCP_ROOM if tcp else min(query.room, LARGEST)
        if signer is None:
            yield self._reply(zone, depth, query, client, key, at, room)
        else:
            reply = self._reply(zone, depth, query, client, key, at, room - tsig.ROOM)
            yield signer.sign(reply, self.peers.now_s())

    def _reply(
        self, zone: Zone | None, depth: int, query: Query, client: bytes, key: Key | None, at: int, room: int
    ) -> bytes:
        if zone is None or not (zone.clients.allow(client) or self._is_peer(zone, depth, query, client, key)):
            return self._end(query, dns.REFUSED, room)
        if query.version:
            return self._end(query, dns.BADVERS, room)
        refused = query.kind == dns.AXFR or (query.kind == dns.IXFR and not self.peers.may(zone, client, key))
        if query.klass not in (dns.IN, dns.ANY_CLASS) or refused or (depth and zone.style.form == whole.POLICY):
            return self._end(query, dns.REFUSED, room)
        face = zone.standing(at)
        if face is None:
            return self._end(query, dns.SERVFAIL, room)
        if query.kind == dns.IXFR and not depth:  # by UDP: the newest SOA says whether to come by TCP (RFC 1995)
            return dns.reply(query, dns.NOERROR, [face.soa], room=room)
        if self.log is not None and (address := _address(query.labels[:depth])) is not None:
            self.log.one(client, address, at)
        code, answers = _look_up(face, query, query.labels[:depth])
        self.counts["listed" if answers and depth else dns.CODES[code]] += 1
        return dns.reply(query, code, answers, () if answers else (face.soa,), room)

    def _is_peer(self, zone: Zone, depth: int, query: Query, client: bytes, key: Key | None) -> bool:
        """Whether a peer asks what it needs for its transfers, which it may wherever it asks from."""
        return not depth and query.kind in (dns.SOA, dns.NS, dns.IXFR) and self.peers.may(zone, client, key)

    def _transfer(
        self, zone: Zone, depth: int, query: Query, packet: bytes, client: bytes, key: Key | None, at: int
    ) -> Iterator[bytes] | None:
        """The records of a transfer; None if there is none to be had."""
        face = zone.standing(at)
        if depth or face is None or query.klass != dns.IN or not self.peers.may(zone, client, key):
            return None
        if query.kind == dns.IXFR and (serial := dns.serial_of(packet)) is not None:
            if serial == face.serial & 0xFFFF_FFFF:
                return iter([whole.soa(face)])
            some = self.journals[zone.name].since(serial, face)
            if some is not None:
                self.counts["transfer: changes"] += 1
                return transfer.changes(face, some)
        self.counts["transfer: whole"] += 1
        return transfer.everything(face, zone)

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


def _address(asked: tuple[bytes, ...]) -> net.Address | None:
    """The address that a name means, if it is a whole one."""
    if len(asked) == _LONGEST_V4:
        octets = [_OCTETS.get(label) for label in reversed(asked)]
        return None if None in octets else net.from_packed(bytes(octets))  # type: ignore[arg-type]
    if len(asked) == _LONGEST_V6 and all(label in _NIBBLES for label in asked):
        return net.from_packed(bytes.fromhex(b"".join(reversed(asked)).decode()))
    return None


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
