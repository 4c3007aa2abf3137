"""What is true of the world besides its mail: plain records that writers turn into files and servers into answers."""

from __future__ import annotations

import msgspec

from spamworld.plan import Machine

HOUR = 3_600_000_000  # microseconds
DAY = 24 * HOUR
EVER = 1 << 62


class Prefix(msgspec.Struct, frozen=True):
    """A routed IPv4 network: ``base`` as a number, ``bits`` its length."""

    base: int
    bits: int

    @property
    def size(self) -> int:
        return 1 << (32 - self.bits)

    def __str__(self) -> str:
        b = self.base
        return f"{b >> 24}.{b >> 16 & 255}.{b >> 8 & 255}.{b & 255}/{self.bits}"


class Network(msgspec.Struct, frozen=True):
    """An autonomous system and the provider behind it."""

    index: int
    asn: int
    name: str  # of the organisation
    domain: str
    role: str  # access, hosting, enterprise, mobile, bulletproof
    country: str
    prefixes: tuple[Prefix, ...]
    prefix6: str  # a /32 in text, "" for none
    addressing: str  # static, sticky (DHCP), periodic, shared (carrier NAT)
    period: int  # hours between changes, periodic only
    rdns: int  # naming style, 0-11
    provider: str  # how it treats reports: fast, normal, slow, deaf
    port25: str  # open, blocked
    subscribers: float  # weight
    bots: float  # share of the world's bots
    abuse: str  # abuse contact
    hours: int  # its clock minus UTC
    upstream: int  # AS number
    since: int  # registered, microseconds UTC (may lie before 1970)
    webforms: bool = False  # its abuse address answers that only a form counts


class Lease(msgspec.Struct, frozen=True, gc=False):
    """An address in the time a host had it."""

    address: str
    start: int
    end: int


class Host(msgspec.Struct, frozen=True):
    """A machine that was, or might have been, misused."""

    id: int
    kind: str  # bot, proxy, relay, cms, client, server, snowshoe, controller, tenant
    network: int
    country: str
    botnet: int  # 0 for none
    infected: tuple[tuple[int, int], ...]
    leases: tuple[Lease, ...]
    duty: tuple[float, float]  # local hour it is switched on, hours it stays on
    weight: float  # activity beside its like
    notice: str = ""  # detailed, minimal; "" for none
    noticed: int = 0
    shared: bool = False  # serves more than one spammer
    tenants: tuple[int, ...] = ()  # spammers it served


class Domain(msgspec.Struct, frozen=True):
    """A registrable domain that junk advertises or is sent from."""

    name: str
    start: int  # first use
    end: int
    registered: int
    registrar: str
    batch: int  # domains registered together
    ns: tuple[str, ...]
    address: str  # what it points to
    owner: int  # spammer


class Stock(msgspec.Struct, frozen=True):
    """What a campaign touts."""

    ticker: str
    company: str
    price: float
    target: float
    start: int
    end: int


class Version(msgspec.Struct, frozen=True):
    """A version of a template, and when it is sent."""

    number: int
    start: int
    end: int


class Channel(msgspec.Struct, frozen=True):
    """By which a campaign is sent: ``kind`` as a delivery's class of source, ``number`` which of its kind."""

    kind: str
    number: int
    start: int
    end: int
    weight: float


class Campaign(msgspec.Struct, frozen=True):
    """Mail that belongs together: one offer, one template in its versions, one spammer."""

    id: int
    category: str
    spammer: int
    start: int
    end: int
    volume: float  # weight beside others
    versions: tuple[Version, ...]
    language: str
    channels: tuple[Channel, ...]
    url: str = "direct"  # direct, short, redirect, tracker, bare, obfuscated, none
    path: str = ""
    domains: tuple[Domain, ...] = ()
    phones: tuple[str, ...] = ()
    wallets: tuple[str, ...] = ()
    ibans: tuple[str, ...] = ()
    boxes: tuple[str, ...] = ()
    stock: Stock | None = None
    picture_share: float = 0.0
    noise: str = ""
    canspam: dict[str, bool] = {}
    optout_end: int = 0  # when its opt-out stops working; 0 where it has none
    dictionary: int = 5  # values of its macros
    hash_buster: bool = False
    spin: bool = False
    paraphrase: bool = False
    attachment: str = ""  # zip, doc, iso, html, pdf; "" for none
    family: int = 0  # campaigns spun from one template
    lineage: int = 0  # spammer whose trade it carries on; 0 for its own
    shuffled: bool = False  # by the template engine kept for evaluation
    r1: int = 0  # number of its controller host behind rented relays
    targeted: bool = False

    @property
    def ticker(self) -> str:
        return self.stock.ticker if self.stock else ""


class Spammer(msgspec.Struct, frozen=True):
    """An actor, with habits and accounts."""

    id: int
    skill: float  # 0-1
    budget: float  # dollars a day
    categories: tuple[str, ...]  # preferred first
    registrar: str
    reuse: float
    botnets: tuple[int, ...]
    phones: tuple[str, ...]
    wallets: tuple[str, ...]
    ibans: tuple[str, ...]
    boxes: tuple[str, ...]
    canspam: dict[str, bool]
    country: str
    end: int = EVER  # arrested


