"""``junkhound files``: attached files looked into, by a scanner and for links in PDFs."""

from __future__ import annotations

from typing import Any

import click

from junkhound.cli import show
from junkhound.verbs.office import open_office


@click.group()
def command() -> None:
    """What attached files are, beyond what their bytes give away: a ClamAV daemon asked, links in PDFs read.

    Both are off until [files] clamd or [files] pdf asks for them.

    \b
    Examples:
      junkhound files read
      junkhound files list --limit 5
    """


@command.command("read")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=2000, show_default=True,
              help="New files to look into.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@click.pass_obj
def read(where: dict[str, Any], limit: int, as_json: bool) -> None:
    """Look into files that nobody has looked into, those of most mails first; each once.

    serve does it by itself where [files] asks for it.

    \b
    Example:
      junkhound files read --json
    """
    import msgspec

    from junkhound.cli.lists import progress_bar
    from junkhound.verbs import files

    with progress_bar(as_json) as progress:
        done = files.read(open_office(**where), limit, progress)
    if as_json:
        show(msgspec.to_builtins(done))
        return
    print(
        f"{done.files:,} files: {done.scanned:,} scanned, {done.malware:,} of them malware; {done.opened:,} PDFs with"
        f" {done.links:,} links; {done.waiting:,} wait"
    )
    for why, count in sorted(done.unread.items()):
        print(f"  {count:,} could not be read: {why}")
    if done.hint:
        print(f"  {done.hint}")


@command.command("list")
@click.option("--limit", type=click.IntRange(1, 100_000), default=20, show_default=True, help="How many to show.")
@click.option("--json", "as_json", is_flag=True, help="Print the files as JSON.")
@click.pass_obj
def list_(where: dict[str, Any], limit: int, as_json: bool) -> None:
    """Files that were looked into, malware first, then those of most mails.

    \b
    Example:
      junkhound files list --limit 5
    """
    import msgspec

    from junkhound.verbs import files

    found = files.lines(open_office(**where), limit)
    if as_json:
        show(msgspec.to_builtins(found))
        return
    if not found:
        print("no files were looked into yet: junkhound files read")
    for line in found:
        said = f"  {line.malware}" if line.malware else f"  ({line.why})" if line.why else ""
        print(f"{line.key}  {line.mails:>7,} mails {line.size:>10,} bytes  {line.name or '(no name)'}{said}")
        for find in line.finds[:10]:
            print(f"    {find}")
