"""``junkhound trace``: where a mail came from."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from junkhound.cli import show
from junkhound.verbs.office import open_office

if TYPE_CHECKING:
    from junkhound.attribution import Attribution
    from junkhound.trace import Hop
    from junkhound.verbs.picture import Other, Picture, Step
    from junkhound.verbs.trace import Traced

PASTE = "paste the mail, or its headers alone, then press Ctrl-D"


@click.command()
@click.argument("paths", nargs=-1, metavar="[FILE|-]...")
@click.option("--mailbox", metavar="NAME", help="Believe the relays of this mailbox only ([mailboxes.NAME]).")
@click.option("--trap", metavar="NAME", help="Believe the relays of this trap only ([traps.NAME]).")
@click.option(
    "--relay",
    "relays",
    multiple=True,
    metavar="HOST|NETWORK",
    help="Believe the Received lines of this relay too; repeatable. Your mail provider's servers, for instance.",
)
@click.option(
    "--known",
    multiple=True,
    metavar="FILE",
    help="Relays of others, beside those that come with the program (TOML as trace/data/known.toml); repeatable.",
)
@click.option(
    "--keys", multiple=True, metavar="ZONE", help="A zone file with DKIM keys: seals and signatures are checked by it."
)
@click.option("--at", metavar="WHEN", help="Pin the moment; a trace does not depend on it.")
@click.option("--explain", is_flag=True, help="Show what each clue weighs in how sure the answer is.")
@click.option(
    "--html", "page", type=click.Path(dir_okay=False), metavar="FILE", help="Write a page that can be attached."
)
@click.option("--json", "as_json", is_flag=True, help="Print verdicts and hops as JSON.")
@click.pass_obj
def command(
    where: dict[str, Any], paths: tuple[str, ...], mailbox: str | None, trap: str | None, relays: tuple[str, ...],
    known: tuple[str, ...], keys: tuple[str, ...], at: str | None, explain: bool, page: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Say which machine handed a mail over, whose network it is in, and why each line is believed or not.

    Without FILE, paste the mail or only its headers. A mail that was forwarded as an attachment, or pasted into
    another with its headers, is traced itself. Nothing of it is kept. Without --mailbox, --trap or --relay the relays
    of all mailboxes and traps in the settings are believed; where there are none, no line is, and nobody is named.

    \b
    Examples:
      junkhound trace spam.eml
      junkhound trace --relay mx.example.org spam.eml
      junkhound trace --relay mx.example.org --html spam.html spam.eml
      junkhound trace --json - < spam.eml
    """
    from junkhound.verbs import picture
    from junkhound.verbs.contacts import Book
    from junkhound.verbs.trace import trace_paths

    if not paths:
        if sys.stdin.isatty():
            click.echo(PASTE, err=True)
        paths = ("-",)
    office = open_office(**where, at=at)
    contacts = Book(office)
    found = [
        picture.draw(office, one, contacts) for one in trace_paths(office, paths, mailbox, trap, relays, known, keys)
    ]
    if page is not None:
        from junkhound.cli import trace_page

        trace_page.write(page, found)
        click.echo(f"wrote {page}", err=True)
    if as_json:
        answers = [plain(one) for one in found]
        show(answers[0] if len(answers) == 1 else answers)
    elif page is None:
        for number, one in enumerate(found):
            if number:
                click.echo()
            for line in [*_lines(one), *(_weighed(one.traced) if explain else ())]:
                click.echo(line)


# --- for a person -----------------------------------------------------------------------------------------

MARKS = {
    "trusted": ("●", "green"), "local": ("●", "green"), "believed": ("●", "cyan"), "handover": ("◆", "yellow"),
    "unverified": ("○", "bright_black"), "forged": ("✗", "red"),
}  # fmt: skip
BELIEVED = ("trusted", "local", "believed", "handover")
ODD_S = -300
"""A line written so long before the one below it is odd; clocks of honest servers differ by less, mostly."""
NAME = 36
"""Letters of a host name in the drawn path."""
BELOW = "not believed: whoever sent the mail could have typed these lines"


def _lines(one: Picture) -> list[str]:
    traced = one.traced
    lines = [click.style(printable(traced.locator), bold=True)]
    if traced.inside:
        where = f"inside the mail that was given ({traced.inside}), which has no Received line itself"
        lines.append(_row("found", where))
    for word, text in (("subject", traced.subject), ("from", traced.author)):
        if text:
            lines.append(_row(word, text, note=" (as written)" if word == "from" else ""))
    lines += ["", *_answer(one)]
    if path := _path(one):
        lines += ["", *path]
    if one.noticed:
        lines += ["", _row("noticed", ", ".join(one.noticed))]
    lines.append("")
    lines += [_row("next" if not number else "", f"{number + 1}. {step}") for number, step in enumerate(one.next)]
    return lines


def _row(word: str, text: str, note: str = "", colour: str | None = None, bold: bool = False) -> str:
    """One labelled line, wrapped under itself."""
    wrapped = _wrapped(text, 12)
    styled = [click.style(part, fg=colour, bold=bold) if colour or bold else part for part in wrapped]
    return (
        f"  {click.style(f'{word:<10}', fg='bright_black')}"
        + f"\n{'':12}".join(styled)
        + (click.style(note, fg="bright_black") if note else "")
    )


