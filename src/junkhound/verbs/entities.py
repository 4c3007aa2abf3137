"""What else has this: any key asked for the campaigns, sources and keys that go with it; and ties as a graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

import msgspec

from junkhound import content
from junkhound.kernel.clock import DAY, day_text
from junkhound.kernel.errors import NotFound, UsageError
from junkhound.ledger.actors import ActorBook
from junkhound.ledger.botnets import BotnetBook, Rent
from junkhound.ledger.campaigns import Book, Campaign
from junkhound.ledger.queries_campaigns import Campaigns
from junkhound.tables import ABOUT_LINES, KeyKind
from junkhound.verbs import registrations, seen
from junkhound.verbs.campaigns import Line, Source, alias_of, line
from junkhound.verbs.campaigns import source as source_of
from junkhound.verbs.grouping import hubs
from junkhound.verbs.office import Office


class Use(msgspec.Struct, frozen=True):
    """A campaign that has the key, in how many of its mails; the campaign is None for mail in none."""

    campaign: Line | None
    mails: int
    first_on: str
    last_on: str


class Beside(msgspec.Struct, frozen=True):
    """Another key in the same mails, or known of the same thing."""

    kind: str
    name: str
    mails: int
    key: str = ""


class Entity(msgspec.Struct, frozen=True):
    """Everything that has one key. ``hub``: everybody has it, and it ties nobody to anybody."""

    kind: str
    name: str
    key: str
    mails: int
    hub: bool
    uses: tuple[Use, ...]
    sources: tuple[Source, ...]
    beside: tuple[Beside, ...]


def entity(office: Office, words: str, kind: str = "") -> tuple[Entity, ...]:
    """What else has this: ``words`` is the text of a key (a domain, a number, a hash) or its 16 hex digits.

    One answer for each kind of key that has this text. Errors: UsageError, NotFound.
    """
    wanted = _kind(kind)
    queries = Campaigns(office.ledger.engine, office.ledger.snapshot())
    found = queries.named(words) or queries.named(words.lower())
    if not found and len(words) == 16 and all(char in "0123456789abcdef" for char in words.lower()):
        found = queries.kinds_of_key(int(words, 16))
    if not found:
        found = [(int(one), key) for one in KeyKind for key in (content.key(words.lower()),) if one in _SPOKEN]
        found = [pair for pair in found if queries.has_key(*pair)]
    found = [(one, key) for one, key in found if wanted is None or one == wanted]
    more = [
        answer for known in REGISTERED if wanted is None or wanted == known
        for answer in _registered(office, queries, known, words)
    ]  # fmt: skip
    if not found and more:
        return tuple(more)
    if not found:
        raise NotFound(f"nothing has {words!r}", "write it as a campaign's page does: a domain, a number, a hash")
    return (*(_entity(office, queries, one, key) for one, key in found), *more)


REGISTERED = (KeyKind.REGISTRANT, KeyKind.NAME_SERVER, KeyKind.REGISTERED)
"""Kinds of keys that only the operator's file of registrations knows (``verbs.registrations``)."""
MOST_DOMAINS = 200
_SPOKEN = (KeyKind.DOMAIN, KeyKind.URL_HOST, KeyKind.MAIL_ADDRESS, KeyKind.FROM_DOMAIN)


def _kind(words: str) -> int | None:
    if not words:
        return None
    try:
        return int(KeyKind[words.upper().replace("-", "_")])
    except KeyError:
        known = ", ".join(kind.name.lower() for kind in KeyKind if kind not in (KeyKind.TRAP, *ABOUT_LINES))
        raise UsageError(f"no kind of key {words!r}", f"known: {known}") from None


def _entity(office: Office, queries: Campaigns, kind: int, key: int) -> Entity:
    book, redacted = Book(office.ledger.state), seen.Redactor(office)
    standing = {one.number: one for one in book.all()}
    used, senders = queries.having(kind, key, alias_of(book))
    beside = queries.beside(kind, key)
    texts = queries.key_names([key, *(other for _, other, _ in beside)])
    return Entity(
        KeyKind(kind).name.lower(),
        redacted(texts.get((kind, key), "")),
        f"{key:016x}",
        sum(use.mails for use in used),
        key in hubs(),
        tuple(
            Use(line(standing[use.campaign], redacted) if use.campaign in standing else None, use.mails,
                day_text(use.first_day * DAY), day_text(use.last_day * DAY))
            for use in used
        ),
        tuple(source_of(sender) for sender in senders),
        (*_registration(office, kind, key), *_beside(beside, texts, redacted)),
    )  # fmt: skip


