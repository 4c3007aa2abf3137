"""What a book says about one message: facts with their amounts, each of which a person can check."""

from __future__ import annotations

from collections.abc import Iterable
from math import log2
from typing import Any

import msgspec

from junkhound import content
from junkhound.content import View
from junkhound.guard.authenticated import Authenticated
from junkhound.guard.book import Book
from junkhound.kernel.net import Address
from junkhound.tables import Clue, KeyKind, Path
from junkhound.trace import Verdict

NEAR = 0.5  # word sets that overlap less are another letter (RUNTIME: J >= 0.5)
FEW_WORDS = 8  # shorter texts are alike by chance
CROWDED = 40  # a thing in more texts than this is shared by everybody: a shop window, a type foundry, a tracker

_UNTRUSTY = (Path.UNKNOWN, Path.ESP, Path.LIST, Path.FORWARDED, Path.WEBMAIL)
_FORGED = int(Clue.FORGED | Clue.CLAIMS_OUR_NAME | Clue.QUEUE_ID_CLOCK | Clue.IMPOSSIBLE_ADDRESS | Clue.HELO_OURS)
_HOME = int(Clue.DYNAMIC_RDNS)
_NAMELESS = int(Clue.NO_RDNS)
_BARE = int(Clue.HELO_LITERAL)


class Evidence(msgspec.Struct):
    """Amounts by name, as ``model`` weighs them, and the words for those that a person should hear.

    ``campaign`` is how sure it is that live trap mail says the same: 1 for the same letter, less for one that is alike.
    """

    amounts: dict[str, float]
    words: dict[str, str]
    campaign: float = 0.0
    listed: bool = False


def ask(
    book: Book, view: View, things: Iterable[tuple[int, int, str]], verdict: Verdict, source: Address | None, asn: int,
    today: int,
) -> Evidence:  # fmt: skip
    """Look everything up.

    Args:
        things: (kind, key, text) of what the message shares, as ``sighting.things`` gives them.
        source: the machine that may be blamed; None where nobody may be.
        asn: number of the network that handed over, 0 unknown.
        today: day of the judgement, since 1970: what is long ago counts less.
    """
    found = Evidence({}, {})
    _texts(book, view, found, today)
    _things(book, things, found, today)
    if source is not None:
        _machine(book, source, found, today)
    _system(book, asn, found)
    _way(verdict, found)
    return found


def _texts(book: Book, view: View, found: Evidence, today: int) -> None:
    """The very letter, else the campaign whose template it follows, or that says much the same."""
    if not view.template:
        return
    row = book.find("texts", view.template)
    if row is not None:
        _letter(row, 1.0, found, today)
        return
    if book.templates:
        _template(book, view, found, today)
    sketch, words = content.sketched(view)
    if words < FEW_WORDS:
        return
    alike = book.alike("texts", sketch, NEAR)
    if alike is not None:
        _letter(*alike, found, today)
    alike = book.alike("campaigns", sketch, NEAR)
    if alike is not None:
        _campaign(*alike, found, today)


def _letter(row: Any, share: float, found: Evidence, today: int) -> None:
    fresh = _fresh(int(row["day"]), today)
    mails = int(row["mails"])
    found.campaign = share * fresh
    found.amounts["text"] = share * fresh
    found.amounts["text_mails"] = share * fresh * _log(mails)
    how = "the same letter" if share == 1.0 else f"a letter {share:.0%} alike"
    found.words["text"] = f"{how} reached {_mails(mails)} at {int(row['vantages'])} traps lately"


def _template(book: Book, view: View, found: Evidence, today: int) -> None:
    """No ground to refuse a mail: who feeds a trap with the small print of others could make a template of it."""
    wording = book.templates.find(content.canon(view.text))
    if wording is None:
        return
    fresh = _fresh(wording.day, today)
    found.amounts["template"] = fresh
    row = book.find("campaigns", wording.campaign)
    if row is not None:
        mails, traps = _mails(int(row["mails"])), int(row["vantages"])
        found.words["template"] = f"it follows a template of which {mails} reached {traps} traps lately"


def _campaign(row: Any, share: float, found: Evidence, today: int) -> None:
    fresh = _fresh(int(row["day"]), today)
    mails = int(row["mails"])
    found.amounts["campaign"] = share * fresh
    found.amounts["campaign_mails"] = share * fresh * _log(mails)
    found.words["campaign"] = (
        f"it says much the same as a campaign of {_mails(mails)} to {int(row['vantages'])} traps lately"
    )


