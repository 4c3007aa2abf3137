"""A mail traced in a process of its own that may compute and nothing else: for mail that strangers hand in."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import msgspec

from junkhound import complaint, trace
from junkhound.evidence import message
from junkhound.kernel.clock import DAY
from junkhound.kernel.errors import DataError
from junkhound.kernel.jail import Died, Jail, Limits
from junkhound.kernel.net import Address
from junkhound.verbs import believing, data
from junkhound.verbs.intakes import is_complaints, plans
from junkhound.verbs.office import Office
from junkhound.verbs.trace import SHOWN, Traced, Whose, relays_of, what_if
from junkhound.wire.facts import Facts

SAMPLE = b"Received: from a by b; Thu, 4 May 2006 03:02:01 +0000\r\nSubject: x\r\n\r\n"
LIMITS = Limits(memory_mb=512, item_s=10.0, total_cpu_s=600)


class Order(msgspec.Struct, frozen=True, array_like=True):
    """Which machines are believed for this mail."""

    relays: tuple[str, ...]
    own: tuple[str, ...]
    allow_documentation: bool
    facts: Facts | None = None
    shown: bool = False  # the mail is a complaint: what it shows is traced
    trust: trace.Trust = trace.Trust()


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """What the child says of the mail."""

    verdict: trace.Verdict
    hops: tuple[trace.Hop, ...]
    subject: str
    assumed: str | None
    then: Address | None


@dataclass(frozen=True)
class Mail:
    """A mail traced, and its subject as written: the sender's text."""

    traced: Traced
    subject: str


def start(_: None) -> Callable[[int, bytes, Callable[[int], None]], Iterator[bytes]]:
    """Called once in the child: loads, and returns the work function of ``kernel.jail``."""
    decode, encode = msgspec.msgpack.Decoder(Order).decode, msgspec.msgpack.Encoder().encode
    examine(SAMPLE, Order((), (), False))

    def work(fd: int, request: bytes, mark: Callable[[int], None]) -> Iterator[bytes]:
        mark(0)
        with open(fd, "rb", closefd=False) as file:
            yield encode(examine(file.read(), decode(request)))

    return work


def examine(payload: bytes, order: Order) -> Answer:
    """Parse, read and judge one mail."""
    if order.shown and (mails := complaint.read(payload).mails):
        payload = mails[0].octets
    border = trace.boundary(order.relays, order.own, allow_documentation=order.allow_documentation, trust=order.trust)
    parsed = message.parse(payload)
    hops = trace.read(parsed)
    verdict = trace.judge(hops, border, order.facts)
    assumed = then = None
    if not any(reason.status != "unverified" for reason in verdict.reasons):
        assumed, then, _ = what_if(hops, order.allow_documentation)
    return Answer(verdict, tuple(hops[:SHOWN]), parsed.text(b"subject", 200), assumed, then)


class Tracer:
    """Traces one mail at a time in a child that is started when first needed and again after it died."""

    def __init__(self, office: Office) -> None:
        self._jail = Jail("junkhound.verbs.apart:start", None, LIMITS) if office.config.engine.isolate else None
        self._lock = threading.Lock()

    def trace(self, office: Office, payload: bytes, relays: Iterable[str] = (), mailbox: str | None = None) -> Mail:
        """A mail that somebody handed in, traced; nothing of it is kept.

        Args:
            relays: believed beside those of the settings (of ``mailbox``, or of all).
        Errors: ConfigError for a relay that is none, UsageError for an unknown mailbox, DataError where the mail
        takes its parser down.
        """
        return self._trace(office, payload, (*relays_of(office.config, mailbox), *relays), None, "pasted mail")

    def again(self, office: Office, payload: bytes, facts: Facts) -> Mail:
        """A kept mail, traced with the relays of its intake as they are set now, and what its session showed."""
        if is_complaints(facts.origin.intake):  # how the complaint came to us is not how its junk came to anybody
            return self._trace(office, payload, (), None, facts.origin.intake, shown=True)
        plan = plans(office).get(facts.origin.intake)
        return self._trace(office, payload, () if plan is None else plan.relays, facts, facts.origin.intake)

    def _trace(
        self, office: Office, payload: bytes, relays: tuple[str, ...], facts: Facts | None, name: str,
        shown: bool = False,
    ) -> Mail:  # fmt: skip
        network = office.config.network
        trace.boundary(relays, network.own, allow_documentation=network.allow_documentation)  # errors show here
        trust = believing.trust(office.config)
        order = Order(relays, tuple(network.own), network.allow_documentation, facts, shown, trust)
        answer = self._ask(payload, order)
        whose = None
        if answer.verdict.handover is not None:
            day = None if answer.verdict.seen_at is None else answer.verdict.seen_at // DAY
            whose = Whose(answer.verdict.handover, data.dated(office).on(day).one(answer.verdict.handover))
        traced = Traced(name, answer.verdict, answer.hops, whose, answer.assumed, answer.then)
        return Mail(traced, answer.subject)

    def _ask(self, payload: bytes, order: Order) -> Answer:
        if self._jail is None:
            return examine(payload, order)
        with self._lock:
            place = os.memfd_create("mail")
            try:
                with open(place, "wb", closefd=False) as file:
                    file.write(payload)
                os.lseek(place, 0, os.SEEK_SET)
                frames = list(self._jail.run(place, msgspec.msgpack.encode(order)))
            except Died as death:
                raise DataError(f"the mail took its parser down: {death.why}", "it was not traced") from None
            finally:
                os.close(place)
        return msgspec.msgpack.decode(frames[0], type=Answer)

    def close(self) -> None:
        """End the child."""
        if self._jail is not None:
            self._jail.close()
