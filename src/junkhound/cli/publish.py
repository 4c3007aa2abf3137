"""``junkhound publish``: write the block lists as files, and check what was written."""

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


@click.group(invoke_without_command=True)
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
@click.pass_context
def command(
    ctx: click.Context,
    name: str | None,
    forms: tuple[str, ...],
    folder: Path | None,
    accept_growth: bool,
    at: str | None,
    as_json: bool,
) -> None:
    """Write what is on the lists for mail servers, name servers, packet filters, proxies and other desks.

    Each file is replaced whole or not at all, and signed where junkhound[sign] is installed. A list that was not
    decided lately, grew suddenly or holds too wide a network is held back, and its last edition stands.

    \b
    Examples:
      junkhound lists decide && junkhound publish
      junkhound publish --list main --form rbldnsd --folder /var/lib/rbldnsd
      junkhound publish forms
      junkhound publish verify /var/lib/rbldnsd --key RWQ...
    """
    if ctx.invoked_subcommand is not None:
        return
    from junkhound.verbs import publish

    done = publish.publish(open_office(**ctx.obj, at=at), name, forms, folder, accept_growth)
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
        "entries": one.edition and one.edition.size,
        "generated": one.edition and clock.text(one.edition.at),
        "expires": one.edition and clock.text(one.edition.expires_at),
        "zone": one.edition and one.edition.origin,
        "key": one.signer,
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
    signed = f", signed by {one.signer}" if one.signer else ""
    print(f"{one.name}: {one.edition.size:,} entries as of {clock.text(one.edition.at)}, good until {until}{signed}")
    for file in one.files:
        print(f"  {file.form or 'index':16} {file.size:>10,} bytes  {file.path}")
    for entry in one.left_out:
        print(f"junkhound: {entry.network} was left out: its space is protected now", file=sys.stderr)


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def forms(as_json: bool) -> None:
    """Name every form that can be written, with what it is for.

    \b
    Example:
      junkhound publish forms
    """
    from junkhound.publish import outputs

    known = {name: (form.__doc__ or "").strip().partition("\n")[0] for name, form in sorted(outputs)}
    if as_json:
        show([{"form": name, "about": about} for name, about in known.items()])
        return
    for name, about in known.items():
        print(f"{name:16} {about}")


@command.command()
@click.option("--json", "as_json", is_flag=True, help="It is JSON either way.")
def schema(as_json: bool) -> None:
    """Print the JSON Schema of LIST.json and of the lines of LIST.jsonl.

    \b
    Example:
      junkhound publish schema > list.schema.json
    """
    from junkhound.publish import feed

    print(feed.schema(), end="")


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.pass_obj
def key(where: dict[str, Any], as_json: bool) -> None:
    """Print the public key that readers check signatures with; the pair is made if there is none.

    \b
    Example:
      junkhound publish key > minisign.pub
    """
    from junkhound.verbs import signing
    from junkhound.wire import minisign

    found = signing.public_key(open_office(**where))
    text = minisign.public_text(found)
    if as_json:
        show({"key": found.name, "public": text.splitlines()[1]})
    else:
        print(text, end="")


@command.command()
@click.argument("places", nargs=-1, type=click.Path(path_type=Path))
@click.option("--key", "key_text", metavar="KEY", help="Public key: its file, or its one line; default: our own.")
@click.option("--at", metavar="WHEN", help="Judge at this moment whether a list has run out; default: now.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.pass_obj
def verify(
    where: dict[str, Any], places: tuple[Path, ...], key_text: str | None, at: str | None, as_json: bool
) -> None:
    """Check that published files are what their keeper signed, whole, of one edition and not run out.

    PLACES are folders of lists or single files with their .minisig beside them; default: our own published folder.

    \b
    Examples:
      junkhound publish verify
      junkhound publish verify /var/lib/rbldnsd --key minisign.pub
    """
    from junkhound.verbs import signing

    office = open_office(**where, at=at)
    public = signing.read_key(key_text) if key_text else signing.public_key(office)
    found, files = signing.verify_all(office, places, public)
    if as_json:
        rows = [{"list": f.name, "generated": f.generated, "expires": f.expires, "good": f.good, "wrong": f.wrong}
                for f in found]  # fmt: skip
        show({"key": public.name, "lists": rows, "files": [{"path": str(p), "signed": s} for p, s in files]})
    else:
        for path, said in files:
            print(f"{path}: good, {said.replace(chr(9), ', ')}")
        for one in found:
            print(f"{one.name}: {len(one.good)} files good, as of {one.generated or '?'}, until {one.expires or '?'}")
            for words in one.wrong:
                print(f"  {words}", file=sys.stderr)
    signing.complain(found)
