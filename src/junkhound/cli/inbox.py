"""What ``junkhound guard inbox`` shows: a table in the terminal, a page, JSON; and its watching."""

from __future__ import annotations

import html
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import msgspec

from junkhound.cli import show
from junkhound.kernel import clock
from junkhound.kernel.errors import UsageError
from junkhound.verbs import inbox
from junkhound.verbs.office import Office

WAIT_S = 10.0
SHOWN = 100


def run(
    office: Office, which: tuple[str, ...], move: bool, watch: bool, page: Path | None, relays: tuple[str, ...],
    as_json: bool,
) -> None:  # fmt: skip
    """Sort each mailbox once, then go on watching the one, if asked to."""
    names = which or tuple(office.config.accounts)
    if not names:
        raise UsageError("no mailbox", "name a Maildir, or write [accounts.NAME] into the settings")
    if watch and len(names) > 1:
        raise UsageError("one mailbox at a time can be watched", "start one watching guard for each")
    reports: dict[str, inbox.Report] = {}
    for name in names:
        title, store, own = inbox.opened(office, name, _asked if sys.stdin.isatty() else None)
        sorter = inbox.Sorter(office, store, title, (*own, *relays))
        try:
            with _bar(as_json) as progress:
                reports[name] = sorter.run(move, progress)
            if not as_json:
                tell(name, reports[name], move)
            if watch:
                _watch(sorter, name)
        finally:
            sorter.close()
    if as_json:
        show(msgspec.to_builtins(reports))
    if page is not None:
        page.write_text(as_page(reports, clock.text(office.now), move), "utf-8")
        click.echo(f"page: {page}", err=True)


def _asked(words: str) -> str:
    import getpass

    return getpass.getpass(words)


@contextmanager
def _bar(quiet: bool) -> Iterator[Any]:
    """A bar on stderr where that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("looking", total=None)
        yield lambda what, done, of: bar.update(task, description=what, completed=done, total=of)


def tell(name: str, report: inbox.Report, move: bool) -> None:
    """One line a mail, and what came of it."""
    for one in report.junk[:SHOWN]:
        click.echo(f"{click.style(f'{one.score:6.1%}', fg='red')}  {one.sender[:40]:40}  {one.subject[:60]}")
        click.echo(f"        {one.reason}")
    if len(report.junk) > SHOWN:
        click.echo(f"        ... and {len(report.junk) - SHOWN:,} more; --page shows all")
    what = f"{report.moved:,} moved to Junk" if move else f"{len(report.junk):,} would be moved to Junk"
    click.echo(f"{name}: {report.looked:,} new mails looked at, {what}")
    if report.learned_junk or report.learned_good:
        click.echo(f"learned from your moves: {report.learned_junk:,} junk, {report.learned_good:,} wanted")
    if report.given:
        click.echo(f"given back to this home: {report.given:,} sightings")
    least = min(report.all_junk, report.all_good)
    if least < 20:
        known = f"it knows {report.all_junk:,} junk and {report.all_good:,} wanted mails of yours"
        click.echo(f"{known}; from 20 of each it judges by them too")
    if report.failed:
        click.echo(f"{report.failed:,} mails could not be read and stay where they are")
    if report.junk and not move:
        click.echo("nothing was changed; --move moves them")


def _watch(sorter: inbox.Sorter, name: str) -> None:
    """Sort whatever arrives until Ctrl-C or SIGTERM. A server that goes away ends it with 75: start it again."""
    stopped: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: stopped.append(number))
    print(f"{name}: watching; Ctrl-C ends it", flush=True)
    while not stopped:
        sorter.store.wait(WAIT_S)  # a change ends it early; what came between two waits is found after it
        if stopped:
            return
        report = sorter.run(True)
        if report.moved or report.learned_junk or report.learned_good:
            tell(name, report, True)
            sys.stdout.flush()


def as_page(reports: dict[str, inbox.Report], at: str, move: bool) -> str:
    """A page of its own: nothing in it is loaded from anywhere, and mail stands in it as text only."""
    said = html.escape
    parts = []
    for name, report in reports.items():
        rows = "".join(
            f"<tr><td class=n>{one.score:.1%}<td>{said(one.sender)}<td><b>{said(one.subject)}</b><br>"
            f"<span>{said(one.reason)}</span><td>{said(one.date)}"
            for one in report.junk
        )
        head = f"{len(report.junk):,} of {report.looked:,} new mails {'were' if move else 'would be'} moved to Junk"
        parts.append(f"<h2>{said(name)}</h2><p>{head}</p>" + (f"<table>{_HEADS}{rows}</table>" if rows else ""))
    return _PAGE.format(at=said(at), body="".join(parts))


_HEADS = "<tr><th>junk<th>from<th>subject, and why<th>date"
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>What the guard would move</title>
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; color: #2b2620; background: #faf8f5 }}
body {{ margin: 2rem auto; max-width: 70rem; padding: 0 1.2rem }}
h1 {{ font-size: 1.4rem }} h2 {{ font-size: 1.1rem; margin-top: 2rem }}
table {{ border-collapse: collapse; width: 100%; background: #fff }}
td, th {{ text-align: left; vertical-align: top; padding: .5rem .7rem; border-top: 1px solid #e6e0d8 }}
td {{ word-break: break-word }}
td span {{ color: #7a5b2e }} .n {{ font-variant-numeric: tabular-nums; color: #a3322a; white-space: nowrap }}
</style>
<h1>What the guard would move, and why</h1>
<p>As of {at}. Nothing is deleted: a mail moved to Junk can be moved back, and that teaches the guard.</p>
{body}
</html>
"""
