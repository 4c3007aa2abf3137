"""Tar archives as a stream of members: nothing is written anywhere, nothing is kept once passed.

The standard ``tarfile`` keeps every member it has seen and reads an extended header of any announced size into memory;
an archive of ten million mails, or one written to hurt, needs neither. Formats: v7, ustar, GNU and pax (POSIX.1-2001).
"""

from __future__ import annotations

from collections.abc import Iterator

from junkhound.intake.unpack import Broken, Gauge, Window

_BLOCK = 512
_LONGEST_NAME = 1 << 16  # bytes of an extended header
_ZERO = bytes(_BLOCK)
_REGULAR = (b"0", b"\0", b"7")


class Member:
    """One member; its bytes must be read before the next one is asked for. ``kind`` is ``file`` or what else it is."""

    def __init__(self, window: Window, layer: int, name: str, size: int, kind: str) -> None:
        self.name = name
        self.size = size
        self.kind = kind
        self._window = window
        self._layer = layer
        self._left = size

    def read(self, size: int) -> bytes:
        """Errors: Broken where the archive ends within the member."""
        if not self._left:
            return b""
        got = self._window.read(min(size, self._left))
        if not got:
            raise Broken(f"the archive is cut off in the middle of {self.name!r}", self._layer)
        self._left -= len(got)
        return got

    def finish(self) -> None:
        """Pass over what was not read, and the padding."""
        rest = self._left + -self.size % _BLOCK
        if self._window.skip(rest) < self._left:
            raise Broken(f"the archive is cut off in the middle of {self.name!r}", self._layer)
        self._left = 0


# A link has a size in some archives, and never bytes.
_KINDS = {b"1": "hard link", b"2": "symbolic link", b"3": "device", b"4": "device", b"6": "pipe", b"5": "folder"}


def is_tar(head: bytes) -> bool:
    """Whether the first block is a tar header: its checksum says so."""
    return len(head) >= _BLOCK and head[:_BLOCK] != _ZERO and _checksum_holds(head[:_BLOCK])


def members(window: Window, gauge: Gauge, layer: int) -> Iterator[Member]:
    """Every member in order. Errors: Broken where the archive is cut off or damaged, Bomb."""
    given: dict[str, str] = {}
    while True:
        header = window.exactly(_BLOCK)
        if header == _ZERO:
            return
        if not header:
            raise Broken("the archive has no end mark: it may be cut off", layer)
        if len(header) < _BLOCK or not _checksum_holds(header):
            raise Broken("the archive is cut off or damaged: no header where one must be", layer)
        flag = header[156:157]
        size = _number(header[124:136])
        if flag in (b"L", b"K", b"x", b"g"):
            gauge.member()
            _extend(given, flag, _extended(window, layer, size))
            continue
        member = _member(window, layer, header, flag, size, given)
        given = {}
        gauge.member()
        yield member
        member.finish()


def _member(window: Window, layer: int, header: bytes, flag: bytes, size: int, given: dict[str, str]) -> Member:
    name = given.get("path") or _name(header)
    if "size" in given:
        size = _number(given["size"].encode("ascii", "replace"), 10)
    if size < 0:
        raise Broken(f"the archive is damaged: {name!r} has no size", layer)
    kind = "file" if flag in _REGULAR else _KINDS.get(flag, "special file")
    if flag == b"S" or any(key.startswith("GNU.sparse.") for key in given):
        kind = "sparse file"
    if flag == b"S":
        _pass_sparse_map(window, header)
    if flag in _KINDS:
        size = 0
    if kind == "file" and name.endswith("/"):
        kind = "folder"  # v7 archives mark folders so
    return Member(window, layer, name, size, kind)


def _pass_sparse_map(window: Window, header: bytes) -> None:
    more = header[482]
    while more:
        block = window.exactly(_BLOCK)
        more = block[504] if len(block) == _BLOCK else 0


def _extended(window: Window, layer: int, size: int) -> bytes:
    if not 0 <= size <= _LONGEST_NAME:
        raise Broken(f"the archive is damaged: an extended header of {size:,} bytes", layer)
    body = window.exactly(size)
    if window.skip(-size % _BLOCK) < -size % _BLOCK or len(body) < size:
        raise Broken("the archive is cut off within an extended header", layer)
    return body


def _extend(given: dict[str, str], flag: bytes, body: bytes) -> None:
    if flag == b"L":
        given["path"] = _text(body.split(b"\0", 1)[0])
    elif flag == b"x":
        given.update(_pax(body))


def _pax(body: bytes) -> Iterator[tuple[str, str]]:
    """Records ``LENGTH KEY=VALUE\\n``, the length counting itself."""
    at = 0
    while at < len(body):
        space = body.find(b" ", at, at + 12)
        if space < 0 or not body[at:space].isdigit():
            return
        length = int(body[at:space])
        if length < space - at + 3 or at + length > len(body):
            return
        key, _, value = body[space + 1 : at + length - 1].partition(b"=")
        yield _text(key), _text(value)
        at += length


def _name(header: bytes) -> str:
    name = header[:100].split(b"\0", 1)[0]
    prefix = header[345:500].split(b"\0", 1)[0]
    if prefix and header[257:263] == b"ustar\0":
        name = prefix + b"/" + name
    return _text(name)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _number(field: bytes, base: int = 8) -> int:
    """Octal text, or base 256 behind a set top bit (GNU); -1 where it is neither."""
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:], "big")
    digits = field.replace(b"\0", b" ").strip()
    if not digits:
        return 0
    try:
        return int(digits, base) if digits.isdigit() and len(digits) < 20 else -1
    except ValueError:
        return -1


def _checksum_holds(header: bytes) -> bool:
    stated = _number(header[148:156])
    unsigned = sum(header) - sum(header[148:156]) + 8 * 32
    if stated == unsigned:
        return True
    high = sum(byte >= 128 for byte in header) - sum(byte >= 128 for byte in header[148:156])
    return stated == unsigned - 256 * high  # old writers summed signed characters
