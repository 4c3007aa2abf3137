"""Tracing real mail, where the development corpus is present."""

from __future__ import annotations

import json
import re

from junkhound import trace
from junkhound.evidence import message
from junkhound.kernel import net
from junkhound.trace.dialects import read_line
from support.corpus import archive, messages

BORDER = [".outlook.com", ".office365.com", "2603:1000::/24", "2a01:111::/32", "fe80::/10"]
ANSWERS = re.compile(rb"(x-sender-ip|received-spf|authentication-results|x-ms-.*|x-sid-.*)\Z")


def test_vectors() -> None:
    wrong = []
    for line in archive("received-vectors.jsonl").read_text().splitlines():
        vector = json.loads(line)
        hop = read_line(vector["received"], 0, False)
        if vector["kind"] == "ignored":
            if hop.ip is not None and not hop.local:
                wrong.append((line, hop))
            continue
        names = {key: vector[key].lower().rstrip(".") or None for key in ("rdns", "helo", "by")}
        if names["helo"] and names["helo"].startswith("!"):
            names["helo"] = "[" + names["helo"].strip("!") + "]"
        if names["rdns"] and net.parse(names["rdns"]):
            names["rdns"] = None  # an address is no name that was looked up
        expected = (
            net.parse(vector["ip"]), names["rdns"], names["helo"], names["by"], vector["ident"] or None,
            vector["envfrom"] or None, vector["id"] or None, bool(vector["auth"]),
        )  # fmt: skip
        got = (hop.ip, hop.rdns, hop.helo, hop.by, hop.ident, hop.envelope_from, hop.id, hop.auth)
        if got != expected:
            wrong.append((line, hop))
    assert not wrong


def test_handover_equals_what_the_receiver_recorded() -> None:
    """X-Sender-IP is Microsoft's own record of the peer; the tracer must find it without that header."""
    border = trace.boundary(BORDER)
    right, wrong, damaged, unknown = 0, [], 0, []
    for path, _, raw in messages("phishing_pot.tar.gz"):
        mail = message.parse(raw)
        truth = net.parse((mail.first(b"x-sender-ip") or b"").decode("latin-1").strip())
        if truth is None:
            continue
        mail.fields = [field for field in mail.fields if not ANSWERS.match(field[0])]
        hops = trace.read(mail)
        verdict = trace.judge(hops, border)
        if verdict.handover == truth:
            right += 1
        elif verdict.handover is not None:
            wrong.append((path, str(verdict.handover)))
        elif any("phishing@pot" in hops.line(n) for n in range(len(verdict.reasons)) if verdict.reasons[n].ip is None):
            damaged += 1  # the data set's own redaction overwrote the address in a trusted line
        else:
            unknown.append(path)
    assert not wrong
    assert right >= 0.999 * (right + len(unknown)), unknown
    assert damaged <= 10
    assert right > 3700


def test_relays_are_learned_from_the_mailbox_itself() -> None:
    samples = [trace.read(message.parse(raw)) for _, _, raw in messages("phishing_pot.tar.gz", 400)]
    learned = [proposal.relay for proposal in trace.learn(samples)]
    assert ".outlook.com" in learned
    border = trace.boundary(learned)
    anchored = [trace.judge(hops, border) for hops in samples]
    assert sum(verdict.anchored for verdict in anchored) > 0.5 * len(samples)
