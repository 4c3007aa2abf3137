"""Short ways to write a history down: hours, vantages and policies for tests of listing and publishing."""

from __future__ import annotations

import dataclasses
from typing import Any

from junkhound.kernel import config, net
from junkhound.kernel.clock import HOUR
from junkhound.listing import History, Policy, Unit, policy_of
from junkhound.tables import Kind, Standing

NOW_HOUR = 460_000  # 2022-06-23T16:00Z
NOW = NOW_HOUR * HOUR + HOUR // 2
DOCUMENTATION = config.NetworkSection(allow_documentation=True)


def policy(name: str = "main", network: config.NetworkSection = DOCUMENTATION, **rules: Any) -> Policy:
    """A policy by settings, in which documentation addresses count as public."""
    return policy_of(name, dataclasses.replace(config.List(), **rules), network)


def subject(words: str) -> net.Network:
    """A network from text."""
    network = net.parse_network(words)
    assert network is not None, words
    return network


def unit(ago: int, vantage: int = 1, trap: int = 1, **other: Any) -> Unit:
    """One message of junk to trap ``trap`` of ``vantage``, ``ago`` hours before NOW."""
    row = {"kind": Kind.JUNK, "standing": Standing.TRAP, "messages": 1, **other}
    return Unit(vantage, NOW_HOUR - ago, trap, int(row["kind"]), int(row["standing"]), row["messages"])


def history(*units: Unit, words: str = "203.0.113.7", **other: Any) -> History:
    """A history of one address."""
    return History(subject(words), units, **other)
