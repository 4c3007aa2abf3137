"""Shares that junk praises: which, when, by how many machines, at what promised price, and what came of it."""

from __future__ import annotations

from collections import Counter
from html import escape
from pathlib import Path

import msgspec

from junkhound import content, tout
from junkhound.evidence.message import parse
from junkhound.kernel import clock
from junkhound.kernel.clock import DAY, day_text
from junkhound.kernel.errors import ConfigError, NotFound
from junkhound.ledger.pictures import Shelf
from junkhound.ledger.queries_touts import Totals, Touted, Touts
from junkhound.tables import KeyKind
from junkhound.tout import Effect
from junkhound.verbs import seen
from junkhound.verbs.office import Office

PUBLIC_VANTAGES = 2
"""Vantages that must have seen a share before its page is public: one alone would show which address is a trap."""
PUBLIC_MAILS = 3


class Run(msgspec.Struct, frozen=True):
    """One run of touting days. ``effect`` is None without prices; ``chance`` that of so many mails without a burst."""

    first_on: str
    last_on: str
    mails: int
    pictures: int
    days: tuple[tuple[str, int], ...]
    effect: Effect | None = None
    chance: float = 0.0


class Share(msgspec.Struct, frozen=True):
    """One share: what mails say of it (the commonest words and figures), and its runs, the newest first."""

    ticker: str
    market: str
    company: str
    price: float
    target: float
    horizon: str
    mails: int
    sources: int
    countries: int
    vantages: int
    first_on: str
    last_on: str
    runs: tuple[Run, ...]
    believed: bool = True  # False: an ordinary word, and no burst


class Feed(msgspec.Struct, frozen=True):
    """What was written for the public, and how many shares were held back because too few saw them."""

    folder: str
    shares: tuple[str, ...]
    withheld: int


def shares(office: Office, limit: int = 100) -> tuple[Share, ...]:
    """All touted shares, those touted last first. Errors: ConfigError for prices that are not there."""
    days, totals, samples, texts = _collected(office)
    prices = _prices(office)
    found = [
        _share(office, ticker, mine, totals[ticker], samples.get(ticker, []), texts.get(ticker, []), prices)
        for ticker, mine in days.items()
    ]
    return tuple(sorted(found, key=lambda one: (one.last_on, one.mails, one.ticker), reverse=True)[:limit])


def share(office: Office, ticker: str) -> Share:
    """One touted share. Errors: NotFound."""
    days, totals, samples, texts = _collected(office)
    name = ticker.upper().partition(".")[0]
    if name not in days:
        raise NotFound(f"no mail praises {ticker!r}", "junkhound touts list names the shares that are touted")
    return _share(office, name, days[name], totals[name], samples.get(name, []), texts.get(name, []), _prices(office))


Days = dict[str, list[Touted]]


def _collected(
    office: Office,
) -> tuple[Days, dict[str, Totals], dict[str, list[tuple[int, int]]], dict[str, list[str]]]:
    """Days, totals, sample mails, and texts of pictures, by ticker."""
    shelf = Shelf(office.ledger.state)
    of_group = {
        number: tuple(name for kind, name in finds if kind == KeyKind.TICKER) for number, finds in shelf.finds().items()
    }
    shown = {key: of_group[group] for key, group in shelf.known().items() if of_group.get(group)}
    texts: dict[str, list[str]] = {}
    for group in shelf.groups():
        for name in of_group.get(group.number, ()):
            texts.setdefault(name, []).extend((group.text, *group.texts))
    rows, totals, samples = Touts(office.ledger.engine, office.ledger.snapshot()).of(shown)
    days: Days = {}
    for row in rows:
        days.setdefault(row.ticker, []).append(row)
    return days, totals, samples, texts


