"""What the operator knows of the domains that junk leads to: his file of RDAP answers, read once while it stands."""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from junkhound import content
from junkhound.campaign import registered
from junkhound.campaign.registered import Registration
from junkhound.kernel.errors import ConfigError
from junkhound.tables import KeyKind
from junkhound.verbs.office import Office


def of(office: Office) -> Mapping[int, Registration]:
    """By the key of each domain what is known of it; empty without a file. Errors: ConfigError, DataError."""
    name = office.config.domains.rdap
    if not name:
        return {}
    base = Path(office.config.path).parent if office.config.path else Path()
    path = base / Path(name).expanduser()
    try:
        found = path.stat()
        return _read(str(path), found.st_mtime_ns, found.st_size)
    except OSError as error:
        raise ConfigError(f"[domains] rdap: {error}", "name a file of RDAP answers, one JSON a line") from None


@lru_cache(1)
def _read(path: str, changed: int, size: int) -> dict[int, Registration]:
    if path.endswith(".zst"):
        import zstandard

        with Path(path).open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as plain:
            return registered.read(io.BufferedReader(plain))
    with Path(path).open("rb") as file:
        return registered.read(file)


def domains_with(office: Office, kind: KeyKind, text: str) -> list[str]:
    """The domains that have this registrant, name server or hour of registration, in order."""
    wanted = kind, text.casefold()
    return sorted(
        one.domain for one in of(office).values() if any((k, t.casefold()) == wanted for k, t in one.ties())
    )  # fmt: skip


def keys_of(known: Mapping[int, Registration], domain: int) -> list[tuple[str, int]]:
    """(name of the kind, key) of what is known of a domain, by its key."""
    one = known.get(domain)
    return [] if one is None else [(kind.name, content.key(text)) for kind, text in one.ties()]
