"""A mail forwarded inline by a person."""

from __future__ import annotations

from junkhound.complaint import claims
from junkhound.complaint import inline as forwarded
from junkhound.complaint.complaint import INCOMPLETE, Complaint
from junkhound.complaint.forms import forms
from junkhound.complaint.letter import Letter


@forms.register("inline")
def read(letter: Letter) -> Complaint | None:
    """The first text that holds one; a reply that quotes is not told from a forward, so it is read the same."""
    for text in letter.texts:
        if mails := forwarded.find(text):
            return Complaint(
                "inline", claims.about((letter.subject,)) or "abuse", letter.reporter, letter.author[1], "", letter.at,
                len(mails), (), tuple(mails), () if any(m.completeness != INCOMPLETE for m in mails) else ("headers",),
            )  # fmt: skip
    return None
