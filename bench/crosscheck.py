"""Addresses a second and core that ``crosscheck`` asks fourteen lists about, on loopback, kept with their history.

    python -m bench.crosscheck                     20,000 addresses, against a local rbldnsd with 14 zones

CPU is this process's own, so that a busy machine distorts it less than times would. ``asked`` is the asking alone;
``all`` is the verb with what it stores.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import random
import subprocess
import tempfile
import time
from pathlib import Path

from bench.dns import SBIN, free_port
from junkhound.kernel.config import Config, Crosscheck, Foreign, Lookup, NetworkSection, Store
from junkhound.kernel.errors import Temporary
from junkhound.verbs import crosscheck
from junkhound.verbs.office import Office

ZONES = [f"list{n}.bl.example.org" for n in range(14)]


def addresses(count: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    return [".".join(map(str, (rng.randrange(11, 100), *rng.randbytes(3)))) for _ in range(count)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--addresses", type=int, default=20_000)
    options = parser.parse_args()
    asked = addresses(options.addresses, 1)
    listed = random.Random(2).sample(asked, len(asked) // 10) + addresses(100_000, 3)
    with tempfile.TemporaryDirectory(prefix="junkhound-bench-crosscheck-") as made, contextlib.ExitStack() as stack:
        folder = Path(made)
        folder.chmod(0o755)
        (folder / "ip4set").write_text(":127.0.0.2:listed\n127.0.0.2\n" + "\n".join(listed) + "\n")
        port = free_port()
        user = ["-u", "nobody:nogroup"] if os.geteuid() == 0 else []
        command = ["rbldnsd", "-n", *user, "-w", made, "-b", f"127.0.0.1/{port}"]
        server = subprocess.Popen(
            [*command, *(f"{zone}:ip4set:ip4set" for zone in ZONES)], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env={**os.environ, "PATH": SBIN},
        )  # fmt: skip
        stack.callback(server.wait)
        stack.callback(server.terminate)
        lists = {f"list{n}": Foreign(zone=zone, codes=("127.0.0.2=spam",)) for n, zone in enumerate(ZONES)}
        settings = Config(
            store=Store(home=str(folder / "home")), network=NetworkSection(allow_documentation=True), blocklists=lists,
            lookup=Lookup(resolver=f"127.0.0.1:{port}"), crosscheck=Crosscheck(per_second=0),
        )  # fmt: skip
        office = Office(dataclasses.replace(settings))
        asking = crosscheck.Round(office)
        until = time.monotonic() + 20
        while True:
            with contextlib.suppress(Temporary):
                asking.ask(asked[:10])
                if set(asking.states.values()) == {None}:
                    break
            asking.states = {}
            if time.monotonic() > until:
                raise SystemExit("rbldnsd does not answer")
        answer = {"date": time.strftime("%Y-%m-%d"), "addresses": len(asked), "zones": len(ZONES),
                  "load average": round(os.getloadavg()[0], 1)}  # fmt: skip
        before, start = time.process_time(), time.monotonic()
        found = asking.ask(asked)
        spent = time.process_time() - before
        answer["asked"] = {"addresses_s_core": round(len(asked) / spent), "wall_s": round(time.monotonic() - start, 2),
                           "us_a_question": round(1e6 * spent / len(asked) / len(ZONES), 1)}  # fmt: skip
        hits = sum(any(said.outcome == "listed" for said in words) for words in found.values())
        assert hits >= len(asked) // 10, hits
        before, start = time.process_time(), time.monotonic()
        done = sum(1 for _ in crosscheck.check(office, asked))
        spent = time.process_time() - before
        answer["all"] = {"addresses_s_core": round(done / spent), "wall_s": round(time.monotonic() - start, 2)}
        print(json.dumps(answer, indent=2))


if __name__ == "__main__":
    main()
