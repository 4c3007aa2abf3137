"""``relays``: which relays are believed, which ones mail suggests, and writing them into the settings."""

from __future__ import annotations

import json
import os
import re
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from junkhound import trace
from junkhound.evidence import message
from junkhound.kernel.errors import ConfigError, NotFound, Refused
from junkhound.verbs import believing
from junkhound.verbs.office import Office

SAMPLE = 5000  # mails that are read to learn from
INNER = 0.1  # of the mails may be handed over under a relay's own name; spammers do that too
DEPTH = 20  # Received lines of each that are kept


class Learned(msgspec.Struct, frozen=True):
    """What mail suggests: proposals that the settings do not have yet, and how many mails were read.

    ``anchored`` of them can be traced with the settings as they are, ``would`` with the proposals. ``inner`` are
    networks (with how many mails) whose machines would be blamed although they call themselves one of the relays: inner
    servers of the same provider, most likely, whose networks are still missing.
    """

    mailbox: str
    mails: int
    proposals: tuple[trace.Proposal, ...]
    known: tuple[str, ...]
    anchored: int
    would: int
    inner: tuple[tuple[str, int], ...] = ()


class Shown(msgspec.Struct, frozen=True):
    """One intake of the settings and the relays that are believed for it."""

    intake: str
    name: str
    relays: tuple[str, ...]


def show(office: Office) -> list[Shown]:
    """The relays of every mailbox and trap in the settings, and what is ours everywhere."""
    config = office.config
    return [
        *(Shown("mailbox", name, mailbox.relays) for name, mailbox in sorted(config.mailboxes.items())),
        *(Shown("trap", name, trap.relays) for name, trap in sorted(config.traps.items())),
        *([Shown("own", "", config.network.own)] if config.network.own else ()),
    ]


def learn(office: Office, paths: Iterable[str], mailbox: str, profiles: trace.Known | None = None) -> Learned:
    """Propose relays from mail of one mailbox; changes nothing. Errors: NotFound if there is no mail.

    Args:
        profiles: known relays of others; those that come with the program where None.
    """
    from junkhound.intake.sources import open_sources

    samples = []
    for mail in open_sources(paths, office.config.intake):
        samples.append(trace.read(message.parse(bytes(mail.payload)))[:DEPTH])
        if len(samples) >= SAMPLE:
            break
    if not samples:
        raise NotFound("no mail to learn from", "give a folder, mbox or archive of mail of that mailbox")
    network = office.config.network
    section = office.config.mailboxes.get(mailbox)
    known = section.relays if section is not None else ()
    trust = believing.trust(office.config)
    border = trace.boundary(known, network.own, network.allow_documentation, profiles, trust)
    proposals = tuple(
        proposal
        for proposal in trace.learn(samples)
        if proposal.relay not in known and not _has(border, proposal.relay)
    )
    better = trace.boundary(
        [*known, *(p.relay for p in proposals)], network.own, network.allow_documentation, profiles, trust
    )
    verdicts = [trace.judge(hops, better, explain=False) for hops in samples]
    return Learned(
        mailbox,
        len(samples),
        proposals,
        known,
        sum(trace.judge(hops, border, explain=False).anchored for hops in samples),
        sum(verdict.anchored for verdict in verdicts),
        tuple(trace.inner(samples, better).most_common()),
    )


def _has(border: trace.Boundary, relay: str) -> bool:
    return border.knows_name(relay)


