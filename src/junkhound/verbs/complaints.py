"""Complaints that came in: what was found in each, its status, the two changes a person may make."""

from __future__ import annotations

from junkhound.kernel import net
from junkhound.kernel.errors import UsageError
from junkhound.ledger.complaints import ASIDE, CLOSED, OPEN, STATUSES, Complaint, Complaints
from junkhound.verbs.office import Office

__all__ = ["ASIDE", "CLOSED", "OPEN", "STATUSES", "Complaint", "about", "change", "counts", "get", "newest"]


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
