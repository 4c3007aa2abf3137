"""Boundaries from settings: what is taken, what is refused, who is known."""

from __future__ import annotations

import pytest

from junkhound import trace
from junkhound.kernel import net
from junkhound.kernel.errors import ConfigError


def at(words: str) -> net.Address:
    found = net.parse(words)
    assert found is not None
    return found


def test_networks_hosts_and_suffixes() -> None:
    border = trace.boundary(
        ["192.0.2.0/24", "MX.example.org.", ".relay.example.net", "2001:db8::/32"], own=["203.0.113.5"]
    )
    assert border.knows(at("192.0.2.77"))
    assert border.knows(at("2001:db8:ffff::1"))
    assert border.knows(at("203.0.113.5"))
    assert border.owns(at("203.0.113.5"))
    assert not border.owns(at("192.0.2.77"))
    assert not border.knows(at("198.51.100.1"))
    assert border.knows_name("mx.example.org")
    assert border.knows_name("a.b.relay.example.net")
    assert not border.knows_name("relay.example.net")
    assert not border.knows_name("evilrelay.example.net")
    assert not border.knows_name(None)


def test_an_empty_boundary_is_none_at_all() -> None:
    assert not trace.boundary([])
    assert trace.boundary([], ["192.0.2.1"])


@pytest.mark.parametrize(
    "words", ["", "mx example org", "192.0.2.0/33", "http://mx.example.org", ".org", "*.example.org"]
)
def test_what_is_no_relay_is_refused(words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        trace.boundary([words])
    assert caught.value.hint