class Botnet(msgspec.Struct, frozen=True):
    """A net of bots, and who runs it."""

    id: int
    share: float  # of all bots' mail
    engine: str
    helo: str  # how its bots greet: rdns, literal, word, host, target, local, author, address
    hoster: int  # where its controllers stand
    price: float  # dollars for a million mails
    controllers: tuple[str, ...]  # addresses


class Person(msgspec.Struct, frozen=True):
    """Somebody with a mailbox or an account."""

    address: str
    name: str
    language: str


class Intake(msgspec.Struct, frozen=True):
    """A trap domain or a person's mailbox, and the server that keeps its mail."""

    name: str
    kind: str  # trap, mailbox
    relays: tuple[Machine, ...]
    addresses: dict[str, tuple[str, ...]]  # by kind of trap; "" for a person's
    start: int
    outages: tuple[tuple[int, int], ...] = ()
    reports: bool = False  # its people report junk


class Event(msgspec.Struct, frozen=True):
    """Something that happens in the world, and may be left out of a twin run."""

    id: str
    kind: str  # E1-E8, arrest, sentence, law, seizure, feed
    at: int
    what: str
    end: int = EVER
    botnets: tuple[int, ...] = ()
    country: str = ""
    spammer: int = 0
    intake: str = ""
    size: float = 0.0  # immediate drop of what it hits, 0-1
    half: int = 0  # half recovery, microseconds; 0 for none
    displaced: float = 0.0
    hoster: int = 0
    element: str = ""


class Record(msgspec.Struct, frozen=True, gc=False):
    """A DNS record in the time it held."""

    name: str
    type: str
    value: str
    since: int | None = None
    until: int | None = None


class Registration(msgspec.Struct, frozen=True):
    """What a registry says about a network, an AS number or a domain."""

    kind: str  # ip network, autnum, domain
    handle: str
    first: str  # first address, first number, or the name
    last: str
    organisation: str
    country: str
    abuse: str
    registered: int
    parent: str = ""  # handle of the wider one
    since: int | None = None
    until: int | None = None
    registrar: str = ""
    ns: tuple[str, ...] = ()


class Route(msgspec.Struct, frozen=True, gc=False):
    """A line of the routing table of one day."""

    prefix: str
    asn: int


class ForeignList(msgspec.Struct, frozen=True):
    """A block list of somebody else."""

    number: int
    zone: str
    family: int
    code: str
    coverage: float
    fault: str = ""  # world: lists everything since ``since``; refused: answers 127.255.255.254
    since: int = 0


class Listing(msgspec.Struct, frozen=True, gc=False):
    """An address on a foreign list."""

    list: int
    address: str
    start: int
    end: int
    host: int


class Price(msgspec.Struct, frozen=True, gc=False):
    """A day of a share."""

    ticker: str
    day: int  # since the first
    at: int
    open: float
    close: float
    volume: int


class Rental(msgspec.Struct, frozen=True):
    """A slice of a botnet, let by a broker."""

    broker: int
    botnet: int
    spammer: int
    campaign: int
    start: int
    end: int
    price: float  # dollars a day


class Booking(msgspec.Struct, frozen=True, gc=False):
    """A line of a spammer's accounts, dollars."""

    spammer: int
    at: int
    kind: str  # income, rent, domains, addresses
    amount: float
    campaign: int = 0


class Notice(msgspec.Struct, frozen=True, gc=False):
    """A report that somebody sent to a provider, and what came of it."""

    host: int
    address: str
    network: int
    kind: str  # detailed, minimal, duplicate
    sent: int
    reply: str  # auto-ack, bounce, human, resolved, "" for silence
    replied: int
    true: bool  # "resolved" that is so
    cleaned: int  # end of the infection, EVER for not in this run


class Complaint(msgspec.Struct, frozen=True, gc=False):
    """A person who reports a mail, or moves it."""

    delivery: int
    at: int
    intake: str
    kind: str  # report, to-junk, from-junk
    duplicate: bool = False


class LogLine(msgspec.Struct, frozen=True, gc=False):
    """A mail in a provider's outbound log."""

    provider: int  # network
    software: str  # postfix, exim
    at: int
    customer: int
    address: str
    helo: str
    sender: str
    recipient: str
    size: int
    status: str  # sent, deferred, bounced
    junk: bool


class Flow(msgspec.Struct, frozen=True, gc=False):
    """A customer's day in a provider's flow summaries."""

    provider: int
    day: int
    customer: int
    address: str
    port25: int  # flows to port 25
    targets: int  # distinct
    control: str  # controller it talked to, "" for none
    flood: int  # packets of a flood, 0 for none
    innocent: bool
    botnet: int = 0


class Tenant(msgspec.Struct, frozen=True):
    """A customer of a hoster, and where."""

    hoster: int
    network: int
    customer: int
    block: str  # prefix
    start: int
    end: int
    spammer: int  # 0 for an innocent one
    purpose: str  # sending, controller, web, innocent


class Folder(msgspec.Struct, frozen=True):
    """What was found on a seized machine."""

    event: str
    owner: int  # spammer, 0 for an innocent person
    templates: tuple[tuple[int, int], ...]  # (campaign, version)
    addresses: tuple[str, ...]  # an address list
    sent: tuple[tuple[int, str, int], ...]  # the mailer's log: at, recipient, campaign
    letter: int = 0  # number of the newsletter that an innocent person writes; 0 for none
