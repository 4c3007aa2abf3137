"""The command line of ``spamworld``: words typed in, one function called, answers on stdout and talk on stderr."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spamworld import __version__
from spamworld.errors import UsageError, WorldError

if TYPE_CHECKING:
    from spamworld.out.generate import Finished

TIERS = ("demo", "S", "M", "L")
VARIANTS = ("2006", "modern")
Progress = Callable[[str, float], None]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="spamworld")
def group() -> None:
    """Make a world of junk mail whose truth is known, and let it act on a trap.

    \b
    A first round:
      spamworld gen --tier S --seed 1 --out world
      spamworld replay world --to 127.0.0.1:2525 --count 1000
      spamworld serve-dns world --at 2006-03-01
    """


@group.command()
@click.option("--tier", type=click.Choice([*TIERS, "tiny"]), default="S", show_default=True,
              help="demo: three years in 30,000 mails; S: a week, 50,000; M: two months, 2 million; L: a year,"
              " 50 million; tiny: some hundred, for tests.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Equal seeds give equal bytes."
              " 0 to 99 are for tuning, figures are published on seeds from 1000.")  # fmt: skip
@click.option("--variant", type=click.Choice(VARIANTS), default="2006", show_default=True, help="The era.")
@click.option("--out", "folder", type=click.Path(path_type=Path), help="New or empty folder.")
@click.option("--twin", metavar="EVENT", default="", help="The same world without one event, by its name in"
              " events.jsonl: the exact counterfactual.")  # fmt: skip
@click.option("--workers", type=click.IntRange(0), default=0, help="Processes that write mail; 0 means one a core."
              " The bytes are the same.")  # fmt: skip
@click.option("--plan", is_flag=True, help="Write nothing: time a sample, and say how long it would take and how much"
              " disk it needs.")  # fmt: skip
@click.option("--anew", is_flag=True, help="Replace a world that is already there.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def gen(
    tier: str, seed: int, variant: str, folder: Path | None, twin: str, workers: int, plan: bool, anew: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Make a world: mail as its traps and mailboxes store it, what can be looked up, and apart from both the truth.

    \b
    Examples:
      spamworld gen --tier tiny --out small
      spamworld gen --tier S --seed 1000 --variant modern --out world
      spamworld gen --tier S --seed 1000 --out twin --twin E1
      spamworld gen --tier L --plan
    """
    from spamworld.out import generate, planning

    count = workers or os.cpu_count() or 1
    if plan:
        with _bar(as_json) as progress:
            found = planning.plan(tier, seed, variant, count, progress)
        show(planning.answer(found)) if as_json else click.echo(planning.text(found))
        return
    if folder is None:
        raise UsageError("no folder to write to", "name one with --out, or ask for a --plan")
    with _bar(as_json) as progress:
        order = generate.Order(tier, seed, variant, twin)
        done = generate.generate(order, folder, count, anew, progress)
    show(generate.answer(done)) if as_json else _tell(done)