def _beside(
    keys: Sequence[tuple[int, int, int]], texts: Mapping[tuple[int, int], str], redacted: seen.Redactor
) -> list[Beside]:
    """Other keys (kind, key, mails) with their texts."""
    return [
        Beside(KeyKind(one).name.lower(), redacted(texts.get((one, key), "")) or f"{key:016x}", mails, f"{key:016x}")
        for one, key, mails in keys
    ]


def _registration(office: Office, kind: int, key: int) -> list[Beside]:
    """What is known of the registration of a domain, as keys to ask further; counted in no mails."""
    one = registrations.of(office).get(key) if kind == int(KeyKind.DOMAIN) else None
    return (
        []
        if one is None
        else [Beside(what.name.lower(), text, 0, f"{content.key(text):016x}") for what, text in one.ties()]
    )


def _registered(office: Office, queries: Campaigns, kind: KeyKind, words: str) -> list[Entity]:
    """What leads to any domain of one registrant, on one name server, or bought in one hour; none where none is known.

    ``words`` is the text of the key, or its 16 hex digits.
    """
    known = registrations.of(office)
    texts = {text for one in known.values() for what, text in one.ties() if what is kind}
    wanted = [text for text in texts if words.casefold() in (text.casefold(), f"{content.key(text):016x}")]
    domains = registrations.domains_with(office, kind, wanted[0]) if wanted else []
    if not domains:
        return []
    book, redacted = Book(office.ledger.state), seen.Redactor(office)
    standing = {one.number: one for one in book.all()}
    sums: dict[int, list[int]] = {}
    sources: dict[str, Source] = {}
    beside: list[Beside] = []
    for domain in domains[:MOST_DOMAINS]:
        used, senders = queries.having(int(KeyKind.DOMAIN), content.key(domain), alias_of(book))
        for use in used:
            held = sums.setdefault(use.campaign, [0, use.first_day, use.last_day])
            sums[use.campaign] = [held[0] + use.mails, min(held[1], use.first_day), max(held[2], use.last_day)]
        for sender in senders:
            sources.setdefault(str(sender.address), source_of(sender))
        key = f"{content.key(domain):016x}"
        beside.append(Beside("domain", redacted(domain), sum(use.mails for use in used), key))
    uses = tuple(
        Use(line(standing[number], redacted) if number in standing else None, mails, day_text(first * DAY),
            day_text(last * DAY))
        for number, (mails, first, last) in sorted(sums.items(), key=lambda pair: (-pair[1][0], pair[0]))
    )  # fmt: skip
    return [
        Entity(
            kind.name.lower(), wanted[0], f"{content.key(wanted[0]):016x}", sum(use.mails for use in uses),
            content.key(wanted[0]) in hubs(), uses, tuple(sources.values())[:50],
            tuple(sorted(beside, key=lambda one: (-one.mails, one.name))),
        )
    ]  # fmt: skip


# -- ties as a graph ------------------------------------------------------------------------------------------------


class Node(msgspec.Struct, frozen=True):
    """A campaign, a botnet, an actor or a key."""

    id: str
    kind: str
    label: str
    mails: int = 0


class Edge(msgspec.Struct, frozen=True):
    """What goes with what, in how many mails."""

    one: str
    other: str
    kind: str
    mails: int = 0


