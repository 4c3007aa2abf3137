"""One world made whole: mail into folders, what surrounds it into ``world/``, the truth apart from both."""

from __future__ import annotations

import json
import platform
import shutil
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec

from spamworld import __version__, parameters
from spamworld.content import Options, brief
from spamworld.errors import NotFound, Refused
from spamworld.out import around, forms, replies, settings
from spamworld.out.files import Made, Shelf
from spamworld.out.render import Crew, Job, Task, units
from spamworld.world import World
from spamworld.world.facts import EVER, Event

Progress = Callable[[str, float], None]
MANIFEST = "manifest.json"
_RENDERED = 0.9  # share of the whole that the mail takes
_HIDDEN = ("spammer", "botnets", "hoster", "size", "half", "displaced")


@dataclass(frozen=True)
class Order:
    """Which world: everything its bytes depend on, beside the versions in the manifest."""

    tier: str
    seed: int
    variant: str
    twin: str = ""


@dataclass
class Finished:
    """What was made, for a face to tell."""

    folder: Path
    order: Order
    span: tuple[int, int] = (0, 0)
    mails: int = 0
    size_bytes: int = 0
    seconds: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    files: dict[str, Made] = field(default_factory=dict)


def make(order: Order) -> World:
    """The world of an order. Errors: NotFound for a twin without an event that it does not have."""
    if order.twin:
        known = [one.id for one in World(order.seed, order.tier, order.variant).events]
        if order.twin not in known:
            raise NotFound(f"no event {order.twin!r} in this world", f"known: {', '.join(known)}")
    return World(order.seed, order.tier, order.variant, order.twin or None)


def generate(order: Order, folder: Path, workers: int, anew: bool, progress: Progress) -> Finished:
    """Make the world in ``folder``. Errors: Refused where the folder holds something else."""
    began = time.monotonic()
    _claim(folder, anew)
    progress("making actors and networks", 0.0)
    world = make(order)
    done = Finished(folder, order, (world.start, world.end))
    with Crew(world, job_of(world, order), workers) as crew:
        others = crew.tasks(TASKS, folder)
        done.files = _mail(crew, world, folder, done, progress)
        progress("what surrounds the mail", _RENDERED)
        for task in others:
            done.files |= task.result()
    (folder / MANIFEST).write_text(json.dumps(manifest(done), indent=1) + "\n", "utf-8")
    progress("done", 1.0)
    done.seconds = time.monotonic() - began
    return done


