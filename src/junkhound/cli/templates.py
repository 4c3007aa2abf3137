"""``junkhound templates``: the wordings of campaigns as patterns, shown, exported as rules, tried on mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from junkhound.cli import show
from junkhound.verbs.office import open_office

if TYPE_CHECKING:
    from junkhound.verbs.wording import Done, Line

FORMS = ("json", "re2", "rspamd", "spamassassin")


@click.group()
def command() -> None:
    """What the copies of a campaign share, as patterns that run in linear time; and what campaigns are about.

    \b
    Examples:
      junkhound templates list
      junkhound templates show K-2006-000012
      junkhound templates export --form spamassassin
      junkhound templates try wanted.mbox
    """


@command.command("read")
@click.option("--budget", type=click.FloatRange(1), default=120.0, show_default=True, metavar="SECONDS",
              help="CPU seconds for this run; what is left waits for the next.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@click.pass_obj
def read(where: dict[str, Any], budget: float, as_json: bool) -> None:
    """Read some mails of each campaign that grew: tell its kind, and find the patterns of new wordings.

    serve does it by itself after grouping, and so does junkhound campaigns --group.

    \b
    Example:
      junkhound templates read --budget 300
    """
    import msgspec

    from junkhound.cli.lists import progress_bar
    from junkhound.verbs import wording

    with progress_bar(as_json) as progress:
        done = wording.read(open_office(**where), budget, progress)
    if as_json:
        show(msgspec.to_builtins(done))
    else:
        tell(done)


def tell(done: Done) -> None:
    """What a run did, in one line."""
    print(
        f"{done.campaigns:,} campaigns read by {done.mails:,} of their mails: {done.told:,} kinds told,"
        f" {done.wordings:,} new wordings; {done.waiting:,} wait"
    )


@command.command("list")
@click.option("--limit", type=click.IntRange(1, 100_000), default=20, show_default=True, help="How many to show.")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@click.pass_obj
def list_(where: dict[str, Any], limit: int, as_json: bool) -> None:
    """All wordings, those met last first.

    \b
    Example:
      junkhound templates list --limit 5
    """
    import msgspec

    from junkhound.verbs import wording

    found = wording.lines(open_office(**where))[:limit]
    if as_json:
        show(msgspec.to_builtins(found))
        return
    if not found:
        print("no wordings yet: campaigns of thirty like mails and more have some; try junkhound templates read")
    for line in found:
        _head(line)


def _head(line: Line) -> None:
    kind = f"  {line.kind}" if line.kind else ""
    print(
        f"{line.campaign}  wording {line.version}, learned from {line.pattern.learned:,} mails of {line.traps:,}"
        f" {'trap' if line.traps == 1 else 'traps'}, {line.pattern.bits:.0f} bits, last met {line.met_on}{kind}"
    )


@command.command("show")
@click.argument("name", metavar="K-NUMBER")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@click.pass_obj
def show_(where: dict[str, Any], name: str, as_json: bool) -> None:
    """The wordings of one campaign: their phrases, and what stands between them.

    \b
    Example:
      junkhound templates show K-2006-000012
    """
    import msgspec

    from junkhound.verbs import wording

    found = wording.lines(open_office(**where), name)
    if as_json:
        show(msgspec.to_builtins(found))
        return
    if not found:
        print("no wordings: its copies are too few, or share too little")
    for line in found:
        _head(line)
        gaps = (*line.pattern.gaps, None)
        for place, phrase in enumerate(line.pattern.phrases):
            others = line.pattern.turns[place] if line.pattern.turns else ()
            print(f"    {phrase}" + "".join(f"\n    or {other}" for other in others))
            gap = gaps[place] if place < len(gaps) else None
            if gap is not None and gap.longest:
                values = " | ".join(gap.values[:4]) + (f" | {len(gap.values) - 4} more" if len(gap.values) > 4 else "")
                print(f"      ... {values or gap.classes} ({gap.shortest} to {gap.longest} characters)")
        for field, form in line.pattern.fields.items():
            print(f"    {field}: {form}")


@command.command("export")
@click.argument("name", metavar="[K-NUMBER]", required=False, default="")
@click.option("--form", type=click.Choice(FORMS), default="json", show_default=True, help="Whose language.")
@click.option("--private", is_flag=True, help="Also those that only one trap has seen; do not pass them on.")
@click.pass_obj
def export(where: dict[str, Any], name: str, form: str, private: bool) -> None:
    """Write the patterns as JSON, as expressions for RE2, or as rules for rspamd or SpamAssassin.

    Recipients, trap addresses and links stand in none. What leaves was seen by two traps at least.

    \b
    Examples:
      junkhound templates export --form spamassassin > /etc/spamassassin/junkhound.cf
      junkhound templates export K-2006-000012 --form re2
    """
    from junkhound.verbs import wording

    print(wording.exported(open_office(**where), form, name, private), end="")


@command.command("try")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--campaign", "name", default="", metavar="K-NUMBER", help="Only the wordings of this campaign.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=20, show_default=True, help="How many hits to show.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def try_(where: dict[str, Any], paths: tuple[str, ...], name: str, limit: int, as_json: bool) -> None:
    """Try the patterns on mail, such as wanted mail that none of them may hit. Nothing of it is kept.

    \b
    Example:
      junkhound templates try ~/Maildir
    """
    import msgspec

    from junkhound.verbs import wording

    found = wording.tried(open_office(**where), paths, name, limit)
    if as_json:
        show(msgspec.to_builtins(found))
        return
    print(f"{found.hits:,} of {found.mails:,} mails hit")
    for locator, words in found.shown:
        print(f"  {locator}: {words}")


@command.command("kind")
@click.argument("name", metavar="K-NUMBER")
@click.argument("kind", metavar="KIND")
@click.option("--who", default="the operator", show_default=True, help="Who says so.")
@click.pass_obj
def kind(where: dict[str, Any], name: str, kind: str, who: str) -> None:
    """Say what a campaign is about; that stays whatever is read later. "none" takes it back.

    \b
    Examples:
      junkhound templates kind K-2006-000012 pharma
      junkhound templates kind K-2006-000012 none
    """
    from junkhound.verbs import wording

    wording.told_by_hand(open_office(**where), name, "" if kind == "none" else kind, who)
    print(f"{name.upper()}: {'read again next time' if kind == 'none' else kind}")
