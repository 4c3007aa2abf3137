"""Questions to the world, asked only where the operator switched them on: other people's block lists by DNS."""

from junkhound.lookup.asking import Question, Resolver, below
from junkhound.lookup.catalogue import Blocklist, own, shipped
from junkhound.lookup.meaning import OUTCOMES, Word, judge, state

__all__ = ["OUTCOMES", "Blocklist", "Question", "Resolver", "Word", "below", "judge", "own", "shipped", "state"]
