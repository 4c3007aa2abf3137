"""Settings: one frozen ``Config`` read once from one TOML file, every field with its text, unit and default.

The first file found is the only one read, never merged (RUNTIME, processes): ``--config``, else
``$JUNKHOUND_CONFIG``, ``./junkhound.toml``, the XDG place, ``/etc/junkhound/junkhound.toml``; no file means
the defaults, everything on loopback. The manual page, the sample file and ``config show`` are made from
the fields below.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from junkhound.kernel.config_dns import Crosscheck, Dns, Foreign, Lookup, Transfer
from junkhound.kernel.config_intake import Complainant as Complainant
from junkhound.kernel.config_intake import Complaints as Complaints
from junkhound.kernel.config_intake import Log as Log
from junkhound.kernel.config_intake import Mailbox as Mailbox
from junkhound.kernel.config_intake import Trap as Trap
from junkhound.kernel.config_lists import List, Publish
from junkhound.kernel.config_partners import Partners, Sensor
from junkhound.kernel.errors import ConfigError
from junkhound.kernel.setting import setting


@dataclass(frozen=True)
class Store:
    """[store]: where everything is kept."""

    home: str = setting("", "folder of all state; empty means the XDG data place", "path")
    objects: str = setting(
        "", "object store for packs and tables, such as s3://bucket/prefix; empty means the home", "URL"
    )
    state: str = setting("", "state database as a SQLAlchemy URL; empty means SQLite in the home", "URL")
    spool_limit_mb: int = setting(
        2048, "unprocessed mail beyond this is refused for a while (452, exit 75)", "MB", low=1
    )
    segment_mb: int = setting(8, "a spool segment is sealed at this size", "MB", low=1)
    segment_mails: int = setting(1000, "a spool segment is sealed at this many mails", "mails", low=1)
    segment_s: float = setting(2.0, "a spool segment of a listener is sealed at this age", "s", low=0.1)


@dataclass(frozen=True)
class Engine:
    """[engine]: how batches are run."""

    name: str = setting("pool", "engine that runs batches", choices=("inline", "pool", "dask"))
    workers: int = setting(0, "worker processes; 0 means one a core", "processes", low=0)
    isolate: bool = setting(True, "parse mail in a child process without sockets and with memory and CPU limits")
    parser_memory_mb: int = setting(2048, "memory a parser may use (RLIMIT_DATA)", "MB", low=256)
    parser_mail_s: float = setting(20.0, "CPU seconds one mail may take before its parser is killed", "s", low=1)
    dask: str = setting("", "address of a Dask scheduler; empty starts one on 127.0.0.1", "URL")


@dataclass(frozen=True)
class Intake:
    """[intake]: limits on what is read."""

    mail_limit_mb: int = setting(
        64, "bytes of one mail that are kept; the rest is cut and counted as a defect", "MB", low=1
    )
    archive_limit_mb: int = setting(65536, "bytes one archive may unpack to", "MB", low=1)
    archive_ratio: int = setting(
        1000, "an archive member may grow by this factor before it is called a bomb", "times", low=10
    )
    archive_members: int = setting(10_000_000, "members one archive may hold", "members", low=1)


@dataclass(frozen=True)
class NetworkSection:
    """[network]: our own machines and space that is never listed."""

    own: tuple[str, ...] = setting(
        (), "our own relays, hosts and networks: never a source, never listed", "networks or host names"
    )
    protect: tuple[str, ...] = setting((), "networks that are never listed, beside reserved space", "networks")
    contacts: tuple[str, ...] = setting(
        (), "tables of abuse contacts, by network, AS or domain (CSV or TOML); a trace names them", "paths"
    )
    known: tuple[str, ...] = setting(
        (),
        "files of relays that hand over other people's mail (TOML), beside those that come with the program",
        "paths",
    )
    sealers: tuple[str, ...] = setting(
        (),
        "forwarders and list hosts whose ARC seals are believed, where their own machine brought the mail",
        "domains",
    )
    keys: tuple[str, ...] = setting(
        (),
        "zone files with the keys by which seals and signatures are checked (SELECTOR._domainkey.DOMAIN TXT)",
        "paths",
    )
    allow_documentation: bool = setting(
        False, "treat the documentation networks of RFC 5737 and RFC 3849 as public: for demonstrations and tests only"
    )


@dataclass(frozen=True)
class Web:
    """[web]: the operator's pages, and the public ones."""

    listen: str = setting(
        "127.0.0.1:8025", "where the operator's pages are; loopback only, until there are accounts", "address:port"
    )
    names: tuple[str, ...] = setting(
        (), "further host names under which a browser on this machine asks for them", "host names"
    )
    public: str = setting("", "where the public pages and published files are; empty means off", "address:port")
    public_names: tuple[str, ...] = setting(
        (), "host names of the public pages; empty answers under every name", "host names"
    )
    session_hours: float = setting(12.0, "a browser that came in by a one-time link stays in so long", "hours", low=0.1)
    link_hours: float = setting(24.0, "a one-time link that nobody used ends after this", "hours", low=0.1)
    mail_limit_mb: int = setting(2, "largest mail that can be pasted to be traced", "MB", low=1)
    request_s: float = setting(20.0, "a request must have arrived within this time", "s", low=1)