def _things(book: Book, things: Iterable[tuple[int, int, str]], found: Evidence, today: int) -> None:
    best: dict[str, tuple[float, str]] = {}
    known = 0
    for kind, key, name in things:
        word = _KINDS.get(kind)
        if word is None:
            continue
        row = book.find("things", book.keying.thing(kind, key))
        if row is None:
            continue
        texts = int(row["texts"])
        if texts > CROWDED:
            continue
        known += 1
        amount = _log(int(row["mails"])) * _fresh(int(row["day"]), today)
        if amount > best.get(word, (0.0, ""))[0]:
            shown = f" {name!r}" if name else ""
            best[word] = amount, f"the {_SAID[word]}{shown} stands in {_mails(int(row['mails']))} of traps"
    for word, (amount, said) in best.items():
        found.amounts[word] = amount
        found.words[word] = said
    if known:
        found.amounts["things"] = _log(known)


def _machine(book: Book, source: Address, found: Evidence, today: int) -> None:
    row = book.find("sources", book.keying.source(source))
    if row is not None:
        fresh = _fresh(int(row["day"]), today)
        found.listed = bool(row["listed"])
        found.amounts["source"] = _log(int(row["mails"])) * fresh
        found.amounts["source_days"] = _log(int(row["days"])) * fresh
        found.amounts["listed"] = float(found.listed)
        days = int(row["days"])
        found.words["source"] = f"{source} sent {_mails(int(row['mails']))} to traps on {days} day{'s' * (days != 1)}"
        if found.listed:
            found.words["listed"] = f"{source} is on the block list"
    around = book.find("networks", book.keying.network(source))
    if around is not None:
        machines, good = int(around["machines"]), int(around["good"])
        found.amounts["neighbours"] = _log(machines) - _log(good)
        found.words["neighbours"] = f"{machines} machine{'s' * (machines != 1)} of its /24 or /48 sent junk lately"


def _system(book: Book, asn: int, found: Evidence) -> None:
    system = book.find("systems", asn) if asn else None
    if system is not None:
        junk, good = int(system["mails"]), int(system["good"])
        found.amounts["network"] = _log(junk) - _log(good)
        found.words["network"] = f"its network AS{asn} sent {_mails(junk)} to traps lately"


def _way(verdict: Verdict, found: Evidence) -> None:
    """How the message came, which no book is needed for."""
    clues = int(verdict.clues)
    if clues & _FORGED:
        found.amounts["forged"] = 1.0
        found.words["forged"] = "its Received lines contradict each other"
    if clues & _HOME:
        found.amounts["home"] = 1.0
        found.words["home"] = "it came straight from a machine with a dial-up or home name"
    if clues & _NAMELESS:
        found.amounts["nameless"] = 1.0
        found.words["nameless"] = "it came from a machine without a name"
    if clues & _BARE:
        found.amounts["bare_helo"] = 1.0
        found.words["bare_helo"] = "the machine gave no name but its address"
    if verdict.path in _UNTRUSTY:
        found.amounts["provider"] = 1.0
    elif not verdict.anchored:
        found.amounts["unanchored"] = 1.0


def prove(proven: Authenticated, found: Evidence) -> None:
    """What the reader's own relay found out about who stands behind the mail; nothing where it says nothing."""
    if not proven:
        return
    spf, dkim = proven.results.get("spf", ""), proven.results.get("dkim", "")
    if not proven.domains:
        found.amounts["unproven"] = 1.0
        found.words["unproven"] = "no domain stands behind it (neither SPF nor DKIM)"
    if not proven.aligned:
        found.amounts["unaligned"] = 1.0
        found.words["unaligned"] = "its author's domain does not stand behind it"
    if spf in ("fail", "softfail"):
        found.amounts["spf_fail"] = 1.0
        found.words["spf_fail"] = "the sender's domain names other machines (SPF)"
    if dkim in ("fail", "policy"):
        found.amounts["dkim_fail"] = 1.0
        found.words["dkim_fail"] = "its signature does not hold (DKIM)"


def _log(count: int) -> float:
    """Doublings: 0 for none, 1 for one, 2 for three."""
    return log2(count + 1)


def _fresh(day: int, today: int) -> float:
    """1 for today and yesterday, half after a week."""
    return float(0.5 ** (max(0, today - day - 1) / 6))


def _mails(count: int) -> str:
    return f"{count:,} mail{'s' * (count != 1)}"


_KINDS: dict[int, str] = {
    int(KeyKind.DOMAIN): "link", int(KeyKind.URL_HOST): "link", int(KeyKind.URL): "link",
    int(KeyKind.ATTACHMENT): "file", int(KeyKind.PICTURE): "picture", int(KeyKind.MAIL_ADDRESS): "address",
    int(KeyKind.REPLY_TO): "reply", int(KeyKind.FROM_DOMAIN): "author", int(KeyKind.DKIM_DOMAIN): "signer",
}  # fmt: skip
_SAID = {
    "link": "linked name", "file": "attached file", "picture": "picture", "address": "mail domain in it",
    "reply": "reply domain", "author": "author's domain", "signer": "signing domain", "contact": "way to pay or call",
}  # fmt: skip
