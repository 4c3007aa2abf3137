"""Write a small MaxMind database, so that reading one can be tested (format 2.0 of the published specification)."""

from __future__ import annotations

import ipaddress
import struct
from typing import Any

MARKER = b"\xab\xcd\xefMaxMind.com"


def encode(value: Any) -> bytes:
    """One value in the data section's form."""
    if isinstance(value, dict):
        return control(7, len(value)) + b"".join(encode(k) + encode(v) for k, v in value.items())
    if isinstance(value, str):
        raw = value.encode()
        return control(2, len(raw)) + raw
    if isinstance(value, list):
        return control(11, len(value)) + b"".join(map(encode, value))
    return number(value, 6)


def number(value: int, kind: int) -> bytes:
    """5 is uint16, 6 uint32, 9 uint64."""
    raw = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return control(kind, len(raw)) + raw


def control(kind: int, size: int) -> bytes:
    extended = bytes((kind - 7,)) if kind > 7 else b""
    first = 0 if kind > 7 else kind << 5
    if size < 29:
        return bytes((first | size,)) + extended
    assert size < 285
    return bytes((first | 29,)) + extended + bytes((size - 29,))


def database(networks: dict[str, dict[str, Any]], build_epoch: int = 1_146_700_800) -> bytes:
    """A database of IP version 6 with these networks; IPv4 stands below ::/96."""
    tree: list[list[int | bytes | None]] = [[None, None]]
    data = b""
    for text, record in networks.items():
        net = ipaddress.ip_network(text)
        start, bits = int(net.network_address), net.prefixlen + (96 if net.version == 4 else 0)
        offset = len(data)
        data += encode(record)
        node = 0
        for place in range(bits - 1):
            side = start >> 127 - place & 1
            if tree[node][side] is None:
                tree.append([None, None])
                tree[node][side] = len(tree) - 1
            node = tree[node][side]
        tree[node][start >> 128 - bits & 1] = struct.pack(">I", offset)
    count = len(tree)

    def record_of(value: int | bytes | None) -> bytes:
        if value is None:
            return struct.pack(">I", count)
        if isinstance(value, bytes):
            return struct.pack(">I", count + 16 + struct.unpack(">I", value)[0])
        return struct.pack(">I", value)

    nodes = b"".join(record_of(left) + record_of(right) for left, right in tree)
    metadata = (
        ("node_count", number(count, 6)),
        ("record_size", number(32, 5)),
        ("ip_version", number(6, 5)),
        ("database_type", encode("Test")),
        ("languages", encode(["en"])),
        ("binary_format_major_version", number(2, 5)),
        ("binary_format_minor_version", number(0, 5)),
        ("build_epoch", number(build_epoch, 9)),
        ("description", encode({"en": "test"})),
    )
    head = control(7, len(metadata)) + b"".join(encode(key) + value for key, value in metadata)
    return nodes + bytes(16) + data + MARKER + head
