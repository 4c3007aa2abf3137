"""How one version of a template looks: its form, encodings, tricks, tails and how much of it moves from mail to mail.

Everything follows from the seed, the campaign and the version, so that a campaign's mails share it.
"""

from __future__ import annotations

from random import Random

import msgspec

from spamworld.content.brief import Brief
from spamworld.streams import quick

CHARSETS = {
    "en": ("us-ascii", "iso-8859-1", "windows-1252", "utf-8"),
    "de": ("iso-8859-1", "windows-1252", "utf-8", "iso-8859-15"),
    "fr": ("iso-8859-1", "utf-8", "windows-1252"),
    "es": ("iso-8859-1", "utf-8"),
    "it": ("iso-8859-1", "utf-8"),
    "pt": ("iso-8859-1", "utf-8"),
    "ru": ("koi8-r", "windows-1251", "utf-8"),
    "ja": ("iso-2022-jp", "shift_jis", "utf-8"),
}
TRICKS = (  # of HTML; "" writes plainly
    "display", "tiny", "colour", "offscreen", "zerowidth", "confusables", "comments", "tags", "entities", "reverse",
    "columns", "shy", "clear",
)  # fmt: skip
TAILS = ("", "", "words", "gibberish", "token", "poem", "numbers")
BROKEN = ("open", "charset", "padding", "transfer", "twice", "barelf", "raw")


class Style(msgspec.Struct, frozen=True):
    """The habits of one template version."""

    form: str  # plain, html, alternative, related (pictures go there), mixed (attachments go there)
    charset: str
    encoding: str
    trick: str  # one of TRICKS or ""
    tail: str  # hash buster at the end
    tail_size: int
    spin: float  # share of slots that every mail draws anew
    wordings: int  # paraphrases of each sentence
    width: int  # characters a line is wrapped at; 0 not
    spaced: bool  # key words with blanks between their letters, in plain text
    subject: str  # what is added to a subject: "", re, code, name, date, noise, case
    sender: str  # how From is written: angle, quoted, bare, comment
    to: str  # how To is written: bare, name, list, none
    reply: bool  # Reply-To, apart from From
    raw: bool  # 8-bit header text instead of encoded words
    broken: str  # one of BROKEN or ""
    look: int  # which markup


def style(seed: int, brief: Brief, version: int, language: str) -> Style:
    """The style of that version. Form and encoding stay with the campaign, tricks may change with the version."""
    lasting, rng = quick(seed, "style", brief.family or brief.id), quick(seed, "style", brief.id, version)
    forms = ("plain", "html", "html", "alternative") if brief.category not in PLAIN else ("plain", "plain", "html")
    form = lasting.choice(forms)
    charset = lasting.choice(CHARSETS.get(language, ("utf-8",)))
    encoding = lasting.choice(("7bit", "7bit", "quoted-printable", "base64", "8bit"))
    tail = lasting.choice(TAILS if brief.tail is None else TAILS[2:] if brief.tail else ("",))
    spins = (0.0, 0.0, 0.1, 0.25, 0.5) if brief.spin is None else (0.25, 0.4, 0.6) if brief.spin else (0.0, 0.0, 0.05)
    return Style(
        form=form,
        charset=charset,
        encoding=encoding,
        trick=rng.choice(TRICKS) if form != "plain" and rng.random() < 0.45 else "",
        tail=tail,
        tail_size=lasting.randint(1, 30),
        spin=lasting.choice(spins),
        wordings=brief.paraphrase or lasting.choice((1, 1, 1, 2, 3)),
        width=lasting.choice((0, 0, 60, 66, 72, 76)),
        spaced=lasting.random() < 0.06,
        subject=rng.choice(("", "", "", "re", "code", "name", "date", "noise", "case")),
        sender=lasting.choice(("angle", "angle", "quoted", "bare", "comment")),
        to=lasting.choice(("bare", "bare", "name", "list", "none")),
        reply=lasting.random() < (0.8 if brief.boxes else 0.1),
        raw=lasting.random() < 0.15,
        broken=lasting.choice(BROKEN) if lasting.random() < 0.08 else "",
        look=lasting.randrange(6),
    )


PLAIN = frozenset(("advance-fee", "sextortion", "mule", "b2b", "targeted", "dating", "diploma"))


def coin(rng: Random, chance: float) -> bool:
    """True with that probability."""
    return rng.random() < chance
