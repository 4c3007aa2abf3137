"""CPU microseconds per message, step by step, on real junk; mail-parser's bare parse beside it in the same run.

    python -m bench.analyse --mails 500 --passes 7

Each row of ``STEPS`` is the whole way up to and with that step, so that a row minus the one before is the step's own
cost as it is paid in company (caches cold from the other steps). One warm pass first; then the passes of all rows take
turns, so that a busy neighbour hits every row alike; the median pass counts. Mails come by hash order.
"""

from __future__ import annotations

import argparse
import email
import gc
import hashlib
import json
import logging
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from junkhound import content
from junkhound.evidence.message import Message, parse

Step = Callable[[bytes], Any]
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
    ("mail-parser, bare parse", _bare_peer),
]


def corpora(count: int) -> dict[str, list[bytes]]:
    """Junk of the development corpus by name, ``count`` mails each, picked by their hash."""
    from support.corpus import messages

    def pick(name: str, label: str) -> list[bytes]:
        mails = [raw for _, found, raw in messages(name) if found == label]
        return sorted(mails, key=lambda raw: hashlib.sha256(raw).digest())[:count]

    return {"spam 2002": pick("spamassassin.tar.gz", "spam"), "phish 2022-26": pick("phishing_pot.tar.gz", "phish")}


def measure(steps: Sequence[tuple[str, Step]], mails: list[bytes], passes: int) -> dict[str, float]:
    """Median CPU microseconds per mail of each step."""
    seen: dict[str, list[float]] = {name: [] for name, _ in steps}
    for turn in range(passes + 1):
        for name, step in steps:
            start = time.process_time()
            for raw in mails:
                step(raw)
            if turn:  # the first fills the caches of hosts, names and types, as a running worker has them
                seen[name].append((time.process_time() - start) / len(mails) * 1e6)
    return {name: statistics.median(each) for name, each in seen.items()}


def figures(count: int, passes: int, peers: bool = True) -> dict[str, Any]:
    """All rows for all corpora, ready for JSON."""
    logging.disable(logging.CRITICAL)  # mail-parser logs what it stumbles over
    found: dict[str, Any] = {}
    for name, mails in corpora(count).items():
        gc.collect()
        gc.freeze()
        us = measure(STEPS, mails, passes)
        if peers:
            us |= measure(PEERS, mails[: max(1, count // 5)], max(1, passes // 2))
        found[name] = {"mails": len(mails), "mean_bytes": round(statistics.fmean(map(len, mails))), "cpu_us": us}
    return found


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


if __name__ == "__main__":
    main()
