"""A child process that may compute and nothing else: where hostile mail is parsed.

The child gets read-only file descriptors and sends msgpack frames back over one socket. Before it sees the first
byte of mail it limits itself: RLIMIT_DATA, RLIMIT_CPU, RLIMIT_FSIZE 0, a CPU timer per item (a kernel timer, so
that it also stops a loop inside C code), no new privileges, and, where the kernel allows, a seccomp filter
(seccomp(2)) that refuses sockets, programs and tracing. Its parent checks the type of every frame, so a parser
that was taken over can say wrong things about mail and nothing more.

Frames are a 4-byte big-endian length and a msgpack body.
"""

from __future__ import annotations

import ctypes
import importlib
import mmap
import os
import pickle
import platform
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from junkhound.kernel import nursery
from junkhound.kernel.errors import Temporary
from junkhound.kernel.nursery import exactly, uninterrupted

_LENGTH = struct.Struct(">I")
_END = _LENGTH.pack(0)
_FRAME_LIMIT = 256 << 20


@dataclass(frozen=True)
class Limits:
    """What one child may use."""

    memory_mb: int = 2048
    item_s: float = 20.0
    total_cpu_s: int = 3600


class Last(bytes):
    """A frame behind which no other comes: the end of the work goes with it, which wakes whoever waits only once."""


class Died(Exception):
    """The child ended in the middle of its work; ``item`` is the one it was at, ``why`` says how it ended."""

    def __init__(self, item: int, why: str) -> None:
        super().__init__(f"parser ended at item {item}: {why}")
        self.item = item
        self.why = why


class Jail:
    """The parent's end: starts the child when needed, sends it work, reads its frames.

    ``target`` is ``module:function``; the function is called once in the child with the unpickled ``argument``
    and returns a callable ``work(fd, request, mark) -> Iterator[bytes]`` that yields encoded frames.
    """

    def __init__(self, target: str, argument: Any, limits: Limits) -> None:
        self.target = target
        self.argument = argument
        self.limits = limits
        self._child: _Child | None = None
        self._socket: socket.socket | None = None
        self._progress: mmap.mmap | None = None

    def run(self, fd: int, request: bytes) -> Iterator[bytes]:
        """Let the child work on the file ``fd``; yields its frames. Errors: Died."""
        link = self._started()
        try:
            socket.send_fds(link, [_LENGTH.pack(len(request))], [fd])
            link.sendall(request)
            while True:
                frame = self._receive(link)
                if not frame:
                    return
                yield frame
        except (OSError, EOFError) as error:
            raise Died(*self._autopsy(error)) from None

    @property
    def ready(self) -> bool:
        """Whether the child runs, so that ``begin`` does not wait for one to start."""
        return self._socket is not None and self._child is not None and self._child.poll() is None

    def begin(self, fd: int, request: bytes) -> socket.socket:
        """As ``run``, for who waits for the frames himself: ``Frames`` takes what this socket gives. Errors: Died."""
        link = self._started()
        try:
            socket.send_fds(link, [_LENGTH.pack(len(request)), request], [fd])
        except OSError as error:
            raise self.ended(error) from None
        return link

    def ended(self, error: Exception) -> Died:
        """What became of the child that gave up in the middle of its work; it is started again when next asked."""
        return Died(*self._autopsy(error))

    def close(self) -> None:
        """End the child."""
        if self._socket is not None:
            self._socket.close()
        if self._child is not None:
            self._child.kill()
            self._child.wait()
        if self._progress is not None:
            self._progress.close()
        self._socket = self._child = self._progress = None

    def _started(self) -> socket.socket:
        if self._socket is not None and self.ready:
            return self._socket
        self.close()
        ours, theirs = socket.socketpair()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        memory = os.memfd_create("progress")
        os.ftruncate(memory, 8)
        self._progress = mmap.mmap(memory, 8)
        self._child = _born(theirs.fileno(), memory)
        theirs.close()
        os.close(memory)
        self._socket = ours
        ours.settimeout(60)
        setup = pickle.dumps((self.target, self.argument, self.limits))
        try:
            ours.sendall(_LENGTH.pack(len(setup)) + setup)
            if exactly(ours, 1) != b"+":
                raise EOFError
        except (OSError, EOFError):
            self._child.kill()  # one that ended by itself keeps its status; one that hangs would never end
            status = self._child.wait()
            self.close()
            raise Temporary(f"the parser process does not start (status {status})", "run junkhound check") from None
        return ours

    def _receive(self, link: socket.socket) -> bytes:
        """One frame; empty at the end of the work. Gives a silent child ten times its CPU time, then kills it."""
        patience = 60 + 10 * self.limits.item_s
        link.settimeout(patience)
        (length,) = _LENGTH.unpack(exactly(link, 4))
        if length > _FRAME_LIMIT:
            raise EOFError(f"a frame of {length} bytes")
        return exactly(link, length)

    def _autopsy(self, error: Exception) -> tuple[int, str]:
        child, progress = self._child, self._progress
        item = int.from_bytes(progress[:8], "little") if progress is not None else 0
        why = str(error) or type(error).__name__
        if child is not None:
            if isinstance(error, TimeoutError):
                why = "no answer"
            child.kill()  # one that ended by itself keeps its status; one that talks nonsense would never end
            status = child.wait()
            if status < 0:
                why = signal.Signals(-status).name
        self.close()
        return item, why


