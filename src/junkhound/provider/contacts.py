"""The operator's table of abuse contacts: by network, AS or domain; TOML, CSV, or a list in JSON.

```
[[contact]]                        key,mail,name,url,note
for = "192.0.2.0/24"               192.0.2.0/24,abuse@access.example,Access,,answers in two days
mail = "abuse@access.example"      AS64500,noc@transit.example,,,
name = "Access"                    access.example,,Access,https://access.example/abuse,form only
```
"""

from __future__ import annotations

import csv
import io
import json
import re
import tomllib
from collections.abc import Iterable
from typing import Any

import msgspec

from junkhound.content import registrable
from junkhound.kernel.errors import ConfigError
from junkhound.kernel.net import Address, Network, parse_network

_AS = re.compile(r"AS(\d{1,10})\Z", re.IGNORECASE)
_MAIL = re.compile(r"[^\s@<>\"]{1,64}@[A-Za-z0-9.-]{1,253}\Z")
_FIELDS = ("mail", "name", "url", "note")


class Contact(msgspec.Struct, frozen=True):
    """Whom to write to about a network, an AS or the machines of a domain: a mailbox, a form, or both."""

    key: str
    mail: str = ""
    name: str = ""
    url: str = ""
    note: str = ""
    source: str = ""  # where it is from; "" for the operator's own table


class Found(msgspec.Struct, frozen=True):
    """A contact for one address, and how it was come by; ``sure`` is False for a guess."""

    contact: Contact
    why: str
    sure: bool = True


class Contacts:
    """Contacts by what they are for: the narrowest network first, then the AS, then the domain."""

    def __init__(self, rows: Iterable[Contact] = ()) -> None:
        self._networks: list[tuple[Network, Contact]] = []
        self._numbers: dict[int, Contact] = {}
        self._domains: dict[str, Contact] = {}
        for row in rows:
            network, number = parse_network(row.key), _AS.match(row.key)
            if network is not None:
                self._networks.append((network, row))
            elif number is not None:
                self._numbers[int(number[1])] = row
            else:
                self._domains[row.key.lower().strip(".")] = row
        self._networks.sort(key=lambda pair: (-pair[0].bits, pair[1].source != ""))

    def of(self, address: Address | None, asn: int = 0, names: Iterable[str] = ()) -> list[Found]:
        """Every contact that the table has for an address, its network's AS and its names, the narrowest first."""
        found = []
        if address is not None:
            for network, contact in self._networks:
                if network.holds(address):
                    found.append(Found(contact, _why(contact, str(network))))
        if asn in self._numbers and asn:
            found.append(Found(self._numbers[asn], _why(self._numbers[asn], f"AS{asn}")))
        for name in names:
            labels = name.lower().strip(".").split(".")
            for cut in range(len(labels) - 1):
                if (one := self._domains.get(".".join(labels[cut:]))) is not None:
                    found.append(Found(one, _why(one, one.key)))
                    break
        return list({one.contact: one for one in reversed(found)}.values())[::-1]


def _why(contact: Contact, subject: str) -> str:
    return f"{contact.source or 'your table'}, for {subject}"


def guess(name: str, verified: bool) -> Found | None:
    """``abuse@`` (RFC 2142) the domain in which a machine's name lies; None for a name without one.

    Whoever holds an address writes its name himself; only where the name leads back to the address (``verified``)
    does its domain answer for it.
    """
    domain = registrable(name.lower().strip("."))
    if not domain or "." not in domain:
        return None
    why = f"a guess (RFC 2142): the machine is called {name}"
    if not verified:
        why += ", which nobody checked"
    return Found(Contact(domain, f"abuse@{domain}"), why, False)


def read(text: str, name: str) -> list[Contact]:
    """The rows of a file. Errors: ConfigError naming the row that makes no sense."""
    form = next((form for end, form in ((".toml", _toml), (".json", _json)) if name.lower().endswith(end)), _csv)
    rows = form(text, name)
    return [_checked(row, f"{name}, {place}") for place, row in rows]


def _toml(text: str, name: str) -> list[tuple[str, dict[str, Any]]]:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: not TOML: {error}") from None
    rows = table.get("contact", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ConfigError(f"{name}: no contacts in it", "write [[contact]] above each")
    return [(f"contact {number}", row) for number, row in enumerate(rows, 1)]


def _json(text: str, name: str) -> list[tuple[str, dict[str, Any]]]:
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{name}: not JSON: {error}") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ConfigError(f"{name}: no list of contacts", 'write [{"for": "192.0.2.0/24", "mail": "abuse@a.example"}]')
    return [(f"contact {number}", row) for number, row in enumerate(rows, 1)]


def _csv(text: str, name: str) -> list[tuple[str, dict[str, Any]]]:
    table = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
    names = [str(field).strip().lower() for field in table.fieldnames or ()]
    if "key" not in names and "for" not in names:
        raise ConfigError(f"{name}: its first line names no column 'key'", "begin with: key,mail,name,url,note")
    table.fieldnames = names
    try:
        return [(f"line {table.line_num}", {k: v for k, v in row.items() if k and v}) for row in table]
    except csv.Error as error:
        raise ConfigError(f"{name}: not CSV: {error}") from None


def _checked(row: dict[str, Any], where: str) -> Contact:
    said = {field: str(row.get(field) or "").strip() for field in _FIELDS}
    key = str(row.get("for", row.get("key", ""))).strip()
    domain = "." in key and " " not in key and "@" not in key and "/" not in key
    if not (parse_network(key) or _AS.match(key) or domain):
        raise ConfigError(f"{where}: {key!r} is no network, AS or domain", "write 192.0.2.0/24, AS64500 or example.net")
    if said["mail"] and not _MAIL.match(said["mail"]):
        raise ConfigError(f"{where}: {said['mail']!r} is no mail address")
    if not said["mail"] and not said["url"]:
        raise ConfigError(f"{where}: {key} has neither mail nor url", "give at least one way to write to them")
    if said["url"] and not said["url"].startswith(("https://", "http://")):
        raise ConfigError(f"{where}: {said['url']!r} is no web address")
    return Contact(key, **said)
