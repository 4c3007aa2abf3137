"""Pack the route table that ships with Junkhound: fetch two npm packages, write one dated file.

    python tools/pack_routes.py                  # npm pack both, write src/junkhound/attribution/data/
    python tools/pack_routes.py --from FOLDER    # use .tgz files that are already there

The packages: ``@ip-location-db/asn`` (address -> ASN and organisation; CC BY 4.0: RouteViews, DB-IP, NRO) and
``@ip-location-db/geo-whois-asn-country`` (address -> country; CC0 and CC BY 4.0: NRO). Their makers warn of
errors in them and say that they will not be renewed there: the file is dated and replaceable
(``junkhound data import``). IPv6 networks longer than /64, special-purpose space (RFC 6890) and
reserved ASNs are left out.
"""

from __future__ import annotations

import argparse
import csv
import io
import re
import subprocess
import sys
import tarfile
import tempfile
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path

from junkhound.attribution import RouteTable, Row, pack
from junkhound.kernel.net import V4, special_networks
from junkhound.tables import country_number

PACKAGES = ("@ip-location-db/asn", "@ip-location-db/geo-whois-asn-country")
DATA = Path(__file__).resolve().parent.parent / "src/junkhound/attribution/data"
LICENCE = (
    "CC BY 4.0: contains data of RouteViews (routeviews.org), DB-IP (https://db-ip.com) and the Number Resource"
    " Organization (nro.net), merged by ip-location-db and repacked by Junkhound; IP geolocation by DB-IP"
)
_64 = (1 << 64) - 1

# the registries' own data put a country to documentation and private networks; nobody's mail comes from there
SPECIAL = sorted(
    (network.first.hi << 64 | network.first.lo, network.last.hi << 64 | network.last.lo)
    for network, _ in special_networks()
)

# for documentation, private use and transition (IANA's registry of AS numbers); some leak into routing
RESERVED_ASNS = ((0, 0), (23456, 23456), (64496, 65551), (4200000000, 4294967295))


def tables(archive: Path) -> Iterator[tuple[bool, list[str]]]:
    """(is IPv4, fields) of every line of the numeric CSV tables in one npm archive."""
    with tarfile.open(archive) as tar:
        for member in sorted(tar.getmembers(), key=lambda member: member.name):
            if member.name.endswith("-num.csv"):
                content = tar.extractfile(member)
                assert content is not None
                for fields in csv.reader(io.TextIOWrapper(content, "utf-8", newline="")):
                    yield "ipv4" in member.name, fields


def rows(asn: Path, country: Path) -> Iterator[Row]:
    """Both tables as rows of one."""
    for is_v4, (first, last, number, name) in tables(asn):
        if any(low <= int(number) <= high for low, high in RESERVED_ASNS):
            continue
        for low, high in spans(is_v4, int(first), int(last)):
            yield Row(low, high, int(number), name)
    for is_v4, (first, last, code) in tables(country):
        for low, high in spans(is_v4, int(first), int(last)):
            yield Row(low, high, country=country_number(code))


def spans(is_v4: bool, first: int, last: int) -> Iterator[tuple[int, int]]:
    """The range in the 128-bit space without special-purpose networks; IPv6 cut to whole /64s."""
    low, high = (V4 + first, V4 + last) if is_v4 else (first + _64 & ~_64, (last + 1 & ~_64) - 1)
    for start, end in SPECIAL[bisect_left(SPECIAL, low, key=lambda span: span[1]) :]:
        if start > high:
            break
        if low < start:
            yield low, start - 1
        low = end + 1
    if low <= high:
        yield low, high


def main() -> None:
    """Fetch, pack, read back, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="folder", type=Path, help="folder that holds both .tgz files")
    parser.add_argument("--to", type=Path, default=DATA, help="folder the table is written to")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.folder or Path(scratch)
        if given.folder is None:
            subprocess.run(["npm", "pack", "--silent", *PACKAGES], cwd=folder, check=True)
        archives = [next(iter(sorted(folder.glob(f"{name[1:].replace('/', '-')}-[0-9]*.tgz")))) for name in PACKAGES]
        version = re.search(r"(\d{4})(\d{2})(\d{2})\d*\.tgz$", archives[0].name)
        assert version is not None, archives[0].name
        date = "-".join(version.groups())
        source = " + ".join(archive.name.removesuffix(".tgz") for archive in archives)
        content = pack(rows(*archives), name="embedded", date=date, source=source, licence=LICENCE)
    table = RouteTable.from_bytes(content)
    given.to.mkdir(parents=True, exist_ok=True)
    for old in given.to.glob("*.routes"):
        old.unlink()
    target = given.to / f"{date}.routes"
    target.write_bytes(content)
    print(f"{target}: {len(content):,} bytes, {table.header.routes:,} routes", file=sys.stderr)


if __name__ == "__main__":
    main()