@dataclass(frozen=True)
class Smtp:
    """[smtp]: the trap's listeners."""

    listen: tuple[str, ...] = setting(("127.0.0.1:2525",), "where SMTP is spoken", "address:port")
    lmtp: tuple[str, ...] = setting((), "where LMTP is spoken", "address:port or unix:/path")
    hostname: str = setting("", "name in the greeting; empty means the machine's", "host name")
    starttls_certificate: str = setting(
        "", "certificate for STARTTLS; empty offers none, self-signed makes one in the home", "path"
    )
    starttls_key: str = setting("", "its private key", "path")
    auth: bool = setting(False, "offer AUTH; it never succeeds, guesses are counted")
    proxies: tuple[str, ...] = setting((), "proxies whose PROXY header or XCLIENT is believed", "networks")
    proxy_protocol: bool = setting(False, "named proxies begin with a PROXY header (HAProxy)")
    xclient: bool = setting(False, "named proxies may use XCLIENT (Postfix)")
    size_mb: int = setting(64, "largest mail that is taken", "MB", low=1)
    recipients: int = setting(1000, "recipients of one mail", "recipients", low=100)
    connections: int = setting(10_000, "open connections of one process", "connections", low=1)
    per_client: int = setting(50, "open connections of one address", "connections", low=1)
    per_network: int = setting(200, "open connections of one /24 or /64", "connections", low=1)
    idle_s: float = setting(300.0, "a silent client is sent away after this", "s", low=1)
    session_s: float = setting(1800.0, "a session lasts this long at most", "s", low=1)
    greet_s: float = setting(
        0.0, "the greeting waits this long; who speaks before it is marked as an early talker", "s", low=0
    )
    memory_mb: int = setting(512, "what all clients of one process may have in memory together", "MB", low=16)
    tarpit_s: float = setting(
        0.0,
        "an answer to a stranger waits this long, so that junk costs its sender time; 0 answers everybody at once."
        " Good mail's senders, relays and protected networks are never held, and kept mail is acknowledged at once",
        "s",
        low=0,
    )
    tarpit_client_s: float = setting(900.0, "a client is held this long at most in an hour", "s", low=0)
    tarpit_connections: int = setting(
        5_000, "so many clients of one process are held at the same time at most", "connections", low=1
    )


@dataclass(frozen=True)
class Serve:
    """[serve]: which processes the service runs."""

    traps: int = setting(1, "trap processes; they share the listening sockets", "processes", low=0)
    dns: int = setting(1, "DNS responders", "processes", low=0)
    web: bool = setting(True, "the operator's pages")
    pictures: bool = setting(
        True, "pictures are looked at and read, where junkhound[pictures] or junkhound[ocr] is installed"
    )
    decide_s: float = setting(60.0, "lists are decided and published this often", "s", low=1)
    full_decide_h: float = setting(24.0, "every address is decided anew this often", "hours", low=1)
    janitor_s: float = setting(300.0, "fresh rows wait this long at most before they are sorted", "s", low=1)
    group_s: float = setting(120.0, "new mail waits this long at most before it is put into campaigns", "s", low=1)
    stop_s: float = setting(30.0, "how long a stopping process may take before it is killed", "s", low=1)


