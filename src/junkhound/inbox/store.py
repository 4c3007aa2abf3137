"""What a mailbox must offer to be sorted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol


class Letter(NamedTuple):
    """One mail in one folder.

    ``id`` is what the store calls it now, ``key`` what it is called as long as it stays in that folder; ``read`` says
    whether its owner has opened it.
    """

    folder: str
    id: str
    key: str
    read: bool


class Store(Protocol):
    """A mailbox with an inbox and a folder for junk."""

    inbox: str
    junk: str

    def letters(self, folder: str) -> list[Letter]:
        """What is in a folder now, oldest first; nothing for a folder that is not there."""
        ...

    def read(self, letters: list[Letter]) -> Iterator[tuple[Letter, bytes]]:
        """Their bytes, without marking them as read; those that are gone meanwhile are left out."""
        ...

    def move(self, letters: list[Letter], folder: str) -> int:
        """Move letters, as one step each; those that are gone are left out. Gives how many went.

        Errors: Temporary where the store refuses (full, gone): what was not moved stays where it is.
        """
        ...

    def wait(self, seconds: float) -> bool:
        """Wait so long for a change; True if there was one."""
        ...

    def close(self) -> None:
        """Leave."""
        ...
