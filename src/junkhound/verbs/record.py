"""The record of a listing as its owner may read it: what, why, since when, how wide, what to mend, how it comes off."""

from __future__ import annotations

from junkhound.kernel import clock
from junkhound.kernel.net import Network
from junkhound.ledger.activity import activity
from junkhound.ledger.listing_records import Listing
from junkhound.ledger.samples import Sample, samples
from junkhound.listing import advice, count_range
from junkhound.verbs import deciding, lists
from junkhound.verbs.delisting import AGAIN_DAYS, QUIET_HOURS
from junkhound.verbs.office import Office

SHOWN = 5
WORDS = {0: "linked host", 1: "linked domain", 14: "HELO", 15: "mail program", 16: "subject"}


def explain(office: Office, text: str) -> list[tuple[Listing, list[str]]]:
    """The record of every listing that an address, a name or a number has or had, newest first.

    Errors: NotFound, UsageError.
    """
    if text.upper().startswith("JH-"):
        found = [lists.book_of(office).get(text.upper())]
    else:
        _, found = lists.records(office, text)
        found = found or lists.check(office, text)  # says where it stood
    return [(one, record(office, one)) for one in reversed(found)]


def record(office: Office, one: Listing) -> list[str]:
    """The sentences of one record page; counts are ranges and times are days."""
    live = one.live(office.now)
    days = [clock.day_text(moment) for moment in (one.listed_at, one.last_at, one.expires_at)]
    lines = [
        f"{one.words} {'is' if live else 'was'} listed on {one.list} as {one.number}: {one.listing_class}",
        f"seen: {count_range(one.messages)} messages, the last on {days[1]}; listed since {days[0]}",
        _wide(one),
        *_faithful(office, one),
    ]
    lines += [f"seen in its mail at two or more places: {WORDS[s.kind]} {s.text!r}" for s in _samples(office, one)]
    if live:
        lines.append(f"ends on {days[2]} when nothing more is seen")
    else:
        ended = clock.day_text(one.ended_at if one.ended_at is not None else one.expires_at)
        lines.append(f"ended on {ended}: {ENDS.get(one.end or 'expired', 'it ran out')}")
    if one.relistings:
        lines.append(f"it was listed {one.relistings:,} times before; each return doubles the time it stands")
    lines += [f"to mend: {words}" for words in advice(one.listing_class)]
    if live:
        lines.append(_leave(office, one))
    return lines


ENDS = {
    "expired": "nothing more was seen",
    "cleared": "good mail or a protected network ended it",
    "removed": "its keeper took it off",
    "asked": "its owner asked for it",
    "replaced": "its range is listed in another cut",
}


def _faithful(office: Office, one: Listing) -> list[str]:
    """Since when a single address has sent, in days, with its pauses."""
    if not isinstance(one.subject, Network) or one.subject.bits != 128:
        return []
    found = activity(office.ledger.query(), one.subject.first, office.now // clock.DAY + 1)
    if found is None or found.active < 2:
        return []
    first = clock.day_text(found.first * clock.DAY)
    text = f"active on {found.active:,} of {found.span:,} days since {first}, {found.longest_run:,} in a row at most"
    if found.hiatuses:
        pauses = "one hiatus" if found.hiatuses == 1 else f"{found.hiatuses:,} hiatuses"
        text += f", bar {pauses} of up to {found.longest_hiatus:,} days"
    return [text]


def _wide(one: Listing) -> str:
    if not isinstance(one.subject, Network):
        return "scope: the name" + (" and everything below it" if one.subject.below else " alone")
    wide = "this address alone" if one.subject.bits == 128 else f"the network {one.subject}"
    left = f", less {len(one.exclusions)} networks inside" if one.exclusions else ""
    return f"how wide: {wide}{left}"


def _leave(office: Office, one: Listing) -> str:
    (policy,) = deciding.policies(office, one.list) if one.list in office.config.lists else (None,)
    contact = office.config.publish.contact or f"hostmaster@{office.config.publish.zone}"
    if policy is None or policy.of_ranges or policy.of_names:
        return f"to answer: its network's abuse contact writes to {contact}, naming {one.number}"
    return (
        f"its owner can take it off once in {AGAIN_DAYS} days, when nothing was seen for {QUIET_HOURS} hours; there is"
        f" no fee, and nobody can buy it off: junkhound lists delist, the public page, or {contact}"
    )


def _samples(office: Office, one: Listing) -> list[Sample]:
    """What two vantages saw in its mail: nothing that is unique to one delivery, so no trap can be told by it."""
    if not isinstance(one.subject, Network):
        return []
    return samples(office.ledger.query(), one.subject, one.first_at, one.last_at + clock.HOUR, tuple(WORDS), SHOWN)
