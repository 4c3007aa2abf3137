"""The column schemas, written once: name, type, meaning. Columns are only ever added, at the end.

Types are those of Arrow (``u8 u16 u32 u64 i32 i64 str bin``); ``null`` says whether a value may be missing.
``ledger`` turns a ``Table`` into an Arrow schema; pure rooms make plain lists by these names.
"""

from __future__ import annotations

from dataclasses import dataclass

SCHEMA_VERSION = 2


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its type and what a value means."""

    name: str
    type: str
    text: str
    null: bool = False
    since: int = 1  # schema version


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its columns in order and what a row is."""

    name: str
    text: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


_ID = (
    Column("id_hi", "u64", "sighting id, first 8 bytes, big endian"),
    Column("id_lo", "u64", "sighting id, last 8 bytes"),
)

SIGHTINGS = Table(
    "sightings",
    "one observation of an address doing one thing, once",
    (
        *_ID,
        Column("addr_hi", "u64", "address, top 64 bits; null where no address may be blamed", null=True),
        Column("addr_lo", "u64", "address, low 64 bits; IPv4 is mapped (::ffff:a.b.c.d)", null=True),
        Column("seen_at", "i64", "when a machine we trust saw it, microseconds UTC; null if none says", null=True),
        Column("ingested_at", "i64", "when we took it in, microseconds UTC"),
        Column("kind", "u8", "what the address did (words.Kind)"),
        Column("standing", "u8", "who saw it (words.Standing)"),
        Column("path", "u8", "how the message came (words.Path)"),
        Column("state", "u8", "what became of the delivery (words.State)"),
        Column("confidence", "u16", "that `address` injected it, in 1/10000; 0 where unanchored"),
        Column("clues", "u32", "what the trace noticed (words.Clue)"),
        Column("defects", "u32", "how the message is broken (words.Defect)"),
        Column("asn", "u32", "origin network on that day; 0 unknown"),
        Column("prefix", "u8", "announced prefix length in the 128-bit space; 0 unknown"),
        Column("country", "u16", "two letters, first * 256 + second; 0 unknown"),
        Column("operator", "u8", "kind of network (words.Operator)"),
        Column("routes", "u16", "the route table used (state.db route_tables); 0 none"),
        Column("intake", "u64", "which trap instance or mailbox: keyed number of its name (state.db names)"),
        Column("analysis", "u32", "analysis version (state.db analyses)"),
        Column(
            "vantage",
            "u64",
            "witness: registrable trap domain of the first accepted recipient, mailbox or log"
            " host, as keyed number (state.db names); 0 cannot witness",
        ),
        Column("trap", "u64", "first accepted recipient, as keyed number (state.db names); 0 where none is a trap"),
        Column("recipients", "u16", "accepted recipients of the transaction; 0 unknown"),
        Column("trap_country", "u16", "country of the trap, as two letters; 0 unknown"),
        Column("resend", "u8", "1: a repeat within 24 h, counts nowhere"),
        Column("count", "u32", "folded sessions without a message; 1 for a message"),
        Column("size", "u32", "kept bytes"),
        Column("hops", "u8", "Received lines, 255 and more as 255"),
        Column("template", "u64", "xxh3 of the normalised text (table templates); 0 no text"),
        Column("auth_domain", "u64", "key of the first DKIM d= domain; 0 none"),
        Column("segment", "u64", "segment and pack that hold the bytes; 0 not kept"),
        Column("ordinal", "u32", "place in that segment, from 0"),
        Column("repeat", "u64", "keyed hash of (client, mail, recipients), by which resends meet; 0 for imports"),
        Column(
            "source_class",
            "u8",
            "what kind of source it seems to be (words.SourceClass); null before version 2",
            True,
            2,
        ),
    ),
)

KEYS = Table(
    "keys",
    "a thing a sighting shares with others: a linked host, an attachment, a further trap",
    (
        *_ID,
        Column("day", "i32", "day of seen_at (else ingested_at), days since 1970"),
        Column("kind", "u8", "what the key stands for (words.KeyKind)"),
        Column("key", "u64", "xxh3 of the text, or the first 64 bits of a sha256"),
    ),
)

