"""Opinions within a deadline: mail is judged in confined processes, and who waits is never kept waiting for them.

A judging process that one mail keeps busy too long, or kills, is started again; its mail gets no opinion. A pack or
model that changed is loaded into new processes before the old ones go, so that nobody waits for that either.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import msgspec

from junkhound import guard
from junkhound.kernel.clock import SystemClock
from junkhound.kernel.errors import JunkhoundError
from junkhound.kernel.jail import Died, Frames, Jail, Limits
from junkhound.service.log import say
from junkhound.verbs import guard as verbs
from junkhound.verbs.guard_counts import Fates
from junkhound.verbs.office import Office
from junkhound.wire.facts import Facts

LOOK_S = 5.0
MEMORY_MB = 1024
QUEUE = 64  # mails that may wait for one process; more get no opinion at once


@dataclass
class Counts:
    """What was said since the start."""

    junk: int = 0
    good: int = 0
    none: int = 0
    late: int = 0
    failed: int = 0
    refused: int = 0
    micros: list[int] = field(default_factory=list)


class Desk:
    """Opinions for a server; ``open`` first, ``close`` at the end."""

    def __init__(self, office: Office, relays: tuple[str, ...] = ()) -> None:
        self.office = office
        self.config = office.config.guard
        self.counts = Counts()
        self._relays = relays
        self._limits = Limits(MEMORY_MB, max(1.0, self.config.deadline_ms / 1000), 1 << 30)
        self._free: asyncio.Queue[_Worker] | None = None
        self._threads = ThreadPoolExecutor(self._number + 1, "guard")
        self._waiting = 0
        self._generation = 0
        self._stamp: tuple[int, ...] = ()
        self._looked = 0.0
        self._renewing = threading.Lock()
        self._fates: Fates | None = Fates(office) if self.config.count else None

    @property
    def _number(self) -> int:
        return self.config.workers or len(os.sched_getaffinity(0))

    def open(self) -> None:
        """Start the judging processes. Errors: what a pack or setting that cannot be used says."""
        orders = verbs.orders(self.office, self._relays)
        verbs.open_judge(orders)  # says what is wrong here, where somebody reads it
        self._stamp = _stamp(orders)
        self._free = asyncio.Queue()
        for worker in self._workers(orders, 0):
            self._free.put_nowait(worker)

    def close(self) -> None:
        """End them; what was counted is kept."""
        if self._fates is not None:
            self._fates.keep()
        self._threads.shutdown(wait=False, cancel_futures=True)
        while self._free is not None and not self._free.empty():
            self._free.get_nowait().jail.close()

    async def opinion(self, mail: bytes, facts: Facts | None) -> guard.Opinion:
        """What to say of a mail; always within the deadline."""
        began = time.monotonic()
        if self._waiting >= QUEUE * self._number:
            return self._told(guard.no_opinion("too much mail at once"), began)
        self._waiting += 1
        try:
            async with asyncio.timeout(self.config.deadline_ms / 1000):
                found = await self._judged(mail, facts)
        except TimeoutError:
            self.counts.late += 1
            found = guard.no_opinion("there was no time to look at it")
        except Exception as error:  # whatever is wrong here, the mail goes on
            self.counts.failed += 1
            say("guard", "a mail could not be looked at", why=str(error))
            found = guard.no_opinion("it could not be looked at")
        finally:
            self._waiting -= 1
        return self._told(found, began)

    def became(self, found: guard.Opinion, recipients: Sequence[bytes], refused: bool) -> None:
        """Count what became of a mail, once for all of its recipients, where the operator wants that."""
        if refused:
            self.counts.refused += 1
        if self._fates is not None:
            self._fates.add(found, recipients, refused)

    def _told(self, found: guard.Opinion, began: float) -> guard.Opinion:
        name = str(found.word)
        setattr(self.counts, name, getattr(self.counts, name) + 1)
        if len(self.counts.micros) < 100_000:
            self.counts.micros.append(int((time.monotonic() - began) * 1e6))
        return found

    async def _judged(self, mail: bytes, facts: Facts | None) -> guard.Opinion:
        assert self._free is not None
        self._renew()
        worker = await self._free.get()
        work = asyncio.ensure_future(self._work(worker.jail, mail[: self.config.size_mb * 1_000_000], facts))
        work.add_done_callback(lambda done: self._back(worker, done))
        return await asyncio.shield(work)  # who waits may give up; the process is free again only when it is done

    async def _work(self, jail: Jail, mail: bytes, facts: Facts | None) -> guard.Opinion:
        if jail.ready:
            return await asked(jail, mail, facts)
        # a process that is started anew loads its pack first: nobody else waits for that
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._ask, jail, mail, facts)

    def _back(self, worker: _Worker, done: asyncio.Future[guard.Opinion]) -> None:
        """A process is free again; one that was started for an older pack ends here."""
        if not done.cancelled():
            done.exception()
        if worker.generation == self._generation and self._free is not None:
            self._free.put_nowait(worker)
        else:
            worker.jail.close()

    def _ask(self, jail: Jail, mail: bytes, facts: Facts | None) -> guard.Opinion:
        with _in_memory(mail) as memory:
            for frame in jail.run(memory, _request(facts)):
                found = _opinion(frame)
            return found

    def _workers(self, orders: verbs.Orders, generation: int) -> list[_Worker]:
        """A process for each core, started and loaded."""
        made = []
        for _ in range(self._number):
            jail = Jail("junkhound.verbs.guard:start", orders, self._limits)
            self._ask(jail, b"From: a@example.org\r\n\r\n", None)
            made.append(_Worker(jail, generation))
        return made

    def _renew(self) -> None:
        """Every few seconds: were pack or model replaced?"""
        now = time.monotonic()
        if now - self._looked < LOOK_S:
            return
        self._looked = now
        if self._fates is not None:
            self._fates.keep_soon(self._threads)
        if self._renewing.acquire(blocking=False):
            loop = asyncio.get_running_loop()
            loop.run_in_executor(self._threads, self._replace, loop.call_soon_threadsafe)

    def _replace(self, soon: Callable[..., object]) -> None:
        try:
            orders = verbs.orders(self.office, self._relays)
            stamp = _stamp(orders)
            if stamp == self._stamp:
                return
            self._stamp = stamp  # what cannot be used is not tried again until it changes
            verbs.open_judge(orders)
            soon(self._exchange, self._workers(orders, self._generation + 1))
            say("guard", "a new pack or model is at work")
        except (JunkhoundError, Died, OSError) as error:
            say("guard", "the new pack or model cannot be used; the old one stays", why=str(error))
        finally:
            self._renewing.release()

    def _exchange(self, fresh: list[_Worker]) -> None:
        """Put new processes in the place of the old ones; those at work end when they are done."""
        assert self._free is not None
        while not self._free.empty():
            self._free.get_nowait().jail.close()
        self._generation += 1
        for worker in fresh:
            self._free.put_nowait(worker)


async def asked(jail: Jail, mail: bytes, facts: Facts | None) -> guard.Opinion:
    """What a judging process that is ready says of a mail. Errors: Died."""
    loop = asyncio.get_running_loop()
    with _in_memory(mail) as memory:
        link = jail.begin(memory, _request(facts))
    frames, done, found = Frames(), loop.create_future(), list[bytes]()

    def readable() -> None:
        try:
            found.extend(frames.take(link.recv(1 << 16, socket.MSG_DONTWAIT)))
        except (OSError, EOFError) as error:
            if not isinstance(error, BlockingIOError) and not done.done():
                done.set_exception(error)
            return
        if frames.done and not done.done():
            done.set_result(None)

    loop.add_reader(link, readable)
    try:
        async with asyncio.timeout(60 + 10 * jail.limits.item_s):
            await done
        return _opinion(found[-1])
    except (OSError, EOFError, IndexError) as error:  # of a silent one TimeoutError, which is an OSError
        raise jail.ended(error) from None
    finally:
        loop.remove_reader(link)


_opinion = msgspec.msgpack.Decoder(guard.Opinion).decode
_encode = msgspec.msgpack.Encoder().encode


def _request(facts: Facts | None) -> bytes:
    return _encode(verbs.Asked(facts, SystemClock().now()))


@contextmanager
def _in_memory(mail: bytes) -> Iterator[int]:
    memory = os.memfd_create("mail")
    try:
        os.truncate(memory, len(mail))
        os.pwrite(memory, mail, 0)
        yield memory
    finally:
        os.close(memory)


class _Worker(NamedTuple):
    """A judging process, and for the how-manieth pack it was started."""

    jail: Jail
    generation: int


def _stamp(orders: verbs.Orders) -> tuple[int, ...]:
    found = []
    for name in (orders.pack, orders.learned):
        try:
            found.append(Path(name).stat().st_mtime_ns)
        except OSError:
            found.append(0)
    return tuple(found)
