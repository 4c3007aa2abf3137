"""Where an attached PDF leads: the links of its pages, and those written out in their text.

By pypdf (``junkhound[pdf]``), in a confined process only: a PDF is a program's worth of formats, made by criminals.
"""

from __future__ import annotations

import io
import logging
import re
from typing import Any

import msgspec

from junkhound.content import urls
from junkhound.kernel.errors import ConfigError

MOST_BYTES = 16 << 20
MOST_PAGES = 20
MOST_LINKS = 200
MOST_TEXT = 64 * 1024  # characters of all pages looked through


class Led(msgspec.Struct, frozen=True, array_like=True):
    """What a PDF holds: links, each once; the text of its first pages; why it could not be read, "" where it was."""

    links: tuple[str, ...] = ()
    text: str = ""
    why: str = ""


def library() -> Any:
    """pypdf. Errors: ConfigError that names the extra."""
    try:
        import pypdf
    except ImportError:
        raise ConfigError("PDFs are read by pypdf, which is not installed", "pip install 'junkhound[pdf]'") from None
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what is broken in a file is told by its reading
    return pypdf


def read(octets: bytes) -> Led:
    """Read one file; never raises for any bytes. Time and memory are the caller's to bound: a jail does."""
    module = library()
    if not octets[:1024].lstrip().startswith(b"%PDF-"):
        return Led(why="no PDF")
    if len(octets) > MOST_BYTES:
        return Led(why="too many bytes")
    links: dict[str, None] = {}
    text: list[str] = []
    try:
        reader = module.PdfReader(io.BytesIO(octets), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            return Led(why="encrypted")
        for number, page in enumerate(reader.pages):
            if number >= MOST_PAGES or len(links) >= MOST_LINKS:
                break
            for link in _annotated(page):
                links[link] = None
            if sum(map(len, text)) < MOST_TEXT:
                text.append(str(page.extract_text() or ""))
    except Exception as error:  # whatever a library meets in a broken file is a fact about the file
        if not links and not text:
            return Led(why=f"broken: {type(error).__name__}")
    whole = "\n".join(text)[:MOST_TEXT]
    for link in urls.in_text(whole.encode("utf-8", "replace"), MOST_LINKS):
        links[link] = None
    return Led(tuple(links)[:MOST_LINKS], whole)


_SCHEME = re.compile(r"(?:https?|ftp|mailto):", re.IGNORECASE)


def _annotated(page: Any) -> list[str]:
    """What a click on the page opens (PDF 32000-1, section 12.6.4.7)."""
    found = []
    for one in (page.get("/Annots") or ())[:MOST_LINKS]:
        action = one.get_object().get("/A")
        target = action.get_object().get("/URI") if action is not None else None
        if isinstance(target, (str, bytes)):
            words = target.decode("latin-1") if isinstance(target, bytes) else str(target)
            if _SCHEME.match(words):
                found.append(words[:2000])
    return found
