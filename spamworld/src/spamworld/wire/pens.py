"""How honest mail programs write a header: order of fields, message ids, boundaries, dates, what they call themselves.

Source: headers of public mail 2001-2026.
"""

from __future__ import annotations

import msgspec

from spamworld.wire import engines
from spamworld.wire.engines import Pen

_OE_ORDER = ("message-id", "reply-to", "from", "to", "cc", "references", "subject", "date", "mime-version", "content-type",
             "content-transfer-encoding", "x-priority", "x-msmail-priority", "x-mailer", "x-mimeole", "*")  # fmt: skip
_OUTLOOK = ("from", "to", "cc", "references", "in-reply-to", "subject", "date", "message-id", "mime-version", "content-type", "x-mailer",
            "thread-index", "content-language", "*")  # fmt: skip
_WEB = ("date", "from", "to", "cc", "subject", "message-id", "in-reply-to", "references", "mime-version", "content-type",
        "content-transfer-encoding", "*")  # fmt: skip

PENS: dict[str, Pen] = {
    "outlook-express": Pen(_OE_ORDER, (), "outlook-express", "computer", "outlook-express", "short", "local",
                           (("X-Priority", ("3",)), ("X-MSMail-Priority", ("Normal",)),
                            ("X-Mailer", ("Microsoft Outlook Express 6.00.2900.2869", "Microsoft Outlook Express 6.00.2800.1807")),
                            ("X-MimeOLE", ("Produced By Microsoft MimeOLE V6.00.2900.2962",)))),
    "outlook": Pen(_OUTLOOK, (), "outlook", "author", "outlook", "short", "local",
                   (("X-Mailer", ("Microsoft Outlook 16.0", "Microsoft Office Outlook 12.0", "Microsoft Office Outlook, Build 11.0.6353")),
                    ("Thread-Index", ("{thread}",)))),
    "thunderbird": Pen(("message-id", "date", "mime-version", "user-agent", "subject", "from", "to", "cc", "references", "in-reply-to",
                        "content-type", "content-transfer-encoding", "*"), (), "mozilla", "author", "mozilla", "padded", "local",
                       (("User-Agent", ("Thunderbird 1.5.0.9 (Windows/20061207)", "Mozilla Thunderbird 2.0.0.24 (X11/20100228)")),)),
    "thunderbird-new": Pen(("message-id", "date", "mime-version", "user-agent", "subject", "to", "references", "from", "in-reply-to",
                            "content-type", "content-transfer-encoding", "*"), (), "mozilla-uuid", "author", "mozilla-uuid", "short", "local",
                           (("User-Agent", ("Mozilla Thunderbird", "Mozilla/5.0 (X11; Linux x86_64; rv:102.0) Gecko/20100101 Thunderbird/102.9.0")),)),
    "apple": Pen(("from", "content-type", "content-transfer-encoding", "mime-version", "subject", "message-id", "date", "to", "*", "x-mailer"),
                 (("MIME-Version", "Mime-Version"), ("Message-ID", "Message-Id")), "apple", "author", "apple", "short", "local",
                 (("X-Mailer", ("Apple Mail (2.752.3)", "Apple Mail (2.3445.104.21)", "iPhone Mail (20D67)")),)),
    "eudora": Pen(("x-mailer", "date", "to", "from", "subject", "*", "mime-version", "content-type"), (), "eudora", "author", "eudora", "padded",
                  "local", (("X-Mailer", ("QUALCOMM Windows Eudora Version 6.2.1.2", "QUALCOMM Windows Eudora Version 7.1.0.9")),)),
    "mutt": Pen(("date", "from", "to", "cc", "subject", "message-id", "references", "mime-version", "content-type", "content-disposition",
                 "in-reply-to", "user-agent", "*"), (), "mutt", "author", "mutt", "short", "local",
                (("User-Agent", ("Mutt/1.4.2.1i", "Mutt/1.5.20 (2009-06-14)", "Mutt/2.2.9 (2022-11-12)")),)),
    "pine": Pen(("date", "from", "to", "subject", "message-id", "mime-version", "content-type", "*"), (), "pine", "author", "generic", "comment", "local"),
    "notes": Pen(("subject", "to", "*", "mime-version", "x-mailer", "message-id", "from", "date"), (), "notes", "author", "notes", "short", "local",
                 (("X-Mailer", ("Lotus Notes Release 6.5.4 March 27, 2005", "IBM Notes Release 9.0.1 October 14, 2013")),)),
    "gmail": Pen(("mime-version", "references", "in-reply-to", "from", "date", "message-id", "subject", "to", "content-type", "*"), (), "gmail",
                 "author", "gmail", "padded", "local"),
    "gmail-old": Pen(("message-id", "date", "from", "to", "subject", "mime-version", "content-type", "*"), (), "gmail-old", "author", "gmail-old",
                     "padded", "fixed:-420"),
    "yahoo": Pen(("date", "from", "subject", "to", "*", "mime-version", "content-type", "message-id"), (), "yahoo-web", "author", "yahoo-web",
                 "padded", "fixed:-480", (("X-Mailer", ("YahooMailRC/272.7 YahooMailWebService/0.6.132.6", "YahooMailClassic/5.1.20")),)),
    "hotmail": Pen(("message-id", "*", "from", "to", "subject", "date", "mime-version", "content-type"), (), "hotmail", "author", "hotmail",
                   "padded", "utc"),
    "squirrelmail": Pen(("message-id", "date", "subject", "from", "to", "user-agent", "mime-version", "content-type", "*"), (), "squirrelmail",
                        "author", "squirrelmail", "comment", "local",
                        (("User-Agent", ("SquirrelMail/1.4.8", "SquirrelMail/1.4.22")), ("X-Priority", ("3 (Normal)",)), ("Importance", ("Normal",)))),
    "horde": Pen(("message-id", "date", "from", "to", "subject", "mime-version", "content-type", "*", "user-agent"), (), "horde", "author", "horde",
                 "padded", "local", (("User-Agent", ("Internet Messaging Program (IMP) H3 (4.1.4)", "Horde Application Framework 5")),)),
    "roundcube": Pen(("mime-version", "content-type", "date", "from", "to", "subject", "*", "message-id", "user-agent"), (), "roundcube", "author",
                     "roundcube", "padded", "local", (("User-Agent", ("Roundcube Webmail/1.4.13", "Roundcube Webmail/1.6.0")),)),
    "php": Pen(("to", "subject", "*", "from", "message-id", "date"), (("Message-ID", "Message-Id"),), "exim", "own", "php", "padded", "local"),
    "phpmailer": Pen(("date", "to", "from", "*", "subject", "message-id", "x-mailer", "mime-version", "content-type"), (), "phpmailer", "author",
                     "phpmailer", "short", "local", (("X-Mailer", ("PHPMailer 5.2.22 (https://mailer.example/)", "PHPMailer 6.6.0")), ("X-Priority", ("3",)))),
    "python": Pen(("content-type", "mime-version", "subject", "from", "to", "date", "message-id", "*"), (), "django", "own", "python", "padded", "utc"),
    "java": Pen(("date", "from", "to", "message-id", "subject", "mime-version", "content-type", "*"), (), "java", "own", "java", "short", "local"),
    "exchange": Pen(("from", "to", "subject", "thread-topic", "thread-index", "date", "message-id", "*", "content-type", "mime-version"), (),
                    "exchange", "own", "exchange", "short", "local",
                    (("Thread-Index", ("{thread}",)), ("Accept-Language", ("en-US",)), ("X-MS-Has-Attach", ("",)), ("X-MS-TNEF-Correlator", ("",)))),
    "microsoft-365": Pen(("from", "to", "subject", "thread-topic", "thread-index", "date", "message-id", "*", "content-type", "mime-version"), (),
                         "microsoft-365", "author", "microsoft-365", "short", "utc", (("Thread-Index", ("{thread}",)), ("Accept-Language", ("en-US",)))),
    "mailman": Pen(("from", "to", "message-id", "subject", "date", "*"), (), "mailman", "own", "python", "padded", "local"),
    "dsn": Pen(("date", "from", "subject", "to", "auto-submitted", "mime-version", "content-type", "*", "message-id"), (("Message-ID", "Message-Id"),),
               "postfix", "own", "postfix", "comment", "local"),
    "bulk": Pen(("date", "from", "reply-to", "to", "message-id", "subject", "mime-version", "content-type", "*"), (), "java", "author", "java", "padded", "utc"),
    "ses": Pen(("*", "date", "from", "reply-to", "to", "message-id", "subject", "mime-version", "content-type"), (), "ses", "own", "java", "padded", "utc"),
    "sendgrid": Pen(("content-type", "date", "from", "*", "mime-version", "message-id", "subject", "reply-to", "to"), (("Message-ID", "Message-ID"),),
                    "sendgrid", "own", "sendgrid", "comment", "utc"),
    "mailgun": Pen(("content-type", "mime-version", "*", "subject", "from", "to", "reply-to", "message-id", "date"), (("Message-ID", "Message-Id"),
                   ("MIME-Version", "Mime-Version")), "mailgun", "author", "python", "padded", "utc"),
    "powermta": Pen(("date", "to", "from", "reply-to", "subject", "message-id", "*"), (), "powermta", "author", "generic", "padded", "local"),
}  # fmt: skip
_PLAIN = Pen(
    ("date", "from", "to", "subject", "message-id", "*"), (), "generic", "author", "generic", "padded", "local"
)
_ALIASES = {
    "esp-1": "ses", "esp-2": "sendgrid", "esp-3": "mailgun", "esp-4": "powermta", "oe": "outlook-express", "ms365": "microsoft-365",
    "newsletter": "bulk", "mailer-daemon": "dsn", "list": "mailman", "iphone": "apple", "webmail": "roundcube", "cms": "phpmailer",
    "postfix": "dsn", "autoreply": "outlook", "tbird": "thunderbird",
}  # fmt: skip


def of(name: str) -> Pen:
    """The pen of a mail program or a bot engine; for an unknown name a plain one."""
    engine = engines.of(name)
    if engine is not None:
        return engine.pen
    found = PENS.get(name) or PENS.get(_ALIASES.get(name, ""))
    if found is None:
        found = next((pen for known, pen in PENS.items() if name.startswith(known)), _PLAIN)
    return found


def fields_of(pen: Pen) -> dict[str, object]:
    """By name."""
    return msgspec.structs.asdict(pen)
