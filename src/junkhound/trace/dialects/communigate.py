"""CommuniGate Pro: ``from [ADDRESS] (HELO HELO) by HOST (CommuniGate Pro SMTP 6.1.2) with ESMTPA id ID; DATE``.

``(account NAME)`` is who had logged in. Steps inside name no peer: ``by HOST (CommuniGate Pro PIPE 5.2)``.
"""

from __future__ import annotations

from junkhound.trace.dialects import Dialect, dialects
from junkhound.trace.dialects.grammar import BY, DATE, FOR, ID, IP, WORD, make, pattern
from junkhound.trace.hop import Hop

_PROGRAM = r"\(CommuniGate\s++Pro\s++(?P<part>[A-Z]++)[^()\[\]]*+\)"
_LINE = pattern(
    rf"\s*+from\s++{IP}\s++\((?:account\s++(?P<account>{WORD}))?\s*+(?:HELO\s++(?P<helo>{WORD}|\[[^\s()\[\]]*+\]))?(?:\s++verified)?\)"
    rf"\s++by\s++{BY}\s++{_PROGRAM}\s++with\s++(?P<protocol>\w++){ID}{FOR}{DATE}"
)
_INSIDE = pattern(
    rf"\s*+(?:from\s++<(?P<account>[^\s<>]*+)>\s++)?by\s++{BY}\s++{_PROGRAM}(?:\s++with\s++(?P<protocol>\w++))?{ID}{FOR}{DATE}"
)
_STEPS = frozenset(("RULE", "RULES", "LIST", "GROUP", "ROUTER"))


def read(value: str, index: int, below: bool) -> Hop | None:
    """Read a line of CommuniGate Pro, or None."""
    found = _LINE.match(value)
    if found is not None:
        ip, account, helo, by, _, protocol, queued, recipient, date = found.groups()
        return make(
            "communigate", index, below, ip, None, helo, by, protocol, queued, recipient, date,
            auth=account is not None, account=account,
        )  # fmt: skip
    found = _INSIDE.match(value)
    if found is None:
        return None
    account, by, part, protocol, queued, recipient, date = found.groups()
    return make(
        "communigate", index, below, None, None, None, by, protocol, queued, recipient, date,
        account=account or None, local=True, pickup=part not in _STEPS,
    )  # fmt: skip


dialects.register("communigate")(Dialect(("(CommuniGate",), read))
