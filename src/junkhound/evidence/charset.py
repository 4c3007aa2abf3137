"""Bytes to text for any charset a criminal may name: never raises, and no text holds a lone surrogate."""

from __future__ import annotations

from collections.abc import Callable
from encodings import normalize_encoding
from encodings.aliases import aliases
from functools import lru_cache

from junkhound.kernel.compiled import steps
from junkhound.kernel.memo import Memo
from junkhound.tables import Defect

_UNKNOWN = int(Defect.UNKNOWN_CHARSET)
_UNDECODABLE = int(Defect.UNDECODABLE_TEXT)

# Codecs that turn bytes into other bytes, run escapes, or take quadratic time: no mail program uses them.
_FORBIDDEN = {
    "base64_codec", "bz2_codec", "hex_codec", "idna", "mbcs", "oem", "punycode", "quopri_codec", "raw_unicode_escape",
    "rot_13", "undefined", "unicode_escape", "uu_codec", "zlib_codec",
}  # fmt: skip

# What mail programs show for a label, after the WHATWG encoding standard and our own spam.
_SHOWN = {
    "": "ascii", "ascii": "ascii", "us_ascii": "ascii", "ansi_x3.4_1968": "ascii", "iso_8859_1": "cp1252",
    "iso8859_1": "cp1252", "latin_1": "cp1252", "latin1": "cp1252", "8bit": "ascii", "7bit": "ascii",
    "unknown_8bit": "ascii", "x_unknown": "ascii", "default": "ascii", "default_charset": "ascii",
    "x_user_defined": "cp1252",
    "utf8": "utf_8", "unicode_1_1_utf_8": "utf_8", "unicode_1_1_utf_7": "utf_7", "utf8mb4": "utf_8",
    "iso_8859_8_i": "iso8859_8", "iso_8859_8_e": "iso8859_8", "iso_8859_9": "cp1254", "iso8859_9": "cp1254",
    "gb2312": "gb18030", "gbk": "gb18030", "x_gbk": "gb18030", "gb_2312_80": "gb18030", "x_euc_jp": "euc_jp",
    "x_sjis": "cp932", "shift_jis": "cp932", "windows_31j": "cp932", "ks_c_5601_1987": "cp949", "euc_kr": "cp949",
    "ks_c_5601": "cp949", "windows_874": "cp874", "tis_620": "cp874", "iso_8859_11": "cp874",
    "x_mac_cyrillic": "mac_cyrillic",
    "x_mac_roman": "mac_roman", "macintosh": "mac_roman", "koi8": "koi8_r", "koi": "koi8_r", "cp_850": "cp850",
    "unicode": "utf_16", "x_cp1250": "cp1250", "x_cp1251": "cp1251", "x_cp1252": "cp1252",
    "ansi": "cp1252", "ibm_eucjp": "euc_jp",
}  # fmt: skip

# A fixed set: `codecs.lookup` would try an import for each made-up name and remember every failure for ever.
_KNOWN = {name: name for name in aliases.values()} | aliases
_KNOWN = {name: codec for name, codec in _KNOWN.items() if codec not in _FORBIDDEN}


@lru_cache(1024)
def _codec(label: str) -> str | None:
    name = normalize_encoding(label).lower()
    shown = _SHOWN.get(name)
    if shown is None and name.startswith("windows_"):
        name = "cp" + name[8:]
    return shown or _KNOWN.get(name) or _KNOWN.get(name.replace("-", "_").replace(".", "_"))


def codec(label: str) -> str | None:
    """The Python codec that shows text of this charset as mail programs do; None for a charset unknown to us."""
    return _codec(label) if len(label) <= 40 else None


def decode(octets: bytes, label: str) -> tuple[str, int]:
    """Text of ``octets`` in the charset ``label``, and the ``Defect`` bits met on the way.

    What is not valid is shown as U+FFFD. Text without a charset, or in one unknown to us, is UTF-8 if it is
    valid as such, else Windows-1252.
    """
    name = codec(label)
    if name == "utf_8":
        try:
            return octets.decode(), 0
        except UnicodeDecodeError:
            return octets.decode("utf-8", "replace"), _UNDECODABLE
    if name is None or name == "ascii":
        defects = _UNKNOWN if name is None else 0
        try:
            return octets.decode(), defects
        except UnicodeDecodeError:
            return octets.decode("cp1252", "replace"), defects | _UNDECODABLE
    defects = 0
    try:
        text = octets.decode(name)
    except (UnicodeError, ValueError):
        defects = _UNDECODABLE
        try:
            text = octets.decode(name, "replace")
        except (UnicodeError, ValueError):  # UTF-7 and some Asian codecs may fail even so
            return octets.decode("cp1252", "replace"), defects
    return (text if name != "utf_7" else whole(text)), defects


def utf8(octets: bytes, label: str) -> tuple[bytes, int]:
    """What ``decode`` gives, as UTF-8: most mail is that already, and then these are the same bytes."""
    name = codec(label)
    if name is None or name == "ascii" or name == "utf_8":
        if octets.isascii():
            return octets, _UNKNOWN if name is None else 0
        if is_utf8(octets):
            return octets, _UNKNOWN if name is None else 0
        if name != "utf_8":
            return from_1252(octets)[0], _UNDECODABLE | (_UNKNOWN if name is None else 0)
    elif octets.isascii() and _keeps_ascii(name):
        return octets, 0
    elif name == "cp1252":
        made, broken = from_1252(octets)
        return made, _UNDECODABLE if broken else 0
    text, defects = decode(octets, label)
    return text.encode(), defects


def is_utf8_plainly(octets: bytes) -> bool:
    """``is_utf8`` without the compiled steps."""
    try:
        octets.decode()
    except UnicodeDecodeError:
        return False
    return True


is_utf8: Callable[[bytes], bool] = is_utf8_plainly if steps is None else steps.is_utf8
"""Whether bytes are valid UTF-8."""


def from_1252_plainly(octets: bytes) -> tuple[bytes, bool]:
    """``from_1252`` without the compiled steps."""
    try:
        return octets.decode("cp1252").encode(), False
    except UnicodeDecodeError:
        return octets.decode("cp1252", "replace").encode(), True


from_1252: Callable[[bytes], tuple[bytes, bool]] = from_1252_plainly if steps is None else steps.from_1252
"""Windows-1252 as UTF-8, and whether it holds bytes that stand for nothing."""


def _same(label: bytes) -> int | None:
    name = codec(label.decode("latin-1").strip("'\" ").lower())
    if name is None:
        return _UNKNOWN
    return 0 if name in ("ascii", "utf_8") or _keeps_ascii(name) else None


SAME: Memo[bytes, int | None] = Memo(_same, 1024)
"""By the charset as a field names it: the defects of ASCII bytes in it, None where they may mean something else."""


@lru_cache(256)
def _keeps_ascii(name: str) -> bool:
    """Whether ASCII bytes mean themselves in this codec, whatever stands before them."""
    try:
        return not name.startswith(("hz", "iso2022", "utf_")) and _ASCII.decode(name).encode("ascii") == _ASCII
    except (UnicodeError, ValueError):
        return False


_ASCII = bytes(range(128))


def whole(text: str) -> str:
    """The text with lone surrogates shown as U+FFFD (UTF-7 can make them, and no record can hold them)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