@dataclass(frozen=True)
class Guard:
    """[guard]: the inbox guard of a mail server, or of one person."""

    pack: str = setting(
        "", "the guard pack it works from; empty means the one that is made of this home's own traps", "path"
    )
    key: str = setting(
        "",
        "public key of the hub whose packs are taken: its file, or its line; a pack without its signature is refused",
    )
    pack_every_h: float = setting(
        0.0, "serve makes a pack of this home's traps this often; 0 leaves that to `guard pack`", "hours", low=0
    )
    hub: str = setting("", "the hub whose packs `guard take` fetches, such as https://hub.example.org:8443", "URL")
    token_file: str = setting(
        "", "file with the token that the hub gave us; without one, $JUNKHOUND_GUARD_TOKEN is looked at", "path"
    )
    ca: str = setting("", "certificate that the hub's must chain to; empty means those of the system", "path")
    timeout_s: float = setting(60.0, "how long the hub may be silent", "s", low=1)
    learned: str = setting(
        "", "where what people's own moves taught is kept; empty means guard/learned in the home", "path"
    )
    relays: tuple[str, ...] = setting(
        (), "relays in front of the guarded server, whose Received lines are believed", "networks or host names"
    )
    count: bool = setting(
        False, "count what came, was refused, called junk and let in, by country of source and recipient, in this home"
    )
    country: str = setting("", "country its recipients are in", "two letters")
    countries: tuple[str, ...] = setting(
        (), "recipients' domains in other countries, such as example.de=DE", "domain=two letters"
    )
    authserv: tuple[str, ...] = setting(
        (),
        "names in Authentication-Results that are believed below our relays' first line too: those of relays that take"
        " such fields out of what arrives; above that line the names of relays are believed anyway",
        "names",
    )
    junk: float = setting(
        0.0,
        "a mail is called junk from this probability on; 0 means as the table of weights says",
        "probability",
        low=0,
    )
    good: float = setting(0.1, "a mail is called good up to this probability", "probability", low=0)
    reject: tuple[str, ...] = setting(
        (), "grounds on which mail is refused at SMTP time: listed, campaign; empty refuses nothing", "grounds"
    )
    deadline_ms: int = setting(1000, "a mail waits this long at most; then it goes on without an opinion", "ms", low=10)
    stale_h: float = setting(
        72.0, "a pack older than this gives no opinion, only what people taught counts", "hours", low=1
    )
    size_mb: int = setting(10, "of larger mails only the beginning is looked at", "MB", low=1)
    workers: int = setting(0, "processes that look at mail; 0 means one a core", "processes", low=0)


@dataclass(frozen=True)
class Account:
    """[accounts.NAME]: a mailbox that `junkhound guard inbox` sorts: an IMAP account or a Maildir."""

    imap: str = setting("", "its server: imaps://imap.example.org, or imap:// with STARTTLS", "URL")
    user: str = setting("", "who logs in; empty means NAME")
    password_file: str = setting(
        "", "file with the password, for nobody else to read; empty looks into the keyring", "path"
    )
    maildir: str = setting("", "a Maildir on this machine, instead of a server", "path")
    inbox: str = setting("INBOX", "folder that is sorted")
    junk: str = setting("Junk", "folder that junk is moved to")
    give_back: bool = setting(
        False,
        "what you move to Junk and what you keep becomes sightings of this home: of standing complaint, and good; off,"
        " nothing of it leaves your own model",
    )
    country: str = setting("", "country its owner is in", "two letters")
    relays: tuple[str, ...] = setting(
        (), "its mail server, whose Received lines are believed", "networks or host names"
    )


@dataclass(frozen=True)
class Retention:
    """[retention]: how long each class is kept."""

    raw_days: int = setting(90, "raw mail, unless pinned", "days", low=1)
    sessions_days: int = setting(400, "sessions and keys", "days", low=1)
    templates_days: int = setting(400, "templates after their last use", "days", low=1)
    sightings_days: int = setting(1826, "sightings", "days", low=35)
    good_days: int = setting(
        35, "rows of good and unsorted mail, before they become counts by network and day", "days", low=35
    )
    pinned_days: int = setting(
        731, "pinned witness messages after their listing, report or case is closed", "days", low=1
    )


