"""Addresses and networks as two integers each, for rooms that see millions of them.

IPv4 is kept mapped (``::ffff:a.b.c.d``, RFC 4291 section 2.5.5.2), so one order and one column form
serve both families. ``ipaddress`` appears only at faces; parsing here is ``inet_pton``.
"""

from __future__ import annotations

from enum import IntEnum
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import NamedTuple

V4 = 0xFFFF_0000_0000
MASK64 = 0xFFFF_FFFF_FFFF_FFFF


class Address(NamedTuple):
    """128 bits as two unsigned 64-bit halves; IPv4 is ``(0, 0xFFFF << 32 | v4)``."""

    hi: int
    lo: int

    @property
    def is_v4(self) -> bool:
        return self.hi == 0 and self.lo >> 32 == 0xFFFF

    @property
    def v4(self) -> int:
        """The 32-bit number of an IPv4 address."""
        return self.lo & 0xFFFF_FFFF

    @property
    def packed(self) -> bytes:
        """16 bytes, network order."""
        return self.hi.to_bytes(8, "big") + self.lo.to_bytes(8, "big")

    def __str__(self) -> str:
        if self.is_v4:
            return inet_ntop(AF_INET, (self.lo & 0xFFFF_FFFF).to_bytes(4, "big"))
        return inet_ntop(AF_INET6, self.packed)


def v4(number: int) -> Address:
    """The IPv4 address with this 32-bit number."""
    return Address(0, V4 | number)


def from_packed(packed: bytes) -> Address:
    """From 4 or 16 bytes in network order; ValueError for another length."""
    if len(packed) == 4:
        return Address(0, V4 | int.from_bytes(packed, "big"))
    if len(packed) != 16:
        raise ValueError(f"an address has 4 or 16 bytes, not {len(packed)}")
    return Address(int.from_bytes(packed[:8], "big"), int.from_bytes(packed[8:], "big"))


def parse(words: str) -> Address | None:
    """Read dotted-quad IPv4 or IPv6 text; None if it is neither. A zone id (``%eth0``) is dropped."""
    try:
        if ":" in words:
            packed = inet_pton(AF_INET6, words.partition("%")[0])
            return Address(int.from_bytes(packed[:8], "big"), int.from_bytes(packed[8:], "big"))
        return Address(0, V4 | int.from_bytes(inet_pton(AF_INET, words), "big"))
    except (OSError, ValueError, UnicodeError):
        return None


class Network(NamedTuple):
    """A prefix in the 128-bit space: ``bits`` counts from the top (IPv4 /24 is 120)."""

    hi: int
    lo: int
    bits: int

    @property
    def is_v4(self) -> bool:
        return self.bits >= 96 and self.hi == 0 and self.lo >> 32 == 0xFFFF

    @property
    def prefix(self) -> int:
        """The prefix length as written: 24 for an IPv4 /24."""
        return self.bits - 96 if self.is_v4 else self.bits

    @property
    def first(self) -> Address:
        return Address(self.hi, self.lo)

    @property
    def last(self) -> Address:
        host = (1 << (128 - self.bits)) - 1
        return Address(self.hi | host >> 64, self.lo | host & MASK64)

    def holds(self, address: Address) -> bool:
        """Whether the address lies in this network."""
        if self.bits <= 64:
            shift = 64 - self.bits
            return address.hi >> shift == self.hi >> shift
        return address.hi == self.hi and address.lo >> (128 - self.bits) == self.lo >> (128 - self.bits)

    def __str__(self) -> str:
        return f"{self.first}/{self.prefix}"


def network_of(address: Address, bits: int) -> Network:
    """The network of ``bits`` (in the 128-bit space) that holds ``address``."""
    if bits <= 64:
        return Network(address.hi >> (64 - bits) << (64 - bits), 0, bits)
    return Network(address.hi, address.lo >> (128 - bits) << (128 - bits), bits)


def parse_network(words: str) -> Network | None:
    """Read ``192.0.2.0/24``, ``2001:db8::/32`` or a bare address; None if it is not one.

    Host bits below the prefix are cleared.
    """
    base, slash, length = words.strip().partition("/")
    address = parse(base)
    if address is None:
        return None
    if not slash:
        return Network(address.hi, address.lo, 128)
    if not (length.isascii() and length.isdigit()):
        return None
    bits = int(length) + (96 if address.is_v4 and ":" not in base else 0)
    if bits > 128:
        return None
    return network_of(address, bits)


