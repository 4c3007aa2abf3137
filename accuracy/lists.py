"""G4 to G8: what the list would have held through a world's days, against what came at the other half of its traps.

The traps and mailboxes are halved. The product sees half A alone: it ingests it and decides at every step, as it would
have then. Half B asks at every mail whether its client was listed. Steps are ``STEP_H`` apart, while the service
decides every minute: leads are short by half a step in the mean, against the product.
"""

from __future__ import annotations

import bisect
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from accuracy import baselines, mailboxes, reading
from accuracy.baselines import HOUR, Seen, Span
from accuracy.intervals import Estimate, clopper_pearson, ratio, share, statistic
from junkhound import listing
from junkhound.kernel import config, net
from junkhound.kernel.net import Network
from junkhound.verbs import replaying
from junkhound.verbs.office import Office

DAY = 24 * HOUR
STEP_H = 1
FULL_H = 24  # all addresses are decided anew this often, as the service does; between, those with new rows
_HOME_BITS = 64
_ZONE = """
[lists.dynamic]
scope = "public"
holds = "dynamic"

[lists.snowshoe]
scope = "public"
holds = "snowshoe"

[lists.escalated]
scope = "public"
holds = "escalated"
"""
"""Beside the list of direct sources that a world's settings name; together they are what a mail server would ask."""

Progress = Callable[[str, float], None]


class Mail(NamedTuple):
    """One arrival: when, which machine connected, to which intake, in which half, of which kind and group."""

    at: int
    client: str
    intake: str
    half: str
    kind: str
    group: int


class Ranged(NamedTuple):
    """One stretch of a listed network, less what its listing leaves out."""

    network: Network
    exclusions: tuple[Network, ...]
    span: Span


class Half:
    """What becomes of a list: spans by network or address, and stretches of listed networks."""

    def __init__(
        self, name: str, spans: Mapping[str, Sequence[Span]], under: Callable[[str], str] | None = None,
        ranges: Sequence[Ranged] = (),
    ) -> None:  # fmt: skip
        self.name, self.spans, self._under, self.ranges = name, spans, under, ranges
        self._inside: dict[tuple[int, int, int], list[Ranged]] = defaultdict(list)
        for one in ranges:
            self._inside[one.network.hi, one.network.lo, one.network.bits].append(one)
        self._lengths = sorted({one.network.bits for one in ranges})
        self._known: dict[str, list[Span]] = {}

    def of(self, address: str) -> list[Span]:
        """Every stretch in which an address was listed, itself or in a network; those that touch are one."""
        found = self._known.get(address)
        if found is None:
            every = [span for key in self.keys(address) for span in self.spans.get(key, ())]
            every += self._from_ranges(address)
            found = self._known[address] = merged(every)
        return found

    def keys(self, address: str) -> tuple[str, ...]:
        """Under what spans of an address may stand."""
        if self._under is not None:
            return (self._under(address),)
        return (address, subject(address)) if ":" in address else (address,)

    def _from_ranges(self, address: str) -> list[Span]:
        where = net.parse(address) if self._lengths else None
        if where is None:
            return []
        tops = (net.network_of(where, bits) for bits in self._lengths)
        held = (one for top in tops for one in self._inside.get((top.hi, top.lo, top.bits), ()))
        return [one.span for one in held if not any(hole.holds(where) for hole in one.exclusions)]

    def at(self, address: str, when: int) -> Span | None:
        """The span that holds an address at an instant."""
        spans = self.of(address)
        place = bisect.bisect_right(spans, when, key=lambda span: span.start) - 1
        return spans[place] if place >= 0 and when < spans[place].end else None

    @property
    def entries(self) -> int:
        """How many stretches."""
        return sum(map(len, self.spans.values())) + len(self.ranges)


def merged(spans: Iterable[Span]) -> list[Span]:
    """In order, those that touch or overlap as one."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def subject(address: str) -> str:
    """What the references list for an address: itself, or its /64."""
    if ":" in address:
        return baselines.network(address, 64)
    return address


def halves(folder: Path) -> dict[str, str]:
    """A or B for each intake: in turns by name, traps and mailboxes apart."""
    said = reading.settings(folder)
    found = {}
    for kind in ("traps", "mailboxes"):
        for number, name in enumerate(sorted(said.get(kind, {}))):
            found[name] = "AB"[number % 2]
    return found


def arrivals(folder: Path) -> list[Mail]:
    """Every arrival of a world in the order of time, by the machine that connected."""
    half = halves(folder)
    found = [
        Mail(true.at, true.handover, true.intake, half[true.intake], true.kind, true.group)
        for true in reading.truths(folder)
    ]
    return sorted(found)


def ingest(folder: Path, home: Path, day: str, progress: Progress) -> Path:
    """Half A into a home of its own; gives the settings file.

    Traps and the route table go in by the product's command, people's mailboxes through the spool.
    """
    home.mkdir(parents=True)
    settings = settled(folder, home, day)
    half = halves(folder)
    for path in sorted((folder / "mail/traps").iterdir()):
        name = path.name.removesuffix(".jsonl.zst")
        if half[name] == "A":
            progress(f"ingesting {name}", 0.0)
            _junkhound(settings, "ingest", "--trap", name, "--as", "junk", str(path))
    office = Office(config.load(settings))
    boxes = sorted(path for path in (folder / "mail/people").glob("*/*") if half[path.parent.name] == "A")
    mailboxes.take(office, boxes, lambda share: progress("ingesting mailboxes", share))
    office.ledger.compact(office.now)
    office.ledger.close()
    return settings


def settled(folder: Path, home: Path, day: str) -> Path:
    """The settings of a home that knows the world's routes and no mail yet."""
    settings = home / "junkhound.toml"
    text = (folder / "junkhound.toml").read_text("utf-8")
    settings.write_text(text + f'{_ZONE}\n[store]\nhome = "{home / "state"}"\n', "utf-8")
    _junkhound(settings, "data", "import", str(folder / "routes.csv"), "--name", "world", "--date", day)
    return settings


