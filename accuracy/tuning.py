"""Makes the worlds on which weights of tracing are fitted: a week in which every bot engine is met.

python -m accuracy.tuning FOLDER SEED [2006|modern]

A week of tier S has four botnets, so four of the eight engines that detectors may be tuned on; those of two months have
twelve. A weight fitted on four engines fails on the others. So these worlds are of tier S with twelve botnets and less
good mail; engines and strategies that are kept for evaluation are in none of them.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from tempfile import TemporaryDirectory

from spamworld import parameters
from spamworld.out import generate

CHANGED = {"botnets": "12", "good": "0.4"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m accuracy.tuning", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("seed", type=int)
    parser.add_argument("variant", nargs="?", default="2006", choices=["2006", "modern"])
    asked = parser.parse_args()
    if asked.seed >= 100:
        parser.error("seeds from 100 on are not for tuning")
    head, tier, rest = parameters.TABLE.read_text("utf-8").partition("[tier.S]")
    section, more, tail = rest.partition("\n[")
    for name, value in CHANGED.items():
        section = re.sub(rf"(?m)^{name} = {{ value = [\d.]+", f"{name} = {{ value = {value}", section)
    with TemporaryDirectory() as scratch:
        parameters.TABLE = Path(scratch) / "parameters.toml"
        parameters.TABLE.write_text(head + tier + section + more + tail, "utf-8")
        generate.generate(generate.Order("S", asked.seed, asked.variant, ""), asked.folder, 2, True, lambda *_: None)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
