"""``junkhound ingest``: take mail in."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from junkhound.cli import campaigns, show
from junkhound.kernel.errors import Temporary
from junkhound.verbs.office import Office, open_office

if TYPE_CHECKING:
    from junkhound.verbs.grouping import Grouped
    from junkhound.verbs.ingest import Report

READ_S = 20.0
"""CPU seconds for what new campaigns are about; those that are left are read by ``serve`` or the next run."""


@click.command()
@click.argument("paths", nargs=-1, metavar="PATH...")
@click.option(
    "--as",
    "kind",
    type=click.Choice(["junk", "good", "unsorted", "complaint", "log"]),
    help="What the mail is. Default: junk in a trap or in a folder named Junk or Spam, else unsorted"
    " (kept and traced, never scored). A complaint is taken apart: the mails it shows are traced, what it claims is"
    " noted (junkhound complaints). A log is one of a daemon: whoever guesses passwords is noted.",
)
@click.option("--log", "log", metavar="NAME", help="With --as log: whose it is ([logs.NAME]); default: the only one.")
@click.option(
    "--complainant",
    metavar="NAME",
    help="With --as complaint: all of it came from this one, by your word ([complainants.NAME]).",
)
@click.option("--mailbox", metavar="NAME", help="The mailbox the mail came to ([mailboxes.NAME]); default: default.")
@click.option("--trap", metavar="NAME", help="The trap the mail came to ([traps.NAME]).")
@click.option(
    "--relay",
    "relays",
    multiple=True,
    metavar="HOST|NETWORK",
    help="A relay of that mailbox whose Received lines are believed, beside those in the settings; repeatable.",
)
@click.option("--watch", is_flag=True, help="Keep watching the given Maildirs and take in new mail as it comes.")
@click.option("--no-group", is_flag=True, help="Leave campaigns to the next run, or to junkhound campaigns --group.")
@click.option("--at", metavar="WHEN", help="Pin the moment of taking in; default: now.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_obj
def command(
    where: dict[str, Any], paths: tuple[str, ...], kind: str | None, mailbox: str | None, trap: str | None,
    relays: tuple[str, ...], watch: bool, at: str | None, as_json: bool, complainant: str | None,
    log: str | None, no_group: bool,
) -> None:  # fmt: skip
    """Take mail in: trace every message, remember its source, keep the evidence.

    PATH is a message, an mbox, a Maildir, an MH folder, any folder of these, a tar or zip archive, a compressed file,
    JSON lines, or - for standard input. Mail that is known already is not counted again, so the same
    command may run every night. Without PATH, what waits in the spool is finished.

    \b
    Examples:
      junkhound ingest --as junk --mailbox me --relay mx.example.org ~/Mail/Junk
      junkhound ingest --trap lures deliveries.jsonl.zst
      junkhound ingest --as complaint ~/Mail/abuse
      junkhound ingest --as log --log mx /var/log/mail.log*
      ssh mx.example.org cat /var/mail/spam | junkhound ingest --as junk --mailbox spam -
    """
    from junkhound.tables import Kind
    from junkhound.verbs.ingest import Request

    office = open_office(**where, at=at)
    if kind == "log":
        _logs(office, log, paths, as_json)
        return
    if log is not None:
        raise click.UsageError("--log goes with --as log")
    complaints = kind == "complaint"
    if complainant is not None and not complaints:
        raise click.UsageError("--complainant goes with --as complaint")
    stated = None if kind is None or complaints else Kind[kind.upper()]
    request = Request(paths, stated, mailbox, trap, relays, complaints, complainant)
    if watch:
        _watch(office, request)
        return
    report = run(office, request, quiet=as_json)
    grouped = _group(office, as_json) if report.added and not no_group else None
    if as_json:
        show(answer(report))
    else:
        tell(report)
        if grouped is not None:
            campaigns.tell_grouped(grouped)
    if _missing(report, paths):
        raise click.exceptions.Exit(66)


def _group(office: Office, quiet: bool) -> Grouped | None:
    """Put the new mail into campaigns, unless somebody else is at it: then the next run does."""
    try:
        return campaigns.run(office, quiet, READ_S)
    except Temporary:
        return None


def _logs(office: Office, name: str | None, paths: tuple[str, ...], as_json: bool) -> None:
    """Read logs, and judge what they tell."""
    from junkhound.verbs import logs
    from junkhound.verbs.ingest import Request

    known = list(office.config.logs)
    if name is None and len(known) != 1:
        raise click.UsageError("say which log it is: --log NAME, with [logs.NAME] in the settings")
    taken = logs.take(office, name or known[0], paths)
    report = run(office, Request(), quiet=as_json)
    events, daemons = dict(sorted(taken.events.items())), dict(sorted(taken.daemons.items()))
    if as_json:
        show({"lines": taken.lines, "events": events, "daemons": daemons, "addresses": len(taken.addresses),
              "folded": taken.rows, "own": taken.own, "added": report.added, "problems": taken.problems})  # fmt: skip
        return
    told = ", ".join(f"{what} {count:,}" for what, count in events.items()) or "nothing that we know"
    print(f"read {taken.lines:,} lines: {told}, of {len(taken.addresses):,} addresses; {report.added:,} new rows")
    if daemons:
        print("  daemons " + ", ".join(f"{daemon} {count:,}" for daemon, count in daemons.items()))
    if taken.own:
        print(f"  passed over: {taken.own:,} of our own or of nobody's addresses")
    for words in taken.problems:
        print(f"junkhound: {words}", file=sys.stderr)


def _missing(report: Report, paths: tuple[str, ...]) -> bool:
    """Whether a path that was named could not be read: the others are taken in, and the exit code says so."""
    from junkhound.intake.mail import shown

    named = {shown(path) for path in paths}
    return any(problem.kind == "unreadable" and problem.locator in named for problem in report.problems)


def run(office: Office, request: Any, quiet: bool = False) -> Report:
    """Ingest with a progress bar on stderr, where that is a terminal."""
    _raise_workers(office)
    from junkhound.verbs.ingest import ingest

    if quiet or not sys.stderr.isatty():
        return ingest(office, request)
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    mails = TextColumn("{task.fields[mails]:,} mails")
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), mails, TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        line = bar.add_task("taking in", total=None, mails=0)

        def progress(done: int, total: int, mails: int) -> None:
            bar.update(line, completed=done, total=total or None, mails=mails)

        return ingest(office, request, progress)


def _raise_workers(office: Office) -> None:
    """Have a process ready that raises workers, while this one is small and has nothing open."""
    if office.config.engine.name == "pool":
        import msgspec  # noqa: F401 - shared with it
        import numpy  # noqa: F401

        from junkhound.kernel import nursery

        nursery.early()


def _watch(office: Office, request: Any) -> None:
    """Take in what stands in the Maildirs, then what arrives, until interrupted."""
    import signal
    import threading

    _raise_workers(office)
    from junkhound.verbs.ingest import watch

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    print(f"watching {', '.join(request.paths)}; stop with Ctrl-C", file=sys.stderr)
    for report in watch(office, request, stop):
        tell(report)


def answer(report: Report) -> dict[str, Any]:
    """The report as JSON fields."""
    return {
        "read": report.read, "added": report.added, "known": report.known, "rejudged": report.rejudged,
        "recovered_segments": report.recovered, "bytes": report.bytes, "seconds": round(report.seconds, 3),
        "counts": dict(sorted(report.counts.items())), "skipped": dict(sorted(report.skipped.items())),
        "problems": [{"where": p.locator, "what": p.text} for p in report.problems],
        "problem_count": report.problem_count, "no_boundary": report.no_boundary,
    }  # fmt: skip


def tell(report: Report) -> None:
    """The report as a person reads it: answers on stdout, trouble on stderr."""
    rate = f" in {report.seconds:.1f} s" if report.seconds >= 0.05 else ""
    print(
        f"read {report.read:,} mails ({report.bytes / 1e6:,.1f} MB){rate}: {report.added:,} new, {report.known:,} known"
    )
    if report.rejudged:
        print(f"judged anew under changed settings: {report.rejudged:,}")
    if report.recovered:
        print(f"finished from the spool: {report.recovered:,} segments")
    groups = (("form:", "forms"), ("kind:", "kinds"), ("path:", "paths"), ("defect:", "defects"))
    for group, title in groups:
        found = {name.removeprefix(group): n for name, n in report.counts.items() if name.startswith(group)}
        if found:
            parts = sorted(found.items(), key=lambda pair: -pair[1])
            print(f"  {title:8}" + ", ".join(f"{name.replace('_', ' ')} {n:,}" for name, n in parts))
    if report.skipped:
        print("  passed over, not mail: " + ", ".join(f"{why} {n:,}" for why, n in report.skipped.most_common()))
    unanchored = report.counts.get("unanchored", 0)
    if report.no_boundary and unanchored:
        name = report.no_boundary[0]
        print(f"  {unanchored:,} have no boundary: no relay of mailbox {name!r} is configured, so nobody is blamed;"
              f" see junkhound relays learn", file=sys.stderr)  # fmt: skip
    if report.counts.get("lacking:msg"):
        print(f"  {report.counts['lacking:msg']:,} Outlook files were not opened: pip install 'junkhound[msg]', then"
              " take them in again", file=sys.stderr)  # fmt: skip
    for problem in report.problems[:20]:
        print(f"junkhound: {problem.locator}: {problem.text}", file=sys.stderr)
    if report.problem_count > 20:
        print(f"junkhound: and {report.problem_count - 20:,} more problems; --json lists them", file=sys.stderr)
