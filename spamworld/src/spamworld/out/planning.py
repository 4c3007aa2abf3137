"""What a world would take: a timed sample of its mail, and what that means for the whole."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from spamworld.out.generate import Order, job_of, make
from spamworld.out.render import UNIT, Crew, units

SAMPLE = 10_000

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Plan:
    """``rate`` in mails a second and ``disk_bytes`` were measured on ``sample`` mails; the rest follows."""

    tier: str
    workers: int
    mails: int
    sample: int
    rate: float
    start_s: float
    disk_bytes: int
    mail_bytes: int

    @property
    def seconds(self) -> float:
        return self.start_s + self.mails / self.rate


def plan(tier: str, seed: int, variant: str, workers: int, progress: Progress, sample: int = SAMPLE) -> Plan:
    """Make the actors, write a sample of the mail to nowhere, and count.

    The sample is of one day in the middle, whose planning is timed apart: every worker plans every day, and writes its
    part of it.
    """
    order = Order(tier, seed, variant)
    progress("making actors and networks", 0.0)
    began = time.monotonic()
    world = make(order)
    job = job_of(world, order)
    start_s = time.monotonic() - began
    expected = world.count_hint
    parts = units(world.days, expected)
    middle = parts[len(parts) // 2].first
    began = time.monotonic()
    mails = world.day(middle)
    planned_s = (time.monotonic() - began) / max(1, len(mails))
    after = [one for one in parts if one.first >= middle] or parts
    chosen = after[: max(workers, -(-sample // UNIT))]
    count = size = disk = 0
    began = time.monotonic()
    with Crew(world, job, workers, (middle, mails)) as crew:
        for _, done in crew.render(chosen, lambda mails: progress("writing a sample", min(1.0, mails / sample))):
            count += done.mails
            size += done.size
            disk += sum(frame.size for frame in done.frames)
    each_s = (time.monotonic() - began) / max(1, count) + planned_s * (chosen[0].parts > 1)
    return Plan(tier, workers, expected, count, 1 / each_s, start_s, disk * expected // count, size * expected // count)


def answer(found: Plan) -> dict[str, Any]:
    """As JSON fields."""
    return {
        "tier": found.tier,
        "workers": found.workers,
        "mails": found.mails,
        "sample": found.sample,
        "mails_per_s": round(found.rate, 1),
        "seconds": round(found.seconds),
        "disk_bytes": found.disk_bytes,
        "mail_bytes": found.mail_bytes,
    }


def text(found: Plan) -> str:
    """As a person reads it."""
    hours, rest = divmod(found.seconds, 3600)
    return (
        f"tier {found.tier}: {found.mails:,} mails of {found.mail_bytes / found.mails / 1000:.1f} kB\n"
        f"  rate    {found.rate:,.0f} mails a second with {found.workers} processes, on a sample of {found.sample:,}\n"
        f"  time    {hours:.0f} h {rest / 60:.0f} min, of which {found.start_s:.0f} s before the first mail\n"
        f"  disk    {found.disk_bytes / 1e9:,.1f} GB; {found.mail_bytes / 1e9:,.1f} GB of mail before packing"
    )
