"""Money: prices of shares that are touted and of others, rents of botnets, and every spammer's accounts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from spamworld.streams import quick, stream
from spamworld.world.facts import DAY, Booking, Price, Rental, Stock
from spamworld.world.setting import Setting


def prices(s: Setting) -> Iterator[Price]:
    """A row a day and share: geometric Brownian motion, with a pump where it is touted and a fall after."""
    touted = {c.stock.ticker: c.stock for c in s.campaigns.values() if c.stock}
    q = quick(s.seed, "tickers")
    for _ in range(s.p.stock.background):
        name = "".join(q.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(4))
        touted.setdefault(name, Stock(name, f"{name.title()} Corp.", round(q.uniform(0.1, 40.0), 2), 0.0, 0, 0))
    for stock in touted.values():
        yield from _series(s, stock)


def _series(s: Setting, stock: Stock) -> Iterator[Price]:
    p = s.p.stock
    draws = stream(s.seed, "price", stock.ticker)
    step = p.drift + p.volatility * draws.standard_normal(s.days)
    volume = np.exp(10.0 + 0.6 * draws.standard_normal(s.days))
    if stock.end:
        first, last = (stock.start - s.start) // DAY, (stock.end - 1 - s.start) // DAY
        rise = draws.uniform(p.pre_low, p.pre_high)
        for day in range(s.days):
            if first - 2 <= day < first:  # the spammer's friends buy before
                step[day] += np.log1p(rise) / 2
                volume[day] *= 2.0
            elif first <= day <= last:
                step[day] += 0.012
                volume[day] *= 6.0
            elif last < day <= last + 2:
                step[day] += np.log1p(p.post) / 2
                volume[day] *= 1.5
        place = min(max(first, 0), s.days - 1)
        level = np.log(stock.price) - np.cumsum(step)[place]  # so that the mail's price is the day's price
    else:
        level = np.log(stock.price)
    close = np.exp(level + np.cumsum(step))
    before = np.concatenate(([np.exp(level)], close[:-1]))
    for day in range(s.days):
        yield Price(
            stock.ticker,
            day,
            s.start + day * DAY,
            round(float(before[day]), 4),
            round(float(close[day]), 4),
            int(volume[day]),
        )


def rentals(s: Setting) -> list[Rental]:
    """Slices of botnets, let by brokers to spammers: priced by the mails that the slice is planned to send."""
    planned = _planned(s)
    out = []
    for one in s.campaigns.values():
        q = quick(s.seed, "rental", one.id)
        for channel in one.channels:
            if channel.kind == "bot":
                net = s.nets[channel.number - 1]
                mails = float(planned["bot", net.id].get(one.id, 0.0)) * s.p.money.world_per_trap
                days = max(1.0, (channel.end - channel.start) / DAY)
                price = round(net.price * mails / 1e6 / days * q.uniform(0.8, 1.25), 2)
                broker = 1 + (one.spammer * 7 + net.id) % s.p.money.brokers
                out.append(Rental(broker, net.id, one.spammer, one.id, channel.start, channel.end, price))
    return out


def _planned(s: Setting) -> dict[tuple[str, int], dict[int, float]]:
    """Mails that each channel is planned to bring for each of its campaigns, whatever may happen to it."""
    return {
        key: dict(zip(s.channels[key][0], part.sum(axis=1).tolist(), strict=True))
        for key, part in _parts(s, events=False)
    }


def _parts(s: Setting, events: bool) -> Iterator[tuple[tuple[str, int], np.ndarray]]:
    """For each channel the mails of its campaigns (rows, as in ``channels``) by day."""
    days = np.arange(s.days)
    for key, (_, first, last, weight) in s.channels.items():
        if key not in s.rates:
            continue
        rate = s.rates[key]
        if events and key[0] == "bot":
            rate = rate * s.effects.botnet(key[1], s.start + days * DAY + DAY // 2)
        lo = np.maximum(first[:, None], s.start + days * DAY)
        hi = np.minimum(last[:, None], s.start + (days + 1) * DAY)
        part = np.maximum(hi - lo, 0) / DAY * weight[:, None]
        total = part.sum(axis=0)
        yield key, np.divide(part, total, out=np.zeros_like(part), where=total > 0) * rate


def volumes(s: Setting) -> dict[int, np.ndarray]:
    """Mails that each campaign is expected to bring to our intakes, by day, events included."""
    days = np.arange(s.days)
    out = {number: np.zeros(s.days) for number in s.campaigns}
    for key, part in _parts(s, events=True):
        for row, number in enumerate(s.channels[key][0]):
            gone = s.effects.gone(s.campaigns[number].spammer)
            alive = 1.0 if gone is None else (s.start + days * DAY < gone.at)
            out[number] += part[row] * alive
    return out


def bookings(s: Setting) -> Iterator[Booking]:
    """Every spammer's accounts: what each campaign earned and cost, day by day."""
    m = s.p.money
    sent = volumes(s)
    rents: dict[int, list[Rental]] = {}
    for rental in rentals(s):
        rents.setdefault(rental.campaign, []).append(rental)
    for one in s.campaigns.values():
        draws = stream(s.seed, "bookings", one.id)
        luck = float(draws.lognormal(-0.3, 0.8))
        yield Booking(
            one.spammer, one.start, "addresses", -round(m.addresses_million * float(draws.uniform(0.2, 5.0)), 2), one.id
        )
        for domain in one.domains:
            yield Booking(one.spammer, domain.registered, "domains", -m.domain, one.id)
        for day in np.flatnonzero(sent[one.id] > 0).tolist():
            at = s.start + day * DAY
            thousands = float(sent[one.id][day]) * m.world_per_trap / 1000.0
            yield Booking(one.spammer, at, "income", round(thousands * m.income_thousand * luck, 2), one.id)
            for rental in rents.get(one.id, ()):
                share = (min(rental.end, at + DAY) - max(rental.start, at)) / DAY
                if share > 0:
                    yield Booking(one.spammer, at, "rent", -round(rental.price * share, 2), one.id)
