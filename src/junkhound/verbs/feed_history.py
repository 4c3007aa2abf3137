"""Since when an entry stands on a feed, and from when to when it stood: kept beside the feed for as long as its home.

Beside the entries of a feed lies ``NAME.since`` (what stands, and the import that brought it) and one file
``NAME.past-YYYY-MM`` for what left it in that month. Each is written whole. What was imported before these files were
kept stands since the first import that wrote them.
"""

from __future__ import annotations

import glob
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from junkhound.kernel import clock
from junkhound.ledger import files


class FeedStanding(msgspec.Struct, frozen=True):
    """One stay of an entry on a feed, as we imported it; ``gone_at`` is None while it stands."""

    feed: str
    entry: str
    since_at: int
    gone_at: int | None
    tlp: str


def note(folder: Path, name: str, found: Mapping[str, int], before: Mapping[str, int], at: int) -> None:
    """Keep what an import at ``at`` changes: ``found`` stands now, ``before`` stood until then."""
    since = dict(_rows(folder / f"{name}.since"))
    gone = [(entry, since.get(entry, ("0",))[0]) for entry in before if entry not in found]
    if gone:
        path = folder / f"{name}.past-{clock.day_text(at)[:7]}"
        held = path.read_bytes() if path.exists() else b""
        _put(path, held + "".join(f"{entry} {begun} {at}\n" for entry, begun in sorted(gone)).encode())
    _put(folder / f"{name}.since", "".join(
        f"{entry} {since[entry][0] if entry in before and entry in since else at}\n" for entry in sorted(found)
    ).encode())  # fmt: skip


def of(folder: Path, feeds: Mapping[str, str], wanted: Iterable[str]) -> dict[str, list[FeedStanding]]:
    """By entry every stay on these feeds (name -> TLP) of the ``wanted`` ones: what stands first, then the latest."""
    entries, found = set(wanted), defaultdict(list)
    for name, tlp in feeds.items():
        for entry, (since,) in _rows(folder / f"{name}.since"):
            if entry in entries:
                found[entry].append(FeedStanding(name, entry, int(since), None, tlp))
        for path in sorted(folder.glob(f"{glob.escape(name)}.past-*")):
            for entry, (since, gone) in _rows(path):
                if entry in entries:
                    found[entry].append(FeedStanding(name, entry, int(since), int(gone), tlp))
    for stays in found.values():
        stays.sort(key=lambda one: (one.gone_at is not None, -(one.gone_at or 0), one.feed))
    return dict(found)


def _rows(path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    try:
        with path.open(encoding="ascii") as file:
            for line in file:
                entry, *rest = line.split()
                yield entry, tuple(rest)
    except FileNotFoundError:
        return


def _put(path: Path, content: bytes) -> None:
    if not path.parent.is_dir():
        path.parent.mkdir(mode=0o700, parents=True)
        files.DISK.sync_dir(path.parent.parent)
    files.put(files.DISK, path, content)