NAMES = Table(
    "names",
    "the text behind a key, once per object",
    (
        Column("kind", "u8", "words.KeyKind"),
        Column("key", "u64", "as in keys"),
        Column("name", "str", "the text, at most 255 characters"),
        Column("day", "i32", "day it was met, days since 1970"),
    ),
)

TEMPLATES = Table(
    "templates",
    "one row per distinct normalised text and object",
    (
        Column("template", "u64", "xxh3 of the normalised text"),
        Column("sketch", "bin", "128 min-hashes of the word set, u32 little endian"),
        Column("words", "u32", "words in the normalised text"),
        *_ID,
        Column("day", "i32", "day of that first sighting, days since 1970"),
        Column("subject", "str", "its subject, at most 120 characters"),
    ),
)

SESSIONS = Table(
    "sessions",
    "what the SMTP session showed, where we ran or were told of it",
    (
        *_ID,
        Column("day", "i32", "days since 1970"),
        Column("helo", "u64", "key of the HELO name; 0 none"),
        Column("dialect", "u64", "key of the dialect trace; 0 none"),
        Column("syn", "u64", "key of the saved SYN; 0 none"),
        Column("ja4", "u64", "key of the ClientHello text; 0 none"),
        Column("client_port", "u16", "0 unknown"),
        Column("local_port", "u16", "0 unknown"),
        Column("tls", "u16", "TLS version number on the wire (0x0303, 0x0304); 0 none"),
        Column("timing", "u8", "0 unknown, else 1 + log2 of the median milliseconds between commands"),
        Column("auth", "u8", "1: the client tried to authenticate"),
    ),
)

UNITS = Table(
    "units",
    "which campaign a distinct text is in; of several rows the newest counts",
    (
        Column("unit", "u64", "template, or of mail that says too little the key of what it carries"),
        Column("campaign", "u32", "number of the campaign (state.db campaigns); 0 none yet"),
        Column("day", "i32", "day it was first seen, days since 1970"),
        Column("made_at", "i64", "when it was grouped, microseconds UTC"),
    ),
)

HOT = Table(
    "hot",
    "by address, hour, vantage, kind and standing: the 35 days before `at`",
    (
        Column("addr_hi", "u64", "address, top 64 bits"),
        Column("addr_lo", "u64", "address, low 64 bits"),
        Column("hour", "i32", "hours since 1970"),
        Column("vantage", "u64", "as in sightings"),
        Column("kind", "u8", "words.Kind"),
        Column("standing", "u8", "words.Standing"),
        Column("messages", "u32", "sightings, counted at their first vantage only, so that sums are exact"),
        Column("witness", "u32", "1 for each vantage"),
    ),
)

COLD = Table(
    "cold",
    "by address, day and kind, for ever",
    (
        Column("addr_hi", "u64", "address, top 64 bits"),
        Column("addr_lo", "u64", "address, low 64 bits"),
        Column("day", "i32", "days since 1970"),
        Column("kind", "u8", "words.Kind"),
        Column("messages", "u32", "sightings that day"),
        Column("witnesses", "u32", "distinct (vantage, hour)"),
        Column("vantages", "u16", "distinct vantages"),
        Column("asn", "u32", "as of that day"),
        Column("country", "u16", "as of that day"),
    ),
)

HANDOVERS = Table(
    "handovers",
    "by handing-over address, day and kind, where it differs from the source",
    COLD.columns,
)

NETWORKS = Table(
    "networks",
    "good and unsorted mail by network and day, after its rows are gone",
    (
        Column("addr_hi", "u64", "first address of the /24 or /48, top 64 bits"),
        Column("addr_lo", "u64", "first address of the /24 or /48, low 64 bits"),
        Column("day", "i32", "days since 1970"),
        Column("kind", "u8", "words.Kind"),
        Column("messages", "u32", "sightings that day"),
        Column("asn", "u32", "as of that day"),
        Column("country", "u16", "as of that day"),
    ),
)

ALL = (SIGHTINGS, KEYS, NAMES, TEMPLATES, SESSIONS, UNITS, HOT, COLD, HANDOVERS, NETWORKS)
