"""The whole way once: from a pile of junk mail to a block list, on the sample or on the user's own mail."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from junkhound.kernel import clock, config
from junkhound.kernel.errors import NotFound, Refused
from junkhound.tables import Kind
from junkhound.verbs import (
    actors,
    botnets,
    comparing,
    data,
    grouping,
    guard_pack,
    ingest,
    lists,
    publish,
    scenes,
    sources,
)
from junkhound.verbs.office import Office

if TYPE_CHECKING:
    from junkhound.ledger.listing_records import Listing

SHOWN = 5
_MARK = "demonstration"
_OURS = '\n[store]\nhome = "home"\n\n[engine]\nname = "inline"\n\n[serve]\ndecide_s = 5\n'
_OWN = "own"  # the mailbox's name where the user brings mail

Progress = Callable[[str, float], None]
"""What is being done, and which share of the whole is done."""


@dataclass
class Shown:
    """What came of it, for a face to print.

    ``settings`` is the file that further commands need, empty where nothing was kept. ``doubtful`` is a mail with a
    forged line, to trace, and ``inbox`` a Maildir to guard, each with the mailbox it is of.
    """

    at: int
    settings: str
    span: tuple[str, str]
    what: str = ""
    reports: list[tuple[str, ingest.Report]] = field(default_factory=list)
    grouped: grouping.Grouped = field(default_factory=grouping.Grouped)
    botnets: int = 0
    decided: lists.Decided | None = None
    published: publish.Published | None = None
    by_volume: sources.Ranking | None = None
    by_persistence: sources.Ranking | None = None
    entries: list[Listing] = field(default_factory=list)
    reasons: dict[str, list[str]] = field(default_factory=dict)
    plain: str = ""
    doubtful: tuple[str, Path] | None = None
    inbox: tuple[str, Path] | None = None

    @property
    def read(self) -> int:
        return sum(report.read for _, report in self.reports)

    @property
    def added(self) -> int:
        return sum(report.added for _, report in self.reports)


def on_sample(folder: Path, progress: Progress, width: int = 40) -> Shown:
    """Write the sample into ``folder`` and take it the whole way. A second run finds everything known.

    Errors: Refused where the folder holds something else.
    """
    _claim(folder)
    progress("writing the sample", 0.0)
    if (folder / "sample").is_dir():
        shutil.rmtree(folder / "sample")
    return _on_scene(folder, scenes.of_sample(folder / "sample"), progress, width)


def on_world(folder: Path, world: Path, progress: Progress, width: int = 40) -> Shown:
    """The same with a simulated world that was made before. Errors: as ``on_sample``; NotFound for no world."""
    scene = scenes.of_world(world)
    _claim(folder)
    return _on_scene(folder, scene, progress, width)


def _on_scene(folder: Path, scene: scenes.Scene, progress: Progress, width: int) -> Shown:
    settings = folder / "junkhound.toml"
    settings.write_text(scene.settings + _OURS + _places(settings), "utf-8")
    loaded = config.load(settings)
    office = Office(loaded, clock.parse(scene.at))
    shown = Shown(office.now, str(settings), scene.span, scene.what)
    progress("importing routes", 0.08)
    data.add(office, [scene.routes], name=scene.networks, day=scene.span[0])
    data.use(office, data.EMBEDDED, used=False)  # invented machines stand in no real company's network
    total = sum(part.weight for part in scene.parts)
    done = 0
    for part in scene.parts:
        report = ingest.ingest(office, _request(part), _share(progress, part, done, total))
        shown.reports.append((part.place, report))
        done += part.weight
    _rest(office, shown, progress, width)
    guard_pack.write_pack(office)
    shown.doubtful = scenes.letter(scene, loaded, folder / "letter.eml")
    shown.inbox = scenes.inbox(scene, loaded, folder / "Maildir")
    progress("done", 1.0)
    return shown


def _places(settings: Path) -> str:
    """Where the demonstration's service listens: the usual ports of loopback, or free ones where they are taken.

    A demonstration that is made again stays where it was.
    """
    if settings.is_file():
        kept = config.load(settings)
        smtp, dns, web = kept.smtp.listen[0], kept.dns.listen[0], kept.web.listen
    else:
        smtp, dns, web = (f"127.0.0.1:{_free(port)}" for port in (2525, 5353, 8025))
    return f'\n[smtp]\nlisten = ["{smtp}"]\n\n[dns]\nlisten = ["{dns}"]\n\n[web]\nlisten = "{web}"\n'


def _free(wanted: int) -> int:
    for port in (wanted, 0):
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp, suppress(OSError):
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tcp.bind(("127.0.0.1", port))
            udp.bind(("127.0.0.1", tcp.getsockname()[1]))
            return int(tcp.getsockname()[1])
    return wanted


def _claim(folder: Path) -> None:
    """Take the folder for a demonstration, unless it holds anything else."""
    mark = folder / _MARK
    if folder.exists() and not mark.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused(f"{str(folder)!r} holds something else", "name an empty or new folder with --home")
    folder.mkdir(parents=True, exist_ok=True)
    mark.write_text("made by junkhound demo; may be removed as a whole\n", "utf-8")


def _request(part: scenes.Part) -> ingest.Request:
    kind = Kind[part.kind.upper()]
    if part.is_trap:
        return ingest.Request((str(part.path),), kind, trap=part.place)
    return ingest.Request((str(part.path),), kind, mailbox=part.place)


def _share(progress: Progress, part: scenes.Part, before: int, total: int) -> ingest.Progress:
    def tell(done: int, size: int, read: int) -> None:
        mine = part.weight * min(1.0, done / size) if size else 0
        progress(f"taking in {part.place}", 0.1 + 0.75 * (before + mine) / total)

    return tell


def _rest(office: Office, shown: Shown, progress: Progress, width: int) -> None:
    """From rows to the list: sort, decide, publish, rank."""
    progress("sorting rows", 0.86)
    office.ledger.compact(office.now)
    progress("grouping campaigns", 0.88)
    shown.grouped = grouping.group(office)
    shown.botnets = botnets.find(office).botnets
    actors.find(office)
    comparing.look(office)
    progress("deciding", 0.9)
    shown.decided = lists.decide(office, "main")[0]
    progress("publishing", 0.95)
    shown.published = publish.publish(office, "main", accept_growth=True)[0]
    shown.by_volume = sources.rank(office, by="volume", limit=SHOWN, width=width)
    shown.by_persistence = sources.rank(office, by="persistence", limit=SHOWN, width=width)
    shown.entries = lists.entries(office, "main")
    shown.reasons = {
        str(one.subject): [reason.text for reason in one.reasons] for one in shown.decided.decisions if one.listed
    }
    for file in shown.published.files:
        if file.form == "plain":
            shown.plain = Path(file.path).read_text("utf-8")


def on_own_mail(
    paths: Sequence[str], kind: Kind | None, relays: Sequence[str], keep: Path | None, progress: Progress,
    width: int = 40,
) -> Shown:  # fmt: skip
    """The same with the user's mail, nothing of which stays unless ``keep`` names a folder.

    Decisions are made for now, or for the day of the newest mail where that is over a month ago.
    """
    for path in paths:
        if path != "-" and not Path(path).exists():
            raise NotFound(f"no such file or folder: {path!r}", "give a message, mbox, Maildir, folder or archive")
    with _folder(keep) as folder:
        settings = config.Config(
            store=config.Store(home=str(folder)), mailboxes={_OWN: config.Mailbox(relays=tuple(relays))}
        )
        office = Office(settings)
        shown = Shown(office.now, "", ("", ""))
        request = ingest.Request(tuple(paths), kind, mailbox=_OWN)

        def tell(done: int, size: int, mails: int) -> None:
            progress(f"taking in, {mails:,} mails", 0.8 * done / (size or done or 1))

        report = ingest.ingest(office, request, tell)
        shown.reports.append((_OWN, report))
        office = Office(settings, _moment(office))
        shown.at = office.now
        _rest(office, shown, progress, width)
        progress("done", 1.0)
        if shown.by_volume is not None:
            shown.span = (shown.by_volume.since, shown.by_volume.until)
        office.ledger.close()
        return shown


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        yield keep.absolute()
        return
    with TemporaryDirectory(prefix="junkhound-") as made:
        yield Path(made) / "home"


def _moment(office: Office) -> int:
    """Now, or just after the newest sighting where that is over a month old."""
    held = office.ledger.snapshot().of("sightings")
    newest = max((stored.seen_max for stored in held if stored.seen_max is not None), default=None)
    now = office.now
    return now if newest is None or now - newest < 31 * clock.DAY else newest + clock.SECOND
