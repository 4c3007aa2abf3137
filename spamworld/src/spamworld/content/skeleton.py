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

KEPT = 0.6  # chance that a sentence of the version before stays
SHARED = 0.4  # chance that a sentence is the family's, word by word
MILLION = {"de": "Millionen", "fr": "millions", "es": "millones", "it": "milioni", "pt": "milhões", "ru": "миллионов"}


class Template(msgspec.Struct, frozen=True, eq=False):
    """One version of a campaign's text, ready to be filled in."""

    name: str  # skeleton id in the truth: campaign/version
    language: str  # of the prose, where the brief's language has none for the category
    style: Style
    subjects: tuple[macro.Pieces, ...]
    blocks: tuple[tuple[macro.Pieces, ...], ...]  # for each paragraph, its wordings
    roles: tuple[str, ...]  # what each paragraph is for: greet, open, offer, call, sign, ...
    items: tuple[str, ...]  # the dictionary macro
    shape: urls.Shape
    account: str  # of the spammer at his sponsor: a key that campaigns share


class Constants:
    """Values that a template fixes, drawn the first time they are asked for."""

    def __init__(self, seed: int, brief: Brief, lexicon: dict[str, str], language: str) -> None:
        self.rng = quick(seed, "constants", brief.id, brief.spammer)
        self.lexicon = lexicon
        first = people.given(self.rng, language)
        last = self.rng.choice(people.names(language)[1])
        self.known = {
            "ticker": brief.ticker,
            "company": brief.company or "",
            "quote": f"{brief.price:.2f}",
            "goal": f"{brief.target:.2f}",
            "sum": f"{self.rng.choice((2.5, 4.7, 8.5, 10.5, 12, 15.8, 18.5, 27))} {MILLION.get(language, 'million')}",
            "firstname": first,
            "lastname": last,
            "agent": f"{last} {first}" if language == "ja" else f"{first} {last}",
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
    spin = 1.0 if brief.shuffled else habits.spin
    lexicon = {**shared["common"], **{key: value for key, value in own.items() if isinstance(value, str)}}
    constants = Constants(seed, brief, lexicon, language)
    self = (brief.id, brief.spammer)
    chapter = Chapter(brief, own, shared)
    lines = chapter.draw(quick(seed, "template", brief.family or self))
    for later in range(2, version + 1):
        lines = chapter.redraw(quick(seed, "template", self, later), lines, later)
    blocks, roles = [], []
    for place, line in enumerate(lines):
        # Campaigns of a family share some sentences word by word, which is how a common hand shows.
        common = brief.family and quick(seed, "common", self, place).random() < SHARED
        rng = quick(seed, "wording", brief.family if common else self, place, line.since)
        tree = macro.parse(line.text)
        blocks.append(tuple(macro.settle(tree, rng, spin, constants) for _ in range(habits.wordings)))
        roles.append(line.role)
    rng = quick(seed, "subjects", self)
    subjects = rng.sample(own["subject"], min(len(own["subject"]), rng.randint(1, 3)))
    account = str(quick(seed, "account", brief.spammer).randrange(1000, 99999))
    return Template(
        name=f"{brief.id}/{version}",
        language=language,
        style=habits,
        subjects=tuple(macro.settle(macro.parse(text), rng, spin, constants) for text in subjects),
        blocks=tuple(blocks),
        roles=tuple(roles),
        items=items(rng, brief.dictionary, lexicon, constants),
        shape=urls.Shape(rng, brief.url, brief.path, account),
        account=account,
    )


def source(seed: int, brief: Brief, version: int) -> str:
    """A version as it lies on a spammer's machine: subjects, paragraphs, and what the macros draw from."""
    page = template(seed, brief, version)
    out = [f"# template {page.name}, {brief.category}, {page.language}, {page.style.form}, {page.style.charset}"]
    out += [f"subject: {macro.source(subject)}" for subject in page.subjects]
    for wordings in page.blocks:
        out += ["", *(macro.source(one) for one in wordings)]
    keys = (("phone", brief.phones), ("wallet", brief.wallets), ("iban", brief.ibans), ("box", brief.boxes))
    out += ["", *(f"${name} = {'|'.join(known)}" for name, known in keys if known)]
    if brief.domains:
        out.append(f"$url = {'|'.join(one.domain for one in brief.domains)}")
    out.append(f"$item = {'|'.join(page.items)}")
    return "\n".join(out) + "\n"


class Line(msgspec.Struct, frozen=True):
    """A sentence of a version: what it is for, and the version that brought it."""

    role: str
    text: str
    since: int = 1


class Chapter:
    """The sentences that a campaign may choose from."""

    def __init__(self, brief: Brief, own: dict[str, list[str]], shared: dict[str, list[str]]) -> None:
        self.brief = brief
        self.pools = {**own, "greet": shared["greet"], "sign": shared["sign"]}
        self.shared = shared

    def draw(self, rng: Random) -> list[Line]:
        """The first version, paragraph by paragraph."""
        brief, pools = self.brief, self.pools
        roles = ["greet", "open", *["offer"] * rng.randint(1, min(4, len(pools["offer"]))), self.calls(rng)]
        if brief.url != "none" and brief.domains:
            roles += ["call_phone"] * bool(brief.phones) + ["call_box"] * bool(brief.boxes)
        offers = rng.sample(pools["offer"], len(pools["offer"]))
        lines = [Line(role, offers.pop() if role == "offer" and offers else rng.choice(pools[role])) for role in roles]
        said = "".join(line.text for line in lines)
        if brief.wallets and "$wallet" not in said:
            lines.append(Line("key", "$wallet"))
        if brief.ibans and "$iban" not in said:
            lines.append(Line("key", "IBAN $iban"))
        lines.append(Line("sign", rng.choice(pools["sign"])))
        for element, block in (("E5", "advert"), ("E6", "optout"), ("E8", "address")):
            if element in brief.canspam and (block != "optout" or brief.domains):
                lines.append(Line(block, rng.choice(self.shared[block])))
        return lines

    def calls(self, rng: Random) -> str:
        """What tells the reader to act, by the keys that the campaign has."""
        brief = self.brief
        if brief.url != "none" and brief.domains:
            return "call"
        keys = {"call_phone": brief.phones, "call_box": brief.boxes}
        held = [block for block, known in keys.items() if known and block in self.pools]
        return rng.choice(held) if held else "call_none" if "call_none" in self.pools else "offer"

    def redraw(self, rng: Random, before: list[Line], version: int) -> list[Line]:
        """The next version: the same paragraphs, some with another sentence or wording of their kind."""
        out = []
        said = {line.text for line in before}
        for line in before:
            stays = line.role not in self.pools or "$iban" in line.text or "$wallet" in line.text
            if not stays and rng.random() >= KEPT:
                fresh = [text for text in self.pools[line.role] if text not in said]
                line = Line(line.role, rng.choice(fresh) if fresh else line.text, version)
                said.add(line.text)
            out.append(line)
        return out


def items(rng: Random, wanted: int, lexicon: dict[str, str], constants: Constants) -> tuple[str, ...]:
    """The dictionary macro's values: 5 to 500 different ones, fewer where the prose has fewer."""
    wanted = wanted or int(5 * 100 ** rng.random())
    source = lexicon.get("item", "$product")
    return tuple(dict.fromkeys(macro.fixed(source, rng, constants) for _ in range(wanted)))