def _claim(folder: Path, anew: bool) -> None:
    """Take the folder: a new one, an empty one, or a world of before where that may go."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        ours = folder.is_dir() and (folder / MANIFEST).is_file()
        if not ours:
            raise Refused(f"{str(folder)!r} holds something else", "name an empty or new folder with --out")
        if not anew:
            raise Refused(f"a world is already in {str(folder)!r}", "replace it with --anew, or name another folder")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST).write_text('{"state": "unfinished"}\n', "utf-8")


def _mail(crew: Crew, world: World, folder: Path, done: Finished, progress: Progress) -> dict[str, Made]:
    expected = world.count_hint

    def tell(mails: int) -> None:
        progress(f"writing mail, {mails:,}", min(1.0, mails / expected) * _RENDERED)

    shelf = Shelf(folder)
    for bundle, made in crew.render(units(world.days, expected), tell):
        with bundle.open("rb") as file:
            for frame in made.frames:
                shelf.frame(frame.name, file.read(frame.size), frame.pieces)
        done.mails += made.mails
        done.size_bytes += made.size
        done.counts.update(made.counts)
    return shelf.close()


def job_of(world: World, order: Order) -> Job:
    """What the writers of its mail need."""
    briefs = {one.id: brief.of(one) for one in world.campaigns.values()}
    traps = frozenset(one.name for one in world.intakes if one.kind == "trap")
    return Job(order.seed, briefs, traps, Options())


def _stated(shelf: Shelf, world: World, seed: int) -> None:
    """What the operator of the traps knows beforehand, and what the papers told."""
    shelf.add("junkhound.toml", settings.settings(world.intakes).encode())
    shelf.add("routes.csv", settings.routes(world.networks))
    for intake in world.intakes:
        shelf.line("world/intakes.jsonl", msgspec.to_builtins(intake))
    for event in world.events:
        shelf.line("events.jsonl", _public(event))


def _zones(shelf: Shelf, world: World, seed: int) -> None:
    around.zones(shelf, world.dns_zones())


def _registered(shelf: Shelf, world: World, seed: int) -> None:
    around.registry(shelf, world.rdap())
    around.routes(shelf, around.changes(world))
    around.lists(shelf, world.foreign_lists, world.listings())
    around.allowed(shelf, world.allowed())
    around.prices(shelf, world.prices())
    replies.replies(shelf, world.notices(), world.networks, seed)


def _logs(shelf: Shelf, world: World, seed: int) -> None:
    around.provider_logs(shelf, world.log_lines(), world.networks)


def _inside(shelf: Shelf, world: World, seed: int) -> None:
    around.flows(shelf, world.flows(), world.networks)
    briefs = {one.id: brief.of(one) for one in world.campaigns.values()}
    around.seized(shelf, world.folders(), briefs, seed)


def _true(shelf: Shelf, world: World, seed: int) -> None:
    """The truth about everything but single mails."""
    around.money(shelf, world.rentals, world.bookings())
    around.tenants(shelf, world.tenants)
    for name, rows in (("events", world.events), ("campaigns", world.campaigns.values()), ("hosts", world.hosts()),
                       ("botnets", world.botnets), ("spammers", world.spammers)):  # fmt: skip
        for row in rows:
            shelf.line(f"truth/{name}.jsonl.zst", msgspec.to_builtins(row))


TASKS: tuple[Task, ...] = (_stated, _logs, _zones, _registered, _inside, _true)
"""Beside the mail, each in a worker of its own; no two write the same file."""


def _public(event: Event) -> dict[str, Any]:
    """An event as the papers told it."""
    return {
        "id": event.id,
        "kind": event.kind,
        "at": forms.moment(event.at),
        "end": None if event.end >= EVER else forms.moment(event.end),
        "what": event.what,
        "country": event.country or None,
        "intake": event.intake or None,
    }


def manifest(done: Finished) -> dict[str, Any]:
    """Everything the bytes depend on, and the hash of every file; no time of making, so that equal runs are equal."""
    order = done.order
    return {
        "spamworld": __version__,
        "tier": order.tier,
        "seed": order.seed,
        "variant": order.variant,
        "twin": order.twin or None,
        "parameters": parameters.sha256(),
        "versions": versions(),
        "start": forms.moment(done.span[0]),
        "end": forms.moment(done.span[1]),
        "mails": done.mails,
        "mail_bytes": done.size_bytes,
        "counts": dict(sorted(done.counts.items())),
        "files": {
            name: {"bytes": one.size_bytes, "pieces": one.pieces, "sha256": one.sha256}
            for name, one in done.files.items()
        },
    }


def versions() -> dict[str, str | None]:
    """What decides on the bytes beside the order: streams of chance, drawn text, packing."""
    found: dict[str, str | None] = {"python": platform.python_version()}
    for name in ("numpy", "pillow", "msgspec", "zstandard"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return found


def answer(done: Finished) -> dict[str, Any]:
    """The same as JSON fields, with what the run took."""
    rate = done.mails / done.seconds if done.seconds else 0.0
    stored = sum(one.size_bytes for one in done.files.values())
    return {
        "folder": str(done.folder),
        **{name: value for name, value in manifest(done).items() if name != "files"},
        "files": len(done.files),
        "stored_bytes": stored,
        "seconds": round(done.seconds, 2),
        "mails_per_s": round(rate, 1),
    }
