"""Engines: run one unit of work over many names, here or elsewhere. Names travel, never mail.

A factory is called once in each worker and loads what its unit needs; the unit is then called with one task
at a time, and what it returns goes to the one process that commits. Every engine gives the same answers
in any order. A worker that dies takes nothing with it: its tasks are given out again.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import resource_tracker
from multiprocessing.connection import wait as wait_for
from multiprocessing.util import Finalize
from threading import Thread
from typing import Any, Protocol, TypeVar

from junkhound.kernel.config import Engine as EngineSettings
from junkhound.kernel.errors import ConfigError, Temporary
from junkhound.kernel.jail import uninterrupted
from junkhound.kernel.registry import Registry

Task = TypeVar("Task")
Result = TypeVar("Result")
Unit = Callable[[Task], Result]

_TRIES = 3
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


_here: Any = None


def _load(factory: Callable[[], Any]) -> None:
    global _here
    Thread(target=_end_with_parent, daemon=True).start()
    _here = factory()
    if hasattr(_here, "close"):
        Finalize(None, _here.close, exitpriority=1)  # a worker's own children end with it


def _end_with_parent() -> None:
    """A pool whose parent was killed would wait for tasks for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for([parent.sentinel])
        os._exit(75)


def _call(task: Any) -> Any:
    return _here(task)


@engines.register("pool")
class Pool:
    """A pool of processes on this machine, started afresh (spawn), so that no lock or thread is inherited."""

    def __init__(self, settings: EngineSettings) -> None:
        self.workers = settings.workers or os.cpu_count() or 1
        self._pool: ProcessPoolExecutor | None = None
        self._factory: Any = None

    def _ready(self, factory: Callable[[], Any]) -> ProcessPoolExecutor:
        if self._pool is None or self._factory is not factory:
            self.close()
            context = multiprocessing.get_context("spawn")
            resource_tracker.ensure_running()  # when it starts it lets Ctrl-C through again
            self._pool = ProcessPoolExecutor(self.workers, context, initializer=_load, initargs=(factory,))
            self._factory = factory
        return self._pool

    def map_units(
        self, factory: Callable[[], Unit[Task, Result]], tasks: Iterable[Task | None]
    ) -> Iterator[tuple[Task, Result]]:
        source = iter(tasks)
        tries: dict[int, int] = {}
        running: dict[Future[Result], Task] = {}
        again: list[Task] = []
        more = True
        while running or again or more:
            while (again or more) and len(running) < 2 * self.workers:
                if again:
                    task = again.pop()
                else:
                    try:
                        given = next(source)
                    except StopIteration:
                        more = False
                        break
                    if given is None:
                        break
                    task = given
                pool = self._ready(factory)
                with uninterrupted():
                    running[pool.submit(_call, task)] = task
            if not running:
                time.sleep(PAUSE_S if more else 0)
                continue
            done, _ = wait(running, PAUSE_S if more else None, FIRST_COMPLETED)
            for future in done:
                task = running.pop(future)
                try:
                    yield task, future.result()
                except BrokenProcessPool:
                    # one dead worker breaks the whole pool: start another and give its tasks out again
                    again += [task, *running.values()]
                    running.clear()
                    self.close()
                    for lost in again:
                        tries[id(lost)] = tries.get(id(lost), 0) + 1
                        if tries[id(lost)] > _TRIES:
                            raise Temporary(f"workers die again and again on {lost!r}", "run junkhound check") from None
                    break

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool = None


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
