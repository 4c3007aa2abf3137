"""A mail below its trace lines: header fields in the order of its sender's engine, and the body in one of its forms."""

from __future__ import annotations

import binascii
import html
import quopri
import zlib
from dataclasses import dataclass, field

from junkhound.sample.dice import DIGITS, LOWER, Dice
from junkhound.sample.mtas import date
from junkhound.sample.words import TAIL, Campaign

# The order in which four mail engines write their fields: as telling as handwriting.
ENGINES: dict[str, tuple[str, ...]] = {
    "outlook": ("Message-ID", "From", "To", "Subject", "Date", "MIME", "X-Mailer"),
    "bot-a": ("Date", "From", "X-Mailer", "Reply-To", "To", "Subject", "MIME", "Message-ID"),
    "bot-b": ("From", "To", "Subject", "Message-ID", "Date", "MIME"),
    "list": ("Date", "To", "From", "Message-ID", "List", "MIME", "Subject"),
}
MAILERS = {"outlook": "Microsoft Outlook 16.0", "bot-a": "The Bat! (v3.0.1.33) Professional"}


@dataclass
class Draft:
    """What a mail is made of before it has travelled: its fields by name and its body."""

    fields: dict[str, str]
    body: bytes
    engine: str = "outlook"
    lists: list[str] = field(default_factory=list)

    def header(self) -> bytes:
        """All fields in the engine's order, lines ended by ``\\n``."""
        lines: list[str] = []
        for name in ENGINES[self.engine]:
            if name == "MIME":
                lines += [f"{key}: {self.fields[key]}" for key in _MIME if key in self.fields]
            elif name == "List":
                lines += self.lists
            elif name in self.fields:
                lines.append(f"{name}: {self.fields[name]}")
        return "".join(line + "\n" for line in lines).encode()


_MIME = ("MIME-Version", "Content-Type", "Content-Transfer-Encoding")


def junk(campaign: Campaign, dice: Dice, at: float, to: str, engine: str, version: int, word: str = "") -> Draft:
    """One mail of a campaign in the template version of its day."""
    who = to.partition("@")[0]
    host = dice.one(campaign.hosts) if campaign.hosts else "nowhere.example"
    slots = {
        "who": who, "host": host, "ref": dice.word(10, LOWER + DIGITS), "word": word or dice.word(6),
        "junkdomain": host if campaign.hosts else "freepost.example", "tail": " ".join(dice.some(TAIL, 7)), "n": "0",
    }  # fmt: skip
    text = _numbers(dice.spin(campaign.bodies[version % len(campaign.bodies)], {**slots, "n": "\0"}), dice)
    subject = _numbers(dice.spin(dice.one(campaign.subjects), {**slots, "n": "\0"}), dice)
    sender = _numbers(dice.spin(dice.one(campaign.senders), {**slots, "n": "\0"}), dice)
    draft = _draft(sender, to, subject, at, dice, engine, host)
    charset = {"latin": "iso-8859-1", "koi8": "koi8-r", "gb": "gb2312"}.get(campaign.form)
    if charset:
        draft.fields["Subject"] = encoded_word(subject, charset)
    draft.body = _FORMS[campaign.form](draft, text, dice)
    return draft


def _numbers(text: str, dice: Dice) -> str:
    while "\0" in text:
        text = text.replace("\0", str(dice.between(11, 89)), 1)
    return text


