"""``junkhound publish``: write the block lists as files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from junkhound.cli import show
from junkhound.kernel import clock
from junkhound.verbs.office import open_office

if TYPE_CHECKING:
    from junkhound.verbs.publish import Published


@click.command()
@click.option("--list", "name", metavar="NAME", help="Only this list ([lists.NAME]); default: all.")
@click.option(
    "--form", "forms", multiple=True, metavar="FORM", help="Write this form; repeatable; default: [publish] outputs."
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Where to; default: [publish] folder, else out/ in the home.",
)
@click.option("--accept-growth", is_flag=True, help="Publish even if the list grew by more than max_growth.")
@click.option("--at", metavar="WHEN", help="Publish what stands at this moment; default: now.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.pass_obj
def command(
    where: dict[str, Any],
    name: str | None,
    forms: tuple[str, ...],
    folder: Path | None,
    accept_growth: bool,
    at: str | None,
    as_json: bool,
) -> None:
    """Write what is on the lists as rbldnsd data, plain text, networks, JSON and CSV.

    Each file is replaced whole or not at all. A list that was not decided lately, grew suddenly or holds too wide a
    network is held back, and its last edition stands.

    \b
    Examples:
      junkhound lists decide && junkhound publish
      junkhound publish --list main --form rbldnsd --folder /var/lib/rbldnsd
    """
    from junkhound.verbs import publish

    done = publish.publish(open_office(**where, at=at), name, forms, folder, accept_growth)
    if as_json:
        show([_answer(one) for one in done])
        return
    for one in done:
        _tell(one)


def _answer(one: Published) -> dict[str, Any]:
    refused = one.refused and {"code": one.refused.code, "message": one.refused.message, "hint": one.refused.hint}
    return {
        "list": one.name,
        "refused": refused,
        "entries": one.edition and len(one.edition.entries),
        "generated": one.edition and clock.text(one.edition.at),
        "expires": one.edition and clock.text(one.edition.expires_at),
        "zone": one.edition and one.edition.origin,
        "files": [{"form": file.form, "path": file.path, "size": file.size} for file in one.files],
        "left_out": [str(entry.network) for entry in one.left_out],
    }


def _tell(one: Published) -> None:
    if one.refused is not None:
        print(f"junkhound: {one.refused.message}", file=sys.stderr)
        print(f"junkhound: hint: {one.refused.hint}", file=sys.stderr)
        return
    assert one.edition is not None
    until = clock.text(one.edition.expires_at)
    print(f"{one.name}: {len(one.edition.entries):,} entries as of {clock.text(one.edition.at)}, good until {until}")
    for file in one.files:
        print(f"  {file.form:8} {file.size:>10,} bytes  {file.path}")
    for entry in one.left_out:
        print(f"junkhound: {entry.network} was left out: its space is protected now", file=sys.stderr)
