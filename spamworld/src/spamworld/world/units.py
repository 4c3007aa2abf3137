"""What all units of junk share: the campaigns of a day, rows of chance, and the making of one delivery."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from spamworld.plan import Delivery, Machine, Step
from spamworld.streams import stream
from spamworld.world.chance import Longs, pick
from spamworld.world.facts import DAY, Campaign
from spamworld.world.making import Maker
from spamworld.world.setting import Setting

DRAWS = 15  # uniforms that a mail may use


class Units:
    """Rows of a unit of mail: it draws from a stream of its own for each day."""

    def __init__(self, setting: Setting, maker: Maker) -> None:
        self.s, self.m = setting, maker

    def _plan(
        self,
        key: tuple[str, int],
        day: int,
        draws: np.random.Generator,
        n: int,
        sliced: Longs | None = None,
    ) -> tuple[list[Campaign], Longs, Longs, Longs]:
        """A campaign for each mail, and the part of the day in which it is sent."""
        numbers, first, last, weight = self.s.channels[key]
        lo = np.maximum(first, self.s.start + day * DAY)
        hi = np.minimum(last, self.s.start + (day + 1) * DAY)
        which = pick(weight * np.maximum(hi - lo, 0) / DAY, draws.random(n) if sliced is None else np.asarray(sliced))
        return [self.s.campaigns[numbers[i]] for i in which.tolist()], lo[which], hi[which], which

    def _mangled(self, u: float) -> str:
        share = self.s.p.strategies.mangled
        return "" if u < 1.0 - share else ("stripped" if u < 1.0 - share / 2 else "inline")

    def _version(self, one: Campaign, at: int) -> int:
        for version in one.versions:
            if at < version.end:
                return version.number
        return one.versions[-1].number

    def _stopped(self, one: Campaign, at: int) -> bool:
        """Whether its spammer had been arrested by then."""
        gone = self.s.effects.gone(one.spammer)
        return gone is not None and at >= gone.at

    def _columns(
        self,
        kind: str,
        day: int,
        rate: float,
        number: int,
        key: tuple[str, int],
    ) -> Iterator[tuple[int, int, Campaign, int, int, list[float]]]:
        """Rows of a unit without bots: (id, at, campaign, trap, box, uniforms)."""
        s = self.s
        if key not in s.channels:
            return
        draws = stream(s.seed, "day", number, day)
        n = int(draws.poisson(rate))
        if not n:
            return
        found, lo, hi, _ = self._plan(key, day, draws, n)
        at = (lo + draws.random(n) * np.maximum(hi - lo, 1)).astype(np.int64).tolist()
        trap = pick(s.boxes.trap_weight, draws.random(n)).tolist()
        box = pick(s.boxes.box_weight, draws.random(n)).tolist()
        uniform = draws.random((n, DRAWS + 3)).tolist()
        alive = (hi > lo).tolist()
        base = day << 40 | number << 24
        for i in range(n):
            if alive[i] and not self._stopped(found[i], at[i]):
                yield base | i, at[i], found[i], trap[i], box[i], uniform[i]

    def _finish(
        self,
        number: int,
        at: int,
        one: Campaign,
        trap: int,
        box: int,
        u: list[float],
        head: tuple[Step, ...],
        last: Machine,
        class_: str,
        helo: str = "",
        forge: bool = False,
        **truth: Any,
    ) -> Delivery | None:
        """A delivery whose last hand-over is by ``last``, after the steps of ``head``."""
        m = self.m
        intake, recipients = m.target(trap, box, u[0] < self.s.p.campaigns.mailbox_share, u[1], u[2])
        if not m.open(intake, at):
            return None
        strategy = m.strategy(one.id, u[7]) if forge else "F0"
        name, author = m.author(one, u[8], u[9])
        innocent = m.innocent(strategy, u[8])
        hop = m.hop(last, intake.relays[0], at, u[4], helo=helo)
        fields: dict[str, Any] = {
            "strategy": strategy,
            "author": author,
            "author_name": name,
            "envelope_from": author,
            "engine": last.software,
            "origin": innocent if strategy == "F6" else "",
            "mangled": self._mangled(u[10]),
            "spf": "softfail" if m.has_policy(author) else "none",
        } | truth
        return Delivery(
            id=number,
            at=at,
            intake=intake.name,
            kind="junk",
            category=one.category,
            path=(*head, hop),
            recipients=recipients,
            campaign=one.id,
            version=self._version(one, at),
            spammer=one.spammer,
            class_=class_,
            innocent=innocent,
            language=one.language,
            **fields,
        )

    def _vps(self, n: int) -> Machine:
        """A hired machine from which things are driven."""
        home = self.s.networks[self.s.hosters[n % len(self.s.hosters)].network]
        prefix = home.prefixes[n % len(home.prefixes)]
        return self.m.machine(
            (60 << 32) + n,
            prefix.base + prefix.size // 2 + 5 + n % 200,
            home,
            self.m.words[n % 2000],
            "engine-4",
            0,
            self.s.era.server_system,
        )
