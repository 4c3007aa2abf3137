"""What an attached file is and what gives it away, read from its bytes without running or unpacking anything.

Archives are read by their directory alone, so no bomb goes off; a file that says one thing and is another is noticed.
"""

from __future__ import annotations

import re
import struct

MOST_MEMBERS = 200
LOOK = 1 << 20  # bytes looked through for marks

# The industry's test file for scanners, in two halves so that none stops at this source.
_TEST_FILE = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STAND" + b"ARD-ANTIVIRUS-TEST-FILE!$H+H*"
_MAGIC = (
    (b"MZ", "program"), (b"\x7fELF", "program"), (b"PK\x03\x04", "zip"), (b"Rar!\x1a\x07", "rar"),
    (b"7z\xbc\xaf", "7z"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"), (b"%PDF-", "pdf"), (b"{\\rt", "rtf"),
    (b"L\0\0\0\x01\x14\x02\0", "shortcut"),
    (b"\x1f\x8b", "gzip"), (b"MSCF", "cabinet"),
)  # fmt: skip
_PROGRAMS = frozenset(("exe", "scr", "pif", "bat", "cmd", "com", "js", "jse", "vbs", "vbe", "wsf", "hta", "lnk", "cpl",
                       "msi", "ps1", "jar", "dll"))  # fmt: skip
_double = re.compile(
    r"\.(?:pdf|docx?|xlsx?|jpe?g|png|gif|txt|zip|html?)[ _.]*\.[a-z0-9]{2,4}\s*\Z", re.IGNORECASE
).search
_blanks = re.compile(r"\s{6,}\.?\w{2,4}\s*\Z").search
_turned = ("\u202e", "\u202d", "\u2066", "\u2067")  # what shows "exe.fdp" as "pdf.exe"


def traits(octets: bytes, name: str) -> tuple[str, ...]:
    """Words for what the file is and does, in order: "program", "macro", "program inside", "encrypted", ..."""
    found: list[str] = []
    head = octets[:LOOK]
    kind = next((word for magic, word in _MAGIC if head.startswith(magic)), "")
    if kind:
        found.append(kind)
    elif head[0x8001:0x8006] == b"CD001":
        found.append("disc image")
        if re.search(rb"\.(?:EXE|SCR|LNK|JS|BAT|CMD|VBS|DLL);1", head):
            found.append("program inside")
    if head.find(_TEST_FILE) >= 0:
        found.append("test file")
    found += _named(name, kind)
    if kind == "zip":
        found += _zipped(octets)
    elif kind == "ole":
        if head.find("_VBA_PROJECT".encode("utf-16-le")) >= 0 or head.find(b"Attribut\0e VB_") >= 0:
            found.append("macro")
    elif kind == "rtf" and re.search(rb"\\obj(?:data|emb|link|update)", head):
        found.append("embedded object")
    elif kind == "pdf":
        found += [word for mark, word in _PDF if head.find(mark) >= 0]
    elif kind == "program" and head.startswith(b"MZ") and _icon(head):
        found.append("icon")
    return tuple(dict.fromkeys(found))


_PDF = (
    (b"/JavaScript", "script"), (b"/Launch", "starts a program"), (b"/OpenAction", "acts when opened"),
    (b"/EmbeddedFile", "embedded file"), (b"/Encrypt", "encrypted"),
)  # fmt: skip


def _named(name: str, kind: str) -> list[str]:
    found = []
    ending = name.rpartition(".")[2].strip().lower() if "." in name else ""
    if ending in _PROGRAMS:
        found.append("program by name")
    if kind == "program" and ending and ending not in _PROGRAMS:
        found.append("disguised program")
    if ending in _PROGRAMS and _double(name):
        found.append("double ending")
    if _blanks(name):
        found.append("blanks in name")
    if any(mark in name for mark in _turned):
        found.append("name turned around")
    return found


def _zipped(octets: bytes) -> list[str]:
    """What the central directory tells (APPNOTE 4.3.12), member by member."""
    found: list[str] = []
    at, members, packed, whole = octets.find(b"PK\x01\x02"), 0, 0, 0
    while at >= 0 and members < MOST_MEMBERS and len(octets) - at >= 46:
        members += 1
        (flags,) = struct.unpack_from("<H", octets, at + 8)
        small, large, name_size, extra, comment = struct.unpack_from("<IIHHH", octets, at + 20)
        name = octets[at + 46 : at + 46 + name_size].decode("utf-8", "replace")
        packed, whole = packed + small, whole + large
        low = name.lower()
        if flags & 1:
            found.append("encrypted")
        if low.endswith("vbaproject.bin"):
            found.append("macro")
        if low.rpartition(".")[2].strip() in _PROGRAMS:
            found.append("program inside")
        if _double(name) or _blanks(name):
            found.append("double ending")
        if low.endswith((".zip", ".rar", ".7z", ".iso", ".img")):
            found.append("archive inside")
        following = at + 46 + name_size + extra + comment
        at = following if octets.startswith(b"PK\x01\x02", following) else -1
    if whole > 100 << 20 and whole > 200 * max(1, packed):
        found.append("bomb")
    return found


def _icon(head: bytes) -> bool:
    """Whether a Windows program has a group of icons in its resources (PE format, section 6.9)."""
    try:
        (pe,) = struct.unpack_from("<I", head, 0x3C)
        if head[pe : pe + 4] != b"PE\0\0":
            return False
        sections, optional = struct.unpack_from("<H12xH", head, pe + 6)
        table = pe + 24 + optional
        for number in range(min(sections, 96)):
            entry = table + 40 * number
            if head[entry : entry + 5] == b".rsrc":
                (start,) = struct.unpack_from("<I", head, entry + 20)
                named, numbered = struct.unpack_from("<HH", head, start + 12)
                kinds = [
                    struct.unpack_from("<I", head, start + 16 + 8 * n)[0] for n in range(min(named + numbered, 64))
                ]
                return 14 in kinds  # RT_GROUP_ICON
    except struct.error:
        return False
    return False
