"""A complaint as a value: what somebody says happened, and the mails that he shows for it."""

from __future__ import annotations

import msgspec

from junkhound.kernel.net import Address
from junkhound.tables import Kind

WHOLE, HEADERS, INCOMPLETE = "whole", "headers", "incomplete"
"""How much of a mail is there: all of it; its header alone; only the few fields that a mail program shows."""


class Carried(msgspec.Struct, frozen=True):
    """A mail that the complaint shows.

    ``how`` is ``attached``, or ``inline`` with the mail program that seems to have forwarded it (``inline gmail``).
    ``completeness`` is one of ``WHOLE``, ``HEADERS``, ``INCOMPLETE``: the last has no ``Received`` field and traces
    to nobody.
    """

    octets: bytes
    how: str
    completeness: str = WHOLE


class Claim(msgspec.Struct, frozen=True):
    """Something the complaint accuses: an address, URL, host or account, as written; never yet believed.

    ``where`` names the field or place in which it stood. ``at`` is when it is said to have happened.
    """

    what: str
    value: str
    where: str
    address: Address | None = None
    port: int | None = None
    at: int | None = None
    count: int = 1


class Complaint(msgspec.Struct, frozen=True):
    """One complaint that was read.

    ``form`` says how it came: ``arf``, ``xarf``, ``attached``, ``inline``, ``notice`` (words), or what is no complaint:
    ``bounce``, ``auto_reply``, ``plain``. ``about`` is what happened, in the words of its form (``abuse``,
    ``not-spam``, ``login_attack``). ``reporter`` is a reporter that we know by name, ``missing`` what the form requires
    and the complaint lacks.
    """

    form: str
    about: str = ""
    reporter: str = ""
    reporter_domain: str = ""
    report_id: str = ""
    at: int | None = None
    count: int = 1
    claims: tuple[Claim, ...] = ()
    mails: tuple[Carried, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        """What it says that the address did; ``UNSORTED`` for what speaks neither against it nor for it."""
        if self.form in NO_COMPLAINT:
            return Kind.BACKSCATTER if self.form == "bounce" else Kind.UNSORTED
        return _KINDS.get(self.about, Kind.UNSORTED)

    @property
    def found(self) -> str:
        """``all`` where a mail with its header or a stated address is there; less is ``part``, or ``nothing``."""
        if any(mail.completeness != INCOMPLETE for mail in self.mails):
            return "all"
        if any(claim.where not in GUESSED for claim in self.claims):
            return "all"
        return "part" if self.claims or self.mails else "nothing"


NO_COMPLAINT = ("bounce", "auto_reply", "plain")
GUESSED = ("text", "subject")
"""Places where an address merely stands, and nothing says that it is the one complained of."""

_KINDS = {
    **dict.fromkeys(("abuse", "spam", "fraud", "phishing_mail", "virus", "bulk_messaging", "spamtrap"), Kind.JUNK),
    "not-spam": Kind.GOOD,
    **dict.fromkeys(("login_attack", "auth_failure", "brute_force", "regbot", "dictionary"), Kind.AUTH_GUESS),
    **dict.fromkeys(("port_scan", "reconnaissance", "scan", "vulnerability_scanning", "scanning"), Kind.PROBE),
    **dict.fromkeys(("harvesting",), Kind.HARVEST),
}
