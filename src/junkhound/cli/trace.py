"""``junkhound trace``: where a mail came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from junkhound.cli import show
from junkhound.verbs.office import open_office

if TYPE_CHECKING:
    from junkhound.trace import Hop
    from junkhound.verbs.trace import Traced


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="FILE|-...")
@click.option("--mailbox", metavar="NAME", help="Believe the relays of this mailbox only ([mailboxes.NAME]).")
@click.option("--trap", metavar="NAME", help="Believe the relays of this trap only ([traps.NAME]).")
@click.option(
    "--relay",
    "relays",
    multiple=True,
    metavar="HOST|NETWORK",
    help="Believe the Received lines of this relay too; repeatable. Your mail provider's servers, for instance.",
)
@click.option("--at", metavar="WHEN", help="Pin the moment; a trace does not depend on it.")
@click.option("--explain", is_flag=True, help="Show what each clue weighs in how sure the answer is.")
@click.option("--json", "as_json", is_flag=True, help="Print verdicts and hops as JSON.")
@click.pass_obj
def command(
    where: dict[str, Any], paths: tuple[str, ...], mailbox: str | None, trap: str | None, relays: tuple[str, ...],
    at: str | None, explain: bool, as_json: bool,
) -> None:  # fmt: skip
    """Say which machine handed a mail over, whose network it is in, and why each line is believed or not.

    Nothing of the mail is kept. Without --mailbox, --trap or --relay the relays of all mailboxes and traps in the
    settings are believed; where there are none, no line is, and nobody is named.

    \b
    Examples:
      junkhound trace spam.eml
      junkhound trace --relay mx.example.org spam.eml
      junkhound trace --json - < spam.eml
    """
    from junkhound.verbs.trace import trace_paths

    office = open_office(**where, at=at)
    found = trace_paths(office, paths, mailbox, trap, relays)
    if as_json:
        answers = [_plain(traced) for traced in found]
        show(answers[0] if len(answers) == 1 else answers)
        return
    for number, traced in enumerate(found):
        if number:
            click.echo()
        for line in [*_lines(traced), *(_weighed(traced) if explain else ())]:
            click.echo(_printable(line))


def _lines(traced: Traced) -> list[str]:
    verdict = traced.verdict
    lines = [traced.locator, *_who(traced), "", *_hops(traced)]
    clues = [clue.name.lower().replace("_", " ") for clue in verdict.clues if clue.name]
    if clues:
        lines += ["", f"  noticed   {', '.join(clues)}"]
    return lines


def _weighed(traced: Traced) -> list[str]:
    """How the confidence comes about: the odds without any clue, and what each clue multiplies them by."""
    verdict = traced.verdict
    if verdict.address is None:
        return []
    if not verdict.weights:
        return ["", f"  weighed   no line below the hand-over: {verdict.confidence:.1%}"]
    prior, *clues = verdict.weights
    lines = ["", f"  weighed   {prior[1]:>8.2f} to 1  a machine with a line below its own, before any clue"]
    lines += [f"            {'x ' + format(ratio, 'g'):>8}       {name.replace('_', ' ')}" for name, ratio in clues]
    return [*lines, f"            {verdict.confidence:.1%} that it sent the mail itself"]


def _who(traced: Traced) -> list[str]:
    """The answer itself: source, network, time, how sure."""
    from junkhound.kernel import clock
    from junkhound.tables import country_code

    verdict = traced.verdict
    if verdict.address is None:
        return ["  source    nobody: " + _nobody(traced)]
    lines = [f"  source    {verdict.address}" + (f"  ({verdict.rdns})" if verdict.rdns else "")]
    network = traced.whose.network if traced.whose else None
    if network is not None and network.asn:
        country = f", {country_code(network.country)}" if network.country else ""
        lines.append(f"  network   AS{network.asn} {network.organisation}".rstrip() + country)
    if verdict.seen_at is not None:
        lines.append(f"  seen      {clock.text(verdict.seen_at)}")
    lines.append(f"  how       {verdict.path.name.lower()}, {verdict.confidence:.0%} sure that it injected the mail")
    return lines


def _nobody(traced: Traced) -> str:
    if traced.assumed is not None:
        then = f"it names {traced.then}" if traced.then is not None else "more relays will be needed"
        return f"no line can be believed; if {traced.assumed} is your mail server, say --relay {traced.assumed}: {then}"
    if not traced.hops:
        return "the mail has no Received line"
    verdict = traced.verdict
    if verdict.provider is not None:
        inside = f"; its own lines say that {verdict.source} brought it there" if verdict.source is not None else ""
        account = f"; the account is {verdict.account}" if verdict.account is not None else ""
        return f"it came through {verdict.provider} ({verdict.handover}), which many people use{inside}{account}"
    return {
        "unknown": "a relay we believe brought it, and who is behind that relay is not known",
        "local": "it never left our own machines",
    }.get(traced.verdict.path.name.lower(), "no line that is believed names a machine of a stranger")


def _hops(traced: Traced) -> list[str]:
    lines = []
    for reason in traced.verdict.reasons:
        place = "us" if reason.index < 0 else str(reason.index + 1)
        lines.append(f"  {place:>3}  {reason.status:<10} {reason.text}")
        if reason.status in ("unverified", "forged") and 0 <= reason.index < len(traced.hops):
            claim = _claim(traced.hops[reason.index])
            if claim:
                lines.append(f"       {'':<10} {claim}")
    rest = traced.verdict.hops - sum(reason.index >= 0 for reason in traced.verdict.reasons)
    if rest > 0:
        lines.append(f"       {'':<10} and {rest:,} more below")
    return lines


def _claim(hop: Hop) -> str:
    if hop.ip is not None:
        return f"(it claims that {hop.by or 'somebody'} took it from {hop.ip})"
    return f"(it claims to be written by {hop.by})" if hop.by else ""


def _printable(line: str) -> str:
    """A line fit for a terminal: names in a header are the sender's text."""
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in line)


def _plain(traced: Traced) -> dict[str, Any]:
    """The same as JSON: addresses as text, instants in RFC 3339."""
    from junkhound.kernel import clock
    from junkhound.tables import country_code

    verdict = traced.verdict
    network = traced.whose.network if traced.whose else None
    return {
        "mail": traced.locator,
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
        "network": None
        if network is None or not network.asn
        else {
            "asn": network.asn,
            "organisation": network.organisation,
            "country": country_code(network.country) if network.country else None,
        },
        "reasons": [
            {"hop": r.index, "status": r.status, "text": r.text, "ip": _text(r.ip), "name": r.name}
            for r in verdict.reasons
        ],
        "hops": [_hop(hop) for hop in traced.hops],
        "assumed_relay": traced.assumed,
        "then": _text(traced.then),
    }


def _hop(hop: Hop) -> dict[str, Any]:
    from junkhound.kernel import clock

    fields = {name: getattr(hop, name) for name in hop.__struct_fields__}
    fields.update(ip=_text(hop.ip), by_ip=_text(hop.by_ip), at=None if hop.at is None else clock.text(hop.at))
    return {name: value for name, value in fields.items() if value not in (None, "", False)}


def _text(value: object) -> str | None:
    return None if value is None else str(value)
