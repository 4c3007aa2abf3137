"""How mail of each intake is judged: settings made into rules, each with its analysis version."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256

from junkhound import sighting, tables, trace
from junkhound.attribution import RouteTable
from junkhound.kernel.config import Complainant, NetworkSection
from junkhound.kernel.errors import UsageError
from junkhound.tables import Standing
from junkhound.verbs import believing, comparing
from junkhound.verbs.office import Office
from junkhound.verbs.parser import Orders

DEFAULT = "default"
"""The mailbox that files belong to when no name is given."""

COMPLAINTS = "complaints"
"""The intake of complaints; ``complaints from NAME`` is that of files that the operator says NAME sent."""


@dataclass(frozen=True)
class Plan:
    """What the settings say of one intake, before it is given a number."""

    name: str
    standing: Standing
    relays: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    country: str = ""
    complainants: Mapping[str, Complainant] = field(default_factory=dict)
    vouched: str = ""
    host: str = ""
    moves: bool = False  # what a person moved to Junk: a complaint without a letter about it

    def settings_hash(self, office: Office) -> str:
        """Changes whenever the same mail would get another boundary or standing."""
        return sha256(self.settings_text(office).encode()).hexdigest()

    def settings_text(self, office: Office) -> str:
        """What that hash is of, as ``boundary_of`` reads it again."""
        network = office.config.network
        said = [int(self.standing), sorted(self.relays), sorted(self.domains), self.country.upper(),
                sorted(network.own), network.allow_documentation]  # fmt: skip
        if self.standing is Standing.COMPLAINT and not self.moves:
            enrolled = sorted(self.complainants.items())
            said.append([[name, c.kind, sorted(c.senders), sorted(c.relays)] for name, c in enrolled])
        if self.host:
            said.append(self.host)
        if more := believing.digest(believing.trust(office.config)):
            said.append({"trust": more})
        return json.dumps(said)


def plans(
    office: Office, mailbox: str | None = None, trap: str | None = None, relays: Iterable[str] = ()
) -> dict[str, Plan]:
    """Every intake of the settings, and the one a run names; ``relays`` are added to that one's.

    Errors: UsageError for a trap that is not configured, or for naming both.
    """
    config = office.config
    found = {name: Plan(name, Standing.TRAP, t.relays, t.domains, t.country) for name, t in config.traps.items()}
    for name, m in config.mailboxes.items():
        if name in found:
            raise UsageError(f"{name!r} is both a trap and a mailbox", "give one of them another name")
        found[name] = Plan(name, Standing.MAILBOX, m.relays, (), m.country)
    for name in (COMPLAINTS, *(from_complainant(one) for one in config.complainants)):
        if name in found:
            raise UsageError(f"{name!r} is the intake of complaints", "give the trap or mailbox another name")
    found[COMPLAINTS] = complaints = Plan(
        COMPLAINTS, Standing.COMPLAINT, config.complaints.relays, complainants=config.complainants
    )
    for name in config.complainants:
        found[from_complainant(name)] = replace(complaints, name=from_complainant(name), vouched=name)
    for name, account in config.accounts.items():
        if account.give_back:
            junk, kept = given_back(name)
            found[junk] = Plan(junk, Standing.COMPLAINT, account.relays, country=account.country, moves=True)
            found[kept] = Plan(kept, Standing.MAILBOX, account.relays, country=account.country)
    for name, log in config.logs.items():
        if name in found:
            raise UsageError(f"{name!r} is a log and something else as well", "give one of them another name")
        found[name] = Plan(name, Standing.LOG, host=log.host or socket.gethostname())
    if trap is not None and mailbox is not None:
        raise UsageError("mail belongs to a trap or to a mailbox, not to both", "leave --trap or --mailbox out")
    if trap is not None and (trap not in config.traps):
        known = ", ".join(sorted(config.traps)) or "none"
        raise UsageError(f"no trap called {trap!r}", f"write [traps.{trap}] into the settings; known: {known}")
    if trap is None:
        name = mailbox or DEFAULT
        if name in config.traps:
            raise UsageError(f"{name!r} is a trap", f"use --trap {name}")
        found.setdefault(name, Plan(name, Standing.MAILBOX))
    named = trap or mailbox or DEFAULT
    if not named.isprintable() or len(named) > 200:
        raise UsageError(f"{named[:200]!r} is no name for a mailbox", "use letters, digits and such")
    extra = tuple(relays)
    if extra:
        plan = found[named]
        found[named] = replace(plan, relays=(*plan.relays, *extra))
    return found


def from_complainant(name: str) -> str:
    """The intake of complaints that the operator says ``name`` sent."""
    return f"{COMPLAINTS} from {name}"


def given_back(account: str) -> tuple[str, str]:
    """The intakes of what the owner of an account moved to Junk, and of what they kept."""
    return f"moves of {account}", f"kept by {account}"


def is_complaints(intake: str) -> bool:
    """Whether mail of this intake is complaints."""
    return intake == COMPLAINTS or intake.startswith(from_complainant(""))


def boundary_of(office: Office, intake: str, analysis: int) -> trace.Boundary | None:
    """The relays that mail of an intake was judged by, as noted with its analysis: also those of a command line.

    None where nothing is noted, or nobody was believed.
    """
    noted = office.ledger.analysis_note(analysis, intake)
    if noted is None:
        return None
    standing, relays, _, _, own, allow_documentation, *_ = json.loads(noted)
    if not relays and standing != int(Standing.TRAP):
        return None
    trust = believing.trust(office.config)
    return trace.boundary(relays, own, allow_documentation=allow_documentation, trust=trust)


def orders(
    office: Office, found: dict[str, Plan], routes: Iterable[tuple[int, str, Callable[[], RouteTable]]]
) -> Orders:
    """Rules for every intake, numbered by the ledger. Errors: ConfigError for a relay that cannot be read."""
    network, trust = office.config.network, believing.trust(office.config)
    rules = {}
    for plan in found.values():
        # made even where it is not used, so that a wrong setting is told at once
        boundary = trace.boundary(
            plan.relays, network.own, allow_documentation=network.allow_documentation, trust=trust
        )
        sessions = plan.standing in (
            Standing.TRAP,
            Standing.COMPLAINT,
            Standing.LOG,
        )  # our own: they need no relay to be believed
        believed = boundary if plan.relays or (sessions and not plan.moves) else None
        number = office.ledger.analysis(
            plan.name, sighting.CODE_VERSION, plan.settings_hash(office), plan.settings_text(office)
        )
        rules[plan.name] = sighting.IntakeRules(
            plan.name, plan.standing, believed, number, plan.domains, tables.country_number(plan.country),
            host=plan.host,
        )  # fmt: skip
        if plan.standing is Standing.COMPLAINT and not plan.moves:
            enrolled = [_enrolled(name, one, network, trust) for name, one in plan.complainants.items()]
            rules[plan.name] = replace(
                rules[plan.name], complaints=True, complainants=tuple(enrolled),
                vouched=next((one for one in enrolled if one.name == plan.vouched), None),
            )  # fmt: skip
    return Orders(office.ledger.key, rules, tuple(routes), comparing.known(office))


_STANDINGS = {"person": Standing.COMPLAINT, "loop": Standing.FBL, "partner": Standing.PARTNER}


def _enrolled(name: str, said: Complainant, network: NetworkSection, trust: trace.Trust) -> sighting.Complainant:
    """A complainant of the settings as rules. Errors: ConfigError for a sender or relay that cannot be read."""
    return sighting.Complainant(
        name,
        _STANDINGS[said.kind],
        trace.boundary(said.senders, (), allow_documentation=network.allow_documentation),
        # its session is the one that it tells us of, so even without relays of its own there is a boundary
        trace.boundary(said.relays, network.own, allow_documentation=network.allow_documentation, trust=trust)
        if said.relays or said.kind != "person"
        else None,
    )
