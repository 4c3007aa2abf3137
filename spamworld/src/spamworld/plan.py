"""What will be sent: one ``Delivery`` for each mail that arrives at a trap or a mailbox, with the truth about it.

The world (actors, networks, events) makes deliveries; the writers turn each into bytes, session facts and truth. A
delivery holds everything that the bytes depend on, so any mail of a run can be written alone and again.
"""

from __future__ import annotations

import msgspec


class Machine(msgspec.Struct, frozen=True, gc=False):
    """A host as it is at one instant: the address it has then, and what it calls itself."""

    id: int  # of the host, for its life: addresses change
    address: str  # textual form, IPv4 or IPv6
    rdns: str  # what a PTR look-up gives; "" for nothing
    confirmed: bool  # whether that name resolves back to the address
    name: str  # what it calls itself: HELO of a client, "by" of a server
    software: str  # a mail server's grammar ("postfix", "exim") or a bot engine ("engine-3")
    skew: int  # its clock minus true time, microseconds
    asn: int
    country: str  # ISO 3166-1 alpha-2
    system: str  # operating system, for the TCP SYN: "windows-xp", "linux-5"


class Step(msgspec.Struct, frozen=True, gc=False):
    """One real hand-over: ``sender`` gave the mail to ``receiver``, who wrote a Received line about it."""

    sender: Machine
    receiver: Machine
    at: int  # true time, microseconds UTC
    protocol: str  # SMTP, ESMTP, ESMTPS, ESMTPA, ESMTPSA, LMTP, HTTP, local
    helo: str
    port: int = 0  # of the client
    tls: str = ""  # "TLSv1.2", ...
    user: str = ""  # who had logged in; "" for nobody
    writes: bool = True  # some hosts leave no line


class Recipient(msgspec.Struct, frozen=True, gc=False):
    """A trap address, or a person's."""

    address: str
    trap: str = ""  # pristine, recycled, typo, seeded; "" for a person


class Delivery(msgspec.Struct, frozen=True, gc=False):
    """One mail that arrives, and the truth about it."""

    id: int
    at: int  # true time of arrival, microseconds UTC
    intake: str  # the trap domain or mailbox it arrives at
    kind: str  # junk, good, backscatter
    category: str  # pharma, stock, phish, ...; for ham: personal, list, newsletter, notice, ...
    path: tuple[Step, ...]  # first the injecting machine's hand-over, last the one to the intake's own server
    recipients: tuple[Recipient, ...]
    envelope_from: str
    author: str  # the From field's address
    author_name: str
    strategy: str  # of forgery: F0 ... F9, R1 (SPAMWORLD 4.5)
    campaign: int = 0
    version: int = 0  # of the campaign's template
    spammer: int = 0
    botnet: int = 0
    engine: str = ""  # who wrote the header of the mail: a bot engine, a mail program
    account: str = ""  # (provider, user) that was abused, as "provider/user"
    class_: str = ""  # class of source: bot, proxy, relay, account, webmail, bulk, own, controller, forward
    innocent: str = ""  # whose address a forged line shows, where that is somebody's
    language: str = "en"
    origin: str = ""  # X-Originating-IP and the like, true or (F6) not
    behind: str = ""  # address of the machine that drove the injector and left no line: the user of a proxy, of an API
    mangled: str = ""  # what a reporter's mail client did to the trace: "stripped", "inline"; "" for nothing
    signed: tuple[tuple[str, str, int], ...] = ()  # DKIM (domain, selector, number of the key) of its signers
    broken: bool = False  # whether a list changed it after it was signed
    spf: str = ""  # true result for the hand-over: pass, fail, softfail, none
    list: str = ""  # address of the mailing list it came through
    forwarder: str = ""  # domain that forwarded it, with ``srs`` or not
    srs: bool = False
    arc: int = 0  # number of the key with which the forwarder seals it (ARC); 0 for no seal
    script: str = ""  # X-PHP-Script of a hacked site, where it shows
    below: bool = False  # whether its author's server put its line under From and Subject
    series: int = 0  # targeted series
    moved: str = ""  # "to-junk" or "from-junk": what its owner did against the filter

    @property
    def injector(self) -> Machine:
        """The machine that really sent it."""
        return self.path[0].sender

    @property
    def handover(self) -> Machine:
        """The machine that gave it to the intake's own server."""
        return self.path[-1].sender


class Composed(msgspec.Struct, frozen=True, gc=False):
    """What the author wrote: header fields without trace lines, the body, and what is true of them."""

    fields: tuple[tuple[str, bytes], ...]  # in order, values unfolded as the engine writes them
    body: bytes
    truth: dict[str, object]  # image_text, ticker, price, urls, phones, ibans, wallets, canspam, attachment kinds


class Line(msgspec.Struct, frozen=True, gc=False):
    """One trace line of a mail, top first in its stack."""

    text: bytes  # the whole field with its folds, without the last line end
    genuine: bool
    host: int  # who wrote it: host id; 0 for nobody (forged)
    address: str = ""  # the peer it shows, "" for none


class Mail(msgspec.Struct, frozen=True, gc=False):
    """One mail as it is stored: the bytes the intake keeps, the session's facts, and the truth, kept apart."""

    raw: bytes
    session: dict[str, object]
    truth: dict[str, object]
