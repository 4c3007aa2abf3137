"""How programs speak SMTP: commands to the letter, order, haste, temper; what they offer in TLS; their first packet.

A ``Manner`` is what a trap can tell a program by whatever its mail says (Stringhini et al., "B@bel: Leveraging Email
Delivery for Spam Mitigation", USENIX Security 2012). Bot engines have theirs in ``engines.py``; here are the honest.
"""

from __future__ import annotations

from hashlib import sha256

import msgspec


class Manner(msgspec.Struct, frozen=True, gc=False):
    """One program's SMTP. ``{}`` in a command stands for the name or address."""

    hello: str = "EHLO {}"
    mail: str = "MAIL FROM:<{}>"
    size: bool = False  # SIZE= where it is offered
    body: str = ""  # BODY=...
    rcpt: str = "RCPT TO:<{}>"
    data: str = "DATA"
    before: tuple[str, ...] = ()  # between greeting and the first MAIL
    after: tuple[str, ...] = ("QUIT",)  # behind the mail; empty: it hangs up
    ahead: bool = False  # sends MAIL, RCPT and DATA without waiting
    early: bool = False  # speaks before the server's greeting
    bare: bool = False  # lines of its commands and mail end in a lone LF
    hello_tls: str = ""  # its TLS library; "" for none
    auth: float = 0.0  # how often it tries to log in, where nobody has an account
    auth_line: str = "AUTH LOGIN"
    rcpts: int = 100  # recipients in one transaction
    guesses: float = 0.0  # how often it adds a recipient who is not there
    after_4xx: str = "later"  # later (its queue), again (at once), next, drop
    after_5xx: str = "next"  # next, quit, drop, again
    greet_us: int = 30_000  # from greeting to the first command
    pace_us: int = 20_000  # between commands
    jitter: float = 0.6  # of its pace: 0 a machine's beat, 1 a crowded line
    syn: str = ""  # a first packet of its own making; "" for that of the system


# Offers of TLS libraries as (version, ciphers, extensions, signature algorithms), for the JA4 text.
_HELLOS: dict[str, tuple[str, tuple[int, ...], tuple[int, ...], tuple[int, ...]]] = {
    "openssl-0.9": ("10", (0x39, 0x38, 0x35, 0x16, 0x13, 0x0A, 0x33, 0x32, 0x2F, 0x05, 0x04, 0x15, 0x12, 0x09, 0xFF),
                  (0x23,), ()),
    "openssl-1.0": ("12", (0xC030, 0xC02C, 0xC028, 0xC024, 0xC014, 0xC00A, 0x9F, 0x6B, 0x39, 0x9D, 0x3D, 0x35,
                  0xC02F, 0xC02B, 0x9E, 0x67, 0x33, 0x9C, 0x3C, 0x2F, 0xFF),
                    (0x0B, 0x0A, 0x23, 0x0D, 0x0F), (0x0601, 0x0602, 0x0603, 0x0501, 0x0503, 0x0401, 0x0403, 0x0201,
                  0x0203)),
    "openssl-1.1": ("13", (0x1302, 0x1303, 0x1301, 0xC02C, 0xC030, 0x9F, 0xCCA9, 0xCCA8, 0xCCAA, 0xC02B, 0xC02F,
                  0x9E, 0xC024, 0xC028, 0x6B, 0xFF),
                    (0x0B, 0x0A, 0x23, 0x16, 0x17, 0x0D, 0x2B, 0x2D, 0x33), (0x0403, 0x0503, 0x0603, 0x0807, 0x0808,
                  0x0809, 0x080A, 0x0804, 0x0805, 0x0806, 0x0401)),
    "openssl-3": ("13", (0x1302, 0x1303, 0x1301, 0xC02C, 0xC030, 0x9F, 0xCCA9, 0xCCA8, 0xCCAA, 0xC02B, 0xC02F, 0x9E,
                  0xFF),
                  (0x0B, 0x0A, 0x23, 0x16, 0x17, 0x0D, 0x2B, 0x2D, 0x33), (0x0403, 0x0503, 0x0603, 0x0807, 0x0808,
                  0x081A, 0x081B, 0x081C, 0x0809, 0x0804)),
    "gnutls": ("13", (0x1302, 0x1303, 0x1301, 0x1304, 0xC02C, 0xCCA9, 0xC0AD, 0xC02B, 0xC030, 0xCCA8, 0xC02F),
               (0x05, 0x0A, 0x0B, 0x16, 0x17, 0x23, 0x33, 0x2B, 0xFF01, 0x0D, 0x2D, 0x1C), (0x0401, 0x0809, 0x0804,
                  0x0403, 0x0807, 0x0501)),
    "gnutls-12": ("12", (0xC02C, 0xC087, 0xC0AD, 0xC00A, 0xC02B, 0xC086, 0xC0AC, 0xC009, 0xC030, 0xC08B, 0xC014),
                  (0x05, 0x0A, 0x0B, 0x16, 0x17, 0x23, 0xFF01, 0x0D), (0x0401, 0x0403, 0x0501, 0x0503, 0x0601,
                  0x0603, 0x0201)),
    "schannel-xp": ("10", (0x04, 0x05, 0x0A, 0x09, 0x64, 0x62, 0x03, 0x06, 0x13, 0x12, 0x63), (), ()),
    "schannel": ("12", (0xC030, 0xC02F, 0xC028, 0xC027, 0xC014, 0xC013, 0x9D, 0x9C, 0x3D, 0x3C, 0x35, 0x2F, 0x0A),
                 (0x0A, 0x0B, 0x0D, 0x23, 0x17, 0xFF01), (0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0201, 0x0403,
                  0x0503)),
    "schannel-13": ("13", (0x1302, 0x1301, 0xC02C, 0xC02B, 0xC030, 0xC02F, 0xC024, 0xC023, 0xC028, 0xC027),
                    (0x0A, 0x0B, 0x0D, 0x23, 0x17, 0x2B, 0x33, 0x2D, 0xFF01), (0x0804, 0x0805, 0x0806, 0x0401,
                  0x0501, 0x0403)),
    "boringssl": ("13", (0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0xC013, 0xC014,
                  0x9C, 0x9D, 0x2F, 0x35),
                  (0x17, 0xFF01, 0x0A, 0x0B, 0x23, 0x0D, 0x33, 0x2D, 0x2B), (0x0403, 0x0804, 0x0401, 0x0503, 0x0805,
                  0x0501, 0x0806, 0x0601, 0x0201)),
    "java": ("12", (0xC02C, 0xC02B, 0xC030, 0x9D, 0xC02F, 0x9C, 0xC024, 0xC028, 0x3D, 0xC023, 0xC027, 0x3C, 0xFF),
             (0x0A, 0x0B, 0x0D, 0x17), (0x0603, 0x0601, 0x0503, 0x0501, 0x0403, 0x0401, 0x0303, 0x0301)),
    "go": ("13", (0xC02F, 0xC030, 0xC02B, 0xC02C, 0xCCA8, 0xCCA9, 0xC013, 0xC009, 0xC014, 0xC00A, 0x9C, 0x9D, 0x1301,
                  0x1302, 0x1303),
           (0x05, 0x0A, 0x0B, 0x0D, 0xFF01, 0x12, 0x2B, 0x33), (0x0804, 0x0403, 0x0807, 0x0805, 0x0806, 0x0401,
                  0x0501, 0x0601)),
    "mbedtls": ("12", (0xC02C, 0xC030, 0x9F, 0xC0AD, 0xC09F, 0xC024, 0xC028, 0x6B, 0xC00A, 0xC014, 0x39, 0xFF),
                (0x0D, 0x0A, 0x0B, 0x16, 0x17), (0x0603, 0x0601, 0x0503, 0x0501, 0x0403, 0x0401)),
    "indy": ("10", (0x35, 0x39, 0x38, 0x2F, 0x33, 0x32, 0x05, 0x04, 0x0A), (), ()),
}  # fmt: skip


