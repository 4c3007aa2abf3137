"""``guard pack`` and ``guard take``: what the hub knows, made into packs; and packs of a hub elsewhere, taken in."""

from __future__ import annotations

import base64
import binascii
import os
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
import numpy as np
from numpy.typing import NDArray

from junkhound import guard
from junkhound.campaign import LEAST_WORDS
from junkhound.guard import FORMS, SKETCH, Book, Head, sorted_rows
from junkhound.kernel.clock import DAY, HOUR, MINUTE
from junkhound.kernel.errors import ConfigError, DataError, NotFound, Refused, TamperError
from junkhound.kernel.net import Address, Network
from junkhound.ledger.campaigns import Book as CampaignBook
from junkhound.ledger.guarding import VANTAGES, Guarding
from junkhound.publish.write import SIGNATURE
from junkhound.verbs import hub as hubs
from junkhound.verbs import lists, signing, wording
from junkhound.verbs.campaigns import alias_of
from junkhound.verbs.guard import keep, pack_of, read_book
from junkhound.verbs.office import Office

WINDOW_DAYS = 14
TEXTS = 200_000
THINGS = 500_000
SOURCES = 1_000_000
NETWORKS = 300_000
CAMPAIGNS = 30_000
TEMPLATES, TEMPLATE_BYTES = 10_000, 10_000_000
"""Most rows of each table: a pack stays below 100 MB. The newest are kept."""
FEW_WORDS = 8
Wordings = tuple[guard.Wording, ...]


def make(office: Office, key: bytes | None = None, sequence: int = 1, window_days: int = WINDOW_DAYS) -> Book:
    """The book of this home's traps, as of the office's moment."""
    until = office.now
    since = until - window_days * DAY
    asked = Guarding(office.ledger.engine, office.ledger.snapshot())
    asked.least_words = LEAST_WORDS
    head = Head(office.config.publish.zone, sequence, until, key or os.urandom(16), window_days)
    keying = guard.Keying(head.key)
    campaigns, wordings = _campaigns(office, asked, keying, since)
    found = {
        "campaigns": campaigns,
        "texts": _texts(asked.letters(since, until, TEXTS)),
        "things": _things(asked.things(since, until, THINGS), keying),
        "sources": _sources(asked.sources(since, until, SOURCES), keying, _listed(office)),
        "networks": _networks(asked.surroundings(since, until, NETWORKS), keying),
        "systems": _filled("systems", asked.systems(since, until), {"id": "asn"}),
    }
    return Book(head, {name: sorted_rows(name, rows) for name, rows in found.items()}, wordings)


def _campaigns(office: Office, asked: Guarding, keying: guard.Keying, since: int) -> tuple[NDArray[Any], Wordings]:
    """The campaigns of the window and their templates.

    A template goes out where two vantages of traps saw each of its phrases, and without what names a trap.
    """
    book = CampaignBook(office.ledger.state)
    columns = asked.campaigns(since, office.now, CAMPAIGNS, alias_of(book))
    numbers = [int(one) for one in columns["campaign"]]
    rows = _filled("campaigns", columns, {"id": "campaign"})
    rows["id"] = ids = [keying.campaign(number) for number in numbers]
    sketches = {one.number: one.sketch for one in book.all() if one.words >= FEW_WORDS}
    for place, number in enumerate(numbers):
        sketch = sketches.get(number, b"")
        if len(sketch) == 4 * SKETCH:
            rows["sketch"][place] = guard.low_bytes(sketch)
    of = dict(zip(numbers, ids, strict=True))
    found: dict[int, guard.Wording] = {}
    for row, pattern in wording.patterns(office):
        day = row.met_on
        if row.campaign not in of or pattern.vantages < VANTAGES or not since <= day * DAY <= office.now:
            continue
        clean = wording.redacted(office, pattern)
        if clean is not None:
            parts, campaign = tuple(clean.parts), of[row.campaign]
            number = keying.wording(campaign, parts)
            found[number] = guard.Wording(number, campaign, day, parts)
    newest = sorted(found.values(), key=lambda one: (-one.day, one.id))[:TEMPLATES]
    room = np.cumsum([len(msgspec.msgpack.encode(one)) for one in newest]) <= TEMPLATE_BYTES
    return rows, tuple(sorted(newest[: int(room.sum())], key=lambda one: one.id))


