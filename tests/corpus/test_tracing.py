"""Tracing over real mail: what is read of lines that hand a message over, and whether honest hops are called forged."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from junkhound import trace
from junkhound.evidence import message
from support import corpus

ADDRESS = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
BY = re.compile(r"\sby\s", re.IGNORECASE)
HONEST = ("spamassassin", "csdmc2010", "vger-lists")


def chains(name: str) -> list[trace.Hops]:
    """The hops of every mail of an archive that is no spam."""
    found = corpus.messages(f"{name}.tar.gz")
    return [trace.read(message.parse(raw)) for _, label, raw in found if label != "spam"]


def border(mails: list[trace.Hops]) -> trace.Boundary:
    """Relays as the owners of these mailboxes would name them: the hosts that wrote the topmost lines."""
    writers = Counter(hops[0].by for hops in mails if len(hops) and hops[0].by and "." in hops[0].by)
    names = [name for name, _ in writers.most_common(20) if name and re.fullmatch(r"[\w.-]+", name)]
    return trace.boundary(["127.0.0.0/8", *names])


@pytest.mark.parametrize("name", HONEST)
def test_lines_that_hand_a_message_over_are_read(name: str) -> None:
    counted: Counter[str] = Counter()
    for hops in chains(name):
        for place, hop in enumerate(hops):
            parts = BY.split(hops.line(place), maxsplit=1)
            if hop.local or len(parts) < 2:
                continue
            counted["lines"] += 1
            counted["by"] += hop.by is not None
            counted["date"] += hop.at is not None
            if ADDRESS.search(parts[0]):
                counted["with address"] += 1
                counted["address"] += hop.ip is not None
    print(f"\n{name}: {dict(counted)}")
    assert counted["by"] >= 0.995 * counted["lines"] > 0
    assert counted["date"] >= 0.995 * counted["lines"]
    assert counted["address"] >= 0.995 * counted["with address"] > 0


@pytest.mark.parametrize("name", HONEST)
def test_honest_hops_are_not_called_forged(name: str) -> None:
    mails = chains(name)
    known = border(mails)
    hops = forged = anchored = 0
    for chain in mails:
        verdict = trace.judge(chain, known)
        hops += len(verdict.reasons)
        forged += sum(reason.status == "forged" for reason in verdict.reasons)
        anchored += verdict.anchored
    print(f"\n{name}: {forged} of {hops} hops called forged, {anchored} of {len(mails)} mails anchored")
    assert forged <= 0.001 * hops
