"""Which sightings a kind of list counts: what was done, how it came, and what the machine looks like."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from junkhound.tables import Clue, Kind, Operator, Path

Bools = NDArray[np.bool_]

KINDS = {
    "scanners": (Kind.PROBE, Kind.HARVEST, Kind.FLOOD),
    "auth": (Kind.AUTH_GUESS,),
}
"""Kinds of sighting that a list counts where its settings do not say; all others count junk."""

# Behind these stands a server of many people: what was seen is an account, not a machine.
_SHARED = (Path.WEBMAIL, Path.AUTHENTICATED, Path.ESP, Path.LIST, Path.FORWARDED, Path.LOCAL)
_ACCOUNTS = (Path.WEBMAIL, Path.AUTHENTICATED)
_PROXIES = (Path.OPEN_PROXY, Path.OPEN_RELAY)
_HOMES = (Operator.ACCESS, Operator.MOBILE)
# A mail server has a name and says it; malware on a home machine does neither.
_UNLIKE_SERVERS = Clue.NO_RDNS | Clue.HELO_LITERAL | Clue.HELO_OURS | Clue.HELO_RDNS_DIFFER
MALWARE = 1
"""Bit of the column ``marks``: the mail carried a program."""


def counts(holds: str, path: NDArray[Any], clues: NDArray[Any], operator: NDArray[Any], marks: NDArray[Any]) -> Bools:
    """By row whether it speaks for a place on such a list; kinds of sighting are looked at elsewhere."""
    if holds == "accounts":
        accounts: Bools = np.isin(path, list(map(int, _ACCOUNTS)))
        return accounts
    if holds == "malware":
        carriers: Bools = (marks & MALWARE) != 0
        return carriers
    if holds in ("scanners", "auth"):
        return np.ones(len(path), bool)
    alone = ~np.isin(path, list(map(int, _SHARED)))
    if holds == "bots":
        home = np.isin(operator, list(map(int, _HOMES))) & ((clues & int(_UNLIKE_SERVERS)) != 0)
        bot = np.isin(path, list(map(int, _PROXIES))) | ((clues & int(Clue.DYNAMIC_RDNS)) != 0) | home
        answer: Bools = alone & bot
        return answer
    direct: Bools = alone
    return direct
