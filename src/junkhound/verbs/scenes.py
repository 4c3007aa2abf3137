"""What a demonstration is given: mail laid out in files, the settings of its traps and mailboxes, and its last moment.

Two scenes: the sample that ships with the program, and a folder that ``spamworld gen`` has made.
"""

from __future__ import annotations

import json
import mailbox
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from junkhound import sample, trace
from junkhound.evidence.message import parse
from junkhound.intake.sources import open_sources
from junkhound.kernel import config
from junkhound.kernel.errors import DataError, NotFound
from junkhound.tables import Clue

KEPT, MOVED, NEW = 40, 25, 12
"""Mails of the inbox that the guard is shown: read and kept, in Junk, and new ones of both kinds."""


@dataclass(frozen=True)
class Part:
    """One path of a scene and how it is taken in; ``weight`` is its share of the work, in any unit."""

    path: Path
    place: str
    is_trap: bool
    kind: str
    weight: int


@dataclass(frozen=True)
class Scene:
    """Settings as their operator would write them, what to take in, the route table, and when it all was."""

    what: str
    settings: str
    parts: tuple[Part, ...]
    routes: Path
    networks: str
    span: tuple[str, str]
    at: str


def of_sample(folder: Path) -> Scene:
    """The sample, written below ``folder``."""
    laid = sample.write(folder, sample.make())
    parts = tuple(Part(one.path, one.place, one.is_trap, one.kind, one.mails) for one in laid)
    return Scene("three years of invented junk", sample.settings(), parts, folder / "routes.csv",
                 "documentation networks", (sample.START, sample.END), sample.AT)  # fmt: skip


def of_world(folder: Path) -> Scene:
    """A simulated world. Errors: NotFound, DataError for a folder that holds none."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        span = manifest["start"][:10], manifest["end"][:10]
        settings = (folder / "junkhound.toml").read_text("utf-8")
    except FileNotFoundError:
        raise NotFound(
            f"no simulated world in {str(folder)!r}", "make one: spamworld gen --tier demo --out FOLDER"
        ) from None
    except (ValueError, KeyError) as error:
        raise DataError(f"{folder / 'manifest.json'}: {error}", "make the world anew") from None
    parts = [
        Part(path, path.name.partition(".jsonl")[0], True, "junk", path.stat().st_size)
        for path in sorted((folder / "mail/traps").iterdir())
    ]
    for path in sorted((folder / "mail/people").glob("*/*")):
        kind = {"Inbox": "good", "Junk": "junk"}.get(path.name.partition(".")[0])
        if kind is not None:
            parts.append(Part(path, path.parent.name, False, kind, path.stat().st_size))
    what = f"a simulated world of {manifest.get('mails', 0):,} mails"
    return Scene(what, settings, tuple(parts), folder / "routes.csv", "networks of the simulated world", span,
                 manifest["end"])  # fmt: skip


def letter(scene: Scene, settings: config.Config, into: Path) -> tuple[str, Path] | None:
    """A person's junk mail with a forged line, written as a file; whose it is, and where. None where there is none."""
    fallback = None
    for part in scene.parts:
        if part.is_trap or part.kind != "junk":
            continue
        border = _border(settings, part.place)
        for mail in _mails(part.path, settings, 400):
            verdict = trace.judge(trace.read(parse(mail)), border, explain=False)
            if verdict.address is None:
                continue
            if verdict.clues & (Clue.CLAIMS_OUR_NAME | Clue.FORGED):
                return part.place, _written(into, mail)
            fallback = fallback or (part.place, mail)
    return None if fallback is None else (fallback[0], _written(into, fallback[1]))


def inbox(scene: Scene, settings: config.Config, into: Path) -> tuple[str, Path] | None:
    """A person's mail as a Maildir: some that they read and kept, some in Junk, and new mail of both kinds."""
    by_place: dict[str, dict[str, Part]] = {}
    for part in scene.parts:
        if not part.is_trap:
            by_place.setdefault(part.place, {})[part.kind] = part
    for place, kinds in by_place.items():
        if kinds.keys() >= {"good", "junk"}:
            good = list(_mails(kinds["good"].path, settings, 5000))[-KEPT - NEW :]
            junk = list(_mails(kinds["junk"].path, settings, 5000))[-MOVED - NEW :]
            _lay_out(into, good, junk)
            return place, into
    return None


def _lay_out(into: Path, good: list[bytes], junk: list[bytes]) -> None:
    shutil.rmtree(into, ignore_errors=True)
    box = mailbox.Maildir(into)
    moved = box.add_folder("Junk")
    for folder, some, flags in (
        (box, good[:-NEW], "S"),
        (moved, junk[:-NEW], "S"),
        (box, good[-NEW:] + junk[-NEW:], ""),
    ):
        for octets in some:
            one = mailbox.MaildirMessage(octets)
            one.set_subdir("cur" if flags else "new")
            one.set_flags(flags)
            folder.add(one)


def _border(settings: config.Config, place: str) -> trace.Boundary:
    network = settings.network
    relays = settings.mailboxes[place].relays
    return trace.boundary(relays, network.own, allow_documentation=network.allow_documentation)


def _mails(path: Path, settings: config.Config, limit: int) -> Iterator[bytes]:
    for number, mail in enumerate(open_sources([str(path)], settings.intake)):
        if number >= limit:
            return
        yield bytes(mail.payload)


def _written(into: Path, mail: bytes) -> Path:
    into.write_bytes(mail)
    return into
