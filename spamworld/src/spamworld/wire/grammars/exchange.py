"""Microsoft's servers: SMTPSVC of Windows 2000 and 2003, Exchange 5.5, 2007 and later, and the Microsoft 365 form.

The name is what the peer said; nothing is looked up. The id is the build, not the mail's. In the Microsoft 365 form the
boundary server's line stands below one or two that pass the mail on inside, over IPv6.
Source: forms of public mail 2001-2026; build numbers from Microsoft's release tables.
"""

from __future__ import annotations

import random

from spamworld.wire import clock, ids
from spamworld.wire.tls import agreed
from spamworld.wire.turn import Releases, Turn, Written

SVC: Releases = (
    (2000, "5.0.2195.2966"), (2002, "5.0.2195.5329"), (2003, "5.0.2195.6713"), (2004, "6.0.3790.211"),
    (2005, "6.0.3790.1830"), (2007, "6.0.3790.3959"), (2010, "7.5.7600.16601"), (2013, "8.5.9600.16384"),
)  # fmt: skip
IMS: Releases = ((1999, "5.5.2448.0"), (2000, "5.5.2653.19"), (2002, "5.5.2655.55"), (2003, "5.5.2657.72"))
BUILDS: Releases = (
    (2007, "8.0.685.24"), (2008, "8.1.263.0"), (2009, "8.1.375.2"), (2010, "14.0.639.21"), (2011, "14.1.218.12"),
    (2013, "14.3.123.3"), (2014, "15.0.847.32"), (2016, "15.0.1178.4"), (2018, "15.1.1415.2"), (2020, "15.1.1979.3"),
    (2022, "15.2.1118.7"), (2024, "15.2.1544.4"),
)  # fmt: skip
CLOUD: Releases = (
    (2013, "15.0.675.7"), (2015, "15.1.154.19"), (2017, "15.1.1157.17"), (2018, "15.20.527.18"),
    (2020, "15.20.2686.29"), (2021, "15.20.3825.20"), (2022, "15.20.5227.15"), (2023, "15.20.6543.24"),
    (2024, "15.20.7409.26"), (2025, "15.20.8511.26"),
)  # fmt: skip
_SITES = ("NAM12", "EUR05", "APC01", "LAM02", "GBR01", "NAM04", "EUR02", "NAM10")


def svc(t: Turn) -> Written:
    """``from HELO ([ADDRESS]) by HOST with Microsoft SMTPSVC(6.0.3790.1830);`` and the date on a line of its own."""
    if t.protocol == "local":
        return [(f"from mail pickup service by {t.by} with Microsoft SMTPSVC;\n\t {t.date(1)}", "")]
    return [(f"from {t.helo} ([{t.ip}]) by {t.by} with Microsoft SMTPSVC({t.release(SVC)});\n\t {t.date(1)}", t.ip)]


def ims(t: Turn) -> Written:
    """Exchange 5.5: no peer in the line at all."""
    queued = ids.some(t.chance, "ABCDEFGHJKLMNPQRSTVWXYZ123456789", 8)
    return [(f"by {t.by} with Internet Mail Service ({t.release(IMS)})\n\tid <{queued}>; {t.date(1)}", "")]


def _encrypted(t: Turn, cloud: bool) -> str:
    if not t.tls:
        return ""
    _, name, _ = agreed(t.tls, t.step.sender.id)
    if cloud or t.release(BUILDS).startswith("15"):
        return f"\n (version={t.tls.replace('v', '').replace('.', '_')}, cipher={name})"
    return " (TLS)"


def server(t: Turn) -> Written:
    """Exchange 2007 and later on a customer's own host."""
    if t.step.at < 1_165_000_000 * clock.SECOND:  # December 2006: there is none yet
        return svc(t)
    build, inside = t.release(BUILDS), _inside(t)
    if t.protocol in _OWN_MAILBOX:
        return [(f"from {t.by} ({inside}) by {t.by}\n ({inside}) with mapi id {_padded(build)}; {t.date(1)}", inside)]
    via = "\n via Frontend Transport" if build.startswith("15") else ""
    with_ = f"with Microsoft SMTP Server{_encrypted(t, False)} id\n {build}{via}"
    return [(f"from {t.helo} ({t.ip}) by {t.by}\n ({inside}) {with_}; {t.date(1)}", t.ip)]


_OWN_MAILBOX = ("HTTP", "mapi", "local")


def _padded(build: str) -> str:
    head, _, last = build.rpartition(".")
    return f"{head}.{int(last):03}"


def _inside(t: Turn) -> str:
    return f"10.{t.bits & 127}.{t.bits >> 7 & 255}.{t.bits >> 15 & 255}"


def cloud(t: Turn) -> Written:
    """The Microsoft 365 form: an inner line over IPv6 above the boundary server's line about the peer."""
    c, build, site = t.chance, t.release(CLOUD), _SITES[t.bits >> 3 & 7]
    host = f"{_server(c)}.{site.lower()}prod.{t.domain}"
    date = clock.written(t.at, clock.UTC, 1)
    if t.protocol in _OWN_MAILBOX:
        own = f"fe80::{_group(c)}:{_group(c)}:{_group(c)}:{_group(c)}"
        text = (
            f"from {host}\n ([{own}]) by {host}\n ([{own}%{c.randrange(2, 9)}]) with mapi id {_padded(build)}; {date}"
        )
        return [(text, own)]
    edge = f"{site}FT{c.randrange(3, 65):03}.mail.protection.{t.domain}"
    wide = f"2001:db8:{_group(c)}:{_group(c)}::{1 + c.getrandbits(6):x}"  # the provider's own network
    later = clock.written(t.at + c.getrandbits(21), clock.UTC, 1)
    top = f"from {edge}\n ({wide}) by {host}\n with Microsoft SMTP Server {_PASSING} id {build}; {later}"
    by = f"{edge} (10.{t.bits & 63}.{t.bits >> 6 & 255}.{c.getrandbits(8)})"
    with_ = f"with Microsoft\n SMTP Server{_encrypted(t, True)} id\n {build} via Frontend Transport"
    return [(top, wide), (f"from {t.helo} ({t.ip}) by\n {by} {with_}; {date}", t.ip)]


_PASSING = "(version=TLS1_2,\n cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384)"


def _server(c: random.Random) -> str:
    return f"{ids.some(c, 'ABDHMPSV', 2)}{c.randrange(10)}PR{c.randrange(1, 20):02}MB{c.randrange(1000, 9999)}"


def _group(c: random.Random) -> str:
    return f"{1 + c.getrandbits(12):x}"