def _ja4(version: str, ciphers: tuple[int, ...], extensions: tuple[int, ...], signatures: tuple[int, ...]) -> str:
    rest = ",".join(f"{e:04x}" for e in sorted(extensions))
    if signatures and rest:
        rest += "_" + ",".join(f"{s:04x}" for s in signatures)
    heard = ",".join(f"{c:04x}" for c in sorted(ciphers))
    short = [sha256(text.encode()).hexdigest()[:12] if text else "000000000000" for text in (heard, rest)]
    return f"t{version}i{len(ciphers):02}{len(extensions):02}00_{short[0]}_{short[1]}"


HELLOS = {name: _ja4(*parts) for name, parts in _HELLOS.items()}
"""JA4 texts (FoxIO, technical details of JA4) by library; no server name, no ALPN, as mail servers send them."""

HIGHEST = {name: {"10": "TLSv1", "12": "TLSv1.2", "13": "TLSv1.3"}[parts[0]] for name, parts in _HELLOS.items()}

_EARLIER = {
    "TLSv1": {"schannel": "schannel-xp", "schannel-13": "schannel-xp", "schannel-xp": "schannel-xp", "indy": "indy"},
    "TLSv1.2": {"openssl-3": "openssl-1.0", "openssl-1.1": "openssl-1.0", "schannel-13": "schannel",
                "gnutls": "gnutls-12", "boringssl": "java", "go": "openssl-1.0"},
}  # fmt: skip


def library_of(library: str, version: str) -> str:
    """The release of a TLS library whose highest version this is: programs of 2006 were built with those of 2006."""
    if version in ("SSLv3", "TLSv1", "TLSv1.0", "TLSv1.1"):
        return _EARLIER["TLSv1"].get(library, "openssl-0.9")
    return _EARLIER.get(version, {}).get(library, library or "openssl-1.0")


