"""The tarpit: strangers wait, known-good clients never; kept mail is acknowledged at once; thousands cost little."""

from __future__ import annotations

import asyncio
import resource
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from junkhound.intake import tls, trap
from junkhound.intake.tarpit import Tarpit
from junkhound.kernel import net
from junkhound.kernel.clock import HOUR
from junkhound.wire import smtp
from support.traps import Running, hear, policy, traps, wait

CLIENT = net.parse("203.0.113.9")
HERE = net.parse("127.0.0.1")
DIALOGUE = (b"EHLO bot.example", b"MAIL FROM:<a@b.example>", b"RCPT TO:<x@trap.example>", b"DATA")


@pytest.fixture
def start() -> Iterator[Callable[..., Running]]:
    with traps() as make:
        yield make


def talk(running: Running) -> list[float]:
    """A whole mail, polite; seconds until each answer: greeting, the four commands, the end of the mail."""
    waited = []
    with running.connect() as client:
        for said in (b"", *(line + b"\r\n" for line in DIALOGUE), b"Subject: hi\r\n\r\nbuy\r\n.\r\n"):
            began = time.monotonic()
            client.sendall(said)
            while client.recv(4096).splitlines()[-1][3:4] != b" ":
                pass
            waited.append(time.monotonic() - began)
    return waited


def test_each_answer_to_a_stranger_waits_but_that_to_a_kept_mail_never(start: Callable[..., Running]) -> None:
    running = start(pit=trap.Pit(0.1))
    waited = talk(running)
    assert all(0.09 < one < 1.0 for one in waited[:5]), waited
    assert waited[5] < 0.09
    pit = running.trap.tarpit
    wait(lambda: pit.holding == 0)
    assert pit.answers == 5
    assert 450_000 <= pit.held_us <= 550_000
    (sums,) = pit.taken().values()
    assert (sums.connections, sums.answers, sums.mails, sums.early, sums.left) == (1, 5, 1, 0, 0)
    assert sums.held_us == pit.held_us


def test_who_is_spared_and_who_asks_while_it_is_off_never_waits(start: Callable[..., Running]) -> None:
    spared = start(pit=trap.Pit(5.0))
    spared.trap.tarpit.spared = lambda client: client == HERE
    off = start()
    for running in (spared, off):
        assert max(talk(running)) < 2.0
        assert not running.trap.tarpit.taken()
        assert running.trap.tarpit.answers == 0


def test_a_client_that_hangs_up_is_counted_with_the_time_it_was_there(start: Callable[..., Running]) -> None:
    running = start(pit=trap.Pit(30.0))
    with running.connect():
        wait(lambda: running.trap.tarpit.holding == 1)
        time.sleep(0.05)
    pit = running.trap.tarpit
    wait(lambda: not running.trap.open)
    assert (pit.holding, pit.left) == (0, 1)
    assert 0 < pit.held_us < 5_000_000


def test_who_speaks_before_a_held_greeting_is_an_early_talker_and_waits_all_the_same(
    start: Callable[..., Running],
) -> None:
    running = start(pit=trap.Pit(0.05))
    heard = running.say(b"".join(line + b"\r\n" for line in DIALOGUE) + b"Subject: hi\r\n\r\nbuy\r\n.\r\nQUIT\r\n")
    assert heard.count(b"250 2.0.0 kept") == 1
    ((facts, _),) = running.writer.synced
    assert facts.session.manners & smtp.Manner.EARLY
    assert facts.session.manners & smtp.Manner.AHEAD
    assert running.trap.counts.early == 1
    assert running.trap.tarpit.held_us >= 50_000


def test_a_flood_while_an_answer_waits_is_not_kept_in_memory(start: Callable[..., Running]) -> None:
    running = start(pit=trap.Pit(20.0))
    with running.connect() as client:
        wait(lambda: running.trap.tarpit.holding == 1)
        client.sendall(b"NOOP\r\n" * 4000)
        assert client.recv(4096).startswith(b"220 ")  # long before its time: more than a little is not kept meanwhile
        wait(lambda: running.trap.tarpit.holding == 1)
        assert running.trap.held == 0


def test_tls_begins_behind_the_answer_that_allows_it(start: Callable[..., Running], tmp_path: Path) -> None:
    offered = tls.context(*map(str, tls.self_signed(tmp_path, "mx.example.org")))
    running = start(pit=trap.Pit(0.06), policy=policy(starttls=True), tls=offered)
    with smtplib.SMTP("127.0.0.1", running.port, timeout=10) as client:
        client.starttls(context=ssl._create_unverified_context())
        client.sendmail("a@b.example", ["x@trap.example"], b"Subject: hi\r\n\r\nbuy\r\n")
    assert running.writer.synced
    assert running.trap.counts.tls == 1
    assert running.trap.tarpit.answers >= 6


