"""A small process that raises others: what workers need is loaded once, and each is a fork of it.

Starting an interpreter and loading NumPy, Arrow and the parsers takes half a second of CPU; a fork takes milliseconds.
Only a process with one thread and no open database may be forked safely, so nothing but modules is ever loaded in
the nursery. ``early`` forks it from the calling process before that opens anything; else it is started afresh.

It ends when the process that it works for closes its socket or dies, and takes all that it raised with it.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import gc
import importlib
import os
import pickle
import signal
import socket
import struct
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from junkhound.kernel.errors import Temporary

_LENGTH = struct.Struct(">I")
_PR_SET_PDEATHSIG, _PR_SET_NAME = 1, 15

_OPENERS = {"sqlite3", "duckdb", "psycopg"}  # a connection must not be there twice

raised = False
"""Whether this process was raised by a nursery: it has one thread and nothing open but what it was given."""


class Nursery:
    """The end of the process that it works for."""

    def __init__(self, link: socket.socket, pid: int, started: subprocess.Popen[bytes] | None = None) -> None:
        self._link = link
        self._pid = pid
        self._started = started
        self._owner = os.getpid()

    def raise_one(self, target: str, modules: tuple[str, ...], name: str, prepare: bytes = b"") -> socket.socket:
        """A new process that calls ``module:function`` with its end of a socket; ours is returned.

        ``modules`` are loaded and ``prepare`` (a pickled callable) is called before the fork, for this and all later
        ones. Errors: Temporary, OSError where the nursery itself is gone.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            order = pickle.dumps((target, modules, name, prepare, sys.path))
            socket.send_fds(self._link, [_LENGTH.pack(len(order))], [theirs.fileno()])
            self._link.sendall(order)
        answer = exactly(self._link, _LENGTH.unpack(exactly(self._link, 4))[0])
        if answer:
            ours.close()
            raise Temporary(f"a worker does not start: {answer.decode(errors='replace')}", "run junkhound check")
        return ours

    def close(self) -> None:
        """End it and all that it raised; not in a process that was forked from its owner."""
        if os.getpid() != self._owner:
            return
        self._link.close()
        with contextlib.suppress(ChildProcessError):
            if self._started is not None:
                self._started.wait()
            else:
                os.waitpid(self._pid, 0)


_ready: Nursery | None = None


def early() -> None:
    """Fork the nursery from this process, to be called before it has threads or opens anything; once.

    Nothing happens where it is too late: the nursery is started afresh when it is needed.
    """
    global _ready
    if _ready is None and threads() == 1 and not _OPENERS & sys.modules.keys():
        sys.stdout.flush()
        sys.stderr.flush()
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            keep = theirs.detach()
            with contextlib.suppress(BaseException):
                close_all_but(keep)
                _main(keep)
            os._exit(70)
        theirs.close()
        _ready = Nursery(ours, pid)
        atexit.register(_ready.close)


def ready() -> Nursery:
    """The nursery of this process, started afresh where there is none yet."""
    global _ready
    if _ready is None or _ready._owner != os.getpid():
        _ready = _afresh()
        atexit.register(_ready.close)
    return _ready


def lost() -> None:
    """The nursery does not answer: the next one who asks gets another."""
    global _ready
    if _ready is not None:
        _ready.close()
        atexit.unregister(_ready.close)
    _ready = None


def _afresh() -> Nursery:
    ours, theirs = socket.socketpair()
    with theirs, uninterrupted():
        child = subprocess.Popen(  # noqa: S603 - our own interpreter, our own code
            [sys.executable, "-c", f"from junkhound.kernel import nursery; nursery._main({theirs.fileno()})"],
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        )
    return Nursery(ours, child.pid, child)


# --- in the nursery --------------------------------------------------------------------------------------------


def _main(fd: int) -> NoReturn:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that it works for
    called("junkhound-nurse")
    link = socket.socket(fileno=fd)
    here: set[int] = set()
    done: set[bytes] = set()
    while True:
        head, fds, _, _ = socket.recv_fds(link, 4, 1)
        if not head:
            _end(here)
        while len(head) < 4:
            head += link.recv(4 - len(head)) or _end(here)
        target, modules, name, prepare, path = pickle.loads(exactly(link, _LENGTH.unpack(head)[0]))  # noqa: S301 - our parent's
        _reap(here)
        answer = b""
        try:
            sys.path[:] = path
            for module in modules:
                importlib.import_module(module)
            if prepare and prepare not in done:
                done.add(prepare)
                pickle.loads(prepare)()  # noqa: S301
            here.add(_raise(target, name, fds[0]))
        except Exception as error:
            answer = f"{type(error).__name__}: {error}".encode()[:2000]
        os.close(fds[0])
        link.sendall(_LENGTH.pack(len(answer)) + answer)


def _end(here: set[int]) -> NoReturn:
    for pid in here:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for pid in here:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)
    os._exit(0)


def _reap(here: set[int]) -> None:
    for pid in list(here):
        if os.waitpid(pid, os.WNOHANG)[0]:
            here.discard(pid)


def _raise(target: str, name: str, fd: int) -> int:
    gc.freeze()  # what is loaded is never collected: its pages stay shared
    return fork(lambda: _child(target, name, fd), (fd,))


def _child(target: str, name: str, fd: int) -> None:
    global raised, _ready
    raised, _ready = True, None
    gc.set_threshold(20_000, 20, 100)  # rows come and go in thousands
    called(name)
    module, _, function = target.partition(":")
    work: Callable[[socket.socket], Any] = getattr(importlib.import_module(module), function)
    work(socket.socket(fileno=fd))


# --- for every process that forks ------------------------------------------------------------------------------


def fork(work: Callable[[], None], keep: tuple[int, ...]) -> int:
    """A child that does ``work`` and ends, with no files open but these and the three standard ones; its number.

    It dies with the thread that called this.
    """
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    status = 70
    try:
        _libc().prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(75)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        close_all_but(*keep)
        work()
        status = 0
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def threads() -> int:
    """Threads of this process, also those that Python knows nothing of; 2 where the system does not say."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 2


def close_all_but(*keep: int) -> None:
    """Close every file but these and the standard ones, and read nothing from the standard input."""
    at = 3
    for fd in (*sorted(keep), os.sysconf("SC_OPEN_MAX")):
        os.closerange(at, fd)
        at = fd + 1
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)


def called(name: str) -> None:
    """Show this name, of up to 15 letters, in lists of processes."""
    _libc().prctl(_PR_SET_NAME, name.encode(), 0, 0, 0)


def _libc() -> Any:
    return ctypes.CDLL(None)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Processes started in here never hear Ctrl-C: it is for their parent, which ends them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def exactly(link: socket.socket, length: int) -> bytes:
    """So many bytes from a socket. Errors: EOFError, OSError."""
    buffer = bytearray(length)
    view = memoryview(buffer)
    got = 0
    while got < length:
        count = link.recv_into(view[got:])
        if count == 0:
            raise EOFError("closed")
        got += count
    return bytes(buffer)
