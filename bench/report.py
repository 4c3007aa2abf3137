"""The figures as a table: what, the bar, what was measured, the wall beside it, the peer of the same run, met or not.

Each section's JSON becomes rows by a function of its name; where a peer or the corpus was absent, the row says so.
"""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

PAGE = Path(__file__).parents[1] / "docs/figures.md"
BEGIN = "<!-- measured: made by `make bench`, do not edit below -->"
END = "<!-- end of what was measured -->"
VERSIONS = ("numpy", "selectolax", "pyarrow", "duckdb", "mail-parser", "aiosmtpd")
SPAM, PHISH = "spam 2002", "phish 2022-26"  # as bench.analyse names them
SPINE, FULL = "analyse: the row of the spine", "analyse: the whole row"
EVERYTHING_US = 430


class Row(NamedTuple):
    """One line of the table; ``met`` is None where nothing was measured or no bar is set."""

    what: str
    bar: str
    measured: str
    beside: str = ""
    peer: str = ""
    met: bool | None = None


def machine() -> dict[str, str]:
    """What the figures were measured on, and when."""
    model = ""
    with Path("/proc/cpuinfo").open(encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    found = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "processor": f"{os.cpu_count()} x {model or platform.machine()}",
        "memory": f"{memory:.0f} GiB",
        "load before": f"{os.getloadavg()[0]:.1f}",
        "Python": platform.python_version(),
    }
    for name in VERSIONS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def analyse(found: dict[str, Any]) -> Iterator[Row]:
    for name, mails, bar_us in ((SPAM, "spam of 6.5 kB", 300), (PHISH, "phish of 38 kB", 770)):
        bar = f"at most {bar_us} us CPU"
        if name not in found:
            yield Row(f"analyse, per core, {mails}", bar, "not measured: no development corpus")
            continue
        here = found[name]
        us = here["cpu_us"][SPINE]
        size = f"{here['mean_bytes'] / 1000:.1f} kB mean"
        rate = f"{1e6 / us:,.0f} mails/s a core, {size}"
        build = here.get("build", "")
        yield Row(f"analyse, per core, {mails}", bar, f"{us:.0f} us", f"{rate}; {build}", met=us <= bar_us)
        full = here["cpu_us"][FULL]
        more = f"at most {EVERYTHING_US} us CPU" if name == SPAM else ""
        yield Row(
            f"the same with what campaigns ask of the text, {mails}", more, f"{full:.0f} us",
            f"{1e6 / full:,.0f} mails/s a core", met=full <= EVERYTHING_US if more else None,
        )  # fmt: skip
        if "plain_us" in here:
            plain = here["plain_us"]
            yield Row(
                f"the two in plain Python, {mails}", "", f"{plain[SPINE]:.0f} us; {plain[FULL]:.0f} us",
                "without the compiled steps",
            )  # fmt: skip
    what = "analyse against mail-parser's bare parse"
    if "mail-parser, bare parse" not in found.get(SPAM, {}).get("ratios", {}).get(SPINE, {}):
        yield Row(f"{what}, spam", "at least 7 times", "not measured: no mail-parser")
        return
    for name, mails in ((SPAM, "spam"), (PHISH, "phish")):
        ratios = found.get(name, {}).get("ratios")
        if ratios is None:
            continue
        ratio, full = (ratios[row]["mail-parser, bare parse"] for row in (SPINE, FULL))
        stdlib = ratios[SPINE].get("stdlib email (compat32), bare parse", 0.0)
        yield Row(
            f"{what}, {mails}", "at least 7 times", f"{ratio:.1f} times", f"{full:.1f} times with what campaigns ask",
            f"bare parse of stdlib email: {stdlib:.2f} times our analysis", met=ratio >= 7,
        )  # fmt: skip


def rspamd(found: dict[str, Any]) -> Iterator[Row]:
    what, bar = "analyse against rspamd, spam", "at least 10 times"
    if "absent" in found or SPAM not in found:
        yield Row(what, bar, f"not measured: {found.get('absent', 'no development corpus')}")
        return
    for name, words, least in ((SPAM, what, 10), (PHISH, "analyse against rspamd, phish", None)):
        here = found[name]
        yield Row(
            words, bar if least else "", f"{here['ratio']:.1f} times",
            f"{here['analyse_us']:.0f} us", f"rspamd {found['version']}: {here['rspamd_us']:,} us CPU",
            None if least is None else here["ratio"] >= least,
        )  # fmt: skip
        yield Row(
            f"the same with what campaigns ask of the text, {words.rpartition(' ')[2]}",
            "at least 7.5 times" if least else "", f"{here['whole_ratio']:.1f} times", f"{here['whole_us']:.0f} us",
            met=here["whole_ratio"] >= 7.5 if least else None,
        )  # fmt: skip


