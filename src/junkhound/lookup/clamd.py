"""A ClamAV daemon asked through its socket whether a file is known to be malicious; only where that is configured.

The protocol is clamd's own (clamd(8)): a command in its null-terminated form, ``INSTREAM`` with chunks of four bytes
of length and an empty one at the end, an answer that ends in a null byte. Each question has a connection and a time
limit of its own. The files go to the daemon as they are: use one of this machine, or one that you trust like it.
"""

from __future__ import annotations

import re
import socket
import struct
import time

from junkhound.kernel import net
from junkhound.kernel.errors import ConfigError, Temporary

CHUNK = 64 * 1024
MOST_ANSWER = 4096
_FOUND = re.compile(rb"stream: ([\x21-\x7e]{1,200}) FOUND\Z")


def scan(place: str, octets: bytes, timeout_s: float) -> str:
    """What the daemon calls the file, "" for nothing. Errors: Temporary where it does not answer, or cannot tell."""
    answer = _asked(place, b"zINSTREAM\0", octets, timeout_s)
    if answer == b"stream: OK":
        return ""
    if found := _FOUND.match(answer):
        return found[1].decode("ascii")
    raise Temporary(f"clamd at {place} answered {answer[:100]!r}", "see its log")


def ping(place: str, timeout_s: float) -> str:
    """The daemon's version. Errors: Temporary where it does not answer, ConfigError for a place that is none."""
    return _asked(place, b"zVERSION\0", None, timeout_s).decode("ascii", "replace")


def _connected(place: str, timeout_s: float) -> socket.socket:
    if place.startswith("/"):
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        link.settimeout(timeout_s)
        link.connect(place)
        return link
    host, _, port = place.rpartition(":")
    address = net.parse(host.strip("[]"))
    if address is None or not port.isdigit():
        raise ConfigError(f"[files] clamd: {place!r} is no place", "write /run/clamav/clamd.ctl or 127.0.0.1:3310")
    return socket.create_connection((str(address), int(port)), timeout_s)


def _asked(place: str, command: bytes, octets: bytes | None, timeout_s: float) -> bytes:
    """The answer to one command, without its null byte; all of it within ``timeout_s``."""
    end = time.monotonic() + timeout_s
    try:
        with _connected(place, timeout_s) as link:
            link.sendall(command)
            if octets is not None:
                _stream(link, octets, end)
            answer = b""
            while not answer.endswith(b"\0"):
                link.settimeout(max(0.001, end - time.monotonic()))
                part = link.recv(MOST_ANSWER)
                if not part:
                    break
                answer += part
                if len(answer) > MOST_ANSWER:
                    raise Temporary(f"clamd at {place} answers without an end")
    except OSError as error:
        raise Temporary(f"clamd at {place} does not answer: {error.strerror or error}", "is it running?") from None
    return answer.rstrip(b"\0\n")


def _stream(link: socket.socket, octets: bytes, end: float) -> None:
    """Send the file; where the daemon has had enough, its answer says so."""
    try:
        for at in range(0, len(octets), CHUNK):
            link.settimeout(max(0.001, end - time.monotonic()))
            part = octets[at : at + CHUNK]
            link.sendall(struct.pack(">I", len(part)) + part)
        link.sendall(bytes(4))
    except (BrokenPipeError, ConnectionResetError):
        pass
