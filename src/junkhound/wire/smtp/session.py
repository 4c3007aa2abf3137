"""The session itself: a state machine over bytes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from junkhound.wire.smtp import body, dialect, login, terms, words
from junkhound.wire.smtp.terms import Delivery, Event, Guess, Manner, Phase, Policy, Rcpt, Transaction

LINE_LIMIT = 4096  # a command line; RFC 5321 asks for 512, extensions add to it
BAD_COMMANDS = 20
IDLE_COMMANDS = 100  # NOOP, RSET, VRFY and the like between two mails
REFUSED_RECIPIENTS = 200
TRACE_LINES = 32

_TOO_BIG = (552, "5.3.4 message too big")
# RFC 2920 section 3.1: the commands that may have others behind them in one packet
_GROUPED = frozenset((b"MAIL", b"RCPT", b"RSET", b"BDAT", b"XFORWARD"))
_FOREIGN = frozenset((b"GET", b"POST", b"PUT", b"HEAD", b"OPTIONS", b"CONNECT", b"DELETE", b"PRI", b"SSH-2.0"))

# An attribute of an Enum class costs a third of a microsecond each time, a name of the module nothing.
COMMAND, DATA, CHUNK, WAITING, AUTH, TLS, CLOSED = Phase


class Session:
    """One connection's dialogue."""

    __slots__ = (
        "_auth", "_buffer", "_chunk_last", "_chunk_left", "_chunk_void", "_idle", "_last_us", "_out", "_scan",
        "auth_tries", "bad", "command_us", "commands", "deliveries", "esmtp", "events", "forwarded", "helo", "mails",
        "manners", "phase", "policy", "rejected", "replies", "tls", "trace", "transaction", "vrfy",
    )  # fmt: skip

    def __init__(self, policy: Policy, at: int) -> None:
        self.policy = policy
        self.phase = COMMAND
        self.helo: bytes | None = None
        self.esmtp = False
        self.tls = False
        self.transaction: Transaction | None = None
        self.events: list[Event] = []
        self.forwarded: tuple[tuple[str, str], ...] = ()  # XFORWARD: whose mail the next one is
        self.trace: list[bytes] = []  # commands as they came, addresses and secrets taken out
        self.command_us: list[int] = []
        self.replies: list[int] = []
        self.manners = 0
        self.commands = self.bad = self.rejected = self.vrfy = self.auth_tries = 0
        self.mails = self.deliveries = 0  # that came to their end; that were taken
        self._buffer = bytearray()
        self._scan = 0
        self._out: list[bytes] = []
        self._chunk_left = 0
        self._chunk_last = self._chunk_void = False
        self._auth: login.Login | None = None
        self._idle = 0
        self._last_us = at

    # --- the host's side ----------------------------------------------------------------------------------

    def greet(self) -> None:
        """Write the banner."""
        self._reply(220, f"{self.policy.hostname} {'LMTP' if self.policy.protocol == 'lmtp' else 'ESMTP'}")

    def receive(self, data: bytes, at: int) -> None:
        """Take bytes that arrived at monotonic microsecond ``at``."""
        transaction = self.transaction
        if self.phase is DATA and not self._buffer and transaction is not None:
            mail = body.whole(data, transaction)  # most mails come in one piece: two copies less
            if mail is not None:
                self._delivered(transaction, mail)
                return
        self._buffer += data
        self._go_on(at)

    def take_output(self) -> bytes:
        """What to send now."""
        if not self._out:
            return b""
        out = self._out[0] if len(self._out) == 1 else b"".join(self._out)
        self._out.clear()
        return out

    @property
    def has_output(self) -> bool:
        """Whether there is anything to send."""
        return bool(self._out)

    @property
    def held(self) -> int:
        """Bytes of the client's that are kept for it now."""
        transaction = self.transaction
        if transaction is None:
            return len(self._buffer)
        return len(self._buffer) + len(transaction.body) + transaction.envelope_bytes

    def abandon(self, code: int, text: str) -> None:
        """Drop what has come of the mail; the rest is read and thrown away, and then it is refused."""
        transaction = self.transaction
        if transaction is None or self.phase is WAITING:
            return
        transaction.refusal = transaction.refusal or (code, text)
        transaction.body.clear()
        if self.phase is DATA:
            self._drop(transaction)

    def answer(self, code: int, text: str, at: int) -> None:
        """What became of the delivery: the same reply for every accepted recipient in LMTP (RFC 2033 section 4.2)."""
        if code < 400:
            self.deliveries += 1
            self._idle = 0
        self._settle(code, text)
        self._last_us = at
        self._go_on(at)

    def take_rest(self) -> bytes:
        """What came behind STARTTLS: it goes to the handshake, which no clear text survives."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        self._scan = 0
        return rest

    def secured(self) -> None:
        """TLS is up: everything said before is forgotten (RFC 3207 section 4.2)."""
        self.tls = True
        self.helo = None
        self.esmtp = False
        self.transaction = None
        self.take_rest()
        self.phase = COMMAND

    def close(self, code: int, text: str) -> None:
        """End the dialogue with a last reply."""
        if self.phase is not CLOSED:
            self._reply(code, text)
            self.phase = CLOSED
            self._buffer.clear()
            if self.transaction is not None:
                self.transaction.body.clear()

    # --- bytes --------------------------------------------------------------------------------------------

    def _go_on(self, at: int) -> None:
        while self._buffer or self.phase is CHUNK:
            phase = self.phase
            if phase is COMMAND or phase is AUTH:
                if not self._line(at):
                    return
            elif phase is DATA:
                if not self._data():
                    return
            elif phase is CHUNK:
                if not self._chunk():
                    return
            else:
                return

    def _line(self, at: int) -> bool:
        buffer = self._buffer
        end = buffer.find(b"\r\n", self._scan)
        if end < 0 or end > LINE_LIMIT:
            return self._no_line(end)
        line = bytes(buffer[:end])
        del buffer[: end + 2]
        self._scan = 0
        if b"\n" in line or b"\r" in line:  # a lone LF or CR is no line end: nothing in such a line is obeyed
            self.manners |= Manner.BARE_LINE_END
            self._note(line if self.phase is COMMAND else b"?", at)
            self.phase = COMMAND
            self._wrong(500, "5.5.2 lines end with CRLF")
        elif self.phase is AUTH:
            self.phase = COMMAND
            self._log_in(line)
        else:
            self._note(line, at)
            self._command(line)
        return True

    def _no_line(self, end: int) -> bool:
        buffer = self._buffer
        if not self.commands and buffer and buffer[0] < 32 and buffer[0] not in b"\t\r\n":
            self.manners |= Manner.FOREIGN  # TLS on a plain port, RDP, SMB: no line will ever end
            self.close(500, "5.5.1 this is not the port you want")
        elif end > LINE_LIMIT or len(buffer) > LINE_LIMIT + 1:
            if buffer.find(b"\n", 0, LINE_LIMIT) >= 0:
                self.manners |= Manner.BARE_LINE_END
            self.close(500, "5.5.2 line too long")
        self._scan = max(len(buffer) - 1, 0)
        return False

    def _note(self, line: bytes, at: int) -> None:
        self.commands += 1
        if len(self.trace) < TRACE_LINES:
            self.trace.append(line if line in dialect.PLAIN else dialect.shown(line, self.auth_tries > 0))
            self.command_us.append(at - self._last_us)
        self._last_us = at

    def _data(self) -> bool:
        """Read to CRLF.CRLF; stuffing is undone once, at the end."""
        buffer = self._buffer
        transaction = self.transaction
        assert transaction is not None
        end, self._scan = body.end_of_mail(buffer, transaction, self._scan)
        if end < 0:
            if transaction.refusal is None and len(buffer) > self.policy.size_limit:
                transaction.refusal = _TOO_BIG
            if transaction.refusal is not None:
                self._drop(transaction)
            return False
        mail = body.taken(buffer, end, transaction.stuffed)
        self._delivered(transaction, mail)
        return True

    def _drop(self, transaction: Transaction) -> None:
        """Forget all but the four bytes with which the end of mail may begin."""
        if len(self._buffer) > 4:
            transaction.size += len(self._buffer) - 4
            del self._buffer[:-4]
        self._scan = 0

    def _chunk(self) -> bool:
        buffer = self._buffer
        part = buffer[: self._chunk_left]
        del buffer[: len(part)]
        self._chunk_left -= len(part)
        transaction = self.transaction
        if transaction is not None and not self._chunk_void:
            transaction.size += len(part)
            if transaction.refusal is None:
                if transaction.size > self.policy.size_limit:
                    transaction.refusal = _TOO_BIG
                    transaction.body.clear()
                else:
                    transaction.body += part
        if self._chunk_left:
            return False
        self._scan = 0
        self.phase = COMMAND
        if self._chunk_void or transaction is None:
            self._wrong(503, "5.5.1 RCPT first")
        elif self._chunk_last:
            mail = bytes(transaction.body)
            transaction.body.clear()
            self._delivered(transaction, mail)
        elif transaction.refusal is not None:
            self._reply(*transaction.refusal)
        else:
            self._idle_command()
            self._reply(250, f"2.0.0 {transaction.size} octets received")
        return True

    def _delivered(self, transaction: Transaction, mail: bytes) -> None:
        self.mails += 1
        if transaction.refusal is None and len(mail) <= self.policy.size_limit:
            self.phase = WAITING
            self.events.append(Delivery(transaction, mail))
        else:
            self._settle(*(transaction.refusal or _TOO_BIG))

    def _settle(self, code: int, text: str) -> None:
        transaction = self.transaction
        times = transaction.accepted if transaction is not None and self.policy.protocol == "lmtp" else 1
        for _ in range(times):
            self._reply(code, text)
        self.transaction = None
        self.forwarded = ()
        self.phase = COMMAND

    # --- commands -----------------------------------------------------------------------------------------

    def _command(self, line: bytes) -> None:
        verb, _, rest = line.strip(b" \t").partition(b" ")
        verb = verb.upper()
        handler = _COMMANDS.get(verb)
        if self._buffer and (verb not in _GROUPED or not self.esmtp) and verb != b"STARTTLS":
            self.manners |= Manner.AHEAD
        if handler is not None:
            handler(self, rest)
        elif verb in _FOREIGN:
            self.manners |= Manner.FOREIGN  # a browser was talked into speaking to us
            self.close(500, "5.5.1 this is not the port you want")
        else:
            self._wrong(500, "5.5.2 command not known")

    def _wrong(self, code: int, text: str) -> None:
        self.bad += 1
        self._reply(code, text)
        if self.bad >= BAD_COMMANDS:
            self.close(421, f"4.7.0 {self.policy.hostname} too many errors")

    def _idle_command(self) -> bool:
        """Count a command that brings no mail nearer; True once there were enough of them."""
        self._idle += 1
        if self._idle > IDLE_COMMANDS:
            self.close(421, f"4.7.0 {self.policy.hostname} too many commands without mail")
        return self.phase is CLOSED

    def _reply(self, code: int, text: str) -> None:
        self.replies.append(code)
        if len(self.replies) > 3 * TRACE_LINES:
            del self.replies[TRACE_LINES:-TRACE_LINES]
        self._out.append(f"{code} {text}\r\n".encode())

    def _hello(self, rest: bytes, esmtp: bool = True, lmtp: bool = False) -> None:
        if lmtp != (self.policy.protocol == "lmtp"):
            self._wrong(500, "5.5.1 this is SMTP: say EHLO" if lmtp else "5.5.1 this is LMTP: say LHLO")
            return
        if not rest.strip():
            self._wrong(501, "5.5.4 say your name")
            return
        if self._idle_command():
            return
        self.helo = rest.strip()[:512]
        self.esmtp = esmtp
        self.transaction = None
        if not esmtp:
            self._reply(250, self.policy.hostname)
            return
        self.replies.append(250)
        self._out.append(words.offers(self.policy, self.tls))

    def _mail(self, rest: bytes) -> None:
        if self.transaction is not None:
            self._wrong(503, "5.5.1 one sender at a time")
            return
        if self.helo is None and self.policy.protocol == "lmtp":
            self._wrong(503, "5.5.1 say LHLO first")
            return
        found = words.path(rest, b"FROM:")
        if found is None:
            self._wrong(501, "5.5.4 MAIL FROM:<address>")
            return
        address, params = found
        if words.size(params) > self.policy.size_limit:
            self._reply(*_TOO_BIG)
            return
        self.transaction = Transaction(address, params, envelope_bytes=len(rest))
        self._reply(250, "2.1.0 sender noted")

    def _rcpt(self, rest: bytes) -> None:
        transaction = self.transaction
        if transaction is None or transaction.chunked:
            self._wrong(503, "5.5.1 MAIL first" if transaction is None else "5.5.1 RCPT before BDAT")
            return
        found = words.path(rest, b"TO:")
        if found is None or not found[0]:
            self._wrong(501, "5.5.4 RCPT TO:<address>")
            return
        if len(transaction.recipients) >= self.policy.recipient_limit:
            verdict = Rcpt(452, "4.5.3 too many recipients")
        else:
            verdict = self.policy.recipient(found[0])
            transaction.recipients.append((found[0], verdict.code, verdict.trap))
            transaction.envelope_bytes += len(found[0]) + 100
        self._reply(verdict.code, verdict.text)
        if verdict.code < 400:
            if not transaction.intake or (verdict.trap and not transaction.trapped):
                transaction.intake = verdict.intake  # the first trap's, else that of the first accepted recipient
            transaction.trapped |= verdict.trap
            transaction.accepted += 1
            return
        self.rejected += 1
        if self.rejected >= REFUSED_RECIPIENTS:
            self.close(421, f"4.7.0 {self.policy.hostname} too many recipients refused")

    def _start_data(self, rest: bytes) -> None:
        transaction = self.transaction
        if transaction is None or not transaction.recipients:
            self._wrong(503, "5.5.1 RCPT first")
        elif transaction.chunked:
            self._wrong(503, "5.5.1 BDAT or DATA, not both")
        elif not transaction.accepted:
            # RFC 2033 section 4.2 wants 503, RFC 5321 section 3.3 allows 554
            self._reply(503 if self.policy.protocol == "lmtp" else 554, "5.5.1 no valid recipients")
        elif transaction.refusal is not None:
            self._settle(*transaction.refusal)
        else:
            self.phase = DATA
            self._reply(354, "end with CRLF.CRLF")

    def _bdat(self, rest: bytes) -> None:
        said = rest.split()
        known = 1 <= len(said) <= 2 and said[0].isdigit() and len(said[0]) <= 12
        if not known or (len(said) == 2 and said[1].upper() != b"LAST"):
            self.close(501, "5.5.4 BDAT size [LAST]")  # without the size nobody knows where the chunk ends
            return
        self._chunk_left = int(said[0])
        self._chunk_last = len(said) == 2
        transaction = self.transaction
        # RFC 3030 section 2: a chunk that nobody can take is read all the same, then refused
        self._chunk_void = transaction is None or not transaction.accepted
        if transaction is not None:
            transaction.chunked = True
        self.phase = CHUNK

    def _rset(self, rest: bytes) -> None:
        if not self._idle_command():
            self.transaction = None
            self.forwarded = ()
            self._reply(250, "2.0.0 forgotten")

    def _noop(self, rest: bytes) -> None:
        if not self._idle_command():
            self._reply(250, "2.0.0 still here")

    def _quit(self, rest: bytes) -> None:
        self.close(221, f"2.0.0 {self.policy.hostname} bye")

    def _vrfy(self, rest: bytes) -> None:
        self.vrfy += 1
        if self.policy.vrfy is not None:
            self.policy.vrfy(rest.strip())
        if not self._idle_command():
            self._reply(252, "2.5.2 send some mail, it may arrive")

    def _help(self, rest: bytes) -> None:
        if not self._idle_command():
            self._reply(214, "2.0.0 see RFC 5321")

    def _starttls(self, rest: bytes) -> None:
        if not self.policy.starttls or self.tls:
            self._wrong(502, "5.5.1 not offered")
        elif rest.strip():
            self._wrong(501, "5.5.4 STARTTLS takes no words")
        else:
            if self._buffer:
                self.manners |= Manner.CLEAR_BEHIND_STARTTLS
            self._reply(220, "2.0.0 go ahead")
            self.phase = TLS
            self.events.append(terms.StartTls())

    def _start_auth(self, rest: bytes) -> None:
        self.auth_tries += 1  # from here on an unknown word may be half of a login: it is not written down
        if not self.policy.auth:
            self._wrong(502, "5.5.1 not offered")
        elif self.transaction is not None:
            self._wrong(503, "5.5.1 not within a mail")  # RFC 4954 section 4
        elif not self._idle_command():
            mechanism, _, first = rest.strip().partition(b" ")
            self._auth = login.begin(mechanism)
            if self._auth is None:
                self._reply(504, "5.5.4 PLAIN or LOGIN")
            else:
                self._log_in(first.strip() or None)

    def _log_in(self, line: bytes | None) -> None:
        """One line of an AUTH dialogue; it never succeeds (RFC 4954 section 6)."""
        auth = self._auth
        assert auth is not None
        prompt = auth.hear(line)
        if prompt is not None:
            self.phase = AUTH
            self._reply(334, prompt)
            return
        self._auth = None
        if line == b"*":
            self._reply(501, "5.7.0 as you like")
        else:
            self.events.append(Guess(auth.mechanism, auth.user, auth.secret))
            self._reply(535, "5.7.8 authentication failed")

    def _xclient(self, rest: bytes) -> None:
        said = self._attributes(rest)
        if said is not None:
            self.helo = None
            self.events.append(terms.XClient(said))
            self.greet()

    def _xforward(self, rest: bytes) -> None:
        said = self._attributes(rest)
        if said is not None:
            self.forwarded = (*self.forwarded, *said)[-16:]
            self._reply(250, "2.0.0 noted")

    def _attributes(self, rest: bytes) -> tuple[tuple[str, str], ...] | None:
        """What a proxy says (Postfix, XCLIENT_README, XFORWARD_README); None after a refusal."""
        if not self.policy.xclient:
            self._wrong(550, "5.7.1 not for you")
            return None
        if self.transaction is not None:
            self._wrong(503, "5.5.1 not within a mail")
            return None
        said = words.attributes(rest)
        if said is None:
            self._wrong(501, "5.5.4 NAME=value")
        return said


_COMMANDS: dict[bytes, Callable[[Session, bytes], None]] = {
    b"HELO": partial(Session._hello, esmtp=False), b"EHLO": Session._hello,
    b"LHLO": partial(Session._hello, lmtp=True), b"MAIL": Session._mail, b"RCPT": Session._rcpt,
    b"DATA": Session._start_data, b"BDAT": Session._bdat, b"RSET": Session._rset,
    b"NOOP": Session._noop, b"QUIT": Session._quit, b"VRFY": Session._vrfy, b"EXPN": Session._vrfy,
    b"HELP": Session._help, b"STARTTLS": Session._starttls, b"AUTH": Session._start_auth,
    b"XCLIENT": Session._xclient, b"XFORWARD": Session._xforward,
}  # fmt: skip
