"""What is read of Received lines: writer, date and address on honest mail, golden lines and stacks; and the cost."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

from accuracy import corpus
from accuracy.corpus import Real
from accuracy.intervals import Estimate, clopper_pearson
from junkhound import trace
from junkhound.evidence.message import parse
from junkhound.kernel import net
from junkhound.trace.dialects import read_line
from junkhound.trace.hop import Hop

VECTORS = "received-vectors.jsonl"
STACKS = Path(__file__).parents[1] / "tests/trace/stacks.jsonl"
_HANDS_OVER = re.compile(r"\(?from\s", re.IGNORECASE)
_BY = re.compile(r"\sby\s")
_SHOWN = re.compile(r"(?<![\w.-])(?:\d{1,3}(?:\.\d{1,3}){3}|\[(?:IPv6:)?[0-9a-fA-F:]*:[0-9a-fA-F:.]*\])(?![\w.-])")
"""An address as lines show it: not inside a host name."""
READ = ("writer read", "date read", "address read where one is shown")
MEGABYTE = 1_000_000


def figures() -> list[Real]:
    """Every figure; those that need the corpus are missing where it is absent."""
    return [*_honest(), *_vectors(), _stacks(), _costs()]


def _honest() -> Iterator[Real]:
    """Lines of honest archives that hand a message over (``from`` somebody): what of them is read."""
    for name in corpus.HONEST:
        if not (corpus.ROOT / name).is_file():
            continue
        found: dict[str, list[int]] = {what: [0, 0] for what in READ}
        for label, raw in corpus.messages(corpus.ROOT / name):
            if label in ("ham", "list"):
                hops = trace.read(parse(raw))
                for place in range(len(hops)):
                    for what, read in _read(hops[place], hops.line(place)):
                        found[what][0] += read
                        found[what][1] += 1
        for what, (right, lines) in found.items():
            note = "lines that hand a mail over; bar: 99.5%"
            yield Real(f"{what}, {name.partition('.')[0]}", clopper_pearson(right, lines), note)


def _read(hop: Hop, line: str) -> Iterator[tuple[str, bool]]:
    if not _HANDS_OVER.match(line):
        return
    first, *rest = _BY.split(line, 1)
    if rest:
        yield "writer read", hop.by is not None or hop.by_ip is not None
    if ";" in line:
        yield "date read", hop.at is not None
    if _SHOWN.search(first):
        yield "address read where one is shown", hop.ip is not None or hop.impossible


def _vectors() -> Iterator[Real]:
    """Golden lines of the corpus: every field as it stands there."""
    path = corpus.ROOT / VECTORS
    if not path.is_file():
        return
    cases = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    right = sum(_as_written(case) for case in cases)
    yield Real("golden lines read to the letter", clopper_pearson(right, len(cases)), VECTORS)


def _as_written(case: dict[str, str]) -> bool:
    hop = read_line(case["received"], 0, False)
    if case["kind"] == "ignored":
        return hop.ip is None or hop.local
    names = {key: case[key].lower().rstrip(".") or None for key in ("rdns", "helo", "by")}
    if names["helo"] and names["helo"].startswith("!"):  # an address in brackets, as that form writes it
        names["helo"] = f"[{names['helo'].strip('!')}]"
    if names["rdns"] and net.parse(names["rdns"]):
        names["rdns"] = None  # an address is no name that was looked up
    wanted = (net.parse(case["ip"]), *names.values(), *(case[key] or None for key in ("ident", "envfrom", "id")))
    found = (hop.ip, hop.rdns, hop.helo, hop.by, hop.ident, hop.envelope_from, hop.id)
    return found == wanted and hop.auth == bool(case["auth"])


def _stacks() -> Real:
    """Golden forged stacks: the true source or nobody, and never an address that somebody typed."""
    border = trace.boundary(
        ["192.0.2.0/24", "mx.example.org", "inner.example.org", "localhost"], allow_documentation=True
    )
    cases = [json.loads(line) for line in STACKS.read_text("utf-8").splitlines()]
    right = 0
    for case in cases:
        mail = parse(f"{case['header']}From: a@example.net\nSubject: x\n\nbody\n".encode())
        verdict = trace.judge(trace.read(mail), border)
        right += all(str(one or case["source"]) == case["source"] for one in (verdict.source, verdict.address))
    return Real("golden forged stacks: the true source or nobody", clopper_pearson(right, len(cases)), STACKS.name)


# --- the longest that a mail can take -----------------------------------------------------------------------


def _costs() -> Real:
    """How long the worst of the nasty mails takes, every line read, judged and explained."""
    border = trace.boundary(["mx.example.org"], allow_documentation=True)
    took = {name: min(_once(raw, border) for _ in range(3)) for name, raw in nasty()}
    worst = max(took, key=lambda name: took[name])
    slowest = took[worst]
    note = f"CPU time; bar: 50 ms; the slowest is {worst}"
    return Real(
        "traced whole, mails under 1 MB made to take long",
        Estimate(slowest, slowest, slowest, len(took)),
        note,
        unit="ms",
    )


def _once(raw: bytes, border: trace.Boundary) -> float:
    start = time.process_time()
    hops = trace.read(parse(raw))
    trace.judge(hops, border)
    list(hops)
    return 1000 * (time.process_time() - start)


def nasty() -> Iterator[tuple[str, bytes]]:
    """(name, mail just under 1 MB) of mails that are made to take long."""
    top = (
        b"Received: from a (unknown [198.51.100.7])\n\tby mx.example.org (Postfix) with ESMTP id 4YRV6C1R3Kz3w;"
        b" Mon, 6 Jan 2025 10:30:05 +0000\n"
    )
    line = (
        b"Received: from h%d.example.net (h%d.example.net [203.0.113.%d])\n\tby h%d.example.net (Postfix) with ESMTP"
        b" id 4YRV6C1R3Kz3w; Mon, 6 Jan 2025 10:30:05 +0000\n"
    )
    chain = b"".join(line % (n, n, n % 256, n + 1) for n in range(6500))
    long = b"Received: from " + b"a" * 900_000 + b" by x; y\n"
    fold = b"Received: from a\n" + b"\t(b\n" * 230_000
    nested = b"Received: from a " + b"(" * 450_000 + b")" * 450_000 + b" by b; c\n"
    marks = b"".join(b"Received: " + b"from [1.2.3.4 by (HELO with id ;" * 120 + b"\n" for _ in range(240))
    dates = b"".join(b"Received: from a by b; " + b"Mon, 6 Jan " * 340 + b"\n" for _ in range(240))
    quoted = b"Received: from " + b'"\\\\' * 300_000 + b" by b; c\n"
    octets = b"".join(b"Received: from [" + b"1." * 1900 + b"] by b; c\n" for _ in range(240))
    small = b"Received:x\n" * 80_000
    for name, head in (
        ("6,500 lines in order", chain), ("one line of 900 kB", long), ("one line in 230,000 folds", fold),
        ("450,000 brackets", nested), ("240 lines of clause words", marks), ("240 lines of half dates", dates),
        ("quotes and backslashes", quoted), ("240 lines of dots", octets), ("80,000 empty lines", small),
    ):  # fmt: skip
        yield name, (top + head)[: MEGABYTE - 40] + b"\nFrom: a@example.net\n\nx\n"
