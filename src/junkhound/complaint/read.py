"""Any mail sent to a complaint mailbox as a complaint; hostile input is data, so nothing raises."""

from __future__ import annotations

from junkhound.complaint.complaint import Complaint
from junkhound.complaint.forms import forms
from junkhound.complaint.letter import Letter


def read(octets: bytes) -> Complaint:
    """The complaint that a mail brings, in the first form that knows it; ``plain`` where none does."""
    letter = Letter(octets)
    for _, form in forms:
        found = form(letter)
        if found is not None:
            return found
    return Complaint("plain", reporter=letter.reporter, reporter_domain=letter.author[1], at=letter.at)
