"""Letters that look alike: what a reader by machine, or somebody who hides a word, puts in their place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection


def corrected(letters: str, known: Collection[str]) -> str:
    """The known symbol that was probably meant: itself, or the only one within one confusion of a reader by machine."""
    if letters in known:
        return letters
    near = [symbol for symbol in known if abs(len(symbol) - len(letters)) <= 1 and confusion(letters, symbol) <= 1.0]
    return near[0] if len(near) == 1 else letters


_PAIRS = (
    "O0 OQ OD 0D QD OC OG CG 1I IL 1L IJ IT 5S 8B BR RP EF FP UV VY UJ MN NH MH WV WN KX XY Z2 6G 4A TY 7T IF LI HK PB"
    " DB VW"
)
_ALIKE = frozenset(frozenset(pair) for pair in _PAIRS.split())


def confusion(read: str, meant: str) -> float:
    """Edit distance in which what looks alike costs half, anything else one and a half; ``RN`` is an ``M``.

    Source of the pairs: what was confused on rendered symbols, and the shapes of the letters.
    """
    read, meant = read.replace("RN", "M"), meant.replace("RN", "M")
    row = [1.0 * place for place in range(len(meant) + 1)]
    for i, mine in enumerate(read, 1):
        last, row[0] = row[0], 1.0 * i
        for j, theirs in enumerate(meant, 1):
            swap = 0.0 if mine == theirs else 0.5 if frozenset((mine, theirs)) in _ALIKE else 1.5
            last, row[j] = row[j], min(row[j] + 1.0, row[j - 1] + 1.0, last + swap)
    return row[-1]


def joined(
    votes: Counter[str], cues: dict[str, set[str]], markets: dict[str, str], spans: dict[str, tuple[int, int]],
    known: Collection[str],
) -> None:  # fmt: skip
    """A symbol read wrong once, in a text that has it right elsewhere, is the one that stands there more often."""
    for ticker, _ in reversed(votes.most_common()):
        for other, count in votes.most_common():
            if other == ticker or ticker in known or count <= votes[ticker]:
                continue
            if confusion(ticker, other) <= 1.0 or sorted(ticker) == sorted(other):
                votes[other] += votes.pop(ticker)
                cues[other] |= cues.pop(ticker)
                if ticker in markets:
                    markets.setdefault(other, markets.pop(ticker))
                spans[other] = min(spans[other], spans.pop(ticker))
                break
