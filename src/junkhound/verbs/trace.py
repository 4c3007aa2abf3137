"""``trace``: where a mail came from, hop by hop; nothing of it is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from junkhound import trace
from junkhound.attribution import Attribution, DatedTables
from junkhound.evidence import message
from junkhound.kernel import clock, net
from junkhound.kernel.config import Config
from junkhound.kernel.errors import ConfigError, NotFound, UsageError
from junkhound.kernel.net import Address
from junkhound.verbs import data
from junkhound.verbs.office import Office

SHOWN = 200  # hops of one mail


class Whose(msgspec.Struct, frozen=True):
    """An address, and whose network it is in where a table says so."""

    address: Address
    network: Attribution


class Traced(msgspec.Struct, frozen=True):
    """One mail traced: the verdict, every hop, and what to say where nothing could be believed.

    ``assumed`` is the relay that would have anchored the trace, and ``then`` the address that it would have named.
    """

    locator: str
    verdict: trace.Verdict
    hops: tuple[trace.Hop, ...]
    whose: Whose | None = None
    assumed: str | None = None
    then: Address | None = None


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
) -> Iterator[Traced]:
    """Trace every mail in files, folders and archives, ``-`` for standard input.

    Args:
        relays: believed beside those of the settings.
    Errors: NotFound if there is no mail at all, UsageError for an unknown mailbox or trap.
    """
    from junkhound.intake.sources import open_sources

    network = office.config.network
    believed = (*relays_of(office.config, mailbox, trap), *relays)
    border = trace.boundary(believed, network.own, allow_documentation=network.allow_documentation)
    listed = list(paths)
    tables = data.dated(office)
    found = False
    for mail in open_sources(listed, office.config.intake):
        found = True
        yield _trace(office, mail.locator, bytes(mail.payload), border, tables)
    if not found:
        raise NotFound(
            f"no mail in {', '.join(repr(path) for path in listed)}", "give a mail with its headers as it was stored"
        )


def _trace(office: Office, locator: str, payload: bytes, border: trace.Boundary, tables: DatedTables) -> Traced:
    hops = trace.read(message.parse(payload))
    verdict = trace.judge(hops, border)
    whose = None
    if verdict.handover is not None:
        day = None if verdict.seen_at is None else verdict.seen_at // clock.DAY
        whose = Whose(verdict.handover, tables.on(day).one(verdict.handover))
    assumed = then = None
    if not any(reason.status != "unverified" for reason in verdict.reasons):
        assumed, then = what_if(hops, office.config.network.allow_documentation)
    return Traced(locator, verdict, tuple(hops[:SHOWN]), whose, assumed, then)


def what_if(hops: trace.Hops, allow_documentation: bool) -> tuple[str | None, Address | None]:
    """The writer of the top line as a relay to believe, and the address that it would name."""
    for hop in hops[:5]:
        if hop.by is not None and not hop.local and "." in hop.by and net.parse(hop.by) is None:
            try:
                border = trace.boundary([hop.by], allow_documentation=allow_documentation)
            except ConfigError:
                return None, None
            return hop.by, trace.judge(hops, border, explain=False).address
    return None, None
