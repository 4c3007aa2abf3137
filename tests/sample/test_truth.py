"""Trace against the sample's own truth: the machine that handed each mail to the border, whatever its headers claim."""

from __future__ import annotations

import collections
import functools

import pytest

from junkhound import sample, trace
from junkhound.evidence.message import parse
from junkhound.kernel import net
from junkhound.sample.forgery import INNOCENT
from junkhound.sighting import ids
from junkhound.tables import Clue
from junkhound.wire import jsonl
from junkhound.wire.facts import Facts, Origin, Session


@functools.cache
def judged() -> list[tuple[sample.Delivery, trace.Verdict]]:
    found = []
    boundaries = {
        place.name: trace.boundary(place.relays, ("192.0.2.0/27",), allow_documentation=True)
        for place in (*sample.TRAPS, *sample.MAILBOXES)
    }
    for one in sample.make():
        client = net.parse(one.client.ip)
        assert client is not None
        facts = None
        if one.place.kind == "trap":
            packed = client.v4.to_bytes(4, "big") if client.is_v4 else client.packed
            facts = Facts(
                Origin(packed, int(one.at * 1e6), one.place.name),
                session=Session(helo=one.client.helo.encode(), client_name=one.client.rdns or None),
            )
        found.append((one, trace.judge(trace.read(parse(one.mail)), boundaries[one.place.name], facts)))
    return found


@pytest.mark.parametrize("place", [place.name for place in (*sample.TRAPS, *sample.MAILBOXES)])
def test_every_handover_is_right(place: str) -> None:
    wrong = [
        (one.truth, str(verdict.handover), verdict.reasons)
        for one, verdict in judged()
        if one.place.name == place and verdict.handover != net.parse(one.truth.handover)
    ]
    assert not wrong, f"{len(wrong)} wrong, first: {wrong[0]}"


def test_nobody_is_blamed_who_did_not_touch_the_mail() -> None:
    for one, verdict in judged():
        touched = {net.parse(one.truth.handover), net.parse(one.truth.injector), None}
        assert verdict.address in touched, (one.truth, verdict.reasons)


def test_no_innocent_named_in_a_forged_line_is_blamed_for_junk() -> None:
    innocent = {net.parse(server.ip) for server in INNOCENT}
    blamed = collections.Counter(
        verdict.address for one, verdict in judged() if not one.truth.wanted and verdict.address in innocent
    )
    assert not blamed


def test_forged_lines_are_noticed() -> None:
    forged = [(one, verdict) for one, verdict in judged() if one.truth.forgery == "own-mx" and one.place.servers]
    claims = sum(bool(verdict.clues & Clue.CLAIMS_OUR_NAME) for _, verdict in forged)
    assert claims > 0.95 * len(forged)


def test_a_line_that_reports_a_whole_session_is_dated_by_it() -> None:
    whole = {"client": b"\xc0\x00\x02\x07", "received_at": 1_700_000_000_000_000, "arrival": "q-1"}
    assert not jsonl.facts_of(whole, "lures", 0, 5).origin.imported
    for missing in whole:
        found = {name: value for name, value in whole.items() if name != missing}
        assert jsonl.facts_of(found, "lures", 0, 5).origin.imported
    first = jsonl.facts_of(whole, "lures", 0, 5)
    assert ids.arrival_key(first, 7, 1) == ids.arrival_key(first, 8, 2) == "q-1"  # read again, it is known
