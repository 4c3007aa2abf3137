"""A trace as a person wants to see it: the path hop by hop, what kind of machine it was, whom to write to, what next.

Everything here is said of a verdict that others made; nothing is decided. Faces render it: a terminal, a page, JSON.
"""

from __future__ import annotations

import msgspec

from junkhound import provider, trace
from junkhound.kernel import clock
from junkhound.kernel.errors import JunkhoundError
from junkhound.kernel.net import Address, network_of
from junkhound.provider import Contacts, Found
from junkhound.tables import SourceClass, country_code
from junkhound.verbs import kinds, why
from junkhound.verbs.contacts import Book
from junkhound.verbs.kinds import Machine
from junkhound.verbs.office import Office
from junkhound.verbs.trace import Traced

SHOWN_P = 0.01
"""Less likely machines are not shown."""

PASSED_ON = 0.5
"""Below this a machine rather passed the mail on than made it."""


class Step(msgspec.Struct, frozen=True):
    """One line of the path, the top one first; ``number`` counts Received lines from 1, 0 is our own session.

    ``by`` says it; ``ip`` and ``seen`` (a name looked up) were seen there, ``claimed`` was only said. ``delay_s`` is
    how long after the line below it was written, None where either has no date. ``status`` is that of the verdict,
    ``why`` its reason, ``claim`` what a line says that is not believed.
    """

    number: int
    status: str
    by: str
    ip: str
    seen: str
    claimed: str
    at: int | None
    delay_s: int | None
    protocol: str
    why: str
    claim: str = ""


class Other(msgspec.Struct, frozen=True):
    """Another machine that may have made the mail: how likely, and the line that names it (0 our session)."""

    address: str
    p: float
    number: int


class Picture(msgspec.Struct, frozen=True):
    """One mail traced and put into words. ``command`` is what names somebody where nobody could be named."""

    traced: Traced
    source: str
    name: str
    nobody: str
    network: str
    seen_at: int | None
    how: str
    machine: Machine | None
    steps: tuple[Step, ...]
    more: int
    noticed: tuple[str, ...]
    contacts: tuple[Found, ...]
    known: tuple[str, ...]
    next: tuple[str, ...]
    command: str = ""
    others: tuple[Other, ...] = ()
    about: str = ""  # whom a report is about: an account, or a machine