class Space(IntEnum):
    """What kind of address space an address is in (IANA special-purpose registries, RFC 6890)."""

    PUBLIC = 0
    PRIVATE = 1
    LOOPBACK = 2
    LINK_LOCAL = 3
    SHARED = 4  # carrier NAT, RFC 6598
    DOCUMENTATION = 5  # RFC 5737, RFC 3849, RFC 9637
    RESERVED = 6
    MULTICAST = 7
    UNSPECIFIED = 8


_SPECIAL: tuple[tuple[str, Space], ...] = (
    ("0.0.0.0/8", Space.UNSPECIFIED),
    ("10.0.0.0/8", Space.PRIVATE),
    ("100.64.0.0/10", Space.SHARED),
    ("127.0.0.0/8", Space.LOOPBACK),
    ("169.254.0.0/16", Space.LINK_LOCAL),
    ("172.16.0.0/12", Space.PRIVATE),
    ("192.0.0.0/24", Space.RESERVED),
    ("192.0.2.0/24", Space.DOCUMENTATION),
    ("192.88.99.0/24", Space.RESERVED),
    ("192.168.0.0/16", Space.PRIVATE),
    ("198.18.0.0/15", Space.RESERVED),
    ("198.51.100.0/24", Space.DOCUMENTATION),
    ("203.0.113.0/24", Space.DOCUMENTATION),
    ("224.0.0.0/4", Space.MULTICAST),
    ("240.0.0.0/4", Space.RESERVED),
    ("::/128", Space.UNSPECIFIED),
    ("::1/128", Space.LOOPBACK),
    ("64:ff9b:1::/48", Space.PRIVATE),
    ("100::/64", Space.RESERVED),
    ("2001::/32", Space.RESERVED),
    ("2001:2::/48", Space.RESERVED),
    ("2001:db8::/32", Space.DOCUMENTATION),
    ("3fff::/20", Space.DOCUMENTATION),
    ("5f00::/16", Space.RESERVED),
    ("fc00::/7", Space.PRIVATE),
    ("fe80::/10", Space.LINK_LOCAL),
    ("fec0::/10", Space.PRIVATE),
    ("ff00::/8", Space.MULTICAST),
)


def special_networks() -> tuple[tuple[Network, Space], ...]:
    """Every special-purpose network with its kind, for guards that print or subtract them."""
    return tuple((_must(words), space) for words, space in _SPECIAL)


def _must(words: str) -> Network:
    network = parse_network(words)
    assert network is not None, words
    return network


# members of an enumeration cost a look-up each time; these functions are asked for every hop of every mail
_PUBLIC, _DOCUMENTATION, _RESERVED_SPACE = Space.PUBLIC, Space.DOCUMENTATION, Space.RESERVED

_V4_SPACE: dict[int, Space] = {}
_V4_NARROW: list[tuple[int, int, Space]] = []
for _words, _space in _SPECIAL:
    _network = _must(_words)
    if _network.is_v4:
        _low, _high = _network.first.v4, _network.last.v4
        if _network.prefix <= 8:
            for _octet in range(_low >> 24, (_high >> 24) + 1):
                _V4_SPACE[_octet] = _space
        else:
            _V4_NARROW.append((_low, _high, _space))
_V4_MIXED = {low >> 24 for low, _, _ in _V4_NARROW}
_V6_SPECIAL = tuple((net, space) for net, space in special_networks() if not net.is_v4)


def space(address: Address) -> Space:
    """Which kind of space the address is in; IPv6 outside 2000::/3 and 64:ff9b::/96 is reserved."""
    if address.hi == 0 and address.lo >> 32 == 0xFFFF:
        number = address.lo & 0xFFFF_FFFF
        octet = number >> 24
        if octet in _V4_MIXED:
            for low, high, kind in _V4_NARROW:
                if low <= number <= high:
                    return kind
        return _V4_SPACE.get(octet, _PUBLIC)
    for network, kind in _V6_SPECIAL:
        if network.holds(address):
            return kind
    if address.hi >> 61 == 1 or (address.hi == 0x0064_FF9B_0000_0000 and address.lo >> 32 == 0):
        return _PUBLIC
    return _RESERVED_SPACE


def is_public(address: Address, allow_documentation: bool = False) -> bool:
    """Whether the address may belong to a stranger on the internet.

    ``allow_documentation`` counts RFC 5737 and RFC 3849 addresses as public: demonstrations and tests
    live there.
    """
    kind = space(address)
    return kind is _PUBLIC or (allow_documentation and kind is _DOCUMENTATION)
