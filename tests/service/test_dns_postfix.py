"""A real Postfix asks the responder: it rejects a listed client with our words and accepts an unlisted one."""

from __future__ import annotations

import contextlib
import os
import random
import smtplib
import socket
from pathlib import Path

import pytest

from junkhound.kernel import clock
from support.editions import entry
from support.peers import need
from support.postfix import folder, log, postfix, until
from support.zones import ZONE, running, zone

pytestmark = pytest.mark.peer

MAIN = f"""
virtual_mailbox_domains = example.net
virtual_transport = discard
smtpd_peername_lookup = no
smtpd_recipient_restrictions = reject_unauth_destination, reject_rbl_client {ZONE}=127.0.0.2
"""
LISTED, LISTED_NETWORK, UNLISTED = "127.0.0.9", "127.0.77.7", "127.0.0.10"


def own_address() -> str:
    """A loopback address whose port 53 is ours alone: the system's resolver can be told no other port."""
    address = ".".join(map(str, (127, *random.SystemRandom().sample(range(2, 254), 3))))
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        try:
            with socket.socket(socket.AF_INET, kind) as probe:
                probe.bind((address, 53))
        except OSError as error:
            words = f"port 53 of {address} cannot be had: {error.strerror}; Postfix can be pointed to no other port"
            pytest.fail(words) if os.environ.get("JUNKHOUND_REQUIRE_PEERS") else pytest.skip(words)
    return address


def offer(port: int, client: str, subject: str) -> str:
    """What a client at this address is told: the words of the refusal, or nothing."""
    with contextlib.closing(smtplib.SMTP(timeout=20, source_address=(client, 0))) as session:
        session.connect("127.0.0.1", port)
        try:
            session.sendmail("a@sender.example", ["x@example.net"], f"Subject: {subject}\r\n\r\nhello\r\n")
        except smtplib.SMTPRecipientsRefused as refused:
            code, words = refused.recipients["x@example.net"]
            return f"{code} {words.decode()}"
    return ""


def test_postfix_rejects_the_listed_and_accepts_the_others(tmp_path: Path) -> None:
    need("postfix")
    if os.geteuid() != 0:
        pytest.skip("Postfix starts as root only")
    now = clock.SystemClock().now()
    entries = (entry(LISTED, 1), entry("127.0.77.0/24", 2))
    made = zone(tmp_path, *entries, at=now, expires_at=now + clock.HOUR, url="https://bl.example.org/r/%s")
    address = own_address()
    with (
        running(made, at=None, host=address, port=53) as responder,
        folder() as root,
        postfix(root, MAIN, nameserver=address) as port,
    ):
        facts = "direct spam source, 10 to 50 messages, last seen 2026-01-02, expires 2026-01-09"
        for client, number in ((LISTED, "JH-2026-000001"), (LISTED_NETWORK, "JH-2026-000002")):
            said = offer(port, client, "junk")
            assert said.startswith(f"554 5.7.1 Service unavailable; Client host [{client}] blocked using {ZONE}; ")
            assert f"IP {client} is listed ({number}, {facts}). https://bl.example.org/r/{number}" in said
        assert offer(port, UNLISTED, "wanted") == ""
        until(lambda: "status=sent" in log(root), "the delivery", root)
        assert log(root).count("NOQUEUE: reject: RCPT") == 2
        counts = responder.book.counts
        assert (counts["listed"], counts["NXDOMAIN"]) == (4, 1)  # A and TXT of two, A of the third
