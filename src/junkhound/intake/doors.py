"""Who a trap answers for: every address of its domains, and single addresses elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from junkhound.kernel.config import Trap
from junkhound.wire.smtp import Rcpt

# RFC 5321 section 4.5.1 and RFC 2142: somebody may write to these for a good reason. Taken in, and never a witness.
ROLES = frozenset(("postmaster", "abuse"))
COMPLAINTS = "complaints"
"""The intake of mail in which others complain to us: what ``abuse@`` is for."""

_NO = Rcpt(550, "5.7.1 we do not relay")


def doors(traps: Mapping[str, Trap], complaints: Iterable[str] = ()) -> Callable[[bytes], Rcpt]:
    """The decision on each RCPT: which trap an address belongs to, if any; relaying is refused.

    A single address wins over a domain's, so that one trap may own an address in another's domain. ``complaints``
    are addresses for complaints, as ``abuse@`` every trap's domain is.
    """
    domains: dict[str, tuple[Rcpt, Rcpt]] = {}
    complaint = Rcpt(250, "2.1.5 fine", False, COMPLAINTS)
    addresses: dict[str, Rcpt] = dict.fromkeys(map(_address, complaints), complaint)
    for name, settings in traps.items():
        trap, role = Rcpt(250, "2.1.5 fine", True, name), Rcpt(250, "2.1.5 fine", False, name)
        domains.update(dict.fromkeys(map(_domain, settings.domains), (trap, role)))
        addresses.update(dict.fromkeys(map(_address, settings.addresses), trap))
    postmaster = Rcpt(250, "2.1.5 fine")

    def decide(address: bytes) -> Rcpt:
        text = address.decode("utf-8", "replace")
        local, at, domain = text.rpartition("@")
        if not at:
            return postmaster if text.lower() == "postmaster" else _NO
        domain = _domain(domain)
        local = local.lower()
        if addresses and (found := addresses.get(f"{local}@{domain}")) is not None:
            return found
        both = domains.get(domain)
        if both is None:
            return _NO
        return complaint if local == "abuse" else both[local in ROLES]

    return decide


def catch_all(domains: Iterable[str], traps: Iterable[str] = ()) -> Callable[[bytes], Rcpt]:
    """Accept every address of these domains and every listed address, for the listener's own intake."""
    return doors({"": Trap(domains=tuple(domains), addresses=tuple(traps))})


def _domain(name: str) -> str:
    """Lower case, without the final dot, in the letters of DNS (RFC 5890)."""
    name = name.lower().rstrip(".")
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode()
    except UnicodeError:
        return name


def _address(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local.lower()}@{_domain(domain)}"
