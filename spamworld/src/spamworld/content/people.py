"""People and their work, invented: names by language, and for any address the person who might stand behind it."""

from __future__ import annotations

from functools import lru_cache
from random import Random

import msgspec

from spamworld.content import prose
from spamworld.streams import quick


class Person(msgspec.Struct, frozen=True):
    """Somebody with a name, a trade and an employer."""

    given: str
    family: str
    job: str
    firm: str

    @property
    def full(self) -> str:
        """Both names, given name first."""
        return f"{self.given} {self.family}"


@lru_cache(maxsize=32)
def names(language: str) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """(given names, surnames, trades) of a language; English for one that has none."""
    page = prose.page("people")
    own = page.get(language) or page["en"]
    return tuple(own["given"].split()), tuple(own["family"].split()), tuple(own["job"])


@lru_cache(maxsize=65536)
def profile(seed: int, address: str, language: str = "en") -> Person:
    """The person behind an address: the same for every writer of one run."""
    rng = quick(seed, "person", address)
    given, family, jobs = names(language)
    local, _, host = address.partition("@")
    first, _, last = local.replace("_", ".").partition(".")
    own = host.split(".")[-2] if host.count(".") else host
    return Person(
        first.capitalize() if last and first.isalpha() else rng.choice(given),
        last.capitalize() if last.isalpha() else rng.choice(family),
        rng.choice(jobs),
        f"{own.capitalize()} {rng.choice(('Ltd', 'Group', 'Works', 'Services', 'Partners'))}",
    )


def given(rng: Random, language: str) -> str:
    """A given name."""
    return rng.choice(names(language)[0])
