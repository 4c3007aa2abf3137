"""QR codes in pictures: where a mail leads that shows no link."""

from __future__ import annotations

from junkhound.picture.opening import Pixels

MOST = 8
MAX_TEXT = 2000


def codes(colour: Pixels) -> list[str]:
    """The texts of the codes in a picture; none where the reader is missing (``junkhound[pictures]`` has it)."""
    try:
        import zxingcpp
    except ImportError:
        return []
    try:
        found = zxingcpp.read_barcodes(colour)
    except Exception:  # a broken code is no code; the reader raises what it likes
        return []
    return [code.text[:MAX_TEXT] for code in found[:MOST] if code.text]
