"""One message from its bytes to an opinion: parsed, traced, looked up, weighed."""

from __future__ import annotations

from typing import NamedTuple

from junkhound import content, trace
from junkhound.attribution import RouteTable
from junkhound.evidence.message import Message, parse
from junkhound.guard.book import Book, empty
from junkhound.guard.evidence import Evidence, ask
from junkhound.guard.model import Model
from junkhound.guard.opinion import Opinion, weigh
from junkhound.guard.personal import Personal, words_of
from junkhound.kernel.clock import DAY, HOUR
from junkhound.kernel.net import Address
from junkhound.sighting import things
from junkhound.wire.facts import Facts


class Judged(NamedTuple):
    """The opinion, what it was formed from, and the words by which a person's model would learn it."""

    opinion: Opinion
    evidence: Evidence
    verdict: trace.Verdict
    source: Address | None
    words: frozenset[int]


class Judge:
    """Everything that opinions are formed with; ``personal`` None leaves the person out.

    A book older than ``stale_h`` hours is closed: what it knew may be wrong by now.
    """

    def __init__(
        self, book: Book, model: Model, boundary: trace.Boundary | None, routes: RouteTable | None,
        personal: Personal | None = None, stale_h: float | None = None,
    ) -> None:  # fmt: skip
        self.book = book
        self.closed = empty(book.head.key)
        self.stale_us = None if stale_h is None else int(stale_h * HOUR)
        self.model = model
        self.boundary = boundary
        self.routes = routes
        self.personal = personal

    def __call__(self, mail: bytes, facts: Facts | None, at: int) -> Judged:
        """Judge one mail. ``facts`` are those of our own session, None for a stored mail; ``at`` is now."""
        message = parse(mail)
        verdict = trace.judge(trace.read(message), self.boundary, facts, explain=False)
        view = content.view(message)
        source = verdict.address or verdict.handover
        asn = 0 if source is None or self.routes is None else self.routes.one(source).asn
        blamed = verdict.address  # a machine of many people is nobody's own
        book = self.closed if self.stale_us is not None and at - self.book.head.made_at > self.stale_us else self.book
        found = ask(book, view, shared(message, view), verdict, blamed, asn, at // DAY)
        words: frozenset[int] = frozenset()
        own = None
        if self.personal is not None:
            words = frozenset(words_of(self.personal.key, message, view, verdict, source, asn))
            own = self.personal.asked(words)
        return Judged(weigh(found, own, self.model), found, verdict, source, words)


def shared(message: Message, view: content.View) -> list[tuple[int, int, str]]:
    """Kind, key and text of all that the message shares with others."""
    found = [(kind, content.key(name), name) for kind, name in dict.fromkeys(things.of(message, view))]
    found += [(kind, key, "") for kind, key, _ in things.parts(view)]
    signed = things.signer(message)
    if signed is not None:
        found.append((signed[0], content.key(signed[1]), signed[1]))
    return found