def _wrapped(text: str, indent: int) -> list[str]:
    """A text in lines that fit beside so many blanks."""
    import textwrap

    width = max(60, min(_width(), 120)) - indent
    return textwrap.wrap(printable(text), width, break_long_words=False, break_on_hyphens=False) or [""]


def _answer(one: Picture) -> list[str]:
    """The answer itself: source, network, machine, time, how sure, whom to write to, what is known."""
    from junkhound.kernel import clock

    if one.nobody:
        said = one.nobody if one.traced.verdict.provider else f"nobody: {one.nobody}"
        lines = [_row("source", said, colour="yellow")]
        if one.command:  # in one line, to be copied
            lines.append(f"  {click.style('say', fg='bright_black')}       {printable(one.command)}")
    else:
        lines = [_row("source", one.source, f"  ({printable(one.name)})" if one.name else "", "yellow", True)]
    if one.network:
        lines.append(_row("network", one.network))
    if one.machine is not None:
        why = f"it seems so because: {one.machine.why}" if one.machine.why else ""
        lines += [_row("machine", one.machine.what), *([_row("", why)] if why else []), _row("", one.machine.owner)]
    if one.about:
        lines.append(_row("about", one.about))
    if one.seen_at is not None:
        lines.append(_row("seen", clock.text(one.seen_at)))
    if one.how:
        lines.append(_row("how", one.how))
    lines += [_row("or" if not number else "", other(found)) for number, found in enumerate(one.others)]
    for number, found in enumerate(one.contacts):
        who = " ".join(filter(None, (found.contact.mail, found.contact.url)))
        more = ", ".join(filter(None, (found.contact.name, found.contact.note)))
        text = f"{who} ({more})" if more else who
        lines.append(_row("contact" if not number else "", f"{text}  {'' if found.sure else '- '}{found.why}"))
    lines += [_row("known" if not number else "", text) for number, text in enumerate(one.known)]
    return lines


def other(found: Other) -> str:
    """Another machine that may have made the mail, and why it is not blamed."""
    if not found.number:
        return f"{found.address}, {found.p:.0%}: our session saw it"
    return f"{found.address}, {found.p:.0%}: named by line {found.number} alone, so it is shown and never blamed"


def _path(one: Picture) -> list[str]:
    """The drawn path: one line a hop, its reason beside or below it; what is not believed stands under a rule."""
    lines = []
    believed = True
    widths = (
        min(NAME, max((len(step.by) for step in one.steps), default=0)),
        max((len(step.ip) for step in one.steps), default=0),
    )
    for step in one.steps:
        if believed and step.status not in BELIEVED:
            believed = False
            lines.append(click.style(f"    ┄┄┄ {BELOW} ┄┄┄", fg="bright_black"))
        mark, colour = MARKS.get(step.status, ("·", "white"))
        drawn, names = _hop(step, mark, colour, widths)
        bar = f"    {'│' if believed else ' '}       "
        lines.append("  " + drawn)
        below = (*names, *_wrapped(why_shown(step), 12))
        lines += [click.style(bar + part, fg="bright_black") for part in below if part]
    if one.more:
        lines.append(click.style(f"            and {one.more:,} more below", fg="bright_black"))
    return lines


def why_shown(step: Step) -> str:
    """The reason of a hop; of it only what is its own, where it could have been typed: that is said once, above."""
    if step.status != "unverified" or step.number == 1:
        return step.why
    return step.why.partition("; ")[2] if step.why.startswith("below ") else step.why


def _hop(step: Step, mark: str, colour: str, widths: tuple[int, int]) -> tuple[str, list[str]]:
    """The line of a hop, and its names in lines of their own where they have no room in it."""
    number = str(step.number) if step.number else "us"
    strong = step.status == "handover"
    status = click.style(f"{step.status:<10}", fg=colour)
    by = click.style(f"{_short(printable(step.by)) or '(unnamed)':<{widths[0]}}", bold=strong)
    names = []
    if step.seen and step.seen != step.ip:
        names.append(_short(printable(step.seen)))
    if step.claimed and step.claimed not in (step.seen, step.ip):
        names.append(f'says "{_short(printable(step.claimed))}"')
    late = "" if step.delay_s is None else f"  {delay(step.delay_s)}"
    shown = f"  {', '.join(names)}" if names else ""
    apart = len(f"    ●   1  {step.status:<10}  {'':<{widths[0]}} ← {'':<{widths[1]}}{shown}{late}") > _width()
    width = widths[1] if late or (names and not apart) else 0
    took = click.style(f"{step.ip or '—':<{width}}", fg=colour, bold=strong)
    late = click.style(late, fg="red" if (step.delay_s or 0) < ODD_S else "bright_black")
    drawn = f"  {click.style(mark, fg=colour)} {number:>3}  {status}  {by} ← {took}{'' if apart else shown}{late}"
    return drawn, _wrapped(", ".join(names), 12) if apart and not strong else []


