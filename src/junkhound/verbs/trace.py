"""``trace``: where a mail came from, hop by hop; nothing of it is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

import msgspec

from junkhound import complaint, content, trace
from junkhound.attribution import Attribution, DatedTables
from junkhound.evidence import message
from junkhound.kernel import clock, net
from junkhound.kernel.config import Config
from junkhound.kernel.errors import ConfigError, NotFound, UsageError
from junkhound.kernel.net import Address
from junkhound.verbs import believing, comparing, data
from junkhound.verbs.office import Office

SHOWN = 200  # hops of one mail
COMPARED = 1000  # mails that are compared with each other before the first of them is shown
_USUAL = (b"received", b"from", b"to", b"subject", b"date", b"message-id", b"return-path", b"mime-version")
NEAR, MANY = 8, 4  # lines from the top, and relays, that are tried where nothing is configured


class Whose(msgspec.Struct, frozen=True):
    """An address, and whose network it is in where a table says so."""

    address: Address
    network: Attribution


class Traced(msgspec.Struct, frozen=True):
    """One mail traced: the verdict, every hop, and what to say where nothing could be believed.

    ``assumed`` are the relays (``a.example, b.example``) that would have anchored the trace, and ``then`` the address
    that they would have named, ``through`` the provider. ``inside`` says how the mail was found, where it stood inside
    another (``attached``, ``inline gmail``).
    """

    locator: str
    verdict: trace.Verdict
    hops: tuple[trace.Hop, ...]
    whose: Whose | None = None
    assumed: str | None = None
    then: Address | None = None
    subject: str = ""
    author: str = ""
    inside: str = ""
    through: str = ""
    header: bool = True  # it has fields that a mail has


def relays_of(config: Config, mailbox: str | None = None, trap: str | None = None) -> tuple[str, ...]:
    """The relays of one mailbox or trap, or of all of them where none is named.

    Errors: UsageError for a name that is not in the settings.
    """
    if mailbox is not None:
        if mailbox not in config.mailboxes:
            known = ", ".join(sorted(config.mailboxes)) or "none"
            raise UsageError(
                f"no mailbox called {mailbox!r}", f"write [mailboxes.{mailbox}] into the settings; known: {known}"
            )
        return config.mailboxes[mailbox].relays
    if trap is not None:
        if trap not in config.traps:
            known = ", ".join(sorted(config.traps)) or "none"
            raise UsageError(f"no trap called {trap!r}", f"write [traps.{trap}] into the settings; known: {known}")
        return config.traps[trap].relays
    mailboxes = (section.relays for section in config.mailboxes.values())
    traps = (section.relays for section in config.traps.values())
    return tuple(dict.fromkeys(relay for relays in (*mailboxes, *traps) for relay in relays))


def trace_paths(
    office: Office,
    paths: Iterable[str],
    mailbox: str | None = None,
    trap: str | None = None,
    relays: Iterable[str] = (),
    known: Iterable[str] = (),
    keys: Iterable[str] = (),
) -> Iterator[Traced]:
    """Trace every mail in files, folders and archives, ``-`` for standard input; several are compared with each other.

    Args:
        relays: believed beside those of the settings.
        known: files of relays that hand over other people's mail, beside those of the settings.
        keys: zone files with the keys of seals and signatures, beside those of the settings.
    Errors: NotFound if there is no mail at all, UsageError for an unknown mailbox or trap.
    """
    from junkhound.intake.sources import open_sources

    network = office.config.network
    believed = (*relays_of(office.config, mailbox, trap), *relays)
    trust = believing.trust(office.config, known, keys)
    border = trace.boundary(believed, network.own, allow_documentation=network.allow_documentation, trust=trust)
    listed = list(paths)
    tables = data.dated(office)
    every = open_sources(listed, office.config.intake, reports=True)
    mails = ((mail.locator, bytes(mail.payload)) for mail in every)
    first = list(islice(mails, COMPARED))
    if not first:
        absent = [path for path in listed if path != "-" and not Path(path).exists()]
        if absent:
            raise NotFound(f"no such file: {absent[0]!r}", "name a file with the mail, or '-' and paste it")
        raise NotFound(
            f"no mail in {', '.join(repr(path) for path in listed)}", "give a mail with its headers as it was stored"
        )
    seen = _compared([payload for _, payload in first], border) | comparing.known(office)
    for locator, payload in chain(first, mails):
        yield from _traces(office, locator, payload, border, tables, seen)


def _compared(payloads: list[bytes], border: trace.Boundary) -> trace.Seen:
    """What several mails say of each other; nothing where there is one."""
    if len(payloads) < 2:
        return trace.NOTHING
    mails = map(message.parse, payloads)
    return trace.compare(
        trace.Sample(mail.first(b"message-id"), trace.read(mail), border, None, content.view(mail).template)
        for mail in mails
    )


def _traces(
    office: Office, locator: str, payload: bytes, border: trace.Boundary, tables: DatedTables, seen: trace.Seen
) -> Iterator[Traced]:
    """The mail; or, where it has no Received line itself, the mails that it shows: forwarded, pasted, in a ``.msg``."""
    if len(trace.read(message.parse(payload))):
        yield _trace(office, locator, payload, border, tables, seen=seen)
        return
    shown = complaint.read(payload)
    if "extra:msg" in shown.missing:
        raise ConfigError(f"{locator}: an Outlook file", "to open it: pip install 'junkhound[msg]'")
    for number, mail in enumerate(shown.mails):
        name = locator if len(shown.mails) == 1 else f"{locator}, mail {number + 1}"
        yield _trace(office, name, mail.octets, border, tables, mail.how)
    if not shown.mails:
        yield _trace(office, locator, payload, border, tables)


def _trace(
    office: Office, locator: str, payload: bytes, border: trace.Boundary, tables: DatedTables, inside: str = "",
    seen: trace.Seen = trace.NOTHING,
) -> Traced:  # fmt: skip
    parsed = message.parse(payload)
    hops = trace.read(parsed)
    verdict = trace.judge(hops, border, seen=seen, text=content.view(parsed).template if seen.mails else 0)
    whose = None
    if verdict.handover is not None:
        day = None if verdict.seen_at is None else verdict.seen_at // clock.DAY
        whose = Whose(verdict.handover, tables.on(day).one(verdict.handover))
    guess = Assumed()
    if not any(reason.status != "unverified" for reason in verdict.reasons):
        guess = what_if(hops, office.config.network.allow_documentation)
    subject, author = parsed.text(b"subject", 200), parsed.text(b"from", 200)
    return Traced(
        locator, verdict, tuple(hops[:SHOWN]), whose, guess.relays, guess.address, subject, author, inside,
        guess.provider, any(name in parsed.index for name in _USUAL),
    )  # fmt: skip


class Assumed(NamedTuple):
    """What a mail would say if the writers of its top lines were believed; ``relays`` as in ``Traced.assumed``."""

    relays: str | None = None
    address: Address | None = None
    provider: str = ""


def what_if(hops: trace.Hops, allow_documentation: bool) -> Assumed:
    """The writers of the top lines as relays to believe, no more than it takes to name somebody."""
    relays = trace.mailbox_at(hops)
    if relays:
        border = trace.boundary(relays, allow_documentation=allow_documentation)
        verdict = trace.judge(hops, border, explain=False)
        if verdict.address is not None or verdict.provider is not None:
            return Assumed(", ".join(relays), verdict.address, verdict.provider or "")
    relays = []
    for hop in hops[:NEAR]:
        if hop.by is None or hop.by in relays or not ("." in hop.by or net.parse(hop.by) is not None):
            continue
        try:
            border = trace.boundary([*relays, hop.by], allow_documentation=allow_documentation)
        except ConfigError:
            break
        relays.append(hop.by)
        verdict = trace.judge(hops, border, explain=False)
        if verdict.address is not None or verdict.provider is not None:
            return Assumed(", ".join(relays), verdict.address, verdict.provider or "")
        if len(relays) == MANY:
            break
    return Assumed(relays[0]) if relays else Assumed()
