"""Who sends in the sample: machines with a story each, over three years."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from junkhound.sample.dice import DIGITS, LOWER, Dice
from junkhound.sample.mtas import Peer, Server

START, TAKEDOWN, LAST_WAVE, END = "2023-01-02", "2024-11-12", "2025-12-28", "2026-01-01"

HOUR, DAY, MONTH = 3600, 86_400, 2_629_800


def instant(day: str) -> int:
    """Midnight UTC of a day, in seconds since 1970."""
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())


@dataclass(frozen=True)
class Spell:
    """A time of activity: its first and last day and how many mails a month."""

    first: str
    last: str
    monthly: float


@dataclass(frozen=True)
class Source:
    """One sender and what became of it.

    ``addresses`` are those it may have; with ``lease_h`` it changes among them. ``rdns`` may hold ``%ip%``.
    ``helo`` names a style of ``claimed``. ``forgeries`` are (kind, weight) as in ``forgery``. ``through`` is a
    server of others that it submits to, which writes a genuine line: ``relay`` or ``webmail`` says how.
    """

    name: str
    story: str
    addresses: tuple[str, ...]
    spells: tuple[Spell, ...]
    campaigns: tuple[tuple[str, float], ...]
    rdns: str = ""
    helo: str = "rdns"
    engine: str = "outlook"
    forgeries: tuple[tuple[str, float], ...] = (("none", 1.0),)
    lease_h: int = 0
    through: Server | None = None
    how: str = ""
    burst: int = 3

    def address(self, at: float) -> str:
        """Where it is at that moment: a leased address lasts ``lease_h`` hours."""
        if not self.lease_h:
            return self.addresses[0]
        return Dice("lease", self.name, int(at) // (self.lease_h * HOUR)).one(self.addresses)

    def peer(self, at: float, dice: Dice, rcpt_domain: str) -> Peer:
        """How it shows itself to the server it speaks to."""
        ip = self.address(at)
        rdns = self.rdns.replace("%ip%", ip.replace(".", "-").replace("::", "-").replace(":", "-"))
        return Peer(ip, claimed(self.helo, ip, rdns, dice, rcpt_domain, Dice("host", self.name)), rdns)


def claimed(style: str, ip: str, rdns: str, dice: Dice, rcpt_domain: str, own: Dice) -> str:
    """The name given in HELO: one's own (the same every time, from ``own``), a made-up one, or somebody else's."""
    return {
        "rdns": rdns or f"[{ip}]",
        "literal": f"[IPv6:{ip}]" if ":" in ip else f"[{ip}]",
        "word": dice.word(dice.between(5, 9)),
        "netbios": "WIN-" + own.word(11, LOWER.upper() + DIGITS),
        "localhost": "localhost",
        "recipient": rcpt_domain,
        "bigmail": f"mail-{dice.between(201, 239)}.bigmail.example",
        "private": f"[192.168.{own.below(3)}.{own.between(2, 60)}]",
    }[style]


def _block(prefix: str, first: int, last: int) -> tuple[str, ...]:
    return tuple(f"{prefix}.{host}" for host in range(first, last + 1))


OPEN_RELAY = Server("mail.potteries-supply.example", "192.0.2.90", "postfix_short")
BIGMAIL_OUT = Server("mail-230.bigmail.example", "203.0.113.230", "gmail", -480)

_SHOP = (("pharmacy", 4.0), ("watches", 2.0), ("casino", 1.0))

_LOWER_HALVES = (
    "91d4:20:7c01:a1", "2e07:9:7c01:a1", "c3:f1:7c01:4b", "d00d:1:7c01:99", "5a5a:77:7c01:3", "8080:3c:7c01:e",
)  # fmt: skip

RESIDENTS = (
    Source(
        "old-windows",
        "a file server nobody updates: three years, bar the occasional hiatus",
        ("192.0.2.70",),
        (
            Spell(START, "2023-08-04", 4.6),
            Spell("2023-10-02", "2024-02-09", 4.6),
            Spell("2024-05-20", "2025-01-03", 4.6),
            Spell("2025-02-17", "2025-11-30", 4.6),
            Spell("2025-12-01", LAST_WAVE, 5.0),
            Spell(LAST_WAVE, END, 60.0),
        ),
        (("pharmacy", 3.0), ("watches", 1.0)),
        rdns="static-70.northwind.example",
        helo="netbios",
        forgeries=(("none", 3.0), ("random", 1.0)),
        burst=1,
    ),
    Source(
        "webmail-hole",
        "a web mail with a known hole, mended and opened again",
        ("192.0.2.77",),
        (Spell("2023-02-10", "2023-06-28", 5.0), Spell("2024-03-04", "2024-07-30", 6.0), Spell("2025-08-11", END, 5.0)),
        (("bank-phish", 3.0), ("parcel-phish", 1.0)),
        rdns="mail.kilnworks.example",
        engine="bot-b",
    ),
    Source(
        "firehose",
        "one address, hundreds of messages, never a month off",
        ("198.51.100.131",),
        (Spell(START, "2025-06-30", 6.4), Spell("2025-07-01", LAST_WAVE, 6.0), Spell(LAST_WAVE, END, 150.0)),
        (("invoices", 2.0), ("pharmacy", 2.0), ("watches", 1.0)),
        helo="word",
        engine="bot-b",
        forgeries=(("none", 2.0), ("own-mx", 1.0), ("chain", 1.0)),
        burst=4,
    ),
    Source(
        "ural-mailer",
        "a dedicated mailer that forges the trap's own server",
        ("203.0.113.70",),
        (
            Spell("2023-03-13", "2023-12-22", 4.6),
            Spell("2024-02-01", "2024-09-15", 4.6),
            Spell("2024-12-01", LAST_WAVE, 4.6),
            Spell(LAST_WAVE, END, 60.0),
        ),
        (("mule-recruitment", 2.0), ("seminar", 2.0), ("pharmacy", 1.0)),
        rdns="ptr70.uralline.example",
        helo="recipient",
        engine="bot-a",
        forgeries=(("none", 1.0), ("own-mx", 2.0)),
    ),
    Source(
        "polder-host",
        "an infected host behind IPv6 that changes its lower half every day",
        tuple(f"2001:db8:1:7:{half}" for half in _LOWER_HALVES),
        (
            Spell("2023-05-08", "2024-01-20", 2.4),
            Spell("2024-06-10", "2025-03-28", 2.4),
            Spell("2025-06-02", LAST_WAVE, 2.4),
            Spell(LAST_WAVE, END, 60.0),
        ),
        (("casino", 1.0), ("watches", 1.0), ("pharmacy", 1.0)),
        helo="literal",
        engine="bot-b",
        burst=1,
        lease_h=24,
    ),
    Source(
        "golden-lake-2",
        "a second mailer in the same network, younger",
        ("198.51.100.140",),
        (Spell("2024-08-01", LAST_WAVE, 4.0), Spell(LAST_WAVE, END, 60.0)),
        (("invoices", 3.0), ("watches", 1.0)),
        helo="word",
        engine="bot-b",
        forgeries=(("none", 2.0), ("pasted", 1.0)),
    ),
    Source(
        "relay-abuser",
        "works through an open relay of a small firm",
        ("203.0.113.71",),
        (Spell("2023-09-01", "2024-01-31", 5.0), Spell("2025-10-20", END, 5.0)),
        (("stock-tout", 2.0), ("watches", 1.0)),
        rdns="ptr71.uralline.example",
        helo="private",
        engine="bot-a",
        through=OPEN_RELAY,
        how="relay",
    ),
    Source(
        "letter-writer",
        "writes to strangers from accounts at a large mailbox provider",
        tuple(f"2001:db8:3:{n:x}::{n * 7 + 2:x}" for n in range(16, 28)),
        (Spell("2023-01-20", END, 2.4),),
        (("advance-fee", 1.0),),
        engine="outlook",
        lease_h=60,
        through=BIGMAIL_OUT,
        how="webmail",
        burst=2,
    ),
)


def pool() -> tuple[Source, ...]:
    """Infected homes in a dynamic pool: the address changes every day or two, the guest stays."""
    addresses = _block("192.0.2", 129, 190)
    return tuple(
        Source(
            f"pool-home-{n}",
            "an infected home in a dynamic pool",
            addresses,
            (Spell(first, last, 4.2),),
            (*_SHOP, ("stock-tout", 1.5)),
            rdns="dyn-%ip%.pool.coastline.example",
            helo="private" if n % 2 else "netbios",
            engine="bot-a",
            forgeries=(("none", 3.0), ("chain", 1.0), ("random", 1.0)),
            lease_h=24 if n % 2 else 48,
            burst=2,
        )
        for n, (first, last) in enumerate(
            (
                ("2023-02-01", "2023-11-20"),
                ("2023-07-01", "2024-04-01"),
                ("2024-01-10", "2024-12-24"),
                ("2024-09-01", "2025-07-15"),
                ("2025-03-01", END),
                ("2025-09-10", END),
            )
        )
    )


def botnet_a() -> tuple[Source, ...]:
    """Rented out for stocks and pills; silent from the day its control server was cut off."""
    homes = _block("198.51.100", 70, 99) + _block("203.0.113", 5, 30) + _block("203.0.113", 132, 149)
    return tuple(_bot("a", n, ip, "2023-05-01", TAKEDOWN, 60, 420) for n, ip in enumerate(homes))


def botnet_b() -> tuple[Source, ...]:
    """Smaller, older, still here: it took over part of the trade, and mails for the new year."""
    before = _block("203.0.113", 32, 40) + _block("203.0.113", 80, 90)
    after = _block("203.0.113", 41, 52) + _block("198.51.100", 150, 165) + _block("203.0.113", 91, 104)
    early = [_bot("b", n, ip, START, "2025-06-30", 90, 500) for n, ip in enumerate(before)]
    late = [_bot("b", n, ip, "2025-03-01", END, 200, 320) for n, ip in enumerate(after, len(early))]
    wave = [
        replace(bot, spells=(*bot.spells, Spell(LAST_WAVE, END, 55.0))) if n < 14 else bot for n, bot in enumerate(late)
    ]
    return tuple(early + wave)


_RENTED: dict[str, tuple[tuple[str, float], ...]] = {
    "a": (("stock-tout", 3.0), ("pharmacy", 2.0)),
    "b": (*_SHOP, ("bank-phish", 1.5), ("mule-recruitment", 1.0)),
}
_BOTS_FORGE = (
    ("none", 5.0), ("chain", 2.0), ("pasted", 1.0), ("impossible", 0.6), ("padding", 0.15), ("webmail", 0.5),
)  # fmt: skip


def _bot(net: str, n: int, ip: str, first: str, last: str, shortest: int, longest: int) -> Source:
    dice = Dice("bot", net, n)
    begin, end = instant(first), instant(last)
    born = begin + dice.below(max(end - begin - shortest * DAY, DAY))
    dies = min(born + dice.between(shortest, longest) * DAY, end)
    rdns = ("", "cpe-%ip%.danube.example", "", "adsl-%ip%.hanriver.example")[n % 4]
    return Source(
        f"bot-{net}-{n}",
        f"a bot of net {net.upper()}",
        (ip,),
        (Spell(_day(born), _day(dies), 2.0 if net == "a" else 0.7),),
        _RENTED[net],
        rdns=rdns,
        helo=("word", "bigmail", "localhost")[n % 3] if net == "a" else ("netbios", "recipient")[n % 2],
        engine="bot-a" if net == "a" else "bot-b",
        forgeries=_BOTS_FORGE,
        burst=3,
    )


def _day(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def snowshoe() -> tuple[Source, ...]:
    """Rented servers with clean names, a few mails each, for cold offers."""
    return tuple(
        Source(
            f"snowshoe-{n}",
            "one of many rented servers that send a little each",
            (f"198.51.100.{32 + n}",),
            (Spell("2025-07-01", LAST_WAVE, 0.8),),
            (("b2b", 1.0),),
            rdns=f"out{n}.crateandcord{n + 1}.example",
            engine="outlook",
            burst=2,
        )
        for n in range(12)
    )


def everybody() -> tuple[Source, ...]:
    return RESIDENTS + pool() + botnet_a() + botnet_b() + snowshoe()
