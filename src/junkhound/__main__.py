"""``junkhound`` and ``python -m junkhound``: the pipe without loading a command line, all else through ``cli``."""

from __future__ import annotations

import os
import sys
from typing import NoReturn


def main() -> NoReturn:
    """A mail server starts a process for every mail: ``junkhound [--config F] [--home D] pipe ...`` must be quick."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # we multiply no matrices: no threads for them
    argv = sys.argv[1:]
    at = 0
    while at < len(argv) and argv[at].startswith(("--config", "--home")):
        at += 1 if "=" in argv[at] else 2
    if argv[at : at + 1] == ["pipe"]:
        from junkhound.intake import pipe

        pipe.main(argv[:at] + argv[at + 1 :])
    from junkhound.cli import main as command_line

    command_line()
    sys.exit(0)


if __name__ == "__main__":
    main()
