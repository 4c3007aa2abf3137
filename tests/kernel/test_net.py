"""Addresses as two integers behave as ``ipaddress`` says."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.kernel import net

addresses = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6))


@given(addresses)
def test_text_and_numbers_agree_with_the_standard_library(address) -> None:
    ours = net.parse(str(address))
    assert ours is not None
    assert ipaddress.ip_address(str(ours)) == (getattr(address, "ipv4_mapped", None) or address)
    assert net.from_packed(ours.packed) == ours
    assert net.from_packed(address.packed) == ours


@given(addresses, st.integers(0, 128))
def test_networks_hold_exactly_their_addresses(address, length: int) -> None:
    length = length % (address.max_prefixlen + 1)
    theirs = ipaddress.ip_network((address, length), strict=False)
    ours = net.parse_network(f"{address}/{length}")
    assert ours is not None
    first, last = net.parse(str(theirs[0])), net.parse(str(theirs[-1]))
    assert (ours.first, ours.last) == (first, last)
    assert first is not None
    assert last is not None
    assert ours.holds(first)
    assert ours.holds(last)
    outside = int.from_bytes(last.packed, "big") + 1
    if outside < 1 << 128:
        assert not ours.holds(net.from_packed(outside.to_bytes(16, "big")))


@given(st.text(max_size=40))
def test_any_text_parses_or_is_none(text: str) -> None:
    found = net.parse(text)
    assert found is None or ipaddress.ip_address(str(found)) is not None
    net.parse_network(text)


@pytest.mark.parametrize(
    ("text", "space"),
    [
        ("192.0.2.7", net.Space.DOCUMENTATION), ("2001:db8::7", net.Space.DOCUMENTATION),
        ("10.1.2.3", net.Space.PRIVATE), ("172.31.255.255", net.Space.PRIVATE), ("172.32.0.0", net.Space.PUBLIC),
        ("192.168.0.1", net.Space.PRIVATE), ("fd00::1", net.Space.PRIVATE), ("100.127.255.255", net.Space.SHARED),
        ("100.128.0.0", net.Space.PUBLIC), ("127.0.0.1", net.Space.LOOPBACK), ("::1", net.Space.LOOPBACK),
        ("169.254.1.1", net.Space.LINK_LOCAL), ("fe80::1", net.Space.LINK_LOCAL), ("224.0.0.1", net.Space.MULTICAST),
        ("255.255.255.255", net.Space.RESERVED), ("0.1.2.3", net.Space.UNSPECIFIED), ("::", net.Space.UNSPECIFIED),
        ("2600::1", net.Space.PUBLIC), ("4000::1", net.Space.RESERVED), ("64:ff9b::1.2.3.4", net.Space.PUBLIC),
        ("8.8.8.8", net.Space.PUBLIC),
    ],
)  # fmt: skip
def test_special_space_is_known(text: str, space: net.Space) -> None:
    address = net.parse(text)
    assert address is not None
    assert net.space(address) is space
    assert net.is_public(address) is (space is net.Space.PUBLIC)
    assert net.is_public(address, allow_documentation=True) is (space in (net.Space.PUBLIC, net.Space.DOCUMENTATION))


@pytest.mark.parametrize(
    "text", ["", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.4/33", "::/129", "1.2.3.4/x", "x", "1.2.3.4/-1"]
)
def test_what_is_no_network_is_none(text: str) -> None:
    assert net.parse_network(text) is None
