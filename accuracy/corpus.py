"""Real mail beside the simulated: hand-over on a phishing trap whose provider recorded the peer, and false forgeries.

The corpus is not part of the project (its mails are other people's); where it is absent, these figures say so.
"""

from __future__ import annotations

import csv
import io
import os
import re
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from accuracy import baselines
from accuracy.intervals import Estimate, clopper_pearson
from junkhound import trace
from junkhound.evidence.message import Message, parse
from junkhound.kernel import config, net
from junkhound.verbs import relays as verbs
from junkhound.verbs.office import Office

ROOT = Path(os.environ.get("JUNKHOUND_CORPUS") or Path(__file__).parents[2] / "shared/corpus")
PHISHING = "phishing_pot.tar.gz"
HONEST = ("vger-lists.tar.gz", "spamassassin.tar.gz")

# The provider's own machines, as a stated boundary; learned ones stand in a row of their own.
PROVIDER = (".outlook.com", ".office365.com", "2603:1000::/24", "2a01:111::/32", "fe80::/10")
_ANSWERS = re.compile(rb"(x-sender-ip|received-spf|authentication-results|x-ms-.*|x-sid-.*)\Z")
_DAMAGED = "phishing@pot"  # the collection's own redaction hit some addresses in trusted lines


class Real(NamedTuple):
    """One figure on real mail."""

    what: str
    estimate: Estimate
    note: str = ""


def messages(path: Path) -> Iterator[tuple[str, bytes]]:
    """(label, mail) of each member of an archive."""
    with tarfile.open(path, "r:gz") as tar:
        first = tar.next()
        root = first.name.split("/")[0] if first is not None else ""
        index = tar.extractfile(f"{root}/INDEX.tsv")
        if index is None:
            return
        rows = csv.DictReader(io.TextIOWrapper(index, "utf-8", newline=""), delimiter="\t", quoting=csv.QUOTE_NONE)
        for row in list(rows):
            member = tar.extractfile(f"{root}/{row['path']}")
            if member is not None:
                yield row["label"], member.read()


def handover(limit: int = 0) -> list[Real]:
    """G1 on the phishing trap: the boundary stated, and learned from the mailbox itself; and the reference methods."""
    path = ROOT / PHISHING
    if not path.is_file():
        return []
    read: list[tuple[Message, str]] = []
    for _, raw in messages(path):
        mail = parse(raw)
        answer = net.parse((mail.first(b"x-sender-ip") or b"").decode("latin-1").strip())
        if answer is not None:
            mail.fields[:] = [field for field in mail.fields if not _ANSWERS.match(field[0])]
            read.append((mail, str(answer)))
        if limit and len(read) >= limit:
            break
    found = [_stated("boundary stated", PROVIDER, read), _stated("boundary learned", learned(path), read)]
    own = baselines.stated(PROVIDER)
    methods: dict[str, Callable[[Message], str | None]] = {
        "last-Received": lambda mail: baselines.last_received(mail.every(b"received"), None),
        "first-public": lambda mail: baselines.first_public(mail.every(b"received"), None, own),
        "SA-style trust walk": lambda mail: baselines.trust_walk(list(trace.read(mail)), None, own),
    }
    for name, method in methods.items():
        right = sum(method(mail) == answer for mail, answer in read)
        found.append(Real(f"hand-over, {name}", clopper_pearson(right, len(read)), "reference"))
    return found


def learned(path: Path) -> list[str]:
    """What ``relays learn`` leads to: its proposals, and the inner networks it names for over 1% of the mails."""
    relays: list[str] = []
    with TemporaryDirectory() as home:
        for _ in range(4):
            mailbox = config.Mailbox(relays=tuple(relays))
            settings = config.Config(store=config.Store(home=home), mailboxes={"mine": mailbox})
            found = verbs.learn(Office(settings), [str(path)], "mine")
            more = [one.relay for one in found.proposals] + [
                network for network, mails in found.inner if mails > found.mails / 100
            ]
            if not more:
                break
            relays += more
    return relays


def _stated(words: str, relays: list[str] | tuple[str, ...], read: list[tuple[Message, str]]) -> Real:
    border = trace.boundary(relays)
    right = wrong = damaged = 0
    for mail, answer in read:
        hops = trace.read(mail)
        verdict = trace.judge(hops, border)
        if str(verdict.handover or "") == answer:
            right += 1
        elif verdict.handover is not None:
            wrong += 1
        elif any(_DAMAGED in hops.line(place) for place in range(min(len(hops), len(verdict.reasons)))):
            damaged += 1
    base = len(read) - damaged
    note = f"{wrong} wrong, {base - right - wrong} without an answer; {damaged} left out, their address was redacted"
    return Real(f"hand-over, {words}", clopper_pearson(right, base), note)


def honest(limit: int = 0) -> list[Real]:
    """G3's genuine side: lines called forged in mail that nobody had a reason to forge."""
    found = []
    for name in HONEST:
        path = ROOT / name
        if not path.is_file():
            continue
        lines = flagged = mails = 0
        for label, raw in messages(path):
            if label not in ("ham", "list"):
                continue
            hops = trace.read(parse(raw))
            verdict = trace.judge(hops, trace.boundary(_first_writer(hops)))
            lines += len(hops)
            flagged += sum(reason.status == "forged" for reason in verdict.reasons)
            mails += 1
            if limit and mails >= limit:
                break
        note = f"{mails:,} mails, the writer of the top line believed"
        found.append(
            Real(f"genuine lines called forged, {name.partition('.')[0]}", clopper_pearson(flagged, lines), note)
        )
    return found


def _first_writer(hops: trace.Hops) -> tuple[str, ...]:
    return (hops[0].by,) if len(hops) and hops[0].by else ()
