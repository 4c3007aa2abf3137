"""The tarpit: answers to strangers wait, so that whoever sends junk pays in time and open connections.

It costs us one timer and some hundred bytes for each answer that waits. Nobody who is known to be good is ever held, no
client longer than its budget of an hour, and a mail that is kept hears its 250 at once: a client that gave up there
would send it again. What is held is counted by client, in seconds that passed while it was there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from junkhound.kernel.clock import HOUR, SECOND
from junkhound.kernel.net import Address

KNOWN = 100_000
"""Clients whose budgets and sums are remembered at a time; further ones are not held."""

MOST_S = 60.0
"""Answers to several commands sent together wait this long at most: RFC 5321 section 4.5.3.2 allows minutes."""

LEAST_S = 0.05
"""Shorter waits are not worth a timer."""


@dataclass(frozen=True)
class Pit:
    """How clients are held: seconds an answer waits (0: nobody is held), a client's seconds in an hour, how many."""

    answer_s: float = 0.0
    client_s: float = 900.0
    connections: int = 5_000


@dataclass(slots=True)
class Sum:
    """What was seen of one client since the last ``taken``."""

    connections: int = 0
    answers: int = 0
    held_us: int = 0
    early: int = 0  # spoke before the greeting
    left: int = 0  # hung up while an answer waited
    mails: int = 0


@dataclass
class Tarpit:
    """All that is held in one process. ``spared`` says which clients never are: those known to be good, and our own."""

    pit: Pit = field(default_factory=Pit)
    spared: Callable[[Address], bool] = lambda client: False
    holding: int = 0
    answers: int = 0
    held_us: int = 0
    left: int = 0
    _spent: dict[Address, tuple[int, int]] = field(default_factory=dict)  # hour, microseconds held in it
    _sums: dict[Address, Sum] = field(default_factory=dict)

    @property
    def on(self) -> bool:
        """Whether anybody is held at all."""
        return self.pit.answer_s > 0

    def slows(self, client: Address | None) -> bool:
        """Whether this client is one that may be held: a stranger, with an address."""
        return self.on and client is not None and not self.spared(client)

    def wait_us(self, client: Address, answers: int, at: int) -> int:
        """How long the next ``answers`` to a client that may be held wait, in microseconds; 0 for not at all."""
        if self.holding >= self.pit.connections:
            return 0
        hour = at // HOUR
        known, spent = self._spent.get(client, (hour, 0))
        if known != hour:
            spent = 0
        left = int(self.pit.client_s * SECOND) - spent
        longest = int(max(self.pit.answer_s, MOST_S) * SECOND)
        wait = min(int(self.pit.answer_s * SECOND) * max(1, answers), longest, left)
        if wait < LEAST_S * SECOND:
            return 0
        if client not in self._spent and len(self._spent) >= KNOWN:
            self._spent = {one: held for one, held in self._spent.items() if held[0] == hour}
            if len(self._spent) >= KNOWN:
                return 0
        self._spent[client] = (hour, spent + wait)  # booked before it is spent: many connections share one budget
        return wait

    def began(self) -> None:
        """An answer waits."""
        self.holding += 1

    def ended(self, client: Address, booked: int, held: int, gone: bool, at: int) -> None:
        """An answer has waited ``held`` of the ``booked`` microseconds; ``gone`` if the client did not stay for it."""
        self.holding -= 1
        self.answers += 1
        self.held_us += held
        self.left += gone
        hour, spent = self._spent.get(client, (at // HOUR, booked))
        self._spent[client] = (hour, max(0, spent - max(0, booked - held)))
        if (one := self.sum(client)) is not None:
            one.answers += 1
            one.held_us += held
            one.left += gone

    def sum(self, client: Address | None) -> Sum | None:
        """The sums of a client, None where too many others are remembered."""
        if client is None:
            return None
        found = self._sums.get(client)
        if found is None and len(self._sums) < KNOWN:
            found = self._sums[client] = Sum()
        return found

    def taken(self) -> dict[Address, Sum]:
        """The sums since the last time, and begin anew."""
        sums, self._sums = self._sums, {}
        return sums
