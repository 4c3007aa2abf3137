"""``python -m junkhound.kernel.compiled``: build the steps; says nothing when that is done, and why when it is not."""

from __future__ import annotations

import sys

from junkhound.kernel.compiled.building import build

if __name__ == "__main__":
    if why := build():
        sys.exit(f"junkhound: the compiled steps are not built: {why}")
