"""Taking an address off at its owner's word, as the conventions ask: at once, free of charge, without the operator.

Source: RFC 6471 sections 2.2.3 and 2.2.4; the habits of the field in PEERS, section (e).
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

import msgspec

from junkhound import listing
from junkhound.kernel import clock
from junkhound.kernel.clock import DAY, HOUR
from junkhound.kernel.errors import NotFound, Refused
from junkhound.kernel.net import Network
from junkhound.ledger.appeals import Appeals, Request
from junkhound.ledger.listing_records import Approval, Listing
from junkhound.listing import Policy
from junkhound.tables import Kind
from junkhound.verbs import lists
from junkhound.verbs.deciding import Docket, policies
from junkhound.verbs.office import Office

AGAIN_DAYS = 30
"""An address comes off at its owner's word once in so long; a second time its listing runs out by itself."""
QUIET_HOURS = 24
"""While it was seen more lately than this, it is not mended."""
WAITING = 1_000  # requests of the public page that may wait to be settled
WHO = "its owner"
_NUMBER = re.compile(r"JH-\d{4}-\d{6,12}\Z")


class Answer(msgspec.Struct, frozen=True):
    """What became of a request: the listing, whether it ended, and why in one sentence."""

    number: str
    list: str
    subject: str
    granted: bool
    why: str


def ask(office: Office, text: str) -> list[Answer]:
    """Take an address off every list that its owner may leave by asking; each request is kept with its answer.

    ``text`` is an address or the number of a listing. Errors: NotFound if nothing of it stands, UsageError.
    """
    found = [_standing(office, text.upper())] if _NUMBER.match(text.upper()) else lists.check(office, text)
    known = {policy.name: policy for policy in policies(office)}
    answers = [_answer(office, one, known.get(one.list)) for one in found]
    appeals, book = Appeals(office.ledger.state), lists.book_of(office)
    for one, answer in zip(found, answers, strict=True):
        if answer.granted:
            book.remove(one.list, one.subject, office.now, WHO, "asked for; nothing was seen for a day", end="asked")
        if isinstance(one.subject, Network):
            appeals.note_request(Request(office.now, one.subject.first, one.number, answer.granted, answer.why))
    return answers


def _standing(office: Office, number: str) -> Listing:
    one = lists.book_of(office).get(number)
    if not one.live(office.now):
        raise NotFound(f"{number} stands no more", "it has ended already; a reader may remember it for some minutes")
    return one


def _answer(office: Office, one: Listing, policy: Policy | None) -> Answer:
    why = _refusal(office, one, policy)
    done = f"taken off; the list forgets it with its next edition, within {_minutes(office)} minutes"
    return Answer(one.number, one.list, one.words, why is None, why or done)


def _minutes(office: Office) -> int:
    return 15 + int(office.config.publish.ttl_s // 60)


def _refusal(office: Office, one: Listing, policy: Policy | None) -> str | None:
    """Why an owner's word does not end it; None if it does."""
    contact = office.config.publish.contact or f"hostmaster@{office.config.publish.zone}"
    subject = one.subject
    if policy is None or not isinstance(subject, Network):
        return f"names do not come off by asking here; write to {contact}, naming {one.number}"
    if policy.of_ranges:
        return f"a network comes off at the word of its abuse contact only; have it write to {contact}"
    before = Appeals(office.ledger.state).requests(subject.first, office.now - AGAIN_DAYS * DAY)
    lately = [request for request in before if request.granted and request.number != one.number]
    if any(request.at < office.now for request in lately):
        day = clock.day_text(lately[-1].at)
        return f"it came off by asking on {day}; it can once in {AGAIN_DAYS} days, else its listing runs out by itself"
    if _seen(office, subject):
        return f"it was seen within the last {QUIET_HOURS} hours, so it is not mended yet"
    return None


def _seen(office: Office, subject: Network) -> bool:
    """Whether anything but good mail came from it within a day."""
    rows = office.ledger.query().units(office.now - QUIET_HOURS * HOUR, office.now + 1, network=subject)
    return bool((rows["kind"] != int(Kind.GOOD)).any())


def put_request(home: Path, number: str) -> None:
    """Leave a request of the public page for the service; it holds nothing but the listing's number.

    Errors: Refused when too many wait.
    """
    folder = home / "requests"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / number
    if not path.exists() and len(os.listdir(folder)) >= WAITING:
        raise Refused("too many requests wait to be settled", "come back in some minutes")
    path.touch(mode=0o600)


def settle(office: Office) -> list[Answer]:
    """Answer the requests that the public page left."""
    folder = office.home / "requests"
    if not folder.is_dir():
        return []
    answers = []
    for path in sorted(folder.iterdir())[:WAITING]:
        if _NUMBER.match(path.name):
            with suppress(NotFound):  # it ended meanwhile
                answers += ask(office, path.name)
        path.unlink(missing_ok=True)
    return answers


class Candidate(msgspec.Struct, frozen=True):
    """A network that a do-not-route list would hold with two people's yes: its evidence, and who said yes so far."""

    network: Network
    evidence: tuple[str, ...]
    first_at: int
    last_at: int
    said: tuple[Approval, ...]


def candidates(office: Office, name: str) -> list[Candidate]:
    """What people may look at and approve, in the order of networks. Errors: Refused for a list that needs no yes."""
    _needs_two(office, name)
    said = Appeals(office.ledger.state).approvals(name, office.now)
    return [
        Candidate(
            one.network, one.seen, one.first * HOUR, one.last * HOUR,
            tuple(yes for yes in said if yes.subject == str(one.network)),
        )
        for one in sorted(listing.routable(Docket(office, office.now).senders), key=lambda one: one.network)
    ]  # fmt: skip


def _needs_two(office: Office, name: str) -> None:
    (policy,) = policies(office, name)
    if policy.holds != "do-not-route":
        raise Refused(f"list {name!r} holds {policy.holds}, which needs no approval", "only do-not-route does")


def approve(office: Office, name: str, text: str, who: str, why: str) -> list[Approval]:
    """One person's yes to a network on a list that needs two; all that count now. Errors: Refused, UsageError."""
    _needs_two(office, name)
    return Appeals(office.ledger.state).approve(name, lists.read_subject(text), office.now, who, why)


def withdraw(office: Office, name: str, text: str, who: str) -> None:
    """Take one person's yes back. Errors: NotFound."""
    policies(office, name)
    Appeals(office.ledger.state).withdraw(name, lists.read_subject(text), office.now, who)
