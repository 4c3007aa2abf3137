"""From deliveries to what is stored: composed, written, packed into lines. A pure function of delivery, brief and seed.

It runs in the process itself or in worker processes; chunks come back in order, so the bytes are the same.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from typing import Any, NamedTuple

import msgspec

from spamworld import content, wire
from spamworld.content import Brief, Options
from spamworld.content.brief import Name
from spamworld.out import forms
from spamworld.plan import Delivery
from spamworld.world.facts import Campaign

CHUNK = 100  # deliveries that a worker is given at a time
AHEAD = 4  # chunks in flight for each worker

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[Delivery]).decode
_row = msgspec.json.Encoder(order="deterministic").encode


class Job(NamedTuple):
    """What rendering depends on beside the delivery; sent to each worker once."""

    seed: int
    briefs: Mapping[int, Brief]
    traps: frozenset[str]
    options: Options


class Stored(NamedTuple):
    """One mail as it goes into files: where, its bytes there, its truth as a line, its size alone, what it is."""

    file: str
    piece: bytes
    truth: bytes
    size: int
    kind: str


def brief_of(campaign: Campaign) -> Brief:
    """A campaign as its writer sees it."""
    stock = campaign.stock
    return Brief(
        id=campaign.id,
        category=campaign.category,
        spammer=campaign.spammer,
        language=campaign.language,
        start=campaign.start,
        end=campaign.end,
        versions=max(1, len(campaign.versions)),
        domains=tuple(Name(one.name, one.start, one.end) for one in campaign.domains),
        url=campaign.url,
        path=campaign.path,
        phones=campaign.phones,
        wallets=campaign.wallets,
        ibans=campaign.ibans,
        boxes=campaign.boxes,
        ticker=stock.ticker if stock else "",
        company=stock.company if stock else "",
        price=stock.price if stock else 0.0,
        target=stock.target if stock else 0.0,
        pictures=campaign.picture_share,
        noise=campaign.noise,
        canspam=frozenset(name for name, there in campaign.canspam.items() if there),
        family=campaign.family,
    )


def one(job: Job, delivery: Delivery) -> Stored:
    """One delivery, written."""
    composed = content.compose(delivery, job.briefs.get(delivery.campaign), job.seed)
    raw = wire.write(delivery, composed, job.seed)
    session = wire.session(delivery, job.seed)
    stack = wire.stack(delivery, composed, job.seed)
    trap = delivery.intake in job.traps
    if trap:
        file = f"mail/traps/{delivery.intake}.jsonl.zst"
        piece = forms.json_line(raw, session)
    else:
        folder = "Inbox" if delivery.kind == "good" else "Junk"
        file = f"mail/people/{delivery.intake}/{folder}.mboxrd.zst"
        piece = forms.mbox(raw, delivery.envelope_from, delivery.at)
    return Stored(file, piece, truth(delivery, composed.truth, raw, file, stack), len(raw), delivery.kind)


def truth(delivery: Delivery, content_truth: Mapping[str, Any], raw: bytes, file: str, stack: Iterable[Any]) -> bytes:
    """The line of one mail in ``truth/truth.jsonl.zst``."""
    injector, handover = delivery.injector, delivery.handover
    return _row(
        {
            "id": delivery.id,
            "file": file,
            "sha256": hashlib.sha256(raw).hexdigest(),
            "at": delivery.at,
            "intake": delivery.intake,
            "kind": delivery.kind,
            "category": delivery.category,
            "injector": injector.address,
            "host": injector.id,
            "asn": injector.asn,
            "country": injector.country,
            "handover": handover.address,
            "handover_host": handover.id,
            "class": delivery.class_,
            "engine": delivery.engine,
            "strategy": delivery.strategy,
            "innocent": delivery.innocent,
            "account": delivery.account,
            "botnet": delivery.botnet,
            "campaign": delivery.campaign,
            "version": delivery.version,
            "spammer": delivery.spammer,
            "hops": [[line.genuine, line.host, line.address] for line in stack],
            "content": content_truth,
        }
    ) + b"\n"  # fmt: skip


_job: Job | None = None


def _start(job: Job) -> None:
    global _job
    _job = job


def _chunk(packed: bytes) -> list[Stored]:
    assert _job is not None
    return [one(_job, delivery) for delivery in _unpack(packed)]


def render(deliveries: Iterable[Delivery], job: Job, workers: int) -> Iterator[Stored]:
    """All of them in order, by so many processes; memory holds a few chunks."""
    if workers <= 1:
        for delivery in deliveries:
            yield one(job, delivery)
        return
    with ProcessPoolExecutor(workers, get_context("fork"), _start, (job,)) as pool:
        stream = iter(deliveries)
        waiting: deque[Future[list[Stored]]] = deque()
        while True:
            while len(waiting) < workers * AHEAD and (chunk := list(islice(stream, CHUNK))):
                waiting.append(pool.submit(_chunk, _pack(chunk)))
            if not waiting:
                return
            yield from waiting.popleft().result()


def processes() -> int:
    """Processes that this machine has use for."""
    return len(os.sched_getaffinity(0))
