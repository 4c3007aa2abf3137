"""Attachments of lures: real containers around a text that says it is harmless, salted so that hashes differ."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from functools import lru_cache
from random import Random

import msgspec

from spamworld.content import mime
from spamworld.content.brief import Brief, Options
from spamworld.plan import Delivery
from spamworld.streams import quick

HARMLESS = (
    "This file belongs to a simulated world of junk mail. It stands where a malicious program would be.\r\n"
    "It holds this text and nothing else: no code, no macro, no link.\r\n"
)
# The industry's antivirus test file, in two halves so that no scanner stops at this source file.
EICAR = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STAND" + "ARD-ANTIVIRUS-TEST-FILE!$H+H*"
KINDS = ("zip", "zip", "zip", "rtf", "docx", "docm", "iso", "html", "pdf")
WANTED = {"zip": ("zip",), "doc": ("rtf", "docx", "docm"), "iso": ("iso",), "html": ("html",), "pdf": ("pdf",)}
BY_CATEGORY = {"phish": ("html",), "worm": ("pif", "zip"), "targeted": ("docm", "pdf", "zip"), "b2b": ("pdf",)}
TYPES = {
    "zip": "application/zip",
    "rtf": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "docm": "application/vnd.ms-word.document.macroEnabled.12",
    "iso": "application/x-iso9660-image",
    "html": "text/html",
    "pdf": "application/pdf",
    "pif": "application/octet-stream",
}
ENDS = {"rtf": "doc"}
STEMS = ("Invoice", "Document", "Scan", "Order", "Statement", "Label", "Photo", "Report", "Fax", "Payment")
INSIDE = ("{}.exe", "{}.pdf.exe", "{}.scr", "{}.doc                    .exe", "{}.js", "{}.lnk")
OLD = 33  # date of a zip member, 1980-01-01 in the format of MS-DOS


class Lure(msgspec.Struct, frozen=True):
    """An attachment and its truth."""

    name: str
    kind: str
    content: bytes
    salt: str

    def part(self) -> mime.Part:
        """It as a MIME part."""
        name = mime.word(self.name).decode() if not self.name.isascii() else self.name
        return mime.Part(f'{TYPES[self.kind]}; name="{name}"', self.content, "base64", f'attachment; filename="{name}"')


@lru_cache(maxsize=4096)
def wanted(brief: Brief) -> bool:
    """Whether mails of the campaign carry a file."""
    if brief.attachment != "auto":
        return bool(brief.attachment)
    chance = quick(0, "lure", brief.id).random()
    if brief.category == "malware":
        return chance < 0.7 or not brief.domains or brief.url == "none"
    return brief.category == "worm" or chance < {"targeted": 0.6, "phish": 0.1, "b2b": 0.05}.get(brief.category, 0.0)


def lure(seed: int, brief: Brief, delivery: Delivery, rng: Random, options: Options) -> Lure:
    """The attachment of one mail: kind and name by campaign and version, salt mostly by mail."""
    habit = quick(seed, "attachment", brief.id, delivery.version)
    kinds = WANTED.get(brief.attachment) or BY_CATEGORY.get(brief.category, KINDS)
    kind = habit.choice(kinds)
    stem, inside = habit.choice(STEMS), habit.choice(INSIDE)
    if habit.random() < 0.7:  # the other campaigns send one file, so its hash ties them
        habit, salt = rng, f"{rng.getrandbits(64):016x}"
    else:
        salt = f"{habit.getrandbits(64):016x}"
    stem += habit.choice(("", f"_{habit.randrange(10**6)}", f"-{habit.randrange(10**4)}"))
    if kind == "pif":
        name = stem + habit.choice((".pif", ".scr", ".bat"))
    else:
        name = f"{stem}.{ENDS.get(kind, kind)}"
    text = (EICAR if options.eicar else HARMLESS + f"Salt: {salt}\r\n").encode("ascii")
    return Lure(name, kind, MAKERS[kind](text, inside.format(stem), salt), salt)


def zipped(members: list[tuple[str, bytes]], note: str = "") -> bytes:
    """A zip file with stored members (APPNOTE 4.3), the same bytes with any library."""
    files, central = b"", b""
    for name, content in members:
        sizes = struct.pack("<IIIHH", zlib.crc32(content), len(content), len(content), len(name), 0)
        common = struct.pack("<HHHHH", 20, 0, 0, 0, OLD) + sizes
        central += b"PK\x01\x02\x14\0" + common + struct.pack("<HHHII", 0, 0, 0, 0, len(files)) + name.encode()
        files += b"PK\x03\x04" + common + name.encode() + content
    count, comment = len(members), note.encode()
    end = struct.pack("<HHHHIIH", 0, 0, count, count, len(central), len(files), len(comment))
    return files + central + b"PK\x05\x06" + end + comment


def document(text: bytes, macro: bool, salt: str) -> bytes:
    """A word processor's file: a zip with the three members that make it one; the "macro" is a text."""
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    types = (
        '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/>'
        f'<Override PartName="/word/document.xml" ContentType="{main}"/></Types>'
    )
    links = (
        '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
        'officeDocument" Target="word/document.xml"/></Relationships>'
    )
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    page = (
        f'<?xml version="1.0"?><w:document xmlns:w="{space}"><w:body><w:p><w:r><w:t>'
        + text.decode().replace("&", "&amp;").replace("<", "&lt;").replace("\r\n", " ")
        + "</w:t></w:r></w:p></w:body></w:document>"
    )
    members = [("[Content_Types].xml", types), ("_rels/.rels", links), ("word/document.xml", page)]
    whole = [(name, content.encode()) for name, content in members]
    return zipped(whole + [("word/vbaProject.bin", text)] * macro, salt)