def ingest(found: dict[str, Any]) -> Iterator[Row]:
    first, again = found["first"], found["again"]
    of = f"{first['mails']:,} mails of {found['mean_bytes'] / 1000:.1f} kB, {found['source']}"
    for name, words, least in (
        ("spine", f"files to committed ledger, 2 cores ({of})", 5000),
        ("first", "the same with what campaigns ask of the text", 4000),
    ):
        if name in found:
            here = found[name]
            rate = here["mails_per_s_2_cores_cpu"]
            yield Row(
                words, f"{least:,} mails a second", f"{rate:,} a second",
                f"{here['cpu_us_per_mail']:.0f} us CPU a mail; wall {here['mails_per_s_wall']:,} a second",
                met=rate >= least,
            )  # fmt: skip
    early, late = first["resident_mb_first_half"], first["resident_mb_second_half"]
    yield Row(
        "memory of that run, all processes", "flat", f"{early} MB in its first half, {late} MB in its second",
        met=late <= early * 1.1,
    )  # fmt: skip
    known = 1e6 / again["cpu_us_per_mail"]
    yield Row(
        "known mail read again, one process", "20,000 mails a second", f"{known:,.0f} a second",
        f"wall {again['mails_per_s_wall']:,} a second", met=known >= 20_000,
    )  # fmt: skip


