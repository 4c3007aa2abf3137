"""The milter: a mail server asks about every mail before it takes it (Postfix ``smtpd_milters``, Sendmail)."""

from __future__ import annotations

import asyncio
import contextlib

from junkhound import guard
from junkhound.kernel.clock import SystemClock
from junkhound.kernel.errors import DataError
from junkhound.service.guard.desk import Desk
from junkhound.service.log import say
from junkhound.verbs.guard import OURS, headers
from junkhound.wire import milter
from junkhound.wire.facts import Envelope, Facts, Origin, Recipient, Session

IDLE_S = 7200.0  # a server keeps its connection between mails
INTAKE = "guard"


async def talk(desk: Desk, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection of a mail server, until it leaves."""
    session = milter.Session(desk.config.size_mb * 1_000_000, OURS)
    try:
        while not session.closed:
            data = await asyncio.wait_for(reader.read(1 << 17), IDLE_S)
            if not data:
                return
            for mail in session.receive(data):
                session.answer(await _answer(desk, mail))
            writer.write(session.take_output())
            await writer.drain()
    except DataError as error:
        say("guard", error.message)
    except (TimeoutError, ConnectionError):
        pass
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def _answer(desk: Desk, mail: milter.Mail) -> milter.Answer:
    found = await desk.opinion(mail.octets, facts_of(mail))
    refuse = refusal(desk, found)
    desk.became(found, mail.recipients, refuse is not None)
    return milter.Answer(headers(found), refuse)


def facts_of(mail: milter.Mail) -> Facts:
    """What the server told of its session: hop 0 of the trace."""
    client = None if mail.client is None else mail.client.packed
    recipients = tuple(Recipient(address, 250, False) for address in mail.recipients)
    return Facts(
        Origin(client, SystemClock().now(), INTAKE, truncated=mail.truncated),
        Envelope(mail.mail_from, recipients),
        Session(client_port=mail.client_port, helo=mail.helo, client_name=mail.client_name),
    )


def refusal(desk: Desk, found: guard.Opinion) -> tuple[int, bytes] | None:
    """The reply that refuses a mail, on the grounds that the operator chose and on no other."""
    grounds = desk.config.reject
    if found.listed and "listed" in grounds:
        return 550, b"5.7.1 refused: the sending machine is on a block list"
    if found.campaign and "campaign" in grounds:
        return 550, b"5.7.1 refused: this very letter is being sent to addresses that never asked for mail"
    return None
