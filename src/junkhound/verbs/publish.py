"""Lists out: what stands at a moment, guarded and written in every form that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import msgspec

from junkhound import publish as room
from junkhound.kernel import clock, config
from junkhound.kernel.errors import JunkhoundError, Refused
from junkhound.kernel.net import Network
from junkhound.ledger import files
from junkhound.ledger.listing_records import Listing
from junkhound.listing import Policy, count_range
from junkhound.publish import Edition, Entry, Last, Written
from junkhound.verbs import deciding, lists
from junkhound.verbs.office import Office


class Published(msgspec.Struct):
    """One list as it left: its edition, the files, and entries left out because their space is protected now."""

    name: str
    edition: Edition | None = None
    files: list[Written] = []
    left_out: list[Entry] = []
    refused: JunkhoundError | None = None


def entry_of(one: Listing) -> Entry:
    """A listing in the words that others may read."""
    return Entry(
        network=one.subject,
        number=one.number,
        listing_class=one.listing_class,
        messages=count_range(one.messages),
        since=clock.day_text(one.listed_at),
        last_seen=clock.day_text(one.last_at),
        expires=clock.day_text(one.expires_at),
    )


def edition_of(settings: config.Config, policy: Policy, entries: Sequence[Entry], at: int) -> Edition:
    """The edition of these entries with what the settings say of the zone. Errors: ConfigError."""
    rules, about = settings.lists[policy.name], settings.publish
    return room.edition(
        entries,
        name=policy.name,
        scope=policy.scope,
        at=at,
        expires_at=at + int(about.expire_hours * clock.HOUR),
        exclusions=exclusions(policy),
        zone=about.zone,
        name_servers=about.name_servers,
        contact=about.contact,
        ttl_s=int(about.ttl_s),
        code=rules.code,
        url=rules.text,
        max_network=rules.max_network,
        tlp=rules.tlp,
        rpz_action=about.rpz_action,
    )


def exclusions(policy: Policy) -> tuple[Network, ...]:
    """Networks written as never listed: a second guard in the operator's own server.

    A public file says nothing of them: own and protected networks would show strangers where traps stand.
    """
    return tuple(sorted({network for network, _ in policy.protect})) if policy.scope == "own" else ()


def publish(
    office: Office,
    name: str | None = None,
    forms: Sequence[str] | None = None,
    folder: Path | None = None,
    accept_growth: bool = False,
) -> list[Published]:
    """Write every list (or one) as of the office's moment. One that a guard holds back is reported beside the others.

    Errors: what held it back, if it was the only one; UsageError for an unknown form.
    """
    wanted = deciding.policies(office, name)
    forms = tuple(forms) if forms else office.config.publish.outputs
    for form in forms:
        room.outputs.get(form)
    done = []
    with office.ledger.holding(lists.LEASE, clock.SystemClock().now):
        for policy in wanted:
            try:
                done.append(_publish(office, policy, forms, folder or _folder(office), accept_growth))
            except Refused as refusal:
                if len(wanted) == 1:
                    raise
                done.append(Published(policy.name, refused=refusal))
    if all(one.refused for one in done) and done[0].refused is not None:
        raise done[0].refused
    return done


def _folder(office: Office) -> Path:
    folder = office.config.publish.folder
    return Path(folder).expanduser().absolute() if folder else office.home / "out"


def _publish(office: Office, policy: Policy, forms: Sequence[str], folder: Path, accept_growth: bool) -> Published:
    deciding.refuse_single_vantage(office, policy)
    book, at = lists.book_of(office), office.now
    run = book.run(policy.name)
    entries, left_out = room.spare(map(entry_of, book.live(policy.name, at)), policy.protected)
    edition = edition_of(office.config, policy, entries, at)
    last = None
    if run is not None and run.published_at is not None:
        last = Last(run.published_at, run.published_entries or 0)
    room.check(
        edition,
        None if run is None else run.decided_at,
        last,
        office.config.lists[policy.name].max_growth,
        policy.protected,
        accept_growth,
    )
    written = room.write(edition, forms, folder, partial(files.put, files.DISK, mode=0o644))
    book.note_edition(policy.name, at, edition.size)
    return Published(policy.name, edition, written, left_out)
