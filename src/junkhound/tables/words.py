"""The closed word lists that rows store as small numbers. A number is never reused or renamed."""

from __future__ import annotations

from enum import IntEnum, IntFlag


class Kind(IntEnum):
    """What the address did (RUNTIME, observation 1); closed from the first schema on."""

    JUNK = 0
    GOOD = 1
    UNSORTED = 2  # kept and traced, never scored, never a witness
    BACKSCATTER = 3
    AUTH_GUESS = 4
    PROBE = 5
    HARVEST = 6
    FLOOD = 7


class Standing(IntEnum):
    """Who saw it (RUNTIME, observation 1); closed from the first schema on."""

    TRAP = 0
    MAILBOX = 1
    LOG = 2
    PARTNER = 3
    FBL = 4
    COMPLAINT = 5
    FEED = 6
    QUERIES = 7


class Path(IntEnum):
    """How the message came: the class label of a trace (column ``path``)."""

    UNANCHORED = 0  # no boundary, or the walk ended inside our own space
    DIRECT = 1  # a machine that handed its own mail to our border
    RELAYED = 2  # through a known relay, and the machine behind it is known
    OPEN_PROXY = 3
    OPEN_RELAY = 4
    WEBMAIL = 5
    AUTHENTICATED = 6  # a client that logged in: nothing below it is believed
    ESP = 7
    FORWARDED = 8
    LIST = 9
    LOCAL = 10  # never left our own machines
    UNKNOWN = 11  # handed over by a known relay; who is behind it is not known


class SourceClass(IntEnum):
    """What kind of source it seems to be (column ``class``); what is acted on is ``Path``, this is for people."""

    UNANCHORED = 0  # nobody is named
    BOT = 1  # a machine that is no mail server, and handed its mail over itself
    OPEN_PROXY = 2  # it speaks for somebody who connected to it by another protocol
    OPEN_RELAY = 3  # a mail server that passed on what a stranger's machine brought
    ACCOUNT = 4  # somebody's account or web space at a provider or company, mostly taken over
    WEBMAIL = 5  # an account that was used by a browser
    BULK = 6  # a customer of a bulk mailer
    SERVER = 7  # a mail server that sent mail of its own
    CONTROLLER = 8  # one machine behind several rented or broken-into relays
    FORWARD = 9  # a list, or a person's forwarding
    UNKNOWN = 10  # none of these shows


class Clue(IntFlag):
    """What a trace noticed, one bit each (column ``clues``)."""

    HOP_UNREAD = 1 << 0  # a Received line that no dialect knows
    HELO_LITERAL = 1 << 1  # HELO is a bare or bracketed address
    HELO_OURS = 1 << 2  # HELO claims to be one of our own names or addresses
    HELO_RDNS_DIFFER = 1 << 3
    NO_RDNS = 1 << 4
    DYNAMIC_RDNS = 1 << 5
    GAP = 1 << 6  # adjacent hops do not continue each other
    TIME_BACKWARDS = 1 << 7
    IMPOSSIBLE_ADDRESS = 1 << 8
    QUEUE_ID_CLOCK = 1 << 9  # the id's clock contradicts the line's date
    QUEUE_ID_FORM = 1 << 10
    CLAIMS_OUR_NAME = 1 << 11  # a line below the boundary says it was written by us
    AUTHENTICATED = 1 << 12
    BELOW_ORIGINATOR = 1 << 13  # Received below From/To/Subject/Date
    NO_DATE = 1 << 14
    MANY_HOPS = 1 << 15
    PRIVATE_HANDOVER = 1 << 16
    FETCHED = 1 << 17  # a fetchmail or POP hop was folded
    SESSION_FACTS = 1 << 18  # anchored on what our own session saw
    FOR_OTHER = 1 << 19  # the border's line names another recipient
    FORGED = 1 << 20  # at least one line below the boundary contradicts what is known
    PASTED = 1 << 22  # a line below stands under unrelated hand-overs too, in other messages
    DRIVER = 1 << 23  # a machine below stands behind several unrelated relays, each with a line of its own
    SEEN_DIRECT = 1 << 24  # a machine that a line below names hands over the same text itself, within a day
    WITH_KEYWORD = 1 << 21  # the protocol of a line below the boundary contradicts its TLS or log-in


