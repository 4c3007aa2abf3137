"""A batch of deliveries in, rows out: the one function that every engine runs.

DELIVERIES (segment, ordinal, sha256, mail, facts) -> SIGHTINGS (+ keys, names, templates, sessions). It knows no
history, so the batches may run in any order on any number of machines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from struct import Struct
from typing import Any, NamedTuple

import msgspec
import numpy as np

from junkhound import content, tables, trace
from junkhound.evidence.message import Message, parse
from junkhound.kernel.clock import DAY
from junkhound.sighting import headers, ids, secrecy, sessions, things
from junkhound.sighting.numbers import number
from junkhound.sighting.rules import IntakeRules, Rules
from junkhound.tables import Clue, Defect, KeyKind, Kind, Path, Standing, State
from junkhound.wire.facts import Facts, Recipient

SPARSE = (Kind.GOOD, Kind.UNSORTED)
"""Kinds that leave a row and nothing else: no pack, keys, template or session (RUNTIME, retention)."""


WITHOUT_MAIL = (Kind.AUTH_GUESS, Kind.PROBE, Kind.HARVEST, Kind.FLOOD)
"""Kinds of sessions that brought no message: a row with a count, from a record without bytes."""


class Delivery(NamedTuple):
    """One arrival: the kept bytes with their sha256, where they stand, and what is known beside them.

    A mail that was found inside another (a complaint shows it) has ``rules`` and an ``identity`` of its own.
    """

    segment: int
    ordinal: int
    sha256: bytes
    mail: bytes
    facts: Facts
    rules: IntakeRules | None = None
    identity: bytes | None = None


class Batch(msgspec.Struct):
    """Columns by table and column name, the names behind keyed numbers, and counts for the person."""

    columns: dict[str, dict[str, list[Any]]]
    names: list[tuple[int, str, str]]
    intakes: list[tuple[int, int, int]]
    counts: dict[str, int]
    rows: int


def judge(
    deliveries: Iterable[Delivery], rules: Rules, killed: frozenset[int] = frozenset(),
    mark: Callable[[int], None] = lambda ordinal: None,
) -> Batch:  # fmt: skip
    """Judge every delivery; ordinals in ``killed`` took their parser down and are kept unread.

    ``mark`` is told the ordinal of each mail before something is done with it.
    """
    desk = _Desk(rules)
    for group in _groups(deliveries):
        desk.add_all(group, killed, mark)
    return desk.batch()


GROUP, GROUP_BYTES = 128, 1 << 20
"""Mails, and bytes of mail, that go through each step together: what a step needs is then at hand for all of them."""


def _groups(deliveries: Iterable[Delivery]) -> Iterator[list[Delivery]]:
    group: list[Delivery] = []
    size = 0
    for delivery in deliveries:
        group.append(delivery)
        size += len(delivery.mail)
        if len(group) == GROUP or size >= GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


class _Read:
    """One delivery on its way through the steps."""

    __slots__ = ("delivery", "kind", "message", "reading", "rules", "shared", "template", "verdict", "view")

    def __init__(self, delivery: Delivery, rules: IntakeRules) -> None:
        self.delivery = delivery
        self.rules = rules
        self.message = parse(delivery.mail)
        self.kind = _kind(delivery.facts.origin.kind, self.message)
        self.verdict: trace.Verdict
        self.reading: content.Reading | None = None
        self.view: content.View | None = None
        self.template: tuple[Any, ...] = ()  # what a row of `templates` says of a text that is new here
        self.shared: list[things.Thing] = []


class _Desk:
    """Rows of one batch as they grow; tuples in the order of the schemas, turned into columns at the end."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.trap_domains = secrecy.trap_domains(rules.intakes.values())
        self.sightings: list[tuple[Any, ...]] = []
        self.keys: list[tuple[int, int]] = []  # kind and key
        self.keyed: list[tuple[int, int, int, int]] = []  # whose they are in turn: id, day and how many
        self.key_of: dict[tuple[int, str], tuple[int, int]] = {}
        self.key_names: dict[tuple[int, int], tuple[str, int]] = {}
        self.met: set[int] = set()  # templates
        self.templates: dict[int, tuple[Any, ...]] = {}
        self.sessions = sessions.Sessions(self.trap_domains)
        self.names: set[tuple[int, str, str]] = set()
        self.numbers: dict[tuple[str, str], int] = {}
        self.intakes: Counter[tuple[int, int]] = Counter()
        self.counts: Counter[str] = Counter()

    def add_all(self, group: list[Delivery], killed: frozenset[int], mark: Callable[[int], None]) -> None:
        """Write the rows of a few deliveries, in their order."""
        read: dict[int, _Read] = {}  # by place
        for place, delivery in enumerate(group):
            if delivery.ordinal not in killed and (delivery.mail or not self.told(delivery)):
                mark(delivery.ordinal)
                read[place] = _Read(delivery, delivery.rules or self.rules.of(delivery.facts.origin.intake))
        rich = [one for one in read.values() if one.kind not in SPARSE]
        for one in rich:
            mark(one.delivery.ordinal)
            one.reading = content.read(one.message)
        for one in rich:
            mark(one.delivery.ordinal)
            assert one.reading is not None
            one.view, one.reading = content.seen(one.reading), None
        for one in read.values():
            mark(one.delivery.ordinal)
            text = 0 if one.view is None else one.view.template
            one.verdict = trace.judge(
                trace.read(one.message), one.rules.boundary, one.delivery.facts, False, self.rules.seen, text,
                remember=one.kind is Kind.JUNK,
            )  # fmt: skip
        for one in rich:
            mark(one.delivery.ordinal)
            assert one.view is not None
            one.shared = things.of(one.message, one.view)
        for one in rich:
            mark(one.delivery.ordinal)
            self._template(one)
        for place, delivery in enumerate(group):
            if place in read:
                self.add(read[place])
            elif not delivery.mail and self.told(delivery):
                self.add_session(delivery)
            else:
                self.add_unread(delivery)

    def add(self, one: _Read) -> None:
        """Write the rows of one message that is parsed, traced and read."""
        delivery, rules, message, verdict, kind = one.delivery, one.rules, one.message, one.verdict, one.kind
        facts = delivery.facts
        origin = facts.origin
        view = one.view  # None for kinds that leave nothing but a row
        seen_at = verdict.seen_at
        defects = 0
        if seen_at is not None and seen_at > origin.received_at + DAY:
            seen_at, defects = None, _BAD_DATE  # a trusted clock that runs ahead of ours is no clock
        elif seen_at is None and verdict.anchored and origin.client is None:
            defects = _BAD_DATE  # the line that we trust for the time has none
        day = (origin.received_at if seen_at is None else seen_at) // DAY
        identity = self._identity(delivery)
        template = auth = 0
        if view is None:
            seen_at = None if seen_at is None else seen_at - seen_at % DAY
            if dkim := message.first(b"dkim-signature"):
                auth = _dkim_key(dkim)
        else:
            template = view.template
            defects |= view.defects
            traps = secrecy.trap_names(facts.envelope.recipients)
            if one.template:
                subject, language, sketched = one.template
                if secrecy.names_any(subject, (*self.trap_domains, *traps)):
                    subject = secrecy.shown(subject, facts.envelope.recipients, self.trap_domains)[:120]
                self.templates[template] = (template, *sketched, *identity, day, subject)
                if language:
                    self.key_names[_LANGUAGE, template] = (language, day)
            auth = self._keys(identity, day, one, view, tuple(filter(secrecy.telling, traps)))
            self.sessions.add(identity, day, facts, self.key_names)
        defects |= message.defects
        if delivery.identity is not None and not delivery.mail:
            defects = 0  # a report that shows no mail has no broken one
        self._row(delivery, rules, identity, kind, verdict, seen_at, defects, template, auth, view is None)
        self.counts[_PATH_COUNTS[verdict.path]] += 1
        if verdict.address is None:
            self.counts["no_address"] += 1
        if not verdict.anchored:
            self.counts["unanchored"] += 1
        if seen_at is None:
            self.counts["no_date"] += 1

    def _template(self, one: _Read) -> None:
        """Sketch a text that was not met before."""
        view = one.view
        assert view is not None
        if view.template and view.template not in self.met:
            self.met.add(view.template)
            one.template = one.message.text(b"subject", 120), content.language_of(view), content.sketched(view)

    def told(self, delivery: Delivery) -> bool:
        """Whether a record without bytes is a session without a message, or good mail of which only a log tells."""
        kind = delivery.facts.origin.kind
        if kind in WITHOUT_MAIL:
            return True
        rules = delivery.rules or self.rules.of(delivery.facts.origin.intake)
        return kind == Kind.GOOD and rules.standing is Standing.LOG

    def add_session(self, delivery: Delivery) -> None:
        """Sessions that brought no message, folded into one record: whoever connected, nothing to parse."""
        facts = delivery.facts
        rules = delivery.rules or self.rules.of(facts.origin.intake)
        verdict = trace.judge((), rules.boundary, facts, explain=False)
        seen_at = facts.origin.received_at
        kind = Kind(facts.origin.kind)
        self._row(delivery, rules, self._identity(delivery), kind, verdict, seen_at, 0, 0, 0, True, False)
        self.counts["without_mail"] += facts.origin.count

    def add_unread(self, delivery: Delivery) -> None:
        """Keep a message that kills its parser: id, time and defect, nobody blamed."""
        origin = delivery.facts.origin
        rules = self.rules.of(origin.intake)
        seen_at = None if origin.imported else origin.received_at
        nothing = trace.Verdict(None, None, None, False, 0.0, Path.UNANCHORED, Clue(0), seen_at, ())
        kind = Kind(origin.kind)
        self._row(
            delivery, rules, self._identity(delivery), kind, nothing, seen_at, int(Defect.KILLED_PARSER), 0, 0,
            kind in SPARSE,
        )  # fmt: skip

    def _identity(self, delivery: Delivery) -> tuple[int, int]:
        packed = delivery.identity
        if packed is None:
            arrival = ids.arrival_key(delivery.facts, delivery.segment, delivery.ordinal)
            packed = ids.sighting_id(delivery.sha256, delivery.facts.origin.intake, arrival)
        hi, lo = _HALVES(packed)
        return hi, lo

    def _row(
        self, delivery: Delivery, rules: IntakeRules, identity: tuple[int, int], kind: Kind, verdict: trace.Verdict,
        seen_at: int | None, defects: int, template: int, auth: int, sparse: bool, repeats: bool = True,
    ) -> None:  # fmt: skip
        facts = delivery.facts
        origin = facts.origin
        address = verdict.address
        intake = self._number("intake", origin.intake)
        accepted = [r for r in facts.envelope.recipients if r.code < 400]
        if origin.truncated:
            defects |= Defect.TRUNCATED
        self.sightings.append((
            *identity,
            None if address is None else address.hi,
            None if address is None else address.lo,
            seen_at,
            origin.received_at if origin.taken_at is None else origin.taken_at,
            int(kind),
            int(rules.standing),
            int(verdict.path),
            int(State.DELIVERED),
            round(verdict.confidence * 10000),
            int(verdict.clues),
            defects,
            intake,
            rules.analysis,
            self._vantage(rules, accepted, verdict),
            self._trap(accepted),
            min(len(accepted), 65535),
            rules.country,
            min(max(origin.count, 0), 0xFFFF_FFFF),
            min(len(delivery.mail), 0xFFFF_FFFF),
            min(verdict.hops, 255),
            template,
            auth,
            0 if sparse else delivery.segment,
            0 if sparse else delivery.ordinal,
            ids.repeat_key(self.rules.hub_key, facts, delivery.sha256) if repeats else 0,
            int(verdict.source_class),
        ))  # fmt: skip
        self.intakes[intake, rules.analysis] += 1
        self.counts[_KIND_COUNTS[kind]] += 1
        for counted in _defect_counts(defects) if defects else ():
            self.counts[counted] += 1

    def _number(self, kind: str, name: str) -> int:
        made = self.numbers.get((kind, name))
        if made is None:
            made = self.numbers[kind, name] = number(self.rules.hub_key, kind, name)
            self.names.add((made, kind, name))
        return made

    def _vantage(self, rules: IntakeRules, accepted: list[Recipient], verdict: trace.Verdict) -> int:
        """The witness this delivery may be (RUNTIME, observation 10); 0 where nobody is."""
        if not verdict.anchored:
            return 0
        if rules.standing is Standing.PARTNER:
            return self._number("vantage", f"partner {rules.name}")
        if rules.standing is Standing.COMPLAINT or rules.standing is Standing.FBL:
            return 0  # what others say that they saw adds to a score at most
        if rules.standing is Standing.LOG:
            return self._number("vantage", f"log {rules.host or rules.name}")
        if rules.standing is not Standing.TRAP:
            return self._number("vantage", f"mailbox {rules.name}") if rules.boundary is not None else 0
        trap = next((r for r in accepted if r.trap), None)
        domain = _domain(trap) if trap else rules.domains[0] if len(rules.domains) == 1 and not accepted else ""
        return self._number("vantage", f"trap {content.registrable(domain) or domain}") if domain else 0

    def _trap(self, accepted: list[Recipient]) -> int:
        for recipient in accepted:
            if recipient.trap:
                return self._number("trap", recipient.address.decode("utf-8", "replace").lower())
        return 0

    def _keys(
        self, identity: tuple[int, int], day: int, one: _Read, view: content.View, secret: tuple[str, ...]
    ) -> int:  # fmt: skip
        """Write what this message shares with others; returns the key of its first DKIM domain, 0 for none.

        What holds a trap's domain or one of the ``secret`` names is left out.
        """
        found: set[tuple[int, int]] = set()
        key_of, key_names = self.key_of, self.key_names
        shared, verdict = one.shared, one.verdict
        if verdict.handover is not None and verdict.handover != verdict.address:
            shared.append((_HANDOVER, str(verdict.handover)))
        if signed := things.signer(one.message):
            shared.append(signed)
        auth = 0
        for thing in shared:
            made = key_of.get(thing) or self._key(thing)
            if not made[1] or (secret and secrecy.names_any(thing[1], secret)):
                continue
            found.add(made)
            if made not in key_names:
                key_names[made] = (thing[1][:255], day)
            if thing is signed:
                auth = made[1]
        for kind, key, digest in things.parts(view):
            found.add((kind, key))
            self.key_names.setdefault((kind, key), (digest, day))
        for attachment in view.attachments:
            if attachment.traits:
                self.key_names.setdefault((_TRAITS, attachment.key), (", ".join(attachment.traits), day))
        if (lines := verdict.lines) is not None and lines.marks:
            found.update((_LINE, known) for known in lines.marks)
            found.add((_MESSAGE, trace.message_number(one.message.first(b"message-id"))))
            if lines.behind:
                found.add((_BEHIND if lines.likely else _NAMED, lines.behind))
        hi, lo = identity
        self.keys += sorted(found)
        self.keyed.append((hi, lo, day, len(found)))
        return auth

    def _key(self, thing: things.Thing) -> tuple[int, int]:
        """Kind and key of a thing met for the first time in this batch; the key is 0 where it names a trap's domain."""
        kind, name = thing
        made = self.key_of[thing] = kind, 0 if secrecy.names_any(name, self.trap_domains) else content.key(name)
        return made

    def _key_columns(self) -> dict[str, list[Any]]:
        """The rows of ``keys``, made at once: each id and day stands as often as it has keys."""
        if not self.keys:
            return _columns(tables.KEYS.names, [])
        counts = [count for *_, count in self.keyed]
        hi, lo, day = ([value for value, n in zip(column, counts, strict=True) for _ in range(n)]
                       for column in list(zip(*self.keyed, strict=True))[:3])  # fmt: skip
        kinds, keys = zip(*self.keys, strict=True)
        return dict(zip(tables.KEYS.names, (hi, lo, day, list(kinds), list(keys)), strict=True))

    def batch(self) -> Batch:
        """Turn the rows into columns, with the networks of all addresses looked up at once."""
        columns = _columns(_OWN, self.sightings)
        at = [i if s is None else s for s, i in zip(columns["seen_at"], columns["ingested_at"], strict=True)]
        columns.update(self._networks(columns["addr_hi"], columns["addr_lo"], at))
        rows = len(self.sightings)
        columns["resend"] = [0] * rows  # compaction marks repeats: both rows meet there
        names = [(kind, key, name, day) for (kind, key), (name, day) in self.key_names.items()]
        return Batch(
            columns={
                "sightings": {name: columns[name] for name in tables.SIGHTINGS.names},
                "keys": self._key_columns(),
                "names": _columns(tables.NAMES.names, names),
                "templates": _columns(tables.TEMPLATES.names, list(self.templates.values())),
                "sessions": _columns(tables.SESSIONS.names, self.sessions.rows),
            },
            names=sorted(self.names),
            intakes=[(intake, analysis, count) for (intake, analysis), count in sorted(self.intakes.items())],
            counts=dict(self.counts),
            rows=rows,
        )

    def _networks(self, his: list[int | None], los: list[int | None], at: list[int]) -> dict[str, list[int]]:
        """Columns asn, prefix, country, operator and routes as of ``at``; zeros where nothing is known."""
        rows = len(his)
        routes = self.rules.routes
        known = [index for index, hi in enumerate(his) if hi is not None]
        out = {name: np.zeros(rows, np.uint64) for name in ("asn", "prefix", "country", "operator", "routes")}
        if routes is not None and known:
            editions: dict[int, list[int]] = {}  # rows by the table that was valid on their day
            valid = {day: routes.number_on(day) for day in {at[index] // DAY for index in known}}
            for index in known:
                editions.setdefault(valid[at[index] // DAY], []).append(index)
            for places in editions.values():
                table = routes.on(at[places[0]] // DAY)
                hi = np.array([his[index] for index in places], np.uint64)
                lo = np.array([los[index] for index in places], np.uint64)
                for name, values in table.lookup(hi, lo).items():
                    out[name][places] = values
        return {name: values.tolist() for name, values in out.items()}


# the columns that _row writes, in its order; the others are added for the whole batch
_OWN = (
    "id_hi", "id_lo", "addr_hi", "addr_lo", "seen_at", "ingested_at", "kind", "standing", "path", "state", "confidence",
    "clues", "defects", "intake", "analysis", "vantage", "trap", "recipients", "trap_country", "count", "size", "hops",
    "template", "auth_domain", "segment", "ordinal", "repeat", "source_class",
)  # fmt: skip


def _columns(names: Iterable[str], rows: list[tuple[Any, ...]]) -> dict[str, list[Any]]:
    names = tuple(names)
    if not rows:
        return {name: [] for name in names}
    return {name: list(values) for name, values in zip(names, zip(*rows, strict=True), strict=True)}


def _kind(stated: int, message: Message) -> Kind:
    """The kind the operator stated; junk that is a delivery status report is backscatter (RFC 3464)."""
    if stated == Kind.JUNK:
        value = message.first(b"content-type")
        if value is not None and b"delivery-status" in value.lower() and b"multipart/report" in value.lower():
            return Kind.BACKSCATTER
        return Kind.JUNK
    return Kind(stated) if stated in _KINDS else Kind.UNSORTED


_KINDS = frozenset(int(kind) for kind in Kind)

# Made once: an attribute or a name of an Enum class costs a third of a microsecond each time.
_PATH_COUNTS = tuple(f"path:{path.name.lower()}" for path in Path)
_KIND_COUNTS = tuple(f"kind:{kind.name.lower()}" for kind in Kind)
_HALVES = Struct(">QQ").unpack
_BAD_DATE = int(Defect.BAD_DATE)
_LINE, _BEHIND, _MESSAGE = int(KeyKind.LINE), int(KeyKind.BEHIND), int(KeyKind.MESSAGE)
_NAMED = int(KeyKind.NAMED)
_HANDOVER, _LANGUAGE, _TRAITS = int(KeyKind.HANDOVER), int(KeyKind.LANGUAGE), int(KeyKind.TRAITS)


@lru_cache(4096)
def _defect_counts(defects: int) -> tuple[str, ...]:
    """The names under which each bit is counted."""
    bits = (1 << place for place in range(defects.bit_length()) if defects >> place & 1)
    return tuple(f"defect:{Defect(bit).name or bit}".lower() for bit in bits)


def _dkim_key(value: bytes) -> int:
    domain = headers.dkim_domain(value)
    return content.key(domain) if domain else 0


def _domain(recipient: Recipient) -> str:
    return recipient.address.rpartition(b"@")[2].decode("ascii", "replace").lower()
