"""All trace lines of a mail: those that real servers wrote, and below them those that its sender made up."""

from __future__ import annotations

from collections.abc import Sequence

from spamworld.plan import Delivery, Line
from spamworld.streams import quick
from spamworld.wire import forgery, grammars
from spamworld.wire.turn import Turn

_GENUINE = frozenset(("", "F0", "R1"))


def stack(delivery: Delivery, seed: int, pasted: Sequence[Sequence[Line]] = ()) -> list[Line]:
    """The lines, top first, each labelled; on top what the intake's own server writes about the last hand-over.

    Args:
        pasted: stacks of other mail, for a forger who pastes (F4); without them he pastes invented ones.
    """
    chance = quick(seed, "stack", delivery.id)
    to = delivery.recipients[0].address if len(delivery.recipients) == 1 else ""
    sender = delivery.envelope_from
    lines: list[Line] = []
    for step in reversed(delivery.path):
        if step.writes:
            host = step.receiver.id
            for value, shown in grammars.lines(Turn(step, seed, chance, sender, to)):
                lines.append(Line(field(value), True, host, shown))
        if step is delivery.path[-1] and (delivery.list or delivery.forwarder):
            # before the list or the forwarder it was for their address, from its author
            sender = delivery.author
            to = delivery.list or f"{to.partition('@')[0]}@{delivery.forwarder}"
    if delivery.strategy not in _GENUINE:
        lines.extend(forgery.forge(delivery, seed, chance, pasted))
    return forgery.mangle(lines, delivery.mangled, chance) if delivery.mangled else lines


def field(value: str) -> bytes:
    """A Received field of this value, without the last line end."""
    return b"Received: " + value.replace("\n", "\r\n").encode("utf-8", "replace")