def million(found: dict[str, Any]) -> Iterator[Row]:
    run = found["first"]
    tenths = run["resident_mb"]
    early, late = max(tenths[1 : len(tenths) // 2]), max(tenths[len(tenths) // 2 : -1])
    mails = f"{run['mails']:,} made-up mails of {found['mean_bytes'] / 1000:.1f} kB, no two alike"
    yield Row(
        f"memory of all processes over {mails}", "flat", f"{early} MB in its first half, {late} MB in its second",
        f"medians of tenths: {', '.join(map(str, tenths))} MB", met=late <= early * 1.1,
    )  # fmt: skip


def ledger(found: dict[str, Any]) -> Iterator[Row]:
    rows = f"{found['rows'] / 1e6:.3g} million sightings"
    asked = found["look_ups"]
    for name, words in (("days", "daily series"), ("newest", "newest 1,000 rows")):
        for chosen, bar in (("by volume", "99 of 100 within 50 ms"), ("light", "")):
            here = asked[f"{name}, {chosen}"]
            cpu = here.get("p99_cpu_ms")
            judged = here["p99_ms"] if cpu is None else cpu
            yield Row(
                f"one address among {rows}, {words}, {chosen}", bar, f"p99 {judged:.0f} ms" + (" CPU" if cpu else ""),
                f"wall p50 {here['p50_ms']:.0f}, p99 {here['p99_ms']:.0f} ms", met=judged < 50 if bar else None,
            )  # fmt: skip
        cold, heaviest = asked[f"{name}, cold"], asked[f"{name}, heaviest"]
        yield Row(
            f"the same, {words}: cold; the heaviest address", "",
            f"{cold['cpu_ms']:.0f}; {heaviest['cpu_ms']:.0f} ms CPU",
            f"wall {cold['wall_ms']:.0f}; {heaviest['wall_ms']:.0f} ms",
        )  # fmt: skip
    size = found["bytes_a_sighting"]["sightings"]
    yield Row(f"bytes on disk, {rows}", "under 130 a sighting", f"{size:.0f}", met=size < 130)
    rank = found["top persistence"]
    yield Row(
        f"ranking all sources by persistence, {rows}", "under 5 s", f"{rank['cpu_ms'] / 1e3:.2f} s CPU",
        f"wall {rank['wall_ms'] / 1e3:.2f} s", met=rank["cpu_ms"] < 5000,
    )  # fmt: skip


def sides(found: dict[str, Any]) -> Iterator[Row]:
    parts = found["bytes_a_sighting"]
    size = sum(parts[name] for name in ("sightings", "keys", "sessions", "templates"))
    words = ", ".join(f"{name} {parts[name]:.0f}" for name in ("sightings", "keys", "sessions", "templates"))
    what = f"bytes on disk with side tables, {found['rows'] / 1e6:.3g} million sightings"
    yield Row(what, "under 300 a sighting", f"{size:.0f}", words, met=size < 300)


def dns(found: dict[str, Any]) -> Iterator[Row]:
    bars = {"100": 1.4, "400": 1.15}
    for size, here in found["outstanding"].items():
        ours, theirs = here["junkhound"], here.get("rbldnsd")
        bar = bars.get(size) if theirs else None
        yield Row(
            f"a DNS question, {int(size):,} outstanding, {found['entries']:,} entries",
            f"at most {bar} of rbldnsd's CPU" if bar else "",
            f"{ours['cpu_us']:.1f} us" + (f", {here['ratio']:.2f} of rbldnsd's" if theirs else ""),
            f"wall {ours['qps']:,} a second", f"rbldnsd {theirs['cpu_us']:.1f} us" if theirs else "rbldnsd: not here",
            here["ratio"] <= bar if bar else None,
        )  # fmt: skip
    lost = found["lost of a burst of 400"]
    peer = f"rbldnsd {lost['rbldnsd']}" if "rbldnsd" in lost else ""
    yield Row("questions lost of a burst of 400", "none", str(lost["junkhound"]), peer=peer, met=lost["junkhound"] == 0)
    if "swap" in found:
        entries, new = f"{found['entries']:,} entries", found["swap"]
        size, live = found["rss_mb after"], new["live_s"]
        yield Row(f"memory of the responder, {entries}", "at most 100 MB", f"{size:.0f} MB", met=size <= 100)
        yield Row(f"new data live, {entries}, under load", "within 2 s", f"{live:.2f} s", met=live < 2)
        bad = new["wrong"] + new["failed"] + int(new["lost"])
        what = f"wrong, failed or lost answers meanwhile, of {new['checked']:,} checked"
        yield Row(what, "none", str(bad), met=bad == 0)


def smtp(found: dict[str, Any]) -> Iterator[Row]:
    """A mail by each way of sending; how many times aiosmtpd's cost ours is, on the same event loop."""
    ours, theirs = found["junkhound"], found.get("aiosmtpd, uvloop", found["aiosmtpd"])
    bars = {"8 kB reused": (200, 4), "38 kB reused": (0, 8)}
    for way, us in ours.items():
        others = ", ".join(f"{name} {here[way]:.0f}" for name, here in found.items() if name != "junkhound")
        most, times = bars.get(way, (0, 0))
        words = [f"at most {most} us CPU"] if most else []
        words += [f"aiosmtpd at least {times} times"] if times else []
        fast, ratio = not most or us <= most, theirs[way] / us
        yield Row(
            f"a mail taken by SMTP and synced, {way}", ", ".join(words), f"{us:.0f} us, aiosmtpd {ratio:.1f} times",
            f"{1e6 / us:,.0f} a second and core", others, fast and ratio >= times if times else None,
        )  # fmt: skip


def guard(found: dict[str, Any]) -> Iterator[Row]:
    base = f"{found['mails']:,} mails, {found['of']}, {found['mean_bytes']:,} bytes; a pack of {found['pack_mb']} MB"
    for kind in ("milter", "http"):
        here = found[kind]
        what = f"the guard by {kind}"
        yield Row(
            f"{what}: mails a second and core", "1,000", f"{here['per_s_core']:,}",
            f"{here['cpu_us']:,} us CPU; {here['wall_per_s']:,} a second by wall, four clients; {base}",
            met=here["per_s_core"] >= 1000,
        )  # fmt: skip
        yield Row(
            f"{what}: 99 of 100 answered within", "20 ms", f"{here['p99_ms']:.1f} ms", f"p50 {here['p50_ms']:.1f} ms",
            met=here["p99_ms"] < 20,
        )  # fmt: skip
        yield Row(f"{what}: memory", "500 MB", f"{here['memory_mb']} MB", met=here["memory_mb"] < 500)


def serve(found: dict[str, Any]) -> Iterator[Row]:
    what = f"serve at {found['asked_a_second']:,} mails a second for {found['seconds'] / 60:.0f} minutes"
    lost = found["acknowledged"] - found["rows"]
    cpu = ", ".join(f"{role} {us:.0f}" for role, us in found["cpu_us_per_mail"].items())
    yield Row(
        f"{what}: mails lost", "none", f"{lost} of {found['acknowledged']:,}, {found['refused']} refused",
        f"{found['a_second']:,} a second; CPU us a mail: {cpu}", met=lost == 0,
    )  # fmt: skip
    early, late = found["resident_mb_first_half"], found["resident_mb_second_half"]
    yield Row(
        "the same: memory of all its processes", "no growth", f"{early} MB in its first half, {late} MB in its second",
        met=late <= early * 1.1 + 16,
    )  # fmt: skip
    early, late = found["spool_mb_first_half"], found["spool_mb_second_half"]
    yield Row(
        "the same: backlog in the spool when it ended", "no growth", f"gone in {found['drained_s'] + 1:.0f} s",
        f"at most {early} MB in its first half, {late} MB in its second", met=found["drained_s"] <= 10,
    )  # fmt: skip
    for words, key, bar in (("a row that can be read", "row_s", 10), ("a listing of scope own", "listing_s", 90)):
        here = found[key]
        p95 = here.get("p95", float("inf"))
        yield Row(
            f"from 250 to {words}", f"95 of 100 within {bar} s", f"p95 {p95:.1f} s",
            f"p50 {here.get('p50', 0):.1f} s of {here['count']}", met=p95 < bar,
        )  # fmt: skip


def decide(found: dict[str, Any]) -> Iterator[Row]:
    rows = f"{found['rows'] / 1e6:.3g} million sightings over {found['days']} days"
    full, later = found["full"], found["after_new_rows"]
    yield Row(
        f"a list decided from nothing, {rows}", "under 30 s", f"{full['cpu_s']:.1f} s CPU",
        f"wall {full['wall_s']:.1f} s; {full['decisions']:,} decisions, {full['entries']:,} entries",
        met=full["cpu_s"] < 30,
    )  # fmt: skip
    spent, wall = found["median_cpu_s"], max(one["wall_s"] for one in later)
    looked, listed = (round(statistics.median(one[name] for one in later)) for name in ("decisions", "listed"))
    yield Row(
        "the same after 10,000 new rows", "under 2 s", f"{spent:.2f} s CPU, the median of {len(later)}",
        f"wall {wall:.2f} s at most; {looked:,} decisions, {listed:,} new listings", met=spent < 2,
    )  # fmt: skip


READERS: dict[str, Callable[[dict[str, Any]], Iterator[Row]]] = {
    "analyse": analyse, "rspamd": rspamd, "ingest": ingest, "million": million, "ledger": ledger, "decide": decide,
    "sides": sides, "dns": dns, "lists": dns, "smtp": smtp, "guard": guard, "serve": serve,
}  # fmt: skip


def rows(measured: dict[str, dict[str, Any]]) -> list[Row]:
    """The rows of all sections in their order; a section that failed or changed its form gives one that says so."""
    made: list[Row] = []
    for name, section in measured.items():
        if "failed" in section:
            made.append(Row(name, "", f"not measured: {section['failed']}"))
            continue
        try:
            made += list(READERS[name](section["found"]))
        except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
            made.append(Row(name, "", f"not read: {type(error).__name__} {error}; see bench/out/{name}.json"))
    return made


def table(measured: dict[str, dict[str, Any]]) -> str:
    """The rows in Markdown."""
    lines = ["| what | must reach | measured | beside | peers, same run | met |", "|---|---|---|---|---|---|"]
    for row in rows(measured):
        met = {None: "", True: "yes", False: "**no**"}[row.met]
        cells = (row.what, row.bar, row.measured, row.beside, row.peer, met)
        lines.append("| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |")
    return "\n".join(lines)


def measured_part(measured: dict[str, dict[str, Any]], where: dict[str, str], code: str = "") -> str:
    """What stands between the marks; ``code`` is the state of the sources, of which every section should be."""
    said = "; ".join(f"{word} {value}" for word, value in where.items() if not word.startswith(("load", "date")))
    lines = ["| part | taken | load before, after | time taken |", "|---|---|---|---|"]
    for name, section in measured.items():
        if "at" not in section:
            continue
        older = "" if section.get("code") == code else ", an earlier state of the code"
        load = " to ".join(section["load"])
        lines.append(f"| {name} | {section['at']}{older} | {load} | {section['seconds']:.0f} s |")
    busy = "A load over 1 before a part says that others were at work: CPU times are then too long by up to a half or"
    busy += " more, figures against a peer of the same run are not."
    return f"## Measured\n\n{said}.\n\n{table(measured)}\n\n{busy}\n\n" + "\n".join(lines)


def rewrite(page: str, part: str) -> str:
    """The page with ``part`` between its marks."""
    head, _, rest = page.partition(BEGIN)
    tail = rest.partition(END)[2]
    return f"{head.rstrip()}\n\n{BEGIN}\n\n{part}\n\n{END}{tail or chr(10)}"
