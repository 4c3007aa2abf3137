"""What ``botnets`` and ``actors`` are asked with: a ranking, or one by its name, found anew first where wanted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import click

from junkhound.cli import show
from junkhound.verbs.office import Office

Command = Callable[..., None]


class Verb(Protocol):
    """A module of verbs about things with names."""

    def find(self, office: Office) -> object:
        """Find them anew."""
        ...

    def rank(self, office: Office, limit: int) -> Any:
        """The foremost of them."""
        ...

    def show(self, office: Office, name: str) -> Any:
        """Everything about one."""
        ...


def asked(letter: str, what: str) -> Callable[[Command], Command]:
    """Argument and options: [B-NUMBER] --find --limit --at --json; ``what`` says what --find does."""
    words = (
        click.argument("name", metavar=f"[{letter}-NUMBER]", required=False),
        click.option("--find", "again", is_flag=True, help=f"First {what} anew; serve and ingest do it by themselves."),
        click.option(
            "--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many to show."
        ),
        click.option("--at", metavar="WHEN", help="The moment that is written down; default: now."),
        click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON."),
        click.pass_obj,
    )

    def dressed(command: Command) -> Command:
        for word in reversed(words):
            command = word(command)
        return command

    return dressed


def answer(
    office: Office, verb: Verb, name: str | None, again: bool, limit: int, as_json: bool,
    tell: Callable[[Any], None], tell_one: Callable[[Any, int], None],
) -> None:  # fmt: skip
    """One call of a verb, printed."""
    import msgspec

    if again:
        verb.find(office)
    found = verb.rank(office, limit) if name is None else verb.show(office, name)
    if as_json:
        show(msgspec.to_builtins(found))
    elif name is None:
        tell(found)
    else:
        tell_one(found, limit)
