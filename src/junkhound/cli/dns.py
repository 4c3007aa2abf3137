"""``junkhound dns``: answer for the published lists."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Any

import click

from junkhound.cli import show
from junkhound.kernel import clock
from junkhound.verbs.office import open_office


@click.group()
def command() -> None:
    """Answer mail servers that ask about an address or a name by DNS, and other name servers that take whole zones.

    \b
    Examples:
      junkhound dns serve
      junkhound dns key ns2.example.org
      dig @127.0.0.1 -p 5353 2.0.0.127.main.bl.example.org
    """


@command.command("serve")
@click.option("--zone", metavar="DOMAIN", help="Zone above those of the lists; default: [publish] zone.")
@click.option(
    "--listen", multiple=True, metavar="ADDRESS:PORT", help="Where to answer; repeatable; default: [dns] listen."
)
@click.option("--list", "names", multiple=True, metavar="NAME", help="Serve this list; repeatable; default: all.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Where LIST.served lies; default: [publish] folder, else out/ in the home.",
)
@click.option("--at", metavar="WHEN", help="Answer as if it were this moment; default: the clock.")
@click.option("--json", "as_json", is_flag=True, help="Print what was asked, in the end, as JSON.")
@click.pass_obj
def serve(
    where: dict[str, Any],
    zone: str | None,
    listen: tuple[str, ...],
    names: tuple[str, ...],
    folder: Path | None,
    at: str | None,
    as_json: bool,
) -> None:
    """Answer by UDP and TCP until stopped; each newer edition that publish writes is served within a second.

    Each list is a zone of its own: main is main.DOMAIN. A list whose last edition has expired is not answered for
    (SERVFAIL) rather than answered stale. Only this machine may ask, until [dns] clients names others.

    \b
    Examples:
      junkhound publish && junkhound dns serve
      junkhound dns serve --listen 192.0.2.53:53 --zone bl.example.org --list main
    """
    from junkhound.service.dns import open_responder

    office = open_office(**where, at=at)
    responder = open_responder(office.config, names, listen, zone or "", folder, now=office.clock.now)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: responder.stop())
    for host, port in responder.addresses:
        print(f"junkhound: answering at {f'[{host}]' if ':' in host else host}:{port}", file=sys.stderr)
    responder.run()
    counts = dict(sorted(responder.book.counts.items()))
    if as_json:
        show(counts)
        return
    print(", ".join(f"{name} {count:,}" for name, count in counts.items()) or "nothing was asked")


@command.command("key")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print the key as JSON.")
@click.pass_obj
def key(where: dict[str, Any], name: str, as_json: bool) -> None:
    """Make a key (TSIG) by which a name server is known that takes zones whole.

    The secret is written into the home, readable by its owner only, and shown once for the other side.

    \b
    Example:
      junkhound dns key ns2.example.org
    """
    from junkhound.verbs import responder

    made = responder.make(open_office(**where), name)
    if as_json:
        show({"name": made.name, "algorithm": made.algorithm, "path": made.path, "secret": made.secret})
        return
    print("# for junkhound.toml")
    print(f"[transfers.{name.partition('.')[0]}]")
    print(f'key = "{made.name}"')
    print(f'secret_file = "{made.path}"')
    print()
    print("# for the other side, here BIND; it goes there by a safe way")
    print(f'key "{made.name}" {{ algorithm {made.algorithm}; secret "{made.secret}"; }};')


@command.command("queries")
@click.argument("address", required=False)
@click.option("--days", default=7, show_default=True, type=click.IntRange(1, 14), help="How far back.")
@click.option(
    "--top", default=20, show_default=True, type=click.IntRange(1), help="Addresses of a day, most asked first."
)
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.pass_obj
def queries(where: dict[str, Any], address: str | None, days: int, top: int, as_json: bool) -> None:
    """Show which addresses are asked about, by how many askers; from five askers on, with [dns] query_log.

    \b
    Examples:
      junkhound dns queries
      junkhound dns queries 192.0.2.7 --days 14
    """
    from junkhound.verbs import responder

    office = open_office(**where)
    found = responder.asked(office, address, days, top)
    if as_json:
        show([
            {"day": clock.day_text(one.day * clock.DAY), "address": str(one.address), "askers": one.askers,
             "hours": one.hours} for one in found
        ])  # fmt: skip
        return
    for one in found:
        hours = "1 hour" if one.hours == 1 else f"{one.hours} hours"
        print(f"{clock.day_text(one.day * clock.DAY)}  {one.askers:>7,} askers in {hours:8}  {one.address}")
    if not found:
        why = "" if office.config.dns.query_log else "; [dns] query_log is off"
        print(f"no address was asked about by {responder.FEWEST} askers in these days{why}")
