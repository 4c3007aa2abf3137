"""Templates: what all copies of one wording share, inferred from a hundred of them, as patterns in linear time.

A pattern is a row of phrases that stand in every copy in the same order, with anything between them. Runs of three
words that all copies have are put together to phrases, tried on all of them, and kept where they hold; a mailing of
several wordings is taken apart by what splits it best. Only a pattern that says ``LEAST_BITS`` is given at all: so much
that no other mail says by chance. Between phrases the values are told: a list where it is closed (Good and Turing),
else what kind of noise.

Sources: the idea of templates as filters is Pitsillidis et al., "Botnet Judo", NDSS 2010; the estimate of what was not
seen is Good's, Biometrika 40, 1953. The method, by runs instead of alignments, is our own: it costs what is read once.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import log2

import msgspec

from junkhound.campaign.reading import CUT

LEAST = 30
"""Copies of one wording from which a pattern is made."""
LEAST_BITS = 90.0
"""What a pattern must say at least (the bar of AutoRE, Xie et al., SIGCOMM 2008)."""
ENOUGH_BITS = 160.0
MISSED = 0.002  # share of the copies learned from that a pattern may miss
MOST = 32  # patterns of one campaign
MOST_PHRASES = 14
MOST_TURNS = 400  # phrases that are looked at for taking turns
MOST_OF_A_TURN = 24
MOST_TRIES = 12  # groups of one campaign in which turns are looked for
MOST_VALUES = 500  # of a gap that is a closed list
UNSEEN = 0.05  # estimated share of values not met up to which a list is closed
LONG = 80  # characters of a phrase
_RUN = 3
_TOKEN = re.compile(rf"{CUT}++|[\u3040-\u30ff\u3400-\u9fff]|[^\W_]++|[^\w\s{CUT}]|_")
_USUAL = frozenset(
    re.findall(
        r"\S+",
        """
