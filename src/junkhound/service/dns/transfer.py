"""Whole zones and their changes for named peers: who may have them, and the messages in which they leave (AXFR, IXFR).

A peer is known by the key that signs its questions, by its address, or by both. Source: RFC 5936, RFC 1995, RFC 8945.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from junkhound.kernel import clock
from junkhound.service.dns import whole
from junkhound.service.dns.clients import Clients
from junkhound.service.dns.journal import Change
from junkhound.service.dns.zone import Face, Zone
from junkhound.wire import dns, tsig
from junkhound.wire.dns import Query
from junkhound.wire.tsig import Key, Signer

MESSAGE = 16 << 10
"""Bytes of one message: a few milliseconds of work, between which others are answered."""
_HEADER = struct.Struct(">6H")
_QR_AA, _RD = 0x8400, 0x0100


class Peer(NamedTuple):
    """Somebody who may have zones whole. ``zones`` are their names, empty for all; ``tell`` is told of new editions.

    ``addresses`` is None for one whose key is enough; without a ``key`` there must be addresses.
    """

    name: str
    addresses: Clients | None = None
    key: Key | None = None
    zones: frozenset[str] = frozenset()
    tell: tuple[tuple[str, int], ...] = ()

    def may(self, zone: Zone, client: bytes, key: Key | None) -> bool:
        """Whether this client with this key is the peer, and the zone one of its."""
        if self.zones and zone.name not in self.zones:
            return False
        return self.key == key and (self.addresses is None or self.addresses.allow(client))


class Peers:
    """All peers of a responder; ``now`` is the clock that judges signatures, whatever moment the lists show."""

    def __init__(self, peers: Iterable[Peer] = (), now: Callable[[], int] | None = None) -> None:
        self.peers = tuple(peers)
        self.keys = {peer.key.name: peer.key for peer in self.peers if peer.key is not None}
        self._now = now or clock.SystemClock().now

    def now_s(self) -> int:
        """Seconds since 1970."""
        return self._now() // clock.SECOND

    def of(self, zone: Zone) -> list[Peer]:
        """Those who may have this zone."""
        return [peer for peer in self.peers if not peer.zones or zone.name in peer.zones]

    def may(self, zone: Zone, client: bytes, key: Key | None) -> bool:
        """Whether a client that signed with this key, or with none, may have the zone whole."""
        return any(peer.may(zone, client, key) for peer in self.peers)


def everything(face: Face, zone: Zone) -> Iterator[bytes]:
    """The records of a whole transfer: SOA, all others, SOA."""
    yield whole.soa(face)
    yield from whole.records(face, zone.style)
    yield whole.soa(face)


def changes(face: Face, some: Sequence[Change]) -> Iterator[bytes]:
    """The records of an incremental transfer (RFC 1995 section 4)."""
    yield whole.soa(face)
    for change in some:
        yield change.old_soa
        yield from change.removed
        yield change.new_soa
        yield from change.added
    yield whole.soa(face)


def messages(
    query: Query, records: Iterable[bytes], signer: Signer | None, now_s: Callable[[], int]
) -> Iterator[bytes]:
    """The records in as many messages as they take, each signed if the question was."""
    opt = dns.opt_of(query)
    room = MESSAGE - len(query.name) - 128
    some: list[bytes] = []
    size = 0
    for record in records:
        if size + len(record) > room:
            yield _message(query, some, opt, signer, now_s)
            some, size = [], 0
        some.append(record)
        size += len(record)
    yield _message(query, some, opt, signer, now_s)


def _message(query: Query, some: Sequence[bytes], opt: bytes, signer: Signer | None, now_s: Callable[[], int]) -> bytes:
    head = _HEADER.pack(query.number, _QR_AA | query.flags & _RD, 1, len(some), 0, 1 if opt else 0)
    question = query.name + struct.pack(">2H", query.kind, query.klass)
    message = b"".join((head, question, *some, opt))
    return message if signer is None else signer.sign(message, now_s())


def refused(query: Query, packet: bytes, peers: Peers) -> tuple[bytes | None, Key | None, Signer | None]:
    """What a signed question gets if its signature does not hold, else its key and the signer of the answer."""
    signed = tsig.split(packet)
    if signed is None:
        return dns.bare(packet, dns.FORMERR), None, None
    now_s = peers.now_s()
    error, key = tsig.verify(signed, peers.keys, now_s)
    signer = None if key is None else Signer(key, signed.mac)
    if not error:
        return None, key, signer
    reply = dns.reply(query, dns.NOTAUTH, authoritative=False)
    if signer is None:
        return tsig.refuse(reply, signed, error, now_s), None, None
    return signer.sign(reply, now_s, error), None, None
