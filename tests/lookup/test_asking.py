"""The resolver's client: many questions, none lost, none believed that was not asked for."""

from __future__ import annotations

import asyncio
import time

import pytest

from junkhound.lookup import Question, Resolver, below
from junkhound.lookup.asking import SILENT
from junkhound.wire import dns
from junkhound.wire.dns import Answer
from support.nameserver import Named, reply, serving

ZONE = below("bl.example.org")


def ask(named: Named, count: int, **about: float) -> tuple[dict[int, Answer], Resolver]:
    """The answers to ``count`` questions, 0.0.0.0 and on, by number."""
    resolver = Resolver(("127.0.0.1", named.port), **{"timeout_s": 0.5, **about})  # type: ignore[arg-type]
    found: dict[int, Answer] = {}

    def take(question: Question, answer: Answer) -> None:
        assert question.tag not in found
        found[question.tag] = answer

    questions = (Question(n, bytes(dns.name(f"{n % 256}.{n // 256}.2.127"))[:-1], ZONE) for n in range(count))
    asyncio.run(resolver.ask(questions, take))
    assert sorted(found) == list(range(count))
    return found, resolver


def even(name: str, kind: int, packet: bytes) -> list[bytes]:
    number = int(name.partition(".")[0])
    return [reply(packet, "127.0.0.2") if number % 2 == 0 else reply(packet, code=3)]


def test_every_question_gets_its_own_answer() -> None:
    with serving(even) as named:
        found, resolver = ask(named, 2000)
        assert {n: answer.addresses for n, answer in found.items()} == {
            n: (b"\x7f\0\0\2",) if n % 2 == 0 else () for n in range(2000)
        }
        assert resolver.strange == 0
        assert len(named.ports) == 8
        assert len(named.cases) > 1500  # names are asked in another case each time


def test_what_is_lost_is_asked_again_and_silence_ends() -> None:
    seen: dict[str, int] = {}

    def lossy(name: str, kind: int, packet: bytes) -> list[bytes]:
        seen[name] = seen.get(name, 0) + 1
        number = int(name.partition(".")[0])
        return even(name, kind, packet) if seen[name] > number % 4 else []

    with serving(lossy) as named:
        found, resolver = ask(named, 64, timeout_s=0.2)
        assert [found[n] is SILENT for n in range(64)] == [n % 4 == 3 for n in range(64)]
        assert resolver.repeated == 16 * (0 + 1 + 2 + 2)


def test_a_resolver_that_is_not_there_gives_silence_in_time() -> None:
    with serving(even) as named:
        pass
    start = time.monotonic()
    found, _ = ask(named, 20, timeout_s=0.1)
    assert set(found.values()) == {SILENT}
    assert time.monotonic() - start < 3


def _forged(packet: bytes, what: str) -> bytes:
    made = reply(packet, "127.0.0.99")
    if what == "number":
        return bytes([made[0] ^ 1]) + made[1:]
    if what == "case":
        return made[:12] + made[12:].swapcase()
    if what == "name":
        return made.replace(b"\x03127", b"\x03126")
    if what == "question":
        return packet
    return {"short": made[:9], "empty": b"", "torn": made[:14]}[what]


@pytest.mark.parametrize("what", ["number", "case", "name", "question", "short", "empty", "torn"])
def test_a_forged_answer_is_not_believed(what: str) -> None:
    def forger(name: str, kind: int, packet: bytes) -> list[bytes]:
        return [_forged(packet, what), *even(name, kind, packet)]

    with serving(forger) as named:
        found, resolver = ask(named, 100)
        assert {answer.addresses for answer in found.values()} == {(b"\x7f\0\0\2",), ()}
        assert resolver.strange >= 100


def test_an_answer_that_comes_twice_counts_once() -> None:
    with serving(lambda name, kind, packet: even(name, kind, packet) * 3) as named:
        found, _ = ask(named, 200)
        assert sum(bool(answer.addresses) for answer in found.values()) == 100


def test_what_is_cut_comes_by_tcp() -> None:
    def cut(name: str, kind: int, packet: bytes) -> list[bytes]:
        return [reply(packet, "127.0.0.99", cut=True)]

    with serving(cut, even) as named:
        found, _ = ask(named, 10)
        assert [answer.addresses for answer in found.values()].count((b"\x7f\0\0\2",)) == 5
        assert len(named.tcp) == 10
    with serving(cut, lambda *_: [b"nonsense"]) as named:
        found, _ = ask(named, 3)
        assert set(found.values()) == {SILENT}


@pytest.mark.parametrize("code", [1, 2, 5])
def test_errors_are_told(code: int) -> None:
    with serving(lambda name, kind, packet: [reply(packet, code=code)]) as named:
        found, _ = ask(named, 5)
        assert {answer.code for answer in found.values()} == {code}


def test_no_more_are_in_flight_than_allowed_and_no_more_a_second() -> None:
    waiting: list[tuple[str, int, bytes]] = []
    most = 0

    def slow(name: str, kind: int, packet: bytes) -> list[bytes]:
        nonlocal most
        waiting.append((name, kind, packet))
        most = max(most, len(waiting))
        if len(waiting) < 16:
            return []
        waiting.clear()
        return []

    with serving(slow) as named:
        ask(named, 48, in_flight=16, timeout_s=0.05, tries=1)
        assert most <= 16
    with serving(even) as named:
        start = time.monotonic()
        ask(named, 40, per_s=100)
        assert 0.25 < time.monotonic() - start < 3


def test_an_error_of_the_asker_ends_the_round() -> None:
    with serving(even) as named:
        resolver = Resolver(("127.0.0.1", named.port))

        def take(question: Question, answer: Answer) -> None:
            raise KeyError("mine")

        with pytest.raises(KeyError, match="mine"):
            asyncio.run(resolver.ask(iter([Question(1, b"\x012", ZONE)]), take))


def test_any_bytes_behind_the_question_are_read_without_an_error() -> None:
    import random

    rng = random.Random(5)
    question = bytes(dns.name("a.example")) + b"\0\1\0\1"
    head = b"\0\7\x81\x80\0\1\xff\xff\0\0\0\0"
    for _ in range(5000):
        tail = rng.randbytes(rng.randrange(80))
        answer = dns.answer(head + question + tail, 12 + len(question), rng.choice([dns.A, dns.TXT]))
        assert all(len(address) == 4 for address in answer.addresses)