def _filled(table: str, columns: dict[str, NDArray[Any]], named: dict[str, str]) -> NDArray[Any]:
    """Rows of a table from columns, numbers cut to what their place holds."""
    form = FORMS[table]
    count = len(next(iter(columns.values())))
    rows = np.zeros(count, form)
    for name in form.names or ():
        column = columns.get(named.get(name, name))
        if column is not None and name != "sketch":
            most = np.iinfo(form[name]).max
            rows[name] = np.minimum(np.asarray(column, np.uint64), np.uint64(most))
    return rows


def _texts(columns: dict[str, NDArray[Any]]) -> NDArray[Any]:
    rows = _filled("texts", columns, {"id": "template"})
    for place, (sketch, words) in enumerate(zip(columns["sketch"], columns["words"], strict=True)):
        if words >= FEW_WORDS and len(sketch) == 4 * SKETCH:
            rows["sketch"][place] = guard.low_bytes(bytes(sketch))
    return rows


def _things(columns: dict[str, NDArray[Any]], keying: guard.Keying) -> NDArray[Any]:
    rows = _filled("things", columns, {})
    rows["id"] = [keying.thing(int(k), int(v)) for k, v in zip(columns["kind"], columns["key"], strict=True)]
    return rows


def _sources(columns: dict[str, NDArray[Any]], keying: guard.Keying, listed: set[Address]) -> NDArray[Any]:
    rows = _filled("sources", columns, {})
    machines = [Address(int(hi), int(lo)) for hi, lo in zip(columns["hi"], columns["lo"], strict=True)]
    rows["id"] = [keying.source(machine) for machine in machines]
    rows["listed"] = [machine in listed for machine in machines]
    return rows


def _networks(columns: dict[str, NDArray[Any]], keying: guard.Keying) -> NDArray[Any]:
    rows = _filled("networks", columns, {})
    rows["id"] = [
        keying.network(Address(int(hi), int(lo))) for hi, lo in zip(columns["hi"], columns["lo"], strict=True)
    ]
    return rows


def _listed(office: Office) -> set[Address]:
    """The first addresses of all machines that stand on the lists now; ranges and names say nothing of one machine."""
    found = (entry.subject for name in office.config.lists for entry in lists.entries(office, name))
    return {one.first for one in found if isinstance(one, Network) and (one.bits == 128 or not one.is_v4)}


class Made(msgspec.Struct, frozen=True):
    """A pack that was written or taken; ``new`` False: the one that was here already is the newest."""

    path: str
    hub: str
    sequence: int
    size: int
    rows: dict[str, int]
    delta: str = ""
    delta_size: int = 0
    new: bool = True


def write_pack(office: Office, out: Path | None = None, since: Path | None = None) -> Made:
    """Make the pack of now and write it; ``since`` an older one of this hub: the difference is written too.

    A pack that is there already gives its key and the next number, so that differences to it can be made. The home's
    own pack is kept as an edition for enrolled guards as well.
    """
    place = out or pack_of(office)
    old = read_book(since) if since is not None else read_book(place)
    known = old.head.sequence > 0 and old.head.hub == office.config.publish.zone
    book = make(office, old.head.key if known else None, old.head.sequence + 1 if known else 1)
    octets = guard.pack.write(book)
    delta, beside = b"", place.with_name(place.name + ".delta")
    if since is not None:
        if not known:
            raise DataError(f"{str(since)!r} is a pack of {old.head.hub!r}", "give one that this home made")
        delta = guard.pack.difference(old, book)
        _put(office, beside, delta)
    if out is None:
        _put_edition(office, book, octets)
    _put(office, place, octets)
    return Made(str(place), book.head.hub, book.head.sequence, len(octets), book.rows,
                str(beside) if delta else "", len(delta))  # fmt: skip


