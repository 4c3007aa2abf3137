"""Terminal transcripts as tests: commands, what they must print and the code they must exit with.

    # a remark
    file junkhound.toml
    | [lists.main]
    $ junkhound config check            a command, run by bash in the script's folder
    junkhound.toml: nothing wrong       what stdout must be; ... stands for anything, alone on a line for any lines
    ! junkhound: error: ...             what stderr must hold, line by line, in this order
    = 78                                the exit code; 0 where nothing is said

Without a line of output nothing is asked of stdout; ``-`` alone says that it must be empty.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Step:
    """One command with what is expected of it; ``number`` is its line in the script."""

    number: int
    command: str
    files: dict[str, str]
    out: list[str] = field(default_factory=list)
    err: list[str] = field(default_factory=list)
    code: int = 0


def steps(text: str) -> list[Step]:
    """Read a transcript; a file belongs to the command after it."""
    found: list[Step] = []
    files: dict[str, str] = {}
    name = ""
    remarks = True  # a line of # at the start, after an empty line or another remark
    for number, line in enumerate(text.splitlines(), 1):
        was, remarks = remarks, not line.strip()
        if line.startswith("$ "):
            found.append(Step(number, line[2:], files))
            files = {}
        elif line.startswith("file "):
            name = line[5:].strip()
            files[name] = ""
        elif line.startswith("|") and name in files:
            files[name] += line[2:] + "\n"
        elif was and line.startswith("#"):
            remarks = True
        elif not found:
            continue
        elif line.startswith("= "):
            found[-1].code = int(line[2:])
        elif line.startswith("! "):
            found[-1].err.append(line[2:])
        else:
            found[-1].out.append(line)
    return found


def environment(folder: Path) -> dict[str, str]:
    """A quiet terminal of 100 columns whose home is the script's folder."""
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("JUNKHOUND", "XDG"))}
    path = f"{Path(sys.executable).parent}:{keep.get('PATH', '')}"
    return {**keep, "PATH": path, "HOME": str(folder), "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb", "TZ": "UTC"}


def matches(wanted: list[str], found: str) -> bool:
    """Whether the text is what was wanted, ``...`` being anything."""
    pattern = "\n".join(re.escape(line.rstrip()) for line in wanted).replace(re.escape("..."), "\0")
    pattern = re.sub("(?m)^\0\n", "(?:.*\n)*?", pattern)  # ... alone on a line: any number of lines
    pattern = re.sub("(?m)\n\0$(?![\r\n])", r"(?:\n.*)*", pattern).replace("\0", ".*")
    text = "\n".join(line.rstrip() for line in found.rstrip("\n").split("\n"))
    return re.fullmatch(pattern, text) is not None


def play(text: str, folder: Path, env: dict[str, str] | None = None) -> None:
    """Run the transcript in ``folder`` and hold every answer against it."""
    for step in steps(text):
        for name, content in step.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content, "utf-8")
        done = subprocess.run(
            ["bash", "-c", step.command],
            cwd=folder, env=env or environment(folder), capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        said = f"line {step.number}: $ {step.command}\n{done.stdout}--- stderr\n{done.stderr}--- exit {done.returncode}"
        assert done.returncode == step.code, said
        while step.out and not step.out[-1].strip():
            step.out.pop()
        if step.out == ["-"]:
            assert not done.stdout, said
        elif step.out:
            assert matches(step.out, done.stdout), f"wanted:\n{chr(10).join(step.out)}\n\n{said}"
        rest = done.stderr.splitlines()
        for line in step.err:
            while rest and not matches([line], rest[0]):
                rest.pop(0)
            assert rest, f"wanted on stderr: {line}\n\n{said}"
