"""The settings of block lists: what each holds, how it decides, and how all of them leave."""

from __future__ import annotations

from dataclasses import dataclass

from junkhound.kernel.setting import setting


@dataclass(frozen=True)
class List:
    """[lists.NAME]: one block list."""

    scope: str = setting(
        "own",
        "who may use it: own (two witnesses) or public (two vantages of different domains)",
        choices=("own", "public"),
    )
    holds: str = setting(
        "direct",
        "what it holds: direct sources, bots and proxies, malware carriers, scanners, abused accounts, auth (password"
        " guessing), snowshoe or dynamic ranges, escalated networks, do-not-route, advertised domains or hosts, or"
        " combined: other lists in one zone",
        choices=(
            "direct", "bots", "malware", "scanners", "accounts", "auth", "snowshoe", "dynamic", "escalated",
            "do-not-route", "domains", "hosts", "combined",
        ),
    )  # fmt: skip
    of: tuple[str, ...] = setting((), "lists that a combined one is made of; empty means all others", "names")
    answers: str = setting(
        "values", "how a combined list answers: values (an A record for each) or bits (one)", choices=("values", "bits")
    )
    method: str = setting(
        "posterior",
        "how it decides on addresses: posterior (the rules of this program) or spamcop (SpamCop's published rules, as"
        " a reference)",
        choices=("posterior", "spamcop"),
    )
    kinds: tuple[str, ...] = setting((), "kinds of sighting that count; empty means as what it holds needs", "kinds")
    bound: float = setting(
        0.7, "an address is listed when the 5% lower bound of its junk share exceeds this", "share", low=0
    )
    witnesses: int = setting(2, "independent witnesses a listing needs", "witnesses", low=2)
    return_share: float = setting(
        0.35, "an address stays while a further sighting within a day is likelier than this", "share", low=0
    )
    first_days: float = setting(
        0.0, "longest life of a first listing after the last sighting; 0 means as what it holds needs", "days", low=0
    )
    longest_days: float = setting(180.0, "longest life of a listing, after doublings", "days", low=1)
    dynamic_hours: float = setting(24.0, "longest life of a listing in a dynamic pool", "hours", low=1)
    ipv6_bits: int = setting(64, "IPv6 is listed by networks of this length", "bits", low=32)
    protect: tuple[str, ...] = setting((), "networks this list never holds", "networks")
    protect_names: tuple[str, ...] = setting((), "domains this list never holds, and nothing below them", "domains")
    shadow_hours: float = setting(
        1.0, "a new list, and one whose rules changed, is decided but not published for so long", "hours", low=0
    )
    code: str = setting("", "answer for what is listed (RFC 5782); empty means that of what it holds", "address")
    text: str = setting("", "page about a listing, %s becomes its number; empty leaves it out", "URL")
    max_growth: float = setting(
        0.5, "a new edition may grow by this share before it is held back (not below 1,000 entries)", "share", low=0
    )
    max_network: int = setting(
        0, "largest IPv4 network in an edition ($MAXRANGE4); 0 means 24, and 16 for ranges", "prefix length", low=0
    )
    tlp: str = setting(
        "",
        "whom readers may pass it to (TLP 2.0); empty means CLEAR for a public list and GREEN for one's own",
        choices=("", "CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"),
    )


@dataclass(frozen=True)
class Publish:
    """[publish]: how lists leave as files."""

    outputs: tuple[str, ...] = setting(
        ("rbldnsd", "plain", "cidr", "json", "csv", "served"), "forms that are written", "forms"
    )
    folder: str = setting("", "where they are written; empty means out/ in the home", "path")
    expire_hours: float = setting(48.0, "a file not renewed this long stops being served ($TIMESTAMP)", "hours", low=1)
    zone: str = setting("bl.example.org", "zone above those of the lists: list main is main.bl.example.org", "domain")
    name_servers: tuple[str, ...] = setting((), "servers that answer for the zone; empty means ns.ZONE", "host names")
    contact: str = setting("", "mail address of the zone's keeper; empty means hostmaster@ZONE", "mail address")
    ttl_s: int = setting(900, "how long an answer, and a 'not listed', is remembered", "s", low=1)
    sign: str = setting(
        "auto",
        "sign files with the key in the home's keys/: auto (where junkhound[sign] is installed), always or never",
        choices=("auto", "always", "never"),
    )
    rpz_action: str = setting(
        "nxdomain",
        "what the response policy zone does: nxdomain, nodata, drop, passthru, tcp-only, or a host name to lead to",
        "word or host name",
    )
