"""Engines: run one unit of work over many names, here or elsewhere. Names travel, never mail.

A factory is called once in each worker and loads what its unit needs; the unit is then called with one task
at a time, and what it returns goes to the one process that commits. Every engine gives the same answers
in any order. A worker that dies takes nothing with it: its tasks are given out again.
"""

from __future__ import annotations

import os
import pickle
import select
import socket
import struct
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from junkhound.kernel import nursery
from junkhound.kernel.config import Engine as EngineSettings
from junkhound.kernel.errors import ConfigError, Temporary
from junkhound.kernel.registry import Registry

Task = TypeVar("Task")
Result = TypeVar("Result")
Unit = Callable[[Task], Result]

_TRIES = 3
_LENGTH = struct.Struct(">I")
PAUSE_S = 0.05
"""How long an engine waits when there is nothing to give out."""


class Engine(Protocol):
    """Runs units; ``close`` ends its workers."""

    def map_units(
        self, factory: Callable[[], Unit[Task, Result]], tasks: Iterable[Task | None]
    ) -> Iterator[tuple[Task, Result]]:
        """Yield (task, result) as they are done; ``tasks`` is read only as fast as workers take them.

        None among the tasks means that there is nothing to give right now.
        """

    def close(self) -> None:
        """End all workers."""


engines: Registry[Callable[[EngineSettings], Engine]] = Registry("engines")


@engines.register("inline")
class Inline:
    """Runs everything in this process, one task after the other."""

    def __init__(self, settings: EngineSettings) -> None:
        self._unit: tuple[Any, Any] | None = None

    def map_units(
        self, factory: Callable[[], Unit[Task, Result]], tasks: Iterable[Task | None]
    ) -> Iterator[tuple[Task, Result]]:
        if self._unit is None or self._unit[0] is not factory:
            self._unit = (factory, factory())
        unit = self._unit[1]
        for task in tasks:
            if task is None:
                time.sleep(PAUSE_S)
            else:
                yield task, unit(task)

    def close(self) -> None:
        if self._unit is not None and hasattr(self._unit[1], "close"):
            self._unit[1].close()
        self._unit = None


class _Worker:
    """The parent's end of one worker: its socket, and the tasks it was given and has not answered."""

    def __init__(self, link: socket.socket, factory: bytes) -> None:
        self.link = link
        self.given: list[Any] = []
        self._send(factory)

    def fileno(self) -> int:
        return self.link.fileno()

    def give(self, task: Any) -> None:
        """Errors: OSError where it is dead; the task counts as given all the same."""
        self.given.append(task)
        self._send(pickle.dumps(task))

    def _send(self, order: bytes) -> None:
        self.link.sendall(_LENGTH.pack(len(order)) + order)

    def answer(self) -> tuple[Any, bool, Any]:
        """(task, whether it was done, result or error). Errors: EOFError, OSError where it is dead."""
        good, found = pickle.loads(nursery.exactly(self.link, _LENGTH.unpack(nursery.exactly(self.link, 4))[0]))  # noqa: S301
        return self.given.pop(0), good, found

    def end(self) -> None:
        """Let it finish what it is at, and go."""
        with suppress(OSError):
            self.link.shutdown(socket.SHUT_WR)
            while self.link.recv(1 << 16):
                pass
        self.link.close()


def _work(link: socket.socket) -> None:
    """A worker's life: a unit from the factory, then task after task, until its parent is done or gone."""
    unit: Any = None
    while True:
        try:
            order = nursery.exactly(link, _LENGTH.unpack(nursery.exactly(link, 4))[0])
        except (EOFError, OSError):
            break
        try:
            given = pickle.loads(order)  # noqa: S301 - from our own parent
            if unit is None:
                unit = _made(given)
                continue
            answer = pickle.dumps((True, unit(given)))
        except Exception as error:
            answer = _failure(error)
        try:
            link.sendall(_LENGTH.pack(len(answer)) + answer)
        except OSError:
            break
    if hasattr(unit, "close"):
        unit.close()  # a worker's own children end with it


def _made(factory: Callable[[], Any]) -> Any:
    """The unit, or one that tells of every task why there is none."""
    try:
        return factory()
    except Exception as error:
        reason = error

        def refuse(task: Any) -> None:
            raise reason

        return refuse


def _failure(error: Exception) -> bytes:
    """What the parent raises in its turn."""
    error.add_note("in a worker:\n" + "".join(traceback.format_tb(error.__traceback__)))
    try:
        found = pickle.dumps((False, error))
        pickle.loads(found)  # noqa: S301 - some errors are written and cannot be read
    except Exception:
        return pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))
    return found


