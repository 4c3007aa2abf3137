"""Templates: what one version of a campaign says, with the slots and values that each mail fills.

A first version is drawn from the prose; a later one keeps most of it and replaces some sentences, as sellers do when
filters have learnt the old one. Campaigns of one ``family`` start from the same draw.
"""

from __future__ import annotations

from functools import lru_cache
from random import Random

import msgspec

from spamworld.content import macro, people, prose, urls
from spamworld.content.brief import Brief
from spamworld.content.style import Style, style
from spamworld.streams import quick

CONSTANT = ("ticker", "company", "quote", "goal", "wallet", "iban", "box", "sum")
KEPT = 0.6  # chance that a sentence of the version before stays


class Template(msgspec.Struct, frozen=True, eq=False):
    """One version of a campaign's text, ready to be filled in."""

    name: str  # skeleton id in the truth: campaign/version
    language: str  # of the prose, where the brief's language has none for the category
    style: Style
    subjects: tuple[macro.Pieces, ...]
    blocks: tuple[tuple[macro.Pieces, ...], ...]  # for each paragraph, its wordings
    items: tuple[str, ...]  # the dictionary macro
    shape: urls.Shape
    account: str  # of the spammer at his sponsor: a key that campaigns share
    picture: tuple[str, ...]  # lines of the text as pixels
    constants: dict[str, str]


class Constants:
    """Values that a template fixes, drawn the first time they are asked for."""

    def __init__(self, seed: int, brief: Brief, lexicon: dict[str, str], language: str) -> None:
        self.rng = quick(seed, "constants", brief.family or brief.id)
        self.lexicon = lexicon
        self.known = {
            "ticker": brief.ticker,
            "company": brief.company or "",
            "quote": f"{brief.price:.2f}",
            "goal": f"{brief.target:.2f}",
            "sum": f"{self.rng.choice((2.5, 4.7, 8.5, 10.5, 12, 15.8, 18.5, 27))} million",
            "firstname": people.given(self.rng, language),
            "agent": people.full(self.rng, language),
            "number": str(self.rng.randrange(1, 999)),
            "digit": str(self.rng.randrange(1, 99)),
            "zip": str(self.rng.randrange(10000, 99999)),
        }

    def __call__(self, name: str) -> str | None:
        """The value, or None for one that each mail has its own of."""
        if name in self.known:
            return self.known[name]
        if name == "item" or name not in self.lexicon:
            return None
        self.known[name] = macro.fixed(self.lexicon[name], self.rng, self)
        return self.known[name]


@lru_cache(maxsize=2048)
def template(seed: int, brief: Brief, version: int) -> Template:
    """The template of a campaign's version, 1 being the first."""
    own, language = prose.chapter(brief.category, brief.language)
    shared = prose.page(language)
    habits = style(seed, brief, version, language)
    lexicon = {**shared["common"], **{key: value for key, value in own.items() if isinstance(value, str)}}
    constants = Constants(seed, brief, lexicon, language)
    lasting = quick(seed, "template", brief.family or brief.id)
    texts = draw(lasting, brief, own, shared)
    for later in range(2, version + 1):
        texts = redraw(quick(seed, "template", brief.id, later), brief, own, shared, texts)
    rng = quick(seed, "wording", brief.family or brief.id, version)
    blocks = [wordings(rng, text, habits, constants) for text in texts if text]
    subjects = lasting.sample(own["subject"], min(len(own["subject"]), lasting.randint(1, 3)))
    account = str(quick(seed, "account", brief.spammer).randrange(1000, 99999))
    return Template(
        name=f"{brief.id}/{version}",
        language=language,
        style=habits,
        subjects=tuple(macro.settle(macro.parse(text), rng, habits.spin, constants) for text in subjects),
        blocks=tuple(blocks),
        items=items(lasting, lexicon, constants),
        shape=urls.Shape(lasting, brief.url, brief.path, account),
        account=account,
        picture=(),
        constants=constants.known,
    )


def calls(brief: Brief, own: dict[str, list[str]], rng: Random) -> list[str]:
    """Sentences that tell the reader what to do, by the keys that the campaign has."""
    if brief.url != "none" and brief.domains:
        return own["call"]
    by_key = {"call_phone": brief.phones, "call_box": brief.boxes}
    held = [block for block, keys in by_key.items() if keys and own.get(block)]
    return own[rng.choice(held)] if held else own.get("call_none") or own["open"]


def draw(rng: Random, brief: Brief, own: dict[str, list[str]], shared: dict[str, list[str]]) -> list[str]:
    """The sentences of a first version, paragraph by paragraph; "" where one is left out."""
    offers = rng.sample(own["offer"], rng.randint(1, min(4, len(own["offer"]))))
    texts = [rng.choice(shared["greet"]), rng.choice(own["open"]), *offers, rng.choice(calls(brief, own, rng))]
    if brief.phones and brief.url != "none" and rng.random() < 0.5:
        texts.append(rng.choice(own["call_phone"]))
    if brief.boxes and brief.url != "none":
        texts.append(rng.choice(own["call_box"]))
    said = "".join(texts)
    if brief.wallets and "$wallet" not in said:
        texts.append("$wallet")
    if brief.ibans and "$iban" not in said:
        texts.append("IBAN $iban")
    texts.append(rng.choice(shared["sign"]))
    if "E5" in brief.canspam:
        texts.append(rng.choice(shared["advert"]))
    if "E6" in brief.canspam and brief.domains:
        texts.append(rng.choice(shared["optout"]))
    if "E8" in brief.canspam:
        texts.append(rng.choice(shared["address"]))
    return texts


def redraw(
    rng: Random, brief: Brief, own: dict[str, list[str]], shared: dict[str, list[str]], before: list[str]
) -> list[str]:
    """The next version: the same paragraphs, some with another sentence of their kind."""
    pools = [own["open"], own["offer"], calls(brief, own, rng), shared["greet"], shared["sign"]]
    out = []
    for text in before:
        pool = next((pool for pool in pools if text in pool), None)
        out.append(text if pool is None or rng.random() < KEPT else rng.choice(pool))
    return out


def wordings(rng: Random, text: str, habits: Style, constants: Constants) -> tuple[macro.Pieces, ...]:
    """A sentence in the campaign's words, once or as a table of paraphrases."""
    tree = macro.parse(text)
    return tuple(macro.settle(tree, rng, habits.spin, constants) for _ in range(habits.wordings))


def items(rng: Random, lexicon: dict[str, str], constants: Constants) -> tuple[str, ...]:
    """The dictionary macro's values: 5 to 500 different ones, fewer where the prose has fewer."""
    wanted = int(5 * 100 ** rng.random())
    source = lexicon.get("item", "{one|two|three} $product")
    return tuple(dict.fromkeys(macro.fixed(source, rng, constants) for _ in range(wanted))) or ("",)
