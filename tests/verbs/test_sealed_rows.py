"""Seals on the ingest path, in the confined parser: keys and sealers of the settings, and a change of them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from junkhound import tables
from junkhound.kernel import clock, config
from junkhound.tables import Kind
from junkhound.verbs.ingest import Request, ingest
from junkhound.verbs.office import Office
from support import sealing

AT = clock.parse("2025-01-10")
SENT = 1_736_157_600  # 2025-01-06T10:00:00Z
LINE = (
    "Received: from {0} ({1} [{2}])\n\tby {3} (Postfix) with ESMTP id 4YRV6C1R3Kz3w;"
    " Mon, 06 Jan 2025 10:00:0{4} +0000\n"
)
THEIRS = LINE.format("pc", "unknown", "198.51.100.7", "mail.fwd.example", 0)
OURS = LINE.format("mail.fwd.example", "mail.fwd.example", "203.0.113.5", "mx.example.org", 3)
MAIL = "From: Ann <ann@example.net>\nTo: bob@fwd.example\nSubject: You have won\n\nSend money.\n"


def addresses(office: Office) -> list[str]:
    engine, snapshot = office.ledger.engine, office.ledger.snapshot()
    source = engine.source(tables.SIGHTINGS, snapshot.of("sightings"))
    return [
        str(one.address) for one in office.ledger.query().sightings(engine.rows(f"SELECT id_hi, id_lo FROM {source}"))
    ]


@pytest.mark.parametrize("isolate", [False, True])
def test_a_seal_names_who_stood_behind_the_forwarder(tmp_path: Path, isolate: bool) -> None:
    sealed = sealing.sealed((THEIRS + MAIL).encode(), "fwd.example", "spf=pass smtp.remote-ip=198.51.100.7", SENT + 1)
    (tmp_path / "m.eml").write_bytes(OURS.encode() + sealed)
    (tmp_path / "keys.zone").write_text(sealing.zone("fwd.example"))
    plain = config.Config(
        store=config.Store(home=str(tmp_path / "home")),
        engine=config.Engine(name="inline", isolate=isolate),
        network=config.NetworkSection(allow_documentation=True),
        mailboxes={"me": config.Mailbox(relays=("mx.example.org",))},
    )
    request = Request((str(tmp_path / "m.eml"),), Kind.JUNK, mailbox="me")
    office = Office(plain, AT)
    ingest(office, request)
    assert addresses(office) == ["203.0.113.5"], "the forwarder, as long as nobody is said to seal"
    network = dataclasses.replace(plain.network, sealers=("fwd.example",), keys=(str(tmp_path / "keys.zone"),))
    office = Office(dataclasses.replace(plain, network=network), AT)
    ingest(office, request)
    assert addresses(office) == ["198.51.100.7"], "judged anew by the new settings, and one row still"
