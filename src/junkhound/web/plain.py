"""Records as the plain values of JSON: what a page shows and what its ``.json`` says are these same fields."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, IntFlag
from typing import Any

import msgspec
import numpy as np

from junkhound.kernel import clock
from junkhound.kernel.net import Address, Network
from junkhound.ledger.listing_records import Event, Listing
from junkhound.ledger.others import Standing
from junkhound.verbs.why import Others


def plain(value: Any) -> Any:
    """Dicts, lists, texts and numbers; addresses and networks as text, words of closed lists in lower case."""
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, (Address, Network)):
        return str(value)
    if isinstance(value, IntFlag):
        return [(flag.name or "").lower() for flag in value]
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, msgspec.Struct):
        return {name: plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(inner) for inner in value]
    if isinstance(value, np.generic):
        return value.item()
    return value if isinstance(value, (int, float)) else str(value)


def listing(one: Listing, at: int) -> dict[str, Any]:
    """One listing; days and moments in words."""
    return {
        "number": one.number,
        "list": one.list,
        "network": str(one.subject),
        "address": one.words,
        "class": one.listing_class,
        "messages": one.messages,
        "vantages": one.vantages,
        "first_on": clock.day_text(one.first_at),
        "last_on": clock.day_text(one.last_at),
        "listed_at": clock.text(one.listed_at),
        "listed_on": clock.day_text(one.listed_at),
        "expires_on": clock.day_text(one.expires_at),
        "ended_on": None if one.live(at) else clock.day_text(one.expires_at if one.ended_at is None else one.ended_at),
        "end": one.end,
        "relistings": one.relistings,
        "live": one.live(at),
        "policy": one.policy,
    }


def event(one: Event) -> dict[str, Any]:
    """One step in a listing's life."""
    return {"at": clock.text(one.at), "on": clock.day_text(one.at), "event": one.event, "who": one.who, "why": one.why}


def others(found: Others) -> dict[str, Any]:
    """What other people's block lists say of an address, with days instead of instants."""

    def row(one: Standing) -> dict[str, Any]:
        return {
            "list": one.list, "family": one.family, "scope": one.scope, "codes": list(one.codes), "means": one.means,
            "since": clock.day_text(one.since_at), "gone": one.gone_at and clock.day_text(one.gone_at),
        }  # fmt: skip

    return {
        "at": found.at and clock.text(found.at),
        "asked": found.asked,
        "witnesses": found.witnesses,
        "standing": [row(one) for one in found.standing],
        "gone": [row(one) for one in found.gone],
    }
