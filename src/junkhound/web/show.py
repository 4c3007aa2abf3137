"""From fields to a page or to JSON: templates that escape everything, and the few words they are written with."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape
from starlette.responses import Response

from junkhound import __version__
from junkhound.kernel import net
from junkhound.kernel.errors import JunkhoundError
from junkhound.web import charts, ties

_TOKEN = re.compile(
    r"(?P<listing>\bJH-\d{4}-\d{6,}\b)|(?P<asn>\bAS\d{1,10}\b)"
    r"|(?P<ip>(?<![\w.:-])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7})(?![\w:-]|\.\w))"
)
_LINKED = 4000  # characters of one text in which tokens are looked for


def linked(text: Any) -> Markup:
    """The text with every address, listing number and network number a link to its page."""
    words = str(text)
    if len(words) > _LINKED:
        return escape(words)
    done, at = Markup(), 0
    for found in _TOKEN.finditer(words):
        place = _place(found)
        if place:
            done += escape(words[at : found.start()]) + Markup('<a href="{}">{}</a>').format(place, found[0])
            at = found.end()
    return done + escape(words[at:])


def _place(found: re.Match[str]) -> str:
    if found["listing"]:
        return f"/record/{found[0]}"
    if found["asn"]:
        return f"/network/{found[0]}"
    address = net.parse(found[0])
    return "" if address is None else f"/address/{address}"


def number(value: Any) -> str:
    """``12,345``."""
    return f"{value:,}" if isinstance(value, int) else str(value)


def percent(part: float) -> str:
    """A share to a tenth of a percent; what is more than nothing is never 0."""
    return "under 0.1%" if 0 < part < 0.001 else f"{part:.1%}"


def change(part: float) -> str:
    """``+12%`` or ``−12%``."""
    return f"{part:+.0%}".replace("-", "−")


def period(days: tuple[Any, Any]) -> Markup:
    """``2006-05-01 to 2006-05-04``, broken between the days only."""
    first, last = days
    if not first:
        return Markup("never")
    one = Markup('<span class="nowrap">{}</span>')
    return one.format(first) if first == last else one.format(first) + " to " + one.format(last)


def one(span: str) -> str:
    """``a month``, but ``2 weeks``."""
    return span if span[:1].isdigit() else f"a {span}"


def spaced(word: Any) -> str:
    """``auth_guess`` as ``auth guess``."""
    return str(word).replace("_", " ")


def visible(text: Any) -> str:
    """Text of strangers without characters that hide, turn round or break a line."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in str(text))


def visible_lines(text: Any) -> str:
    """The same of a text whose lines may stand as they are."""
    return "\n".join(visible(line.rstrip("\r").replace("\t", "    ")) for line in str(text).split("\n"))


def plural(count: int, word: str) -> str:
    """``1 source``, ``2 sources``."""
    many = word[:-1] + "ies" if word[-1] == "y" and word[-2] not in "aeiou" else word + "s"
    return f"{count:,} {word if count == 1 else many}"


def static_folder() -> Path:
    """Where the style sheet and the pictures are."""
    return Path(__file__).parent / "static"


class Pages:
    """The templates of one application."""

    def __init__(self, **about: Any) -> None:
        self._env = jinja2.Environment(
            loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._env.globals.update(version=__version__, charts=charts, ties=ties, plural=plural, **about)
        words = (linked, number, percent, change, period, spaced, one, visible, visible_lines)
        self._env.filters.update({word.__name__: word for word in words})

    def page(self, name: str, fields: dict[str, Any], status: int = 200, **more: Any) -> Response:
        """The page of a template."""
        text = self._env.get_template(name).render(**{"path": "/", "asked": "", **fields, **more})
        return Response(text, status, media_type="text/html; charset=utf-8")

    def error(self, base: str, error: JunkhoundError, path: str, status: int) -> Response:
        """What went wrong, in the words of the command line: as JSON where JSON was asked for."""
        said = {"code": error.code, "message": error.message, "hint": error.hint}
        if path.endswith(".json"):
            return as_json({"error": said}, status)
        title = HTTPStatus(status).phrase.lower()
        return self.page("error.html", {"error": said, "status": status, "title": title, "base": base}, status)

    def sayer(self, base: str) -> Callable[[JunkhoundError, str, int], Response]:
        """``error`` with the frame that its pages stand in."""
        return partial(self.error, base)


def as_json(fields: Any, status: int = 200) -> Response:
    """The fields as JSON, indented as ``--json`` has them."""
    text = json.dumps(fields, indent=2, ensure_ascii=False, default=str)
    return Response(text.encode("utf-8", "replace") + b"\n", status, media_type="application/json")
