"""The mail that brings a complaint, with what every form asks of it, each read once."""

from __future__ import annotations

import re
from functools import cached_property

from junkhound.complaint import words
from junkhound.complaint.reporters import name_of
from junkhound.evidence.message import Message, Part, parse
from junkhound.trace import dates

_address = re.compile(r"([^\s<>\"(),;:]{1,128})@([A-Za-z0-9.-]{1,253})")


class Letter:
    """One mail sent to a complaint mailbox."""

    def __init__(self, octets: bytes) -> None:
        head = octets[:4096]
        if head[:1] in (b" ", b"\t", b"\r", b"\n"):  # blank lines above the header: whoever saved it put them there
            octets = octets[len(head) - len(head.lstrip()) :]
        self.octets = octets
        self.message: Message = parse(octets)

    @cached_property
    def parts(self) -> list[Part]:
        """Its own leaves; a mail inside counts as one."""
        return words.own_parts(self.message)

    @cached_property
    def texts(self) -> list[str]:
        """What a person reads of it, without the mails inside."""
        return words.texts(self.message)

    @cached_property
    def subject(self) -> str:
        return self.message.text(b"subject", 500)

    @cached_property
    def author(self) -> tuple[str, str]:
        """Local part and domain of the header From, lower case."""
        for field in (b"from", b"sender", b"reply-to", b"return-path"):
            if match := _address.search(self.message.text(field)):
                return match[1].lower(), match[2].lower().strip(".")
        return "", ""

    @cached_property
    def reporter(self) -> str:
        """A reporter that we know by name; From is what anybody can write, so this is for display only."""
        return name_of(self.author[1])

    @property
    def at(self) -> int | None:
        """When its author says it was written."""
        value = self.message.first(b"date")
        return dates.parse(value) if value else None

    def has(self, *names: bytes) -> bool:
        """Whether any of these fields is there."""
        return any(name in self.message.index for name in names)

    def value(self, name: bytes) -> str:
        """The topmost value of a field in lower case, "" where there is none."""
        value = self.message.first(name)
        return value[:500].decode("latin-1").lower() if value else ""
