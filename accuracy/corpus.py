"""Real mail beside the simulated: hand-over on a phishing trap whose provider recorded the peer, and false forgeries.

The corpus is not part of the project (its mails are other people's); where it is absent, these figures say so.
"""

from __future__ import annotations

import csv
import io
import os
import re
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator
from hashlib import sha256
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
HONEST = ("vger-lists.tar.gz", "spamassassin.tar.gz", "csdmc2010.tar.gz")

# The provider's own machines, as a stated boundary; learned ones stand in a row of their own.
PROVIDER = (".outlook.com", ".office365.com", "2603:1000::/24", "2a01:111::/32", "fe80::/10")
_ANSWERS = re.compile(rb"(x-sender-ip|received-spf|authentication-results|x-ms-.*|x-sid-.*)\Z")
SURE = 0.99
_DAMAGED = "phishing@pot"  # the collection's own redaction hit some addresses in trusted lines


class Real(NamedTuple):
    """One figure on real mail."""

    what: str
    estimate: Estimate
    note: str = ""
    bar: str = ""
    unit: str = "%"


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
    """G1 on the phishing trap: the boundary stated, and learned from the mailbox three ways; and the reference methods.

    The three ways: knowing no provider at all; with the profiles that come with the program; and with every name of
    Microsoft's replaced by one that nobody has heard of.
    """
    path = ROOT / PHISHING
    if not path.is_file():
        return []
    strange = [(_renamed(raw), answer) for raw, answer in _mailbox(path, limit)]
    read = [(_stripped(raw), answer) for raw, answer in _mailbox(path, limit)]
    found = [
        _stated("boundary stated", trace.boundary(PROVIDER), read),
        _stated("learned, no provider profile", trace.boundary(_learned(path, True), known=NOBODY), read),
        _stated("learned, with profiles", trace.boundary(_learned(path, False)), read),
    ]
    with TemporaryDirectory() as folder:
        for number, (raw, _) in enumerate(strange):
            (Path(folder) / f"{number:05}.eml").write_bytes(raw)
        border = trace.boundary(_learned(Path(folder), True), known=NOBODY)
    found.append(_stated("learned, names replaced", border, [(_stripped(raw), answer) for raw, answer in strange]))
    hits = sum(_floor(mail) == answer for mail, answer in read)
    found.append(Real("hand-over, one pattern for that line", clopper_pearson(hits, len(read)), "a floor, no method"))
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


def _mailbox(path: Path, limit: int) -> Iterator[tuple[bytes, str]]:
    """(mail, its true peer) where the provider's answer is an address."""
    for number, (_, raw) in enumerate(messages(path)):
        if limit and number >= limit:
            return
        answer = net.parse((parse(raw).first(b"x-sender-ip") or b"").decode("latin-1").strip())
        if answer is not None:
            yield raw, str(answer)


def _stripped(raw: bytes) -> Message:
    """The mail without the provider's own statements about its peer."""
    mail = parse(raw)
    mail.fields = [field for field in mail.fields if not _ANSWERS.match(field[0])]
    return mail


def _renamed(raw: bytes) -> bytes:
    """The mail with every host name of Microsoft's under a domain of a provider that nobody knows."""
    head, gap, body = raw.partition(b"\r\n\r\n" if b"\r\n\r\n" in raw else b"\n\n")
    return _MICROSOFT.sub(lambda found: _STRANGE[found[1].lower()], head) + gap + body


def _floor(mail: Message) -> str | None:
    """What one pattern for Microsoft's boundary line finds."""
    for line in mail.every(b"received"):
        found = _BOUNDARY.search(line)
        if found:
            return str(net.parse(found[1].decode("latin-1")) or "")
    return None


_MICROSOFT = re.compile(rb"(?i)\b(outlook|office365|exchangelabs|microsoft|hotmail)\.com\b")
_STRANGE = {
    b"outlook": b"northpost.example", b"office365": b"northpost-inside.example", b"exchangelabs": b"northlab.example",
    b"microsoft": b"north.example", b"hotmail": b"northmail.example",
}  # fmt: skip
_BOUNDARY = re.compile(rb"from\s+\S+\s+\(([0-9a-fA-F.:]+)\)\s+by\s+\S+\.mail\.protection\.outlook\.com")
NOBODY = trace.Known(())


def _learned(path: Path, alone: bool) -> list[str]:
    """What ``relays learn`` leads to: its proposals, and the inner networks it names for over 1% of the mails."""
    relays: list[str] = []
    with TemporaryDirectory() as home:
        for _ in range(4):
            mailbox = config.Mailbox(relays=tuple(relays))
            settings = config.Config(store=config.Store(home=home), mailboxes={"mine": mailbox})
            found = verbs.learn(Office(settings), [str(path)], "mine", NOBODY if alone else None)
            more = [one.relay for one in found.proposals] + [
                network for network, mails in found.inner if mails > found.mails / 100
            ]
            if not more:
                break
            relays += more
    return relays


def _stated(words: str, border: trace.Boundary, read: list[tuple[Message, str]]) -> Real:
    right = wrong = damaged = sure = 0
    for mail, answer in read:
        hops = trace.read(mail)
        verdict = trace.judge(hops, border)
        if str(verdict.handover or "") == answer:
            right += 1
        elif verdict.handover is not None:
            wrong += 1
            sure += verdict.confidence >= SURE
        elif any(_DAMAGED in hops.line(place) for place in range(min(len(hops), len(verdict.reasons)))):
            damaged += 1
    base = len(read) - damaged
    quiet = base - right - wrong
    note = f"{wrong} wrong ({sure} with P >= 0.99), {quiet} without an answer; {damaged} left out, redacted"
    return Real(f"hand-over, {words}", clopper_pearson(right, base), note)


def honest_mails(name: str) -> tuple[trace.Boundary, list[tuple[bool, trace.Hops]]]:
    """Mail of an archive that nobody had a reason to forge, with the relays that its owners would name.

    These are the hosts that wrote the topmost lines most often. Half of the mails, by their own hash, is for fitting
    weights (True); figures are taken on the other half.
    """
    found = [
        (sha256(raw).digest()[0] & 1 == 0, trace.read(parse(raw)))
        for label, raw in messages(ROOT / name)
        if label in ("ham", "list")
    ]
    writers = Counter(hops[0].by for _, hops in found if len(hops) and hops[0].by and "." in hops[0].by)
    names = [by for by, _ in writers.most_common(20) if by and re.fullmatch(r"[\w.-]+", by)]
    return trace.boundary(["127.0.0.0/8", *names]), found


def honest() -> list[Real]:
    """G3's genuine side: lines called forged in mail that nobody had a reason to forge."""
    found = []
    for name in HONEST:
        if not (ROOT / name).is_file():
            continue
        border, mails = honest_mails(name)
        lines = flagged = count = 0
        for for_fit, hops in mails:
            if for_fit:
                continue
            verdict = trace.judge(hops, border)
            lines += len(hops)
            flagged += 0 if verdict.typed is None else len(hops) - verdict.typed
            count += 1
        note = f"{count:,} mails, half of the archive, those that no weight was fitted on"
        found.append(
            Real(f"genuine lines called forged, {name.partition('.')[0]}", clopper_pearson(flagged, lines), note)
        )
    return found
