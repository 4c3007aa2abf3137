"""A complaint taken apart: its mails become deliveries of their own, what it claims becomes a record.

Called in the parser process, for complaints are as hostile as any mail. What a row is worth follows from who sent the
complaint (RUNTIME, observation 9), and that is for our own session or relays to say, never for its From: a stranger's
rows have no address and no points unless his own relays are enrolled, and what was forwarded inline is a stranger's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256

from junkhound import complaint, sighting, trace
from junkhound.complaint import INCOMPLETE, Carried, Claim, Complaint
from junkhound.complaint.forms import bounce
from junkhound.complaint.letter import Letter
from junkhound.evidence.message import parse
from junkhound.kernel.clock import DAY
from junkhound.kernel.net import Address
from junkhound.ledger.entry import Accused, ComplaintEntry, Shown
from junkhound.sighting import Complainant, Delivery, IntakeRules, Rules, secrecy
from junkhound.tables import Kind, Standing
from junkhound.verbs.trace import what_if
from junkhound.wire.facts import Facts, Origin

ADDRESSES = 100  # rows that one report without mails may become
STATED = ("Source-IP", "Source", "report")
"""Places in which a reporter states who it was, as fields and tables made by a program."""


def expand(delivery: Delivery, rules: Rules, found: list[ComplaintEntry]) -> Iterator[Delivery]:
    """The deliveries that a complaint stands for, at least one; its record is added to ``found``.

    The first has the identity of the complaint itself, so that the same complaint is known when it comes again.
    """
    own = rules.of(delivery.facts.origin.intake)
    read = complaint.read(delivery.mail)
    author = _author(delivery, own)
    identity = sighting.sighting_id(
        delivery.sha256, own.name, sighting.arrival_key(delivery.facts, delivery.segment, delivery.ordinal)
    )
    made = list(_deliveries(delivery, read, own, author))
    for number, one in enumerate(made):
        arrival = f"{identity.hex()}.{number}"
        name = identity if not number else sighting.sighting_id(sha256(one.mail).digest(), own.name, arrival)
        yield one._replace(identity=name)
    found.append(_entry(delivery, read, made, own, author, identity, secrecy.trap_domains(rules.intakes.values())))


def _author(delivery: Delivery, own: IntakeRules) -> Complainant | None:
    """Who of those enrolled sent it: whom the operator named, else whose machine handed it to our border."""
    if own.vouched is not None:
        return own.vouched
    if not own.complainants:
        return None
    hops = trace.read(parse(delivery.mail))
    verdict = trace.judge(hops, own.boundary, delivery.facts)
    if not verdict.anchored or verdict.handover is None:
        return None
    named = _verified_name(hops, verdict, delivery.facts)
    for one in own.complainants:
        if one.senders.knows(verdict.handover) or (named and one.senders.names[named]):
            return one
    return None


def _verified_name(hops: trace.Hops, verdict: trace.Verdict, facts: Facts) -> str:
    """The name of the machine at our border, where whoever saw it also found that the name leads back to it."""
    place = next((reason.index for reason in verdict.reasons if reason.status == "handover"), None)
    if place is None:
        return ""
    if place < 0:
        name = facts.session.client_name or ""
        return "" if name == "unknown" else name.lower().rstrip(".")
    hop = hops[place]
    return hop.rdns if hop.verified and hop.rdns else ""


def _deliveries(
    delivery: Delivery, read: Complaint, own: IntakeRules, author: Complainant | None
) -> Iterator[Delivery]:
    if read.form in ("bounce", "auto_reply", "plain"):
        yield _kept(delivery, delivery.mail, delivery.facts, read.kind, replace(own, standing=Standing.COMPLAINT))
        return
    stated = [claim for claim in read.claims if claim.address is not None and claim.where in STATED]
    believed = author is not None and author.standing is not Standing.COMPLAINT
    if read.mails:
        client = stated[0] if believed and len(stated) == 1 and len(read.mails) == 1 else None
        for mail in read.mails:
            yield _mail(delivery, read, mail, own, author, client)
    elif believed and stated:
        for claim in stated[:ADDRESSES]:
            yield _stated(delivery, read, claim, own, author)
    else:
        yield _kept(delivery, b"", _facts(delivery, Kind.UNSORTED), Kind.UNSORTED, _rules(own, None))


def _mail(
    delivery: Delivery, read: Complaint, mail: Carried, own: IntakeRules, author: Complainant | None,
    client: Claim | None,
) -> Delivery:  # fmt: skip
    """A mail that is shown. What was pasted may have been written by anybody, whoever sent it on."""
    if mail.how.startswith("inline"):
        author = client = None
    kind = read.kind
    if kind is Kind.JUNK and _bounced(mail.octets):
        kind = Kind.BACKSCATTER  # who gets bounces for mail that he never sent is the forger's victim
    elif kind is not Kind.JUNK and kind is not Kind.GOOD:
        kind = Kind.UNSORTED
    if kind is Kind.GOOD and (author is None or author.standing is Standing.COMPLAINT):
        kind = Kind.UNSORTED  # anybody may say that it was no spam
    facts = _facts(delivery, kind, client)
    return _kept(delivery, mail.octets, facts, kind, _rules(own, author))


def _bounced(octets: bytes) -> bool:
    found = bounce.read(Letter(octets))
    return found is not None and found.form == "bounce"


def _stated(
    delivery: Delivery, read: Complaint, claim: Claim, own: IntakeRules, author: Complainant | None
) -> Delivery:
    """An address that an enrolled reporter states, without a mail."""
    kind = read.kind if read.kind is not Kind.GOOD else Kind.UNSORTED
    return _kept(delivery, b"", _facts(delivery, kind, claim), kind, _rules(own, author))


def _rules(own: IntakeRules, author: Complainant | None) -> IntakeRules:
    if author is None:
        return replace(own, standing=Standing.COMPLAINT, boundary=None)
    return replace(own, name=author.name, standing=author.standing, boundary=author.boundary)


def _facts(delivery: Delivery, kind: Kind, stated: Claim | None = None) -> Facts:
    """What is known of a mail that is shown: nothing, but for what an enrolled reporter states."""
    came = delivery.facts.origin
    client = stated.address if stated is not None else None
    at = stated.at if stated is not None and stated.at is not None and stated.at <= came.received_at + DAY else None
    return Facts(
        Origin(
            client=None if client is None else client.v4.to_bytes(4, "big") if client.is_v4 else client.packed,
            received_at=came.received_at if at is None else at,
            intake=came.intake,
            kind=int(kind),
            imported=at is None,
            arrival=came.arrival,
            truncated=came.truncated,
            count=1 if stated is None else max(1, stated.count),
            taken_at=came.received_at if came.taken_at is None else came.taken_at,
        )
    )


def _kept(delivery: Delivery, mail: bytes, facts: Facts, kind: Kind, rules: IntakeRules) -> Delivery:
    origin = facts.origin
    if origin.kind != int(kind):
        facts = Facts(
            Origin(
                origin.client, origin.received_at, origin.intake, int(kind), origin.imported, origin.arrival,
                origin.truncated, origin.count, origin.taken_at,
            ),
            facts.envelope, facts.session,
        )  # fmt: skip
    return Delivery(delivery.segment, delivery.ordinal, delivery.sha256, mail, facts, rules)


# --- the record -------------------------------------------------------------------------------------------


def _entry(
    delivery: Delivery, read: Complaint, made: list[Delivery], own: IntakeRules, author: Complainant | None,
    identity: bytes, domains: tuple[str, ...],
) -> ComplaintEntry:  # fmt: skip
    recipients = delivery.facts.envelope.recipients

    def clean(text: str, limit: int = 300) -> str:
        return secrecy.shown(text, recipients, domains)[:limit]

    first = made[0].rules or own
    claims = tuple(
        Accused(claim.what, clean(claim.value), claim.where, claim.port, claim.at, claim.count) for claim in read.claims
    )
    shown = zip(read.mails, made, strict=False) if read.mails else ()
    return ComplaintEntry(
        id=identity.hex(),
        ordinal=delivery.ordinal,
        received_at=delivery.facts.origin.received_at,
        form=read.form,
        about=clean(read.about, 60),
        found=read.found,
        kind=made[0].facts.origin.kind,
        standing=int(first.standing),
        complainant=author.name if author is not None and first.name == author.name else "",
        reporter=read.reporter,
        reporter_domain=clean(read.reporter_domain, 120),
        report_id=clean(read.report_id, 120),
        subject=clean(parse(delivery.mail).text(b"subject", 200), 120),
        at=read.at,
        count=read.count,
        claims=claims,
        mails=tuple(_shown(mail, one, own, clean) for mail, one in shown),
        missing=read.missing,
    )


def _shown(mail: Carried, made: Delivery, own: IntakeRules, clean: object) -> Shown:
    message = parse(mail.octets)
    hops = trace.read(message)
    rules = made.rules or own
    verdict = trace.judge(hops, rules.boundary, made.facts, explain=False)
    relay, then = "", None
    if verdict.address is None and mail.completeness != INCOMPLETE:
        relay, then = _what_if(hops, own)
    subject = message.text(b"subject", 200)
    return Shown(
        mail.how, mail.completeness, clean(subject, 120),  # type: ignore[operator]
        "" if verdict.address is None else str(verdict.address), relay, "" if then is None else str(then),
    )  # fmt: skip


def _what_if(hops: trace.Hops, own: IntakeRules) -> tuple[str, Address | None]:
    """The writers of the top lines, and the address they would name if they were the complainant's own servers."""
    relays, then, _ = what_if(hops, own.boundary is not None and own.boundary.allow_documentation)
    return relays or "", then
