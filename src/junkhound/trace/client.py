"""Fields in which a provider writes where its customer sat: ``X-Originating-IP`` and its kin.

Anybody can type such a field, and junk is full of typed ones. It counts only as the word of a provider that is known to
write it, about a customer whose log-in that provider's own believed lines show, and only where it stands under all of
them, stands there once, and names a machine out there. It is the provider's word on a customer and no more: it never
makes an address to blame.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from junkhound.kernel import net
from junkhound.kernel.net import Address
from junkhound.trace.border import Boundary
from junkhound.trace.hop import Hop
from junkhound.trace.known import Provider
from junkhound.trace.peer import STRANGER
from junkhound.trace.reader import Hops

# ``[192.0.2.7]``, ``192.0.2.7``, ``[::ffff:192.0.2.7]``; with an account before it: ``u@h.example/192.0.2.7``
_WRITTEN = re.compile(r"(?:[^\s@\[\]]{1,64}@[\w.-]{1,253}/)?\[?([0-9A-Fa-f:.]{2,45})\]?\Z")


MOST = 120  # letters of a number that is shown


class Stated(msgspec.Struct, frozen=True, gc=False):
    """What a provider's field says, and why it is not believed where it is not (``against`` is "" where it is)."""

    field: str
    address: Address | None
    against: str = ""


def stated(
    hops: Sequence[Hop], believed: int, provider: Provider, border: Boundary, seen: Address | None
) -> Stated | None:
    """The field in which this provider says where its customer sat; None where there is none.

    Args:
        believed: how many lines from the top are believed, the provider's own at their end.
        seen: the customer's address in the provider's last line, where it stands.
    """
    if not provider.client or not isinstance(hops, Hops):
        return None
    found = [(name, *one) for name in provider.client if name in hops.names for one in hops.stated(name)]
    if not found:
        return None
    field, above, value = found[0]
    name = field.decode("latin-1")
    said = _read(value)
    if len(found) > 1 and any(_read(one[2]) != said for one in found[1:]):
        return Stated(name, said, "it stands there more than once, and says different things")
    if above < believed:
        return Stated(name, said, f"it stands above a line of {provider.name}, which writes it below")
    if said is None or border.sides[said] is not STRANGER or provider.has(said):
        return Stated(name, said, "it names no machine out there")
    if seen is not None and seen != said:
        return Stated(name, said, f"{provider.name}'s own line says {seen}")
    return Stated(name, said)


def numbered(hops: Sequence[Hop], provider: Provider) -> str | None:
    """The field by which a provider knows whose mail it was, as ``Field: value``; None for none, or several."""
    if not isinstance(hops, Hops):
        return None
    for name in provider.ids:
        found = hops.stated(name)
        if len(found) == 1 and (text := " ".join(found[0][1].decode("latin-1").split())[:MOST]):
            return f"{name.decode('latin-1').title()}: {text}"
    return None


def _read(value: bytes) -> Address | None:
    match = _WRITTEN.match(value.decode("latin-1"))
    return net.parse(match[1]) if match else None
