"""The final header of a mail: trace lines, then fields in the order of the program that wrote it."""

from __future__ import annotations

import base64
import random
from collections.abc import Sequence

from spamworld.plan import Composed, Delivery, Line
from spamworld.streams import quick
from spamworld.wire import clock, extras, ids, pens
from spamworld.wire.engines import Pen
from spamworld.wire.stack import stack

_USUAL = {"date": "Date", "message-id": "Message-ID", "mime-version": "MIME-Version"}


def header_fields(
    delivery: Delivery, composed: Composed, seed: int, lines: Sequence[Line] | None = None
) -> list[bytes]:
    """The fields, folded, without their last line ends.

    What the author wrote stays as it is; From, To, Date, Message-ID and what the program says of itself are added where
    ``composed`` has none. Some engines put the lines they made up below From and Subject (test T10).

    Args:
        lines: the mail's stack, where it is known already.
    """
    pen = pens.of(delivery.engine)
    chance = quick(seed, "header", delivery.id)
    if lines is None:
        lines = stack(delivery, seed)
    campaign = quick(seed, "pen", delivery.campaign, delivery.version, delivery.engine) if delivery.campaign else chance
    own = {name.lower(): (name, value) for name, value in _own(delivery, pen, chance, campaign)}
    written: dict[str, list[tuple[str, bytes]]] = {}
    for name, value in composed.fields:
        written.setdefault(name.lower(), []).append((name, value))
    for key, (name, value) in own.items():
        written.setdefault(key, [(name, value)])
    names = dict(pen.names)
    fields = []
    for key in _order(written, pen.order):
        fields += [_fold(names.get(name, name), value, pen.fold) for name, value in written[key]]
    made_up = [line.text for line in lines if not line.genuine]
    if made_up and pen.below and chance.random() < pen.below:
        place = len(fields) if chance.random() < 0.4 else min(len(fields), 2 + chance.randrange(3))
        fields[place:place] = made_up
        made_up = []
    top = [*extras.delivery_fields(delivery), *(line.text for line in lines if line.genuine), *made_up]
    return [*top, *extras.source_fields(delivery, seed, chance), *fields]


def write(delivery: Delivery, composed: Composed, seed: int, lines: Sequence[Line] | None = None) -> bytes:
    """The whole mail, line ends CRLF in the header, the body as composed."""
    return b"\r\n".join(header_fields(delivery, composed, seed, lines)) + b"\r\n\r\n" + composed.body


def _order(written: dict[str, list[tuple[str, bytes]]], order: tuple[str, ...]) -> list[str]:
    listed = frozenset(order)
    rest = [key for key in written if key not in listed]
    found: list[str] = []
    for key in order:
        if key == "*":
            found += rest
            rest = []
        elif key in written:
            found.append(key)
    return found + rest


def _own(delivery: Delivery, pen: Pen, chance: random.Random, campaign: random.Random) -> list[tuple[str, bytes]]:
    """The fields a program writes of itself."""
    injector = delivery.path[0].sender
    at = delivery.path[0].at - chance.getrandbits(22) + injector.skew
    author = delivery.author.rpartition("@")[2] or "localhost"
    found = [
        ("From", _mailbox(delivery.author_name, delivery.author)),
        ("To", ", ".join(one.address for one in delivery.recipients[:3]).encode()),
        ("MIME-Version", b"1.0"),
    ]
    if pen.date != "none":
        found.append(("Date", date(pen, at, injector.country, chance).encode()))
    if pen.message_id:
        host = _host(pen.id_host, delivery, author, chance)
        found.append(
            (
                "Message-ID",
                ids.message_id(pen.message_id, at, chance, host, injector.address, injector.country).encode(),
            )
        )
    for name, values in pen.mailer:
        value = campaign.choice(values) if len(values) > 1 else values[0]
        if value == "{thread}":
            value = _thread(at, chance)
        found.append((name, value.encode()))
    return found


def date(pen: Pen, at: int, country: str, chance: random.Random) -> str:
    """The Date field in the program's form and in the zone it believes in."""
    zone = pen.zone
    if zone == "utc":
        place = clock.UTC
    elif zone.startswith("fixed:"):
        minutes = int(zone[6:])
        return clock.offset_form(at, minutes, 1 if pen.date == "short" else 0)
    elif zone == "random":
        return clock.offset_form(at, 60 * chance.randrange(-11, 13))
    elif zone == "wrong":  # local time of the machine under another zone's name
        minutes = 60 * chance.randrange(-8, 10)
        shift = clock.zone(country, clock.day_of(at))[0] - minutes * 60
        return clock.offset_form(at + shift * clock.SECOND, minutes, 1)
    else:
        place = country
    match pen.date:
        case "short":
            return clock.written(at, place, 1)
        case "blank":
            return clock.written(at, place, 2)
        case "comment":
            return clock.written(at, place, 1, True)
        case "gmt":
            return clock.gmt(at)
        case "named":
            return clock.named(at, place)
    return clock.written(at, place)


def _host(form: str, delivery: Delivery, author: str, chance: random.Random) -> str:
    injector = delivery.path[0].sender
    if form == "author":
        return author
    if form == "helo":
        return delivery.path[0].helo.strip("[]") or author
    if form == "rdns":
        return injector.rdns or author
    if form == "computer":
        return computer(injector.id)
    if form == "random":
        return f"{ids.some(chance, 'abcdefghijklmnopqrstuvwxyz', 4 + chance.getrandbits(2))}.example"
    return injector.name or author


def computer(host: int) -> str:
    """The name that Windows gave a machine when it was set up."""
    letters = ids.base(host * 2654435761 % 36**7, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 7)
    return f"{('user-', 'home-', 'pc-', 'DESKTOP-', 'acer-', 'your-')[host % 6]}{letters if host % 6 == 3 else letters.lower()}"


def _thread(at: int, chance: random.Random) -> str:
    """Thread-Index: a byte 1, five bytes of FILETIME, a GUID."""
    return base64.b64encode(
        (ids.filetime(at) >> 16).to_bytes(7, "big")[1:7] + chance.getrandbits(128).to_bytes(16, "big")
    ).decode()


def _mailbox(name: str, address: str) -> bytes:
    if not name:
        return f"<{address}>".encode()
    if name.isascii():
        return f'"{name}" <{address}>'.encode()
    word = base64.b64encode(name.encode()).decode()
    return f"=?utf-8?B?{word}?= <{address}>".encode()


def _fold(name: str, value: bytes, width: int) -> bytes:
    """``Name: value`` folded at blanks where it is longer than ``width``."""
    field = name.encode() + b": " + value
    if not width or len(field) <= width or b"\n" in value or b" " not in value:
        return field
    out: list[bytes] = []
    line = name.encode() + b":"
    for word in value.split(b" "):
        if len(line) + 1 + len(word) > width and len(line) > 1 and line.strip() and word:
            out.append(line)
            line = b" " + word
        else:
            line += b" " + word
    out.append(line)
    return b"\r\n".join(out)