the a an of to and in for is on you your we our are with it this be as at or from by that have has will not can if
der die das und ist zu in den von mit für sie ihr ein eine auf nicht wir le la les de des et un une est pour vous
votre dans que qui sur pas el los las y en su por para con es una del se il di che per non lei sua o os um uma em com
não do da и в на не вы ваш что с по для http www click here email mail e-mail message unsubscribe please thank
thanks dear hello hi regards
""",
    )
)


class Gap(msgspec.Struct, frozen=True):
    """What stands between two phrases: a closed list, or noise of these characters and lengths."""

    values: tuple[str, ...] = ()
    classes: str = ""
    shortest: int = 0
    longest: int = 0


class Pattern(msgspec.Struct, frozen=True):
    """One wording: its phrases in order, what stands between them, how much it says, how many copies taught it.

    ``turns`` are, for each phrase, others that stand in its place in other copies: a mailer that puts its text together
    anew draws one of them each time. Empty where none has any.

    ``fields`` are regular expressions of header fields that all copies have alike; they describe and are not asked.
    ``vantages`` is how many of standing ``trap`` saw every one of its phrases, 0 where nobody has counted them.
    """

    phrases: tuple[str, ...]
    turns: tuple[tuple[str, ...], ...] = ()
    gaps: tuple[Gap, ...] = ()
    bits: float = 0.0
    learned: int = 0
    missed: int = 0
    fields: dict[str, str] = {}
    vantages: int = 0

    def matches(self, text: str) -> bool:
        """Whether a text (as ``reading.canon`` gives it) has all phrases in order; linear, phrase by phrase."""
        return _ends(self.parts, text) is not None

    @property
    def parts(self) -> list[tuple[str, ...]]:
        """Each phrase with those that take turns with it."""
        return [
            (phrase, *others)
            for phrase, others in zip(self.phrases, self.turns or [()] * len(self.phrases), strict=True)
        ]

    @property
    def expression(self) -> str:
        """The same as a regular expression for engines without backtracking (RE2), on text in small letters."""
        return "(?s)" + ".*".join(any_of([flexible(one) for one in part]) for part in self.parts)


def any_of(expressions: list[str]) -> str:
    """One expression for any of these."""
    return expressions[0] if len(expressions) == 1 else f"(?:{'|'.join(expressions)})"


def _ends(parts: Sequence[tuple[str, ...]], text: str) -> list[tuple[int, int]] | None:
    """Where each part stands, one behind the other, of several that which ends first; None where one is missing."""
    found, at = [], 0
    for part in parts:
        places = [(place + len(one), place) for one in part if (place := text.find(one, at)) >= 0]
        if not places:
            return None
        at, begin = min(places)
        found.append((begin, at))
    return found


def flexible(phrase: str) -> str:
    """A phrase as an expression that takes any blanks for a blank, and means the same to RE2, Perl and Python."""
    return r"\s+".join(re.sub(r"([^\w\s])", _escaped, word) for word in phrase.split(" "))


def _escaped(match: re.Match[str]) -> str:
    mark = match[1]
    return "\\" + mark if ord(mark) < 128 else mark


def tokens(text: str) -> list[str]:
    """The words and marks of a text, each with the blank before it where there is one."""
    found = []
    for match in _TOKEN.finditer(text):
        at = match.start()
        found.append(" " + match[0] if at and text[at - 1] == " " else match[0])
    return found


def infer(texts: Sequence[str], fields: Sequence[dict[str, str]] = (), forbidden: Iterable[str] = ()) -> list[Pattern]:
    """The patterns of a campaign's texts, those of most copies first; none where too few are alike.

    ``forbidden`` words never stand in a phrase. ``fields`` are header fields of the same mails.
    """
    never = tuple(word for word in forbidden if word)
    runs = [_runs(tokens(text)) for text in texts]
    found: list[Pattern] = []
    waiting = [list(range(len(texts)))]
    tries = MOST_TRIES
    while waiting and len(found) < MOST:
        rows = waiting.pop()
        if len(rows) < LEAST:
            continue
        tries -= 1
        made = _one(texts, runs, rows, never, tries >= 0)
        if made is not None:
            found.append(_described(made, texts, fields, rows))
            continue
        waiting += sorted(_parted(runs, rows), key=len)
    return sorted(found, key=lambda one: (-one.learned, one.phrases))


def _runs(words: list[str]) -> frozenset[tuple[str, ...]]:
    """The runs of words of a text, none across something that was taken out."""
    return frozenset(
        run for run in zip(words, words[1:], words[2:], strict=False) if not any(CUT in word for word in run)
    )


def _one(
    texts: Sequence[str], runs: Sequence[frozenset[tuple[str, ...]]], rows: list[int], never: tuple[str, ...],
    turning: bool,
) -> Pattern | None:  # fmt: skip
    """The pattern that all these copies share, None where they share too little; ``turning`` looks for turns too."""
    least = len(rows) - int(MISSED * len(rows))
    counts: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        counts.update(runs[row])
    common = {run for run, count in counts.items() if count >= least}
    model = min(rows, key=lambda row: (len(texts[row]), row))
    phrases = _phrases(tokens(texts[model]), common)
    phrases = [phrase for phrase in phrases if not any(word in phrase for word in never)]
    some = [texts[row] for row in rows]
    parts: list[tuple[str, ...]] = [(phrase,) for one in phrases for phrase in _held(one, some, least)]
    if sum(map(part_says, parts)) < ENOUGH_BITS:
        parts = _placed([*parts, *_turns(texts, runs, rows, least, never)], some)
    chosen = _chosen(_ordered(parts, some, least))
    bits = sum(map(part_says, chosen))
    if bits < LEAST_BITS:
        return None
    turns = tuple(part[1:] for part in chosen)
    made = Pattern(
        tuple(part[0] for part in chosen), turns if any(turns) else (), bits=round(bits, 1), learned=len(rows)
    )
    missed = sum(not made.matches(text) for text in some)
    if missed > MISSED * len(rows):
        return None
    return msgspec.structs.replace(made, missed=missed)


def part_says(part: tuple[str, ...]) -> float:
    """What a phrase says, or the least of those that take turns, less for there being several."""
    return max(0.0, min(map(said_by, part)) - log2(len(part)))


def _turns(
    texts: Sequence[str], runs: Sequence[frozenset[tuple[str, ...]]], rows: list[int], least: int,
    never: tuple[str, ...],
) -> list[tuple[str, ...]]:  # fmt: skip
    """Phrases that take turns: of each set exactly one stands in every copy."""
    counts: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        counts.update(runs[row])
    low = max(3, len(rows) // 50)
    some = sorted((run for run, count in counts.items() if low <= count < least), key=lambda run: (-counts[run], run))
    wanted = set(some[:4000])
    masks: dict[tuple[str, ...], int] = {}
    for bit, row in enumerate(rows):
        for run in runs[row] & wanted:
            masks[run] = masks.get(run, 0) | 1 << bit
    together: dict[int, set[tuple[str, ...]]] = defaultdict(set)
    for run, mask in masks.items():
        together[mask].add(run)
    best: list[tuple[int, str]] = []
    many = sorted(together.items(), key=lambda pair: (-pair[0].bit_count() * len(pair[1]), min(pair[1])))
    for mask, mine in many[:MOST_TURNS]:
        model = texts[rows[(mask & -mask).bit_length() - 1]]
        held = [one for one in _phrases(tokens(model), mine) if not any(word in one for word in never)]
        longest = max(held, key=lambda one: (said_by(one), one), default="")
        if longest and all(longest in texts[row] for bit, row in enumerate(rows) if mask >> bit & 1):
            best.append((mask, longest))
    best.sort(key=lambda one: (-one[0].bit_count(), -said_by(one[1]), one[1]))
    return _covers(best, (1 << len(rows)) - 1, len(rows) - least)


def _covers(best: list[tuple[int, str]], full: int, allowed: int) -> list[tuple[str, ...]]:
    """Sets of phrases whose copies do not overlap and are all of them, but for a few that may be missed."""
    found: list[tuple[str, ...]] = []
    used: set[int] = set()
    for first, (mask, _) in enumerate(best):
        if first in used:
            continue
        picked, left = [first], full & ~mask
        for other in range(first + 1, len(best)):
            if left.bit_count() <= allowed or len(picked) >= MOST_OF_A_TURN:
                break
            if other not in used and not best[other][0] & ~left:
                picked.append(other)
                left &= ~best[other][0]
        if left.bit_count() <= allowed and len(picked) > 1:
            used.update(picked)
            found.append(tuple(best[place][1] for place in picked))
    return found


def _placed(parts: list[tuple[str, ...]], texts: list[str]) -> list[tuple[str, ...]]:
    """The parts in the order in which they mostly stand."""
    some = texts[:: max(1, len(texts) // 40)]

    def middle(part: tuple[str, ...]) -> float:
        places = sorted(min((at for one in part if (at := text.find(one)) >= 0), default=0) for text in some)
        return float(places[len(places) // 2])

    return sorted(parts, key=lambda part: (middle(part), part))


def _phrases(words: list[str], common: set[tuple[str, ...]]) -> list[str]:
    """The stretches of one text whose every run is common, in order, none longer than ``LONG``."""
    found, start, end = [], 0, 0
    for place in range(len(words) - _RUN + 1):
        if tuple(words[place : place + _RUN]) not in common:
            continue
        if place > end - (_RUN - 1) or len("".join(words[start : place + _RUN])) > LONG:
            if end - start >= _RUN:
                found.append("".join(words[start:end]).strip())
            start = max(place, end)
        end = place + _RUN
    if end - start >= _RUN:
        found.append("".join(words[start:end]).strip())
    return [phrase for phrase in dict.fromkeys(found) if phrase]


def _held(phrase: str, texts: list[str], least: int) -> list[str]:
    """The phrase where enough texts have it as a whole, else the halves of it that they have."""
    if sum(phrase in text for text in texts) >= least:
        return [phrase]
    words = tokens(phrase)
    if len(words) < 2 * 2:
        return []
    middle = len(words) // 2
    return [
        part for half in (words[:middle], words[middle:]) for part in _held("".join(half).strip(), texts, least) if part
    ]


def _ordered(parts: list[tuple[str, ...]], texts: list[str], least: int) -> list[tuple[str, ...]]:
    """The parts without those that break the order, worst first, until they hold one after the other."""
    parts = list(parts)
    while parts:
        blamed: Counter[int] = Counter()
        for text in texts:
            at = 0
            for place, part in enumerate(parts):
                ends = [found + len(one) for one in part if (found := text.find(one, at)) >= 0]
                if not ends:
                    blamed[place] += 1
                    break
                at = min(ends)
        if sum(blamed.values()) <= len(texts) - least:
            return parts
        worst = max(blamed, key=lambda place: (blamed[place], place))
        # the one before may be what stands too late: of the two, the one that says less goes
        pair = [place for place in (worst - 1, worst) if place >= 0]
        del parts[min(pair, key=lambda place: (part_says(parts[place]), -place))]
    return parts


def _chosen(parts: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Of the parts those that say most, single phrases first, until they say enough: each is one more to miss."""
    picked: set[int] = set()
    total = 0.0
    order = sorted(range(len(parts)), key=lambda place: (len(parts[place]) > 1, -part_says(parts[place]), place))
    for place in order:
        if total >= (ENOUGH_BITS if len(parts[place]) == 1 else LEAST_BITS) or len(picked) >= MOST_PHRASES:
            break
        picked.add(place)
        total += part_says(parts[place])
    return [part for place, part in enumerate(parts) if place in picked]


