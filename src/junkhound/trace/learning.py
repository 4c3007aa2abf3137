"""Relays proposed from mail of one mailbox: which names and networks write the lines on top of nearly all of it.

A proposal is evidence for a person to judge, never a setting by itself. A flood from one sender could look like a
relay, so a step down is proposed only where nearly all mail takes it and many different machines stand behind it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from junkhound.kernel.net import Address, Space, network_of, space
from junkhound.trace.border import Boundary, boundary, local_name, same_machine
from junkhound.trace.hop import Hop
from junkhound.trace.known import embedded
from junkhound.trace.names import site, together
from junkhound.trace.walk import AT_STRANGER, same_host, walk

LEAST = 50  # mails before anything is proposed
SHARE = 0.8  # of the mails must show it
DIFFERENT = 20  # addresses must stand behind it
SINGLE = 4  # addresses of one network are proposed one by one, more as the network
ROUNDS = 8  # relays in a row


class Proposal(msgspec.Struct, frozen=True):
    """One relay to believe: what to write into the settings, and why.

    ``mails`` of ``of`` show it; ``behind`` counts the different addresses that these lines took mail from.
    """

    relay: str
    mails: int
    of: int
    behind: int
    text: str


def learn(samples: Iterable[Sequence[Hop]], least: int = LEAST, share: float = SHARE) -> list[Proposal]:
    """Relays that mail of one mailbox suggests, outermost last; empty below ``least`` mails.

    Args:
        samples: the hops of each mail.
        share: what part of the mails must show a relay.
    """
    chains = [hops for hops in samples if len(hops)]
    if len(chains) < least:
        return []
    found: list[Proposal] = []
    for _ in range(ROUNDS):
        fresh = _next(chains, boundary([p.relay for p in found], allow_documentation=True), share)
        fresh = [p for p in fresh if all(p.relay != old.relay for old in found)]
        if not fresh:
            break
        found.extend(fresh)
    return found


def inner(samples: Iterable[Sequence[Hop]], border: Boundary) -> Counter[str]:
    """Networks that would be blamed though their machines are relays of the same operator, with how many mails.

    Such a machine calls itself by one of the relays' names, and the line below is its own: a spammer who greets with
    that name brings no such line, and a provider's outgoing server, which customers use too, none under its own name.
    """
    found: Counter[str] = Counter()
    for hops in samples:
        path = walk(hops, border, None)
        last = path.hop
        if path.end is not AT_STRANGER or last is None or last.ip is None or path.believed >= len(hops):
            continue
        below = hops[path.believed]
        if not any(border.knows_name(name) for name in (last.helo, last.rdns)) or below.by is None:
            continue
        if last.ip == below.by_ip or below.by in (last.helo, last.rdns) or same_host(below.by, last.helo):
            found[_network(last.ip)] += 1
    return found


def _next(chains: list[Sequence[Hop]], border: Boundary, share: float) -> list[Proposal]:
    """What to believe beside ``border`` so that most walks get one step further."""
    writers: dict[str, list[Hop]] = {}
    links: dict[str, list[tuple[Address, Hop]]] = {}
    hosts: dict[str, Counter[str]] = {}
    for hops in chains:
        above, hop = _step(hops, border)
        if hop is None or hop.by is None or local_name(hop.by):
            continue
        if above is not None and not _linked(above, hop):
            continue
        group = site(hop.by)
        writers.setdefault(group, []).append(hop)
        hosts.setdefault(group, Counter())[hop.by] += 1
        if above is not None and above.ip is not None and not border.knows(above.ip):
            links.setdefault(_network(above.ip), []).append((above.ip, hop))
    proposals = _names(writers, hosts, border, len(chains), share)
    return proposals + _networks(links, len(chains), share)


def _step(hops: Sequence[Hop], border: Boundary) -> tuple[Hop | None, Hop | None]:
    """The last believed line and the line under it; (None, top line) where nothing is believed yet."""
    if not border:
        for hop in hops:
            if not hop.local and (hop.ip is None or space(hop.ip) is not Space.LOOPBACK or not local_name(hop.by)):
                return None, hop
        return None, None
    path = walk(hops, border, None)
    if path.hop is None:
        return None, None
    if path.believed >= len(hops):
        return path.hop, None
    return path.hop, hops[path.believed]


def _linked(above: Hop, hop: Hop) -> bool:
    """Whether the line's writer names itself as the machine that the line above saw."""
    if above.ip is not None and above.ip == hop.by_ip:
        return True
    return above.ip is not None and (hop.by in (above.helo, above.rdns) or together(hop.by, above.helo))


def _names(
    writers: dict[str, list[Hop]], hosts: dict[str, Counter[str]], border: Boundary, of: int, share: float
) -> list[Proposal]:
    found = []
    for group, lines in writers.items():
        lines = [hop for hop in lines if not border.knows_name(hop.by)]
        if len(lines) < share * of:
            continue
        behind = len({hop.ip for hop in lines if hop.ip is not None})
        names = [name for name in hosts[group] if not border.knows_name(name)]
        many = len(names) > 3
        text = f"wrote the line in {len(lines):,} of {of:,} mails" + (f", under {len(names):,} names" if many else "")
        for name in [f".{group}"] if many else sorted(names):
            mails = len(lines) if many else hosts[group][name]
            found.append(Proposal(name, mails, of, behind, text))
    return found


def _networks(links: dict[str, list[tuple[Address, Hop]]], of: int, share: float) -> list[Proposal]:
    found = []
    for network, lines in links.items():
        behind = len({hop.ip for _, hop in lines if hop.ip is not None})
        if len(lines) < share * of or behind < DIFFERENT:
            continue
        text = f"handed over {len(lines):,} of {of:,} mails, brought by {behind:,} different addresses"
        addresses = Counter(ip for ip, _ in lines)
        if len(addresses) <= SINGLE:
            found += [Proposal(str(ip), mails, of, behind, text) for ip, mails in sorted(addresses.items())]
        else:
            found.append(Proposal(network, len(lines), of, behind, text))
    return found


def _network(ip: Address) -> str:
    """The network a relay is proposed by: the /24, or the /32 of IPv6, where large operators have many machines."""
    return str(network_of(ip, 120 if ip.is_v4 else 32))


INNER = 12  # lines of one provider


def mailbox_at(hops: Sequence[Hop]) -> list[str]:
    """Names and networks of the known provider in whose mailbox the mail seems to lie; nothing where it is none.

    Its machines hand a mail on from one to the next, and no single name of them leads out.
    """
    provider = next((one for one in embedded().providers if hops and one.wrote(hops[0])), None)
    if provider is None:
        return []
    relays: dict[str, None] = {}
    for hop in hops[:INNER]:
        name = next((one for one in provider.writes if hop.by is not None and hop.by.endswith(one)), None)
        if name is None:
            break
        relays[name] = None
        if hop.ip is None or same_machine(hop.ip):
            continue
        inside = provider.machines.holding(hop.ip)
        if inside is None:
            break
        relays[str(inside)] = None
    return list(relays) if len(relays) > 1 else []