class Defect(IntFlag):
    """How a message is broken, one bit each (column ``defects``)."""

    NO_HEADER_END = 1 << 0
    NO_HEADERS = 1 << 1
    NUL_BYTES = 1 << 2
    BARE_CR = 1 << 3
    MIXED_LINE_ENDS = 1 << 4
    LONG_LINE = 1 << 5  # over 998 octets (RFC 5322 section 2.1.1)
    LONG_HEADER = 1 << 6  # a field or the header over our cap
    MANY_HEADERS = 1 << 7
    BAD_HEADER_LINE = 1 << 8
    EIGHT_BIT_HEADER = 1 << 9
    TOO_DEEP = 1 << 10
    TOO_MANY_PARTS = 1 << 11
    NO_BOUNDARY = 1 << 12
    UNCLOSED_BOUNDARY = 1 << 13
    BAD_BASE64 = 1 << 14
    BAD_QUOTED_PRINTABLE = 1 << 15
    UNKNOWN_CHARSET = 1 << 16
    UNDECODABLE_TEXT = 1 << 17
    UNKNOWN_ENCODING = 1 << 18
    BAD_DATE = 1 << 19
    TRUNCATED = 1 << 20  # over the size limit: the rest was not kept
    TEXT_CAPPED = 1 << 21
    URLS_CAPPED = 1 << 22
    EMPTY = 1 << 23
    KILLED_PARSER = 1 << 24  # took its parser down twice: kept, not tried again
    STRAY_FROM_LINE = 1 << 25


class Operator(IntEnum):
    """What kind of network it is, where known (column ``operator``)."""

    UNKNOWN = 0
    ACCESS = 1
    HOSTING = 2
    ENTERPRISE = 3
    MOBILE = 4
    MAIL_PROVIDER = 5
    EDUCATION = 6
    GOVERNMENT = 7


class KeyKind(IntEnum):
    """What a 64-bit key stands for (tables ``keys`` and ``names``)."""

    URL_HOST = 0
    DOMAIN = 1  # registrable domain of a linked host
    PLATFORM = 2  # owner of a private suffix (blogspot.example)
    URL = 3
    ATTACHMENT = 4  # sha256 of the decoded part, first 64 bits
    ATTACHMENT_NAME = 5
    PICTURE = 6
    MAIL_ADDRESS = 7  # registrable domain of an address in the text
    FROM_DOMAIN = 8
    REPLY_TO = 9
    DKIM_DOMAIN = 10
    MESSAGE_ID_FORM = 11
    HANDOVER = 12  # the machine that gave it to us, where it differs from the source
    TRAP = 13  # a further trap of the same transaction
    HELO = 14
    MAILER = 15
    SUBJECT = 16
    PHONE = 17  # E.164
    WALLET = 18  # coin:address, its checksum right
    IBAN = 19  # bank account, its check digits right
    MAILBOX = 20  # whole address to which the text or Reply-To wants its answer: a drop box
    ACCOUNT = 21  # for whom a click or a page counts: affiliate, campaign and analytics numbers
    TICKER = 22  # symbol of a share that the text praises
    URL_SHAPE = 23  # path and query of a link without what differs from mail to mail
    LANGUAGE = 24  # in ``names`` only: ISO 639-1 code of the template whose number is the key
    TRAITS = 25  # in ``names`` only: what gives the attachment of that key away
    LINE = 26  # a Received line under the hand-over, as its writer writes it once
    BEHIND = 27  # the machine that the first such line names, as the number of its address
    MESSAGE = 28  # Message-ID of a mail with such lines
    NAMED = 29  # as BEHIND, where the line was rather typed by the hand-over than written by it
    SYN = 30  # in ``names`` only: the first packet of a session, by its key in ``sessions``
    JA4 = 31  # in ``names`` only: the TLS hello of a session, so too
    REGISTRANT = 32  # in no table: who registered a linked domain, by the operator's file
    NAME_SERVER = 33  # in no table: registrable domain of its name servers, so too
    REGISTERED = 34  # in no table: at which registrar and in which hour, so too
    TEMPLATE = 35  # in no table of keys: the exact text, ``sightings.template``
    DIALECT = 36  # in no table of keys: the commands of a session, ``sessions.dialect``


ABOUT_LINES = (KeyKind.LINE, KeyKind.BEHIND, KeyKind.MESSAGE, KeyKind.NAMED)
"""Kinds by which traces are compared: numbers that say nothing to a person, and mean no likeness of two mails."""


IN_SESSIONS = {KeyKind.HELO: "helo", KeyKind.SYN: "syn", KeyKind.JA4: "ja4", KeyKind.DIALECT: "dialect"}
"""Kinds that stand in a column of ``sessions``."""


class State(IntEnum):
    """What became of the delivery (column ``state``)."""

    DELIVERED = 0
    REFUSED = 1
    TEMPFAILED = 2
