"""What a believed line says of the machine at its other end, in one word."""

from __future__ import annotations

from enum import IntEnum


class Peer(IntEnum):
    """The machine at the other end of a line, as the machine that wrote the line saw it."""

    STRANGER = 0
    RELAY = 1  # its address is a relay's, or the name that the writer looked up and checked is
    OWN = 2
    LOOPBACK = 3  # the same machine, such as a content filter
    STEP = 4  # no other machine: fetched by POP, passed on inside
    PICKUP = 5  # a local user or program, or a client that logged in on the machine itself
    PRIVATE = 6  # an address nobody on the internet has, and no relay of ours by the settings
    UNREAD = 7  # the line does not say


# An attribute of an Enum class costs a third of a microsecond each time, a name of the module nothing.
STRANGER, RELAY, OWN, LOOPBACK, STEP, PICKUP, PRIVATE, UNREAD = Peer
