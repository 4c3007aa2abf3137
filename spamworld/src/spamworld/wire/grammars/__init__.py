"""Trace lines as real servers write them: a grammar for each, chosen by ``Machine.software``.

A name may carry a version behind a dash (``sendmail-8.9.3``, ``exchange-2003``); an unknown one writes as Postfix does.
``GRAMMARS`` is the table; a new server is one function and one entry.
"""

from __future__ import annotations

from spamworld.wire.grammars import (
    bulk,
    communigate,
    courier,
    domino,
    exchange,
    exim,
    fetchmail,
    gmail,
    haraka,
    mdaemon,
    offices,
    opensmtpd,
    postfix,
    qmail,
    sendmail,
    webmail,
)
from spamworld.wire.turn import Grammar, Turn, Written

GRAMMARS: dict[str, Grammar] = {
    "postfix": postfix.smtp, "amavis": postfix.amavis, "zimbra": postfix.zimbra, "dovecot": postfix.lmtp,
    "cyrus": postfix.lmtp, "exim": exim.smtp, "sendmail": sendmail.smtp, "qmail": qmail.smtp,
    "smtpsvc": exchange.svc, "exchange-2000": exchange.svc, "exchange-2003": exchange.svc, "exchange-old": exchange.svc,
    "exchange-5.5": exchange.ims, "exchange": exchange.server, "microsoft-365": exchange.cloud,
    "gmail": gmail.any_form, "yahoo": webmail.yahoo, "hotmail": webmail.hotmail,
    "squirrelmail": webmail.squirrelmail, "horde": webmail.horde, "roundcube": webmail.roundcube,
    "webmail": webmail.any_http, "powermta": bulk.powermta, "ses": bulk.ses, "sendgrid": bulk.sendgrid,
    "mailgun": bulk.mailgun, "courier": courier.smtp, "communigate": communigate.smtp, "mdaemon": mdaemon.smtp,
    "domino": domino.smtp, "opensmtpd": opensmtpd.smtp, "haraka": haraka.smtp, "fetchmail": fetchmail.collected,
    "ecelerity": offices.ecelerity, "merak": offices.merak, "iplanet": offices.iplanet,
    "mailenable": offices.mailenable,
}  # fmt: skip

_ALIASES = {
    "esp-1": "ses", "esp-2": "sendgrid", "esp-3": "mailgun", "esp-4": "powermta", "outlook": "microsoft-365",
    "m365": "microsoft-365", "exchange-5": "exchange-5.5", "lotus": "domino", "pmta": "powermta", "google": "gmail",
}  # fmt: skip
_LOCAL: dict[str, Grammar] = {"exim": exim.local, "sendmail": sendmail.local, "qmail": qmail.local}
_ALL_FORMS = frozenset(("smtpsvc", "exchange", "microsoft-365", "gmail", "powermta", "ses", "sendgrid", "mailgun",
                        "opensmtpd", "communigate", "yahoo", "hotmail", "fetchmail", "exchange-2000", "exchange-2003",
                        "exchange-old", "exchange-5.5"))  # fmt: skip
_MAILBOXES = frozenset(("dovecot", "cyrus", "zimbra"))


def named(software: str) -> str:
    """The grammar's name for a machine's software."""
    if software in GRAMMARS:
        return software
    if software in _ALIASES:
        return _ALIASES[software]
    head = software.partition("-")[0]
    return head if head in GRAMMARS else "postfix"


def lines(turn: Turn) -> Written:
    """What the receiver of a step writes about it, top first."""
    name, protocol = named(turn.step.receiver.software), turn.protocol
    if protocol in ("SMTP", "ESMTP", "ESMTPS", "ESMTPA", "ESMTPSA"):
        return GRAMMARS[name](turn)
    if name in _ALL_FORMS:
        return GRAMMARS[name](turn)
    if protocol == "local":
        return _LOCAL.get(name, postfix.local)(turn)
    if protocol.startswith("HTTP"):
        return (GRAMMARS[name] if name in ("squirrelmail", "horde", "roundcube") else webmail.any_http)(turn)
    if protocol.startswith("LMTP"):
        return (GRAMMARS[name] if name in _MAILBOXES else postfix.lmtp)(turn)
    if protocol in ("POP3", "IMAP", "APOP"):
        return fetchmail.collected(turn)
    return GRAMMARS[name](turn)
