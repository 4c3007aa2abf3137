"""Template text: ``{a|b|c}`` is a slot of wordings, ``$name`` a value; what a template fixes and what each mail draws.

A sentence of prose is a tree. ``settle`` makes it a campaign's own: most slots are fixed, some stay open and are drawn
again for every mail (synonym spinning). ``say`` writes one mail's text from what is left.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from random import Random
from typing import Protocol

TOKEN = re.compile(r"[{}|]|\$[a-z_][a-z_0-9]*|[^{}|$]+|\$")


class Pick:
    """A slot still open: one of some wordings, drawn for each mail."""

    __slots__ = ("options",)

    def __init__(self, options: tuple[Pieces, ...]) -> None:
        self.options = options


class Value:
    """A value of one mail: the name of the recipient, a URL, some noise."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class Mailing(Protocol):
    """What a value may ask of the mail being written."""

    rng: Random

    def value(self, name: str) -> str:
        """The text for ``$name``."""
        ...


Pieces = tuple["str | Pick | Value", ...]


@lru_cache(maxsize=8192)
def parse(text: str) -> Pieces:
    """The tree of a sentence. An unbalanced brace is an error of the prose, and raises ValueError."""
    stack: list[list[list[str | Pick | Value]]] = [[[]]]
    for bit in TOKEN.findall(text):
        if bit == "{":
            stack.append([[]])
        elif bit == "|" and len(stack) > 1:
            stack[-1].append([])
        elif bit == "}":
            if len(stack) == 1:
                raise ValueError(f"unbalanced brace in {text!r}")
            slot = stack.pop()
            stack[-1][-1].append(Pick(tuple(tuple(option) for option in slot)))
        elif bit[0] == "$" and len(bit) > 1:
            stack[-1][-1].append(Value(bit[1:]))
        else:
            stack[-1][-1].append(bit)
    if len(stack) != 1:
        raise ValueError(f"unbalanced brace in {text!r}")
    return tuple(stack[0][0])


def settle(pieces: Pieces, rng: Random, spin: float, constant: Callable[[str], str | None]) -> Pieces:
    """A campaign's own wording: each slot fixed, or left open with probability ``spin``; constants put in."""
    out: list[str | Pick | Value] = []
    for piece in pieces:
        if isinstance(piece, Pick):
            if rng.random() < spin and len(piece.options) > 1:
                kept = rng.sample(piece.options, rng.randint(2, len(piece.options)))
                out.append(Pick(tuple(settle(option, rng, spin, constant) for option in kept)))
            else:
                out.extend(settle(rng.choice(piece.options), rng, spin, constant))
        elif isinstance(piece, Value):
            known = constant(piece.name)
            if known is None:
                out.append(piece)
            else:
                out.extend(settle(parse(known), rng, 0.0, constant))
        else:
            out.append(piece)
    return merge(out)


def merge(pieces: list[str | Pick | Value]) -> Pieces:
    """The same pieces with neighbouring literals joined."""
    out: list[str | Pick | Value] = []
    for piece in pieces:
        last = out[-1] if out else None
        if isinstance(piece, str) and isinstance(last, str):
            out[-1] = last + piece
        else:
            out.append(piece)
    return tuple(out)


def say(pieces: Pieces, mailing: Mailing) -> str:
    """One mail's text."""
    if len(pieces) == 1 and type(pieces[0]) is str:
        return pieces[0]
    out: list[str] = []
    for piece in pieces:
        if type(piece) is str:
            out.append(piece)
        elif type(piece) is Value:
            out.append(mailing.value(piece.name))
        else:
            options = piece.options  # type: ignore[union-attr]
            out.append(say(options[int(mailing.rng.random() * len(options))], mailing))
    return "".join(out)


def source(pieces: Pieces) -> str:
    """A sentence as a mailer keeps it: open slots as ``{a|b}``, values as ``$name``."""
    out = []
    for piece in pieces:
        if isinstance(piece, str):
            out.append(piece)
        elif isinstance(piece, Value):
            out.append(f"${piece.name}")
        else:
            out.append("{" + "|".join(source(option) for option in piece.options) + "}")
    return "".join(out)


def fixed(text: str, rng: Random, constant: Callable[[str], str | None] = lambda name: "") -> str:
    """A sentence with every slot drawn now; values that nobody knows are left out."""
    return "".join(piece for piece in settle(parse(text), rng, 0.0, constant) if isinstance(piece, str))
