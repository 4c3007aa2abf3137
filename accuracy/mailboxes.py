"""People's mail of a world into a home: into the spool as the doors put it there, then judged at once.

A command for each mailbox would prepare every intake of the settings each time; a world of millions has thousands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from junkhound.intake import open_sources
from junkhound.tables import Kind
from junkhound.verbs import ingest as verbs_ingest
from junkhound.verbs.office import Office
from junkhound.wire import jsonl

AT_ONCE = 500
"""Mailboxes that wait in the spool together: a hundred megabytes."""


def take(office: Office, boxes: Sequence[Path], progress: Callable[[float], None]) -> int:
    """The mail of ``boxes`` (``NAME/Inbox.jsonl.zst``, ``NAME/Junk.jsonl.zst``) as its owners sorted it; new rows."""
    added = 0
    for start in range(0, len(boxes), AT_ONCE):
        progress(start / len(boxes))
        with office.ledger.spool.writer() as writer:
            for path in boxes[start : start + AT_ONCE]:
                kind = Kind.GOOD if path.name.startswith("Inbox") else Kind.JUNK
                for mail in open_sources((str(path),), office.config.intake, Counter()):
                    facts = jsonl.facts_of(mail.facts or {}, path.parent.name, int(kind), office.now)
                    writer.append(facts, mail.payload)
        added += verbs_ingest.ingest(office, verbs_ingest.Request()).added
    return added