@group.command("serve-dns")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--at", "moment", metavar="INSTANT", required=True, help="Answers are as of then; RFC 3339 or a day.")
@click.option("--listen", default="127.0.0.1:5300", show_default=True, help="Loopback address and port; port 0: any.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def serve_dns(folder: Path, moment: str, listen: str, as_json: bool) -> None:
    """Answer for every name of a world by UDP and TCP, and for the foreign block lists in it, until Ctrl-C.

    \b
    Example:
      spamworld serve-dns world --at 2006-03-01
      dig +short @127.0.0.1 -p 5300 -x 203.0.113.7
    """
    from spamworld.out.forms import instant
    from spamworld.replay import target
    from spamworld.serve import dns, zones

    host, port = target(listen, any_port=True)
    server = dns.Server(zones.load(folder, instant(moment)))
    asyncio.run(_serve(server, host, port, "DNS", as_json))


@group.command("serve-rdap")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--at", "moment", metavar="INSTANT", required=True, help="Answers are as of then; RFC 3339 or a day.")
@click.option("--listen", default="127.0.0.1:5380", show_default=True, help="Loopback address and port; port 0: any.")
@click.option("--per-minute", type=click.IntRange(0), default=0, help="Answer 429 to more questions; 0: never.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def serve_rdap(folder: Path, moment: str, listen: str, per_minute: int, as_json: bool) -> None:
    """Answer as the registries of a world did, with networks, numbers, domains and abuse contacts, until Ctrl-C.

    \b
    Example:
      spamworld serve-rdap world --at 2006-03-01
      curl http://127.0.0.1:5380/ip/203.0.113.7
    """
    from spamworld.out.forms import instant
    from spamworld.replay import target
    from spamworld.serve import rdap, registry

    host, port = target(listen, any_port=True)
    server = rdap.Server(registry.load(folder, instant(moment)), per_minute)
    asyncio.run(_serve(server, host, port, "RDAP", as_json))


@group.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--to", default="127.0.0.1:2525", show_default=True, help="A trap on loopback; any other is refused.")
@click.option("--rate", type=click.FloatRange(0.01, 2000), default=50.0, show_default=True, help="Sessions a second.")
@click.option("--count", type=click.IntRange(1, 1_000_000), default=1000, show_default=True, help="Sessions in all.")
@click.option("--trap", "traps", multiple=True, help="Only this trap's sessions; repeatable.")
@click.option("--proxy", type=click.Choice(["none", "v2", "xclient"]), default="none", show_default=True,
              help="How the world's client address is told: by a PROXY header, by XCLIENT, or not.")  # fmt: skip
@click.option("--connections", type=click.IntRange(1, 500), default=20, show_default=True, help="At the same time.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def replay(
    folder: Path, to: str, rate: float, count: int, traps: tuple[str, ...], proxy: str, connections: int, as_json: bool
) -> None:
    """Send a world's sessions to a trap, each as its engine speaks: greeting, order, line ends, TLS, goodbye.

    \b
    Examples:
      spamworld replay world --count 500
      spamworld replay world --proxy v2 --rate 200 --count 5000
    """
    from spamworld import replay as driver

    where = driver.target(to)
    chosen = driver.sessions(folder, traps)
    with _bar(as_json) as progress:
        said = asyncio.run(
            driver.replay(
                chosen, where, rate, count, proxy, connections, lambda done: progress("sessions", done / count)
            )
        )
    if as_json:
        show({"outcomes": said.counts, "replies": said.replies, "seconds": said.seconds, "problems": said.problems})
        return
    sessions = sum(number for name, number in said.counts.items() if name != "tls")
    outcomes = ", ".join(f"{name} {number:,}" for name, number in sorted(said.counts.items()))
    click.echo(f"{sessions:,} sessions in {said.seconds:.1f} s: {outcomes}")
    for problem in said.problems:
        click.echo(f"spamworld: {problem}", err=True)


async def _serve(server: Any, host: str, port: int, what: str, as_json: bool) -> None:
    await server.start(host, port)
    if as_json:
        print(json.dumps({"host": host, "port": server.port}), flush=True)
    else:
        print(f"{what} at {host}:{server.port}; Ctrl-C ends it", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        await server.close()


def _tell(done: Finished) -> None:
    rate = done.mails / done.seconds if done.seconds else 0
    click.echo(f"{done.mails:,} mails ({done.size_bytes / 1e6:,.0f} MB stored) in {done.seconds:.1f} s, "
               f"{rate:,.0f} a second: {done.folder}")  # fmt: skip
    for name, number in sorted(done.counts.items()):
        click.echo(f"  {name:24} {number:>10,}")
    click.echo(f"  take it in with: junkhound --config {os.path.relpath(done.folder / 'junkhound.toml')} ingest ...")


@contextmanager
def _bar(quiet: bool) -> Iterator[Progress]:
    """A bar on stderr where that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda what, share: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(),
               TimeRemainingColumn())  # fmt: skip
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=1.0)
        yield lambda what, share: bar.update(task, description=what, completed=share)


def show(answer: Any) -> None:
    """One JSON document on stdout, for ``--json``."""
    json.dump(answer, sys.stdout, indent=2, ensure_ascii=False, default=str)
    sys.stdout.write("\n")


def main(argv: list[str] | None = None) -> None:
    """Run the command line; exits with the sysexits code of what happened."""
    wants_json = "--json" in (argv if argv is not None else sys.argv)
    try:
        code = group.main(args=argv, prog_name="spamworld", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except (click.exceptions.Abort, KeyboardInterrupt):
        print("spamworld: stopped", file=sys.stderr)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(64)
    except WorldError as error:
        if wants_json:
            show({"error": {"code": type(error).__name__, "message": error.message, "hint": error.hint}})
        else:
            _say(error.message, error.hint)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        _say(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}", None)
        sys.exit(75 if error.errno in (11, 12, 23, 24, 27, 28, 30, 122) else 74)


def _say(message: str, hint: str | None) -> None:
    print(f"spamworld: error: {message}", file=sys.stderr)
    if hint:
        print(f"spamworld: hint: {hint}", file=sys.stderr)