def _draft(sender: str, to: str, subject: str, at: float, dice: Dice, engine: str, host: str) -> Draft:
    forms = {
        "outlook": f"<{dice.word(12, '0123456789ABCDEF')}.{dice.word(8, '0123456789ABCDEF')}@{dice.word(7)}>",
        "bot-a": f"<{dice.word(10, DIGITS)}.{dice.word(14, DIGITS)}@{host}>",
        "bot-b": f"<{'$'.join(dice.word(8, DIGITS + 'abcdef') for _ in range(3))}@{dice.word(6)}>",
        "list": f"<{dice.word(8, DIGITS + 'abcdef')}-{dice.word(4, DIGITS)}@{host}>",
    }
    zone = 0 if engine == "list" else dice.one((0, 60, 180, 480, -300))
    fields = {
        "Message-ID": forms[engine],
        "From": sender if "<" in sender or engine == "bot-b" else f'"{sender.partition("@")[0].title()}" <{sender}>',
        "To": f"<{to}>",
        "Subject": subject,
        "Date": date(at - dice.between(0, 40), zone),
        "MIME-Version": "1.0",
    }
    if engine in MAILERS:
        fields["X-Mailer"] = MAILERS[engine]
    if engine == "bot-a" and dice.chance(0.5):
        fields["Reply-To"] = sender
    return Draft(fields, b"", engine)


def wanted(sender: str, to: str, subject: str, text: str, at: float, dice: Dice, host: str, lists: list[str]) -> Draft:
    """One mail of the wanted kind."""
    draft = _draft(sender, to, subject, at, dice, "list" if lists else "outlook", host or "home.example")
    draft.lists = lists
    draft.fields.pop("X-Mailer", None)
    draft.body = (
        _alternative(draft, text, dice) if lists and "List-Unsubscribe" in lists[0] else _plain(draft, text, dice)
    )
    return draft


def encoded_word(text: str, charset: str) -> str:
    """RFC 2047, one word of base64."""
    return f"=?{charset}?B?{binascii.b2a_base64(text.encode(charset), newline=False).decode()}?="


def _type(draft: Draft, content_type: str, encoding: str = "7bit") -> None:
    draft.fields["Content-Type"] = content_type
    draft.fields["Content-Transfer-Encoding"] = encoding


def _plain(draft: Draft, text: str, dice: Dice) -> bytes:
    _type(draft, "text/plain; charset=us-ascii")
    return text.encode("ascii", "replace")


def _page(text: str, dice: Dice) -> str:
    """The text as HTML, links as links, and between the lines what only a machine sees."""
    lines = []
    for block in text.strip().split("\n\n"):
        words = html.escape(block).replace("\n", "<br>\n")
        start = words.find("http")
        if start >= 0:
            end = min((i for i in (words.find(c, start) for c in " <\n") if i >= 0), default=len(words))
            url = words[start:end]
            words = f'{words[:start]}<a href="{url}">{dice.one(("here", "click", url))}</a>{words[end:]}'
        lines.append(f"<p>{words}</p>")
    hidden = f'<font size="1" color="#fffffe">{dice.word(6)} {dice.word(5)}</font>\n' if dice.chance(0.4) else ""
    return "<html><body>\n" + "\n".join(lines) + f"\n{hidden}</body></html>\n"


def _html(draft: Draft, text: str, dice: Dice) -> bytes:
    _type(draft, "text/html; charset=us-ascii")
    return _page(text, dice).encode("ascii", "xmlcharrefreplace")


def _multipart(draft: Draft, kind: str, parts: list[tuple[str, bytes]], dice: Dice) -> bytes:
    mark = f"----=_NextPart_{dice.word(3, DIGITS)}_{dice.word(4, DIGITS + 'ABCDEF')}_{dice.word(8, DIGITS + 'ABCDEF')}"
    draft.fields["Content-Type"] = f'multipart/{kind};\n\tboundary="{mark}"'
    body = b"This is a multi-part message in MIME format.\n\n"
    for header, content in parts:
        body += f"--{mark}\n{header}\n\n".encode() + content + b"\n"
    return body + f"--{mark}--\n".encode()


def _alternative(draft: Draft, text: str, dice: Dice) -> bytes:
    page = quopri.encodestring(_page(text, dice).encode())
    return _multipart(
        draft, "alternative",
        [
            ("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit", text.encode()),
            ("Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable", page),
        ],
        dice,
    )  # fmt: skip


