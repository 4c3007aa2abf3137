"""Small mails for tests: documentation names and addresses only."""

from __future__ import annotations

from pathlib import Path

RELAY = "mx.example.org"


def junk(number: int, source: str = "203.0.113.7", day: int = 4, words: str = "") -> bytes:
    """One junk mail that our relay took from ``source``; ``number`` makes it a delivery of its own."""
    return (
        f"Received: from win-{number % 7} (unknown [{source}])\r\n"
        f"\tby {RELAY} (Postfix) with SMTP id {number:08X}\r\n"
        f"\tfor <lure@trap.example>; Thu, {day} May 2006 {number % 24:02}:02:01 +0000\r\n"
        f"Received: from bank.example ([192.0.2.99]) by win-{number % 7} with SMTP;\r\n"
        f"\tThu, {day} May 2006 01:00:00 +0000\r\n"
        f"From: Pills <offer{number}@pills.example>\r\nTo: lure@trap.example\r\n"
        f"Subject: offer {number}\r\nMessage-ID: <{number}@pills.example>\r\n"
        f"Date: Thu, {day} May 2006 01:00:00 +0000\r\n\r\n"
        f"Cheap pills {words} at http://www.pills{number % 3}.example/order?{number}\r\n"
    ).encode()


def mbox(path: Path, mails: list[bytes]) -> Path:
    """The mails as one mbox file with LF line ends."""
    with open(path, "wb") as file:
        for mail in mails:
            file.write(b"From x@y.example Thu May  4 03:02:01 2006\n" + mail.replace(b"\r\n", b"\n") + b"\n")
    return path
