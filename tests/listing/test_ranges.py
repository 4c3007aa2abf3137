"""Dynamic and snowshoe ranges: grown by halves, ended by one good mail, never over what is protected."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from junkhound.kernel import config, net
from junkhound.listing import Outcome, Policy, range_decisions, replaced, senders
from junkhound.tables import Clue, Operator
from support.histories import NOW, NOW_HOUR, policy, subject
from support.senders import good, junk, rows

DYNAMIC = policy("pools", holds="dynamic", scope="public")
SNOWSHOE = policy("shoes", holds="snowshoe", scope="public")
POOL = {"clues": int(Clue.DYNAMIC_RDNS)}
HOSTED = {"operator": int(Operator.HOSTING)}


def decided(units, rules: Policy, standing=None) -> dict[str, object]:
    every, recent = (senders(rows(units), NOW_HOUR - hours, NOW_HOUR) for hours in (35 * 24, 72))
    made = range_decisions(rules, every, recent, NOW, standing or {})
    return {str(one.subject): one for one in made}


def listed(units, rules: Policy) -> list[str]:
    return [name for name, one in decided(units, rules).items() if one.listed]


def pool(*words: str, **other) -> list[dict[str, int]]:
    return [junk(one, vantage=1 + n % 2, **{**POOL, **other}) for n, one in enumerate(words)]


def test_a_pool_is_listed_where_both_its_halves_sent() -> None:
    units = pool("198.51.101.9", "198.51.200.7", "198.51.60.8", "198.51.250.1")
    (one,) = decided(units, DYNAMIC).values()
    assert str(one.subject) == "198.51.0.0/16"
    assert one.listing_class == "dynamic range"
    assert [reason.code for reason in one.reasons] == ["seen", "expires"]
    # Nothing was seen before .60 and after .250: that is left out, whole /24 by whole /24.
    holes = one.exclusions
    assert not any(hole.holds(net.parse(words)) for hole in holes for words in ("198.51.60.0", "198.51.250.255"))
    assert all(any(hole.holds(net.parse(w)) for hole in holes) for w in ("198.51.0.3", "198.51.59.255", "198.51.251.0"))


def test_a_half_that_is_silent_is_not_listed() -> None:
    assert listed(pool("198.51.130.9", "198.51.131.7"), DYNAMIC) == ["198.51.130.0/23"]


def test_a_wide_pool_needs_more_of_its_addresses() -> None:
    assert listed(pool("198.51.1.9", "198.51.200.7"), DYNAMIC) == []
    assert listed(pool("198.51.1.9", "198.51.2.1", "198.51.200.7"), DYNAMIC) == ["198.51.0.0/22"]


def test_one_vantage_lists_no_pool() -> None:
    units = [junk(words, vantage=1, **POOL) for words in ("198.51.128.9", "198.51.130.7", "198.51.131.7")]
    assert listed(units, DYNAMIC) == []


def test_a_stable_name_or_a_good_mail_divides_a_pool() -> None:
    ends = ("198.51.128.9", "198.51.131.7")
    assert listed(pool(*ends), DYNAMIC) == ["198.51.128.0/22"]
    assert listed([*pool(*ends), good("198.51.129.25")], DYNAMIC) == []
    assert listed([*pool(*ends), junk("198.51.129.25")], DYNAMIC) == []  # its name is no dynamic one
    nameless = junk("198.51.129.25", clues=int(Clue.NO_RDNS))
    assert listed([*pool(*ends), nameless], DYNAMIC) == ["198.51.128.0/22"]


def test_few_senders_without_a_dynamic_name_leave_a_hole_and_many_are_no_pool() -> None:
    names = [f"198.51.{128 + n}.{9 + n}" for n in range(8)]
    plain = junk("198.51.130.77")  # stable, or nobody wrote its name down
    (one,) = decided([*pool(*names), junk("198.51.136.77"), *pool("198.51.143.1")], DYNAMIC).values()
    assert str(one.subject) == "198.51.128.0/20"
    assert any(hole.holds(net.parse("198.51.136.77")) for hole in one.exclusions)
    assert not any(hole.holds(net.parse(names[0])) for hole in one.exclusions)
    (other,) = decided([*pool(*names), plain], DYNAMIC).values()
    assert not any(hole.holds(net.parse("198.51.130.11")) for hole in other.exclusions)  # a dynamic name is beside it
    many = [junk(f"198.51.{n}.77") for n in (128, 130, 133, 135)]
    assert "198.51.128.0/21" not in listed([*pool(*names), *many], DYNAMIC)


RULE = {"asn": 64500, "prefix": 118}


def provider(**other) -> list[dict[str, int]]:
    """Five lines with dynamic names in two announced networks of one provider."""
    return pool("198.51.130.9", "198.51.130.10", "198.51.131.8", "203.0.113.70", "203.0.113.71", **{**RULE, **other})


def test_a_provider_that_names_all_its_lines_so_has_its_announced_networks_listed() -> None:
    made = decided(provider(), DYNAMIC)
    assert sorted(made) == ["198.51.128.0/22", "203.0.112.0/22"]
    assert [str(hole) for hole in made["203.0.112.0/22"].exclusions] == [
        "203.0.112.0/24"
    ]  # its own servers stand first
    assert made["203.0.112.0/22"].listed


def test_one_good_sender_among_its_lines_and_the_rule_of_a_provider_is_unknown() -> None:
    narrow = ["198.51.130.0/23"]
    assert listed([*provider(), good("203.0.112.25", **RULE)], DYNAMIC) != narrow  # in the first /24: its own server
    assert listed([*provider(), good("203.0.114.25", **RULE)], DYNAMIC) == narrow
    elsewhere = good("192.0.2.25", asn=64500, prefix=118)
    assert listed([*provider(), elsewhere], DYNAMIC) == narrow
    assert listed([*provider(), *(junk(f"198.51.129.{n}", **RULE) for n in (7, 8))], DYNAMIC) == narrow  # other names
    assert listed(provider()[:4], DYNAMIC) == narrow  # four are too few for a rule


def test_one_vantage_knows_no_rule_and_lists_no_network_by_it() -> None:
    assert listed([{**one, "vantage": 1} for one in provider()], DYNAMIC) == []
    half = [{**one, "vantage": 1} if one["prefix"] and place > 2 else one for place, one in enumerate(provider())]
    assert listed(half, DYNAMIC) == ["198.51.128.0/22"]  # a single trap saw the other network


def test_carriers_and_hosters_have_no_pools() -> None:
    ends = ("198.51.128.9", "198.51.131.7")
    for operator in (Operator.MOBILE, Operator.HOSTING, Operator.UNKNOWN):
        assert listed(pool(*ends, operator=int(operator)), DYNAMIC) == []


def test_a_range_never_leaves_what_is_announced() -> None:
    ends = ("198.51.128.9", "198.51.131.7", "198.51.129.1", "198.51.130.1")
    assert listed(pool(*ends, prefix=119), DYNAMIC) == []  # each half of each /23 would need its own evidence
    assert listed(pool(*ends, prefix=118), DYNAMIC) == ["198.51.128.0/22"]


def shoes(count: int, **other) -> list[dict[str, int]]:
    step = 256 // count
    return [junk(f"203.0.113.{n * step + 1}", 5 + n, 1 + n % 2, **{**HOSTED, **other}) for n in range(count)]


def test_a_snowshoe_range_is_many_quiet_addresses_alike() -> None:
    assert listed(shoes(8), SNOWSHOE) == ["203.0.113.0/24"]
    assert listed(shoes(2), SNOWSHOE) == []
    assert listed(shoes(8, operator=int(Operator.ACCESS)), SNOWSHOE) == []
    assert listed([*shoes(8), *(junk("203.0.113.1", 6, 2, messages=900, **HOSTED),)], SNOWSHOE) == []
    assert listed([junk(f"203.0.113.{n * 32 + 1}", 80 + n, 1 + n % 2, **HOSTED) for n in range(8)], SNOWSHOE) == []


def test_what_lies_outside_the_senders_of_a_snowshoe_range_is_left_out() -> None:
    beside = [junk(f"203.0.113.{n}", 5 + n, 1 + n // 4 % 2, **HOSTED) for n in range(20, 45, 4)]
    (one,) = decided(beside, SNOWSHOE).values()
    assert str(one.subject) == "203.0.113.0/26"
    held = [n for n in range(64) if not any(hole.holds(net.parse(f"203.0.113.{n}")) for hole in one.exclusions)]
    assert held == list(range(20, 45))


def test_the_servers_of_one_mail_system_are_no_snowshoe_range() -> None:
    farm = [junk(f"203.0.113.{n}", 5 + n, 1 + n % 2, **HOSTED) for n in range(5, 12)]
    assert listed(farm, SNOWSHOE) == []


def test_a_good_neighbour_halves_a_snowshoe_range() -> None:
    found = listed([*shoes(16), good("203.0.113.200")], SNOWSHOE)
    assert found == ["203.0.113.0/25", "203.0.113.128/26"]


def test_one_good_mail_ends_a_range_at_once() -> None:
    standing = {subject("198.51.128.0/22"): ()}
    later = [*pool("198.51.128.9", "198.51.131.7"), good("198.51.129.25")]
    one = decided(later, DYNAMIC, standing)["198.51.128.0/22"]
    assert one.outcome is Outcome.CLEAR
    assert one.reasons[-1].text == "good mail came from 1 of its addresses"
    spared = decided(later, DYNAMIC, {subject("198.51.128.0/22"): (subject("198.51.129.0/24"),)})
    assert "198.51.128.0/22" not in spared


def test_protected_hosts_are_cut_out_for_our_own_servers_and_spare_the_whole_range_in_public() -> None:
    units = pool("198.51.128.9", "198.51.131.7")
    network = config.NetworkSection(own=("198.51.130.25",), allow_documentation=True)
    own = policy("pools", network, holds="dynamic")
    (one,) = decided(units, own).values()
    assert one.listed
    assert subject("198.51.130.25") in one.exclusions
    (refused,) = decided(units, policy("pools", network, holds="dynamic", scope="public")).values()
    assert refused.outcome is Outcome.CLEAR
    assert refused.reasons[-1].code == "protected"


def test_an_allow_list_spares_its_networks_and_no_range_lies_in_one() -> None:
    every = senders(rows(pool("198.51.128.9", "198.51.131.7")), NOW_HOUR - 35 * 24, NOW_HOUR)

    def made(words: str, standing: tuple[str, ...] = ()) -> list[tuple[str, bool, list[str]]]:
        stands = {subject(one): () for one in standing}
        found = range_decisions(DYNAMIC, every, every, NOW, stands, {}, {subject(words): "friends"})
        return [(str(one.subject), one.listed, [str(hole) for hole in one.exclusions]) for one in found]

    assert made("198.51.130.16/28") == [("198.51.128.0/22", True, ["198.51.130.16/28"])]
    assert made("198.51.0.0/16") == []
    assert made("198.51.0.0/16", ("198.51.128.0/22",)) == [("198.51.128.0/22", False, [])]
    assert made("203.0.113.0/24") == [("198.51.128.0/22", True, [])]


def test_a_wider_cut_takes_the_place_of_the_narrow_ones() -> None:
    standing = [subject(words) for words in ("198.51.128.0/23", "198.51.130.0/23", "203.0.113.0/24")]
    assert replaced(standing, [subject("198.51.128.0/22")]) == standing[:2]
    assert replaced([subject("198.51.128.0/22")], standing) == [subject("198.51.128.0/22")]
    assert replaced(standing, standing) == []


hosts = st.tuples(st.integers(0, 255), st.integers(0, 255)).map(lambda pair: f"198.51.{pair[0]}.{pair[1]}")


@given(st.lists(hosts, max_size=12), st.lists(hosts, max_size=4), st.sampled_from([112, 115, 118]))
def test_ranges_never_overlap_nor_hold_a_good_sender(bad: list[str], fine: list[str], prefix: int) -> None:
    units = [*pool(*bad, prefix=prefix), *(good(words, prefix=prefix) for words in fine)]
    made = [one for one in decided(units, DYNAMIC).values() if one.listed] if units else []
    for place, one in enumerate(made):
        assert one.subject.bits >= prefix
        held = [net.parse(words) for words in fine if one.subject.holds(net.parse(words))]
        assert all(any(hole.holds(address) for hole in one.exclusions) for address in held)
        assert not any(one.subject.holds(other.subject.first) for other in made[place + 1 :])


def test_the_first_24_of_an_announced_network_is_left_to_its_servers() -> None:
    units = pool("198.51.128.9", "198.51.128.200", "198.51.130.7", "198.51.131.1", prefix=118)
    (one,) = decided(units, DYNAMIC).values()
    assert str(one.subject) == "198.51.128.0/22"
    assert subject("198.51.128.0/24") in one.exclusions
    assert listed(pool("198.51.128.9", "198.51.128.200", prefix=118), DYNAMIC) == []
