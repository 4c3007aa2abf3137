"""The command line: words typed in, one verb called, answers on stdout and talk on stderr.

Every command stands in a module of its own, imported only when it is called, so that ``junkhound --help``
and the mail server's pipe stay quick.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import sys
from typing import Any

import click

from junkhound import __version__
from junkhound.kernel.errors import JunkhoundError

# verb -> module; each module has a click command or group named `command`
VERBS = {
    "ingest": "junkhound.cli.ingest",
    "trace": "junkhound.cli.trace",
    "why": "junkhound.cli.why",
    "complaints": "junkhound.cli.complaints",
    "contacts": "junkhound.cli.contacts",
    "sources": "junkhound.cli.sources",
    "campaigns": "junkhound.cli.campaigns",
    "templates": "junkhound.cli.templates",
    "pictures": "junkhound.cli.pictures",
    "files": "junkhound.cli.files",
    "touts": "junkhound.cli.touts",
    "botnets": "junkhound.cli.botnets",
    "actors": "junkhound.cli.actors",
    "entity": "junkhound.cli.entity",
    "lists": "junkhound.cli.lists",
    "publish": "junkhound.cli.publish",
    "feeds": "junkhound.cli.feeds",
    "dns": "junkhound.cli.dns",
    "crosscheck": "junkhound.cli.crosscheck",
    "partners": "junkhound.cli.partners",
    "sensor": "junkhound.cli.sensor",
    "stats": "junkhound.cli.stats",
    "web": "junkhound.cli.web",
    "data": "junkhound.cli.data",
    "config": "junkhound.cli.config",
    "check": "junkhound.cli.check",
    "demo": "junkhound.cli.demo",
    "evidence": "junkhound.cli.evidence",
    "relays": "junkhound.cli.relays",
    "upgrade": "junkhound.cli.upgrade",
    "guard": "junkhound.cli.guard",
    "serve": "junkhound.cli.serve",
    "pipe": "junkhound.cli.pipe",
    "completion": "junkhound.cli.completion",
}


class Verbs(click.Group):
    """Commands by name, imported when asked for, in the order of the day's work."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name, module in VERBS.items() if _exists(module)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = VERBS.get(cmd_name)
        if module is None:
            return None
        command = importlib.import_module(module).command
        assert isinstance(command, click.Command)
        return command


def _exists(module: str) -> bool:
    import importlib.util

    return importlib.util.find_spec(module) is not None


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    "config_path",
    metavar="FILE",
    help="Settings file; default: the first of $JUNKHOUND_CONFIG,"
    " ./junkhound.toml, the XDG place, /etc/junkhound/junkhound.toml.",
)
@click.option("--home", metavar="FOLDER", help="Folder of all state; wins over [store] home.")
@click.version_option(__version__, prog_name="junkhound")
@click.pass_context
def main_group(ctx: click.Context, config_path: str | None, home: str | None) -> None:
    """Trace junk mail to the machines that inject it, remember them, publish block lists.

    \b
    A first round:
      junkhound ingest --as junk --mailbox me --relay mx.example.org FILE...
      junkhound sources --by volume
      junkhound why 192.0.2.7
      junkhound lists decide && junkhound publish
    """
    ctx.obj = {"config": config_path, "home": home}


def main(argv: list[str] | None = None) -> None:
    """Run the command line; exits with the sysexits code of what happened."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names of files and mail may hold what a terminal cannot show
            stream.reconfigure(errors="backslashreplace")
    wants_json = "--json" in (argv if argv is not None else sys.argv)
    try:
        code = main_group.main(args=argv, prog_name="junkhound", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.exceptions.Abort:
        print("junkhound: stopped", file=sys.stderr)
        sys.exit(130)
    except click.UsageError as error:
        error.show()
        sys.exit(64)
    except click.ClickException as error:
        _say(error.format_message(), None)
        sys.exit(64)
    except JunkhoundError as error:
        if wants_json:
            show({"error": {"code": error.code, "message": error.message, "hint": error.hint}})
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
    print(f"junkhound: error: {message}", file=sys.stderr)
    if hint:
        print(f"junkhound: hint: {hint}", file=sys.stderr)


def show(answer: Any) -> None:
    """One JSON document on stdout, for ``--json``."""
    json.dump(answer, sys.stdout, indent=2, ensure_ascii=False, default=str)
    sys.stdout.write("\n")
