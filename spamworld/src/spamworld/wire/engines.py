"""Eight bot engines for tuning and two kept back for evaluation: how each speaks, and how it writes a header.

The eight are invented, within what public work says of such programs (Stringhini et al., B@bel, USENIX Security 2012:
case, blanks and order of commands; Kreibich et al., "On the Spam Campaign Trail", LEET 2008: templates that the bot
fills in). ``engine-4`` descends from ``engine-3`` and shares 70% of its traits, so that similar is not taken for same.
The last two follow published descriptions and are for evaluation only: no detector may be tuned on them.
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from spamworld.wire.manners import CLIENTS, HIGHEST, Manner
from spamworld.wire.tls import lower


class Pen(msgspec.Struct, frozen=True, gc=False):
    """How a program writes the header of a mail."""

    order: tuple[str, ...] = ()  # of fields, lower case; "*" is where all others go
    names: tuple[tuple[str, str], ...] = ()  # how it writes names that it does not write as usual
    message_id: str = "generic"  # "" for none
    id_host: str = "author"  # author, helo, rdns, computer, random, own
    boundary: str = "generic"
    date: str = "padded"  # padded, short, blank, comment, gmt, named, none
    zone: str = "local"  # local (of its own machine), utc, fixed:MINUTES, random, wrong
    mailer: tuple[tuple[str, tuple[str, ...]], ...] = ()  # fields of its own, a value each drawn for a campaign
    fold: int = 78  # 0 for never
    below: float = 0.0  # how often its own forged lines stood below From and Subject, before 2012 (test T10)


class Engine(msgspec.Struct, frozen=True, gc=False):
    """A bot engine."""

    name: str
    helo: str  # rdns, literal, word, computer, target, author, local, address
    manner: Manner
    pen: Pen


_OE = (
    "Microsoft Outlook Express 6.00.2900.2180",
    "Microsoft Outlook Express 6.00.2800.1106",
    "Microsoft Outlook Express 6.00.2900.3138",
)
_OE_MIME = ("Produced By Microsoft MimeOLE V6.00.2900.2180", "Produced By Microsoft MimeOLE V6.00.2800.1106")
_BAT = ("The Bat! (v2.00.2) Personal", "The Bat! (v3.0.1.33) Professional", "The Bat! (v2.11.02) Educational")

_ONE = Engine(
    "engine-1",
    "rdns",
    Manner(
        hello="HELO {}",
        mail="MAIL FROM: <{}>",
        rcpt="RCPT TO: <{}>",
        after=("QUIT",),
        rcpts=20,
        guesses=0.08,
        after_4xx="next",
        after_5xx="next",
        greet_us=250_000,
        pace_us=180_000,
    ),
    Pen(
        order=(
            "message-id",
            "from",
            "to",
            "subject",
            "date",
            "mime-version",
            "*",
            "x-priority",
            "x-msmail-priority",
            "x-mailer",
            "x-mimeole",
        ),
        message_id="outlook-express",
        id_host="computer",
        boundary="outlook-express",
        date="short",
        zone="wrong",
        mailer=(("X-Priority", ("3",)), ("X-MSMail-Priority", ("Normal",)), ("X-Mailer", _OE), ("X-MimeOLE", _OE_MIME)),
        fold=0,
        below=0.6,
    ),
)
_TWO = Engine(
    "engine-2",
    "literal",
    Manner(
        hello="EHLO {}",
        mail="MAIL FROM:<{}>",
        body="8BITMIME",
        rcpt="RCPT TO:<{}>",
        after=(),
        rcpts=1,
        after_4xx="drop",
        after_5xx="drop",
        greet_us=60_000,
        pace_us=70_000,
        jitter=0.2,
        early=True,
    ),
    Pen(
        order=("received", "date", "from", "x-mailer", "reply-to", "x-priority", "message-id", "to", "subject", "*"),
        message_id="engine-2",
        boundary="engine-2",
        date="padded",
        zone="fixed:-300",
        mailer=(("X-Mailer", _BAT), ("X-Priority", ("3 (Normal)",))),
        below=0.6,
    ),
)
_THREE = Engine(
    "engine-3",
    "word",
    Manner(
        hello="EHLO {}",
        mail="MAIL FROM:<{}>",
        rcpt="RCPT TO:<{}>",
        before=("RSET",),
        after=("QUIT",),
        rcpts=50,
        guesses=0.15,
        after_4xx="again",
        after_5xx="next",
        greet_us=400_000,
        pace_us=220_000,
        jitter=0.5,
        ahead=True,
    ),
    Pen(
        order=("from", "to", "subject", "date", "message-id", "mime-version", "*"),
        names=(("MIME-Version", "Mime-Version"),),
        message_id="engine-3",
        id_host="random",
        boundary="engine-3",
        date="padded",
        zone="local",
        fold=0,
        below=0.7,
    ),
)
_FOUR = Engine(  # 30% of the traits are its own: see test_engines
    "engine-4",
    "computer",
    msgspec.structs.replace(
        _THREE.manner, before=(), guesses=0.05, after_4xx="drop", pace_us=140_000, greet_us=200_000, hello="HELO {}"
    ),
    msgspec.structs.replace(_THREE.pen, message_id="engine-4", boundary="engine-4", zone="utc"),
)
_FIVE = Engine(
    "engine-5",
    "target",
    Manner(
        hello="EHLO {}",
        mail="mail from:<{}>",
        rcpt="rcpt to:<{}>",
        data="data",
        after=("quit",),
        rcpts=10,
        after_4xx="next",
        after_5xx="quit",
        greet_us=120_000,
        pace_us=90_000,
        bare=True,
    ),
    Pen(
        order=("to", "subject", "from", "*", "message-id", "date"),
        names=(("Message-ID", "Message-Id"), ("Content-Type", "Content-type")),
        message_id="qmail",
        id_host="random",
        boundary="mutt",
        date="gmt",
        zone="utc",
        fold=998,
        below=0.3,
    ),
)
_SIX = Engine(
    "engine-6",
    "computer",
    Manner(
        hello="EHLO {}",
        mail="MAIL FROM:<{}>",
        size=True,
        rcpt="RCPT TO:<{}>",
        auth=0.4,
        hello_tls="schannel-xp",
        rcpts=1,
        after_4xx="later",
        after_5xx="next",
        greet_us=90_000,
        pace_us=110_000,
    ),
    Pen(
        order=(
            "reply-to",
            "from",
            "to",
            "subject",
            "date",
            "message-id",
            "mime-version",
            "*",
            "x-mailer",
            "thread-index",
            "x-mimeole",
        ),
        message_id="outlook",
        id_host="computer",
        boundary="outlook",
        date="short",
        zone="local",
        mailer=(
            ("X-Mailer", ("Microsoft Office Outlook, Build 11.0.5510", "Microsoft Office Outlook 11")),
            ("Thread-Index", ("{thread}",)),
            ("X-MimeOLE", _OE_MIME),
        ),
        below=0.2,
    ),
)
_SEVEN = Engine(
    "engine-7",
    "address",
    Manner(
        hello="HELO {}",
        mail="MAIL FROM:{}",
        rcpt="RCPT TO:{}",
        after=("RSET", "QUIT"),
        rcpts=5,
        guesses=0.25,
        after_4xx="again",
        after_5xx="again",
        greet_us=30_000,
        pace_us=15_000,
        jitter=0.1,
        ahead=True,
        syn="4:128:0:1460:16384,0:mss:id+:0",
    ),
    Pen(
        order=("date", "to", "from", "subject", "*"),
        message_id="",
        boundary="engine-7",
        date="blank",
        zone="random",
        fold=0,
        below=0.8,
    ),
)
_EIGHT = Engine(
    "engine-8",
    "author",
    Manner(
        hello="EHLO {}",
        mail="MAIL FROM:<{}>",
        size=True,
        body="8BITMIME",
        rcpt="RCPT TO:<{}>",
        hello_tls="mbedtls",
        rcpts=100,
        after_4xx="later",
        after_5xx="quit",
        greet_us=45_000,
        pace_us=30_000,
        jitter=0.8,
        auth=0.05,
        auth_line="AUTH PLAIN",
    ),
    Pen(
        order=(
            "*",
            "from",
            "to",
            "subject",
            "message-id",
            "date",
            "mime-version",
            "content-type",
            "content-transfer-encoding",
        ),
        message_id="mozilla",
        boundary="mozilla",
        date="padded",
        zone="local",
        mailer=(
            (
                "User-Agent",
                (
                    "Thunderbird 2.0.0.14 (Windows/20080421)",
                    "Thunderbird 1.5.0.7 (Windows/20060909)",
                    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:102.0) Gecko/20100101 Thunderbird/102.6.0",
                ),
            ),
        ),
        below=0.2,
    ),
)

# For evaluation only. The first as the Storm worm's bots are described (Kreibich et al., LEET 2008 and 2009: template
# macros, one made-up Received line, Outlook Express habits), the second as Reactor Mailer is (H. Stern, "A Survey of
# Modern Spam Tools", CEAS 2008: one engine on rented bots, templates by the customer). What they leave out is chosen.
_STORM = Engine(
    "engine-9",
    "rdns",
    Manner(
        hello="HELO {}",
        mail="MAIL FROM:<{}>",
        rcpt="RCPT TO:<{}>",
        after=("QUIT",),
        rcpts=1,
        after_4xx="next",
        after_5xx="next",
        greet_us=180_000,
        pace_us=150_000,
        jitter=0.7,
    ),
    Pen(
        order=(
            "message-id",
            "from",
            "to",
            "subject",
            "date",
            "mime-version",
            "*",
            "x-priority",
            "x-msmail-priority",
            "x-mailer",
            "x-mimeole",
        ),
        message_id="outlook-express",
        id_host="own",
        boundary="outlook-express",
        date="short",
        zone="fixed:-480",
        mailer=(("X-Priority", ("3",)), ("X-MSMail-Priority", ("Normal",)), ("X-Mailer", _OE), ("X-MimeOLE", _OE_MIME)),
        fold=0,
    ),
)
_REACTOR = Engine(
    "engine-10",
    "rdns",
    Manner(
        hello="EHLO {}",
        mail="MAIL FROM: <{}>",
        rcpt="RCPT TO: <{}>",
        rcpts=40,
        after=("RSET", "QUIT"),
        after_4xx="later",
        after_5xx="next",
        greet_us=20_000,
        pace_us=25_000,
        jitter=0.2,
        guesses=0.02,
        syn="4:128:0:1460:64512,0:mss,nop,nop,sok:df,id+:0",
    ),
    Pen(
        order=(
            "date",
            "from",
            "x-mailer",
            "reply-to",
            "x-priority",
            "message-id",
            "to",
            "subject",
            "mime-version",
            "*",
        ),
        message_id="engine-10",
        boundary="engine-10",
        date="padded",
        zone="fixed:180",
        mailer=(("X-Mailer", _BAT), ("X-Priority", ("3 (Normal)",))),
    ),
)

ENGINES: dict[str, Engine] = {one.name: one for one in (_ONE, _TWO, _THREE, _FOUR, _FIVE, _SIX, _SEVEN, _EIGHT)}
EVALUATION: dict[str, Engine] = {one.name: one for one in (_STORM, _REACTOR)}
ALL: dict[str, Engine] = ENGINES | EVALUATION


def of(name: str) -> Engine | None:
    """The engine of that name; a name like ``engine-N`` beyond the table takes one of the eight."""
    found = ALL.get(name)
    if found is None and name.startswith("engine-"):
        rest = name[7:]
        found = ENGINES[f"engine-{(int(rest) - 1) % 8 + 1}"] if rest.isdigit() else _ONE
    return found


_ALIASES = {
    "esp-1": "ses",
    "esp-2": "sendgrid",
    "esp-3": "mailgun",
    "esp-4": "powermta",
    "outlook": "microsoft-365",
    "exchange-2000": "exchange-old",
    "exchange-2003": "exchange-old",
    "exchange-5.5": "exchange-old",
    "exchange-5": "exchange-old",
    "smtpsvc": "exchange-old",
    "hotmail": "exchange-old",
}


@lru_cache(1024)
def manner_of(software: str) -> Manner:
    """How a machine with this software speaks: a bot engine's manner, a mail server's; Postfix's for an unknown one."""
    engine = of(software)
    if engine is not None:
        return engine.manner
    name = _ALIASES.get(software, software)
    return CLIENTS.get(name) or CLIENTS.get(name.partition("-")[0]) or CLIENTS["postfix"]


def tls_version(software: str, wanted: str) -> str:
    """The version that this client and a server come to, at most the one wanted."""
    library = manner_of(software).hello_tls
    return lower(wanted, HIGHEST[library]) if library else wanted


def traits(engine: Engine) -> dict[str, object]:
    """Every trait by name, for comparing engines."""
    found: dict[str, object] = {"helo": engine.helo}
    for part in (engine.manner, engine.pen):
        found |= {f"{type(part).__name__.lower()}.{key}": value for key, value in msgspec.structs.asdict(part).items()}
    return found