def _put(office: Office, place: Path, octets: bytes) -> None:
    """A pack or difference with its signature, where the hub signs. The signature is there first, as the lists' are."""
    signer = signing.signer_of(office)
    if signer is not None:
        keep(place.with_name(place.name + SIGNATURE), signer.sign(octets, place.name, office.now))
    keep(place, octets)


# --- editions: what enrolled guards are given ---------------------------------------------------------------------

EDITIONS = 4
"""Packs that are kept, so that a guard which was away for some days is given a difference."""
_EDITION = re.compile(r"(\d{1,10})\.pack\Z")


class Edition(NamedTuple):
    """A file that never changes: a pack, or the difference from an older one; and its signature ('' unsigned)."""

    path: Path
    sequence: int
    signature: str
    tag: str


def _editions(office: Office) -> dict[int, Path]:
    folder = office.home / "guard" / "editions"
    found = {}
    for path in folder.glob("*.pack") if folder.is_dir() else ():
        named = _EDITION.match(path.name)
        if named:
            found[int(named[1])] = path
    return dict(sorted(found.items()))


def _put_edition(office: Office, book: Book, octets: bytes) -> None:
    """Keep a pack under its number, with the differences from those kept before; older ones go."""
    folder, number = office.home / "guard" / "editions", book.head.sequence
    before = _editions(office)
    for other, path in before.items():
        if not number - EDITIONS < other < number:
            continue
        old = read_book(path)
        if (old.head.hub, old.head.key) == (book.head.hub, book.head.key):
            _put(office, folder / f"{other}-{number}.delta", guard.pack.difference(old, book))
    _put(office, folder / f"{number}.pack", octets)
    # others are readable by the partners' listener alone, which may be sending one: an open file stays until its end
    stale = [other for other in before if other > number or other <= number - EDITIONS]
    for path in folder.iterdir():
        first, _, rest = path.name.partition(".")
        numbers = [int(word) for word in first.split("-") if word.isdigit()]
        outdated = rest.startswith("delta") and number not in numbers[1:]
        if outdated or (rest.startswith("pack") and set(numbers) & set(stale)):
            path.unlink(missing_ok=True)


def edition(office: Office, since: int | None = None) -> Edition:
    """The newest pack for an enrolled guard, as the difference from ``since`` where that is kept.

    Errors: NotFound where no pack was made yet.
    """
    editions = _editions(office)
    if not editions:
        raise NotFound("no pack was made here yet", "junkhound guard pack")
    number = max(editions)
    path = editions[number]
    delta = path.with_name(f"{since}-{number}.delta")
    if since is not None and since < number and delta.is_file():
        path = delta
    try:
        signature = path.with_name(path.name + SIGNATURE).read_bytes()
    except FileNotFoundError:
        signature = b""
    made_at = guard.pack.head(editions[number]).made_at
    return Edition(path, number, base64.b64encode(signature).decode(), f'"{number}-{made_at}"')


# --- packs of a hub elsewhere -------------------------------------------------------------------------------------

MOST = 200_000_000
"""Bytes of a pack that is taken in."""
AHEAD_US = 10 * MINUTE
NAME, SIGNED = "junkhound-pack", "junkhound-signature"
"""Headers of an answer: what the file is called by its signature, and the signature."""


def take(office: Office, file: Path, key: str = "") -> Made:
    """Take in a hub's pack, or a difference to the one that is here, into this home.

    Errors: TamperError, NotFound for a signature that does not hold or is not there, where a key is known; DataError
    for what is no pack, or a difference to another; Refused for an older pack than the one that is here.
    """
    key = key or office.config.guard.key
    if key:
        signing.verify_file(file, signing.read_key(key))
    place = office.home / "guard" / "own.pack"
    old = read_book(place)
    book = guard.pack.apply(old, file.read_bytes())
    if book.head.hub == old.head.hub and book.head.sequence < old.head.sequence:
        raise Refused(f"pack {book.head.sequence} is older than {old.head.sequence}, which is here", "fetch the newest")
    octets = guard.pack.write(book)
    keep(place, octets)
    return Made(str(place), book.head.hub, book.head.sequence, len(octets), book.rows)


