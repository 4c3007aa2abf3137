"""Mails that a mail program forwarded inside its own text: whole headers where somebody pasted them, else four fields.

No program is recognised by its marker line alone, for those differ with version and language. What counts is a run of
labelled lines, From with at least two of date, subject and To, in any language of the table; a marker line above names
the program. Lines quoted with ``>`` are read as well.
"""

from __future__ import annotations

import re
import tomllib
from importlib import resources
from typing import Any

from junkhound.complaint.complaint import HEADERS, INCOMPLETE, WHOLE, Carried
from junkhound.complaint.words import LINES

RUN = 14  # lines a block of shown fields may have
MAILS = 20

_label = re.compile(r"[*\s]{0,4}([^:：\n]{1,20}?)\s{0,2}[*]{0,2}\s{0,2}[:：]\s{0,3}[*]{0,2}(.*)\Z")
_field = re.compile(r"([!-9;-~]{2,70}):(?:\s|\Z)")
_quote = re.compile(r"(?:>\s?|\|\s)+")
_rule = re.compile(r"\s*[-_=*~]{5,}\s*\Z")


def _table() -> dict[str, Any]:
    return tomllib.loads(resources.files("junkhound.complaint").joinpath("data/forwards.toml").read_text("utf-8"))


_LABELS: dict[str, str] = {
    label.replace(" ", ""): field for field, labels in _table()["labels"].items() for label in labels
}
"""Label without its blanks -> field."""
_MARKERS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (row["program"], re.compile("|".join(row["patterns"]), re.IGNORECASE)) for row in _table()["markers"]
)


def find(text: str) -> list[Carried]:
    """The mails that stand in a text, in their order, at most ``MAILS``."""
    lines = text.split("\n", LINES)[:LINES]
    blocks = sorted(_headers(lines) + _shown(lines))
    found: list[Carried] = []
    last = -1
    for number, (start, body, whole) in enumerate(blocks):
        if start < last or len(found) >= MAILS:
            continue
        following = next((at for at, _, _ in blocks[number + 1 :] if at >= body), len(lines))
        last = body
        marker = _marker(lines, start)
        found.append(_carried(lines[start:body], lines[body:following], marker, whole))
    return found


def _marker(lines: list[str], start: int) -> str:
    """The program whose marker stands above a block, "" where none does."""
    near = "\n".join(_unquoted(line)[:200] for line in lines[max(0, start - 4) : start])
    for name, pattern in _MARKERS:
        if pattern.search(near):
            return name
    return "outlook" if _rule.match(lines[start - 1] if start else "") else ""


def _unquoted(line: str) -> str:
    match = _quote.match(line)
    return line[match.end() :] if match else line


def _headers(lines: list[str]) -> list[tuple[int, int, bool]]:
    """(first line, first line of the body, True) of each run of header fields that has a Received among them."""
    found = []
    at = 0
    while at < len(lines):
        line = _unquoted(lines[at])
        match = _field.match(line.lstrip())
        if match is None:
            at += 1
            continue
        end, names = at + 1, [match[1].lower()]
        while end < len(lines):
            line = _unquoted(lines[end])
            if not line.strip():
                break
            if line[:1] in " \t":
                end += 1
                continue
            match = _field.match(line)
            if match is None and not _wrapped(lines, end):
                break
            if match is not None:
                names.append(match[1].lower())
            end += 1
        if "received" in names and len(names) >= 3:
            found.append((at, end, True))
        at = end
    return found


def _wrapped(lines: list[str], at: int) -> bool:
    """Whether a line is the rest of a long field that the mail program broke: fields go on right after it."""
    return at + 1 < len(lines) and _field.match(_unquoted(lines[at + 1])) is not None


def _shown(lines: list[str]) -> list[tuple[int, int, bool]]:
    """(first line, first line of the body, False) of each run of fields as mail programs show them."""
    found = []
    at = 0
    while at < len(lines):
        if _labelled(lines[at]) is None:
            at += 1
            continue
        seen: dict[str, int] = {}
        end = at
        while end < min(len(lines), at + RUN):
            label = _labelled(lines[end])
            if label is None:
                blank = not _unquoted(lines[end]).strip()
                goes_on = end + 1 < len(lines) and _labelled(lines[end + 1]) not in (None, *seen)
                if not goes_on or (blank and len(seen) >= 3):
                    break
            elif label in seen:
                break
            else:
                seen[label] = end
            end += 1
        if "from" in seen and len(seen.keys() & {"date", "to", "subject"}) >= 2:
            found.append((at, end, False))
            at = end
        else:
            at += 1
    return found


def _labelled(line: str) -> str | None:
    """The field that a line shows, None for any other line."""
    line = _unquoted(line)
    if len(line) > 1000 or (":" not in line and "：" not in line):
        return None
    match = _label.match(line)
    if match is None:
        return None
    return _LABELS.get(match[1].lower().replace("\xa0", "").replace(" ", ""))


def _carried(head: list[str], body: list[str], marker: str, whole: bool) -> Carried:
    how = f"inline {marker}".strip()
    if whole:
        fields = [_unquoted(line) for line in head]
        folded = [
            line if number == 0 or _field.match(line) or line[:1] in " \t" else f" {line}"
            for number, line in enumerate(fields)
        ]
        if folded:
            folded[0] = folded[0].lstrip()
        rest = "\n".join(_unquoted(line) for line in body).strip("\n")
        octets = ("\n".join(folded) + "\n\n" + rest + "\n").encode("utf-8", "replace")
        return Carried(octets, how, WHOLE if rest.strip() else HEADERS)
    made: dict[str, str] = {}
    field = ""
    for line in head:
        label = _labelled(line)
        if label is not None:
            match = _label.match(_unquoted(line))
            assert match is not None
            field = label
            made[field] = match[2].strip(" *\t\xa0")
        elif field and _unquoted(line).strip():
            made[field] = f"{made[field]} {_unquoted(line).strip()}"
    shown = "".join(f"{name.title()}: {value}\n" for name, value in made.items() if name != "importance")
    text = "\n".join(_unquoted(line) for line in body).strip("\n")
    octets = f"{shown}MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n{text}\n".encode("utf-8", "replace")
    return Carried(octets, how, INCOMPLETE)
