"""What one person's own mail and moves teach: a small model that stays with them.

Words are kept as keyed hashes with two counts. Each word's share of junk is drawn towards one half by ``STRENGTH``
mails that nobody sent; the shares that say most are combined by Fisher's method, once for junk and once for good, so
that a mail with many of both ends in the middle.

Source: Robinson, "A statistical approach to the spam problem", Linux Journal 107 (2003).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import blake2b
from itertools import pairwise
from math import exp, log, log2
from typing import NamedTuple

import msgspec

from junkhound.content import View
from junkhound.evidence.message import Message
from junkhound.guard.authenticated import NOBODY, Authenticated
from junkhound.kernel.errors import DataError
from junkhound.kernel.net import Address, network_of
from junkhound.trace import Verdict

STRENGTH = 0.45
TELLING = 150  # words of a mail that are asked: those furthest from one half
UNSURE = 0.1  # words nearer to one half than this say nothing
_PAIR, _MASK = 0x9E3779B97F4A7C15, (1 << 48) - 1
PAIRS = 250  # words of a text whose pairs with the next are words as well
MOST = 300_000  # words kept; those met once are let go first
FEW = 20  # mails of either side below which nothing is said
VERSION = 1

_word = re.compile(rb"[a-z\x80-\xff][a-z0-9\x80-\xff'-]{2,24}").findall
_address = re.compile(r"[\w.+-]{1,64}@[\w.-]{1,253}").search


CORRESPONDENT = 1 << 48
"""Set in the hash that stands for an author together with where their mail comes from."""
KNOWN_WELL = 7  # mails of a correspondent beyond which more say no more


class Own(NamedTuple):
    """What a person's model says of a mail.

    ``score`` is 0 for mail like what this person wants and 1 for mail like their junk. ``known`` is how well they know
    its author from where it came: doublings of wanted mails, 0 for a stranger or one whose mail was junk too.
    """

    score: float
    known: float = 0.0


class _Kept(msgspec.Struct, array_like=True):
    version: int
    key: bytes
    good: int
    junk: int
    words: dict[int, tuple[int, int]]
    moves: dict[bytes, bool]


class Personal:
    """One person's model: ``score`` a mail's words, ``learn`` them."""

    def __init__(self, key: bytes, good: int = 0, junk: int = 0, words: dict[int, tuple[int, int]] | None = None,
                 moves: dict[bytes, bool] | None = None) -> None:  # fmt: skip
        self.key = key
        self.good = good
        self.junk = junk
        self.words = words if words is not None else {}
        # What was learned of which mail (16 bytes of its sha256): the same move teaches once, the opposite undoes it.
        self.moves = moves if moves is not None else {}

    @property
    def knows(self) -> bool:
        """Whether it has met enough mail of both sides to be asked."""
        return min(self.good, self.junk) >= FEW

    def learn(self, mail: bytes, words: Iterable[int], junk: bool) -> bool:
        """Count a mail's words as junk or good; False where that was known. A mail learned otherwise is unlearned."""
        before = self.moves.get(mail)
        if before is junk:
            return False
        words = set(words)
        if before is not None:
            self._count(words, before, -1)
        self._count(words, junk, 1)
        self.moves[mail] = junk
        if len(self.words) > MOST:
            self._let_go()
        return True

    def _count(self, words: set[int], junk: bool, by: int) -> None:
        known = self.words
        for word in words:
            good, bad = known.get(word, (0, 0))
            known[word] = (good, max(0, bad + by)) if junk else (max(0, good + by), bad)
        if junk:
            self.junk = max(0, self.junk + by)
        else:
            self.good = max(0, self.good + by)

    def _let_go(self) -> None:
        least = 1
        while len(self.words) > MOST * 0.9:
            self.words = {word: both for word, both in self.words.items() if sum(both) > least}
            least += 1

    def share(self, word: int) -> float:
        """How much of the mail with this word was junk, drawn towards one half."""
        good, bad = self.words.get(word, (0, 0))
        if not good and not bad:
            return 0.5
        bad_rate, good_rate = bad / max(1, self.junk), good / max(1, self.good)
        raw = bad_rate / (bad_rate + good_rate)
        count = good + bad
        return (STRENGTH * 0.5 + count * raw) / (STRENGTH + count)

    def asked(self, words: Iterable[int]) -> Own | None:
        """What it says of a mail's words; None where it has met too little mail."""
        words = set(words)
        return Own(self.score(words), self.known(words)) if self.knows else None

    def known(self, words: Iterable[int]) -> float:
        """How well the author is known, from there; a name alone is forged easily, so it must come from there too."""
        best = 0.0
        for word in words:
            if word & CORRESPONDENT:
                good, bad = self.words.get(word, (0, 0))
                if good and not bad:
                    best = max(best, log2(min(good, KNOWN_WELL) + 1))
        return best

    def score(self, words: Iterable[int]) -> float:
        """0 for mail like what this person wants, 1 for mail like their junk."""
        shares = [share for word in set(words) if abs((share := self.share(word)) - 0.5) >= UNSURE]
        if not shares:
            return 0.5
        shares.sort(key=lambda share: -abs(share - 0.5))
        del shares[TELLING:]
        junk = 1 - _chi2(-2 * sum(log(1 - share) for share in shares), 2 * len(shares))
        good = 1 - _chi2(-2 * sum(log(share) for share in shares), 2 * len(shares))
        return (junk - good + 1) / 2

    def to_bytes(self) -> bytes:
        """The form in which it is kept."""
        return msgspec.msgpack.encode(_Kept(VERSION, self.key, self.good, self.junk, self.words, self.moves))

    @classmethod
    def from_bytes(cls, octets: bytes) -> Personal:
        """Read it again. Errors: DataError for anything else."""
        try:
            kept = msgspec.msgpack.decode(octets, type=_Kept)
        except msgspec.MsgspecError as error:
            raise DataError(f"not a personal model: {error}", "remove the file to begin anew") from None
        if kept.version != VERSION:
            raise DataError(f"a personal model of version {kept.version}", "it was written by a newer Junkhound")
        return cls(kept.key, kept.good, kept.junk, kept.words, kept.moves)