def rtf(text: bytes) -> bytes:
    """A rich text file."""
    body = text.decode().replace("\\", "\\\\").replace("{", "\\{").replace("}", "\\}").replace("\r\n", "\\par\r\n")
    return ("{\\rtf1\\ansi\\deff0{\\fonttbl{\\f0 Arial;}}\\f0 " + body + "}\r\n").encode()


def pdf(text: bytes) -> bytes:
    """A portable document of one page (ISO 32000-1, 7.5)."""
    lines = text.decode().replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)").split("\r\n")
    stream = "BT /F1 11 Tf 50 740 Td 14 TL " + " ".join(f"({line}) Tj T*" for line in lines if line) + " ET"
    objects = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        " /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{content}\nendobj\n".encode()
    start = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + f"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()


def both(number: int, size: int) -> bytes:
    """A number in both byte orders, as ISO 9660 wants it."""
    return number.to_bytes(size, "little") + number.to_bytes(size, "big")


def entry(sector: int, length: int, flags: int, name: bytes) -> bytes:
    """A directory record (ECMA-119, 9.1)."""
    record = b"\0" + both(sector, 4) + both(length, 4) + bytes((80, 1, 1, 0, 0, 0, 0)) + bytes((flags, 0, 0))
    record += both(1, 2) + bytes((len(name),)) + name
    record += b"\0" * (len(record) % 2 == 0)
    return bytes((len(record) + 1,)) + record


def iso(text: bytes, name: str) -> bytes:
    """A disc image with one file in its root (ECMA-119)."""
    stem = "".join(char if char.isalnum() else "_" for char in name.upper())[:8]
    file = entry(20, len(text), 0, f"{stem}.EXE;1".encode())
    root = entry(19, 2048, 2, b"\0") + entry(19, 2048, 2, b"\1") + file
    tables = [struct.pack(order, 1, 0, 19, 1) + b"\0\0" for order in ("<BBIH", ">BBIH")]
    volume = b"\x01CD001\x01\0" + b"SIMULATED".ljust(32) + b"DISC".ljust(32) + b"\0" * 8 + both(21, 4) + b"\0" * 32
    volume += both(1, 2) * 2 + both(2048, 2) + both(10, 4) + struct.pack("<II", 18, 0) + struct.pack(">II", 18, 0)
    volume += entry(19, 2048, 2, b"\0") + b" " * 623 + (b"0" * 16 + b"\0") * 4 + b"\x01\0"
    sectors = [volume, b"\xffCD001\x01", b"".join(table.ljust(64, b"\0") for table in tables), root, text]
    return b"\0" * 16 * 2048 + b"".join(sector.ljust(2048, b"\0") for sector in sectors)


def web(text: bytes) -> bytes:
    """A page with a form that goes nowhere."""
    form = '<form action="http://www.example.com/"><input name="user"><input name="pass" type="password"></form>'
    return f"<html><body><h2>Sign in</h2>{form}<pre>{text.decode()}</pre></body></html>\r\n".encode()


MAKERS: dict[str, Callable[[bytes, str, str], bytes]] = {
    "zip": lambda text, name, salt: zipped([(name, text)], ""),
    "rtf": lambda text, name, salt: rtf(text),
    "docx": lambda text, name, salt: document(text, False, salt),
    "docm": lambda text, name, salt: document(text, True, salt),
    "iso": lambda text, name, salt: iso(text, name),
    "html": lambda text, name, salt: web(text),
    "pdf": lambda text, name, salt: pdf(text),
    "pif": lambda text, name, salt: text,
}
