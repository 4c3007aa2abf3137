"""The PROXY protocol, versions 1 and 2: who the client really is, said by a load balancer we named.

Source: "The PROXY protocol, versions 1 & 2", HAProxy, 2020, sections 2.1 and 2.2.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from junkhound.kernel import net
from junkhound.kernel.net import Address

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
V1_LIMIT = 107
V2_LIMIT = 16 + 2048


class Proxied(NamedTuple):
    """Addresses of the real connection; None for a health check (LOCAL, UNKNOWN). ``used`` bytes were the header."""

    client: Address | None
    client_port: int | None
    local: Address | None
    local_port: int | None
    used: int
    text: str


class Malformed(ValueError):
    """No PROXY header, though the peer was named as a proxy."""


def read(data: bytes) -> Proxied | None:
    """The header at the start of ``data``; None while more bytes are needed. Errors: Malformed."""
    if data[: len(SIGNATURE)] == SIGNATURE[: len(data)]:
        return _v2(data) if len(data) >= 16 else None
    if data[:6] != b"PROXY "[: len(data)]:
        raise Malformed("no PROXY header")
    end = data.find(b"\r\n", 0, V1_LIMIT + 2)
    if end < 0:
        if len(data) > V1_LIMIT:
            raise Malformed("a PROXY line that does not end")
        return None
    words = data[:end].decode("ascii", "replace").split(" ")
    if words[1:2] == ["UNKNOWN"]:
        return Proxied(None, None, None, None, end + 2, "v1 UNKNOWN")
    if len(words) != 6 or words[1] not in ("TCP4", "TCP6"):
        raise Malformed("a PROXY line with other words")
    client, local = net.parse(words[2]), net.parse(words[3])
    ports = [int(w) for w in words[4:] if w.isascii() and w.isdigit() and len(w) <= 5]
    if client is None or local is None or len(ports) != 2 or max(ports) > 65535:
        raise Malformed("a PROXY line without addresses")
    return Proxied(client, ports[0], local, ports[1], end + 2, f"v1 {words[1]}")


def _v2(data: bytes) -> Proxied | None:
    version, family, length = data[12], data[13], int.from_bytes(data[14:16], "big")
    if version >> 4 != 2 or version & 15 > 1:
        raise Malformed("a PROXY header of another version")
    used = 16 + length
    if used > V2_LIMIT:
        raise Malformed("a PROXY header that is too long")
    if len(data) < used:
        return None
    if version & 15 == 0:
        return Proxied(None, None, None, None, used, "v2 LOCAL")
    if family == 0x11 and length >= 12:
        source, target, sport, dport = struct.unpack_from("!4s4sHH", data, 16)
    elif family == 0x21 and length >= 36:
        source, target, sport, dport = struct.unpack_from("!16s16sHH", data, 16)
    else:
        return Proxied(None, None, None, None, used, "v2 UNSPEC")
    return Proxied(net.from_packed(source), sport, net.from_packed(target), dport, used, "v2")
