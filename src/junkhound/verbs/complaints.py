"""Complaints that came in: what was found in each, its status, the two changes a person may make."""

from __future__ import annotations

import msgspec

from junkhound.kernel import clock, net
from junkhound.kernel.clock import DAY
from junkhound.kernel.errors import JunkhoundError, UsageError
from junkhound.ledger.complaints import ASIDE, CLOSED, OPEN, STATUSES, Complaint, Complaints
from junkhound.tables import Kind
from junkhound.verbs import evidence, lists
from junkhound.verbs.office import Office

__all__ = [
    "ASIDE", "CLOSED", "OPEN", "STATUSES", "Complaint", "Since", "about", "change", "counts", "get", "newest",
    "sample", "since",
]  # fmt: skip

SAMPLE = 6000  # letters of a mail that is shown
MANY = 20  # addresses of one complaint that are followed


class Since(msgspec.Struct, frozen=True):
    """What an address did after somebody complained of it, and what became of it.

    ``sure`` where lines that are believed name it; what is claimed or suspected is followed too. ``listings`` are those
    that began afterwards or stood then.
    """

    address: str
    sure: bool
    junk: int
    days: int
    last_on: str
    listings: tuple[str, ...]


def since(office: Office, one: Complaint) -> list[Since]:
    """What became of each address that the complaint is about."""
    said = one.content
    traced = dict.fromkeys(mail.address for mail in said.mails if mail.address)
    others = [claim.value for claim in said.claims if claim.what == "address"]
    others += [mail.suspected for mail in said.mails if mail.suspected]
    found = []
    for words in list(dict.fromkeys([*traced, *others]))[:MANY]:
        address = net.parse(words)
        if address is None:
            continue
        days = [
            day
            for day in office.ledger.query().days(address, said.received_at // DAY, office.now // DAY + 1)
            if day.kind == Kind.JUNK
        ]
        found.append(Since(
            words, words in traced, sum(day.messages for day in days), len(days),
            clock.day_text(days[-1].day * DAY) if days else "",
            tuple(
                held.number for held in lists.book_of(office).of(address)
                if held.listed_at <= office.now and (held.ended_at is None or held.ended_at >= said.received_at)
                and held.expires_at >= said.received_at
            ),
        ))  # fmt: skip
    return found


def sample(office: Office, one: Complaint) -> str:
    """The complaint's mail as text for other eyes: trap addresses taken out, cut; "" where it is kept no more."""
    try:
        kept = evidence.find(office, one.content.id)
        octets = evidence.export(office, kept)
    except JunkhoundError:
        return ""
    text = octets[: SAMPLE * 4].decode("utf-8", "replace")
    return text if len(text) <= SAMPLE else f"{text[:SAMPLE]}\n[...]"


def newest(office: Office, status: str = "", limit: int = 100) -> list[Complaint]:
    """The newest complaints, of one status where that is given."""
    return Complaints(office.ledger.state).newest(status, limit)


def about(office: Office, address: str, limit: int = 100) -> list[Complaint]:
    """Complaints that claim, show or suspect an address, newest first. Errors: UsageError for what is no address."""
    found = net.parse(address)
    if found is None:
        raise UsageError(f"{address!r} is no address", "write an IPv4 or IPv6 address")
    return Complaints(office.ledger.state).newest(limit=limit, address=str(found))


def counts(office: Office) -> dict[tuple[str, str], int]:
    """How many complaints there are by (form, status)."""
    return Complaints(office.ledger.state).counts()


def get(office: Office, number: str) -> Complaint:
    """One complaint by its number. Errors: NotFound."""
    return Complaints(office.ledger.state).get(number)


def change(office: Office, number: str, status: str, note: str = "") -> Complaint:
    """Close a complaint, or open it again. Errors: NotFound, UsageError where it has that status."""
    return Complaints(office.ledger.state).change(number, status, note, office.now)
