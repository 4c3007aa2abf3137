"""A real rbldnsd on an edition, and a world of entries with questions about it whose answers are known."""

from __future__ import annotations

import bisect
import contextlib
import os
import random
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from junkhound.kernel import clock, net
from junkhound.kernel.net import Address, Network
from junkhound.listing import span
from junkhound.publish import outputs
from junkhound.publish.edition import Edition
from support.dns import A, ask
from support.editions import entry, make, name_entry
from support.peers import free_port, need

ZONE = "main.bl.example.org"
QUERIES = 10_000


@contextlib.contextmanager
def served(
    edition: Edition, folder: Path, sets: Sequence[str] = ("ip4set", "ip6trie"), zone_of_clock: str = "UTC"
) -> Iterator[int]:
    """rbldnsd serving the edition on a free port of 127.0.0.1, from ``TYPE`` or ``TYPE=ENDING`` of its files."""
    loads = [f"{ZONE}:{one.partition('=')[0]}:{one.partition('=')[2] or one}" for one in sets]
    forms = [outputs.get(form)(edition) for form in outputs.names() if form.startswith("rbldnsd")]
    files = {ending: content for form in forms for ending, content in form.items()}
    asked = f"2.0.0.127.{ZONE}" if edition.of_addresses else f"test.{ZONE}"
    with serving(files, loads, folder, asked, zone_of_clock) as port:
        yield port


@contextlib.contextmanager
def serving(
    files: Mapping[str, bytes], sets: Sequence[str], folder: Path, asked: str, zone_of_clock: str = "UTC"
) -> Iterator[int]:
    """rbldnsd with these files and data sets on a free port of 127.0.0.1, once it answers for the name ``asked``."""
    program = need("rbldnsd")
    port = free_port(socket.SOCK_DGRAM)
    with reachable(folder) as (place, user), (folder / "log").open("wb") as log:
        for ending, content in files.items():
            (place / ending).write_bytes(content)
            (place / ending).chmod(0o644)
        server = subprocess.Popen(
            [program, "-n", *user, "-w", str(place), "-b", f"127.0.0.1/{port}", *sets],
            stdout=log, stderr=log, env={**os.environ, "TZ": zone_of_clock},
        )  # fmt: skip
        try:
            _wait(port, server, folder / "log", asked)
            yield port
        finally:
            server.terminate()
            server.wait(10)


@contextlib.contextmanager
def reachable(folder: Path) -> Iterator[tuple[Path, list[str]]]:
    """Where the server reads: it refuses to be root, so it becomes nobody, who may not enter root's folders."""
    if os.geteuid() != 0:
        yield folder, []
        return
    with tempfile.TemporaryDirectory(prefix="junkhound-zone-") as made:
        os.chmod(made, 0o755)
        yield Path(made), ["-u", "nobody:nogroup"]


def _wait(port: int, server: subprocess.Popen[bytes], log: Path, asked: str) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if server.poll() is not None:
            pytest.fail(f"rbldnsd stopped: {log.read_text()}")
        with contextlib.suppress(TimeoutError, ConnectionError):
            ask(port, [(asked, A)], wait_s=0.1, tries=1)
            return
        time.sleep(0.01)  # a refused question comes back at once: do not spin
    pytest.fail(f"rbldnsd does not answer: {log.read_text()}")


def world(rng: random.Random) -> Edition:
    """A few thousand entries: single addresses, ranges up to /24, IPv6 networks, exclusions inside them."""
    four = {net.network_of(net.v4(rng.randrange(0x2D000000, 0x2D400000)), 96 + 32) for _ in range(3000)}
    wide = {net.network_of(net.v4(0x2E000000 + 512 * n + 256), 96 + rng.randint(24, 30)) for n in range(150)}
    six = {Network(0x2A00_0000_0000_0000 + 3 * rng.randrange(1 << 20), 0, 64) for _ in range(1500)}
    holes = [net.network_of(Address(n.hi, n.lo + rng.randrange(1 << (128 - n.bits))), 128) for n in sorted(wide)[::2]]
    holes += [Network(n.hi, rng.randrange(1 << 64), 128) for n in sorted(six)[::10]]
    holes += [net.network_of(n.first, n.bits + 1) for n in sorted(wide)[1::6]]
    holes.append(net.network_of(net.v4(0x0A000000), 96 + 8))  # wider than $MAXRANGE4
    entries = [entry(str(network), number=7 + n) for n, network in enumerate(sorted(four | wide | six))]
    return make(*entries, at=clock.SystemClock().now() - clock.SECOND, exclusions=tuple(holes))


