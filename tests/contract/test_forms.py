"""Every form of complaint keeps the same promises: any letter gives a complaint or nothing, and nothing is invented."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.complaint import Complaint
from junkhound.complaint.forms import forms
from junkhound.complaint.letter import Letter
from support.forwards import FORWARDS, WHOLE

NAMES = [name for name, _ in forms]
HEAD = b"From: ann@victim.example\nTo: abuse@isp.example\nSubject: abuse report\n"
PARTS = [
    HEAD, b"\n", b"Content-Type: multipart/report; report-type=feedback-report; boundary=b\n", b"--b\n", b"--b--\n",
    b"Content-Type: message/feedback-report\n\n", b"Content-Type: message/rfc822\n\n", b"Source-IP: 192.0.2.7\n",
    b"Feedback-Type: abuse\n", b"Source: 192.0.2.7\nReport-Type: x\n", b'{"xarf_version": "4.0.0"}', WHOLE.encode(),
    FORWARDS[4].text.encode(), b"Auto-Submitted: auto-replied\n", b"IP: 192.0.2.7\n",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@given(pieces=st.lists(st.sampled_from(PARTS) | st.binary(max_size=60), max_size=12))
def test_any_letter_is_a_complaint_or_nothing(name: str, pieces: list[bytes]) -> None:
    octets = b"".join(pieces)
    found = forms.get(name)(Letter(octets))
    assert found is None or isinstance(found, Complaint)
    if found is not None:
        assert found.form
        assert found.count >= 1
        for mail in found.mails:
            assert mail.octets
        for claim in found.claims:
            assert claim.value


@pytest.mark.parametrize("name", NAMES)
def test_a_letter_about_nothing_is_nothing(name: str) -> None:
    text = b"From: ann@victim.example\nTo: ben@isp.example\nSubject: lunch\n\nShall we meet on Monday?\n"
    assert forms.get(name)(Letter(text)) is None
