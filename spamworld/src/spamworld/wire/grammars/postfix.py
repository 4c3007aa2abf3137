"""Postfix, and the programs that stand around it: amavis, Zimbra, Dovecot and Cyrus delivery.

Postfix prints the peer's name only where it resolves back. The queue id is made when the sender is accepted, the date
is when the session began. Source: Postfix ``smtpd.c``, ``pickup``, ``mail_date.c`` (the day is padded with a blank).
"""

from __future__ import annotations

from spamworld.wire import ids
from spamworld.wire.tls import agreed
from spamworld.wire.turn import Turn, Written

_LONG_SINCE = 1_328_054_400_000_000  # February 2012, Postfix 2.9: enable_long_queue_ids
_KEYS = ("X25519", "X25519", "ECDHE (P-256)", "X25519MLKEM768")


def _queue_id(t: Turn) -> str:
    late = t.clock + t.chance.getrandbits(20)  # the session began a little before
    long = (t.bits & 7 > 4 and t.clock >= _LONG_SINCE) or t.step.receiver.software == "postfix-long"
    return ids.postfix(late, 0x20000 + t.habits.inode + t.chance.getrandbits(11), long)


def _tls(t: Turn) -> str:
    if not t.tls:
        return ""
    name, _, bits = agreed(t.tls, t.step.sender.id)
    text = f"\n\t(using {t.tls} with cipher {name} ({bits}/{bits} bits)"
    if t.tls == "TLSv1.3":
        key = _KEYS[0 if t.bits & 8 else t.step.sender.id & 1]
        digest = "SHA256"
        text += f"\n\t key-exchange {key} server-signature RSA-PSS (2048 bits) server-digest {digest}"
    return text + ")\n\t(No client certificate requested)" if not t.bits & 16 else text + ")"


def smtp(t: Turn) -> Written:
    """``from HELO (NAME [ADDRESS]) by HOST (Postfix) with ESMTP id ID for <RCPT>; DATE``."""
    name = t.name if t.verified else "unknown"
    user = f"\n\t(Authenticated sender: {t.user})" if t.auth and t.user and t.bits & 32 else ""
    notes = _tls(t)
    protocol = t.protocol if t.bits & 64 or not t.auth else t.protocol[:-1]  # releases before 2.3 say ESMTP
    to = f"\n\tfor <{t.to}>" if t.to else ""
    by = f"\n\tby {t.by} (Postfix) with {protocol} id {_queue_id(t)}"
    text = f"from {t.helo} ({name} [{t.literal}]){notes}{user}{by}{to}; {t.date(2, True)}"
    return [(text, t.ip)]


def local(t: Turn) -> Written:
    """Mail handed to ``sendmail(1)`` on the host itself."""
    return [(f"by {t.by} (Postfix, from userid {_uid(t)})\n\tid {_queue_id(t)}; {t.date(2, True)}", "")]


def _uid(t: Turn) -> int:
    if t.user in ("root", ""):
        return 33 if t.user == "" else 0
    return 1000 + sum(t.user.encode()) % 400


def lmtp(t: Turn) -> Written:
    """Delivery into a mailbox: Dovecot, or Cyrus; of any other software one host in two has either."""
    software = t.step.receiver.software
    if software == "dovecot" or (software != "cyrus" and t.bits & 256):
        token = ids.some(t.chance, ids.BASE62, 22)
        to = f"\n\t(envelope-from <{t.envelope_from}>)\n\tfor <{t.to}>" if t.to else ""
        return [(f"from {t.helo}\n\tby {t.by} with LMTP\n\tid {token}{to}; {t.date()}", "")]
    version = f"2.{2 + (t.bits >> 9 & 1)}.{t.bits >> 10 & 15}"
    by = f"by {t.by} (Cyrus v{version}-Debian) with LMTPA"
    return [(f"from {t.helo} ([unix socket])\n\t {by};\n\t {t.date()}", "")]


def zimbra(t: Turn) -> Written:
    """The mailbox server's LMTP line over the Postfix line of the MTA on the same host."""
    if t.protocol == "LMTP":
        return [(f"from {t.helo} (LHLO {t.by})\n ({t.ip}) by {t.by} with LMTP; {t.date(1, True)}", t.ip)]
    return smtp(t)


def amavis(t: Turn) -> Written:
    """Postfix, the content filter on its loopback port, Postfix again."""
    over = (
        f"from localhost (localhost [127.0.0.1])\n\tby {t.by} (Postfix) with ESMTP id {_queue_id(t)}"
        + (f"\n\tfor <{t.to}>" if t.to else "")
        + f"; {t.date(2, True)}"
    )
    number = f"{t.pid:05}-{1 + t.chance.getrandbits(4):02}"
    by = f"by localhost ({t.by} [127.0.0.1]) (amavisd-new, port 10024)"
    through = f"from {t.by} ([127.0.0.1])\n\t{by}\n\twith ESMTP id {number}"
    through += (f" for <{t.to}>" if t.to else "") + f";\n\t{t.date(1, True)}"
    return [(over, "127.0.0.1"), (through, "127.0.0.1"), *smtp(t)]