def fetch(office: Office, url: str = "", key: str = "", token_file: str = "") -> Made:
    """Fetch what the hub has that is newer, as a difference where it can, and take it in.

    Only what the hub has signed is taken, and nothing that is stale already. Errors: ConfigError without an address,
    a token or a key; Refused, Temporary, TamperError; what ``take`` says.
    """
    said = office.config.guard
    url, key = url or said.hub, key or said.key
    if not url:
        raise ConfigError("no hub is named", "give its address, or set [guard] hub")
    if not key:
        raise ConfigError("packs are fetched by their hub's signature only", "give --key, or set [guard] key")
    token = hubs.token_of("[guard] token_file", token_file or said.token_file, "JUNKHOUND_GUARD_TOKEN")
    hub = hubs.reach("[guard] hub", url, token, said.ca, said.timeout_s, "guard")
    old = read_book(office.home / "guard" / "own.pack")
    made = _fetched(office, hub, old, key)
    if made is not None:
        return made
    return Made(str(office.home / "guard" / "own.pack"), old.head.hub, old.head.sequence, 0, old.rows, new=False)


def _fetched(office: Office, hub: hubs.Hub, old: Book, key: str, whole: bool = False) -> Made | None:
    number = 0 if whole else old.head.sequence
    answer = hub.ask("GET", f"/guard/v1/pack?since={number}", None, {"If-None-Match": tag(old, number)}, MOST + 1)
    if answer.status == 304 and number:
        return None
    if answer.status != 200:
        words = answer.body[:4096].decode("utf-8", "replace")
        hubs.check_access(answer.status, words)
        raise Refused(f"the hub gives no pack: {hubs.message(words)}")
    if len(answer.body) > MOST:
        raise DataError(f"a pack of more than {MOST:,} bytes", "ask the hub's operator")
    _check_signed(answer, key)
    try:
        book = guard.pack.apply(old, answer.body)
    except DataError:
        if whole or not number:
            raise
        return _fetched(office, hub, old, key, whole=True)  # the hub began anew, or ours is of another
    _check_fresh(office, old, book)
    octets = guard.pack.write(book)
    place = office.home / "guard" / "own.pack"
    keep(place, octets)
    return Made(str(place), book.head.hub, book.head.sequence, len(octets), book.rows, delta_size=len(answer.body))


def tag(book: Book, number: int) -> str:
    """The ETag of the pack that somebody has."""
    return f'"{number}-{book.head.made_at}"'


def _check_signed(answer: hubs.Answer, key: str) -> None:
    """Errors: TamperError, DataError or NotFound where the bytes are not what the hub signed under this name."""
    file = answer.headers.get(NAME, "")
    if not re.fullmatch(r"\d{1,10}(\.pack|-\d{1,10}\.delta)", file):
        raise DataError(f"the hub calls its pack {file[:40]!r}", "is it a Junkhound hub?")
    try:
        signature = base64.b64decode(answer.headers.get(SIGNED, ""), validate=True)
    except binascii.Error:
        raise TamperError("the pack's signature cannot be read") from None
    with TemporaryDirectory(prefix="junkhound-guard-") as folder:
        path = Path(folder) / file
        path.write_bytes(answer.body)
        if signature:
            path.with_name(file + SIGNATURE).write_bytes(signature)
        signing.verify_file(path, signing.read_key(key))


def _check_fresh(office: Office, old: Book, book: Book) -> None:
    """Errors: Refused for an old signed pack that is passed off as the newest."""
    age = office.now - book.head.made_at
    if age > office.config.guard.stale_h * HOUR:
        raise Refused(f"the hub's newest pack is {age / HOUR:.0f} hours old", "has it stopped to make them?")
    if age < -AHEAD_US:
        raise Refused("the hub's pack is of a moment that has not come", "is the clock right?")
    if book.head.hub == old.head.hub and book.head.sequence < old.head.sequence:
        raise Refused(f"the hub gives pack {book.head.sequence}, and {old.head.sequence} is here",
                      "is it the right hub?")  # fmt: skip


def is_address(words: str) -> bool:
    """Whether it is the address of a hub rather than a file."""
    return urlsplit(words).scheme in ("http", "https")