def test_a_budget_is_of_the_client_and_of_the_hour() -> None:
    pit = Tarpit(trap.Pit(10.0, client_s=25.0))
    other = net.parse("203.0.113.10")
    waits = [pit.wait_us(CLIENT, 1, 5) for _ in range(4)]
    assert waits == [10_000_000, 10_000_000, 5_000_000, 0]
    assert pit.wait_us(other, 2, 5) == 20_000_000
    assert pit.wait_us(CLIENT, 1, HOUR + 5) == 10_000_000
    pit.began()
    pit.ended(CLIENT, 10_000_000, 1_000_000, True, HOUR + 6)  # what was not spent goes back
    assert [pit.wait_us(CLIENT, 1, HOUR + 7) for _ in range(4)] == [10_000_000, 10_000_000, 4_000_000, 0]


def test_no_more_are_held_at_a_time_than_allowed(start: Callable[..., Running]) -> None:
    running = start(pit=trap.Pit(30.0, connections=3))
    clients = [running.connect() for _ in range(3)]
    wait(lambda: running.trap.tarpit.holding == 3)
    with smtplib.SMTP("127.0.0.1", running.port, timeout=10) as free:  # answered although the pit is full
        assert free.noop()[0] == 250
    for client in clients:
        client.close()
    wait(lambda: running.trap.tarpit.holding == 0)


def hold(running: Running, count: int) -> tuple[float, float]:
    """(CPU ms, kB of memory) for each of so many connections, held from greeting to answer."""
    before, cpu = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()

    async def client(number: int) -> None:
        source = (f"127.0.{number // 250}.{number % 250 + 1}", 0)  # as many addresses
        reader, writer = await asyncio.open_connection("127.0.0.1", running.port, local_addr=source, limit=256)
        assert (await reader.readline()).startswith(b"220 ")
        writer.write(b"HELO bot\r\n")
        assert (await reader.readline()).startswith(b"250 ")
        writer.close()

    async def everybody() -> None:
        for start in range(0, count, 500):
            waiting.extend(asyncio.ensure_future(client(n)) for n in range(start, min(start + 500, count)))
            await asyncio.sleep(0.05)
        await asyncio.gather(*waiting)

    waiting: list[asyncio.Future[None]] = []
    with asyncio.Runner(loop_factory=trap.new_loop) as runner:
        runner.run(everybody())
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return 1000 * (time.process_time() - cpu) / count, (after - before) / count


def held_at_once(start: Callable[..., Running], count: int, seconds: float) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2 * count + 200:
        pytest.skip(f"only {hard} files may be open")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 2 * count + 1000)), hard))
    most = 0
    try:
        running = start(pit=trap.Pit(seconds, connections=count), connections=2 * count, per_network=count)
        pit = running.trap.tarpit
        began = pit.began

        def counted() -> None:
            nonlocal most
            began()
            most = max(most, pit.holding)

        pit.began = counted  # type: ignore[method-assign]
        cpu, memory = hold(running, count)
        assert most == count, "not all were held at the same time"
        assert pit.answers == 2 * count
        assert pit.held_us >= 0.95 * 2 * count * seconds * 1_000_000
        assert cpu < 5.0, f"{cpu:.2f} ms of CPU for each, its client's included"
        assert memory < 40, f"{memory:.1f} kB for each, its client's included"
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_two_thousand_are_held_at_low_cost(start: Callable[..., Running]) -> None:
    held_at_once(start, 2_000, 2.0)


@pytest.mark.slow
def test_ten_thousand_are_held_at_low_cost(start: Callable[..., Running]) -> None:
    """Both ends of each connection are in this process: where files are limited to 20,000, some hundred fewer."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    held_at_once(start, min(10_000, (hard - 400) // 2), 10.0)


def test_closing_down_lets_everybody_go(start: Callable[..., Running]) -> None:
    running = start(pit=trap.Pit(30.0))
    with socket.create_connection(("127.0.0.1", running.port)) as held:
        held.settimeout(5)
        wait(lambda: running.trap.tarpit.holding == 1)
        running.soon(running.trap.shut)
        wait(lambda: running.trap.tarpit.holding == 0)
        assert hear(held)[:4] in (b"220 ", b"421 "), "it hears a last word long before its time"
