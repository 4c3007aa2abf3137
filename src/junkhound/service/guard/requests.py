"""HTTP/1.1 as programs of one machine hand something over (RFC 9112), read by h11: bytes in, requests out.

Of a body beyond measure the beginning is kept. Stricter than h11 in what the length of a body may be: it is said once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import h11
import msgspec

from junkhound.kernel.errors import DataError

HEADER = 16 << 10
_NOSNIFF = (b"x-content-type-options", b"nosniff")


class Refusal(DataError):
    """What cannot be read; ``status`` is the answer, after which the connection ends."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Request(msgspec.Struct, frozen=True):
    """One request; names of ``fields`` in small letters, of equal ones the last."""

    method: str
    target: str
    fields: Mapping[str, str]
    body: bytes


class Session:
    """One connection of a client; ``size`` is how much of a body is kept."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.closed = False
        self._link = h11.Connection(h11.SERVER, max_incomplete_event_size=HEADER)
        self._out: list[bytes] = []
        self._head: h11.Request | None = None
        self._body = bytearray()

    def take_output(self) -> bytes:
        """What to send now."""
        out = b"".join(self._out)
        self._out.clear()
        return out

    def receive(self, data: bytes) -> Iterator[Request]:
        """Take bytes; yields each request when it is whole, for which ``answer`` must be called before going on.

        Errors: Refusal; ``take_output`` has its answer then, and the connection must end.
        """
        self._link.receive_data(data)
        try:
            while not self.closed and (found := self._next()) is not None:
                yield found
                self._go_on()
        except h11.RemoteProtocolError as error:
            raise self._refused(error.error_status_hint, str(error)) from None

    def answer(self, status: int, body: bytes, kind: bytes = b"application/json") -> None:
        """Answer the request that was yielded last."""
        fields = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), _NOSNIFF]
        self._say(h11.Response(status_code=status, headers=fields))
        self._say(h11.Data(body))
        self._say(h11.EndOfMessage())

    def _say(self, event: h11.Event) -> None:
        self._out.append(self._link.send(event) or b"")

    def _next(self) -> Request | None:
        """The next request, once all of it is there."""
        while True:
            event = self._link.next_event()
            if isinstance(event, h11.Data):
                self._body += event.data[: self.size - len(self._body)]
            elif isinstance(event, h11.Request):
                self._head, self._body = event, bytearray()
                _clear(event)
            elif isinstance(event, h11.EndOfMessage):
                head = self._head
                assert head is not None
                fields = {name.decode(): value.decode("latin-1") for name, value in head.headers}
                return Request(head.method.decode(), head.target.decode(), fields, bytes(self._body))
            else:
                if self._link.they_are_waiting_for_100_continue:
                    self._say(h11.InformationalResponse(status_code=100, headers=[], reason="Continue"))
                return None

    def _go_on(self) -> None:
        """To the request behind the one that was answered, if there may be one."""
        if self._link.our_state is h11.DONE and self._link.their_state is h11.DONE:
            self._link.start_next_cycle()
        else:
            self.closed = True

    def _refused(self, status: int, why: str) -> Refusal:
        self.closed = True
        if self._link.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self.answer(status, why.encode("ascii", "replace") + b"\n", b"text/plain")
        return Refusal(status, why)


def _clear(head: h11.Request) -> None:
    """Errors: RemoteProtocolError for another HTTP, and where the length of the body could be read in two ways."""
    if head.http_version not in (b"1.0", b"1.1"):
        raise h11.RemoteProtocolError("no request of HTTP/1.1")
    said = [name for name, _ in head.headers if name in (b"content-length", b"transfer-encoding")]
    if len(said) > 1:
        raise h11.RemoteProtocolError("a body whose length is said twice")
