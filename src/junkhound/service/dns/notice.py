"""Peers are told that there is a newer edition, so that they come for it at once (NOTIFY, RFC 1996)."""

from __future__ import annotations

import secrets
import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterable

from junkhound.service.dns.transfer import Peer
from junkhound.service.dns.zone import Zone
from junkhound.wire import dns, tsig

_TRIES, _WAIT_S = 3, 2.0
_NOTIFY_AA = 0x2400


def tell(zone: Zone, peers: Iterable[Peer], counts: Counter[str], now_s: int) -> None:
    """Tell all of them in the background, each three times until it answers."""
    for peer in peers:
        for place in peer.tell:
            arguments = (zone, peer, place, counts, now_s)
            threading.Thread(target=_tell, args=arguments, name="notify", daemon=True).start()


def _tell(zone: Zone, peer: Peer, place: tuple[str, int], counts: Counter[str], now_s: int) -> None:
    packet = notice(zone)
    family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.settimeout(_WAIT_S)
        for _ in range(_TRIES):
            signer = tsig.Signer(peer.key) if peer.key is not None else None
            sent = packet if signer is None else signer.sign(packet, now_s)
            try:
                sock.connect(place)  # only its answers are heard
                sock.send(sent)
                answer = sock.recv(4096)
            except OSError:
                continue
            if answer[:2] == packet[:2] and (signer is None or signer.check(answer, now_s)):
                counts["notify: answered"] += 1
                return
    counts["notify: unanswered"] += 1


def notice(zone: Zone) -> bytes:
    """The message that says that a zone changed."""
    head = struct.pack(">6H", secrets.randbits(16), _NOTIFY_AA, 1, 0, 0, 0)
    return head + zone.origin + struct.pack(">2H", dns.SOA, dns.IN)
