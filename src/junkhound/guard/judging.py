"""One message from its bytes to an opinion: parsed, traced, looked up, weighed."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import structs

from junkhound import content, trace
from junkhound.attribution import RouteTable
from junkhound.evidence.message import Message, parse
from junkhound.guard import authenticated
from junkhound.guard.book import Book, empty
from junkhound.guard.evidence import Evidence, ask, prove
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

    A book older than ``stale_h`` hours is closed: what it knew may be wrong by now. ``authserv`` are names under which
    relays of ours write Authentication-Results and take such fields out of what arrives.
    """

    def __init__(
        self, book: Book, model: Model, boundary: trace.Boundary | None, routes: RouteTable | None,
        personal: Personal | None = None, stale_h: float | None = None, authserv: frozenset[str] = frozenset(),
    ) -> None:  # fmt: skip
        self.book = book
        self.closed = empty(book.head.key)
        self.stale_us = None if stale_h is None else int(stale_h * HOUR)
        self.model = model
        self.boundary = boundary
        self.routes = routes
        self.personal = personal
        self.authserv = authserv
        self.learning = True  # a server's judge that has not met enough mail yet needs no words of any

    def __call__(self, mail: bytes, facts: Facts | None, at: int) -> Judged:
        """Judge one mail. ``facts`` are those of our own session, None for a stored mail; ``at`` is now."""
        message = parse(mail)
        hops = trace.read(message)
        verdict = trace.judge(hops, self.boundary, facts, explain=False)
        proven = authenticated.NOBODY
        if self.boundary is not None and facts is None:
            names = self.boundary.knows_name
            proven = authenticated.read(message, hops, verdict.handover, names, self.authserv)
        view = content.view(message)
        source = verdict.address or verdict.handover
        asn = country = 0
        if source is not None and self.routes is not None:
            where = self.routes.one(source)
            asn, country = where.asn, where.country
        blamed = verdict.address  # a machine of many people is nobody's own
        book = self.closed if self.stale_us is not None and at - self.book.head.made_at > self.stale_us else self.book
        found = ask(book, view, shared(message, view), verdict, blamed, asn, at // DAY)
        prove(proven, found)
        words: frozenset[int] = frozenset()
        own = None
        if self.personal is not None and (self.learning or self.personal.knows):
            words = frozenset(words_of(self.personal.key, message, view, verdict, source, asn, proven))
            own = self.personal.asked(words)
        opinion = structs.replace(weigh(found, own, self.model), country=country)
        return Judged(opinion, found, verdict, source, words)


def shared(message: Message, view: content.View) -> list[tuple[int, int, str]]:
    """Kind, key and text of all that the message shares with others."""
    found = [(kind, content.key(name), name) for kind, name in dict.fromkeys(things.of(message, view))]
    found += [(kind, key, "") for kind, key, _ in things.parts(view)]
    signed = things.signer(message)
    if signed is not None:
        found.append((signed[0], content.key(signed[1]), signed[1]))
    return found