@dataclass(frozen=True)
class Pictures:
    """[pictures]: text as pixels, read off the path of mail."""

    ocr: str = setting(
        "rapidocr", "what reads text in pictures; needs its package, junkhound[ocr]; none only groups near-copies"
    )
    budget_s: float = setting(600.0, "CPU seconds one run of pictures read may spend on reading text", "s", low=1)
    look_s: float = setting(300.0, "the service looks for new pictures this often", "s", low=1)


@dataclass(frozen=True)
class Files:
    """[files]: attached files looked into, off the path of mail; all of it is off until it is asked for."""

    clamd: str = setting(
        "", "socket of a ClamAV daemon that is asked about attached files; empty asks nobody", "path or address:port"
    )
    clamd_timeout_s: float = setting(20.0, "the daemon has this long for one file", "s", low=0.1)
    clamd_mb: int = setting(25, "larger files are not sent to it", "MB", low=1)
    pdf: bool = setting(False, "links in attached PDFs are read; needs junkhound[pdf]")
    budget_s: float = setting(120.0, "seconds one run of files read may take", "s", low=1)
    look_s: float = setting(300.0, "the service looks for new files this often", "s", low=1)


@dataclass(frozen=True)
class Touts:
    """[touts]: shares that junk praises."""

    prices: str = setting(
        "", "CSV of daily prices (symbol, day, close, volume) to measure touting days against; empty: none", "path"
    )
    gap_days: int = setting(10, "a share not touted for so long is touted anew: another campaign", "days", low=1)


@dataclass(frozen=True)
class Domains:
    """[domains]: what the operator knows of the domains that junk leads to. Nobody is asked for it."""

    rdap: str = setting(
        "", "file of RDAP answers about domains, one JSON a line: registrants and name servers tie campaigns", "path"
    )


@dataclass(frozen=True)
class Feed:
    """[feeds.NAME]: somebody else's list, imported as evidence: it raises a score and never lists by itself."""

    kind: str = setting(
        "junk",
        "what its addresses did; good makes it an allow list: it speaks for its addresses, and no range of ours holds"
        " its networks",
        choices=("junk", "good", "auth_guess", "probe", "harvest", "flood"),
    )
    format: str = setting(
        "auto",
        "how it is written; auto looks at its beginning",
        choices=("auto", "text", "csv", "json", "misp", "stix", "intelmq"),
    )
    counts: bool = setting(True, "its addresses raise the score by a point each; no keeps it for looking up only")
    weight: float = setting(1.0, "points of an address on it; a trap's sighting has 5", "points", low=0)
    url: str = setting("", "where feeds fetch takes it from; empty means that you bring the file", "https address")
    fetch_hours: float = setting(
        0.0, "serve fetches it this often; 0 means never: nothing is fetched that nobody asked for", "hours", low=0
    )
    tlp: str = setting(
        "AMBER",
        "whom we may pass it to (TLP 2.0); shown with every hit",
        choices=("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"),
    )
    about: str = setting("", "whose it is, and where it comes from")


@dataclass(frozen=True)
class Config:
    """All settings; ``path`` is the file they came from, empty for the defaults."""

    store: Store = Store()
    engine: Engine = Engine()
    intake: Intake = Intake()
    network: NetworkSection = NetworkSection()
    traps: Mapping[str, Trap] = field(default_factory=dict, metadata={"of": Trap})
    mailboxes: Mapping[str, Mailbox] = field(default_factory=dict, metadata={"of": Mailbox})
    logs: Mapping[str, Log] = field(default_factory=dict, metadata={"of": Log})
    complaints: Complaints = Complaints()
    complainants: Mapping[str, Complainant] = field(default_factory=dict, metadata={"of": Complainant})
    lists: Mapping[str, List] = field(default_factory=lambda: {"main": List()}, metadata={"of": List})
    publish: Publish = field(default=Publish())  # frozen, so one default serves all
    smtp: Smtp = Smtp()
    serve: Serve = Serve()
    web: Web = Web()
    dns: Dns = Dns()
    transfers: Mapping[str, Transfer] = field(default_factory=dict, metadata={"of": Transfer})
    guard: Guard = Guard()
    partners: Partners = Partners()
    sensor: Sensor = Sensor()
    lookup: Lookup = Lookup()
    crosscheck: Crosscheck = Crosscheck()
    feeds: Mapping[str, Feed] = field(default_factory=dict, metadata={"of": Feed})
    blocklists: Mapping[str, Foreign] = field(default_factory=dict, metadata={"of": Foreign})
    accounts: Mapping[str, Account] = field(default_factory=dict, metadata={"of": Account})
    pictures: Pictures = Pictures()
    files: Files = Files()
    touts: Touts = Touts()
    domains: Domains = Domains()
    retention: Retention = Retention()
    path: str = ""

    @property
    def home(self) -> Path:
        """The home folder, made absolute."""
        if self.store.home:
            base = Path(self.path).parent if self.path else Path()
            return (base / Path(self.store.home).expanduser()).absolute()
        data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local/share")
        return Path(data) / "junkhound"


