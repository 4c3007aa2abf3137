"""Forms that can be read back say what was listed: nothing wider, nothing that is excluded, no name that is spared."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from junkhound.kernel import net
from junkhound.kernel.net import Network
from junkhound.listing import span
from junkhound.publish import Edition, outputs
from junkhound.publish.cover import Span, merged, without
from support.editions import entry, make, name_entry
from support.readers import READERS, network

UNREAD = {
    "served": "a binary file: tests/publish/test_served.py",
    "dnscf": "rules that ask the zone: no entries in it",
    "stix": "for desks: tests/publish/test_desks.py",
    "intelmq": "for desks: tests/publish/test_desks.py",
    "dstspared": "what is spared, for the file dstdomain",
    "globspared": "what is spared, for the file globmap",
}
FOUR, SIX = (
    {"ip4set", "ip4trie", "ip4tset", "cf"},
    {"ip6trie", "ip6tset"},
)
NO_BELOW = {"hosts": "the names themselves only"}
ONLY_BELOW = {"rhsaccess", "cf"}
KEEPS_NO_SPARED = {"hosts", "globmap", "dstdomain"}

fours = st.tuples(st.integers(0xCB007100, 0xCB0071FF), st.integers(24, 32)).map(
    lambda pair: str(net.network_of(net.v4(pair[0]), 96 + pair[1]))
)
sixes = st.tuples(st.integers(0, 40), st.sampled_from([60, 61, 64])).map(
    lambda pair: str(net.network_of(net.Address(0x2A00_0000_0000_0000 + pair[0], 0), pair[1]))
)
singles = st.integers(0, 40).map(lambda n: f"2a00::{n:x}:0:0:0:7")
label = st.sampled_from(["a", "b", "shop", "xn--bcher-kva", "0-9", "mail"])
domains = st.lists(label, min_size=1, max_size=4).map(lambda labels: ".".join([*labels, "example"]))


@st.composite
def editions(draw: st.DrawFn) -> Edition:
    """Networks that do not overlap, with exclusions; domains one below the other, and spared ones."""
    kept: list[Network] = []
    for words in draw(st.lists(st.one_of(fours, sixes), max_size=8)):
        one = network(words)
        if not any(one.holds(other.first) or other.holds(one.first) for other in kept):
            kept.append(one)
    holes = draw(st.lists(st.one_of(fours, singles), max_size=3))
    names = draw(st.dictionaries(domains, st.booleans(), max_size=6))
    spared = draw(st.lists(domains, max_size=2, unique=True))
    return make(
        *(entry(str(one), n) for n, one in enumerate(sorted(kept))),
        *(name_entry(name, 100 + n, below=below) for n, (name, below) in enumerate(names.items())),
        exclusions=tuple(sorted({network(words) for words in holes})),
        name_exclusions=tuple(sorted(set(spared) - set(names))),
        of="names" if names else "addresses",
    )


def files(edition: Edition) -> dict[str, bytes]:
    """Every file of every form."""
    return {ending: content for form in outputs.names() for ending, content in outputs.get(form)(edition).items()}


def wanted(edition: Edition, ending: str) -> list[Span]:
    """The addresses that a file must list."""
    listed = [one.network for one in edition.entries]
    if ending in FOUR:
        listed = [one for one in listed if one.is_v4]
    elif ending in SIX:
        listed = [one for one in listed if not one.is_v4]
    return without(merged(listed), merged(edition.exclusions))


def is_listed(edition: Edition, name: str, below_only: bool = False, spare: bool = True) -> bool:
    """What the edition says of a name, by the plainest of rules."""
    up = [name, *(name.split(".", n)[-1] for n in range(1, name.count(".") + 1))]
    if spare and any(one in edition.name_exclusions for one in up):
        return False
    return any((one.below and one.name in up) or (one.name == name and not below_only) for one in edition.names)


@given(editions())
def test_every_form_reads_back_as_it_was_listed(edition: Edition) -> None:
    made = files(edition)
    holes = [span(one) for one in edition.exclusions]
    made = {ending: content for ending, content in made.items() if not ending.startswith("misp/")}  # test_desks.py
    assert set(made) - set(READERS) <= set(UNREAD)
    for ending, content in made.items():
        if ending in UNREAD:
            continue
        found = READERS[ending](content)
        # the last line of the guard: whatever an entry covers, what is protected is in no file
        assert not [r for r in found.ranges for first, last in holes if r[0] <= last and first <= r[1]], ending
        if ending not in ("rhsaccess", "lsearch", "globmap", "dstdomain", "unbound", "hosts", "dnset"):
            assert found.ranges == wanted(edition, ending), ending
        if found.names or ending in ("dnset", "txt", "json"):
            _compare_names(edition, ending, found)


def _compare_names(edition: Edition, ending: str, found) -> None:
    spared_apart = (
        found._replace(spared=found.spared | set(edition.name_exclusions)) if ending in KEEPS_NO_SPARED else found
    )
    asked = {one.name for one in edition.names} | set(edition.name_exclusions)
    asked |= {f"x.{name}" for name in asked} | {f"y.x.{name}" for name in asked} | {"a.b.shop.example", "b.example"}
    asked |= {name.partition(".")[2] for name in asked if name.count(".") > 1}
    if ending == "hosts":
        assert {name for name, _ in found.names} <= {one.name for one in edition.names}
        return
    for name in sorted(asked):
        assert spared_apart.lists(name) == is_listed(edition, name, below_only=ending in ONLY_BELOW), (ending, name)


def test_a_list_of_names_writes_no_empty_address_files_and_the_other_way_round() -> None:
    assert not {"ip4set", "nft", "access", "cidr"} & set(files(make(of="names")))
    assert {"dnset", "unbound", "dstdomain", "hosts", "rpz", "txt"} <= set(files(make(of="names")))
    assert not {"dnset", "unbound", "dstdomain", "hosts"} & set(files(make()))
