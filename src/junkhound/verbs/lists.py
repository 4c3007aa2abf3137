"""Block lists: decide, show, expire, check, explain, compare, and take off by hand."""

from __future__ import annotations

import msgspec

from junkhound import listing
from junkhound.kernel import clock, net
from junkhound.kernel.errors import ConfigError, JunkhoundError, NotFound, Refused, UsageError
from junkhound.kernel.net import Network
from junkhound.ledger.listing_records import Applied, Listing, Run
from junkhound.ledger.listing_step import RENEWAL_STEP
from junkhound.ledger.listings import Listings
from junkhound.listing import Decision, Policy
from junkhound.verbs import pinning
from junkhound.verbs.deciding import Docket, Progress, policies, refuse_single_vantage, relays_of
from junkhound.verbs.office import Office

LEASE = "decider"


class Decided(msgspec.Struct):
    """What one run did to one list; ``decisions`` are those of all subjects looked at, ``entries`` what stands now.

    ``unreadable`` names pinned mails that are not what was sealed.
    """

    name: str
    at: int
    decisions: list[Decision]
    applied: Applied
    entries: int
    dry_run: bool = False
    refused: JunkhoundError | None = None
    unreadable: list[str] = []


class Overview(msgspec.Struct):
    """One configured list at a moment."""

    name: str
    policy: Policy
    entries: int
    run: Run | None


class Difference(msgspec.Struct):
    """What changed on a list since it was last published; everything is new if it never was."""

    name: str
    published_at: int | None
    added: list[Listing]
    removed: list[Listing]


def book_of(office: Office) -> Listings:
    """The listings of the home."""
    return Listings(office.ledger.state)


def read_subject(text: str, policy: Policy | None = None) -> Network:
    """An address or network from text, as the list would hold it. Errors: UsageError."""
    network = net.parse_network(text)
    if network is None:
        raise UsageError(f"not an address: {text!r}", "write 192.0.2.7 or 2001:db8::1")
    if policy is not None and "/" not in text:
        return policy.subject(network.first)
    return network


def decide(
    office: Office, name: str | None = None, dry_run: bool = False, progress: Progress | None = None
) -> list[Decided]:
    """Bring every list (or one) to what the rows say at the office's moment.

    A list that may not be decided is reported beside the others; errors: what refused it, if it was the only one.
    """
    at = office.now
    wanted = policies(office, name)
    if name is not None and wanted[0].combined:
        raise UsageError(f"list {name!r} is combined from others", "decide those; it follows them when published")
    wanted = [policy for policy in wanted if not policy.combined]
    return decide_from(office, wanted, Docket(office, at, progress), dry_run)


def decide_from(office: Office, wanted: list[Policy], docket: Docket, dry_run: bool = False) -> list[Decided]:
    """Decide these lists from what one docket reads. Errors: what refused it, if all were."""
    at, done = docket.at, []
    for policy in wanted:
        try:
            refuse_single_vantage(office, policy)
            done.append(_dry(office, policy, docket) if dry_run else _run(office, policy, docket))
        except Refused as refusal:
            if len(wanted) == 1:
                raise
            done.append(Decided(policy.name, at, [], Applied(), 0, dry_run, refusal))
    if done and all(one.refused for one in done):
        assert done[0].refused is not None
        raise done[0].refused
    return done


def _dry(office: Office, policy: Policy, docket: Docket) -> Decided:
    book = book_of(office)
    some = docket.subjects(policy)
    standing = {one.subject: one.exclusions for one in book.live(policy.name, docket.at, some)}
    made = docket.decide(policy, book.past(policy.name, docket.at, some), standing)
    return Decided(policy.name, docket.at, made, Applied(), sum(d.listed for d in made), dry_run=True)


def _run(office: Office, policy: Policy, docket: Docket) -> Decided:
    book = book_of(office)
    with office.ledger.holding(LEASE, clock.SystemClock().now):
        run = book.run(policy.name)
        if run is not None and run.decided_at > docket.at:
            raise Refused(
                f"list {policy.name!r} was decided as of {clock.text(run.decided_at)}, which is later",
                "history is not rewritten; see what an earlier moment would give with --dry-run",
            )
        # What runs out first counts as an earlier listing of those that come back.
        expired = book.expire(policy.name, docket.at)
        some = docket.subjects(policy)
        standing = {one.subject: one for one in book.live(policy.name, docket.at, some)}
        held = {subject: one.exclusions for subject, one in standing.items()}
        made = docket.decide(policy, book.past(policy.name, docket.at, some), held)
        pinned = docket.pins(policy, [d.subject for d in made if _needs_pins(d, standing.get(d.subject))])
        applied = book.apply(policy, made, docket.at, pinned, shadow_hours(office, policy))
        applied.expired[:0] = expired
        unreadable = pinning.keep_traces(office, policy.name, docket.progress)
    standing_now = book.count(policy.name, docket.at)
    return Decided(policy.name, docket.at, made, applied, standing_now, unreadable=unreadable)


