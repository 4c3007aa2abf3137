"""``junkhound feeds``: other people's lists, imported by the operator as evidence."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from junkhound.cli import show
from junkhound.kernel import clock
from junkhound.kernel.errors import NotFound
from junkhound.verbs.office import open_office

if TYPE_CHECKING:
    from junkhound.verbs.feeds import Imported

_LARGEST = 1 << 30


@click.group()
def command() -> None:
    """Other people's lists as evidence: they raise a score, and never list by themselves.

    You bring the file, or say fetch. State each feed in the settings as [feeds.NAME].

    \b
    Examples:
      junkhound feeds import partner list.txt
      curl ... | junkhound feeds import partner -
      junkhound feeds check 192.0.2.7
    """


@command.command("import")
@click.argument("name")
@click.argument("places", nargs=-1, required=True, metavar="FILE|FOLDER|-...")
@click.option("--at", metavar="WHEN", help="When it was fetched; default: now.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.pass_obj
def import_(where: dict[str, Any], name: str, places: tuple[str, ...], at: str | None, as_json: bool) -> None:
    """Take feed NAME as it is in these files, a MISP feed's folder, or standard input (-).

    Plain and hosts text, CIDR, CSV, JSON and JSON lines, MISP events, STIX bundles, TAXII envelopes and IntelMQ events
    are told by their looks. What is half-written, of another format or lists half the internet is refused, and the last
    good state stays; a feed that grew threefold in a day is held until you release it.

    \b
    Example:
      junkhound feeds import partner /srv/fetched/list.json
    """
    from junkhound.verbs import feeds

    contents = [content for place in places for content in _contents(place)]
    _tell(feeds.import_(open_office(**where, at=at), name, contents), as_json)


def _contents(place: str) -> list[bytes]:
    if place == "-":
        return [sys.stdin.buffer.read(_LARGEST)]
    path = Path(place)
    if path.is_dir():
        found = sorted(p for p in path.glob("*.json") if p.name != "manifest.json")
        if not found:
            raise NotFound(f"no event in {place!r}", "a MISP feed's folder holds UUID.json files")
        return [p.read_bytes() for p in found]
    return [path.read_bytes()]


def _tell(done: Imported, as_json: bool) -> None:
    if as_json:
        show({"feed": done.name, "at": clock.text(done.at), "entries": done.entries, "networks": done.networks,
              "names": done.names, "sightings": done.sightings, "removed": done.removed,
              "left_out": done.left_out})  # fmt: skip
        return
    kinds = f"{done.networks:,} networks, {done.names:,} names"
    print(f"{done.name}: {done.entries:,} entries ({kinds}), {done.sightings:,} new sightings, {done.removed:,} gone")
    for why, count in sorted(done.left_out.items()):
        print(f"  {count:,} left out: {why}")


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.pass_obj
def list_(where: dict[str, Any], as_json: bool) -> None:
    """Show every configured feed: entries, when it was imported, its marking, and whether it is held.

    \b
    Example:
      junkhound feeds list
    """
    from junkhound.verbs import feeds

    found = feeds.overview(open_office(**where))
    if as_json:
        show([{"feed": f.name, "entries": f.entries, "imported": f.imported_at and clock.text(f.imported_at),
               "held": f.held, "tlp": f.about.tlp, "kind": f.about.kind, "counts": f.about.counts,
               "about": f.about.about} for f in found])  # fmt: skip
        return
    if not found:
        print("no feeds; state one in the settings as [feeds.NAME]")
    for one in found:
        when = clock.text(one.imported_at) if one.imported_at else "never imported"
        held = f", HELD with {one.held:,}: junkhound feeds release {one.name}" if one.held is not None else ""
        print(f"{one.name}: {one.entries:,} entries, {when}, TLP:{one.about.tlp}{held}")


@command.command("show")
@click.argument("name")
@click.option("--held", is_flag=True, help="What is held, in place of what is in force.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.pass_obj
def show_(where: dict[str, Any], name: str, held: bool, as_json: bool) -> None:
    """Print the entries of a feed, with the day each was seen last.

    \b
    Example:
      junkhound feeds show partner --held
    """
    from junkhound.verbs import feeds

    found = feeds.show(open_office(**where), name, held)
    if as_json:
        show([{"entry": text, "seen": clock.text(at)} for text, at in found.items()])
        return
    for text, at in found.items():
        print(f"{text:40} {clock.day_text(at)}")


@command.command()
@click.argument("subject")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.pass_obj
def check(where: dict[str, Any], subject: str, as_json: bool) -> None:
    """Say which feeds name an address, a network that holds it, or a name.

    \b
    Example:
      junkhound feeds check 192.0.2.7
    """
    from junkhound.verbs import feeds

    hits = feeds.check(open_office(**where), subject)
    if as_json:
        show([{"feed": h.name, "entry": h.entry, "seen": clock.text(h.seen_at), "tlp": h.tlp} for h in hits])
        return
    if not hits:
        print(f"no feed names {subject}")
    for hit in hits:
        print(f"{hit.name}: {hit.entry}, seen last {clock.day_text(hit.seen_at)}, TLP:{hit.tlp}")


def _one(act: Callable[..., None]) -> Callable[..., None]:
    """A command about one feed by its name."""
    act = click.pass_obj(act)
    act = click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")(act)
    return command.command()(click.argument("name")(act))


@_one
def fetch(where: dict[str, Any], name: str, as_json: bool) -> None:
    """Fetch feed NAME from [feeds.NAME] url and take it as it is now.

    This leaves the machine: one request to that address, over TLS, following no redirect. serve does it by itself only
    where [feeds.NAME] fetch_hours says how often.

    \b
    Example:
      junkhound feeds fetch partner
    """
    from junkhound.verbs import feeds

    done = feeds.fetch(open_office(**where), name)
    if done is not None:
        _tell(done, as_json)
    elif as_json:
        show({"feed": name, "changed": False})
    else:
        print(f"{name}: it has not changed")


@_one
def hold(where: dict[str, Any], name: str, as_json: bool) -> None:
    """Hold a feed by hand: what is imported from now on waits for release.

    \b
    Example:
      junkhound feeds hold partner
    """
    from junkhound.verbs import feeds

    state = feeds.hold(open_office(**where), name)
    if as_json:
        show({"feed": name, "held": state.held})
    else:
        print(f"{name}: held")


@_one
def release(where: dict[str, Any], name: str, as_json: bool) -> None:
    """Take a held feed as it is.

    \b
    Example:
      junkhound feeds release partner
    """
    from junkhound.verbs import feeds

    _tell(feeds.release(open_office(**where), name), as_json)
