"""What the settings say is believed beside relays: files of known relays and keys, read once as long as they stand."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from junkhound import trace
from junkhound.kernel.config import Config
from junkhound.kernel.errors import ConfigError

KNOWN_LIMIT = 4 << 20  # bytes of a file of relays
KEYS_LIMIT = 64 << 20  # bytes of a zone file


def trust(config: Config, known: Iterable[str] = (), keys: Iterable[str] = ()) -> trace.Trust:
    """What is believed beside relays; ``known`` and ``keys`` are files beside those of the settings.

    Errors: ConfigError for a file that cannot be read or is not what it should be.
    """
    network = config.network
    base = Path(config.path).parent if config.path else Path()
    relays = [_read(base / Path(words).expanduser(), KNOWN_LIMIT, _relays) for words in network.known]
    relays += [_read(Path(words), KNOWN_LIMIT, _relays) for words in known]
    zones = [_read(base / Path(words).expanduser(), KEYS_LIMIT, _keys) for words in network.keys]
    zones += [_read(Path(words), KEYS_LIMIT, _keys) for words in keys]
    sealers = tuple(sorted({word.lower().strip(".") for word in network.sealers}))
    held = dict(key for zone in zones for key in zone[1])
    return trace.Trust("\n".join(text for text, _ in relays), sealers, tuple(sorted(held.items())))


def digest(said: trace.Trust) -> str:
    """A short mark that changes with it; "" for nothing beside relays."""
    if said == trace.Trust():
        return ""
    return sha256(repr((said.known, said.sealers, said.keys)).encode()).hexdigest()[:16]


Made = tuple[str, tuple[tuple[str, str], ...]]


def _relays(text: str) -> Made:
    trace.providers(text)
    return text, ()


def _keys(text: str) -> Made:
    return "", tuple(trace.keys_of(text))


def _read(path: Path, limit: int, make: object) -> Made:
    try:
        about = path.stat()
        if about.st_size > limit:
            raise ConfigError(f"{str(path)!r} is larger than {limit >> 20} MB")
        return _made(path, about.st_mtime_ns, about.st_size, make)
    except OSError as error:
        raise ConfigError(f"cannot read {str(path)!r}: {error.strerror}") from None
    except (UnicodeError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from None


@lru_cache(16)
def _made(path: Path, changed: int, size: int, make: object) -> Made:
    return make(path.read_text("utf-8"))  # type: ignore[operator, no-any-return]
