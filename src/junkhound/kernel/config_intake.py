"""The settings of what comes in: traps, mailboxes, logs, complaints and those who are enrolled to complain."""

from __future__ import annotations

from dataclasses import dataclass

from junkhound.kernel.setting import setting


@dataclass(frozen=True)
class Trap:
    """[traps.NAME]: a trap intake: its addresses never asked for mail."""

    domains: tuple[str, ...] = setting(
        (), "domains whose every address is a trap; postmaster and abuse are taken in, but are none", "domains"
    )
    addresses: tuple[str, ...] = setting((), "single trap addresses, beside those domains", "mail addresses")
    kind: str = setting(
        "pristine",
        "what they are: pristine (never used), recycled (once somebody's, long dead), typo (one letter off a big"
        " provider) or seeded (put where only harvesters look)",
        choices=("pristine", "recycled", "typo", "seeded"),
    )
    weight: float = setting(
        1.0,
        "how much its mail says, against a trap of its kind (seeded 1, recycled 0.8, typo 0.2 of a pristine one)",
        "times",
        low=0,
    )
    relays: tuple[str, ...] = setting(
        (), "our relays in front of this trap, whose Received lines are believed", "networks or host names"
    )
    country: str = setting("", "country the trap's addresses seem to be in", "two letters")


@dataclass(frozen=True)
class Mailbox:
    """[mailboxes.NAME]: a mailbox that is imported: its own relays are believed, nothing below them."""

    relays: tuple[str, ...] = setting(
        (), "relays whose Received lines are believed; none means no boundary", "networks or host names"
    )
    country: str = setting("", "country the mailbox's owner is in", "two letters")


@dataclass(frozen=True)
class Log:
    """[logs.NAME]: logs of daemons in which password guessing and the like is told; serve follows them."""

    files: tuple[str, ...] = setting((), "log files, followed through rotation", "paths")
    daemons: tuple[str, ...] = setting(
        (), "daemons whose lines are read, such as sshd, dovecot, postfix; empty means all that are known", "names"
    )
    host: str = setting(
        "", "the machine that the daemons run on: two logs of one machine are one witness; empty means this one",
        "host name",
    )  # fmt: skip
    timezone: str = setting("", "zone of times without one, such as Europe/Berlin; empty means this machine's", "zone")
    accepted: bool = setting(
        False,
        "mail that Postfix, Exim or rspamd took from strangers counts as good mail of its sender, one row an address"
        " and day; switch it on only where a filter stands before it",
    )


@dataclass(frozen=True)
class Complaints:
    """[complaints]: mail in which people and machines complain to us."""

    addresses: tuple[str, ...] = setting(
        (), "addresses of ours for complaints, taken in by the trap's listener beside abuse@ its domains",
        "mail addresses",
    )  # fmt: skip
    relays: tuple[str, ...] = setting(
        (), "our relays in front of those addresses; only their word tells who sent a complaint",
        "networks or host names",
    )  # fmt: skip


@dataclass(frozen=True)
class Complainant:
    """[complainants.NAME]: somebody whose complaints count for more than a stranger's."""

    kind: str = setting(
        "person",
        "person (its relays are believed; never points), loop (a provider's feedback loop: its Source-IP is believed),"
        " partner (the same, and one witness beside two of our own)",
        choices=("person", "loop", "partner"),
    )
    senders: tuple[str, ...] = setting(
        (), "machines its complaints come from, as our own relay or session sees them; a From can be forged",
        "networks or host names",
    )  # fmt: skip
    relays: tuple[str, ...] = setting(
        (), "its own relays: Received lines in the mails it shows that are believed", "networks or host names"
    )
