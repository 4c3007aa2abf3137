"""Block lists that others keep: zone, what their codes mean, whom a listing means, and on what terms they are asked."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

import msgspec

from junkhound.kernel.config_dns import Foreign
from junkhound.kernel.errors import ConfigError

ADDRESSES, NAMES = "addresses", "names"
SCOPES = ("address", "range", "asn")


class Blocklist(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One list. ``family`` are those that copy or are kept together: together they are one witness.

    ``codes`` and ``bits`` are what its answers mean, ``scopes`` whom a code means where that is not ``scope``;
    ``refused`` and ``refused_bit`` are its ways to refuse an asker. ``closed`` is the month it ended. ``verified`` is
    the day on which somebody held ``terms`` and codes against its policy page; empty means general knowledge.
    """

    name: str
    zone: str
    family: str
    of: str = ADDRESSES
    scope: str = "address"
    ipv6: bool = False
    policy: str = ""
    terms: str = ""
    codes: Mapping[str, str] = {}
    scopes: Mapping[str, str] = {}
    bits: Mapping[str, str] = {}
    refused: tuple[str, ...] = ()
    refused_bit: int = 0
    listed_test: str = ""
    clean_test: str = ""
    closed: str = ""
    verified: str = ""

    @property
    def tests(self) -> tuple[str, str]:
        """The names that must be listed, and must not (RFC 5782 section 5)."""
        if self.of == NAMES:
            return self.listed_test or "test", self.clean_test or "invalid"
        return self.listed_test or "2.0.0.127", self.clean_test or "1.0.0.127"

    @property
    def terms_hash(self) -> str:
        """What an acceptance is bound to: other terms have to be accepted anew."""
        return hashlib.sha256("\n".join((self.zone, self.policy, self.terms)).encode()).hexdigest()[:16]


class _Catalogue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    dated: str
    lists: tuple[Blocklist, ...]


@lru_cache(1)
def shipped() -> _Catalogue:
    """The catalogue that came with this release, and its date."""
    text = files("junkhound.lookup").joinpath("data/blocklists.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), _Catalogue)


def own(settings: Mapping[str, Foreign]) -> list[Blocklist]:
    """Lists that the operator added in the settings. Errors: ConfigError."""
    made = []
    for name, about in settings.items():
        if not about.zone:
            raise ConfigError(f"[blocklists.{name}] has no zone", 'write zone = "bl.example.org"')
        codes = dict(words.partition("=")[::2] for words in about.codes)
        made.append(Blocklist(name, about.zone, about.family or name, about.of, about.scope, about.ipv6, codes=codes))
    return made
