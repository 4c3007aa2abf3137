"""Pages about campaigns, botnets, actors and keys: what the verbs say, as plain fields."""

from __future__ import annotations

import re
from collections.abc import Mapping

from junkhound import content
from junkhound.kernel import clock
from junkhound.kernel.errors import NotFound, UsageError
from junkhound.verbs import actors, botnets, campaigns, entities, touts, wording
from junkhound.web.desk import Desk, Fields
from junkhound.web.plain import plain

Ask = Mapping[str, str]
_SHOWN = 100
_WORDINGS, _PHRASES = 6, 40


def all_campaigns(desk: Desk, ask: Ask) -> Fields:
    """Campaigns ranked; the query's words are those of ``junkhound campaigns``."""
    office = desk.office(ask.get("at"))
    by = ask.get("by") or "mails"

    def make() -> Fields:
        found = campaigns.rank(office, by, _SHOWN, ask.get("kind", ""), ask.get("since"), ask.get("until"))
        return {"at": clock.text(office.now), "by": by, "ranking": plain(found)}

    return desk.remembered(office, "campaigns", ask, make)


def all_touts(desk: Desk, ask: Ask) -> Fields:
    """Shares that junk praises."""
    office = desk.office(ask.get("at"))

    def make() -> Fields:
        return {"at": clock.text(office.now), "shares": [plain(one) for one in touts.shares(office, _SHOWN)]}

    return desk.remembered(office, "touts", ask, make)


def tout(desk: Desk, ask: Ask, name: str) -> Fields:
    """One touted share: its days, what was promised, and what came of it."""
    office = desk.office(ask.get("at"))

    def make() -> Fields:
        one = touts.share(office, name)
        return {"at": clock.text(office.now), "one": plain(one), "key": f"{content.key(one.ticker):016x}"}

    return desk.remembered(office, f"tout:{name}", ask, make)


def campaign(desk: Desk, ask: Ask, name: str) -> Fields:
    """One campaign: its days, where from, what its mails share, samples, history, and its ties."""
    office = desk.office(ask.get("at"))

    def make() -> Fields:
        found = campaigns.show(office, name)
        return {
            "at": clock.text(office.now),
            "found": plain(found),
            "volume": _series(found.days, "junk"),
            "graph": plain(entities.graph(office, (found.line.name,), 40)),
            "wordings": [_wording(one) for one in wording.lines(office, found.line.name)[:_WORDINGS]],
        }

    return desk.remembered(office, f"campaign {name}", ask, make)


def _wording(one: wording.Line) -> Fields:
    """One wording as a person reads it: its phrases in order, with what takes their place in other copies."""
    made = one.pattern
    return {
        "version": one.version, "met_on": one.met_on, "traps": one.traps, "learned": made.learned,
        "missed": made.missed, "bits": round(made.bits), "fields": dict(made.fields),
        "phrases": [list(part) for part in made.parts[:_PHRASES]], "more": max(0, len(made.parts) - _PHRASES),
    }  # fmt: skip


def _series(days: tuple[campaigns.Part, ...], kind: str) -> Fields:
    """The days of a campaign as the chart of volume takes them, silent days too."""
    if not days:
        return {"labels": [], "kinds": [], "unit": "day", "since": "", "until": "", "messages": 0}
    from junkhound import stats

    numbers = [stats.day_of(*map(int, part.what.split("-"))) for part in days]
    counts = [part.mails for part in days]
    span = numbers[-1] - numbers[0]
    unit = "day" if span < 120 else "week" if span < 800 else "month"
    places, sums = stats.by_unit(numbers, counts, unit, numbers[0], numbers[-1])
    return {
        "unit": unit, "since": days[0].what, "until": days[-1].what, "messages": sum(counts),
        "labels": [stats.unit_words(int(number), unit) for number in places],
        "kinds": [{"kind": kind, "counts": [int(n) for n in sums], "messages": sum(counts)}],
    }  # fmt: skip


def all_botnets(desk: Desk, ask: Ask) -> Fields:
    """The botnets that stand."""
    office = desk.office(ask.get("at"))
    return {"at": clock.text(office.now), "lines": plain(botnets.rank(office, _SHOWN))}


def botnet(desk: Desk, ask: Ask, name: str) -> Fields:
    """One botnet: how many, where, who rents it, what came and went."""
    office = desk.office(ask.get("at"))
    return {"at": clock.text(office.now), "found": plain(botnets.show(office, name))}


def all_actors(desk: Desk, ask: Ask) -> Fields:
    """The actors with a name."""
    office = desk.office(ask.get("at"))
    return {"at": clock.text(office.now), "lines": plain(actors.rank(office, _SHOWN))}


def actor(desk: Desk, ask: Ask, name: str) -> Fields:
    """One actor: its campaigns, what ties them, what may tie it to others."""
    office = desk.office(ask.get("at"))
    found = actors.show(office, name)
    return {
        "at": clock.text(office.now),
        "found": plain(found),
        "graph": plain(entities.graph(office, (found.line.name,), 40)),
    }


def entity(desk: Desk, ask: Ask, kind: str, key: str) -> Fields:
    """What else has one key."""
    if not re.fullmatch(r"[0-9a-f]{16}", key):
        raise UsageError(f"not a key: {key!r}", "a key has 16 hex digits")
    if kind == "trap":
        raise NotFound("a trap is nobody's key", "further traps are left out of every answer")
    office = desk.office(ask.get("at"))
    return {"at": clock.text(office.now), "found": plain(entities.entity(office, key, kind)[0])}
