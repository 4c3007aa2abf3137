"""One process of the service: ``python -m junkhound.service ROLE NAME``; the supervisor starts it."""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import socket
import sys
import threading

from junkhound.kernel.errors import JunkhoundError
from junkhound.service.log import say
from junkhound.service.notes import Notes
from junkhound.verbs.office import open_office

ROLES = {"trap": "trapping", "judge": "judging", "decider": "deciding", "janitor": "keeping", "dns": "naming",
         "grouper": "grouping", "sensor": "reporting", "logs": "following", "pictures": "looking",
         "files": "scanning"}  # fmt: skip
_PR_SET_PDEATHSIG = 1


def main() -> int:
    """Run one role until SIGTERM; the exit code is that of STYLE's table."""
    parser = argparse.ArgumentParser(prog="junkhound.service", description=__doc__)
    parser.add_argument("role", choices=sorted(ROLES))
    parser.add_argument("name")
    parser.add_argument("--config")
    parser.add_argument("--home")
    parser.add_argument("--sockets", default="")
    parser.add_argument("--at")
    said = parser.parse_args()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the supervisor, which ends us in order
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    try:
        office = open_office(said.config, said.home, said.at)
        os.umask(0o077)
        notes = Notes(office.home, said.name)
        notes.write(force=True)
        _run(said.role, office, stop, notes, said.sockets)
        notes.remove()
    except JunkhoundError as error:
        say(said.name, error.message, **({"hint": error.hint} if error.hint else {}))
        return error.exit_code
    return 0


def _run(role: str, office: object, stop: threading.Event, notes: Notes, sockets: str) -> None:
    import importlib

    run = importlib.import_module(f"junkhound.service.{ROLES[role]}").run
    if role == "trap":
        handed = []
        for words in filter(None, sockets.split(",")):
            protocol, _, number = words.partition(":")
            handed.append((protocol, socket.socket(fileno=int(number))))
        run(office, stop, notes, handed)
    else:
        run(office, stop, notes)


if __name__ == "__main__":
    sys.exit(main())