def _share(
    office: Office, ticker: str, days: list[Touted], totals: Totals, samples: list[tuple[int, int]], texts: list[str],
    prices: tout.Prices | None,
) -> Share:  # fmt: skip
    said = [one for text in [*_read(office, samples), *texts] for one in content.touts(text) if one.ticker == ticker]

    def commonest(values: list[str] | list[float]) -> object:
        counted = Counter(value for value in values if value)
        return counted.most_common(1)[0][0] if counted else None

    pictures = {row.day: row.pictures for row in days}
    runs = []
    praised = [tout.Day(row.day, row.mails) for row in days]
    for run in reversed(tout.runs(praised, office.config.touts.gap_days)):
        measured = tout.effect(prices, ticker, run.first, run.last) if prices is not None else None
        runs.append(
            Run(
                _on(run.first), _on(run.last), run.mails, sum(pictures[day.day] for day in run.days),
                tuple((_on(day.day), day.mails) for day in run.days), measured, tout.chance(run, praised),
            )
        )  # fmt: skip
    return Share(
        ticker, str(commonest([one.market for one in said]) or ""),
        seen.Redactor(office)(str(commonest([one.company for one in said]) or "")),
        float(str(commonest([one.price for one in said]) or 0)),
        float(str(commonest([one.target for one in said]) or 0)),
        str(commonest([one.horizon for one in said]) or ""), sum(row.mails for row in days), totals.sources,
        totals.countries, totals.vantages, runs[-1].first_on, runs[0].last_on, tuple(runs),
        tout.believed(ticker, [run.chance for run in runs]),
    )  # fmt: skip


def _on(day: int) -> str:
    return day_text(day * DAY)


def _read(office: Office, samples: list[tuple[int, int]]) -> list[str]:
    """The visible texts of a few mails; those whose bytes are gone are left out."""
    found = []
    for segment, ordinal in samples:
        try:
            mail = parse(bytes(office.ledger.packs.read(segment, ordinal).mail))
        except NotFound:
            continue
        found.append(f"{mail.text(b'subject', 200)}\n{content.view(mail).text}")
    return found


def _prices(office: Office) -> tout.Prices | None:
    """The operator's series. Errors: ConfigError for a file that is not there, DataError for one that is no prices."""
    path = office.config.touts.prices
    if not path:
        return None
    base = Path(office.config.path).parent if office.config.path else Path()
    try:
        return tout.read_prices((base / Path(path).expanduser()).read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"[touts] prices: {error}", "name a CSV with symbol, day, close and volume") from None


# -- papers ---------------------------------------------------------------------------------------------------------


def fact_sheet(office: Office, one: Share) -> str:
    """What a regulator is told of a share, as text: what was seen and measured, and how; no advice, nobody accused."""
    lines = [
        f"FACT SHEET: unsolicited mail about the share {one.ticker}",
        f"made {clock.text(office.now)} from junk mail received by traps and mailboxes of this operator",
        "",
        f"symbol              {one.ticker}{f' ({one.market})' if one.market else ''}",
        f"company as named    {one.company or 'not named'}",
        f"price as named      {_sum(one.price) if one.price else 'not named'}",
        f"price as promised   {_sum(one.target) if one.target else 'not named'}"
        f"{f' ({one.horizon})' if one.horizon else ''}",
        f"mails               {one.mails:,}, {one.first_on} to {one.last_on}",
        f"sending machines    {one.sources:,} in {one.countries:,} countries",
        "",
        "What stands above in the senders' words may be false; the company need not know of the mails.",
    ]
    for run in one.runs:
        lines += [
            "",
            f"RUN {run.first_on} to {run.last_on}: {run.mails:,} mails, {run.pictures:,} with the text in a picture",
            f"  so many by chance, as the 90 days before let expect: {run.chance:.1g}",
        ]
        lines += [f"  {day}  {mails:>8,}" for day, mails in run.days]
        if run.effect is not None:
            lines += _measured(run.effect)
    lines += ["", "Mails are kept with their seals: junkhound evidence exports them with proofs."]
    return "\n".join(lines) + "\n"


def _measured(found: Effect) -> list[str]:
    return [
        f"  return beyond the expected, two days before / while touted / {tout.market.AFTER} days after:"
        f" {found.before:+.1%} / {found.during:+.1%} / {found.after:+.1%} (z while touted {found.z:+.1f})",
        f"  volume while touted: {found.volume_times:.1f} times the usual",
        f"  buyers' loss {_sum(found.loss.low)} to {_sum(found.loss.high)}; sellers' gain {_sum(found.gain.low)} to"
        f" {_sum(found.gain.high)}, in the currency of the prices",
        f"  measured by {found.model}, learned from {found.learned_days} trading days; the lower sums take only trading"
        " beyond the usual, the upper ones all of it",
    ]


