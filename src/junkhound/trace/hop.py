"""One ``Received`` field as facts: what the writing host saw, and what it was only told."""

from __future__ import annotations

import msgspec

from junkhound.kernel.net import Address


class Hop(msgspec.Struct, frozen=True, gc=False):
    """What one ``Received`` field says.

    ``ip`` was seen by the host that wrote the line; ``helo`` was only claimed to it; ``rdns`` is the name it
    looked up itself. ``by`` is what the writer calls itself. Names are lower case without a trailing dot.
    The words are those of SpamAssassin's relay metadata, where it has one.
    """

    ip: Address | None = None
    rdns: str | None = None
    helo: str | None = None
    by: str | None = None
    by_ip: Address | None = None
    protocol: str | None = None  # the `with` keyword, upper case: ESMTPSA, LMTP, HTTP
    id: str | None = None
    recipient: str | None = None  # `for`
    ident: str | None = None
    envelope_from: str | None = None
    auth: bool = False  # the client had logged in
    tls: str | None = None
    at: int | None = None  # the line's date, microseconds UTC
    dialect: str = ""  # which dialect read it; "" for none, "scan" for the general scanner
    local: bool = False  # hands nothing over from another machine: pickup, fetchmail, qmail-internal
    index: int = 0  # place among the Received fields, 0 on top
    below_originator: bool = False  # stands below From, To, Subject or Date, where no mail server writes
    no_rdns: bool = False  # the writer looked a name up and found none
    verified: bool = False  # the writer's software prints ``rdns`` only if it also resolves back (RFC 8601 iprev)
    impossible: bool = False  # the line shows an address that cannot be one
    ambiguous: bool = False  # more than one address could be the peer's, so ``ip`` is None
    pickup: bool = False  # handed in on that machine itself: by a local user, a program, a mailbox owner
    account: str | None = None  # whose log-in it was, where the line says so: what a provider is told
