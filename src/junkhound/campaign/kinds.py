"""What a campaign is about: rules on what its mails carry, and a small model over what they speak of; or no answer.

A campaign is labelled and never a single mail: a topic counts by the share of its texts that speak of it, so a word
that strays into one copy changes nothing. Weights and bounds stand in ``data/kinds.toml``, fitted by ``accuracy.kinds``
on simulated worlds of tuning seeds; kinds that these lack keep the weights that were written for them.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from math import exp

import msgspec

from junkhound.kernel.errors import ConfigError

STRONG = "+"
"""After a topic's name: the share of texts in which two of its words stand and more."""


class Said(msgspec.Struct, frozen=True, array_like=True):
    """What one mail tells of its kind: its topics with the words that told, and what it carries (``CARRIED``)."""

    topics: dict[str, tuple[str, ...]] = {}
    carried: tuple[str, ...] = ()


CARRIED = {
    "ticker": "a touted share", "wallet": "a wallet", "iban": "a bank account", "phone": "a telephone number",
    "box": "a drop box", "link": "a link", "unlinked": "no link", "program": "a program as its attachment",
    "archive": "an archive as its attachment", "document": "a document as its attachment",
    "page": "a page as its attachment", "picture": "a picture", "mute": "hardly any text",
    "asks": "a form or password field",
}  # fmt: skip
"""What may be noted of a mail beside its topics, in words."""


class Kind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind: its weights by the name of a fact, and where others file it (RSIT)."""

    base: float
    by: dict[str, float]
    rsit: str = "abusive-content:spam"


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All kinds. ``least`` is the probability, and ``ahead`` the lead over the next, below which none is told."""

    dated: str
    source: str
    least: float
    ahead: float
    kinds: dict[str, Kind]


class Verdict(msgspec.Struct, frozen=True):
    """What a campaign is about; ``kind`` is empty where that is not sure. ``why`` is one sentence."""

    kind: str
    sure: float
    why: str
    others: tuple[tuple[str, float], ...] = ()


def facts(said: Sequence[Said]) -> dict[str, float]:
    """Shares of the texts by the name of a fact."""
    counts: Counter[str] = Counter()
    for one in said:
        for topic, words in one.topics.items():
            counts[topic] += 1
            if len(words) > 1:
                counts[topic + STRONG] += 1
        counts.update(set(one.carried))
    return {name: count / len(said) for name, count in counts.items()} if said else {}


def probabilities(amounts: Mapping[str, float], model: Model) -> dict[str, float]:
    """How likely each kind is."""
    scores = {
        name: kind.base + sum(kind.by.get(fact, 0.0) * share for fact, share in amounts.items())
        for name, kind in model.kinds.items()
    }
    most = max(scores.values())
    grown = {name: exp(score - most) for name, score in scores.items()}
    total = sum(grown.values())
    return {name: value / total for name, value in grown.items()}


def judge(said: Sequence[Said], model: Model | None = None) -> Verdict:
    """The kind of a campaign of which these mails were read; none where too little is known or two kinds are close."""
    model = model or shipped()
    amounts = facts(said)
    if not any(one.topics or set(one.carried) - {"link", "unlinked", "picture", "mute"} for one in said):
        return Verdict("", 0.0, "nothing in its mails tells what it is about")
    ranked = sorted(probabilities(amounts, model).items(), key=lambda pair: (-pair[1], pair[0]))
    (best, sure), (_, second) = ranked[0], ranked[1]
    others = tuple((name, round(share, 3)) for name, share in ranked[1:4] if share >= 0.02)
    if sure < model.least or sure - second < model.ahead:
        return Verdict("", sure, f"{best} ({sure:.0%}) or {ranked[1][0]} ({second:.0%}): too close to say", others)
    return Verdict(best, sure, _why(best, amounts, said, model), others)


def _why(kind: str, amounts: Mapping[str, float], said: Sequence[Said], model: Model) -> str:
    """The facts that spoke most for it, with the words that were met."""
    weights = model.kinds[kind].by
    spoke: dict[str, float] = {}
    for fact, share in amounts.items():
        if (weight := weights.get(fact, 0.0) * share) > 0:
            name = fact.removesuffix(STRONG)
            spoke[name] = spoke.get(name, 0.0) + weight
    best = sorted(spoke, key=lambda name: (-spoke[name], name))[:3]
    parts = []
    for name in best:
        share = amounts.get(name, 0.0)
        if name in CARRIED:
            parts.append(f"{CARRIED[name]} in {share:.0%} of its mails")
        else:
            words = Counter(word for one in said for word in one.topics.get(name, ()))
            met = ", ".join(word for word, _ in sorted(words.items(), key=lambda pair: (-pair[1], pair[0]))[:3])
            parts.append(f"{name} in {share:.0%} ({met})")
    return "; ".join(parts) if parts else "nothing speaks for another kind"


def read(text: str, name: str = "kinds") -> Model:
    """A model as it stands in a file. Errors: ConfigError naming what is wrong."""
    try:
        return msgspec.convert(tomllib.loads(text), Model)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{name}: {error}") from None


def written(model: Model, head: Iterable[str] = ()) -> str:
    """The file of a model; ``head`` are lines of comment."""
    lines = [f"# {line}" for line in head]
    lines += [f'dated = "{model.dated}"', f'source = "{model.source}"', f"least = {model.least}",
              f"ahead = {model.ahead}"]  # fmt: skip
    for name, kind in model.kinds.items():
        lines += ["", f'[kinds."{name}"]', f"base = {kind.base:.3f}", f'rsit = "{kind.rsit}"', f'[kinds."{name}".by]']
        lines += [f'"{fact}" = {weight:.3f}' for fact, weight in sorted(kind.by.items()) if abs(weight) >= 0.05]
    return "\n".join(lines) + "\n"


@lru_cache(1)
def shipped() -> Model:
    """The model that ships with the package."""
    return read((resources.files("junkhound.campaign") / "data/kinds.toml").read_text("utf-8"))
