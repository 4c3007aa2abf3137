"""Exim: the name before the address only where it resolves back, ``helo=`` only where it differs, base-62 ids.

Source: Exim specification, ``received_header_text``; ids of 6-6-2 up to 4.96, 6-11-4 since 4.97.
"""

from __future__ import annotations

from spamworld.wire import ids
from spamworld.wire.tls import agreed
from spamworld.wire.turn import Releases, Turn, Written

VERSIONS: Releases = (
    (1999, "3.12 #1"), (2001, "3.36 #1"), (2002, "4.10"), (2003, "4.24"), (2004, "4.34"), (2005, "4.50"),
    (2006, "4.60"), (2006, "4.63"), (2007, "4.67"), (2007, "4.69"), (2009, "4.71"), (2011, "4.76"), (2012, "4.80"),
    (2014, "4.84_2"), (2016, "4.87"), (2017, "4.89"), (2018, "4.91"), (2019, "4.92"), (2020, "4.94.2"), (2021, "4.95"),
    (2022, "4.96"), (2023, "4.97.1"), (2024, "4.98"),
)  # fmt: skip
_TLS_OLD = {"TLSv1": "TLSv1", "TLSv1.1": "TLSv1.1", "TLSv1.2": "TLSv1.2", "TLSv1.3": "TLSv1.3"}


def _tail(t: Turn, protocol: str, version: str) -> str:
    number = int(version.split("_")[0].split(" ")[0].split(".")[1]) if version[0] == "4" else 0
    tls = ""
    if t.tls:
        name, iana, bits = agreed(t.tls, t.step.sender.id)
        if number >= 94:
            tls = f"  ({t.tls.replace('v', '')}) tls {iana}"
        elif number >= 76:
            tls = f" ({t.tls}:{name}:{bits})"
        else:
            tls = f" ({t.tls}:{name}:{bits})"
    queued = ids.exim(t.clock, t.pid, number >= 97)
    if number == 0:
        queued = f"{queued[:14]}{t.chance.getrandbits(1):02}"
    sender = f"\n\t(envelope-from <{t.envelope_from}>)" if number >= 40 and not t.bits & 3 else ""
    if sender and t.envelope_from == "":
        sender = "\n\t(envelope-from <>)"
    to = f"\n\tfor {t.to}" if t.to else ""
    return f"\n\tby {t.by} with {protocol}{tls} (Exim {version}){sender}\n\tid {queued}{to}; {t.date()}"


def smtp(t: Turn) -> Written:
    """``from NAME ([ADDRESS] helo=HELO) by HOST with esmtp (Exim 4.63) id ID for RCPT; DATE``."""
    version = t.release(VERSIONS)
    protocol = t.protocol.lower()
    if version[0] == "3":
        protocol = "esmtp" if protocol.startswith("e") else "smtp"
    port = t.step.port if t.bits & 12 == 4 else 0
    if t.verified:
        helo = "" if t.helo.lower() == t.name.lower() else f" helo={t.helo}"
        head = f"from {t.name} ([{t.ip}]{f':{port}' if port else ''}{helo})"
    else:
        inner = [f"port={port}"] if port else []
        if t.helo != f"[{t.ip}]":
            inner.append(f"helo={t.helo}")
        head = f"from [{t.ip}] ({' '.join(inner)})" if inner else f"from [{t.ip}]"
    return [(head + _tail(t, protocol, version), t.ip)]


def local(t: Turn) -> Written:
    """A program on the host: ``from USER by HOST with local``."""
    return [(f"from {t.user or 'www-data'}{_tail(t, 'local', t.release(VERSIONS))}", "")]
