"""CPU microseconds per message, step by step, on real junk; mail-parser's bare parse beside it in the same run.

    python -m bench.analyse --mails 500 --passes 7

Each row of ``STEPS`` is the whole way up to and with that step, so that a row minus the one before is the step's own
cost as it is paid in company (caches cold from the other steps). ``analyse``, the figure that counts, is the sighting
row with all its side rows: ``sighting.judge`` over batches of 128, as a worker runs it, the mail's SHA-256 included,
every text read and sketched anew. One warm pass first; then the passes of all rows
take turns, so that a busy neighbour hits every row alike; the median pass counts. Mails come by hash order: of the
development corpus, or, where that is absent, made up. Where the byte loops are compiled, the same row in plain Python
is measured beside it, in a process of its own.
"""

from __future__ import annotations

import argparse
import email
import gc
import hashlib
import importlib.util
import json
import logging
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from junkhound import attribution, content, sighting, trace
from junkhound.content import template
from junkhound.content.finds import forget as forget_finds
from junkhound.evidence.message import Message, parse
from junkhound.kernel import compiled
from junkhound.tables import Standing
from junkhound.wire.facts import Facts, Origin

Step = Callable[[bytes], Any]
Pass = Callable[[Sequence[bytes]], Any]
SPINE = "analyse: the row of the spine"
ANALYSE = "analyse: the whole row"
MAIL_PARSER = "mail-parser, bare parse"
CHUNK = 128  # as verbs.parser has it
TAKEN_IN = 1_780_000_000_000_000
USED = (b"from", b"subject", b"reply-to", b"message-id", b"date", b"x-mailer", b"to", b"return-path", b"dkim-signature")


def _headers(raw: bytes) -> Message:
    message = parse(raw)
    for name in USED:
        message.text(name, 200)
    message.every(b"received")
    return message


def _texts(raw: bytes) -> Message:
    message = _headers(raw)
    for part in message.parts():
        if part.type.startswith("text/"):
            part.text()
        else:
            part.payload()
    return message


def _bare_peer(raw: bytes) -> None:
    import mailparser

    try:
        mailparser.parse_from_bytes(raw)
    except Exception:
        return  # it fails on some real junk; that it gives up is its time too


STEPS: list[tuple[str, Step]] = [
    ("sha256 of the mail", lambda raw: hashlib.sha256(raw).digest()),
    ("parse: fields and offsets", parse),
    ("+ parts", lambda raw: parse(raw).parts()),
    ("+ nine used headers as text", _headers),
    ("+ every part decoded", _texts),
    ("parse + used headers + view", lambda raw: content.view(_headers(raw))),
]
"""What is measured, cumulative as far as the names say; further rooms add theirs."""

PEERS: list[tuple[str, Step]] = [
    ("stdlib email (compat32), bare parse", email.message_from_bytes),
    (MAIL_PARSER, _bare_peer),
]


def border(mails: Sequence[bytes]) -> trace.Boundary:
    """Relays as the owner of these mailboxes would name them: loopback, and the hosts that wrote the topmost lines."""
    writers: Counter[str] = Counter()
    for raw in mails:
        hops = trace.read(parse(raw))
        if len(hops) and (by := hops[0].by) and "." in by:
            writers[by] += 1
    return trace.boundary(["127.0.0.0/8", *(name for name, _ in writers.most_common(20))])


def traced(mails: Sequence[bytes]) -> Step:
    """Parse, read the Received lines, walk and judge."""
    known = border(mails)
    facts = Facts(Origin(None, TAKEN_IN, "bench", imported=True))
    return lambda raw: trace.judge(trace.read(parse(raw)), known, facts, explain=False)


def whole(mails: Sequence[bytes], campaigns: bool = True) -> Pass:
    """A worker's pass over mails: everything from bytes to rows.

    Without ``campaigns`` it is the spine, as the first bars were set for it: no phone numbers, wallets, accounts, drop
    boxes, touted shares and languages are looked for in the text.
    """
    table = attribution.embedded()
    routes = attribution.DatedTables([(1, table.date, attribution.embedded)])
    intake = sighting.IntakeRules("bench", Standing.MAILBOX, border(mails), 1)
    rules = sighting.Rules(bytes(32), {"bench": intake}, routes)
    facts = Facts(Origin(None, TAKEN_IN, "bench", imported=True))

    def run(some: Sequence[bytes]) -> None:
        template.forget()
        forget_finds()
        kept = content.finds, content.language_of
        if not campaigns:
            content.finds, content.language_of = (lambda view: []), (lambda view: "")
        try:
            each_batch(some)
        finally:
            content.finds, content.language_of = kept

    def each_batch(some: Sequence[bytes]) -> None:
        for start in range(0, len(some), CHUNK):
            sighting.judge(
                [
                    sighting.Delivery(1, start + place, hashlib.sha256(raw).digest(), raw, facts)
                    for place, raw in enumerate(some[start : start + CHUNK])
                ],
                rules,
            )

    return run


