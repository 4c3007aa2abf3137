"""The goals G1 to G28 with their bars, and which figure serves each; what nothing serves yet says so."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from accuracy import blocks, botnets, campaigns, classes, content, guarding, kinds, lists, race, templates, tracing
from accuracy.intervals import Estimate, clopper_pearson

NOT_YET = "not yet"


class World(NamedTuple):
    """What was measured on one world."""

    name: str
    junk: tracing.Scores
    everything: tracing.Scores
    strategies: Mapping[str, tracing.Scores]
    classes: Mapping[str, tracing.Scores]
    networks: Mapping[str, tracing.Scores]
    held: Mapping[str, lists.Scores]  # by method, ours first; empty where lists were left out
    groups: campaigns.World | None = None  # None where campaigns were left out
    guarded: guarding.Scores | None = None  # None where the guard was left out
    touts: content.Touts | None = None  # None where content was left out
    pictures: Mapping[int, content.Read] | None = None  # by copies; drawn, and the same for every world
    classed: Sequence[classes.Classed] = ()  # empty where tracing was left out
    raced: Sequence[race.Ran] = ()  # every mail that ran; empty where the race was left out
    filters: templates.Scores | None = None  # None where content was left out
    blocks: blocks.Scores | None = None  # None where lists were left out


class Figure(NamedTuple):
    """One measured figure of a goal: what, its bar in words, ours, the references, whether the bar is reached."""

    what: str
    bar: str
    of: Callable[[World], Estimate]
    reached: Callable[[Estimate], bool]
    references: Callable[[World], Mapping[str, Estimate]] = lambda world: {}
    unit: str = "%"
    more_is_better: bool = True


class Goal(NamedTuple):
    """One goal: its number, what it is about, its figures; none where nothing serves it yet."""

    number: str
    about: str
    figures: tuple[Figure, ...] = ()


def _least(bar: float) -> Callable[[Estimate], bool]:
    return lambda found: found.value >= bar


def _most(bar: float) -> Callable[[Estimate], bool]:
    return lambda found: found.value <= bar


def _addresses(pick: Callable[[lists.Scores], Estimate]) -> Callable[[World], Estimate]:
    """Of the list of single addresses: ranges do not end in a world of a week."""
    return lambda world: pick(world.held["Junkhound, main"]) if world.held else _NOTHING


def _ours(pick: Callable[[lists.Scores], Estimate]) -> Callable[[World], Estimate]:
    return lambda world: pick(next(iter(world.held.values()))) if world.held else _NOTHING


def _theirs(pick: Callable[[lists.Scores], Estimate]) -> Callable[[World], Mapping[str, Estimate]]:
    return lambda world: {
        name: pick(one) for name, one in world.held.items() if not name.startswith(("Junkhound", "two vantages"))
    }


_NOTHING = Estimate(math.nan, math.nan, math.nan, 0)


def _worst(world: World) -> Estimate:
    found = [scores.source for scores in world.strategies.values() if scores.source.base >= 20]
    return min(found, key=lambda one: one.value) if found else _NOTHING


def _unseen(world: World) -> Estimate:
    """Recall on the worst strategy that has forged lines."""
    found = [scores.forged for scores in world.strategies.values() if scores.forged.base >= 20]
    return min(found, key=lambda one: one.value) if found else _NOTHING


def _ece(world: World) -> Estimate:
    value = world.junk.ece
    return Estimate(value, value, value, world.junk.source.base)


def _grouped(pick: Callable[[campaigns.Scores], Estimate]) -> Callable[[World], Estimate]:
    return lambda world: pick(world.groups.held["Junkhound"]) if world.groups else _NOTHING


def _other_groups(pick: Callable[[campaigns.Scores], Estimate]) -> Callable[[World], Mapping[str, Estimate]]:
    return lambda world: (
        {name: pick(one) for name, one in world.groups.held.items() if name != "Junkhound"} if world.groups else {}
    )


def _nets(pick: Callable[[botnets.Scores], Estimate]) -> Callable[[World], Estimate]:
    return lambda world: pick(world.groups.nets) if world.groups else _NOTHING


def _blocks(pick: Callable[[blocks.Scores], Estimate]) -> Callable[[World], Estimate]:
    return lambda world: pick(world.blocks) if world.blocks else _NOTHING


def _guard(pick: Callable[[guarding.Scores], Estimate]) -> Callable[[World], Estimate]:
    return lambda world: pick(world.guarded) if world.guarded else _NOTHING


def _touted(pick: Callable[[content.Touts], Estimate]) -> Callable[[World], Estimate]:
    return lambda world: pick(world.touts) if world.touts else _NOTHING


def _filters(pick: Callable[[templates.Scores], Estimate]) -> Callable[[World], Estimate]:
    return lambda world: pick(world.filters) if world.filters else _NOTHING


def _told(pick: Callable[[kinds.Told], Estimate]) -> Callable[[World], Estimate]:
    return lambda world: pick(world.groups.told) if world.groups and world.groups.told else _NOTHING


def _fields(copies: int) -> Callable[[World], Estimate]:
    """Ticker, price and promised price read from that many copies of a picture, under all kinds of noise."""
    return lambda world: (
        clopper_pearson(world.pictures[copies].right, world.pictures[copies].of) if world.pictures else _NOTHING
    )


def _gain(world: World) -> Estimate:
    """How much more is read right from nine copies than from one."""
    nine, one = _fields(9)(world), _fields(1)(world)
    value = nine.value / one.value if one.base and one.value else math.nan
    return Estimate(value, value, value, one.base)


GOALS = (
    Goal("G1", "Hand-over address", (
        Figure("exact, of the anchored", ">= 99.9%", lambda w: w.everything.handover, _least(0.999),
               lambda w: w.everything.others_handover),
        Figure("wrong though P >= 0.99", "0", lambda w: w.junk.wrong_sure, _most(0.0), more_is_better=False),
    )),
    Goal("G2", "True injector behind relays, webmail, forwards", (
        Figure("top-1, of the answered", ">= 95%", lambda w: w.junk.source, _least(0.95), lambda w: w.junk.others),
        Figure("top-3, of the answered", ">= 99%", lambda w: w.junk.three, _least(0.99)),
        Figure("answered", ">= 90%", lambda w: w.junk.covered, _least(0.90)),
        Figure("worst strategy", ">= 85%", _worst, _least(0.85)),
        Figure("calibration error (ECE)", "<= 0.02", _ece, _most(0.02), unit="", more_is_better=False),
    )),
    Goal("G3", "Forged lines found", (
        Figure("recall", ">= 98%", lambda w: w.junk.forged, _least(0.98)),
        Figure("recall, worst strategy", ">= 80%", _unseen, _least(0.80)),
        Figure("genuine lines called forged", "<= 0.1%", lambda w: w.everything.flagged, _most(0.001),
               more_is_better=False),
    )),
    Goal("G4", "False listings", (
        Figure("known-good sender-days listed", "<= 0.01%", _ours(lambda s: s.false), _most(0.0001),
               _theirs(lambda s: s.false), more_is_better=False),
    )),
    Goal("G5", "Listing recall", (
        Figure("later junk from listed addresses", ">= 90%", _ours(lambda s: s.volume), _least(0.90),
               _theirs(lambda s: s.volume)),
        Figure("by address", ">= 75%", _ours(lambda s: s.addresses), _least(0.75), _theirs(lambda s: s.addresses)),
    )),
    Goal("G6", "Lead time", (
        Figure("median before the first hit elsewhere", ">= 24 h", _ours(lambda s: s.lead), _least(24.0),
               _theirs(lambda s: s.lead), unit="h"),
        Figure("listed before the first hit elsewhere", ">= 30%", _ours(lambda s: s.before), _least(0.30),
               _theirs(lambda s: s.before)),
    )),
    Goal("G7", "Listed too long", (
        Figure("median after the last junk", "<= 12 h", _addresses(lambda s: s.over), _most(12.0),
               _theirs(lambda s: s.over), unit="h", more_is_better=False),
        Figure("95 of 100 after the last junk", "<= 72 h", _addresses(lambda s: s.over_95), _most(72.0),
               _theirs(lambda s: s.over_95), unit="h", more_is_better=False),
    )),
    Goal("G8", "Whole networks: snowshoe, bad hosters", (
        Figure("blocks found, of those that half A can tell", ">= 98%", _blocks(lambda s: s.recall), _least(0.98)),
        Figure("ranges listed that are no such block", "<= 1%", _blocks(lambda s: s.false), _most(0.01),
               more_is_better=False),
        Figure("median from a block's first junk to its listing", "<= 72 h", _blocks(lambda s: s.call), _most(72.0),
               unit="h", more_is_better=False),
    )),
    Goal("G9", "Campaign clustering", (
        Figure("ARI", ">= 0.95", _grouped(lambda s: s.ari), _least(0.95), _other_groups(lambda s: s.ari), unit=""),
        Figure("V", ">= 0.97", _grouped(lambda s: s.v), _least(0.97), _other_groups(lambda s: s.v), unit=""),
        Figure("B-cubed precision", ">= 0.99", _grouped(lambda s: s.precision), _least(0.99), unit=""),
        Figure("B-cubed recall", ">= 0.95", _grouped(lambda s: s.recall), _least(0.95), unit=""),
        Figure("groups a campaign, the median one", "<= 1.1", _grouped(lambda s: s.pieces), _most(1.1), unit="",
               more_is_better=False),
        Figure("ARI changed by the order of arrival", "<= 0.01",
               lambda w: w.groups.order if w.groups else _NOTHING, _most(0.01), unit="", more_is_better=False),
    )),
    Goal("G10", "Template filters, learned from the first 500 mails of each wording", (
        Figure("later mails missed", "<= 1%", _filters(lambda s: s.missed), _most(0.01), more_is_better=False),
        Figure("wanted mails of the world hit", "0", _filters(lambda s: s.hits), _most(0.0), more_is_better=False),
        Figure("real wanted mails hit", "0", _filters(lambda s: s.real_hits), _most(0.0), more_is_better=False),
        Figure("wordings with mails enough that have a pattern", "", _filters(lambda s: s.made), _least(0.0)),
    )),
    Goal("G11", "Botnet grouping", (
        Figure("purity, by address", ">= 95%", _nets(lambda s: s.purity), _least(0.95)),
        Figure("inverse purity", ">= 90%", _nets(lambda s: s.inverse), _least(0.90)),
        Figure("found for each true one", "0.9 to 1.1", _nets(lambda s: s.found),
               lambda one: 0.9 <= one.value <= 1.1, unit=""),
        Figure("tenancies, intersection over union", ">= 0.8", _nets(lambda s: s.tenancy), _least(0.8), unit=""),
    )),
    Goal("G12", "Botnet population", (
        Figure("error of the median botnet", "<= 15%", _nets(lambda s: s.size_error), _most(0.15),
               more_is_better=False),
        Figure("intervals that hold the truth", ">= 90%", _nets(lambda s: s.size_covered), _least(0.90)),
    )),
    Goal("G13", "Stock touts", (
        Figure("ticker in text, F1", ">= 0.97", _touted(lambda s: s.ticker), _least(0.97), unit=""),
        Figure("promised price, exact", ">= 90%", _touted(lambda s: s.target), _least(0.90)),
        Figure("other junk in which a share is seen", "<= 0.5%", _touted(lambda s: s.false), _most(0.005),
               more_is_better=False),
    )),
    Goal("G14", "Text in pictures", (
        Figure("key fields right, of nine copies", ">= 95%", _fields(9), _least(0.95)),
        Figure("of five copies", ">= 80%", _fields(5), _least(0.80)),
        Figure("nine copies against one", ">= 3", _gain, _least(3.0), unit=""),
    )),
    Goal("G15", "Category, of the campaigns as found", (
        Figure("macro-F1, of the answered", ">= 0.95", _told(lambda s: s.f1), _least(0.95), unit=""),
        Figure("not answered", "<= 10%", _told(lambda s: s.abstained), _most(0.10), more_is_better=False),
    )),
    Goal("G16", "CAN-SPAM elements"),
    Goal("G17", "Effect of a takedown"),
    Goal("G18", "Provider metrics"),
    Goal("G19", "Feed quality"),
    Goal("G20", "Tampering found"),
    Goal("G21", "Throughput"),
    Goal("G22", "Reports to providers"),
    Goal("G23", "Actors", (
        Figure("B-cubed precision", ">= 0.99", _nets(lambda s: s.actor_precision), _least(0.99), unit=""),
        Figure("B-cubed recall", ">= 0.70", _nets(lambda s: s.actor_recall), _least(0.70), unit=""),
        Figure("asserted links that are right", ">= 95%", _nets(lambda s: s.links), _least(0.95)),
    )),
    Goal("G24", "Levers and forecast"),
    Goal("G25", "The provider's desk"),
    Goal("G26", "Inbox guard, on the next day's mail", (
        Figure("wanted mail moved", "<= 0.1%", _guard(lambda s: s.false), _most(0.001), more_is_better=False),
        Figure("newsletters and forwarded mail moved", "<= 0.1%", _guard(lambda s: s.hard), _most(0.001),
               more_is_better=False),
        Figure("junk moved", "", _guard(lambda s: s.recall), _least(0.0)),
        Figure("junk caught where no wanted mail may be moved", ">= 95%", _guard(lambda s: s.recall_at_none),
               _least(0.95)),
    )),
    Goal("G27", "One victim's mailbox"),
    Goal("G28", "What a delivered thousand costs a spammer"),
)  # fmt: skip

ELSEWHERE = {
    "G20": "mutation tests: `tests/evidence`, `tests/ledger`",
    "G21": "[figures](figures.md)",
}


def met(figure: Figure, world: World) -> bool | None:
    """Whether the bar is reached and every reference is beaten; None where nothing was measured."""
    ours = figure.of(world)
    if not ours.base:
        return None
    sign = 1 if figure.more_is_better else -1
    perfect = 1.0 if figure.more_is_better else 0.0
    beaten = all(
        sign * ours.value > sign * one.value or ours.value == perfect
        for one in figure.references(world).values()
        if one.base
    )
    return figure.reached(ours) and beaten