def _sum(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:,.4f}".rstrip("0").rstrip(".")


def feed(office: Office, folder: str = "") -> Feed:
    """Write a warning page and a line of the feed for each share that enough vantages saw; ``out/touts`` by default.

    Published are days and ranges, never instants, and nothing that one trap alone saw (RUNTIME, observation 10).
    """
    place = Path(folder) if folder else office.home / "out" / "touts"
    place.mkdir(parents=True, exist_ok=True)
    every = shares(office, 1_000_000)
    public = [one for one in every if one.vantages >= PUBLIC_VANTAGES and one.mails >= PUBLIC_MAILS and one.believed]
    for one in public:
        _write(place / f"{one.ticker}.html", page(one))
    lines = [_public(one) for one in public]
    _write(place / "feed.json", msgspec.json.format(msgspec.json.encode(lines)).decode() + "\n")
    _write(place / "feed.xml", _atom(office, public))
    return Feed(str(place), tuple(one.ticker for one in public), len(every) - len(public))


def _write(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, "utf-8")
    part.rename(path)


def _range(count: int) -> str:
    """A count as its order: what one mail more or less would not move."""
    for low, high in ((0, 10), (10, 100), (100, 1000), (1000, 10_000), (10_000, 100_000)):
        if count < high:
            return f"{low:,} to {high:,}"
    return "over 100,000"


def _public(one: Share) -> dict[str, object]:
    newest = one.runs[0]
    told: dict[str, object] = {
        "ticker": one.ticker, "company_as_named": one.company, "first_on": one.first_on, "last_on": one.last_on,
        "mails": _range(one.mails), "sources": _range(one.sources), "runs": len(one.runs),
    }  # fmt: skip
    if newest.effect is not None:
        told["buyers_loss"] = [round(newest.effect.loss.low, -2), round(newest.effect.loss.high, -2)]
    return told


def page(one: Share) -> str:
    """The public warning page of one share: no script, nothing from elsewhere."""
    rows = "".join(
        f"<tr><td>{run.first_on}</td><td>{run.last_on}</td><td>{_range(run.mails)}</td></tr>" for run in one.runs
    )
    lost = one.runs[0].effect
    measured = (
        f"<p>While it was last touted, buyers lost {_sum(round(lost.loss.low, -2))} to"
        f" {_sum(round(lost.loss.high, -2))} in the currency of the prices.</p>"
        if lost is not None and lost.loss.high > 0
        else ""
    )
    return (
        '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Warning: junk mail about {escape(one.ticker)}</title>"
        "<style>body{font:1rem/1.5 sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem}"
        "td,th{padding:.2rem 1rem .2rem 0;text-align:left}</style>"
        f"<h1>Junk mail praises the share {escape(one.ticker)}</h1>"
        f"<p>Unsolicited mail named {escape(one.company) or 'this company'} and promised a rise. Whoever sends such"
        " mail usually holds the share and sells while others buy; the price mostly falls within days. The company"
        " itself need not know of it.</p>"
        f"{measured}<table><tr><th>from</th><th>to</th><th>mails seen</th></tr>{rows}</table>"
        "<p>This page states what junk mail was seen. It is no advice to buy or to sell.</p></html>\n"
    )


def _atom(office: Office, public: list[Share]) -> str:
    entries = "".join(
        f"<entry><id>urn:junkhound:tout:{escape(one.ticker)}:{one.runs[0].first_on}</id>"
        f"<title>Junk mail praises {escape(one.ticker)}</title><updated>{one.last_on}T00:00:00Z</updated>"
        f'<link href="{escape(one.ticker)}.html"/><summary>{escape(one.company)}, {one.first_on} to {one.last_on},'
        f" {_range(one.mails)} mails</summary></entry>"
        for one in public
    )
    newest = max((one.last_on for one in public), default=_on(office.now // DAY))
    return (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        f"<id>urn:junkhound:touts</id><title>Shares praised by junk mail</title><updated>{newest}T00:00:00Z</updated>"
        f"<author><name>Junkhound</name></author>{entries}</feed>\n"
    )
