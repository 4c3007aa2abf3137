"""Other people's lists as evidence: they raise a score and never witness; one that grows suddenly is held.

A feed is a set of addresses, networks and names with the day each was seen last. Single addresses (IPv6: a /64 too)
become sightings of standing ``feed`` with ``count`` 0: no message, no vantage that anybody knows, its ``weight`` in
points. Networks and names stay in the feed's own file, for ``feeds check``; the networks of an allow list (kind good)
are left out of every range. A feed is fetched only where the settings name its address and somebody says so.
"""

from __future__ import annotations

import difflib
import hashlib
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import numpy as np

from junkhound import sighting, tables
from junkhound.kernel import clock, net
from junkhound.kernel.config import Feed
from junkhound.kernel.errors import DataError, NotFound, Refused, Temporary, UsageError
from junkhound.kernel.net import Network
from junkhound.ledger import files, objects
from junkhound.ledger.entry import ObjectEntry, UnitEntry
from junkhound.ledger.home import hub_key
from junkhound.listing import Protected, domain_name
from junkhound.sighting.numbers import number
from junkhound.tables import Kind, Standing
from junkhound.verbs import feed_history
from junkhound.verbs import hub as hubs
from junkhound.verbs.deciding import policies
from junkhound.verbs.office import Office
from junkhound.wire import feeds
from junkhound.wire.feeds import Item

GROWTH = 3
"""A feed that has so many times the entries of the day before is held."""
FREE = 100
"""Below this many entries a feed may grow as it likes."""
LARGEST = 5_000_000
MOST_BYTES = 256 << 20
"""A file that is larger is not fetched."""
FETCH_S = 60.0
_WIDEST_V4, _WIDEST_V6 = 8, 16
_BAD_SHARE = 0.1
"""A file of which more than this share is neither address nor name is no list."""
_BATCH = 250_000
_REMEMBERED = 400


class Step(msgspec.Struct, frozen=True, array_like=True):
    """One import: when, how many entries, and ``accepted`` or ``held``."""

    at: int
    entries: int
    outcome: str


class State(msgspec.Struct):
    """What is known of one feed; its entries stand in a file beside."""

    history: list[Step] = []
    held: bool = False
    fetched_at: int = 0
    etag: str = ""

    @property
    def accepted(self) -> Step | None:
        return next((step for step in reversed(self.history) if step.outcome == "accepted"), None)


class Imported(msgspec.Struct):
    """What one import brought: ``entries`` in all, of which ``new`` ones became ``sightings``; the others by reason."""

    name: str
    at: int
    entries: int
    networks: int
    names: int
    sightings: int
    left_out: dict[str, int]
    removed: int = 0


class Shown(msgspec.Struct):
    """One configured feed and how it stands."""

    name: str
    about: Feed
    entries: int
    imported_at: int | None
    held: int | None = None


class Hit(msgspec.Struct):
    """A feed that names what was asked for."""

    name: str
    entry: str
    seen_at: int
    tlp: str


Entries = dict[str, int]
"""Text of each entry -> when it was seen last, microseconds."""


def import_(office: Office, name: str, contents: Iterable[bytes]) -> Imported:
    """Read a feed and take it as it is now; the last good state stays where anything is wrong.

    Errors: NotFound for a feed that is not configured, DataError for what is no whole list, Refused for one that lists
    a great part of the internet, and for one that grew threefold in a day: it is kept aside until ``release``.
    """
    about, now = _about(office, name), office.now
    items = [item for content in contents for item in feeds.read(content, about.format)]
    found, left_out = _entries(office, items, now)
    state = _state(office, name)
    if _grown(state, len(found), now):
        _write(office, name, "held", found)
        state.history.append(Step(now, len(found), "held"))
        state.held = True
        _keep(office, name, state)
        before = state.accepted
        raise Refused(
            f"feed {name!r} grew from {before.entries if before else 0:,} to {len(found):,} entries within a day: held",
            f"look at it with junkhound feeds show {name} --held; then junkhound feeds release {name}",
        )
    return _accept(office, name, about, state, found, left_out)