def _latin(draft: Draft, text: str, dice: Dice) -> bytes:
    _type(draft, "text/plain; charset=iso-8859-1", "quoted-printable")
    return quopri.encodestring(text.replace("€", "EUR").encode("iso-8859-1"))


def _koi8(draft: Draft, text: str, dice: Dice) -> bytes:
    _type(draft, 'text/plain; charset="koi8-r"', "base64")
    return _base64(text.replace("«", '"').replace("»", '"').encode("koi8-r"))


def _gb(draft: Draft, text: str, dice: Dice) -> bytes:
    _type(draft, 'text/plain; charset="gb2312"', "base64")
    return _base64(text.encode("gb2312"))


def _base64(content: bytes) -> bytes:
    return b"".join(binascii.b2a_base64(content[i : i + 57]) for i in range(0, len(content), 57))


def _picture(draft: Draft, text: str, dice: Dice) -> bytes:
    """The tout as a picture with specks of its own, under words that say nothing."""
    content_id = f"{dice.word(12, DIGITS + 'abcdef')}@{dice.word(6)}"
    page = f'<html><body><img src="cid:{content_id}"><br>{" ".join(dice.some(TAIL, 12))}</body></html>\n'
    if dice.chance(0.4):  # some copies say it in plain words
        return _plain(draft, text, dice)
    header = f'Content-Type: image/png; name="{dice.word(6)}.png"\nContent-Transfer-Encoding: base64'
    return _multipart(
        draft, "related",
        [
            ("Content-Type: text/html; charset=us-ascii", page.encode()),
            (f"{header}\nContent-ID: <{content_id}>", _base64(png(dice))),
        ],
        dice,
    )  # fmt: skip


_GLYPHS = {"Q": (14, 17, 17, 21, 14), "Z": (31, 2, 4, 8, 31), "L": (16, 16, 16, 16, 31), "H": (17, 17, 31, 17, 17)}


def png(dice: Dice, width: int = 56, height: int = 20) -> bytes:
    """A small grey picture that spells QZLH, specks differing from copy to copy.

    The pixels are stored, not deflated: compressors differ between versions, this picture does not.
    """
    rows = []
    for y in range(height):
        row = bytearray(b"\xf0" * width)
        for place, letter in enumerate("QZLH"):
            if 4 <= y < 14:
                bits = _GLYPHS[letter][(y - 4) // 2]
                for x in range(10):
                    if bits >> (4 - x // 2) & 1:
                        row[4 + place * 13 + x] = 0x20
        for _ in range(3):
            row[dice.below(width)] = dice.below(256)
        rows.append(b"\0" + bytes(row))
    raw = b"".join(rows)
    stored = b"\x78\x01\x01" + len(raw).to_bytes(2, "little") + (len(raw) ^ 0xFFFF).to_bytes(2, "little") + raw
    stored += zlib.adler32(raw).to_bytes(4, "big")
    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\0\0\0\0"
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", stored) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")


_FORMS = {
    "plain": _plain, "html": _html, "alternative": _alternative, "latin": _latin, "koi8": _koi8, "gb": _gb,
    "picture": _picture,
}  # fmt: skip


def damage(mail: bytes, dice: Dice) -> bytes:
    """Break a finished mail in one of the ways junk is broken."""
    way = dice.below(5)
    if way == 0:
        return mail.replace(b"us-ascii", b"x-unknown-99", 1)
    if way == 1:
        place = len(mail) - dice.between(5, 60)
        return mail[:place] + b"\0" + mail[place:]
    if way == 2:  # the end of the last part is missing
        return mail[: max(mail.rfind(b"\n--"), len(mail) * 3 // 4)] + b"\n"
    if way == 3:
        return mail.replace(b"\nDate: ", b"\nDate: Thu, 31 Feb 1998 25:61:00 +9900 was ", 1)
    return mail + b"z" * 1200 + b"\n"