class Frames:
    """The frames of one piece of work, from bytes as they come."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.done = False

    def take(self, octets: bytes) -> list[bytes]:
        """The frames that are whole by now. Errors: EOFError for one beyond measure, or nothing more to come."""
        if not octets:
            raise EOFError("closed")
        self._buffer += octets
        found: list[bytes] = []
        while len(self._buffer) >= 4 and not self.done:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if length > _FRAME_LIMIT:
                raise EOFError(f"a frame of {length} bytes")
            if len(self._buffer) < 4 + length:
                break
            self.done = length == 0
            if length:
                found.append(bytes(self._buffer[4 : 4 + length]))
            del self._buffer[: 4 + length]
        return found


class _Child(Protocol):
    """What is asked of a child process; the status as in ``subprocess``."""

    def poll(self) -> int | None: ...

    def wait(self) -> int: ...

    def kill(self) -> None: ...


class _Fork:
    """A child that is a fork of this process."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._status: int | None = None

    def poll(self) -> int | None:
        if self._status is None:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                self._status = os.waitstatus_to_exitcode(status)
        return self._status

    def wait(self) -> int:
        if self._status is None:
            self._status = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        return self._status

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self._pid, signal.SIGKILL)


def _born(link: int, progress: int) -> _Child:
    """A child with these files: a fork where this process was raised for that, else started afresh.

    A fork holds what its parent held in memory, which it could read from the disk as well; no file but these is open.
    """
    if nursery.raised and nursery.threads() == 1:

        def life() -> None:
            os.environ.clear()
            nursery.called("junkhound-parse")
            child(link, progress)

        return _Fork(nursery.fork(life, (link, progress)))
    code = "import sys; from junkhound.kernel.jail import child; child(int(sys.argv[1]), int(sys.argv[2]))"
    with uninterrupted():
        return subprocess.Popen(  # noqa: S603 - our own interpreter, our own code
            [sys.executable, "-c", code, str(link), str(progress)],
            pass_fds=(link, progress),
            stdin=subprocess.DEVNULL,
            env={k: v for k, v in os.environ.items() if k in ("PATH", "PYTHONPATH", "LANG", "LC_ALL")}
            | {"OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"},
        )