def words_of(
    key: bytes, message: Message, view: View, verdict: Verdict, source: Address | None, asn: int,
    proven: Authenticated = NOBODY,
) -> set[int]:  # fmt: skip
    """What a mail is remembered by: its words and pairs of them, who wrote it, by which program, from where; hashed."""
    words = _word(view.folded[:8192])
    subject = _word(message.text(b"subject", 300).lower().encode("utf-8", "replace"))
    text = {word: _hashed(key, b"t:" + word) for word in set(words)}
    said = [b"s:" + word for word in subject]
    said += [b"u:" + url.domain.encode("utf-8", "replace") for url in view.urls if url.domain]
    author = _address(message.text(b"from", 500))
    who = author[0].lower().encode() if author else b""
    if who:
        said += [b"f:" + who, b"d:" + who.rpartition(b"@")[2]]
    said += _header(message, who.rpartition(b"@")[2])
    if source is not None:
        said.append(b"n:" + source.packed[:15])
    if asn:
        said.append(b"a:%d" % asn)
    if verdict.rdns:
        said.append(b"r:" + b".".join(verdict.rdns.lower().encode("ascii", "replace").split(b".")[-2:]))
    said.append(b"p:%d" % int(verdict.path))
    said += [b"k:" + part.type.encode("utf-8", "replace") for part in message.parts()[:20]]
    said += [f"x:{method}={result}".encode() for method, result in proven.results.items()]
    said += [b"x:" + domain.encode("utf-8", "replace") for domain in proven.domains]
    if proven:
        said.append(b"x:aligned" if proven.aligned else b"x:unaligned")
    found = {_hashed(key, word) for word in said}
    found.update(text.values())
    # a pair needs no hash of its own: two that are keyed make one that nobody can guess either
    found.update((text[first] * _PAIR ^ text[second]) & _MASK for first, second in pairwise(words[:PAIRS]))
    if who and source is not None:
        found.add(CORRESPONDENT | _hashed(key, b"c:%b\0%b" % (who, _whence(source, asn))))
    if who and proven.aligned:
        found.add(CORRESPONDENT | _hashed(key, b"c:%b\0=" % who))
    return found


def _header(message: Message, domain: bytes) -> list[bytes]:
    """What tells programs apart: fields, their order, and whose name the Message-ID has."""
    said = []
    for name in (b"list-id", b"x-mailer", b"user-agent", b"reply-to"):
        value = message.first(name)
        if value is not None:
            said.append(name + b":" + value.strip().lower()[:100])
    names = [field[0] for field in message.fields]
    said += [b"h:" + name for name in set(names) if name in _TELLING_FIELDS]
    said.append(b"o:" + b",".join(name for name in names if name in _ORDERED)[:300])
    number = message.first(b"message-id") or b""
    host = number.rpartition(b"@")[2].strip(b" <>\t").lower()
    said.append(b"m:none" if not number else b"m:own" if domain and host.endswith(domain) else b"m:other")
    return said


def _whence(source: Address, asn: int) -> bytes:
    """The network that a mail was handed over from: its number, or the /16 or /32 where that is not known."""
    return b"AS%d" % asn if asn else network_of(source, 112 if source.is_v4 else 32).first.packed


def _hashed(key: bytes, word: bytes) -> int:
    return int.from_bytes(blake2b(word, digest_size=6, key=key[:32]).digest(), "little")


_TELLING_FIELDS = frozenset((
    b"list-unsubscribe", b"list-id", b"dkim-signature", b"in-reply-to", b"references", b"precedence", b"x-priority",
    b"x-msmail-priority", b"x-mimeole", b"auto-submitted", b"x-originating-ip", b"organization", b"importance",
    b"thread-index", b"mime-version", b"message-id", b"feedback-id", b"arc-seal",
))  # fmt: skip


_ORDERED = frozenset((
    b"from", b"to", b"cc", b"subject", b"date", b"message-id", b"mime-version", b"content-type", b"reply-to",
    b"content-transfer-encoding", b"x-mailer", b"user-agent", b"x-priority", b"in-reply-to", b"references",
    b"precedence", b"list-unsubscribe", b"dkim-signature", b"sender",
))  # fmt: skip


def _chi2(value: float, freedom: int) -> float:
    """The upper tail of the chi-square distribution for an even number of degrees of freedom."""
    half = value / 2
    term = total = exp(-half) if half < 700 else 0.0
    if not term:
        return 0.0
    for step in range(1, freedom // 2):
        term *= half / step
        total += term
    return min(total, 1.0)