def _junkhound(settings: Path, *words: str) -> Any:
    command = [sys.executable, "-m", "junkhound", "--config", str(settings), *words, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise RuntimeError(f"{' '.join(words[:4])}: {done.stderr.strip()[-500:] or done.stdout[-500:]}")
    return json.loads(done.stdout)


def decide(settings: Path, start: int, end: int, progress: Progress) -> list[Half]:
    """The product's lists at every step of the world's time: all together, as a combined zone, then each.

    By `lists replay`, which makes the same decisions as `lists decide` (a test holds them together) without the
    state database between the steps.
    """
    office = Office(config.load(settings), end)
    books = {}
    for done in replaying.replay(
        office, None, start, end, STEP_H, lambda what, n, of: progress(what, n / max(of, 1)), 24
    ):
        books[done.policy.name] = done.book
    office.ledger.close()
    alone = [_half(f"Junkhound, {name}", [book]) for name, book in books.items()]
    return [_half("Junkhound", books.values()), *alone]


def _half(name: str, books: Iterable[listing.Book]) -> Half:
    spans: dict[str, list[Span]] = defaultdict(list)
    ranges = []
    for book in books:
        for network, stretches in book.spans.items():
            if not isinstance(network, Network):
                continue
            for one in stretches:
                if network.bits == 128 or (not network.is_v4 and network.bits == _HOME_BITS):
                    key = str(network.first) if network.bits == 128 else str(network)
                    spans[key].append(Span(one.start, one.end))
                else:
                    ranges.append(Ranged(network, one.exclusions, Span(one.start, one.end)))
    return Half(name, {key: merged(held) for key, held in spans.items()}, ranges=ranges)


def references(mails: Iterable[Mail], routes: baselines.Routes) -> list[Half]:
    """The reference methods on the same half A, then what no list under the rule of two vantages can surpass."""
    seen = [Seen(one.at, one.client, one.intake) for one in mails if one.half == "A" and one.kind == "junk"]
    return [
        Half("SpamCop's rules", baselines.spamcop(seen)),
        Half("/24 networks", baselines.whole_24(seen), baselines.network_24),
        Half("every address seen once", baselines.seen_once(seen)),
        Half("two vantages, kept for ever", baselines.spamcop(seen, stays=10**6 * HOUR)),
        Half("two vantages, their announced networks", baselines.by_network(seen, routes.network), routes.network),
        Half("two vantages, their origin networks", baselines.by_network(seen, routes.origin), routes.origin),
    ]


class Scores(NamedTuple):
    """Figures of one list; times in hours."""

    false: Estimate
    volume: Estimate
    addresses: Estimate
    lead: Estimate
    before: Estimate
    over: Estimate
    over_95: Estimate
    entries: int


def score(held: Half, mails: Sequence[Mail], start: int) -> Scores:
    """All figures of one list on half B."""
    junk = [one for one in mails if one.kind == "junk"]
    bad = {one.client for one in junk}
    later = [one for one in junk if one.half == "B" and one.at >= start]
    hits = [held.at(one.client, one.at) is not None for one in later]
    first: dict[str, Mail] = {}
    ever: dict[str, bool] = {}
    for one, hit in zip(later, hits, strict=True):
        first.setdefault(one.client, one)
        ever[one.client] = ever.get(one.client, False) or hit
    good = {(one.client, one.at // DAY) for one in mails if one.kind == "good" and one.client not in bad}
    caught = sum(_that_day(held, client, number) for client, number in good)
    leads = [
        (one.group, (one.at - span.start) / HOUR) for one in first.values() if (span := held.at(one.client, one.at))
    ]
    over = _over(held, junk)
    return Scores(
        false=clopper_pearson(caught, len(good)),
        volume=share(hits, [one.group for one in later]),
        addresses=share([ever[client] for client in first], [one.group for one in first.values()]),
        lead=statistic([hours for _, hours in leads], [group for group, _ in leads], lambda v: float(np.median(v))),
        before=ratio([held.at(one.client, one.at) is not None for one in first.values()], [1] * len(first),
                     [one.group for one in first.values()]),
        over=statistic([hours for _, hours in over], [group for group, _ in over], lambda v: float(np.median(v))),
        over_95=statistic([hours for _, hours in over], [group for group, _ in over],
                          lambda v: float(np.quantile(v, 0.95))),
        entries=held.entries,
    )  # fmt: skip


def _that_day(held: Half, client: str, number: int) -> bool:
    """Whether an address was listed at any hour of a day."""
    return any(held.at(client, number * DAY + hour * HOUR) for hour in range(0, 24, 3))


def _over(held: Half, junk: Iterable[Mail]) -> list[tuple[int, float]]:
    """Hours that each ended span of an address outlived its last junk, with a group to draw by.

    Ranges are left out: a dynamic range says what its addresses are, and no range of a week-long world ends in it.
    """
    last: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for one in junk:
        for key in held.keys(one.client):
            last[key].append((one.at, one.group))
    end_of_all = max((at for times in last.values() for at, _ in times), default=0)
    found = []
    for key, spans in held.spans.items():
        for span in spans:
            times = [(at, group) for at, group in last.get(key, ()) if at < span.end]
            if times and span.end < end_of_all:
                found.append((times[-1][1], (span.end - times[-1][0]) / HOUR))
    return found