def child(link_fd: int, progress_fd: int) -> None:
    """The child's life: load, limit itself, then work until the parent closes the socket."""
    link = socket.socket(fileno=link_fd)
    link.settimeout(None)
    progress = mmap.mmap(progress_fd, 8)
    (length,) = _LENGTH.unpack(exactly(link, 4))
    target, argument, limits = pickle.loads(exactly(link, length))  # noqa: S301 - from our own parent
    module, _, name = target.partition(":")
    work: Callable[[int, bytes, Callable[[int], None]], Iterator[bytes]] = getattr(
        importlib.import_module(module), name
    )(argument)
    confine(limits)
    link.sendall(b"+")

    due, slack = 0.0, limits.item_s / 10

    def mark(item: int) -> None:
        """Say which item is next, and give it its CPU time, or up to a tenth more: the clock is set when it is due."""
        nonlocal due
        progress[:8] = item.to_bytes(8, "little")
        if (now := time.monotonic()) >= due:
            due = now + slack
            signal.setitimer(signal.ITIMER_PROF, limits.item_s + slack)

    while True:
        try:
            head, fds, _, _ = socket.recv_fds(link, 4, 1)
        except ConnectionResetError:  # killed while an answer was on its way to it
            return
        if not head:
            return
        while len(head) < 4:
            head += link.recv(4 - len(head))
        request = exactly(link, _LENGTH.unpack(head)[0])
        try:
            last = False
            for frame in work(fds[0], request, mark):
                last = isinstance(frame, Last)
                link.sendall(_LENGTH.pack(len(frame)) + frame + (_END if last else b""))
        except (BrokenPipeError, ConnectionResetError):  # the parent went away
            return
        except Exception as error:
            words = ascii(f"{type(error).__name__}: {error}"[:200])
            os.write(2, f"junkhound: a parser gave up on a mail: {words}\n".encode())
            os._exit(70)  # the parent tries again, then keeps that mail unread
        signal.setitimer(signal.ITIMER_PROF, 0)
        due = 0.0  # the next piece of work has to set it again, however soon it comes
        os.close(fds[0])
        if not last:
            link.sendall(_END)


def confine(limits: Limits) -> None:
    """Give up everything a parser has no use for; irrevocable for this process."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    memory = limits.memory_mb << 20
    for what, value in (
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_CPU, limits.total_cpu_s),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(what, (value, value))
    no_sockets()


# --- seccomp: a classic BPF program, refused calls answer EPERM ---------------------------------------

_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_REFUSED = {
    # socket, socketpair, connect, accept, accept4, bind, listen, execve, execveat, ptrace, process_vm_readv and
    # _writev, bpf, io_uring_setup, pidfd_getfd; sending on the one socket it has stays allowed
    "x86_64": (41, 53, 42, 43, 288, 49, 50, 59, 322, 101, 310, 311, 321, 425, 438),
    "aarch64": (198, 199, 203, 202, 242, 200, 201, 221, 281, 117, 270, 271, 280, 425, 438),
}


def no_sockets() -> bool:
    """Refuse sockets, exec, ptrace, bpf and io_uring to this process; False where the kernel does not allow it."""
    machine = platform.machine()
    if sys.platform != "linux" or machine not in _REFUSED:
        return False
    calls = _REFUSED[machine]
    program = [(0x20, 0, 0, 4), (0x15, 1, 0, _AUDIT_ARCH[machine]), (0x06, 0, 0, 0x00050001), (0x20, 0, 0, 0)]
    program.append((0x35, len(calls) + 1, 0, 0x40000000))  # the x32 calls are the same ones under other numbers
    for index, call in enumerate(calls):
        program.append((0x15, len(calls) - index, 0, call))
    program += [(0x06, 0, 0, 0x7FFF0000), (0x06, 0, 0, 0x00050001)]
    code = b"".join(struct.pack("HBBI", *line) for line in program)
    buffer = ctypes.create_string_buffer(code, len(code))

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) != 0:  # PR_SET_NO_NEW_PRIVS
        return False
    rules = Program(len(program), ctypes.addressof(buffer))
    return bool(libc.prctl(22, 2, ctypes.byref(rules), 0, 0) == 0)  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER


def powers() -> dict[str, bool]:
    """Which protections work here, for ``check``: tried in a child, so that the caller keeps its own powers."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reader)
            limits = resource.getrlimit(resource.RLIMIT_DATA)
            resource.setrlimit(
                resource.RLIMIT_DATA, (min(limits[1] if limits[1] >= 0 else 1 << 40, 1 << 40), limits[1])
            )
            filtered = no_sockets()
            closed = False
            try:
                socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()
            except PermissionError:
                closed = True
            os.write(writer, bytes([1, filtered, closed]))
        finally:
            os._exit(0)
    os.close(writer)
    ready, _, _ = select.select([reader], [], [], 10)
    answer = os.read(reader, 3) if ready else b""
    os.close(reader)
    deadline = time.monotonic() + 10
    while os.waitpid(pid, os.WNOHANG) == (0, 0) and time.monotonic() < deadline:
        time.sleep(0.01)
    return {
        "memory_limit": answer[:1] == b"\x01",
        "seccomp": answer[1:2] == b"\x01",
        "no_sockets": answer[2:3] == b"\x01",
    }