SYNS = {
    "windows-98": "4:128:0:1460:8192,0:mss,nop,nop,sok:df,id+:0",
    "windows-2000": "4:128:0:1460:16384,0:mss,nop,nop,sok:df,id+:0",
    "windows-xp": "4:128:0:1460:65535,0:mss,nop,nop,sok:df,id+:0",
    "windows-vista": "4:128:0:1460:8192,8:mss,nop,ws,nop,nop,sok:df,id+:0",
    "windows-7": "4:128:0:1460:8192,2:mss,nop,ws,nop,nop,sok:df,id+:0",
    "windows-8": "4:128:0:1460:8192,8:mss,nop,ws,nop,nop,sok:df,id+:0",
    "windows-10": "4:128:0:1460:64240,8:mss,nop,ws,nop,nop,sok:df,id+:0",
    "windows-server": "4:128:0:1460:8192,8:mss,nop,ws,nop,nop,sok:df,id+:0",
    "linux-24": "4:64:0:1460:5840,0:mss,sok,ts,nop,ws:df,id+:0",
    "linux-26": "4:64:0:1460:5840,7:mss,sok,ts,nop,ws:df,id+:0",
    "linux-3": "4:64:0:1460:14600,7:mss,sok,ts,nop,ws:df,id+:0",
    "linux-4": "4:64:0:1460:29200,7:mss,sok,ts,nop,ws:df,id+:0",
    "linux-5": "4:64:0:1460:64240,7:mss,sok,ts,nop,ws:df,id+:0",
    "linux": "4:64:0:1460:64240,7:mss,sok,ts,nop,ws:df,id+:0",
    "android": "4:64:0:1400:65535,8:mss,sok,ts,nop,ws:df,id+:0",
    "router": "4:64:0:1412:5840,2:mss,sok,ts,nop,ws:df,id+:0",
    "freebsd": "4:64:0:1460:65535,6:mss,nop,ws,sok,ts:df,id+:0",
    "openbsd": "4:64:0:1460:16384,6:mss,nop,nop,sok,nop,ws,nop,nop,ts:df,id+:0",
    "macos": "4:64:0:1460:65535,6:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+:0",
    "solaris": "4:64:0:1460:49640,0:mss,nop,ws,nop,nop,sok:df,id+:0",
}
"""First packets of systems in p0f form. Source: p0f 3, ``p0f.fp`` for the forms; values as those systems ship."""

_MTA = Manner(size=True, ahead=True, hello_tls="openssl-3", greet_us=2_000, pace_us=4_000, jitter=0.3)
CLIENTS: dict[str, Manner] = {
    "postfix": msgspec.structs.replace(_MTA, body="8BITMIME"),
    "exim": msgspec.structs.replace(_MTA, hello_tls="gnutls", greet_us=5_000),
    "sendmail": Manner(
        mail="MAIL From:<{}>",
        rcpt="RCPT To:<{}>",
        size=True,
        ahead=False,
        hello_tls="openssl-1.1",
        greet_us=4_000,
        pace_us=9_000,
    ),
    "qmail": Manner(hello="HELO {}", rcpts=1, greet_us=1_000, pace_us=15_000, jitter=0.4),
    "exchange": Manner(size=True, ahead=True, hello_tls="schannel", greet_us=15_000, pace_us=12_000, jitter=0.5),
    "exchange-old": Manner(
        mail="MAIL FROM:<{}>", size=True, ahead=False, hello_tls="", greet_us=40_000, pace_us=40_000
    ),
    "microsoft-365": Manner(
        size=True, ahead=True, hello_tls="schannel-13", greet_us=60_000, pace_us=80_000, jitter=0.3
    ),
    "gmail": Manner(size=True, ahead=False, hello_tls="boringssl", greet_us=90_000, pace_us=90_000, jitter=0.2),
    "yahoo": Manner(ahead=False, hello_tls="openssl-1.1", greet_us=70_000, pace_us=75_000, jitter=0.2),
    "ses": Manner(ahead=True, hello_tls="java", greet_us=20_000, pace_us=25_000, jitter=0.3, rcpts=1),
    "sendgrid": Manner(size=True, ahead=False, hello_tls="go", greet_us=30_000, pace_us=35_000, rcpts=1),
    "mailgun": Manner(body="8BITMIME", ahead=True, hello_tls="go", greet_us=25_000, pace_us=30_000, rcpts=20),
    "powermta": Manner(
        body="8BITMIME", ahead=True, hello_tls="openssl-1.1", greet_us=10_000, pace_us=12_000, after=("RSET", "QUIT")
    ),
    "domino": Manner(
        hello="EHLO {}",
        mail="MAIL FROM:<{}>",
        size=True,
        rcpt="RCPT TO:<{}>",
        hello_tls="",
        greet_us=80_000,
        pace_us=60_000,
    ),
    "haraka": Manner(ahead=True, hello_tls="openssl-3", greet_us=6_000, pace_us=5_000),
    "opensmtpd": Manner(hello_tls="openssl-3", greet_us=3_000, pace_us=5_000),
    "php": Manner(hello="EHLO {}", greet_us=30_000, pace_us=30_000),
    "proxy": Manner(
        hello="HELO {}", mail="MAIL FROM: <{}>", rcpt="RCPT TO: <{}>", greet_us=900_000, pace_us=700_000, jitter=0.9
    ),
}
CLIENTS["amavis"] = CLIENTS["zimbra"] = CLIENTS["postfix"]
