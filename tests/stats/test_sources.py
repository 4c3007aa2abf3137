"""``sources`` and ``stats`` over a small ledger whose answers are known."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from junkhound import stats as pure
from junkhound.cli import main_group
from junkhound.kernel import clock
from junkhound.kernel.errors import UsageError
from junkhound.tables import Kind, country_number
from junkhound.verbs import sources, stats
from junkhound.verbs.office import Office, open_office
from support.sightings import sighting, unit

GB, US = country_number("GB"), country_number("US")
LONG, LOUD, LATE, SIX = "192.0.2.7", "203.0.113.9", "203.0.113.10", "2001:db8::7"
BRITISH = {"asn": 64496, "country": GB, "prefix": 120}
AMERICAN = {"asn": 64498, "country": US, "prefix": 120}


def rows() -> Iterator[dict[str, object]]:
    """Day 0 is 2006-05-04. Ten sightings a year apart, a burst of 50, a late one, one by IPv6, one that is no junk."""
    number = iter(range(1, 1000))
    for year in range(10):
        yield sighting(next(number), LONG, day=-365 * year - 1, **BRITISH)
    for hour in range(50):
        yield sighting(next(number), LOUD, day=-100, hour=hour % 12, **AMERICAN)
    yield sighting(next(number), LATE, day=0, hour=1, **AMERICAN)
    yield sighting(next(number), SIX, day=-30, **(BRITISH | {"prefix": 32}))
    yield sighting(next(number), LATE, day=-1, kind=int(Kind.GOOD), **AMERICAN)
    yield sighting(next(number), LOUD, day=-100, resend=1, **AMERICAN)
    yield sighting(next(number), None, day=-2)
    yield sighting(next(number), LOUD, **AMERICAN) | {"seen_at": None}


@pytest.fixture(scope="module", params=["fresh", "compacted", "both"])
def office(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Office:
    office = open_office(home=str(tmp_path_factory.mktemp("ledger") / "home"))
    made = list(rows())
    half = len(made) // 2 if request.param == "both" else len(made)
    for segment, part in enumerate((made[:half], made[half:]), 1):
        if part:
            office.ledger.commit([unit(office.ledger.store, segment, part)])
        if segment == 1 and request.param != "fresh":
            office.ledger.compact(office.now)
    return office


@pytest.fixture(scope="module")
def simple(tmp_path_factory: pytest.TempPathFactory) -> Office:
    office = open_office(home=str(tmp_path_factory.mktemp("ledger") / "home"))
    office.ledger.commit([unit(office.ledger.store, 1, rows())])
    return office


def test_each_order_has_its_own_first(office) -> None:
    first = {by: sources.rank(office, by=by).rows[0].address for by in pure.ORDERS}
    assert first == {"volume": LOUD, "persistence": LONG, "recent": LATE}


def test_a_row_says_what_and_of_how_many(office) -> None:
    ranking = sources.rank(office, by="persistence", country="GB")
    assert (ranking.since, ranking.until) == ("1997-05-05", "2006-05-04")
    assert (ranking.base, ranking.base_sources, ranking.messages, ranking.sources) == (63, 4, 11, 2)
    long, six = ranking.rows
    assert (long.messages, long.days, long.weeks, long.longest_gap_days, long.hiatuses) == (10, 10, 10, 364, 9)
    assert (long.asn, long.network, long.country) == (64496, "192.0.2.0/24", "GB")
    assert long.share == pytest.approx(10 / 63)
    assert long.words == "sending since 1997, on and off: 9 hiatuses, the longest 364 days"
    assert (six.address, six.network, six.words) == (SIX, "2001:db8::/32", "sent on 2006-04-04 only")
    assert len(long.life) == len(six.life)
    assert long.listed == ()


def test_a_period_cuts_what_counts_and_says_so(office) -> None:
    ranking = sources.rank(office, since="2006", until="2006-04")
    assert [(row.address, row.messages) for row in ranking.rows] == [(LOUD, 50), (SIX, 1)]
    assert (ranking.since, ranking.until, ranking.base) == ("2006-01-01", "2006-04-30", 51)
    earlier = Office(office.config, clock.parse("2005-12-31"))
    assert [row.address for row in sources.rank(earlier).rows] == [LONG]
    assert sources.rank(office, since="2010").rows == ()


def test_good_mail_is_nobodys_abuse_unless_asked_for(office) -> None:
    assert [row.address for row in sources.rank(office, kinds=("good",)).rows] == [LATE]


def test_counts_by_everything_sum_to_their_base(office) -> None:
    for what in stats.GROUPS:
        counts = stats.by(office, what, limit=1000)
        traced = what in ("network", "block")  # one sighting blames no address
        assert sum(line.messages for line in counts.lines) == counts.base - traced, what
        assert counts.base == (64 if what == "kind" else 63)
    by_country = {line.what: (line.messages, line.sources) for line in stats.by(office, "country").lines}
    assert by_country == {"US": (51, 2), "GB": (11, 2), "unknown": (1, 0)}
    by_network = [(line.what, line.messages) for line in stats.by(office, "network").lines]
    assert by_network == [("203.0.113.0/24", 51), ("192.0.2.0/24", 10), ("2001:db8::/32", 1)]
    assert [line.what for line in stats.by(office, "year", country="GB").lines] == [str(y) for y in range(1997, 2007)]


def test_year_on_year_counts_the_country_and_its_base(office) -> None:
    found = stats.year_on_year(office, country="GB")
    assert [(year["name"], year["count"], year["base"]) for year in found.years][-2:] == [
        ("2005", 1, 1),
        ("2006", 2, 54),
    ]
    assert found.twelve_months is not None
    assert found.twelve_months["against"] == ("2004-05-05", "2005-05-04")


def test_the_overview_counts_what_counts_nowhere_else(office) -> None:
    found = stats.overview(office)
    assert (found.rows, found.messages, found.undated, found.repeats, found.sources) == (66, 64, 1, 1, 4)
    assert {line.what for line in found.kinds} == {"junk", "good"}


def test_an_empty_ledger_answers_with_nothing(tmp_path) -> None:
    office = open_office(home=str(tmp_path / "home"))
    assert sources.rank(office).rows == ()
    assert stats.by(office, "country").lines == ()
    assert stats.year_on_year(office).years == ()
    assert stats.overview(office).rows == 0


@pytest.mark.parametrize(
    "asked",
    [
        {"country": "GBR"}, {"asn": "many"}, {"since": "soon"}, {"since": "2006", "until": "2005"},
        {"kinds": ("spam",)}, {"by": "age"}, {"since": "0000"}, {"since": "2006-13"},
    ],
)  # fmt: skip
def test_a_question_without_sense_is_refused(simple, asked) -> None:
    with pytest.raises(UsageError):
        sources.rank(simple, **asked)


def test_the_command_line_prints_the_same_fields(simple) -> None:
    home = ["--home", str(simple.home)]

    def run(*words: str) -> str:
        return CliRunner().invoke(main_group, [*home, *words], catch_exceptions=False).stdout

    told = run("sources", "--country", "gb", "--by", "persistence")
    assert told.startswith(
        "2 of 2 sources in GB by persistence; 11 of 63 (17.5%) abusive sightings, 1997-05-05 to 2006-05-04\n"
    )
    assert "sending since 1997, on and off: 9 hiatuses, the longest 364 days" in told
    answer = json.loads(run("sources", "--json"))
    assert [row["address"] for row in answer["rows"]][:2] == [LOUD, LONG]
    countries = run("stats", "by", "country").splitlines()
    assert countries[0] == "by country: of 63 abusive sightings of 4 sources, 1997-05-05 to 2006-05-04"
    assert countries[2].split()[:4] == ["US", "51", "81.0%", "2"]
    years = run("stats", "year-on-year", "--country", "US").splitlines()
    assert years[0] == "abusive sightings in US, 1997-05-05 to 2006-05-04"
    assert years[-3].split()[:4] == ["2006", "51", "54", "94.4%"]
    assert run("stats", "overview").startswith("64 sightings of 4 sources, 1997-05-05 to 2006-05-04\n")
    assert json.loads(run("stats", "year-on-year", "--json"))["years"][-1]["name"] == "2006"
