"""Several lists in one zone: nothing overlaps, everything has the answers of all lists that hold it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from junkhound.kernel import net
from junkhound.publish import Part, combine
from support.editions import entry, make, name_entry


def network(words: str) -> net.Network:
    found = net.parse_network(words)
    assert found is not None
    return found


def told(parts: list[Part], bits: bool = False) -> dict[str, tuple[str, ...]]:
    found = {}
    for one in combine(parts, bits):
        found[str(getattr(one, "network", None) or one.name)] = one.codes  # type: ignore[union-attr]
    return found


DIRECT = Part("direct", "127.0.0.2", [entry("203.0.113.7"), entry("198.51.100.9", 2)])
BOTS = Part("bots", "127.0.0.4", [entry("203.0.113.7", 3)])
RANGES = Part("dynamic", "127.0.0.7", [entry("203.0.113.0/28", 4)], (network("203.0.113.8/30"),))


def test_an_address_on_two_lists_has_both_answers() -> None:
    assert told([DIRECT, BOTS]) == {"203.0.113.7/32": ("127.0.0.2", "127.0.0.4"), "198.51.100.9/32": ("127.0.0.2",)}
    assert told([DIRECT, BOTS], bits=True)["203.0.113.7/32"] == ("127.0.0.6",)


def test_a_network_is_cut_around_what_stands_in_it_and_leaves_out_what_it_excludes() -> None:
    found = told([DIRECT, RANGES])
    assert found["203.0.113.7/32"] == ("127.0.0.2", "127.0.0.7")
    assert "203.0.113.8/30" not in found
    assert found["203.0.113.0/30"] == found["203.0.113.12/30"] == ("127.0.0.7",)
    make(*combine([DIRECT, RANGES]))


def test_what_one_part_leaves_out_another_may_list() -> None:
    inside = Part("direct", "127.0.0.2", [entry("203.0.113.9")])
    assert told([inside, RANGES])["203.0.113.9/32"] == ("127.0.0.2",)


def test_a_host_below_a_listed_domain_has_both_answers() -> None:
    domains = Part("domains", "127.0.1.2", [name_entry("shop.example")])
    hosts = Part("hosts", "127.0.1.3", [name_entry("www.shop.example", 2, below=False), name_entry("x.example", 3)])
    assert told([domains, hosts]) == {
        "shop.example": ("127.0.1.2",),
        "www.shop.example": ("127.0.1.2", "127.0.1.3"),
        "x.example": ("127.0.1.3",),
    }


networks = st.tuples(st.integers(0, 255), st.integers(24, 32)).map(
    lambda pair: network(f"203.0.113.{pair[0] >> (32 - pair[1]) << (32 - pair[1])}/{pair[1]}")
)
lists = st.lists(networks, max_size=6, unique=True)


def disjoint(some: list[net.Network]) -> list[net.Network]:
    kept: list[net.Network] = []
    for one in sorted(some, key=lambda n: n.bits):
        if not any(other.holds(one.first) for other in kept):
            kept.append(one)
    return kept


@given(lists, lists, st.lists(networks, max_size=3))
def test_every_address_has_the_codes_of_all_lists_that_hold_it(first, second, holes) -> None:
    parts = [
        Part("direct", "127.0.0.2", [entry(str(one), n) for n, one in enumerate(disjoint(first))]),
        Part("dynamic", "127.0.0.7", [entry(str(one), n) for n, one in enumerate(disjoint(second))], tuple(holes)),
    ]
    made = combine(parts)
    for last in range(256):
        address = net.parse(f"203.0.113.{last}")
        wanted = {"127.0.0.2"} if any(one.holds(address) for one in first) else set()
        if any(one.holds(address) for one in second) and not any(hole.holds(address) for hole in holes):
            wanted.add("127.0.0.7")
        hits = [one for one in made if one.network.holds(address)]  # type: ignore[union-attr]
        assert len(hits) <= 1
        assert set(hits[0].codes if hits else ()) == wanted
