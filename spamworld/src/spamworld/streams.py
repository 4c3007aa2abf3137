"""Randomness that nobody shares: each entity draws from a stream of its own, so that adding one disturbs no other.

A stream is keyed by (seed, names of the entity) through BLAKE2b; equal keys give equal draws on every machine for the
pinned numpy and Python (both write down their versions in the manifest).
"""

from __future__ import annotations

import hashlib
import random

import numpy as np


def number(seed: int, *entity: object) -> int:
    """A 128-bit number for the entity, the same in every run."""
    text = "\x1f".join(map(str, (seed, *entity))).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=16).digest(), "big")


def stream(seed: int, *entity: object) -> np.random.Generator:
    """Draws by the thousand, for an entity that lives long: PCG64, about 20 us to make."""
    return np.random.Generator(np.random.PCG64(number(seed, *entity)))


def quick(seed: int, *entity: object) -> random.Random:
    """A few draws for one mail: cheap to make (the standard library's Mersenne twister)."""
    return random.Random(number(seed, *entity))  # noqa: S311 - chance for a simulation, not for secrets
