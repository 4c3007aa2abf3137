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

    Some servers write two or three lines about one hand-over (qmail, amavis, the Gmail and Microsoft 365 forms): the
    lowest of them shows the peer.

    Args:
        pasted: stacks of other mail, for a forger who pastes (F4); without them he pastes invented ones.
    """
    chance = quick(seed, "stack", delivery.id)
    to = delivery.recipients[0].address if len(delivery.recipients) == 1 else ""
    sender = delivery.envelope_from
    lines: list[Line] = []
    last = delivery.path[-1]
    for step in reversed(delivery.path):
        if step.writes:
            turn = Turn(step, seed, chance, sender, to)
            if step is not last:
                _oddities(turn)
            host = step.receiver.id
            for value, shown in grammars.lines(turn):
                lines.append(Line(field(value), True, host, shown))
        if step is last and (delivery.list or delivery.forwarder):
            # before the list or the forwarder it was for their address, from its author
            sender = delivery.author
            to = delivery.list or f"{to.partition('@')[0]}@{delivery.forwarder}"
    if delivery.strategy not in _GENUINE:
        lines.extend(forgery.forge(delivery, seed, chance, pasted))
    return forgery.mangle(lines, delivery.mangled, chance) if delivery.mangled else lines


def _oddities(turn: Turn) -> None:
    """What honest servers of others do wrong, as often as public mail shows it (hand-over names, queue-id clocks).

    One in sixteen writes a name of its own inside that the next server never hears; one id in 4,096 is older than its
    line, because the clock was set or the mail lay in a queue.
    """
    if turn.bits >> 40 & 15 == 0:
        turn.by = _INSIDE[turn.bits >> 44 & 3].format(turn.by.partition(".")[0])
    if turn.chance.getrandbits(12) == 0:
        turn.clock -= turn.chance.randrange(3600, 40 * 86400) * 1_000_000


_INSIDE = ("localhost.localdomain", "{}.local", "{}.lan", "{}")


def field(value: str) -> bytes:
    """A Received field of this value, without the last line end."""
    return b"Received: " + value.replace("\n", "\r\n").encode("utf-8", "replace")
