"""The guard by HTTP, for programs on this machine that look at mail themselves: rspamd, SpamAssassin.

``POST /check`` takes one mail as it is and answers ``{"verdict": "junk", "score": 0.998, "reason": "...", ...}`` within
the deadline. ``Client``, ``Helo`` and ``Recipient`` fields of the request tell of the session, where there was one.
It answers only under names of this machine, so that no page of a browser can ask it.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Mapping

import msgspec

from junkhound.kernel import net
from junkhound.kernel.clock import SystemClock
from junkhound.service.guard import requests
from junkhound.service.guard.desk import Desk
from junkhound.wire.facts import Envelope, Facts, Origin, Session

IDLE_S = 600.0  # a program keeps its connection between mails
ARRIVE_S = 60.0  # a request that has begun
_OURS = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?", re.IGNORECASE)
_json = msgspec.json.Encoder().encode
_TOLD = ("junk", "good", "none", "late", "failed")


async def talk(desk: Desk, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection of a program, until it leaves."""
    session = requests.Session(desk.config.size_mb * 1_000_000)
    with contextlib.suppress(TimeoutError, ConnectionError):
        patience = IDLE_S
        while not session.closed:
            async with asyncio.timeout(patience):
                data = await reader.read(1 << 17)
            if not data:
                break
            patience = ARRIVE_S
            with contextlib.suppress(requests.Refusal):  # which the session has told already
                for request in session.receive(data):
                    session.answer(*await _answer(desk, request))
                    patience = IDLE_S
            writer.write(session.take_output())
            await writer.drain()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def _answer(desk: Desk, request: requests.Request) -> tuple[int, bytes]:
    if not _OURS.fullmatch(request.fields.get("host", "localhost")):
        return 400, _json({"error": "this is no name of this machine"})
    if request.target == "/healthz" and request.method == "GET":
        return 200, _json({name: getattr(desk.counts, name) for name in _TOLD})
    if request.target != "/check":
        return 404, _json({"error": "ask POST /check"})
    if request.method != "POST":
        return 405, _json({"error": "ask POST /check"})
    found = await desk.opinion(request.body, facts_of(request.fields))
    desk.became(found, [request.fields.get("recipient", "").encode("latin-1", "replace")], refused=False)
    return 200, _json({
        "verdict": str(found.word), "score": round(found.score, 4), "reason": found.reason, "listed": found.listed,
        "campaign": found.campaign,
    })  # fmt: skip


def facts_of(fields: Mapping[str, str]) -> Facts | None:
    """What the asking program knows of the session; None for a mail that was stored."""
    address = net.parse(fields.get("client", "").removeprefix("[").removesuffix("]"))
    if address is None:
        return None
    helo = fields.get("helo")
    return Facts(
        Origin(address.packed, SystemClock().now(), "guard"),
        Envelope(),
        Session(helo=helo.encode("latin-1", "replace")[:255] if helo else None),
    )