@engines.register("pool")
class Pool:
    """Processes on this machine, raised by a nursery, so that no lock or thread is inherited."""

    def __init__(self, settings: EngineSettings) -> None:
        self.workers = settings.workers or os.cpu_count() or 1
        self._here: list[_Worker] = []
        self._factory: Any = None
        self._tries: dict[int, int] = {}

    def _ready(self, factory: Callable[[], Any]) -> None:
        """All workers there, each with its factory."""
        if self._factory is not factory:
            self.close()
            self._factory = factory
        while len(self._here) < self.workers:
            modules = getattr(factory, "modules", ()) or (getattr(factory, "func", factory).__module__,)
            prepare = pickle.dumps(factory.prepare) if hasattr(factory, "prepare") else b""
            self._here.append(_Worker(_raised(modules, prepare), pickle.dumps(factory)))

    def map_units(
        self, factory: Callable[[], Unit[Task, Result]], tasks: Iterable[Task | None]
    ) -> Iterator[tuple[Task, Result]]:
        source = iter(tasks)
        again: list[Task] = []
        more = True
        if any(worker.given for worker in self._here):  # somebody lost interest in answers that are still to come
            self.close()
        while more or again or any(worker.given for worker in self._here):
            while (again or more) and not self._busy():
                task = again.pop() if again else next(source, _END)
                if task is _END:
                    more = False
                if task is None or task is _END:
                    break
                again += self._give(factory, task)
            waiting = [worker for worker in self._here if worker.given]
            if not waiting:
                time.sleep(PAUSE_S if more and not again else 0)
                continue
            ready, _, _ = select.select(waiting, (), (), PAUSE_S if more else None)
            for worker in ready:
                try:
                    task, good, found = worker.answer()
                except (EOFError, OSError):
                    again += self._buried(worker)
                    continue
                self._tries.pop(id(task), None)
                if not good:
                    raise found
                yield task, found

    def _busy(self) -> bool:
        """Whether each worker has one task and the next."""
        return len(self._here) == self.workers and all(len(worker.given) > 1 for worker in self._here)

    def _give(self, factory: Callable[[], Any], task: Any) -> list[Any]:
        """Give the task to whoever has least to do; tasks that are lost with a worker that is dead."""
        self._ready(factory)
        worker = min(self._here, key=lambda worker: len(worker.given))
        try:
            worker.give(task)
        except OSError:
            return self._buried(worker)
        return []

    def _buried(self, worker: _Worker) -> list[Any]:
        """The tasks of a worker that died, to be given out again. Errors: Temporary for one that kills everybody."""
        self._here.remove(worker)
        worker.link.close()
        for lost in worker.given[:1]:  # the one it was at
            self._tries[id(lost)] = self._tries.get(id(lost), 0) + 1
            if self._tries[id(lost)] > _TRIES:
                raise Temporary(f"workers die again and again on {lost!r}", "run junkhound check")
        return worker.given

    def close(self) -> None:
        here, self._here = self._here, []
        for worker in here:
            worker.end()


_END: Any = object()


def _raised(modules: tuple[str, ...], prepare: bytes) -> socket.socket:
    """A worker of the nursery; of another one where the first was killed."""
    order = ("junkhound.kernel.engine:_work", modules, "junkhound-work", prepare)
    try:
        return nursery.ready().raise_one(*order)
    except (OSError, EOFError):
        nursery.lost()
        return nursery.ready().raise_one(*order)


@engines.register("dask")
class Dask:
    """A Dask cluster (extra ``junkhound[dask]``): the address in the settings, else one on 127.0.0.1."""

    def __init__(self, settings: EngineSettings) -> None:
        try:
            from distributed import Client, LocalCluster
        except ImportError:
            raise ConfigError("the engine 'dask' is not installed", "pip install 'junkhound[dask]'") from None
        if settings.dask:
            self._cluster = None
            self._client = Client(settings.dask)
        else:
            workers = settings.workers or os.cpu_count() or 1
            self._cluster = LocalCluster(
                n_workers=workers, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, processes=True
            )
            self._client = Client(self._cluster)

    def map_units(
        self, factory: Callable[[], Unit[Task, Result]], tasks: Iterable[Task | None]
    ) -> Iterator[tuple[Task, Result]]:
        from distributed import as_completed

        width = max(2, 2 * len(self._client.scheduler_info()["workers"]))
        source = iter(tasks)
        waiting = as_completed([])
        names: dict[str, Task] = {}
        more = True
        while more or names:
            while more and len(names) < width:
                try:
                    task = next(source)
                except StopIteration:
                    more = False
                    break
                if task is None:
                    break
                future = self._client.submit(_call_here, factory, task, pure=False, retries=_TRIES)
                names[future.key] = task
                waiting.add(future)
            if names:
                done = next(waiting)
                yield names.pop(done.key), done.result()
            elif more:
                time.sleep(PAUSE_S)

    def close(self) -> None:
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()


_units: dict[bytes, Any] = {}


def _call_here(factory: Callable[[], Any], task: Any) -> Any:
    """On a Dask worker: one unit for each factory, made at its first task."""
    import pickle

    name = pickle.dumps(factory)
    if name not in _units:
        _units.clear()
        _units[name] = factory()
    return _units[name](task)
