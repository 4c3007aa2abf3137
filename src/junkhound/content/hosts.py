"""Host names as criminals write them, as they resolve; whose domain that is, and on whose platform."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from publicsuffixlist import PublicSuffixList

from junkhound.kernel import net
from junkhound.kernel.memo import Memo

MAX_HOST = 253
MAX_AUTHORITY = 1000

_plain = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*\.?").fullmatch
_numeric = re.compile(r"(?:0[xX][0-9a-fA-F]*|[0-9]+)").fullmatch
_DOTS = str.maketrans({"\u3002": ".", "\uff0e": ".", "\uff61": "."})  # RFC 3490 section 3.1: other full stops


class Host(NamedTuple):
    """A host name and who stands behind it; "" where there is nobody."""

    name: str  # lower case, punycode, no trailing dot; an address in its usual form
    domain: str  # registrable domain: what the spammer registered or was given
    platform: str  # owner of the private suffix it lies under: whom to tell


NOWHERE = Host("", "", "")


@lru_cache(1)
def _lists() -> tuple[PublicSuffixList, PublicSuffixList]:
    """Both sections, and the one of registries alone; read once, when the first host comes."""
    return PublicSuffixList(), PublicSuffixList(only_icann=True)


_RESERVED = frozenset(("example", "test"))  # RFC 2606: names that stand for others, in documents and simulations


@lru_cache(1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False)


@lru_cache(16384)
def named(host: str) -> bool:
    """Whether somebody could have registered that name under a domain that exists."""
    last = host.rpartition(".")[2]
    if last in _RESERVED:
        return bool(registrable(host))
    return bool(_suffixes().privatesuffix(host))


@lru_cache(32768)
def _owners(name: str) -> tuple[str, str]:
    """Registrable domain and platform of a clean host name."""
    if "." not in name or _is_address(name):
        return "", ""
    every, icann = _lists()
    domain = every.privatesuffix(name) or ""
    public = icann.privatesuffix(name) or ""
    if not domain:  # the platform's own front page (blogspot.com itself), or a bare suffix
        return public, ""
    return domain, public if public != domain else ""


def registrable(host: str) -> str:
    """The domain somebody registered, private suffixes counted: ``shop.example.co.uk`` is ``example.co.uk``'s.

    "" for addresses, bare suffixes and single labels. Source: publicsuffix.org, both sections.
    """
    return _owners(host[: MAX_HOST + 1].rstrip(".").lower())[0]


def platform(host: str) -> str:
    """The owner of the private suffix that the host lies under (``x.blogspot.com``: ``blogspot.com``), else ""."""
    return _owners(host[: MAX_HOST + 1].rstrip(".").lower())[1]


def _host(authority: str) -> Host:
    name = _clean(authority)
    return Host(name, *_owners(name)) if name else NOWHERE


HOSTS: Memo[str, Host] = Memo(_host, 32768)
"""``host_of`` for authorities that are not too long."""


def host_of(authority: str) -> Host:
    """The host of a URL's authority, seen through user names, ports, escapes, IDN and numeric disguises.

    ``www.bank.example@0x7f.1:8080`` is ``127.0.0.1``. NOWHERE if no browser could go there.
    """
    return HOSTS[authority] if len(authority) <= MAX_AUTHORITY else NOWHERE


def _clean(authority: str) -> str:
    name = authority.rpartition("@")[2]
    if name.startswith("["):
        address = net.parse(name[1:].partition("]")[0])
        return str(address) if address else ""
    if "%" in name:
        name = unquote(name, errors="replace")
    name = name.strip().translate(_DOTS).lower() if not name.isascii() else name.strip().lower()
    name = name.partition(":")[0]
    if not name.isascii():
        name = _punycode(name)
    if len(name) > MAX_HOST + 1 or not _plain(name):
        return ""
    name = name.rstrip(".")
    last = name.rpartition(".")[2]
    if _numeric(last):
        return _number(name)
    return name


def _punycode(name: str) -> str:
    """Each label by IDNA (2003, as in the standard library); "" where it cannot be a name."""
    if len(name) > MAX_HOST:
        return ""
    try:
        return name.encode("idna").decode("ascii").lower()
    except (UnicodeError, ValueError):
        return ""


def _number(name: str) -> str:
    """A host that ends in a number is an IPv4 address in one of inet_aton's forms, or nothing (WHATWG URL, 3.5)."""
    labels = name.split(".")
    if len(labels) > 4:
        return ""
    numbers: list[int] = []
    for label in labels:
        if not _numeric(label) or len(label) > 20:
            return ""
        try:
            if label[:2] == "0x":
                numbers.append(int(label[2:] or "0", 16))
            else:
                numbers.append(int(label, 8 if label[0] == "0" else 10))
        except ValueError:
            return ""
    value = numbers.pop()
    if any(number > 255 for number in numbers) or value >= 256 ** (4 - len(numbers)):
        return ""
    for place, number in enumerate(numbers):
        value += number << (24 - 8 * place)
    return str(net.v4(value))


def _is_address(name: str) -> bool:
    return (name[-1:].isdigit() and net.parse(name) is not None) or ":" in name
