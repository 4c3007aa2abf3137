"""Scoring: intervals against what is known of them, reference methods on cases, and a whole run on a tiny world."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from accuracy import baselines, blocks, goals, lists, report
from accuracy.baselines import HOUR, Seen, Span
from accuracy.intervals import NONE, calibration_error, clopper_pearson, grouped, ratio, share, statistic
from junkhound.kernel import net

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [  # Clopper and Pearson, Biometrika 26, 1934, and the rule of three
        (0, 10, 0.0, 0.3085), (5, 10, 0.1871, 0.8129), (10, 10, 0.6915, 1.0), (1, 100, 0.00025, 0.0545),
        (0, 1000, 0.0, 0.00368), (950, 1000, 0.93460, 0.96266),
    ],
)  # fmt: skip
def test_exact_limits(hits: int, trials: int, low: float, high: float) -> None:
    found = clopper_pearson(hits, trials)
    assert found.low == pytest.approx(low, abs=6e-5)
    assert found.high == pytest.approx(high, abs=6e-5)
    assert found.value == hits / trials


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=60))
def test_an_interval_holds_its_figure(rows: list[tuple[bool, int]]) -> None:
    found = share([hit for hit, _ in rows], [group for _, group in rows])
    assert 0 <= found.low <= found.high <= 1
    assert found.groups == len({group for _, group in rows})
    if found.groups > 3:
        assert found.low <= found.value + 1e-9
        assert found.high >= found.value - 1e-9


def test_mails_of_one_campaign_count_as_one_case() -> None:
    hits = [1] * 500 + [0] * 500
    together = share(hits, [0] * 500 + [1] * 500)
    apart = share(hits, range(1000))
    assert (together.low, together.high) == (0.0, 1.0)
    assert 0.46 < apart.low < apart.high < 0.54


def test_ratios_and_other_figures() -> None:
    found = ratio([1, 3], [2, 4], [7, 8])
    assert found.value == pytest.approx(4 / 6)
    assert ratio([], [], []).base == 0
    middle = statistic([1, 2, 3, 100], [0, 1, 2, 3], lambda v: float(np.median(v)))
    assert middle.value == 2.5
    assert middle.low <= 2.5 <= middle.high


def test_calibration() -> None:
    assert calibration_error([0.9] * 10, [1] * 9 + [0]) == pytest.approx(0.0)
    assert calibration_error([0.95] * 10, [0] * 10) == pytest.approx(0.95)


OWN = baselines.stated(["mx.example.org", "192.0.2.0/26"])
CHAIN = [
    b" from mx.example.org ([192.0.2.7]) by inner.example.org; now",
    b" from pc (unknown [198.51.100.9]) by mx.example.org; now",
    b" from forged ([203.0.113.5]) by pc; before",
    b" from lan ([10.0.0.1]) by forged; before",
]


def test_reference_methods() -> None:
    assert baselines.last_received(CHAIN, None) == "203.0.113.5"
    assert baselines.first_public(CHAIN, None, OWN) == "198.51.100.9"
    assert baselines.first_public(CHAIN, "203.0.113.77", OWN) == "203.0.113.77"
    assert baselines.last_received([], "203.0.113.77") == "203.0.113.77"


def test_reference_lists() -> None:
    seen = [Seen(0, "192.0.2.7", "a"), Seen(HOUR, "192.0.2.7", "b"), Seen(5 * HOUR, "192.0.2.7", "a"),
            Seen(6 * HOUR, "192.0.2.99", "a"), Seen(100 * HOUR, "192.0.2.7", "a")]  # fmt: skip
    assert baselines.spamcop(seen) == {"192.0.2.7": [Span(HOUR, 29 * HOUR)]}
    assert baselines.seen_once(seen)["192.0.2.99"][0].start == 6 * HOUR
    assert list(baselines.whole_24(seen)) == ["192.0.2.0/24"]


def test_what_two_vantages_can_reach_at_most(tmp_path: Path) -> None:
    (tmp_path / "routes.csv").write_text(
        "network,asn,org,country,type\n192.0.2.0/25,AS64500,a,US,isp\n198.51.100.0/24,AS64500,a,US,isp\n"
        "192.0.2.0/24,AS64501,b,US,isp\n2001:db8::/32,AS64502,c,US,isp\n", "utf-8",
    )  # fmt: skip
    routes = baselines.Routes(tmp_path / "routes.csv")
    assert [routes.network(one) for one in ("192.0.2.7", "192.0.2.200", "2001:db8:9::1", "203.0.113.1")] == [
        "192.0.2.0/25", "192.0.2.0/24", "2001:db8::/32", "203.0.113.1",
    ]  # fmt: skip
    mails = [mail(0, "192.0.2.7", "A"), mail(1, "198.51.100.9", "A")._replace(intake="y")]
    by_name = {one.name: one for one in lists.references(mails, routes)}
    assert by_name["two vantages, their announced networks"].of("192.0.2.9") == []
    assert by_name["two vantages, their origin networks"].of("192.0.2.9")[0].start == HOUR
    assert by_name["two vantages, their origin networks"].of("192.0.2.200") == []  # of another network


def mail(at: float, client: str, half: str, kind: str = "junk", group: int = 1) -> lists.Mail:
    return lists.Mail(int(at * HOUR), client, "x", half, kind, group)


def test_lists_are_scored_by_what_came_later() -> None:
    held = lists.Half("ours", {"192.0.2.7": [Span(10 * HOUR, 30 * HOUR)], "192.0.2.200": [Span(0, 90 * HOUR)]})
    mails = [
        mail(9, "192.0.2.7", "A"), mail(20, "192.0.2.7", "B"), mail(21, "192.0.2.8", "B", group=2),
        mail(40, "192.0.2.7", "B"), mail(20, "192.0.2.200", "B", "good"), mail(20, "192.0.2.201", "B", "good"),
        mail(60, "192.0.2.9", "A", group=3),
    ]  # fmt: skip
    found = lists.score(held, mails, 0)
    assert found.volume.value == pytest.approx(1 / 3)
    assert found.addresses.value == 0.5
    assert found.lead.value == 10
    assert found.before.value == 0.5
    assert found.over.value == 10  # listed until 30, last seen then at 20
    assert (found.false.value, found.false.base) == (0.5, 2)


def test_a_bar_is_met_only_above_every_reference() -> None:
    figure = goals.Figure("x", "", lambda w: share([1, 1, 1, 0], range(4)), lambda one: one.value >= 0.7)
    beaten = figure._replace(references=lambda w: {"other": share([1, 0], range(2))})
    better = figure._replace(references=lambda w: {"other": share([1, 1], range(2))})
    world = None
    assert [goals.met(one, world) for one in (figure, beaten, better)] == [True, True, False]  # type: ignore[arg-type]


def test_every_goal_is_named_once() -> None:
    assert [goal.number for goal in goals.GOALS] == [f"G{n}" for n in range(1, 29)]


def test_a_whole_run_on_a_tiny_world(tmp_path: Path) -> None:
    page = report.PAGE.read_text("utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "accuracy", "--quick", "--variant", "2006", "--json", "--worlds", tmp_path],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    by = {goal["goal"]: goal["figures"] for goal in found["goals"]}
    handover = by["G1"][0]["found"]["tiny 2006"]
    assert handover["base"] > 300
    assert handover["value"] > 0.99
    grouped = by["G9"][0]
    assert grouped["found"]["tiny 2006"]["base"] > 100
    assert grouped["found"]["tiny 2006"]["value"] > 0.85
    assert by["G11"][0]["found"]["tiny 2006"]["value"] > 0.8
    assert by["G17"] == [], "what nothing serves says so"
    assert by["G8"][0]["what"] == "blocks found, of those that half A can tell"
    assert by["G5"][0]["found"]["tiny 2006"]["base"] > 30
    assert report.PAGE.read_text("utf-8") == page, "a quick run writes no page"


WORLD = {"tier": "M", "variant": "2006", "seed": 1000, "mails": 5, "start": "2006-01-02", "end": "2006-03-03",
         "parameters": "0123456789abcdef01"}  # fmt: skip


def test_the_page_takes_new_rows_and_keeps_the_others() -> None:
    page = report.PAGE.read_text("utf-8")
    head = ("", "goal", "bar", "S 2006", "S modern", "best reference method", "")
    rows = [("G1", "it: new", "", "1", "2", "", "met"), ("G2", "other: new", "", "1", "2", "", "met")]
    made = report.renewed(page, "S", [], [("Goals", head, rows)], (), ("G1",))
    assert "| G1 | it: new |" in made
    assert "other: new" not in made
    assert made.count("| G28 |") == page.count("| G28 |")
    assert report.renewed(made, "S", [], [], (), ()) == made
    first = report.base("", [WORLD], ["tracing", "lists"])
    again = report.base(first, [WORLD | {"parameters": "fedcba98765432100"}], ["lists"])
    assert re.findall(r"parameters `(\w+)`; (\w+) \d{4}-\d\d-\d\d$", again, re.MULTILINE) == [
        ("0123456789abcdef", "tracing"), ("fedcba9876543210", "lists"),
    ]  # fmt: skip
    both = report.renewed(made, "M", [WORLD], [("Goals", head, rows)], ["tracing"], None)
    replaced = re.findall(r"^- tier M, variant 2006, .*`; tracing [\d-]+$", made, re.MULTILINE)  # of nothing else
    assert both.count("- tier ") == made.count("- tier ") - len(replaced) + 1
    assert both.index("## Goals\n") < both.index("## Goals, tier M\n") < both.index("## On real mail")
    with pytest.raises(ValueError, match="no measured part"):
        report.renewed("nothing", "S", [], [])


def test_many_estimates_at_once_are_as_one_by_one() -> None:
    group = [n % 7 for n in range(200)]
    hits = [float(n % 3 == 0) for n in range(200)]
    above, below = np.zeros((7, 2)), np.zeros((7, 2))
    for place, hit in zip(group, hits, strict=True):
        above[place] += hit, hit
        below[place] += 1, 2
    found, half = grouped(above, below)
    alone = share(hits, group)
    assert found.value == pytest.approx(alone.value)
    assert (found.low, found.high) == (pytest.approx(alone.low), pytest.approx(alone.high))
    assert (found.base, found.groups) == (alone.base, alone.groups)
    assert half.value == pytest.approx(alone.value / 2)
    assert grouped(above, np.zeros((7, 2))) == [NONE, NONE]


def test_whole_networks_are_scored_against_the_worlds_registry(tmp_path: Path) -> None:
    def handed(first: str, last: str, parent: str = "NET-1") -> str:
        held = {"objectClassName": "ip network", "startAddress": first, "endAddress": last, "parentHandle": parent}
        return json.dumps({"object": held})

    rows = [handed("198.51.100.0", "198.51.100.255"), handed("203.0.113.0", "203.0.113.255"),
            handed("192.0.2.0", "192.0.2.255"), handed("198.51.0.0", "198.51.255.255", "")]  # fmt: skip
    (tmp_path / "world").mkdir()
    (tmp_path / "world/rdap.jsonl.zst").write_bytes(zstandard.compress("\n".join(rows).encode() + b"\n"))

    def mail(hour: int, client: str, intake: str = "a", half: str = "A") -> lists.Mail:
        return lists.Mail(hour * HOUR, client, intake, half, "junk", 1)

    def listed(words: str, hour: int) -> lists.Ranged:
        network = net.parse_network(words)
        assert network is not None
        return lists.Ranged(network, (), Span(hour * HOUR, 999 * HOUR))

    told = [mail(hour, f"198.51.100.{hour}", "ab"[hour % 2]) for hour in range(10, 14)]
    missed = [mail(hour, f"203.0.113.{hour}", "ab"[hour % 2]) for hour in range(10, 14)]
    thin = [mail(hour, f"192.0.2.{hour % 200}", "ab"[hour // 60 % 2]) for hour in range(10, 300, 60)]
    unseen = [mail(hour, f"192.0.2.{hour}", "b", "B") for hour in range(20, 40)]
    half = lists.Half("x", {}, ranges=[listed("198.51.100.0/25", 60), listed("198.51.100.0/25", 30),
                                       listed("198.51.200.0/24", 1)])  # fmt: skip
    found = blocks.score(tmp_path, [half], sorted([*told, *missed, *thin, *unseen]))
    assert (found.recall.value, found.recall.base) == (0.5, 2)
    assert (found.false.value, found.false.base) == (0.5, 2)
    assert found.call.value == 20