def each(step: Step) -> Pass:
    """A pass that takes one step with every mail."""

    def run(mails: Sequence[bytes]) -> None:
        for raw in mails:
            step(raw)

    return run


def corpora(count: int) -> dict[str, list[bytes]]:
    """Junk by name, ``count`` mails each, picked by their hash."""
    from support import corpus

    if not (corpus.ROOT / "phishing_pot.tar.gz").is_file():
        from support.mail import junk

        return {MADE_UP: [junk(number, words="word " * 900) for number in range(count)]}

    def pick(name: str, label: str) -> list[bytes]:
        mails = [raw for _, found, raw in corpus.messages(name) if found == label]
        return sorted(mails, key=lambda raw: hashlib.sha256(raw).digest())[:count]

    return {SPAM: pick("spamassassin.tar.gz", "spam"), PHISH: pick("phishing_pot.tar.gz", "phish")}


SPAM, PHISH, MADE_UP = "spam 2002", "phish 2022-26", "made up (the development corpus is not here)"


def measure(steps: Sequence[tuple[str, Pass]], mails: list[bytes], passes: int) -> dict[str, float]:
    """Median CPU microseconds per mail of each step."""
    seen: dict[str, list[float]] = {name: [] for name, _ in steps}
    for turn in range(passes + 1):
        for name, run in steps:
            start = time.process_time()
            run(mails)
            if turn:  # the first fills the caches of hosts, names and types, as a running worker has them
                seen[name].append((time.process_time() - start) / len(mails) * 1e6)
    return {name: statistics.median(each) for name, each in seen.items()}


def figures(count: int, passes: int, peers: bool = True) -> dict[str, Any]:
    """All rows for all corpora, ready for JSON; ``ratios`` say how many times a peer's figure ours is, in turns."""
    logging.disable(logging.CRITICAL)  # mail-parser logs what it stumbles over
    found: dict[str, Any] = {}
    plain = _plain(count, passes) if compiled.steps is not None else {}
    gc.set_threshold(20_000, 20, 100)  # as kernel.nursery has it in every worker and parser
    for name, mails in corpora(count).items():
        gc.collect()
        gc.freeze()
        last: list[tuple[str, Pass]] = [(SPINE, whole(mails, campaigns=False)), (ANALYSE, whole(mails))]
        steps = [(step, each(act)) for step, act in [*STEPS, ("parse + trace read and judged", traced(mails))]]
        us = measure([*steps, *last], mails, passes)
        size = round(statistics.fmean(map(len, mails)))
        found[name] = {"mails": len(mails), "mean_bytes": size, "build": compiled.state, "cpu_us": us}
        if name in plain:
            found[name]["plain_us"] = {row: plain[name]["cpu_us"][row] for row in (SPINE, ANALYSE)}
        if peers:
            some = mails[: max(1, count // 5)]
            beside = measure([*((peer, each(act)) for peer, act in _peers()), *last], some, max(1, passes // 2))
            theirs = {peer: value for peer, value in beside.items() if peer not in (SPINE, ANALYSE)}
            found[name]["ratios"] = {
                row: {peer: round(value / beside[row], 2) for peer, value in theirs.items()} for row in (SPINE, ANALYSE)
            }
            us |= theirs
    return found


def _plain(count: int, passes: int) -> dict[str, Any]:
    """The figures of plain Python, without peers."""
    command = [sys.executable, "-m", "bench.analyse", "--json", "--no-peers", "--mails", str(count)]
    command += ["--passes", str(max(1, passes // 2))]
    root = Path(__file__).parents[1]
    env = {**os.environ, "JUNKHOUND_PURE": "1"}
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _peers() -> list[tuple[str, Step]]:
    """Those that are installed."""
    return PEERS if importlib.util.find_spec("mailparser") else PEERS[:1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=500)
    parser.add_argument("--passes", type=int, default=7)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = figures(options.mails, options.passes, not options.no_peers)
    if options.json:
        print(json.dumps(found, indent=2))
        return
    columns = list(found)
    print(f"{'CPU us per message':44}" + "".join(f"{name:>16}" for name in columns))
    print(f"{'mails, mean bytes':44}" + "".join(f"{found[n]['mails']:>8}{found[n]['mean_bytes']:>8}" for n in columns))
    for name in found[columns[0]]["cpu_us"]:
        print(f"{name:44}" + "".join(f"{found[column]['cpu_us'][name]:>16.1f}" for column in columns))
    if "plain_us" in found[columns[0]]:
        for row in (SPINE, ANALYSE):
            print(f"{row + ', plain Python':44}" + "".join(f"{found[c]['plain_us'][row]:>16.1f}" for c in columns))
    for row, peers in found[columns[0]].get("ratios", {}).items():
        for peer in peers:
            values = "".join(f"{found[c]['ratios'][row][peer]:>16.2f}" for c in columns)
            print(f"{peer.partition(',')[0] + ', times ' + row.partition(': ')[2]:44}{values}")


if __name__ == "__main__":
    main()
