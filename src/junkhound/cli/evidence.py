"""``junkhound evidence``: the kept mail behind a sighting, handed out and checked against its seals."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from junkhound.cli import show
from junkhound.verbs.office import open_office

if TYPE_CHECKING:
    from junkhound.verbs.evidence import Kept, Proof, Verified
    from junkhound.verbs.office import Office

_with_traps = click.option(
    "--with-traps", is_flag=True, help="Leave trap addresses in: only for eyes that may know your traps."
)
_json = click.option("--json", "as_json", is_flag=True, help="For machines.")


@click.group()
def command() -> None:
    """Show kept mail, hand it out, and check that none of it changed.

    \b
    Examples:
      junkhound evidence show 5b0c11e26ad94a53b0a4f6c1d2e3f405
      junkhound evidence export 5b0c11e26ad94a53b0a4f6c1d2e3f405 --out mail.eml
      junkhound evidence verify
    """


@command.command()
@click.argument("identity", required=False, metavar="[ID]")
@click.option("--address", metavar="IP", help="All kept mail of this address, newest first, as one mbox.")
@click.option("--limit", default=1000, show_default=True, help="At most so many mails of an address.")
@click.option(
    "--out", type=click.Path(dir_okay=False), metavar="FILE", help="Where to write; default: standard output."
)
@click.option("--raw", is_flag=True, help="The kept bytes alone, bit by bit; refused if they name a trap.")
@_with_traps
@click.pass_obj
def export(
    where: dict[str, Any], identity: str | None, address: str | None, limit: int, out: str | None, raw: bool,
    with_traps: bool,
) -> None:  # fmt: skip
    """Hand out kept mail, with Return-Path and our Received line on top where a session of ours took it.

    ID is a sighting's, 32 hex digits. Trap addresses are taken out wherever they stand; a part in which they are
    hidden is withheld.

    \b
    Examples:
      junkhound evidence export 5b0c11e26ad94a53b0a4f6c1d2e3f405 > mail.eml
      junkhound evidence export --address 192.0.2.7 --out from-192.0.2.7.mbox
      junkhound evidence export --raw --with-traps 5b0c11e26ad94a53b0a4f6c1d2e3f405 | sha256sum
    """
    if (identity is None) == (address is None):
        raise click.UsageError("give the ID of a sighting, or --address")
    if raw and address:
        raise click.UsageError("--raw gives one mail: name it by its ID")
    from junkhound.verbs import evidence

    office = open_office(**where)
    if identity is not None:
        mails = iter([evidence.export(office, evidence.find(office, identity), raw, with_traps)])
    else:
        mails = (
            evidence.mbox(kept, evidence.export(office, kept, with_traps=with_traps))
            for kept in evidence.of_address(office, str(address), limit)
        )
    first = next(mails, None)  # before the file is made: whatever is wrong shows now
    if first is None:
        from junkhound.kernel.errors import NotFound

        raise NotFound(f"no kept mail of {address!r}", f"junkhound why {address} shows what is known of it")
    with click.open_file(out or "-", "wb") as file:
        count = 1
        file.write(first)
        for mail in mails:
            file.write(mail)
            count += 1
    if out:
        print(f"{count:,} mail{'s' if count != 1 else ''} written to {out}", file=sys.stderr)


@command.command("show")
@click.argument("identity", metavar="ID")
@_with_traps
@_json
@click.pass_obj
def show_(where: dict[str, Any], identity: str, with_traps: bool, as_json: bool) -> None:
    """Show what is known of one delivery beside its bytes, and where it stands in the log of seals.

    \b
    Examples:
      junkhound evidence show 5b0c11e26ad94a53b0a4f6c1d2e3f405
    """
    from junkhound.verbs import evidence

    office = open_office(**where)
    kept = evidence.find(office, identity)
    answer = _answer(office, kept, evidence.prove(office, kept), with_traps)
    if as_json:
        show(answer)
        return
    for name, value in answer.items():
        if value not in (None, "", []):
            lines = value if isinstance(value, list) else [value]
            for number, line in enumerate(lines):
                print(f"{name.replace('_', ' ') if not number else '':14} {line}")


def _answer(office: Office, kept: Kept, proof: Proof, with_traps: bool) -> dict[str, Any]:
    from junkhound.evidence.redact import Secrets, redact
    from junkhound.kernel import clock, net
    from junkhound.verbs.evidence import secrets_of

    record, facts = kept.record, kept.record.facts
    origin, session = facts.origin, facts.session
    secrets = Secrets() if with_traps else secrets_of(office, record)

    def words(octets: bytes | None) -> str | None:
        return None if octets is None else redact(octets, secrets).decode("utf-8", "backslashreplace")

    return {
        "id": kept.id,
        "segment": f"{kept.row.segment:016x}",
        "ordinal": record.ordinal,
        "size": record.mail_length,
        "sha256": record.sha256.hex(),
        "intake": origin.intake,
        "taken_in": clock.text(origin.received_at if origin.taken_at is None else origin.taken_at),
        "imported": "yes" if origin.imported else "no",
        "client": str(net.from_packed(origin.client)) if origin.client and len(origin.client) in (4, 16) else None,
        "client_name": session.client_name,
        "helo": words(session.helo),
        "protocol": session.protocol,
        "mail_from": None if facts.envelope.mail_from is None else f"<{words(facts.envelope.mail_from)}>",
        "recipients": [
            f"<{words(one.address)}> {one.code}{' trap' if one.trap else ''}" for one in facts.envelope.recipients
        ],
        "leaf": proof.leaf.hex(),
        "root": proof.root.hex(),
        "seal": f"{proof.sequence} of {clock.text(proof.sealed_at)}, {proof.mails:,} mails: in its tree",
        "proof": [step.hex() for step in proof.path],
    }


@command.command()
@click.argument("segments", nargs=-1, metavar="[SEGMENT]...")
@click.option("--all", "everything", is_flag=True, help="Every pack; the default where no segment is named.")
@_json
@click.pass_context
def verify(ctx: click.Context, segments: tuple[str, ...], everything: bool, as_json: bool) -> None:
    """Check kept mail against its leaves, packs against their seals, and the seals against each other.

    Exit 65 if anything changed, is missing, or was put in. SEGMENT has 16 hex digits, as evidence show prints it.

    \b
    Examples:
      junkhound evidence verify
      junkhound evidence verify 01912f0a3c400abc
    """
    if everything and segments:
        raise click.UsageError("give segments or --all, not both")
    found = _verify(open_office(**ctx.obj), segments, as_json)
    if as_json:
        show(vars(found) | {"ok": not found.problems})
    else:
        for problem in found.problems:
            print(f"junkhound: {problem}", file=sys.stderr)
        gone = f"; dropped by retention: {found.dropped:,} packs" if found.dropped else ""
        gone += f"; erased by order: {found.erased:,} mails" if found.erased else ""
        verdict = f"{len(found.problems):,} problems" if found.problems else "nothing changed"
        print(f"{found.seals:,} seals, {found.packs:,} packs, {found.mails:,} mails: {verdict}{gone}")
    ctx.exit(65 if found.problems else 0)


def _verify(office: Office, segments: tuple[str, ...], quiet: bool) -> Verified:
    """Verify with a progress bar on stderr, where that is a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    from junkhound.verbs import evidence

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        return evidence.verify(office, segments)
    with Progress(console=console, transient=True) as bar:
        line = bar.add_task("packs", total=None)
        return evidence.verify(
            office, segments, lambda what, done, total: bar.update(line, description=what, completed=done, total=total)
        )
