"""The dated table of what the world is made of, typed: every number of the world stands in ``parameters.toml``.

An unknown section or key, a missing one, or an entry without its source is refused. The hash of the table goes into
every manifest; a test holds it frozen.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from .errors import DataError

TABLE = Path(__file__).with_name("parameters.toml")
TAG = re.compile(r"[\s:,;/]+")
TAGS = ("V", "V2", "K", "K+", "C", "SPAMWORLD", "ALGORITHMS", "chosen", "memo")


class Variant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An era."""

    start: str
    ipv6: float
    ipv6_bots: float
    tls: float
    server_system: str
    back_in_time: float
    below_author: float
    dkim_large: float
    arc: float
    submission_auth: float
    channels: dict[str, float]
    categories: dict[str, float]
    servers: dict[str, float]
    webmail: tuple[str, ...]
    programs: dict[str, float]
    systems: dict[str, float]


class Tier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A size."""

    days: int
    mails: int
    good: float
    botnets: int
    campaigns: int
    touts: int
    networks: int
    spammers: int
    snowshoes: int
    hosters: int
    servers: int
    lists: int
    forwarders: int
    proxies: int
    cms: int
    accounts: int
    traps: int
    mailboxes: int
    answers: int
    series: int
    events: tuple[str, ...]


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table itself."""

    dated: str
    evaluation_from: int


class Networks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Networks and the providers behind them."""

    roles: dict[str, float]
    hygiene_sigma: float
    top10: float
    top50: float
    top200: float
    mobile_bots: float
    provider_classes: dict[str, float]
    closed_bots: float
    port25_open: float
    rdns_styles: int
    countries: dict[str, float]


class Addressing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How addresses are given out."""

    static: float
    periodic: float
    periods_d: tuple[int, ...]
    lease_median_d: float
    lease_sigma: float
    leave_prefix: float
    nat_low: int
    nat_high: int


class Botnets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Botnets and their bots."""

    shares: tuple[float, ...]
    rest_zipf: float
    mails_per_bot_day: float
    activity_alpha: float
    activity_cap: float
    duty_low: float
    duty_high: float
    shared_bots: float
    burn_in_d: int
    daily_noise: float
    daily_phi: float
    weekend: float
    engines: int
    kept_engines: tuple[str, ...]
    smart_host: float


class Clocks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far clocks are off."""

    skew_s: float
    far_off: float
    server_skew_s: float
    two_lines: float
    ahead_least_m: float
    ahead_median_m: float
    ahead_sigma: float