def shadow_hours(office: Office, policy: Policy) -> float:
    """How long a new list, or one with new rules, is decided and not published: a public one can hurt strangers."""
    return office.config.lists[policy.name].shadow_hours if policy.scope == "public" else 0.0


def in_shadow(office: Office, name: str) -> bool:
    """Whether the service holds a list back because it, or a part of it, is new or has new rules."""
    book = book_of(office)
    (policy,) = policies(office, name)
    runs = [book.run(part.name) for part in parts_of(office, policy)]
    return any(run is not None and (run.shadow_until or 0) > office.now for run in runs)


def _needs_pins(decision: Decision, standing: Listing | None) -> bool:
    if not decision.listed or decision.expires_at is None:
        return False
    return standing is None or abs(decision.expires_at - standing.noted_at) >= RENEWAL_STEP


def expire(office: Office, name: str | None = None) -> dict[str, list[str]]:
    """End what has run out, by list; the numbers of what ended."""
    book = book_of(office)
    with office.ledger.holding(LEASE, clock.SystemClock().now):
        return {policy.name: book.expire(policy.name, office.now) for policy in policies(office, name)}


def overview(office: Office, name: str | None = None) -> list[Overview]:
    """Every configured list: its policy, how much it holds, when it was decided and published."""
    book = book_of(office)
    return [
        Overview(policy.name, policy, len(entries(office, policy.name)), book.run(policy.name))
        for policy in policies(office, name)
    ]


def entries(office: Office, name: str) -> list[Listing]:
    """What stands on a list at the office's moment, in the order of addresses."""
    (policy,) = policies(office, name)
    book = book_of(office)
    return [one for part in parts_of(office, policy) for one in book.live(part.name, office.now)]


def check(office: Office, text: str, name: str | None = None) -> list[Listing]:
    """The listings that hold an address now. Errors: NotFound saying where it stood before, if anywhere."""
    wanted = {part.name for policy in policies(office, name) for part in parts_of(office, policy)}
    words, every = records(office, text)
    found = [one for one in every if one.live(office.now) and one.list in wanted]
    if not found:
        where = f"list {name!r}" if name is not None else "any list"
        raise NotFound(f"{words} is not on {where}", _elsewhere(every, words, office.now))
    return found


def records(office: Office, text: str) -> tuple[str, list[Listing]]:
    """An address or a name as it is written, and every listing that held or holds it. Errors: UsageError."""
    network = net.parse_network(text)
    if network is not None:
        return str(network.first), book_of(office).of(network.first)
    name = listing.domain_name(text)
    if name is None:
        raise UsageError(f"neither an address nor a domain: {text!r}", "write 192.0.2.7, 2001:db8::1 or shop.example")
    return name, book_of(office).of_name(name)


def parts_of(office: Office, policy: Policy) -> list[Policy]:
    """The lists behind one: itself, or those that a combined list is made of. Errors: ConfigError."""
    if not policy.combined:
        return [policy]
    known = {one.name: one for one in policies(office) if not one.combined}
    for name in policy.parts:
        if name not in known:
            hint = f"known: {', '.join(sorted(known))}"
            raise ConfigError(f"[lists.{policy.name}] of: no list {name!r} to combine", hint)
    return [known[name] for name in policy.parts or known]


def _elsewhere(every: list[Listing], address: str, at: int) -> str | None:
    now = [one for one in every if one.live(at)]
    if now:
        since = clock.day_text(now[-1].listed_at)
        return f"it has been on {now[-1].list!r} since {since}; try 'junkhound why {address}'"
    before = [one for one in every if one.ended_at is not None and one.ended_at <= at]
    if before:
        until = clock.day_text(before[-1].ended_at or 0)
        return f"it was on {before[-1].list!r} until {until}; try 'junkhound why {address}'"
    return None


def explain(office: Office, name: str | None = None) -> list[tuple[Policy, list[str], list[str]]]:
    """Each policy with its sentences, and the stated host names that guard no address."""
    names = listing.names_without_address((*office.config.network.own, *relays_of(office)))
    return [(policy, listing.explain(policy), names) for policy in policies(office, name)]


def diff(office: Office, name: str | None = None) -> list[Difference]:
    """What would change for users of a list if it were published now."""
    book = book_of(office)
    answer = []
    for policy in policies(office, name):
        run = book.run(policy.name)
        published_at = None if run is None else run.published_at
        added: list[Listing] = []
        removed: list[Listing] = []
        for part in parts_of(office, policy):
            come, gone = book.since_edition(part.name, office.now, policy.name)
            added, removed = added + come, removed + gone
        answer.append(Difference(policy.name, published_at, added, removed))
    return answer


def remove(office: Office, text: str, why: str, who: str, name: str | None = None) -> list[Listing]:
    """Take an address off a list, or off all, by hand; kept in its history with who and why.

    Errors: NotFound if it is on none, UsageError without a reason.
    """
    if not why.strip():
        raise UsageError("a removal needs its reason", "add --reason 'cleaned by its owner'")
    found = check(office, text, name)
    book = book_of(office)
    return [book.remove(one.list, one.subject, office.now, who, why.strip()) for one in found]
