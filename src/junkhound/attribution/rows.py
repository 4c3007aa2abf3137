"""Operators' own tables as rows: CSV text and the records of MaxMind databases, whoever made them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from junkhound.attribution.operators import operator_type
from junkhound.attribution.pack import Row
from junkhound.kernel.errors import DataError
from junkhound.kernel.net import V4, Address, parse, parse_network
from junkhound.tables import Operator, country_number

# our field -> the names by which the usual tables call it, compared without case, spaces and underscores
_NAMES: dict[str, tuple[str, ...]] = {
    "network": ("network", "cidr", "prefix", "iprange", "range", "subnet"),
    "first": ("start", "startip", "ipstart", "iprangestart", "first", "rangestart", "ipfrom", "from"),
    "last": ("end", "endip", "ipend", "iprangeend", "last", "rangeend", "ipto", "to"),
    "asn": ("asn", "asnumber", "autonomoussystemnumber", "as", "originas", "asnum"),
    "organisation": (
        "org", "organisation", "organization", "asname", "autonomoussystemorganization", "asorg", "asorganization",
        "name", "isp", "provider",
    ),
    "country": ("country", "countrycode", "cc", "countryisocode", "isocode", "ascountry"),
    "operator": ("type", "astype", "usagetype", "operator"),
}  # fmt: skip
_FIELD = {name: ours for ours, names in _NAMES.items() for name in names}
_FAULTS = 20


def _plain(word: str) -> str:
    return "".join(letter for letter in word.lower() if letter.isalnum())


def read_csv(lines: Iterable[str], where: str = "the table") -> Iterator[Row]:
    """Rows of a CSV table with or without a header: ``start,end,asn,org`` or ``network,asn,org,country``.

    Without a header the columns are told by their looks in the first line. Errors: DataError naming the line.
    """
    reader = csv.reader(_without_comments(lines), skipinitialspace=True)
    columns: dict[str, int] | None = None
    made = 0
    try:
        for fields in reader:
            if not any(fields):
                continue
            if columns is None:
                columns, is_header = _columns(fields, where)
                if is_header:
                    continue
            yield _csv_row(fields, columns, f"{where}: line {reader.line_num}")
            made += 1
    except csv.Error as error:
        raise DataError(f"{where}: line {reader.line_num}: {error}", "is it a CSV file?") from None
    if not made:
        raise DataError(f"{where}: no networks in it", "expected lines such as 192.0.2.0/24,64496,Example Net,GB")


def _without_comments(lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        if number == 0:
            line = line.removeprefix("\ufeff")
        # a kept empty line keeps the line numbers true
        yield "\n" if line.startswith("#") else line


def _columns(fields: list[str], where: str) -> tuple[dict[str, int], bool]:
    """Which column is which, and whether this first line was a header."""
    named = {_FIELD[_plain(word)]: place for place, word in reversed(list(enumerate(fields))) if _plain(word) in _FIELD}
    if ("network" in named or {"first", "last"} <= named.keys()) and not _looks_like_address(fields[0]):
        if not named.keys() & {"asn", "country"}:
            raise DataError(
                f"{where}: its header names neither an ASN nor a country: {','.join(fields)!r}", "known: asn, country"
            )
        return named, True
    if not _looks_like_address(fields[0]):
        raise DataError(
            f"{where}: line 1 is neither a header nor a network: {','.join(fields)[:80]!r}",
            "expected network,asn,org,country or start,end,asn,org",
        )
    is_range = len(fields) > 1 and "/" not in fields[0] and _looks_like_address(fields[1])
    columns = {"first": 0, "last": 1} if is_range else {"network": 0}
    for place, word in enumerate(fields[len(columns) :], len(columns)):
        if "asn" not in columns and _asn(word):
            columns["asn"] = place
        elif "country" not in columns and len(word) == 2 and country_number(word):
            columns["country"] = place
        elif "organisation" not in columns:
            columns["organisation"] = place
    return columns, False


def _looks_like_address(word: str) -> bool:
    return parse_network(word) is not None or (word.isdigit() and len(word) > 4)


def _asn(word: str) -> int | None:
    digits = word.strip().upper().removeprefix("ASN").removeprefix("AS").strip()
    return (
        int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 10 and int(digits) < 1 << 32 else None
    )


def _csv_row(fields: list[str], columns: Mapping[str, int], where: str) -> Row:
    def field(name: str) -> str:
        place = columns.get(name)
        return fields[place].strip() if place is not None and place < len(fields) else ""

    first, last, bits = _span(field, where)
    asn = _asn(field("asn")) if field("asn") not in ("", "-", "None") else 0
    if asn is None:
        raise DataError(f"{where}: not an ASN: {field('asn')!r}", "write 64496 or AS64496")
    country, kind = country_number(field("country")), operator_type(field("operator"))
    return Row(first, last, asn, field("organisation"), country, bits, kind)


def _span(field: Callable[[str], str], where: str) -> tuple[int, int, int]:
    if words := field("network"):
        network = parse_network(words)
        if network is None:
            raise DataError(f"{where}: not a network: {words!r}", "write 192.0.2.0/24 or 2001:db8::/32")
        return _number(network.first), _number(network.last), network.bits
    ends = []
    for name in ("first", "last"):
        words = field(name)
        address = parse(words)
        if address is None and words.isascii() and words.isdigit() and len(words) < 40:  # numeric form
            number = int(words)
            ends.append(V4 | number if number < 1 << 32 else number)
        elif address is not None:
            ends.append(_number(address))
        else:
            raise DataError(f"{where}: not an address: {words!r}", "write 192.0.2.0 or 2001:db8::")
    first, last = ends
    if first > last or last >> 128 or (first >> 32 == 0xFFFF) != (last >> 32 == 0xFFFF):
        raise DataError(f"{where}: a range that ends before it starts: {field('first')!r} to {field('last')!r}")
    return first, last, 0


def _number(address: Address) -> int:
    return address.hi << 64 | address.lo


def read_records(networks: Iterable[tuple[Any, Any]], where: str = "the table") -> Iterator[Row]:
    """Rows of a MaxMind database, given its (network, record) pairs.

    Reads the nested names of GeoLite2 (``country.iso_code``) and the flat ones of IPinfo and DB-IP
    (``country_code``, ``asn`` as ``AS64496``, ``as_name``). Errors: DataError if no record names ASN or country.
    """
    made = 0
    for network, record in networks:
        row = _record_row(network, record) if isinstance(record, Mapping) else None
        if row is not None:
            made += 1
            yield row
    if not made:
        raise DataError(
            f"{where}: no record has an ASN or a country",
            "GeoLite2 ASN, GeoLite2 Country, IPinfo Lite and DB-IP Lite are known",
        )


def _record_row(network: Any, record: Mapping[str, Any]) -> Row | None:
    asn, organisation, kind = _record_network(record)
    country = _record_country(record)
    if not asn and not country:
        return None
    first, last = int(network.network_address), int(network.broadcast_address)
    bits = network.prefixlen
    if network.version == 4:
        first, last, bits = V4 | first, V4 | last, bits + 96
    return Row(first, last, asn, organisation, country, bits if asn else 0, kind)


def _record_network(record: Mapping[str, Any]) -> tuple[int, str, Operator]:
    flat: dict[str, str] = {}
    for holder in (record, record.get("asn"), record.get("as"), record.get("traits")):
        if isinstance(holder, Mapping):
            for name, value in holder.items():
                field = _FIELD.get(_plain(name))
                if field in ("asn", "organisation", "operator") and isinstance(value, (str, int)):
                    flat.setdefault(field, str(value))
    return _asn(flat.get("asn", "")) or 0, flat.get("organisation", ""), operator_type(flat.get("operator", ""))


def _record_country(record: Mapping[str, Any]) -> int:
    """The country the address is used in, else the one it is registered in."""
    for name in ("country_code", "country", "registered_country"):
        value = record.get(name)
        if isinstance(value, Mapping):
            value = value.get("iso_code") or value.get("code")
        if isinstance(value, str) and (number := country_number(value)):
            return number
    return 0
