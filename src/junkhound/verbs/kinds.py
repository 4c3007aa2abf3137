"""Classes of sources in words: what kind of machine or account it seems to be, and what that says of its owner."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from junkhound.tables import Operator, SourceClass


class Machine(msgspec.Struct, frozen=True):
    """What kind of machine or account it was, as far as it shows, why, and what that says of its owner."""

    what: str
    owner: str
    why: str = ""


VICTIM = "its owner is probably a victim too, not the sender: tell him kindly"
ACCOUNT_VICTIM = "accounts are mostly taken over: the account's owner is probably a victim too"
NEUTRAL = "broken into, and its owner a victim too, or rented for it: nothing tells which, so call nobody the sender"
INNOCENT = "who runs it has done nothing wrong"

_WORDS = {
    SourceClass.BOT: Machine("an infected machine, or a proxy that somebody speaks through (they look alike)", VICTIM),
    SourceClass.OPEN_PROXY: Machine("an open proxy: somebody else spoke through it", VICTIM),
    SourceClass.OPEN_RELAY: Machine("a machine whose mail an open or badly guarded mail server passed on", VICTIM),
    SourceClass.ACCOUNT: Machine("an account or web space at a provider or company", ACCOUNT_VICTIM),
    SourceClass.WEBMAIL: Machine("an account at a webmail service", ACCOUNT_VICTIM),
    SourceClass.BULK: Machine("a customer of a bulk mailer", "the bulk mailer knows who, and has rules against it"),
    SourceClass.SERVER: Machine("a server that sent mail of its own", NEUTRAL),
    SourceClass.CONTROLLER: Machine(
        "a machine that drives several relays",
        "the relays are rented or broken into: their owners are probably victims, and it may be a victim's machine too",
    ),
    SourceClass.FORWARD: Machine("a list or a forwarding, which passed it on", INNOCENT),
    SourceClass.UNKNOWN: Machine("a machine of which no more is known", VICTIM),
}
_PLACES = {
    Operator.ACCESS: "at a customer of an access provider",
    Operator.MOBILE: "in a mobile network",
    Operator.HOSTING: "at a hosting company",
    Operator.EDUCATION: "at a school or university",
    Operator.GOVERNMENT: "at a public authority",
    Operator.ENTERPRISE: "at a company",
}


def machine(kind: SourceClass, why: str = "", operator: int = 0) -> Machine | None:
    """The words for a class; None where nobody is named. ``operator`` is the kind of network it is in."""
    words = _WORDS.get(kind)
    if words is None:
        return None
    place = _PLACES.get(Operator(operator), "")
    owner = NEUTRAL if operator == Operator.HOSTING and words.owner is VICTIM else words.owner
    return Machine(f"{words.what}, {place}" if place else words.what, owner, why)


def usual(classes: Iterable[int | None]) -> tuple[SourceClass, int, int] | None:
    """The class that most of these rows are of, how many are, and how many have one; None where none has."""
    counted = Counter(one for one in classes if one)
    if not counted:
        return None
    kind, mails = counted.most_common(1)[0]
    return SourceClass(kind), mails, counted.total()