def fetch(office: Office, name: str) -> Imported | None:
    """Fetch a feed from where the settings say and take it as it is now; None where it has not changed.

    Errors: UsageError without an address, Temporary and Refused where its server does not give it, and as ``import_``.
    """
    about = _about(office, name)
    if not about.url:
        raise UsageError(f"feed {name!r} has no address", f'set [feeds.{name}] url = "https://lists.example/list.txt"')
    server = hubs.reach(f"[feeds.{name}] url", about.url, None, "", FETCH_S, "feed")._replace(prefix="")
    parts, state = urlsplit(about.url), _state(office, name)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    known = {"If-None-Match": state.etag} if state.etag else {}
    state.fetched_at = office.now  # before it is tried: a server that is away is not asked every minute
    _keep(office, name, state)
    answer = server.ask("GET", path, None, {"User-Agent": "junkhound", **known}, MOST_BYTES)
    if answer.status == 304:
        return None
    if answer.status != 200:
        where = f", and leads to {answer.headers['location'][:200]!r}" if "location" in answer.headers else ""
        raise Temporary(f"feed {name!r}: its server answers {answer.status}{where}", "the last one stays")
    if len(answer.body) >= MOST_BYTES:
        raise Refused(f"feed {name!r} has more than {MOST_BYTES >> 20} MB", "the last one stays")
    try:
        return import_(office, name, [answer.body])
    finally:
        state = _state(office, name)
        state.etag = answer.headers.get("etag", "") if not state.held else ""
        _keep(office, name, state)


def due(office: Office) -> list[str]:
    """Feeds that the settings ask to be fetched and that were not for so long."""
    return [
        name for name, about in office.config.feeds.items()
        if about.url and about.fetch_hours > 0
        and office.now - _state(office, name).fetched_at >= about.fetch_hours * clock.HOUR
    ]  # fmt: skip


def allowed(office: Office) -> list[tuple[Network, str]]:
    """The networks on allow lists, with the name of the list."""
    return [
        (network, name)
        for name, about in office.config.feeds.items()
        if about.kind == "good"
        for text in _read(office, name, "current")
        if (network := net.parse_network(text)) is not None
    ]


def release(office: Office, name: str) -> Imported:
    """Take a held feed as it is. Errors: NotFound if it is not held."""
    about, state = _about(office, name), _state(office, name)
    if not state.held:
        raise NotFound(f"feed {name!r} is not held", "junkhound feeds list shows which are")
    found = _read(office, name, "held")
    return _accept(office, name, about, state, found, {})


def hold(office: Office, name: str) -> State:
    """Stop a feed by hand: imports are kept aside until ``release``. Errors: NotFound."""
    _about(office, name)
    state = _state(office, name)
    if not state.held:
        _write(office, name, "held", _read(office, name, "current"))
        state.held = True
        state.history.append(Step(office.now, len(_read(office, name, "held")), "held"))
        _keep(office, name, state)
    return state


def overview(office: Office) -> list[Shown]:
    """Every configured feed."""
    shown = []
    for name, about in office.config.feeds.items():
        state = _state(office, name)
        last = state.accepted
        held = next((s.entries for s in reversed(state.history) if s.outcome == "held"), None) if state.held else None
        shown.append(Shown(name, about, last.entries if last else 0, last.at if last else None, held))
    return shown


def show(office: Office, name: str, held: bool = False) -> Entries:
    """The entries of a feed. Errors: NotFound."""
    _about(office, name)
    return _read(office, name, "held" if held else "current")


def check(office: Office, text: str) -> list[Hit]:
    """The feeds that name an address, a network that holds it, or a name above it. Errors: UsageError."""
    address, name = net.parse(text), domain_name(text)
    if address is None and name is None:
        raise UsageError(f"neither an address nor a name: {text!r}", "write 192.0.2.7, 2001:db8::1 or shop.example")
    hits = []
    for feed, about in office.config.feeds.items():
        found = _read(office, feed, "current")
        hits += [Hit(feed, one, found[one], about.tlp) for one in above(text) if one in found]
    return hits


