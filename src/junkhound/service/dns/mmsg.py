"""Many datagrams by one system call (recvmmsg(2), sendmmsg(2)), as numpy arrays that the kernel fills."""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import sys

import numpy as np
import numpy.typing as npt

ROW = 640
"""Bytes of memory for each datagram, question and answer alike."""
LEAD = 4
"""A message begins 4 bytes into its row, so that its first name stands where 64-bit numbers may."""
LARGEST = ROW - LEAD - 12
"""The longest datagram that is taken, and the longest answer."""

_NAME = 28  # sockaddr_in6
_CONTROL = 64
_CONTROL_LENGTH = {socket.AF_INET: 32, socket.AF_INET6: 40}  # one in_pktinfo, one in6_pktinfo with their headers
_DONTWAIT = 0x40
# Columns of struct mmsghdr in words of 64 bits.
_MSG_NAME, _MSG_NAMELEN, _MSG_IOV, _MSG_IOVLEN, _MSG_CONTROL, _MSG_CONTROLLEN, _MSG_FLAGS, _MSG_LEN = range(8)

try:
    _libc = ctypes.CDLL(None, use_errno=True)
    _receive, _send = _libc.recvmmsg, _libc.sendmmsg
    _receive.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int, ctypes.c_void_p]
    _send.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int]
    AVAILABLE = sys.platform == "linux" and ctypes.sizeof(ctypes.c_void_p) == 8 and sys.byteorder == "little"
except (AttributeError, OSError):  # another system: one datagram a call
    AVAILABLE = False


class Mail:
    """Room for ``size`` datagrams of one socket.

    ``memory`` holds the rows, ``came`` the length of each question, ``leaves`` that of each answer (0: none), ``names``
    the clients' socket addresses. With ``local``, a reply leaves from the address that was asked, as a socket bound to
    all addresses must see to itself.
    """

    def __init__(self, sock: socket.socket, size: int, local: bool = False) -> None:
        self.size, self._handle, self._family = size, sock.fileno(), sock.family
        self.memory = np.zeros(size * ROW + 64, np.uint8)
        self.names = np.zeros((size, _NAME), np.uint8)
        self._control = np.zeros((size, _CONTROL), np.uint8)
        self._control_length = _CONTROL_LENGTH[self._family] if local else 0
        # Two sets of headers over the same rows: what one call is told never needs to be put right for the other.
        self._in_pieces, self._in = self._headers()
        self._out_pieces, self._out = self._headers()
        self.came = self._in[:, _MSG_LEN].view(np.int64)  # the kernel writes 32 bits, the others stay 0
        self.leaves = self._out_pieces[:, 1].view(np.int64)
        if local:
            _ask_for_address(sock)
        self._receives, self._sends = self._in.ctypes.data, self._out.ctypes.data
        self._some = self._out.copy()  # what is sent, where some get no reply
        self._used = size

    def _headers(self) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
        """struct iovec and struct mmsghdr for each row."""
        pieces, heads = np.zeros((self.size, 2), np.uint64), np.zeros((self.size, 8), np.uint64)
        rows = np.arange(self.size, dtype=np.uint64)
        pieces[:, 0] = self.memory.ctypes.data + LEAD + rows * ROW
        pieces[:, 1] = LARGEST
        heads[:, _MSG_NAME] = self.names.ctypes.data + rows * _NAME
        heads[:, _MSG_NAMELEN] = 16 if self._family == socket.AF_INET else _NAME
        heads[:, _MSG_IOV] = pieces.ctypes.data + rows * 16
        heads[:, _MSG_IOVLEN] = 1
        if self._control_length:
            heads[:, _MSG_CONTROL] = self._control.ctypes.data + rows * _CONTROL
            heads[:, _MSG_CONTROLLEN] = self._control_length
        return pieces, heads

    def receive(self) -> int:
        """Take what waits; 0 if nothing does. What came with ``LARGEST`` bytes may have been longer."""
        if self._control_length:
            self._in[: self._used, _MSG_CONTROLLEN] = self._control_length
        count: int = _receive(self._handle, self._receives, self.size, _DONTWAIT, None)
        # An ICMP "port unreachable" for an earlier reply is no trouble of ours.
        self._used = max(count, 0)
        if self._control_length:
            self._out[: self._used, _MSG_CONTROLLEN] = self._in[: self._used, _MSG_CONTROLLEN]
        return self._used

    def send(self, count: int, silent: bool) -> int:
        """Send the first ``count`` rows, some without an answer if ``silent``; how many the kernel would not take."""
        address = self._sends
        if silent:
            chosen = self._out[:count][self.leaves[:count] > 0]
            count = len(chosen)
            self._some[:count] = chosen
            address = self._some.ctypes.data
        at = failed = 0
        while at < count:
            done: int = _send(self._handle, address + at * 64, count - at, 0)
            if done > 0:
                at += done
            elif ctypes.get_errno() != errno.EINTR:
                at += 1  # a client with port 0, an unreachable network: the others are answered
                failed += 1
        return failed

    def client(self, row: int) -> bytes:
        """The address of a row's client: 4 or 16 bytes."""
        name: bytes = self.names[row].tobytes()
        return name[4:8] if self._family == socket.AF_INET else name[8:24]


def _ask_for_address(sock: socket.socket) -> None:
    if sock.family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_IP, getattr(socket, "IP_PKTINFO", 8), 1)
    else:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)


def large_buffer(sock: socket.socket, size: int) -> int:
    """Ask for a receive buffer of ``size`` bytes, past the system's limit where we may; what it is then."""
    force = 33  # SO_RCVBUFFORCE
    try:
        sock.setsockopt(socket.SOL_SOCKET, force, size)
    except OSError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // (2 if os.uname().sysname == "Linux" else 1)
