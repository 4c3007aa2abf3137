"""Which machines we believe: relays in front of a mailbox or trap, and our own space."""

from __future__ import annotations

from collections.abc import Iterable

from junkhound.kernel.errors import ConfigError
from junkhound.kernel.net import Address, Network, Space, parse_network, space
from junkhound.trace.dialects.grammar import name
from junkhound.trace.given import Given
from junkhound.trace.given import embedded as given_out
from junkhound.trace.known import Known, embedded
from junkhound.trace.memo import Memo
from junkhound.trace.networks import Networks
from junkhound.trace.peer import LOOPBACK, OWN, PRIVATE, RELAY, STRANGER, Peer
from junkhound.trace.trust import NO_MORE, Trust

_PUBLIC, _DOCUMENTATION = Space.PUBLIC, Space.DOCUMENTATION
REMEMBERED = 50_000  # addresses and names whose side is kept: relays come back with every mail
_LOCAL_NAMES = frozenset(("localhost", "localhost.localdomain", "localhost4", "localhost6", "local"))


class Boundary:
    """The relays we believe and the space that is ours, as settings say; the same everywhere, never learned.

    A relay is named by network or address, by host name, or by suffix (``.example.org``). A *name* says whose line
    we read; only an *address* (or a name that the writer checked) says who was on the other end, because a
    stranger may claim any name.
    """

    __slots__ = (
        "_own", "_relays", "_suffixes", "allow_documentation", "given", "hosts", "keys", "known", "names", "sealers",
        "sides",
    )  # fmt: skip

    def __init__(
        self, relays: Iterable[str], own: Iterable[str], allow_documentation: bool, known: Known | None = None,
        trust: Trust = NO_MORE, given: Given | None = None,
    ) -> None:  # fmt: skip
        hosts: set[str] = set()
        suffixes: set[str] = set()
        networks: dict[bool, list[Network]] = {True: [], False: []}
        for mine, words in [(False, w) for w in relays] + [(True, w) for w in own]:
            network, host = relay(words)
            if network is not None:
                networks[mine].append(network)
            elif host.startswith("."):
                suffixes.add(host)
            else:
                hosts.add(host)
        self._relays = Networks(networks[False])
        self._own = Networks(networks[True])
        self.hosts = frozenset(hosts)
        self._suffixes = tuple(sorted(suffixes))
        self.names: Memo[str | None, bool] = Memo(self.knows_name, REMEMBERED)  # the same as knows_name
        self.sides: Memo[Address, Peer] = Memo(self.side, REMEMBERED)  # the same as side
        self.allow_documentation = allow_documentation
        self.known = embedded(trust.known) if known is None else known
        self.sealers, self.keys = trust.sealers, trust.keys
        self.given = given_out() if given is None else given

    def __bool__(self) -> bool:
        return bool(self.hosts or self._suffixes or self._relays or self._own)

    def knows_name(self, host: str | None) -> bool:
        """Whether a host of this name is a relay or ours; lower case, no final dot."""
        if host is None:
            return False
        return host in self.hosts or (self._suffixes != () and host.endswith(self._suffixes))

    def knows(self, address: Address | None) -> bool:
        """Whether the address is a relay's or ours."""
        return address is not None and (address in self._relays or address in self._own)

    def owns(self, address: Address | None) -> bool:
        """Whether the address is ours."""
        return address is not None and address in self._own

    def side(self, address: Address) -> Peer:
        """Whose the address is: ``OWN``, ``RELAY``, ``LOOPBACK``, ``PRIVATE`` (nobody out there) or ``STRANGER``."""
        if self.knows(address):
            return OWN if self.owns(address) else RELAY
        if same_machine(address):
            return LOOPBACK
        return STRANGER if self.is_public(address) else PRIVATE

    def is_public(self, address: Address) -> bool:
        """Whether the address may belong to a stranger who can be blamed."""
        kind = space(address)
        return kind is _PUBLIC or (self.allow_documentation and kind is _DOCUMENTATION)


NOWHERE = Boundary((), (), False)
"""No relay, nothing of ours: only a session of our own can anchor a trace."""


def relay(words: str) -> tuple[Network | None, str]:
    """One relay setting as network or host name. Errors: ConfigError for what is neither."""
    text = words.strip()
    network = parse_network(text)
    if network is not None:
        return network, ""
    host = name(text)
    labels = host.removeprefix(".").split(".") if host else []
    if host is None or not all(label and label.replace("-", "").replace("_", "").isalnum() for label in labels):
        raise ConfigError(
            f"not a relay: {words!r}", "write an address, a network, a host name, or a suffix such as .mx.example.org"
        )
    if host.startswith(".") and len(labels) < 2:
        raise ConfigError(f"relay {words!r} would believe every host of a whole domain ending", "name one domain")
    return None, host


def boundary(
    relays: Iterable[str], own: Iterable[str] = (), allow_documentation: bool = False, known: Known | None = None,
    trust: Trust = NO_MORE, given: Given | None = None,
) -> Boundary:  # fmt: skip
    """The boundary that settings describe. Errors: ConfigError naming the entry that is no relay.

    Args:
        relays: networks, addresses, host names, or suffixes with a leading dot.
        own: the same, for what is ours: never a source.
        allow_documentation: treat RFC 5737 and RFC 3849 space as public, for demonstrations.
        known: relays of others that are never blamed; those that come with the program, and ``trust``'s, where None.
        trust: what is believed beside relays: further relays of others, whose seals, by which keys.
        given: since when addresses can have been somebody's; as IANA gave them out, where None.
    """
    return Boundary(relays, own, allow_documentation, known, trust, given)


def same_machine(ip: Address) -> bool:
    """Whether it is a loopback address."""
    return ip.hi == 0 and (ip.lo >> 24 == 0xFFFF7F or ip.lo == 1)


def local_name(host: str | None) -> bool:
    """Whether a host calls itself by a name that every machine has."""
    return host in _LOCAL_NAMES
