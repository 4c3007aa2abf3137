"""All trace lines of a mail: those that real servers wrote, and below them those that its sender made up."""

from __future__ import annotations

from collections.abc import Sequence

from spamworld.plan import Delivery, Line
from spamworld.streams import quick
from spamworld.wire import forgery, grammars
from spamworld.wire.turn import Turn

MANGLED = frozenset(("M", "M1", "mangled"))


def stack(delivery: Delivery, seed: int, pasted: Sequence[Sequence[Line]] = ()) -> list[Line]:
    """The lines, top first, each labelled; on top what the intake's own server writes about the last hand-over.

    Args:
        pasted: stacks of other mail, for a forger who pastes (F4); without them he pastes invented ones.
    """
    chance = quick(seed, "stack", delivery.id)
    to = delivery.recipients[0].address if len(delivery.recipients) == 1 else ""
    lines: list[Line] = []
    for step in reversed(delivery.path):
        if step.writes:
            host = step.receiver.id
            for value, shown in grammars.lines(Turn(step, seed, chance, delivery.envelope_from, to)):
                lines.append(Line(field(value), True, host, shown))
    strategy = delivery.strategy
    if strategy in ("F0", "R1", ""):
        return lines
    if strategy in MANGLED:
        return forgery.mangle(lines, chance)
    lines.extend(forgery.forge(delivery, seed, chance, pasted))
    return lines


def field(value: str) -> bytes:
    """A Received field of this value, without the last line end."""
    return b"Received: " + value.replace("\n", "\r\n").encode("utf-8", "replace")
