"""Where the sample happens: networks that exist only in documentation, four trap domains and two mailboxes.

All addresses are of RFC 5737 and RFC 3849, all numbers of networks of RFC 5398, all names of RFC 2606.
"""

from __future__ import annotations

from dataclasses import dataclass

from junkhound.sample.mtas import Server

# network, ASN, organisation, country, kind of network: the route table that `data import` reads
NETWORKS = (
    ("192.0.2.0/27", 64496, "Quiet Pond Trap Network", "GB", ""),
    ("192.0.2.32/27", 64497, "Otterham University", "GB", "education"),
    ("192.0.2.64/26", 64498, "Northwind Business Internet", "GB", "isp"),
    ("192.0.2.128/25", 64499, "Coastline Broadband", "US", "isp"),
    ("198.51.100.0/26", 64500, "Redwood Dedicated Hosting", "US", "hosting"),
    ("198.51.100.64/26", 64501, "Altiplano Telecom", "BR", "isp"),
    ("198.51.100.128/26", 64502, "Golden Lake Network", "CN", "isp"),
    ("198.51.100.192/26", 64503, "Parcel Post Mailing Services", "US", "business"),
    ("203.0.113.0/26", 64504, "Danube Cable", "RO", "isp"),
    ("203.0.113.64/26", 64505, "Ural Line", "RU", "isp"),
    ("203.0.113.128/26", 64506, "Han River Broadband", "KR", "isp"),
    ("203.0.113.192/27", 64507, "Open Lists Foundation", "DE", ""),
    ("203.0.113.224/27", 64508, "Bigmail", "US", ""),
    ("2001:db8:1::/48", 64509, "Polder Fibre", "NL", "isp"),
    ("2001:db8:2::/48", 64508, "Bigmail", "US", ""),
    ("2001:db8:3::/48", 64510, "Savanna Mobile", "NG", "mobile"),
    ("2001:db8:4::/48", 64511, "Tideway Cloud", "DE", "hosting"),
)


def route_table() -> str:
    """The networks as CSV, as an operator would import them."""
    rows = [f"{network},AS{asn},{name},{country},{kind}" for network, asn, name, country, kind in NETWORKS]
    return "\n".join(["network,asn,org,country,type", *rows, ""])


@dataclass(frozen=True)
class Place:
    """One intake: the servers a mail passes from the border inwards, and the addresses behind them.

    A trap without servers is a listener of ours: its session is the only witness. ``relays`` is what its owner
    states, word for word as in the settings.
    """

    name: str
    kind: str
    domain: str
    country: str
    people: tuple[str, ...]
    servers: tuple[Server, ...] = ()
    relays: tuple[str, ...] = ()


QUIETPOND = Place(
    "quietpond", "trap", "quietpond.example", "GB",
    ("alan", "barbara", "colin", "dora", "edwin", "fiona", "graham", "heather", "info", "sales", "webmaster", "zoe"),
)  # fmt: skip
OLDMILL = Place(
    "oldmill", "trap", "oldmill.example", "GB",
    ("accounts", "brewer", "carter", "dyer", "enquiries", "miller", "orders", "smith", "thatcher", "weaver"),
    (Server("mx1.oldmill.example", "192.0.2.10", "postfix"),),
    ("192.0.2.10",),
)  # fmt: skip
PAPERMOON = Place(
    "papermoon", "trap", "papermoon.example", "US",
    ("agnes", "bob.kline", "cora", "dwight", "elmer", "june", "moses", "trixie"),
    (Server("relay.papermoon.example", "192.0.2.11", "exim", -300),),
    ("192.0.2.11",),
)  # fmt: skip
STONEBRIDGE = Place(
    "stonebridge", "trap", "stonebridge.example", "DE",
    ("anna.weber", "bernd", "christa", "dieter", "elke", "kontakt", "postmaster", "werner"),
    (
        Server("mx.stonebridge.example", "192.0.2.12", "qmail", 60),
        Server("hub.stonebridge.example", "192.0.2.13", "sendmail", 60),
    ),
    ("192.0.2.12", "192.0.2.13"),
)  # fmt: skip
DANA = Place(
    "dana", "mailbox", "bigmail.example", "US", ("dana",),
    (
        Server("mx.bigmail.example", "2001:db8:2:a05::1", "gmail", -480),
        Server("store.bigmail.example", "2001:db8:2:a05::9", "gmail_inside", -480),
    ),
    ("mx.bigmail.example", "2001:db8:2::/48"),
)  # fmt: skip
FERRIS = Place(
    "ferris", "mailbox", "otterham-uni.example", "GB", ("ferris",),
    (
        Server("EDGE01.otterham-uni.example", "192.0.2.40", "exchange"),
        Server("MBX02.otterham-uni.example", "192.0.2.41", "exchange"),
    ),
    ("192.0.2.40", "192.0.2.41", "edge01.otterham-uni.example", "mbx02.otterham-uni.example"),
)  # fmt: skip

TRAPS = (QUIETPOND, OLDMILL, PAPERMOON, STONEBRIDGE)
MAILBOXES = (DANA, FERRIS)
PLACES = TRAPS + MAILBOXES


def settings() -> str:
    """The settings file of the demonstration."""
    lines = [
        "# Settings of the demonstration. Every address and name in its sample exists in documentation only",
        "# (RFC 5737, 3849, 2606), so the first setting calls those public. Leave it out for real mail.",
        "[network]",
        "allow_documentation = true",
        'own = ["192.0.2.0/27"]',
        "",
    ]
    for place in PLACES:
        lines.append(f"[{'traps' if place.kind == 'trap' else 'mailboxes'}.{place.name}]")
        if place.kind == "trap":
            lines.append(f'domains = ["{place.domain}"]')
        if place.relays:
            lines.append("relays = [" + ", ".join(f'"{relay}"' for relay in place.relays) + "]")
        lines += [f'country = "{place.country}"', ""]
    lines += ["[lists.main]", 'scope = "public"', "", "[publish]", 'zone = "bl.example.org"', ""]
    return "\n".join(lines)
