"""Seals (ARC, RFC 8617) and signatures (DKIM, RFC 6376) checked by a library, by keys that are given.

Its patterns take more than linear time over some input, so a mail with absurd runs of blanks or fields is not checked
at all; no server that signs writes such a thing. Nothing is looked up: what has no key is not checked.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from junkhound.kernel.errors import ConfigError

LARGEST = 8 << 20  # bytes of a mail that is checked
WORK = 32 << 20  # bytes that are hashed for one mail: every set of a chain hashes the body
HEADER = 256 << 10
FIELD = 8 << 10  # bytes of a seal or signature
SIGNATURES = 5  # of one mail
EXTRA = "pip install 'junkhound[dkim]'"

_RUN = re.compile(rb"[ \t]{1024}")
_SIGNING = re.compile(rb"^(?:ARC-[A-Z-]+|DKIM-Signature):[^\n]*+(?:\n[ \t][^\n]*+)*+", re.IGNORECASE | re.MULTILINE)
_log = logging.getLogger("junkhound.trace.signed")
_log.addHandler(logging.NullHandler())
_log.propagate = False

Keys = Mapping[str, str]


class Signature(msgspec.Struct, frozen=True, gc=False):
    """One DKIM signature: whose, by which selector, and "pass", "fail", or why it was not checked."""

    domain: str
    selector: str
    result: str


def keys_of(text: str) -> Iterator[tuple[str, str]]:
    """(name, record) of every DKIM key in a zone file. Errors: ValueError, and ConfigError without the extra."""
    try:
        import dns.exception
        import dns.rdatatype
        import dns.zone
    except ImportError:
        raise ConfigError("zone files with keys cannot be read", EXTRA) from None
    try:
        zone = dns.zone.from_text(text, origin=".", relativize=False, check_origin=False)
    except dns.exception.DNSException as error:
        raise ValueError(f"not a zone file: {error}") from None
    for name, _, record in zone.iterate_rdatas(dns.rdatatype.TXT):
        said = b"".join(getattr(record, "strings", ()))
        if b"p=" in said and said.isascii():
            yield name.to_text(omit_final_dot=True).lower(), said.decode("ascii")


def checker(keys: Iterable[tuple[str, str]]) -> Callable[[bytes, int], str]:
    """What ``sealed.follow`` asks: "" where every seal of the chain and its newest signature hold."""
    held = dict(keys)

    def check(octets: bytes, sets: int) -> str:
        if why := _unfit(octets, sets):
            return why
        dkim = _library()
        if dkim is None:
            return f"they cannot be checked; {EXTRA}"
        ask = _Asker(held)
        try:
            result, said, reason = dkim.ARC(octets, logger=_log).verify(dnsfunc=ask)
        except Exception as error:  # a library's, over a stranger's bytes: whatever it trips over, nothing is believed
            return f"{type(error).__name__}: {str(error)[:100]}"
        if result == dkim.CV_Pass and len(said) == sets:
            return ""
        return f"no key for {ask.missed[0]}" if ask.missed else str(reason)[:200]

    return check


def signatures(octets: bytes, keys: Iterable[tuple[str, str]]) -> list[Signature]:
    """The DKIM signatures of a mail, topmost first, each checked by the keys that are given."""
    found = _signing(octets)
    if not found:
        return []
    why, dkim = _unfit(octets, 1), _library()
    if not why and dkim is None:
        why = f"not checked; {EXTRA}"
    ask, answers = _Asker(dict(keys)), []
    for place, (domain, selector) in enumerate(found[:SIGNATURES]):
        result = why
        if not result and dkim is not None:
            ask.missed.clear()
            try:
                good = dkim.DKIM(octets, logger=_log).verify(idx=place, dnsfunc=ask)
            except Exception as error:  # see above
                good, result = False, f"fail ({str(error)[:100] or type(error).__name__})"
            if ask.missed:
                result = "no key"
            result = result or ("pass" if good else "fail")
        answers.append(Signature(domain, selector, result))
    return answers


def _signing(octets: bytes) -> list[tuple[str, str]]:
    """(domain, selector) of each DKIM-Signature field."""
    head = octets[:HEADER]
    end = re.search(rb"\n\r?\n", head)
    head = head[: end.start() + 1] if end else head
    found = []
    for match in _SIGNING.finditer(head):
        if match[0][:15].lower() == b"dkim-signature:":
            tags = dict(re.findall(rb"(?:[;:])\s*+([a-z]++)\s*+=\s*+([^;\s]++)", match[0][:FIELD]))
            found.append((tags.get(b"d", b"").decode("latin-1").lower(), tags.get(b"s", b"").decode("latin-1").lower()))
    return found


def _unfit(octets: bytes, sets: int) -> str:
    """Why a mail is not checked; "" for one that is."""
    if len(octets) > LARGEST or len(octets) * sets > WORK:
        return "the mail is too large to be checked"
    if _RUN.search(octets):
        return "the mail has absurd runs of blanks"
    if any(len(match[0]) > FIELD for match in _SIGNING.finditer(octets[:HEADER])):
        return "a seal or signature is absurdly long"
    return ""


class _Asker:
    """Keys as the library asks for them; ``missed`` are names without one."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self.missed: list[str] = []

    def __call__(self, name: bytes, timeout: int = 0) -> bytes | None:
        asked = name.decode("latin-1").lower().rstrip(".")
        found = self.keys.get(asked)
        if found is None:
            self.missed.append(asked[:200])
            return None
        return found.encode("ascii")


def _library() -> Any:
    """The library; None where the extra is not installed."""
    try:
        import dkim
    except ImportError:
        return None
    return dkim