def above(text: str) -> Iterator[str]:
    """An address and every network that holds it, or a name and those above it, as entries write them."""
    address = net.parse(text)
    yield from _above(address) if address is not None else _up(str(domain_name(text)))


def _above(address: net.Address) -> Iterator[str]:
    for bits in range(128, 95 if address.is_v4 else 0, -1):
        yield _text(net.network_of(address, bits))


def _up(name: str) -> Iterator[str]:
    while name:
        yield name
        name = name.partition(".")[2]


def _text(network: Network) -> str:
    return str(network.first) if network.bits == 128 else str(network)


def _about(office: Office, name: str) -> Feed:
    known = office.config.feeds
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"write [feeds.{name}] into the settings"
        raise NotFound(f"no feed called {name!r}", hint)
    return known[name]


def _entries(office: Office, items: list[Item], now: int) -> tuple[Entries, dict[str, int]]:
    """What may be kept of a list, and what was left out by reason. Errors: DataError, Refused."""
    if not items:
        raise DataError("nothing is listed in it", "an empty list is taken for a broken one; the last one stays")
    if len(items) > LARGEST:
        raise DataError(f"{len(items):,} entries are more than a list may have ({LARGEST:,})")
    never = Protected((row for policy in policies(office) for row in policy.protect), _documentation(office))
    found: Entries = {}
    left_out: Counter[str] = Counter()
    for item in items:
        at = min(item.at, now) if item.at is not None else now
        networks = feeds.networks_of(item.text)
        name = None if networks else domain_name(item.text.lstrip(".").removeprefix("*."))
        if not networks and name is None:
            left_out["neither an address nor a name"] += 1
        for network in networks:
            _refuse_wide(network)
            if never.why(network):
                left_out["reserved or protected"] += 1
            else:
                found[_text(network)] = max(at, found.get(_text(network), 0))
        if name is not None:
            found[name] = max(at, found.get(name, 0))
    bad = left_out["neither an address nor a name"]
    if bad > _BAD_SHARE * len(items):
        raise DataError(f"{bad:,} of {len(items):,} entries are neither addresses nor names: another format?",
                        f"state its format in [feeds.NAME]: {', '.join(feeds.FORMATS)}")  # fmt: skip
    if not found:
        raise DataError("nothing of it may be listed", "all of it is reserved or protected")
    return found, dict(left_out)


def _documentation(office: Office) -> bool:
    return office.config.network.allow_documentation


def _refuse_wide(network: Network) -> None:
    if network.prefix < (_WIDEST_V4 if network.is_v4 else _WIDEST_V6):
        raise Refused(f"it lists {network}: no list of ours takes that for evidence", "the last one stays")


def _grown(state: State, entries: int, now: int) -> bool:
    """Whether it has three times the entries of a day before; the first list is taken as it is."""
    if state.held:
        return True
    last = state.accepted
    if last is None or entries <= FREE:
        return False
    within = [step.entries for step in state.history if step.outcome == "accepted" and step.at > now - clock.DAY]
    return entries > GROWTH * min([last.entries, *within])


def _accept(
    office: Office, name: str, about: Feed, state: State, found: Entries, left_out: Mapping[str, int]
) -> Imported:
    before = _read(office, name, "current")
    fresh = {text: at for text, at in found.items() if at >= before.get(text, -clock.DAY) + clock.DAY}
    rows = _commit(office, name, about, fresh) if about.counts else 0
    feed_history.note(_path(office, name, "current").parent, name, found, before, office.now)
    _write(office, name, "current", found)
    state.history.append(Step(office.now, len(found), "accepted"))
    state.held = False
    _keep(office, name, state)
    _path(office, name, "held").unlink(missing_ok=True)
    networks = sum("/" in text for text in found)
    names = sum(net.parse_network(text) is None for text in found)
    return Imported(
        name, office.now, len(found), networks, names, rows, dict(left_out), len(before.keys() - found.keys())
    )


# --- rows -------------------------------------------------------------------------------------------------------