def apply(office: Office, learned: Learned) -> Path:
    """Write the proposals into the settings file beside the relays that are there; the rest stays byte for byte.

    Errors: ConfigError if no settings file is in use, or it cannot be changed without touching more; Refused where the
    proposals would blame machines that call themselves one of the relays in more than ``INNER`` of the mails.
    """
    blamed = sum(mails for _, mails in learned.inner)
    if blamed > INNER * learned.mails:
        some = ", ".join(f"{network} ({mails:,})" for network, mails in learned.inner[:5])
        raise Refused(
            f"{blamed:,} of {learned.mails:,} mails would be blamed on machines that call themselves a relay of yours",
            f"if these are your provider's networks, add them to [mailboxes.{learned.mailbox}] relays first: {some}",
        )
    lines = section_text(learned.mailbox, [*learned.known, *(p.relay for p in learned.proposals)])
    if not office.config.path:
        raise ConfigError("no settings file to write to", f"put this into junkhound.toml: {' '.join(lines.split())}")
    path = Path(office.config.path)
    old = path.read_bytes().decode("utf-8")
    new = with_relays(old, learned.mailbox, [*learned.known, *(p.relay for p in learned.proposals)])
    _replace(path, new)
    return path


def with_relays(text: str, mailbox: str, relays: Iterable[str]) -> str:
    """The settings text with ``[mailboxes.NAME] relays`` set, everything else byte for byte as it was.

    Errors: ConfigError if the text is written in a way that we cannot change safely.
    """
    relays = list(relays)
    end = "\r\n" if "\r\n" in text else "\n"
    key = _key(mailbox)
    header = re.search(
        rf"^[ \t]*\[[ \t]*mailboxes[ \t]*\.[ \t]*(?:{re.escape(key)}|\"{re.escape(mailbox)}\"|'{re.escape(mailbox)}')"
        r"[ \t]*\][ \t]*(?:#[^\r\n]*)?(?:\r?\n|\Z)",
        text,
        re.MULTILINE,
    )
    if header is None:
        gap = "" if not text or text.endswith(end + end) else end if text.endswith("\n") else end + end
        new = text + gap + section_text(mailbox, relays).replace("\n", end)
    else:
        new = _within(text, header.end(), _array(relays), end)
    _must_agree(text, new, mailbox, relays)
    return new


def section_text(mailbox: str, relays: Iterable[str]) -> str:
    """The section as it is written into a file."""
    return f"[mailboxes.{_key(mailbox)}]\nrelays = {_array(relays)}\n"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name)


def _array(relays: Iterable[str]) -> str:
    return "[" + ", ".join(json.dumps(relay) for relay in relays) + "]"


def _within(text: str, start: int, array: str, end: str) -> str:
    """Set ``relays`` in the section that begins at ``start``."""
    following = re.compile(
        r"^[ \t]*\[{1,2}[ \t]*[A-Za-z0-9_\"'-][^\[\]\r\n,]*\]{1,2}[ \t]*(?:#[^\r\n]*)?\r?$", re.MULTILINE
    )
    after = following.search(text, start)
    stop = after.start() if after else len(text)
    setting = re.compile(r"^[ \t]*relays[ \t]*=[ \t]*", re.MULTILINE).search(text, start, stop)
    if setting is None:
        newline = "" if not start or text[start - 1] == "\n" else end
        return text[:start] + f"{newline}relays = {array}{end}" + text[start:]
    value = re.compile(r"\[(?:[^\[\]\"'#]|\"(?:[^\"\\\r\n]|\\.)*\"|'[^'\r\n]*'|#[^\r\n]*)*\]").match(
        text, setting.end()
    )
    if value is None:
        raise ConfigError("the relays in the settings file are written in an unusual way", "add them by hand")
    return text[: value.start()] + array + text[value.end() :]


def _must_agree(old: str, new: str, mailbox: str, relays: list[str]) -> None:
    """Read both texts and see that only the relays differ."""
    try:
        wanted, got = tomllib.loads(old), tomllib.loads(new)
    except tomllib.TOMLDecodeError:
        got, wanted = {}, {"": ""}
    else:
        wanted.setdefault("mailboxes", {}).setdefault(mailbox, {})["relays"] = relays
    if got != wanted:
        raise ConfigError(
            "cannot change the settings file without touching more of it",
            f"add this by hand: {' '.join(section_text(mailbox, relays).split())}",
        )


def _replace(path: Path, text: str) -> None:
    """Write the file whole or not at all, with the mode it had."""
    mode = path.stat().st_mode & 0o7777
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