def said_by(phrase: str) -> float:
    """Bits: how unlikely it is that another mail has this phrase, by the words in it; a deliberately low guess."""
    bits, first = 0.0, True
    for token in tokens(phrase):
        word = token.strip()
        if word.isdigit():
            own = 3.0 * min(len(word), 4)
        elif word in _USUAL or len(word) <= 2:
            own = 3.0 if not "\u3040" <= word[0] <= "\u9fff" else 4.0
        elif word[0].isalnum():
            own = min(6.0 + 0.6 * len(word), 12.0)
        else:
            own = 0.7
        bits += own if first else 0.75 * own  # what follows is partly foreseen
        first = False
    return bits


def _parted(runs: Sequence[frozenset[tuple[str, ...]]], rows: list[int]) -> list[list[int]]:
    """The rows in two, by the run that most others go with: the wording that splits them best."""
    counts: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        counts.update(runs[row])
    low, high = max(LEAST // 2, len(rows) // 20), len(rows) - max(5, len(rows) // 50)
    some = sorted((run for run, count in counts.items() if low <= count <= high), key=lambda run: (-counts[run], run))
    if not some:
        return []
    places: dict[tuple[str, ...], int] = {}
    wanted = set(some[:4000])
    for bit, row in enumerate(rows):
        for run in runs[row] & wanted:
            places[run] = places.get(run, 0) | 1 << bit
    held: dict[int, int] = defaultdict(int)
    for mask in places.values():
        held[mask] += 1
    best = max(held, key=lambda mask: (held[mask] * min(mask.bit_count(), len(rows) - mask.bit_count()), mask))
    inside = [row for bit, row in enumerate(rows) if best >> bit & 1]
    outside = [row for bit, row in enumerate(rows) if not best >> bit & 1]
    return [inside, outside]


# -- what stands between, and around ----------------------------------------------------------------------------


def _described(made: Pattern, texts: Sequence[str], fields: Sequence[dict[str, str]], rows: list[int]) -> Pattern:
    between: list[list[str]] = [[] for _ in made.phrases[1:]]
    for row in rows:
        for place, (one, other) in enumerate(pairwise(_ends(made.parts, texts[row]) or ())):
            between[place].append(texts[row][one[1] : other[0]].strip())
    gaps = tuple(gap_of(values) for values in between)
    held = [fields[row] for row in rows] if fields else []
    return msgspec.structs.replace(made, gaps=gaps, fields=fields_of(held))


def gap_of(values: Sequence[str]) -> Gap:
    """What a gap's values are: a closed list where few are likely to be missing, else noise."""
    counts = Counter(values)
    once = sum(count == 1 for count in counts.values())
    longest, shortest = max(map(len, counts), default=0), min(map(len, counts), default=0)
    closed = len(counts) <= MOST_VALUES and longest <= 200 and values and once / len(values) < UNSEEN
    if closed and not any(CUT in value for value in counts):
        return Gap(tuple(sorted(counts, key=lambda value: (-counts[value], value))), "", shortest, longest)
    return Gap((), classes_of("".join(counts)), shortest, longest)


def classes_of(text: str) -> str:
    """The kinds of characters of some text, as a bracket expression of RE2."""
    if CUT in text:
        return "any"
    kinds = (
        ("a-z", "abcdefghijklmnopqrstuvwxyz"), ("A-Z", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), ("0-9", "0123456789"),
        (r"\s", " \t\r\n"),
    )  # fmt: skip
    met = set(text)
    found = [name for name, members in kinds if met & set(members)]
    rest = sorted(met - set("".join(members for _, members in kinds)))
    if any(ord(mark) > 127 for mark in rest):
        found.append(r"\x{80}-\x{10ffff}")
    found += ["\\" + mark for mark in rest if 32 < ord(mark) < 127]
    return "".join(found)


MOST_PIECES = 24


def fields_of(held: Sequence[dict[str, str]]) -> dict[str, str]:
    """Expressions of the header fields that all mails have in one form."""
    found = {}
    for name in dict.fromkeys(name for one in held for name in one):
        values = [one[name] for one in held if name in one]
        if len(values) == len(held) and (form := form_of(values)):
            found[name] = form
    return found


def form_of(values: Sequence[str]) -> str:
    """One expression for values that are made the same way: marks in the same places, letters and digits between.

    Empty where they are not. A value that all have is that value.
    """
    if any(CUT in value for value in values):
        return ""
    if len(set(values)) == 1:
        return f"^{flexible(values[0])}$"
    split = [re.split(r"([^a-zA-Z0-9]+)", value) for value in values]
    size = len(split[0])
    if size > MOST_PIECES or any(len(one) != size for one in split):
        return ""
    if any(one[1::2] != split[0][1::2] for one in split):
        return ""
    out = []
    for place in range(size):
        column = [one[place] for one in split]
        if len(set(column)) == 1:
            out.append(flexible(column[0]))
        else:
            low, high = min(map(len, column)), max(map(len, column))
            out.append(f"[{classes_of(''.join(column))}]{{{low},{high}}}" if low != high else
                       f"[{classes_of(''.join(column))}]{{{low}}}")  # fmt: skip
    return "^" + "".join(out) + "$"
