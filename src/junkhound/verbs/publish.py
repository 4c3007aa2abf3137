"""Lists out: what stands at a moment, guarded and written in every form that is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from junkhound import publish as room
from junkhound.kernel import clock, config
from junkhound.kernel.errors import JunkhoundError, Refused
from junkhound.kernel.net import Network
from junkhound.ledger import files
from junkhound.ledger.listing_records import Listing
from junkhound.listing import COMBINED, HOLDS, Domain, Policy, bit_code, count_range
from junkhound.publish import Edition, Entry, Last, NameEntry, Written
from junkhound.verbs import deciding, lists, record_pages, signing
from junkhound.verbs.office import Office


class Published(msgspec.Struct):
    """One list as it left: its edition, the files, entries left out because their space is protected now, the key."""

    name: str
    edition: Edition | None = None
    files: list[Written] = []
    left_out: list[Entry] = []
    refused: JunkhoundError | None = None
    signer: str | None = None


def entry_of(one: Listing) -> Entry | NameEntry:
    """A listing in the words that others may read."""
    since, last, expires = (clock.day_text(moment) for moment in (one.listed_at, one.last_at, one.expires_at))
    messages, kind = count_range(one.messages), one.listing_class
    if isinstance(one.subject, Domain):
        name, below = one.subject
        return NameEntry(name, one.number, kind, messages, since, last, expires, below=below)
    return Entry(one.subject, one.number, kind, messages, since, last, expires)


def edition_of(
    settings: config.Config,
    policy: Policy,
    entries: Sequence[Entry | NameEntry],
    at: int,
    left_out: Iterable[Network] = (),
) -> Edition:
    """The edition of these entries with what the settings say of the zone; ``left_out`` is what ranges leave out.

    Errors: ConfigError.
    """
    rules, about = settings.lists[policy.name], settings.publish
    return room.edition(
        entries,
        name=policy.name,
        scope=policy.scope,
        at=at,
        expires_at=at + int(about.expire_hours * clock.HOUR),
        exclusions=tuple(sorted({*exclusions(policy), *left_out})),
        name_exclusions=policy.protect_names,
        zone=about.zone,
        name_servers=about.name_servers,
        contact=about.contact,
        ttl_s=int(about.ttl_s),
        code=code_of(settings, policy),
        url=rules.text,
        max_network=rules.max_network or (_WIDEST if policy.of_ranges or policy.combined else _SINGLE),
        tlp=rules.tlp,
        rpz_action=about.rpz_action,
        meanings=meanings(settings, policy),
        of="names" if holds_names(settings, policy) else "addresses",
    )


_SINGLE, _WIDEST = 24, 16
"""The widest IPv4 network that may leave where the settings do not say: of lists of addresses, and of ranges."""


def code_of(settings: config.Config, policy: Policy) -> str:
    """The answer of a list: as set, else that of its kind."""
    said = settings.lists[policy.name].code
    return said or (HOLDS[policy.holds].code if policy.holds in HOLDS else HOLDS["direct"].code)


def parts(settings: config.Config, policy: Policy) -> list[str]:
    """The names of the lists behind one."""
    if not policy.combined:
        return [policy.name]
    return list(policy.parts) or [name for name, one in settings.lists.items() if one.holds != COMBINED]


def holds_names(settings: config.Config, policy: Policy) -> bool:
    """Whether a list, or what it is combined from, holds domains or hosts."""
    words = [settings.lists[name].holds for name in parts(settings, policy)]
    return any(HOLDS[word].names for word in words if word in HOLDS)


def meanings(settings: config.Config, policy: Policy) -> tuple[tuple[str, str], ...]:
    """What each answer of a list says, for its documentation (RFC 5782 section 2.3)."""
    said = []
    for name in parts(settings, policy):
        one = settings.lists[name]
        kind = HOLDS[one.holds]
        bits = settings.lists[policy.name].answers == "bits" and policy.combined
        said.append((bit_code({one.holds}) if bits else one.code or kind.code, kind.meaning))
    return tuple(dict.fromkeys(said))


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
    signer = signing.signer_of(office)
    folder = folder or _folder(office)
    done = []
    with office.ledger.holding(lists.LEASE, clock.SystemClock().now):
        for policy in wanted:
            try:
                done.append(_publish(office, policy, forms, folder, accept_growth, signer))
            except Refused as refusal:
                if len(wanted) == 1:
                    raise
                done.append(Published(policy.name, refused=refusal))
    if signer is not None:
        signing.put_public(office, folder, signer)
    if all(one.refused for one in done) and done[0].refused is not None:
        raise done[0].refused
    return done


def _folder(office: Office) -> Path:
    folder = office.config.publish.folder
    return Path(folder).expanduser().absolute() if folder else office.home / "out"


def _put(path: Path, content: bytes) -> None:
    """A file for everyone to read, in a folder that is made for forms of many files."""
    if not path.parent.is_dir():
        path.parent.mkdir(mode=0o755, parents=True)
        files.DISK.sync_dir(path.parent.parent)
    files.put(files.DISK, path, content, mode=0o644)


def _publish(
    office: Office,
    policy: Policy,
    forms: Sequence[str],
    folder: Path,
    accept_growth: bool,
    signer: room.Signer | None,
) -> Published:
    deciding.refuse_single_vantage(office, policy)
    book, at = lists.book_of(office), office.now
    run = book.run(policy.name)
    edition, left_out = ready(office, policy)
    last = None
    if run is not None and run.published_at is not None:
        last = Last(run.published_at, run.published_entries or 0)
    room.check(
        edition,
        _decided_at(office, policy),
        last,
        office.config.lists[policy.name].max_growth,
        policy.protected,
        accept_growth,
    )
    written = room.write(edition, forms, folder, _put, signer)
    if policy.scope == "public" and not policy.combined:
        path = folder / f"{policy.name}.records"
        _put(path, record_pages.lines(office, policy.name, edition.expires_at, record_pages.read(path)))
    book.note_edition(policy, at, edition.size)
    return Published(policy.name, edition, written, left_out, signer=signer.public.name if signer else None)


def ready(office: Office, policy: Policy) -> tuple[Edition, list[Entry]]:
    """The edition of a list as of the office's moment, and entries left out because their space is protected now."""
    book, at = lists.book_of(office), office.now
    behind = lists.parts_of(office, policy)
    if not policy.combined:
        live = book.live(policy.name, at)
        holes = [network for one in live for network in one.exclusions]
        kept, spared = _spare([entry_of(one) for one in live], policy, holes)
        return edition_of(office.config, policy, kept, at, holes), spared
    made, spared = [], []
    for part in behind:
        live = book.live(part.name, at)
        holes = [network for one in live for network in one.exclusions]
        kept, out = _spare([entry_of(one) for one in live], part, holes)
        # Each part guards with its own exclusions before they are mixed: another part may list what one leaves out.
        guarded = tuple(sorted({*holes, *exclusions(part)}))
        made.append(room.Part(part.holds, code_of(office.config, part), kept, guarded))
        spared += out
    bits = office.config.lists[policy.name].answers == "bits"
    return edition_of(office.config, policy, room.combine(made, bits), at), spared


def _spare(
    entries: Sequence[Entry | NameEntry], policy: Policy, holes: Sequence[Network]
) -> tuple[list[Entry | NameEntry], list[Entry]]:
    numbers = [entry for entry in entries if isinstance(entry, Entry)]
    kept, spared = room.spare(numbers, policy.protected, holes)
    return [*kept, *(entry for entry in entries if isinstance(entry, NameEntry))], spared


def _decided_at(office: Office, policy: Policy) -> int | None:
    """When a list was decided; a combined one is as old as the oldest of its parts."""
    runs = [lists.book_of(office).run(part.name) for part in lists.parts_of(office, policy)]
    moments = [run.decided_at for run in runs if run is not None]
    return min(moments) if moments and len(moments) == len(runs) else None
