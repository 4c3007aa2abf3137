"""Settings of everything that speaks DNS: the responder, who takes its zones, and what is asked of others."""

from __future__ import annotations

from dataclasses import dataclass

from junkhound.kernel.setting import setting


@dataclass(frozen=True)
class Dns:
    """[dns]: the responder that answers for the published lists."""

    listen: tuple[str, ...] = setting(
        ("127.0.0.1:5353",), "where it answers, by UDP and TCP; all addresses are 0.0.0.0 and [::]", "address:port"
    )
    clients: tuple[str, ...] = setting(
        (), "who may ask, beside this machine; 0.0.0.0/0 and ::/0 open lists of scope public only", "networks"
    )
    lists: tuple[str, ...] = setting((), "lists that are served; empty means all", "names")
    tcp_connections: int = setting(100, "TCP connections at a time, a quarter of them for one client", "", low=4)
    tcp_idle_s: float = setting(10.0, "a TCP connection must bring a whole question within this time", "s", low=0.1)
    buffer_mb: int = setting(4, "receive buffer, so that a burst is not lost", "MB", low=1)
    limit: bool = setting(
        True, "UDP answers are limited by network, except at loopback and to networks named in clients, /0 apart"
    )
    limit_same: int = setting(20, "the same answer to one network (/24, /56); 0 means without limit", "a second", low=0)
    limit_every: int = setting(500, "all answers to one network; 0 means without limit", "a second", low=0)
    limit_errors: int = setting(10, "errors to one network; 0 means without limit", "a second", low=0)
    limit_slip: int = setting(
        2, "every so many answers held back, one leaves cut short, so that real clients come by TCP; 0 means none", "",
        low=0,
    )  # fmt: skip
    query_log: bool = setting(
        False, "count which addresses are asked about, by how many askers and in which hours; askers as keyed hashes"
    )
    policies: tuple[str, ...] = setting(
        (),
        "lists that are also response policies (RPZ): list NAME is the zone NAME.rpz.ZONE, for transfers only",
        "names",
    )
    policy_action: str = setting(
        "nxdomain",
        "what resolvers do with what such a list holds: say that there is no such name (nxdomain) or no such record"
        " (nodata), stay silent (drop), ask for TCP (tcp-only)",
        choices=("nxdomain", "nodata", "drop", "tcp-only"),
    )


@dataclass(frozen=True)
class Transfer:
    """[transfers.NAME]: a name server that may have zones whole (AXFR, IXFR), known by a key, its addresses or both."""

    zones: tuple[str, ...] = setting((), "lists and policies (NAME.rpz) it may have; empty means all", "names")
    addresses: tuple[str, ...] = setting((), "where it asks from; may be empty if it has a key", "networks")
    key: str = setting("", "name of its key (TSIG); empty means NAME, if there is a secret", "domain")
    algorithm: str = setting(
        "hmac-sha256", "algorithm of its key", choices=("hmac-sha256", "hmac-sha384", "hmac-sha512")
    )
    secret_file: str = setting(
        "", "file with the key's secret as base64; without one, $JUNKHOUND_TSIG_NAME is looked at", "path"
    )
    notify: tuple[str, ...] = setting((), "where it is told of new editions (NOTIFY)", "address:port")


@dataclass(frozen=True)
class Lookup:
    """[lookup]: questions to the world; nothing is asked until a resolver is named."""

    resolver: str = setting("", "resolver that is asked, best one of your own; empty asks nobody", "address:port")
    in_flight: int = setting(128, "questions that wait for an answer at a time", "questions", low=1)
    timeout_s: float = setting(2.0, "how long each waits before it is asked again", "s", low=0.05)
    tries: int = setting(3, "how often one is asked", "times", low=1)


@dataclass(frozen=True)
class Crosscheck:
    """[crosscheck]: what other people's block lists say."""

    per_second: float = setting(
        20.0, "addresses that are asked about, so that no list gets more questions; 0 means without limit", "a second",
        low=0,
    )  # fmt: skip
    again_hours: float = setting(6.0, "what a list said is good for so long", "hours", low=0)


@dataclass(frozen=True)
class Foreign:
    """[blocklists.NAME]: a block list of somebody else, beside those of the catalogue; naming it here accepts it."""

    zone: str = setting("", "its zone", "domain")
    family: str = setting("", "lists that copy each other or have one keeper count once; empty means NAME")
    of: str = setting("addresses", "what it holds", choices=("addresses", "names"))
    scope: str = setting("address", "whom a listing means", choices=("address", "range", "asn"))
    ipv6: bool = setting(False, "whether it may be asked about IPv6")
    codes: tuple[str, ...] = setting(
        (), "what its answers mean, such as 127.0.0.2=spam source; empty takes every answer", "CODE=meaning"
    )