def _short(name: str) -> str:
    """A host name that fits: its end tells whose it is. The reason below, the page and JSON have it whole."""
    return name if len(name) <= NAME else f"…{name[1 - NAME :]}"


def delay(seconds: int) -> str:
    """``+3 s``, ``-2 h``: how much later than the line below."""
    sign, left = ("-", -seconds) if seconds < 0 else ("+", seconds)
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if left >= 2 * size:
            return f"{sign}{left // size} {unit}"
    return f"{sign}{left} s"


def _weighed(traced: Traced) -> list[str]:
    """How the confidence comes about: the odds without any clue, and what each clue multiplies them by."""
    verdict = traced.verdict
    if verdict.address is None:
        return []
    if not verdict.weights:
        sure = f"{verdict.confidence:.1%} that it sent the mail itself"
        return ["", f"  weighed   no other machine below the hand-over: {sure}"]
    prior, *clues = verdict.weights
    lines = ["", f"  weighed   {prior[1]:>8.2f} to 1  a machine with a line below its own, before any clue"]
    lines += [f"            {'x ' + format(ratio, 'g'):>8}       {name.replace('_', ' ')}" for name, ratio in clues]
    return [*lines, f"            {verdict.confidence:.1%} that it sent the mail itself"]


def _width() -> int:
    import shutil

    return int(os.environ.get("COLUMNS") or 0) or shutil.get_terminal_size((100, 24)).columns


def printable(line: str) -> str:
    """A line fit for a terminal: names in a header are the sender's text."""
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in line)


# --- for machines -----------------------------------------------------------------------------------------


def plain(one: Picture) -> dict[str, Any]:
    """The same as JSON: addresses as text, instants in RFC 3339."""
    from junkhound.kernel import clock

    traced = one.traced
    verdict = traced.verdict
    return {
        "mail": traced.locator,
        "inside": traced.inside or None,
        "subject": traced.subject or None,
        "from": traced.author or None,
        "source": _text(verdict.source),
        "handover": _text(verdict.handover),
        "address": _text(verdict.address),
        "anchored": verdict.anchored,
        "confidence": verdict.confidence,
        "path": verdict.path.name.lower(),
        "seen_at": None if verdict.seen_at is None else clock.text(verdict.seen_at),
        "helo": verdict.helo,
        "rdns": verdict.rdns,
        "provider": verdict.provider,
        "account": verdict.account,
        "weights": [{"clue": name, "ratio": ratio} for name, ratio in verdict.weights],
        "clues": [clue.name.lower() for clue in verdict.clues if clue.name],
        "network": _network_fields(traced.whose.network) if traced.whose else None,
        "candidates": [
            {"address": str(found.address), "p": found.p, "hop": found.index} for found in verdict.candidates
        ],
        "class": verdict.source_class.name.lower(),
        "class_reason": verdict.class_reason or None,
        "about": one.about or None,
        "machine": None
        if one.machine is None
        else {"what": one.machine.what, "owner": one.machine.owner, "why": one.machine.why or None},
        "contacts": [
            {"for": found.contact.key, "mail": found.contact.mail or None, "url": found.contact.url or None,
             "name": found.contact.name or None, "sure": found.sure, "why": found.why}
            for found in one.contacts
        ],
        "known": list(one.known),
        "next": list(one.next),
        "reasons": [
            {"hop": r.index, "status": r.status, "text": r.text, "ip": _text(r.ip), "name": r.name}
            for r in verdict.reasons
        ],
        "steps": [
            {"hop": step.number - 1, "status": step.status, "by": step.by or None, "ip": step.ip or None,
             "seen": step.seen or None, "claimed": step.claimed or None, "delay_s": step.delay_s, "why": step.why,
             "claim": step.claim or None}
            for step in one.steps
        ],
        "hops": [_hop_fields(hop) for hop in traced.hops],
        "assumed_relay": traced.assumed,
        "then": _text(traced.then),
    }  # fmt: skip


def _network_fields(network: Attribution) -> dict[str, Any] | None:
    from junkhound.tables import country_code

    if not network.asn:
        return None
    country = country_code(network.country) if network.country else None
    return {"asn": network.asn, "organisation": network.organisation, "country": country}


def _hop_fields(hop: Hop) -> dict[str, Any]:
    from junkhound.kernel import clock

    fields = {name: getattr(hop, name) for name in hop.__struct_fields__}
    fields.update(ip=_text(hop.ip), by_ip=_text(hop.by_ip), at=None if hop.at is None else clock.text(hop.at))
    said: dict[str, Any] = {name: value for name, value in fields.items() if value not in (None, "", False)}
    said["relay"] = {  # the tokens of SpamAssassin's X-Spam-Relays-Untrusted, "" for what is not known
        "ip": _text(hop.ip) or "", "rdns": hop.rdns or "", "helo": hop.helo or "", "by": hop.by or "",
        "ident": hop.ident or "", "envfrom": hop.envelope_from or "", "id": hop.id or "",
        "auth": (hop.protocol or "yes") if hop.auth else "", "msa": int(hop.auth),
    }  # fmt: skip
    return said


def _text(value: object) -> str | None:
    return None if value is None else str(value)
