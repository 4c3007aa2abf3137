"""The session itself: a state machine over bytes."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable

from junkhound.wire.smtp.terms import Delivery, Event, Guess, Phase, Policy, StartTls, Transaction, XClient

LINE_LIMIT = 4096  # a command line; RFC 5321 asks for 512, extensions add to it
BAD_COMMANDS = 20
TRACE_LINES = 48
TRACE_BYTES = 120

_PATH = re.compile(rb"\s*(?:<(?P<path>[^>]{0,1024})>|(?P<bare>[^\s<>]{1,1024}))(?P<rest>(?:\s+\S{1,512}){0,16})\s*\Z")
_INSIDE = re.compile(rb"<[^>]*>")
_XTEXT = re.compile(rb"\+([0-9A-F]{2})")


class Session:
    """One connection's dialogue."""

    __slots__ = (
        "_auth_step", "_buffer", "_chunk_last", "_chunk_left", "_last_us", "_mechanism", "_out", "_scan", "_user",
        "auth_tries", "bad", "bare_line_ends", "command_us", "commands", "deliveries", "esmtp", "events", "helo",
        "phase", "policy", "rejected", "replies", "tls", "trace", "transaction", "vrfy",
    )  # fmt: skip

    def __init__(self, policy: Policy, at: int) -> None:
        self.policy = policy
        self.phase = Phase.COMMAND
        self.helo: bytes | None = None
        self.esmtp = False
        self.tls = False
        self.transaction: Transaction | None = None
        self.events: list[Event] = []
        self.trace: list[bytes] = []  # commands as they came, addresses taken out: the client's dialect
        self.command_us: list[int] = []
        self.replies: list[int] = []
        self.commands = self.bad = self.rejected = self.vrfy = self.auth_tries = self.deliveries = 0
        self.bare_line_ends = 0
        self._buffer = bytearray()
        self._scan = 0
        self._out: list[bytes] = []
        self._chunk_left = 0
        self._chunk_last = False
        self._auth_step = ""
        self._mechanism = ""
        self._user = b""
        self._last_us = at

    # --- the host's side ----------------------------------------------------------------------------------

    def greet(self) -> None:
        """Write the banner."""
        self._reply(220, f"{self.policy.hostname} {'LMTP' if self.policy.protocol == 'lmtp' else 'ESMTP'}")

    def receive(self, data: bytes, at: int) -> None:
        """Take bytes that arrived at monotonic microsecond ``at``."""
        self._buffer += data
        self._go_on(at)

    def take_output(self) -> bytes:
        """What to send now."""
        if not self._out:
            return b""
        out = b"".join(self._out)
        self._out.clear()
        return out

    def answer(self, code: int, text: str, at: int) -> None:
        """What became of the delivery: the same reply for every accepted recipient in LMTP (RFC 2033 section 4.2)."""
        transaction = self.transaction
        times = transaction.accepted if transaction is not None and self.policy.protocol == "lmtp" else 1
        for _ in range(times):
            self._reply(code, text)
        if code < 400:
            self.deliveries += 1
        self.transaction = None
        self.phase = Phase.COMMAND
        self._last_us = at
        self._go_on(at)

    def secured(self) -> None:
        """TLS is up: everything said before is forgotten (RFC 3207 section 4.2)."""
        self.tls = True
        self.helo = None
        self.transaction = None
        self._buffer.clear()  # what was pipelined behind STARTTLS in clear text is never obeyed
        self._scan = 0
        self.phase = Phase.COMMAND

    def close(self, code: int, text: str) -> None:
        """End the dialogue with a last reply."""
        if self.phase is not Phase.CLOSED:
            self._reply(code, text)
            self.phase = Phase.CLOSED

    # --- bytes --------------------------------------------------------------------------------------------

    def _go_on(self, at: int) -> None:
        while True:
            phase = self.phase
            if phase is Phase.DATA:
                if not self._data():
                    return
            elif phase is Phase.CHUNK:
                if not self._chunk():
                    return
            elif phase in (Phase.COMMAND, Phase.AUTH):
                if not self._line(at):
                    return
            else:
                return

    def _line(self, at: int) -> bool:
        buffer = self._buffer
        end = buffer.find(b"\r\n", self._scan)
        if end < 0:
            if len(buffer) > LINE_LIMIT:
                self.bare_line_ends += buffer.count(b"\n")
                self.close(500, "5.5.2 line too long")
            self._scan = max(len(buffer) - 1, 0)
            return False
        line = bytes(buffer[:end])
        del buffer[: end + 2]
        self._scan = 0
        if len(line) > LINE_LIMIT:
            self.close(500, "5.5.2 line too long")
            return False
        if b"\n" in line or b"\r" in line:  # a lone LF or CR is no line end: nothing in such a line is obeyed
            self.bare_line_ends += 1
            self._note(line, at)
            self._wrong(500, "5.5.2 lines end with CRLF")
            return True
        if self.phase is Phase.AUTH:
            self._auth_line(line)
            return True
        self._note(line, at)
        self._command(line)
        return True

    def _note(self, line: bytes, at: int) -> None:
        self.commands += 1
        if len(self.trace) < TRACE_LINES:
            shown = line[:5].upper()
            kept = b"AUTH" if shown.startswith(b"AUTH") else _INSIDE.sub(b"<>", line[:TRACE_BYTES])
            self.trace.append(kept)
            self.command_us.append(at - self._last_us)
        self._last_us = at

    def _data(self) -> bool:
        """Read to CRLF.CRLF; stuffing is undone once, at the end."""
        buffer = self._buffer
        transaction = self.transaction
        assert transaction is not None
        if not transaction.size and not transaction.body and buffer[:3] == b".\r\n":
            end, skip = 0, 3
        else:
            end = buffer.find(b"\r\n.\r\n", max(self._scan - 4, 0))
            skip = 5
        if end < 0:
            if len(buffer) > self.policy.size_limit:
                transaction.too_big = True  # the rest is read and thrown away, so that the client hears why
                transaction.size += len(buffer) - 4
                del buffer[:-4]
            self._scan = len(buffer)
            return False
        mail = bytes(buffer[: end + 2 if skip == 5 else 0])
        del buffer[: end + skip]
        self._scan = 0
        if mail.startswith(b"."):
            mail = mail[1:]
        if b"\r\n." in mail:
            mail = mail.replace(b"\r\n.", b"\r\n")
        self._delivered(mail)
        return True

    def _chunk(self) -> bool:
        buffer = self._buffer
        transaction = self.transaction
        assert transaction is not None
        part = bytes(buffer[: self._chunk_left])
        del buffer[: len(part)]
        self._chunk_left -= len(part)
        transaction.size += len(part)
        if transaction.size > self.policy.size_limit:
            transaction.too_big = True
            transaction.body.clear()
        elif part:
            transaction.body.append(part)
        if self._chunk_left:
            return False
        self._scan = 0
        if self._chunk_last:
            self._delivered(b"".join(transaction.body))
        else:
            self._reply(250, f"2.0.0 {transaction.size} octets received")
            self.phase = Phase.COMMAND
        return True

    def _delivered(self, mail: bytes) -> None:
        transaction = self.transaction
        assert transaction is not None
        transaction.body.clear()
        self.phase = Phase.WAITING
        if transaction.too_big or len(mail) > self.policy.size_limit:
            self.answer(552, "5.3.4 message too big", self._last_us)
            return
        self.events.append(Delivery(transaction, mail))

    # --- commands -----------------------------------------------------------------------------------------

    def _command(self, line: bytes) -> None:
        verb, _, rest = line.strip(b" \t").partition(b" ")
        handler = _COMMANDS.get(verb.upper())
        if handler is None:
            self._wrong(500, "5.5.2 command not known")
        else:
            handler(self, rest)

    def _wrong(self, code: int, text: str) -> None:
        self.bad += 1
        self._reply(code, text)
        if self.bad >= BAD_COMMANDS:
            self.close(421, f"{self.policy.hostname} too many errors")

    def _reply(self, code: int, text: str) -> None:
        self.replies.append(code)
        if len(self.replies) > 4 * TRACE_LINES:
            del self.replies[TRACE_LINES:-TRACE_LINES]
        self._out.append(f"{code} {text}\r\n".encode())

    def _hello(self, rest: bytes, esmtp: bool) -> None:
        if not rest.strip():
            self._wrong(501, "5.5.4 say your name")
            return
        self.helo = rest.strip()[:512]
        self.esmtp = esmtp
        self.transaction = None
        if not esmtp:
            self._reply(250, self.policy.hostname)
            return
        offers = ["PIPELINING", f"SIZE {self.policy.size_limit}", "8BITMIME", "SMTPUTF8", "CHUNKING",
                  "ENHANCEDSTATUSCODES"]  # fmt: skip
        if self.policy.starttls and not self.tls:
            offers.append("STARTTLS")
        if self.policy.auth:
            offers.append("AUTH PLAIN LOGIN")
        if self.policy.xclient:
            offers.append("XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT")
        lines = [self.policy.hostname, *offers]
        self.replies.append(250)
        self._out.append(b"".join(f"250-{line}\r\n".encode() for line in lines[:-1]) + f"250 {lines[-1]}\r\n".encode())

    def _helo(self, rest: bytes) -> None:
        if self.policy.protocol == "lmtp":
            self._wrong(500, "5.5.1 this is LMTP: say LHLO")
        else:
            self._hello(rest, False)

    def _ehlo(self, rest: bytes) -> None:
        if self.policy.protocol == "lmtp":
            self._wrong(500, "5.5.1 this is LMTP: say LHLO")
        else:
            self._hello(rest, True)

    def _lhlo(self, rest: bytes) -> None:
        if self.policy.protocol != "lmtp":
            self._wrong(500, "5.5.1 this is SMTP: say EHLO")
        else:
            self._hello(rest, True)

    def _mail(self, rest: bytes) -> None:
        if self.transaction is not None:
            self._wrong(503, "5.5.1 one sender at a time")
            return
        if self.helo is None and self.policy.protocol == "lmtp":
            self._wrong(503, "5.5.1 say LHLO first")
            return
        found = _path(rest, b"FROM:")
        if found is None:
            self._wrong(501, "5.5.4 MAIL FROM:<address>")
            return
        address, params = found
        size = re.search(rb"\bSIZE=(\d{1,18})", params.upper())
        if size and int(size[1]) > self.policy.size_limit:
            self._reply(552, "5.3.4 message too big")
            return
        self.transaction = Transaction(address, params)
        self._reply(250, "2.1.0 sender noted")

    def _rcpt(self, rest: bytes) -> None:
        transaction = self.transaction
        if transaction is None:
            self._wrong(503, "5.5.1 MAIL first")
            return
        found = _path(rest, b"TO:")
        if found is None or not found[0]:
            self._wrong(501, "5.5.4 RCPT TO:<address>")
            return
        if len(transaction.recipients) >= self.policy.recipient_limit:
            self._reply(452, "4.5.3 too many recipients")
            return
        verdict = self.policy.recipient(found[0])
        transaction.recipients.append((found[0], verdict.code, verdict.trap))
        if verdict.code >= 400:
            self.rejected += 1
        self._reply(verdict.code, verdict.text)

    def _start_data(self, rest: bytes) -> None:
        transaction = self.transaction
        if transaction is None or not transaction.recipients:
            self._wrong(503, "5.5.1 RCPT first")
        elif transaction.chunked:
            self._wrong(503, "5.5.1 BDAT or DATA, not both")
        elif not transaction.accepted:
            self._reply(554, "5.5.1 no valid recipients")
        else:
            self.phase = Phase.DATA
            self._reply(354, "end with CRLF.CRLF")

    def _bdat(self, rest: bytes) -> None:
        words = rest.split()
        if not words or not words[0].isdigit() or len(words[0]) > 12:
            self.close(501, "5.5.4 BDAT size [LAST]")  # without the size nobody knows where the chunk ends
            return
        self._chunk_left = int(words[0])
        self._chunk_last = len(words) > 1 and words[1].upper() == b"LAST"
        transaction = self.transaction
        if transaction is None or not transaction.accepted:
            # RFC 3030 section 2: the chunk is read all the same, then refused
            self.transaction = transaction = Transaction(b"", too_big=True)
            self.close(503, "5.5.1 RCPT first")
            return
        if self._chunk_left + transaction.size > self.policy.size_limit:
            transaction.too_big = True
        transaction.chunked = True
        self.phase = Phase.CHUNK

    def _rset(self, rest: bytes) -> None:
        self.transaction = None
        self._reply(250, "2.0.0 forgotten")

    def _noop(self, rest: bytes) -> None:
        self._reply(250, "2.0.0 still here")

    def _quit(self, rest: bytes) -> None:
        self.close(221, f"2.0.0 {self.policy.hostname} bye")

    def _vrfy(self, rest: bytes) -> None:
        self.vrfy += 1
        if self.policy.vrfy is not None:
            self.policy.vrfy(rest.strip())
        self._reply(252, "2.5.2 send some mail, it may arrive")

    def _help(self, rest: bytes) -> None:
        self._reply(214, "2.0.0 see RFC 5321")

    def _starttls(self, rest: bytes) -> None:
        if not self.policy.starttls or self.tls:
            self._wrong(502, "5.5.1 not offered")
        elif rest.strip():
            self._wrong(501, "5.5.4 STARTTLS takes no words")
        else:
            self._reply(220, "2.0.0 go ahead")
            self.phase = Phase.TLS
            self.events.append(StartTls())

    def _auth(self, rest: bytes) -> None:
        if not self.policy.auth:
            self._wrong(502, "5.5.1 not offered")
            return
        words = rest.split()
        mechanism = words[0].upper().decode("latin-1") if words else ""
        if mechanism not in ("PLAIN", "LOGIN"):
            self._reply(504, "5.5.4 PLAIN or LOGIN")
            return
        self._mechanism = mechanism
        self._user = b""
        if mechanism == "PLAIN":
            self._auth_step = "plain"
            if len(words) > 1:
                self._auth_line(words[1])
                return
            prompt = ""
        else:
            self._auth_step = "user"
            if len(words) > 1:
                self._auth_line(words[1])
                return
            prompt = "VXNlcm5hbWU6"
        self.phase = Phase.AUTH
        self._reply(334, prompt)

    def _auth_line(self, line: bytes) -> None:
        """One answer of an AUTH dialogue; it never succeeds (RFC 4954 section 6)."""
        try:
            said = base64.b64decode(line, validate=True)
        except (binascii.Error, ValueError):
            said = b"" if line == b"*" else line
        if self._auth_step == "user" and line != b"*":
            self._user = said[:256]
            self._auth_step = "secret"
            self.phase = Phase.AUTH
            self._reply(334, "UGFzc3dvcmQ6")
            return
        if self._auth_step == "plain":
            _, _, pair = said.partition(b"\0")
            self._user, _, said = pair.partition(b"\0")
        self.phase = Phase.COMMAND
        self.auth_tries += 1
        self.events.append(Guess(self._mechanism, self._user[:256], said[:1024]))
        self._user = b""
        self._reply(501 if line == b"*" else 535, "5.7.8 authentication failed")

    def _xclient(self, rest: bytes) -> None:
        if not self.policy.xclient:
            self._wrong(550, "5.7.1 not for you")
            return
        attributes = []
        for word in rest.split()[:16]:
            name, equals, value = word.partition(b"=")
            if not equals:
                self._wrong(501, "5.5.4 NAME=value")
                return
            text = _XTEXT.sub(lambda m: bytes([int(m[1], 16)]), value).decode("utf-8", "replace")
            attributes.append((name.upper().decode("latin-1"), text))
        self.helo = None
        self.transaction = None
        self.events.append(XClient(tuple(attributes)))
        self.greet()


_COMMANDS: dict[bytes, Callable[[Session, bytes], None]] = {
    b"HELO": Session._helo, b"EHLO": Session._ehlo, b"LHLO": Session._lhlo, b"MAIL": Session._mail,
    b"RCPT": Session._rcpt, b"DATA": Session._start_data, b"BDAT": Session._bdat, b"RSET": Session._rset,
    b"NOOP": Session._noop, b"QUIT": Session._quit, b"VRFY": Session._vrfy, b"EXPN": Session._vrfy,
    b"HELP": Session._help, b"STARTTLS": Session._starttls, b"AUTH": Session._auth, b"XCLIENT": Session._xclient,
}  # fmt: skip


def _path(rest: bytes, keyword: bytes) -> tuple[bytes, bytes] | None:
    """Address and parameters of ``FROM:<a@b> SIZE=1``; None where there is no path."""
    if rest[: len(keyword)].upper() != keyword:
        return None
    found = _PATH.match(rest, len(keyword))
    if found is None:
        return None
    address = found["path"] if found["path"] is not None else found["bare"]
    if address.startswith(b"@"):  # a source route is read and passed over (RFC 5321 appendix C)
        address = address.partition(b":")[2]
    return address, found["rest"].strip()
