"""The words of a listing as others may read them: ranges and days, never counts and instants."""

from __future__ import annotations

from bisect import bisect_right

from junkhound.tables import Kind, Path

_STEPS = (10, 50, 200, 1_000, 5_000, 20_000, 100_000)

_KIND_CLASS = {
    Kind.AUTH_GUESS: "password guessing",
    Kind.PROBE: "probing",
    Kind.HARVEST: "address harvesting",
    Kind.FLOOD: "flood",
}
_PATH_CLASS = {
    Path.OPEN_PROXY: "open proxy",
    Path.OPEN_RELAY: "open relay",
    Path.WEBMAIL: "abused webmail",
    Path.AUTHENTICATED: "abused account",
    Path.RELAYED: "spam source behind a relay",
}
HELD_CLASS = {
    "snowshoe": "snowshoe range",
    "bots": "bot",
    "accounts": "abused account",
    "dynamic": "dynamic range",
    "escalated": "escalated network",
    "do-not-route": "do not route",
    "malware": "malware sender",
    "domains": "advertised domain",
    "hosts": "advertised host",
}
CLASSES = tuple(
    dict.fromkeys(("direct spam source", *_PATH_CLASS.values(), *_KIND_CLASS.values(), *HELD_CLASS.values()))
)


def count_range(messages: int) -> str:
    """How many, as a range: an exact count would let a sender recognise its own probes."""
    place = bisect_right(_STEPS, max(messages, 0))
    if place == 0:
        return f"under {_STEPS[0]}"
    if place == len(_STEPS):
        return f"over {_STEPS[-1]:,}"
    return f"{_STEPS[place - 1]:,} to {_STEPS[place]:,}"


def listing_class(kind: int, path: int) -> str:
    """What the address is listed as; CLASSES names them all."""
    if kind in _KIND_CLASS:
        return _KIND_CLASS[Kind(kind)]
    return _PATH_CLASS.get(Path(path), "direct spam source")