def find(explicit: str | None = None) -> Path | None:
    """The one file that is read, or None; an explicit one must exist."""
    named = explicit or os.environ.get("JUNKHOUND_CONFIG")
    if named:
        if not Path(named).is_file():
            raise ConfigError(f"no settings file {named!r}", "give a TOML file, or leave --config out for the defaults")
        return Path(named)
    xdg = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    for place in (
        Path("junkhound.toml"),
        Path(xdg) / "junkhound/junkhound.toml",
        Path("/etc/junkhound/junkhound.toml"),
    ):
        if place.is_file():
            return place
    return None


def load(path: Path | None) -> Config:
    """Read one settings file; None gives the defaults. Errors: ConfigError naming file, section and setting."""
    if path is None:
        return Config()
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"cannot read {str(path)!r}: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    return read(table, str(path))


def read(table: Mapping[str, Any], path: str = "") -> Config:
    """Check a TOML table against the settings and build the ``Config``."""
    values: dict[str, Any] = {"path": str(Path(path).absolute()) if path else ""}
    sections = {f.name: f for f in dataclasses.fields(Config) if f.name != "path"}
    for name, content in table.items():
        if name not in sections:
            raise ConfigError(f"{path or 'settings'}: unknown section [{name}]", _near(name, sections))
        if not isinstance(content, dict):
            raise ConfigError(f"{path or 'settings'}: {name!r} must be a section", f"write [{name}] above it")
        of = sections[name].metadata.get("of")
        if of is None:
            kind = typing.get_type_hints(Config)[name]
            values[name] = _section(kind, content, f"{path or 'settings'} [{name}]")
        else:
            for key, inner in content.items():
                if not isinstance(inner, dict):
                    raise ConfigError(
                        f"{path or 'settings'} [{name}]: {key!r} must be a section", f"write [{name}.NAME]"
                    )
            values[name] = {k: _section(of, v, f"{path or 'settings'} [{name}.{k}]") for k, v in content.items()}
    return Config(**values)


def _near(name: str, known: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(name, known, 1)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(sorted(known))}"


def _section(kind: Any, content: Mapping[str, Any], where: str) -> Any:
    fields = {f.name: f for f in dataclasses.fields(kind)}
    hints = typing.get_type_hints(kind)
    values = {}
    for key, value in content.items():
        if key not in fields:
            raise ConfigError(f"{where}: unknown setting {key!r}", _near(key, fields))
        values[key] = _value(value, hints[key], fields[key].metadata, f"{where} {key}")
    return kind(**values)


def _value(value: Any, hint: Any, meta: Mapping[str, Any], where: str) -> Any:
    if typing.get_origin(hint) is tuple:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ConfigError(f"{where}: a list of texts is needed, not {value!r}", 'write ["one", "two"]')
        return tuple(value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if isinstance(hint, types.UnionType) or not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        raise ConfigError(f"{where}: {hint.__name__} is needed, not {value!r}", meta.get("text"))
    if meta.get("choices") and value not in meta["choices"]:
        near = difflib.get_close_matches(str(value), meta["choices"], 1)
        hint = f"did you mean {near[0]!r}?" if near else None
        raise ConfigError(f"{where}: {value!r} is not one of {', '.join(meta['choices'])}", hint)
    if meta.get("low") is not None and value < meta["low"]:
        raise ConfigError(f"{where}: {value!r} is below {meta['low']:g}")
    return value