class Strategies(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Forgery: shares by strategy."""

    evaluation: dict[str, float]
    tuning: dict[str, float]
    mangled: float
    rented_relays: float
    rented_low: int
    rented_high: int
    tilt: float


class Campaigns(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Campaigns and what they advertise."""

    duration_median_d: float
    duration_p95_d: float
    volume_alpha: float
    versions_high: int
    dictionary_low: int
    dictionary_high: int
    domains_high: int
    domain_median_d: float
    shared_hosting: float
    shortener: float
    no_url: float
    languages: dict[str, float]
    image_stock: float
    image_pharma: float
    noises: tuple[str, ...]
    reuse: float
    hash_buster: float
    spin: float
    paraphrase: dict[str, float]
    shuffled: float
    two_channels: float
    mailbox_share: float


class Stock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Touted shares and their prices."""

    window_low_d: int
    window_high_d: int
    pre_low: float
    pre_high: float
    post: float
    drift: float
    volatility: float
    background: int


class Canspam(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Elements of the CAN-SPAM act."""

    elements: tuple[str, ...]
    bots: float
    snowshoe: float
    dead_optout: float
    optout_life_d: float
    law_shift: float


class Traps(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Trap domains and mailboxes."""

    kinds: dict[str, float]
    addresses: int
    letter_a: float
    letter_z: float
    typo_good: float
    many: float
    zipf: float
    reporters: float
    duplicates: float


class Good(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Legitimate mail."""

    kinds: dict[str, float]
    smart_host: float
    backscatter: float
    zipf: float
    correspondents: int
    dkim: float
    srs: float
    moved: float
    queued: float


class Sources(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sources of junk that are no bots."""

    snowshoe_blocks_high: int
    snowshoe_low: int
    snowshoe_high: int
    snowshoe_domain_d: float
    proxy_life_d: float
    account_life_d: float
    cms_life_d: float
    webmail_providers: int
    php_header: float
    esp: int
    move_low_d: float
    move_high_d: float
    own_asn: int
    innocent_tenants: float
    smart_forward: float


class Cleanup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How infections end and come back."""

    clean_1d: float
    clean_16d: float
    noticed_1d: float
    noticed_16d: float
    speeds: dict[str, float]
    detailed: float
    minimal: float
    duplicate: float
    notice_lag_d: float
    age_out_d: float
    back_ever: float
    back_10d: float
    back_median_d: float


class Answers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What providers answer."""

    kinds: dict[str, float]
    false_resolved: float


class Events(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Takedowns and other events."""

    e1_share: float
    e1_low: float
    e1_high: float
    e1_half_low_d: float
    e1_half_high_d: float
    e1_displaced: float
    cut_d: float
    e2_low: float
    e2_high: float
    e3_drop: float
    e3_half_d: float
    e5_days: int
    e5_depth: float
    e6_ramp_d: float
    e6_depth: float
    e7_days: float
    e8_gap_d: float
    feed_at: float
    arrest_replaced: float


class Lists(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Foreign block lists."""

    count: int
    families: int
    union: float
    numbers: tuple[float, ...]
    lag_median_h: float
    lag_sigma: float
    keep_median_d: float
    keep_sigma: float
    drop_median_d: float
    again_median_d: float
    again_sigma: float
    false_rate: float
    allowed: float
    allowed_false: float
    in_family: float


class Money(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Prices and incomes, dollars."""

    brokers: int
    rent_million: float
    domain: float
    addresses_million: float
    income_thousand: float
    world_per_trap: int
    seized: int


class Inside(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Providers' own records."""

    providers: int
    customers: dict[str, int]
    mails_day: float
    floods: float
    burst: int


class Victims(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Victims of worms and targeted series."""

    worm_contacts: int
    series_mails: int


class Realism(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Tolerances of the realism checks."""

    six_botnets: float
    six_tolerance: float
    concentration_tolerance: float
    zipf_low: float
    zipf_high: float
    union_tolerance: float
    relist_tolerance: float
    rents_low: float
    rents_high: float
    mails_per_bot: float
    strategy_tolerance: float
    clean_tolerance: float
    clue_tolerance: float
    letter_tolerance: float
    bots_tolerance: float


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole table."""

    table: Table
    variant: dict[str, Variant]
    tier: dict[str, Tier]
    networks: Networks
    addressing: Addressing
    botnets: Botnets
    clocks: Clocks
    strategies: Strategies
    campaigns: Campaigns
    stock: Stock
    canspam: Canspam
    traps: Traps
    good: Good
    sources: Sources
    cleanup: Cleanup
    answers: Answers
    events: Events
    lists: Lists
    money: Money
    inside: Inside
    victims: Victims
    realism: Realism


def read(text: bytes) -> Parameters:
    """The table in ``text`` (TOML), each entry ``{ value, source }``.

    Raises:
        DataError: an unknown or missing section or key, a value of another type, an entry without its source.
    """
    values = {name: _values(section, name) for name, section in tomllib.loads(text.decode()).items()}
    try:
        return msgspec.convert(values, Parameters)
    except msgspec.ValidationError as error:
        raise DataError(f"parameters.toml: {error}") from None


def _values(section: Any, where: str) -> Any:
    """``section`` with each entry replaced by its value."""
    if not isinstance(section, dict):
        raise DataError(f"parameters.toml: '{where}' is no entry", hint="write { value = ..., source = ... }")
    if "value" not in section and "source" not in section:
        return {key: _values(entry, f"{where}.{key}") for key, entry in section.items()}
    if set(section) != {"value", "source"}:
        raise DataError(f"parameters.toml: '{where}' must hold a value and its source and nothing else")
    if not _tagged(str(section["source"])):
        raise DataError(f"parameters.toml: '{where}' has no source: {section['source']!r}", hint=f"one of {TAGS}")
    return section["value"]


def _tagged(source: str) -> bool:
    return (TAG.split(source.strip()) or [""])[0] in TAGS


@cache
def load() -> Parameters:
    """The table that is shipped."""
    return read(TABLE.read_bytes())


@cache
def sha256() -> str:
    """The hash of the shipped table, in hex: it names the world's make."""
    return hashlib.sha256(TABLE.read_bytes()).hexdigest()