def questions(edition: Edition, rng: random.Random) -> list[tuple[Address, bool]]:
    """Half of them listed; every range's and hole's first and last address and their outer neighbours among them."""
    listed = sorted(span(e.network) for e in edition.entries)
    holes = sorted(span(network) for network in edition.exclusions)

    def inside(address: int, ranges: list[tuple[int, int]]) -> bool:
        place = bisect.bisect_right(ranges, (address, 1 << 128))
        return any(first <= address <= last for first, last in ranges[max(place - 3, 0) : place])

    edges = {a for first, last in (*listed, *holes) for a in (first - 1, first, last, last + 1)}
    edges |= {rng.randint(first, last) for first, last in (*listed, *holes) for _ in range(3)}
    judged = [(a, inside(a, listed) and not inside(a, holes)) for a in sorted(edges)]
    yes, no = [pair for pair in judged if pair[1]], [pair for pair in judged if not pair[1]]
    assert min(len(yes), len(no)) >= QUERIES // 2
    picked = rng.sample(yes, QUERIES // 2) + rng.sample(no, QUERIES // 2)
    return [(Address(a >> 64, a & net.MASK64), is_listed) for a, is_listed in picked]


def names_world(rng: random.Random) -> Edition:
    """Domains with everything below them, single hosts, some of either below the other, and spared names among them."""
    domains = {f"d{rng.randrange(1 << 30):x}.example" for _ in range(1500)}
    below = {f"{rng.choice('abc')}.{name}" for name in sorted(domains)[::5]}
    hosts = {f"www.h{rng.randrange(1 << 30):x}.example" for _ in range(1500)}
    spared = [f"cdn.x.{name}" for name in sorted(domains)[::7]]
    entries = [name_entry(name, 10 + n) for n, name in enumerate(sorted(domains | below))]
    entries += [
        name_entry(name, 9000 + n, below=False, listing_class="advertised host", codes=("127.0.1.3", "127.0.1.9"))
        for n, name in enumerate(sorted(hosts))
    ]
    return make(*entries, at=clock.SystemClock().now() - clock.SECOND, name_exclusions=tuple(spared), of="names")


def name_questions(edition: Edition, rng: random.Random) -> list[tuple[str, tuple[str, ...]]]:
    """Names with the answers that are right for them, half of them listed: the names, names above, beside and below."""
    whole = {one.name for one in edition.names if one.below}
    alone = {one.name: one.codes for one in edition.names if not one.below}
    spared = set(edition.name_exclusions)

    def answers(name: str) -> tuple[str, ...]:
        up = [name.split(".", n)[-1] for n in range(name.count(".") + 1)]
        if spared.intersection(up):
            return ()
        return alone.get(name) or ((edition.code,) if whole.intersection(up) else ())

    asked = {one.name for one in edition.names} | spared
    asked |= {f"{label}.{name}" for name in asked for label in ("mail", "x", "a")}
    asked |= {name.replace(".example", "x.example") for name in asked} | {name[1:] for name in asked if name[0] != "w"}
    asked |= {name.partition(".")[2] for name in spared} | {f"deep.er.{name}" for name in spared}
    judged = [(name, answers(name)) for name in sorted(asked) if not name.startswith(".")]
    yes, no = [pair for pair in judged if pair[1]], [pair for pair in judged if not pair[1]]
    half = QUERIES // 2
    return rng.sample(yes, half) + rng.sample(no, half)