def _commit(office: Office, name: str, about: Feed, fresh: Entries) -> int:
    """Rows for addresses that are new or were seen again on a later day; those known already are left out."""
    ledger, intake_name = office.ledger, f"feed:{name}"
    key = hub_key(office.home)
    # Its vantage stands in no table of names: a feed never makes "two vantages have seen anything" true.
    intake, vantage = number(key, "intake", intake_name), number(key, "vantage", intake_name)
    kind = Kind[about.kind.upper()]
    rows = []
    for text, seen_at in sorted(fresh.items()):
        at = seen_at - seen_at % clock.DAY if kind is Kind.GOOD else seen_at  # good mail keeps a day and no hour
        network = net.parse_network(text)
        if network is None or network.bits < (128 if network.is_v4 else 64):
            continue
        digest = hashlib.sha256(text.encode()).digest()
        made = sighting.sighting_id(digest, intake_name, clock.day_text(at))
        rows.append({
            "id_hi": int.from_bytes(made[:8], "big"), "id_lo": int.from_bytes(made[8:], "big"),
            "addr_hi": network.hi, "addr_lo": network.lo, "seen_at": at, "ingested_at": office.now,
            "kind": int(kind), "standing": int(Standing.FEED), "confidence": 10_000, "intake": intake,
            "vantage": vantage, "count": 0,
        })  # fmt: skip
    done = 0
    for start in range(0, len(rows), _BATCH):
        batch = rows[start : start + _BATCH]
        ids = (np.array([row[half] for row in batch], np.uint64) for half in ("id_hi", "id_lo"))
        known = ledger.known(*ids)
        batch = [row for row, is_known in zip(batch, known.tolist(), strict=True) if not is_known]
        if batch:
            ledger.commit([_unit(office, batch, (intake, "intake", intake_name))])
            done += len(batch)
    return done


def _unit(office: Office, rows: list[dict[str, int]], intake: tuple[int, str, str]) -> UnitEntry:
    segment = secrets.randbits(63) | 1
    for ordinal, row in enumerate(rows):
        row["ordinal"] = ordinal
    columns = {column.name: [row.get(column.name, 0) for row in rows] for column in tables.SIGHTINGS.columns}
    path = objects.fresh_path(office.now, f"{segment:016x}", 1, tables.SIGHTINGS.name)
    put: ObjectEntry = objects.write(office.ledger.store, tables.SIGHTINGS, columns, path)
    counts = {f"kind:{Kind(rows[0]['kind']).name.lower()}": len(rows)}
    return UnitEntry(
        segment, f"{segment:016x}", (put,), None, (intake,), ((intake[0], 0, len(rows)),), len(rows), counts
    )


# --- files ------------------------------------------------------------------------------------------------------


def _path(office: Office, name: str, what: str) -> Path:
    return office.home / "feeds" / f"{name}.{what}"


def _state(office: Office, name: str) -> State:
    try:
        return msgspec.json.decode(_path(office, name, "json").read_bytes(), type=State)
    except FileNotFoundError:
        return State()
    except msgspec.MsgspecError as error:
        raise DataError(f"{_path(office, name, 'json')}: {error}") from None


def _keep(office: Office, name: str, state: State) -> None:
    state.history = state.history[-_REMEMBERED:]
    _put(_path(office, name, "json"), msgspec.json.encode(state))


def _write(office: Office, name: str, what: str, found: Entries) -> None:
    lines = (f"{text} {at}\n" for text, at in sorted(found.items()))
    _put(_path(office, name, what), "".join(lines).encode())


def _read(office: Office, name: str, what: str) -> Entries:
    try:
        lines = _path(office, name, what).read_text("ascii").splitlines()
    except FileNotFoundError:
        return {}
    return {text: int(at) for text, _, at in (line.partition(" ") for line in lines)}


def _put(path: Path, content: bytes) -> None:
    if not path.parent.is_dir():
        path.parent.mkdir(mode=0o700, parents=True)
        files.DISK.sync_dir(path.parent.parent)
    files.put(files.DISK, path, content)
