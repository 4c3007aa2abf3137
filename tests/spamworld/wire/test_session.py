"""Sessions as the JSON-lines intake reads them, and the manners by which programs can be told apart."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from junkhound import trace
from junkhound.evidence import message
from junkhound.wire import hello, jsonl
from junkhound.wire.smtp import dialect
from junkhound.wire.smtp.terms import Manner as Bit
from spamworld.plan import Delivery, Machine, Recipient
from spamworld.wire import engines, facts, manners, session, stack, write
from support.deliveries import BOT, COMPOSED, CORP, MX, NEW, OLD, delivery, machine

NAMES = [*engines.ALL, *manners.CLIENTS]


def line_of(one: Delivery, seed: int = 0) -> bytes:
    """Mail and session together, as the world stores them."""
    raw = base64.b64encode(write(one, COMPOSED, seed)).decode()
    return json.dumps({**session(one, seed), "mail": raw}).encode()


def client(software: str, host: int = 9, address: str = "198.51.100.7", system: str = "windows-xp") -> Machine:
    return Machine(host, address, "h.isp.example", True, "mail.sender.example", software, 0, 64500, "BR", system)


@pytest.mark.parametrize("software", NAMES)
def test_the_intake_reads_every_fact(software: str) -> None:
    one = delivery(sender=client(software), tls="TLSv1.2", at=NEW)
    read = jsonl.read(line_of(one))
    assert read.wrong == ()
    found = jsonl.facts_of(read.facts, "trap", 1, 0)
    assert not found.origin.imported
    assert found.origin.client == bytes((198, 51, 100, 7))
    assert found.origin.received_at == NEW
    assert found.session.helo == b"pc-77"
    assert found.session.client_name == "h.isp.example"
    assert found.envelope.mail_from == b"ann@sender.example"
    assert (b"x@trap.example", 250, True) in [(r.address, r.code, r.trap) for r in found.envelope.recipients]


@pytest.mark.parametrize("strategy", ["F0", "F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "E1", "E2"])
def test_mail_and_session_give_the_right_source(strategy: str) -> None:
    """With the session the handing machine is certain, whatever was forged below its line."""
    border = trace.boundary([MX.address], (), allow_documentation=True)
    for number in range(10):
        read = jsonl.read(line_of(delivery(strategy, number, campaign=number)))
        found = jsonl.facts_of(read.facts, "trap", 1, 0)
        verdict = trace.judge(trace.read(message.parse(read.mail)), border, found)
        assert str(verdict.handover) == BOT.address
        assert verdict.anchored


def test_one_seed_one_session() -> None:
    one = delivery(sender=client("engine-6"))
    assert session(one, 4) == session(one, 4)
    assert session(one, 4) != session(one, 5)


@pytest.mark.parametrize("software", NAMES)
def test_commands_are_kept_as_the_trap_keeps_them(software: str) -> None:
    """Addresses, names and sizes are out of the trace; the rest is to the letter what the program says."""
    manner = engines.manner_of(software)
    raw = [
        manner.hello.format("pc-77"),
        manner.mail.format("ann@sender.example")
        + " SIZE=4711" * manner.size
        + f" BODY={manner.body}" * bool(manner.body),
        manner.rcpt.format("x@trap.example"),
        manner.data,
        *manner.after,
    ]
    if manner.hello.startswith("HELO"):
        raw[1] = manner.mail.format("ann@sender.example")
    kept = {dialect.shown(line.encode()).decode() for line in raw}
    said = facts.talk(manner, False, False, False, 1)
    assert kept <= {*said.shown}
    assert len(said.shown) == len(said.replies) == len(said.waits)


def test_engines_differ() -> None:
    """No two engines of tuning look alike to a trap, nor write alike."""
    looks = [str(session(delivery(sender=client(name), number=3), 0)["dialect"]) for name in engines.ENGINES]
    assert len(set(looks)) == 8
    pens = {str(engine.pen) for engine in engines.ALL.values()}
    assert len(pens) == 10


def test_two_engines_share_seventy_percent() -> None:
    three, four = (engines.traits(engines.ENGINES[name]) for name in ("engine-3", "engine-4"))
    shared = sum(three[name] == four[name] for name in three) / len(three)
    assert 0.65 <= shared <= 0.75


def test_bits_are_those_of_the_trap() -> None:
    assert (facts.EARLY, facts.AHEAD, facts.BARE) == (Bit.EARLY, Bit.AHEAD, Bit.BARE_LINE_END)


def test_temper() -> None:
    """Refused at a recipient who is not there, one program repeats itself; busy, another asks again at once."""
    again, calm = engines.ENGINES["engine-7"].manner, engines.ENGINES["engine-1"].manner
    assert facts.talk(again, False, False, False, 2, guess=1).replies.count(550) == 2
    assert facts.talk(calm, False, False, False, 2, guess=1).replies.count(550) == 1
    assert 451 in facts.talk(again, False, False, False, 1, busy=True).replies
    assert 451 not in facts.talk(calm, False, False, False, 1, busy=True).replies


def test_guesses_are_refused_recipients() -> None:
    seen = 0
    for number in range(200):
        rcpt: Any = session(delivery(sender=client("engine-7"), number=number), 0)["rcpt"]
        refused = [one for one in rcpt if one["code"] == 550]
        seen += bool(refused)
        assert all(not one["trap"] for one in refused)
    assert 30 <= seen <= 70


def test_recipients_in_one_transaction() -> None:
    many = tuple(Recipient(f"x{n}@trap.example", "seeded") for n in range(4))
    one = session(delivery(sender=client("engine-2"), recipients=many), 0)
    dialogue: Any = one["dialect"]
    assert dialogue.count("DATA") == 4


def test_line_and_session_agree_on_tls() -> None:
    """A program of 2007 comes to no TLS that its library does not have."""
    one = delivery(sender=client("engine-6"), tls="TLSv1.3")
    kept = session(one, 0)
    (line,) = stack(one, 0)
    assert kept["tls_version"] == 0x0301
    assert f"using TLSv1 with cipher {kept['tls_cipher']} ".encode() in line.text
    assert str(kept["client_hello"]).startswith("t10")


@pytest.mark.parametrize("library", sorted(manners.HELLOS))
def test_the_text_of_a_hello_is_the_traps(library: str) -> None:
    """Packed as TLS records, what a library offers has the fingerprint that the table says."""
    version, ciphers, extensions, signatures = manners._HELLOS[library]

    def listed(values: tuple[int, ...], width: int = 2) -> bytes:
        inner = b"".join(value.to_bytes(2, "big") for value in values)
        return len(inner).to_bytes(width, "big") + inner

    extra = b""
    for kind in extensions:
        content = b""
        if kind == 0x0D:
            content = listed(signatures)
        elif kind == 0x2B:
            content = listed((0x0304, 0x0303), 1)
        extra += kind.to_bytes(2, "big") + len(content).to_bytes(2, "big") + content
    legacy = 0x0301 if version == "10" else 0x0303
    body = (
        legacy.to_bytes(2, "big")
        + bytes(32)
        + b"\0"
        + listed(ciphers)
        + b"\1\0"
        + len(extra).to_bytes(2, "big")
        + extra
    )
    record = b"\1" + len(body).to_bytes(3, "big") + body
    assert hello.ja4(b"\x16\3\1" + len(record).to_bytes(2, "big") + record) == manners.HELLOS[library]


def test_the_first_packet_is_that_of_the_system() -> None:
    windows, linux = (
        session(delivery(sender=client("engine-1", 8, system=s)), 0)["syn"] for s in ("windows-xp", "linux-26")
    )
    assert str(windows).startswith("4:128:0:1460:65535,0:mss,nop,nop,sok:")
    assert str(linux).startswith("4:64:")
    own = session(delivery(sender=client("engine-7", 8)), 0)["syn"]
    assert own == engines.ENGINES["engine-7"].manner.syn
    six = session(delivery(sender=client("postfix", 8, "2001:db8::7", "linux-5")), 0)["syn"]
    assert str(six).startswith("6:64:0:1440:")


def test_the_last_hand_over_is_the_session() -> None:
    """Behind a relay the relay is the client, with its own manner."""
    one = session(delivery(over=(CORP,), tls="", at=OLD), 0)
    assert one["client"] == CORP.address
    assert one["helo"] == CORP.name
    assert one["dialect"] == ["EHLO *", "MAIL FROM:<> SIZE=", "RCPT TO:<>", "DATA", "QUIT"]


def test_replay_is_told_how_the_program_speaks() -> None:
    manner: Any = session(delivery(sender=client("engine-5")), 0)["manner"]
    assert (manner["lower"], manner["bare"], manner["quit"]) == (True, True, "QUIT")
    drop: Any = session(delivery(sender=client("engine-2")), 0)["manner"]
    assert drop["quit"] == "drop"


def test_an_unknown_engine_is_one_of_the_eight() -> None:
    assert engines.of("engine-17") is engines.ENGINES["engine-1"]
    assert engines.of("postfix") is None
    assert engines.manner_of("frobnicator") is manners.CLIENTS["postfix"]
    assert machine(1, "192.0.2.1", "x", "y").software == "y"