def draw(office: Office, traced: Traced, contacts: Book) -> Picture:
    """The picture of one trace; the contacts are those of the mail's day."""
    verdict = traced.verdict
    blamed = verdict.address
    asked = blamed or (verdict.source if verdict.provider else None)
    found = _contacts(traced, contacts.on(None if verdict.seen_at is None else verdict.seen_at // clock.DAY))
    relays = traced.assumed.split(", ") if traced.assumed else []
    command = f"junkhound trace {' '.join(f'--relay {relay}' for relay in relays)} {_file(traced)}" if relays else ""
    return Picture(
        traced=traced,
        source="" if blamed is None else str(blamed),
        name=verdict.rdns or "" if blamed is not None and blamed == verdict.handover else "",
        nobody="" if blamed is not None else _nobody(traced),
        network=_network(traced),
        seen_at=verdict.seen_at,
        how=_how(verdict),
        machine=machine_of(traced),
        steps=tuple(_steps(traced)),
        more=max(0, verdict.hops - sum(reason.index >= 0 for reason in verdict.reasons)),
        noticed=tuple(clue.name.lower().replace("_", " ") for clue in verdict.clues if clue.name),
        contacts=tuple(found),
        known=_known(office, asked),
        next=tuple(_next(traced, found)),
        command=command,
        others=tuple(
            Other(str(one.address), one.p, one.index + 1)
            for one in verdict.candidates
            if one.address != blamed and one.p >= SHOWN_P and not (verdict.provider and one.address == verdict.source)
        ),
        about=about_of(verdict),
    )


def _file(traced: Traced) -> str:
    return traced.locator if traced.locator and " " not in traced.locator and traced.locator != "-" else "FILE"


# --- the answer -------------------------------------------------------------------------------------------


def _nobody(traced: Traced) -> str:
    verdict = traced.verdict
    if traced.assumed is not None:
        *others, last = traced.assumed.split(", ")
        whose = f"{', '.join(others)} and {last} are your mail servers" if others else f"{last} is your mail server"
        then = f"it names {traced.then}" if traced.then is not None else "more relays will be needed"
        if traced.then is None and traced.through:
            then = f"it came through {traced.through}"
        return f"no line can be believed; if {whose}, {then}"
    if not traced.hops:
        if not traced.header:
            return "it has no header: it is no mail, or its headers were left out"
        return "the mail has no Received line: its headers are incomplete"
    if verdict.provider is not None:
        account = f"; the account is {verdict.account}" if verdict.account is not None else ""
        through = f"{verdict.provider} ({verdict.handover}), which many people use"
        if verdict.source is None:
            return f"it came through {through}{account}"
        return f"{verdict.source} behind {through}, by its own word: shown, and never listed{account}"
    return {
        "unknown": "a relay we believe brought it, and who is behind that relay is not known",
        "local": "it never left our own machines",
    }.get(verdict.path.name.lower(), "no line that is believed names a machine of a stranger")


_KNOWN_AS = {
    "esp": "a bulk mailer", "list": "a host of mailing lists", "forwarded": "which forwards mail",
    "webmail": "a provider of mailboxes", "authenticated": "a provider of mailboxes",
}  # fmt: skip


def _how(verdict: trace.Verdict) -> str:
    path = verdict.path.name.lower().replace("_", " ")
    if verdict.address is None:
        kind = _KNOWN_AS.get(path, "a machine of many people")
        return f"{verdict.handover} is known as a machine of {verdict.provider}, {kind}" if verdict.provider else ""
    if verdict.confidence < PASSED_ON and verdict.candidates:
        return f"{path}: it handed the mail over, and rather passed it on ({verdict.confidence:.0%} that it made it)"
    return f"{path}, {verdict.confidence:.0%} sure that it injected the mail"


def _network(traced: Traced) -> str:
    network = traced.whose.network if traced.whose else None
    if network is None or not network.asn or traced.whose is None:
        return ""
    country = f", {country_code(network.country)}" if network.country else ""
    prefix = f"{network_of(traced.whose.address, network.prefix)}, " if network.prefix else ""
    return f"{prefix}AS{network.asn} {network.organisation}".rstrip() + country


_RELAY = Machine(
    "a machine that seems to have passed the mail on",
    "who runs it may not know that it does, or have done nothing wrong: tell him kindly",
)


def machine_of(traced: Traced) -> Machine | None:
    """What it was, as far as the path, its name and its network's type tell."""
    verdict = traced.verdict
    if verdict.address is None and verdict.provider is None:
        return None
    if verdict.address is not None and verdict.confidence < PASSED_ON and verdict.candidates:
        return msgspec.structs.replace(_RELAY, why=verdict.class_reason)
    operator = 0
    if verdict.address is not None and traced.whose is not None:
        operator = traced.whose.network.operator
    return kinds.machine(verdict.source_class, verdict.class_reason, operator)


def about_of(verdict: trace.Verdict) -> str:
    """Whom a report is about: an account where one is named, else an address; "" where nobody is."""
    if verdict.account is not None and (verdict.provider is not None or verdict.rdns is not None):
        at = verdict.provider or verdict.rdns
        if ": " in verdict.account:  # a field by which the provider knows
            return f"the customer of {at} whose mail has {verdict.account}"
        return f"the account {verdict.account} at {at}"
    if verdict.source_class is SourceClass.FORWARD:
        return f"nobody at {verdict.provider or verdict.address}: it passed on what somebody else wrote"
    if verdict.provider is not None:
        return f"an account at {verdict.provider}, which can tell from the mail's ids whose"
    return "" if verdict.address is None else f"the machine at {verdict.address}, at that moment"


# --- the path ---------------------------------------------------------------------------------------------


def _steps(traced: Traced) -> list[Step]:
    found = []
    for reason in traced.verdict.reasons:
        hop = traced.hops[reason.index] if 0 <= reason.index < len(traced.hops) else None
        below = traced.hops[reason.index + 1] if 0 <= reason.index + 1 < len(traced.hops) else None
        believed = reason.status in ("trusted", "handover", "believed", "local")
        if hop is None:
            ip, name = ("" if reason.ip is None else str(reason.ip)), reason.name or ""
            found.append(
                Step(reason.index + 1, reason.status, "our session", ip, name, "", None, None, "", reason.text)
            )
            continue
        delay = None
        if hop.at is not None and below is not None and below.at is not None:
            delay = round((hop.at - below.at) / 1_000_000)
        claim = "" if believed else _claim(hop)
        ip = "" if hop.ip is None else str(hop.ip)
        found.append(
            Step(
                reason.index + 1, reason.status, hop.by or "", ip, hop.rdns or "", hop.helo or "", hop.at, delay,
                hop.protocol or "", reason.text, claim,
            )
        )  # fmt: skip
    return found


def _claim(hop: trace.Hop) -> str:
    if hop.ip is not None:
        return f"it claims that {hop.by or 'somebody'} took it from {hop.ip}"
    return f"it claims to be written by {hop.by}" if hop.by else ""


# --- what else is known, whom to write to, what next --------------------------------------------------------


def _contacts(traced: Traced, contacts: Contacts) -> list[Found]:
    verdict = traced.verdict
    address = verdict.address or (verdict.handover if verdict.provider else None)
    if address is None:
        return []
    network = traced.whose.network if traced.whose is not None else None
    hop = next(
        (traced.hops[reason.index] for reason in verdict.reasons
         if reason.status == "handover" and 0 <= reason.index < len(traced.hops)), None,
    )  # fmt: skip
    name = verdict.rdns or (hop.rdns if hop is not None else None) or ""
    found = contacts.of(address, network.asn if network is not None else 0, [name] if name else [])
    if not found and name and (guessed := provider.guess(name, hop is not None and hop.verified)) is not None:
        found.append(guessed)
    return found


def _known(office: Office, address: Address | None) -> tuple[str, ...]:
    """What this home knows of the address; nothing where there is no home yet, for a trace makes none."""
    if address is None or not (office.config.store.state or (office.home / "state.db").exists()):
        return ()
    try:
        seen = why.why(office, str(address))
    except JunkhoundError:  # a home of another version, a lock: the trace is none the worse
        return ()
    lines = [
        f"{one.kind.replace('_', ' ')}: {one.messages:,} on {one.days:,} day{'s' if one.days != 1 else ''},"
        f" {one.first_on} to {one.last_on}"
        for one in seen.activity
    ]
    lines += [f"on list {one.listing.list!r} as {one.listing.number}" for one in seen.records if one.live]
    return tuple(lines)


def _next(traced: Traced, found: list[Found]) -> list[str]:
    """What a person can do now, the most useful first."""
    verdict = traced.verdict
    if traced.assumed is not None or (not verdict.anchored and traced.hops):
        steps = ["say which servers are yours; for a whole mailbox, junkhound relays learn MAILBOX proposes them"]
        return [*steps, "until then nobody may be accused: whoever sent the mail could have typed any of these lines"]
    if not traced.hops:
        return ["get the mail with all its headers: 'view source' or 'forward as attachment' in the mail program"]
    steps = []
    who = _who(found)
    moment = f" and the moment, {clock.text(verdict.seen_at)}" if verdict.seen_at is not None else ""
    if verdict.address is not None and verdict.confidence < PASSED_ON and verdict.candidates:
        steps.append(
            f"ask {who} who brought it the mail: attach it as it is, headers and all, and name the moment,"
            f" {clock.text(verdict.seen_at) if verdict.seen_at is not None else 'as far as you know it'}"
        )
    elif verdict.address is not None:
        steps.append(
            f"write to {who}: attach the mail as it is, headers and all; name the address{moment}, for addresses change"
            " hands"
        )
    if verdict.address is not None:
        steps.append(f"look at what else it did: junkhound why {verdict.address}")
    elif verdict.provider is not None:
        who = who if found and found[0].sure else f"the abuse desk of {verdict.provider}"
        account = f" the account, {verdict.account}," if verdict.account else ""
        told = f"; name{account}{moment}".replace("name and", "name") if account or moment else ""
        if verdict.source_class is SourceClass.FORWARD:
            steps.append(f"tell {verdict.provider} that junk came through it, and ask who brought it{told}")
        else:
            steps.append(f"write to {who}: attach the mail as it is, headers and all{told}")
    if verdict.address is not None or verdict.provider is not None:
        steps.append("keep the mail: junkhound ingest --as junk keeps it sealed, with a proof that nothing was changed")
    return steps


def _who(found: list[Found]) -> str:
    if not found:
        return "the network's abuse desk"
    best = found[0]
    where = best.contact.mail or best.contact.url
    return where if best.sure else f"the network's abuse desk (perhaps {where})"