class Graph(msgspec.Struct, frozen=True):
    """Nodes and what ties them."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


MOST_KEYS = 12  # of one campaign that are drawn
_DRAWN = (
    "DOMAIN", "PHONE", "WALLET", "IBAN", "MAILBOX", "ACCOUNT", "TICKER", "ATTACHMENT", "PICTURE", "PICTURE_HASH",
    "DKIM_DOMAIN",
)  # fmt: skip


def graph(office: Office, around: Sequence[str] = (), limit: int = 200) -> Graph:
    """Campaigns with their keys, botnets and actors: of those named, or of the largest.

    ``around`` names campaigns, botnets or actors; what shares a key with these campaigns is drawn too.
    """
    book, nets, actors = Book(office.ledger.state), BotnetBook(office.ledger.state), ActorBook(office.ledger.state)
    redacted = seen.Redactor(office)
    standing = {one.number: one for one in book.all()}
    keys, rents, hand = book.keys(), nets.rents(), actors.campaigns()
    chosen = _chosen(around, book, nets, actors, rents, hand, standing)[:limit] if around else [*standing][:limit]
    names = {one.number: one.name for one in nets.all()}
    who = actors.all()
    nodes: dict[str, Node] = {}
    edges: dict[tuple[str, str], Edge] = {}
    queries = Campaigns(office.ledger.engine, office.ledger.snapshot())
    drawn = {int(kind): kind.name.lower() for kind in KeyKind if kind.name in _DRAWN}
    held = {number: [k for k in keys.get(number, ()) if k[0] in drawn][:MOST_KEYS] for number in chosen}
    texts = queries.key_names([key for some in held.values() for _, key, _ in some])
    for number in chosen:
        one = standing[number]
        nodes[one.name] = Node(one.name, "campaign", redacted(one.subject) or one.name, one.mails)
        for kind, key, mails in held[number]:
            name = f"{drawn[kind]}:{key:016x}"
            nodes.setdefault(name, Node(name, drawn[kind], redacted(texts.get((kind, key), "")) or f"{key:016x}"))
            edges[one.name, name] = Edge(one.name, name, "has", mails)
        if number in hand and hand[number] in who:
            actor = who[hand[number]].name
            nodes.setdefault(actor, Node(actor, "actor", actor))
            edges[actor, one.name] = Edge(actor, one.name, "made", one.mails)
    for rent in rents:
        if rent.campaign in set(chosen) and rent.botnet in names:
            net, name = names[rent.botnet], standing[rent.campaign].name
            nodes.setdefault(net, Node(net, "botnet", net))
            before = edges.get((name, net))
            edges[name, net] = Edge(name, net, "rents", rent.mails + (before.mails if before else 0))
    return Graph(tuple(nodes.values()), tuple(edges.values()))


def _chosen(around: Sequence[str], book: Book, nets: BotnetBook, actors: ActorBook, rents: Sequence[Rent],
            hand: dict[int, int], standing: dict[int, Campaign]) -> list[int]:  # fmt: skip
    """The campaigns that are meant, and those that share a key with one of them."""
    wanted: list[int] = []
    for name in around:
        first = name[:2].upper()
        if first == "B-":
            net = nets.get(name).number
            wanted += [rent.campaign for rent in rents if rent.botnet == net]
        elif first == "A-":
            who = actors.get(name).number
            wanted += [campaign for campaign, one in hand.items() if one == who]
        else:
            wanted.append(book.get(name).number)
    wanted = [one for one in dict.fromkeys(wanted) if one in standing]
    keys = book.keys()
    drawn = {int(kind) for kind in KeyKind if kind.name in _DRAWN}
    mine = {(kind, key) for one in wanted for kind, key, _ in keys.get(one, ()) if kind in drawn}
    near = [
        one for one, held in keys.items()
        if one in standing and one not in set(wanted) and any((kind, key) in mine for kind, key, _ in held)
    ]  # fmt: skip
    return [*wanted, *near]


def graphml(found: Graph) -> str:
    """The graph as GraphML (http://graphml.graphdrawing.org/specification.html), as Gephi, yEd and igraph read it."""
    out = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">',
        '<key id="kind" for="all" attr.name="kind" attr.type="string"/>',
        '<key id="label" for="node" attr.name="label" attr.type="string"/>',
        '<key id="mails" for="all" attr.name="mails" attr.type="long"/>',
        '<graph edgedefault="undirected">',
    ]
    out += [
        f'<node id={quoteattr(node.id)}><data key="kind">{node.kind}</data><data key="label">'
        f'{_clean(node.label)}</data><data key="mails">{node.mails}</data></node>'
        for node in found.nodes
    ]
    out += [
        f'<edge source={quoteattr(edge.one)} target={quoteattr(edge.other)}><data key="kind">{edge.kind}</data>'
        f'<data key="mails">{edge.mails}</data></edge>'
        for edge in found.edges
    ]
    return "\n".join([*out, "</graph>", "</graphml>"]) + "\n"


def _clean(words: str) -> str:
    """Text without the characters that XML 1.0 has no place for (section 2.2)."""
    return escape("".join(char for char in words if char in "\t\n" or 32 <= ord(char) < 0xD800 or ord(char) > 0xDFFF))
