"""How likely an address sends again within a day: the fit behind ``junkhound.listing.hazard``, from tuning worlds.

python -m accuracy.hazard HOME...     homes of half A of tuning worlds, as `accuracy.lists.ingest` makes them

Prints the coefficients and, by tenths of the forecast, what was forecast and what came.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from junkhound.kernel import config
from junkhound.tables import Clue, Kind
from junkhound.verbs.office import Office

NAMES = ("intercept", "hours, half-life 6 h", "hours, half-life 3 d", "dynamic", "days of silence")
_EVERY_H, _WITHIN_H, _LONGEST_H = 3, 24, 120

Array = Any


def moments(home: Path) -> tuple[Array, Array]:
    """Quiet moments of addresses that two vantages have seen: what was known then, and whether they came back."""
    office = Office(config.load(home / "junkhound.toml"))
    rows = office.ledger.query().units(0, 1 << 62)
    office.ledger.close()
    hours: dict[tuple[int, int], set[int]] = defaultdict(set)
    first: dict[tuple[int, int], dict[int, int]] = defaultdict(dict)
    dynamic: dict[tuple[int, int], bool] = defaultdict(bool)
    junk = rows["kind"] == int(Kind.JUNK)
    columns = (rows[name][junk].tolist() for name in ("addr_hi", "addr_lo", "hour", "vantage", "clues"))
    for hi, lo, hour, vantage, clues in zip(*columns, strict=True):
        hours[hi, lo].add(hour)
        first[hi, lo][vantage] = min(hour, first[hi, lo].get(vantage, hour))
        dynamic[hi, lo] |= bool(clues & Clue.DYNAMIC_RDNS)
    end = int(rows["hour"].max())
    known, came = [], []
    for machine, seen in hours.items():
        if len(first[machine]) < 2:
            continue
        times = np.array(sorted(seen))
        for at in range(sorted(first[machine].values())[1] + 1, end - _WITHIN_H, _EVERY_H):
            ages = (at - times[times <= at]).astype(float)
            if ages.min() <= _LONGEST_H:
                decayed = [float(np.log1p((0.5 ** (ages / tau)).sum())) for tau in (6, 72)]
                known.append((1.0, *decayed, float(dynamic[machine]), float(np.log1p(ages.min() / 24))))
                came.append(bool(((times > at) & (times <= at + _WITHIN_H)).any()))
    return np.array(known), np.array(came, float)


def fit(known: Array, came: Array) -> Array:
    """Coefficients of a logistic regression, by Newton's steps."""
    found = np.zeros(known.shape[1])
    for _ in range(50):
        share = 1 / (1 + np.exp(-known @ found))
        slope = known.T @ (share - came) + 1e-3 * found
        curve = (known * (share * (1 - share))[:, None]).T @ known + 1e-3 * np.eye(len(found))
        step = np.linalg.solve(curve, slope)
        found -= step
        if np.abs(step).max() < 1e-9:
            break
    return found


def main() -> int:
    if not sys.argv[1:]:
        print(__doc__)
        return 64
    made = [moments(Path(home)) for home in sys.argv[1:]]
    known, came = np.concatenate([one for one, _ in made]), np.concatenate([one for _, one in made])
    found = fit(known, came)
    print(f"{len(came):,} moments, {came.mean():.1%} with a further sighting within {_WITHIN_H} hours")
    for name, value in zip(NAMES, found, strict=True):
        print(f"  {name:22} {value:7.3f}")
    share = 1 / (1 + np.exp(-known @ found))
    for low in np.arange(0, 1, 0.1):
        inside = (share >= low) & (share < low + 0.1)
        if inside.any():
            print(f"  {low:.1f}: forecast {share[inside].mean():.3f}, came {came[inside].mean():.3f}, {inside.sum():,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
