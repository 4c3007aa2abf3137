"""One home to work in: ingest into it, read all its rows, call its command line as a person would."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from junkhound import tables
from junkhound.kernel import config
from junkhound.tables import Kind
from junkhound.verbs.ingest import Report, Request, ingest
from junkhound.verbs.office import Office
from support.mail import RELAY

AT = 1_150_000_000_000_000  # 2006-06-11
SETTINGS = """\
[store]
segment_mails = 20
[engine]
name = "inline"
isolate = false
[network]
allow_documentation = true
"""
JUNK = Request(kind=Kind.JUNK, mailbox="me", relays=(RELAY,))


def office(
    home: Path, store: dict[str, Any] | None = None, limits: dict[str, int] | None = None, **engine: Any
) -> Office:
    """An office whose small mails are judged in this process."""
    settings = config.Config(
        store=config.Store(home=str(home), **{"segment_mails": 20, **(store or {})}),
        engine=dataclasses.replace(config.Engine(name="inline", isolate=False), **engine),
        network=config.NetworkSection(allow_documentation=True),
        intake=config.Intake(**(limits or {})),
    )
    return Office(settings, AT)


def take(desk: Office, *paths: Path, request: Request = JUNK) -> Report:
    """Ingest these paths as junk of mailbox ``me``."""
    return ingest(desk, dataclasses.replace(request, paths=tuple(map(str, paths))))


def rows(desk: Office) -> list[dict[str, Any]]:
    """Every sighting of the home, in order of id."""
    engine, snapshot = desk.ledger.engine, desk.ledger.snapshot()
    if not snapshot.of("sightings"):
        return []
    source = engine.source(tables.SIGHTINGS, snapshot.of("sightings"))
    names = tables.SIGHTINGS.names
    found = engine.rows(f"SELECT {', '.join(names)} FROM {source} ORDER BY id_hi, id_lo")
    return [dict(zip(names, row, strict=True)) for row in found]


def ids(desk: Office) -> list[tuple[int, int]]:
    """The ids of every sighting; one that stands there twice is listed twice."""
    return [(row["id_hi"], row["id_lo"]) for row in rows(desk)]


def call(
    folder: Path, *words: str, home: str = "home", given: bytes = b"", **env: str
) -> subprocess.CompletedProcess[str]:
    """Run the command line in ``folder``, under its ``junkhound.toml`` or that of a small home."""
    toml = folder / "junkhound.toml"
    if not toml.exists():
        toml.write_text(SETTINGS)
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("JUNKHOUND", "XDG"))}
    done = subprocess.run(
        [sys.executable, "-m", "junkhound", "--home", home, *words],
        cwd=folder, input=given, env={**keep, "HOME": str(folder), "COLUMNS": "100", "TZ": "UTC", **env},
        capture_output=True, timeout=300, check=False,
    )  # fmt: skip
    out, err = (stream.decode("utf-8", "backslashreplace") for stream in (done.stdout, done.stderr))
    assert "Traceback" not in err, err
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)


def face(folder: Path, *words: str, home: str = "home") -> subprocess.CompletedProcess[str]:
    """As ``call``, in this process: ten times quicker."""
    from junkhound.cli import main

    toml = folder / "junkhound.toml"
    if not toml.exists():
        toml.write_text(SETTINGS)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(["--home", home, *words])
        except SystemExit as done:
            code = int(done.code or 0)
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


def answer(done: subprocess.CompletedProcess[str]) -> Any:
    """What a ``--json`` call answered: one document and nothing else."""
    return json.loads(done.stdout)
