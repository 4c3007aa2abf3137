"""Names of people and organisations, trap domains and mailboxes: all invented, all under reserved names."""

from __future__ import annotations

import random

import numpy as np

from spamworld.parameters import Parameters, Tier
from spamworld.plan import Machine
from spamworld.streams import quick, stream
from spamworld.world.chance import Floats, zipf
from spamworld.world.facts import EVER, Event, Intake

GIVEN = (
    "Aaron", "Abigail", "Adam", "Agnes", "Alan", "Alice", "Amir", "Anna", "Boris", "Bruno", "Carla", "Chen",
    "Clara", "Daniel", "Dora", "Edith", "Emil", "Erik", "Eva", "Felix", "Fiona", "George", "Greta", "Hanna",
    "Hugo", "Ines", "Ivan", "Jana", "Jonas", "Julia", "Karl", "Kira", "Lara", "Leo", "Lucia", "Marco", "Maria",
    "Mei", "Milan", "Nadia", "Nils", "Olga", "Oscar", "Paula", "Peter", "Quentin", "Raj", "Rosa", "Samir",
    "Sofia", "Theo", "Tina", "Ulf", "Uma", "Vera", "Victor", "Wanda", "Xenia", "Yara", "Yusuf", "Zara", "Zoltan",
)  # fmt: skip
FAMILY = (
    "Abbott", "Adler", "Baker", "Becker", "Castro", "Chang", "Costa", "Dietz", "Duran", "Ekman", "Evans",
    "Fabian", "Fisher", "Garcia", "Graham", "Haas", "Hansen", "Ivanov", "Jansen", "Keller", "Kumar", "Lang",
    "Lopez", "Martin", "Moreau", "Nagy", "Novak", "Okada", "Olsen", "Park", "Pereira", "Quinn", "Rossi", "Sato",
    "Singh", "Turner", "Ueda", "Varga", "Wagner", "Xu", "Young", "Zeller",
)  # fmt: skip
SYLLABLES = (
    "ba", "cor", "del", "en", "fi", "gra", "ho", "in", "jo", "kel", "lum", "mar", "nor", "or", "pa", "quin",
    "ra", "sol", "ter", "um", "ver", "wil", "xan", "ya", "zen", "al", "bri", "cas", "dor", "el",
)  # fmt: skip
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def word(draws: random.Random, parts: int = 3) -> str:
    """A made-up word."""
    return "".join(draws.choice(SYLLABLES) for _ in range(parts))


def person(draws: random.Random) -> tuple[str, str]:
    """A full name and the local part of its address."""
    given, family = draws.choice(GIVEN), draws.choice(FAMILY)
    form = draws.random()
    if form < 0.4:
        local = f"{given}.{family}"
    elif form < 0.65:
        local = f"{given[0]}{family}{draws.randrange(100)}"
    elif form < 0.85:
        local = f"{given}{draws.randrange(1000)}"
    else:
        local = f"{family}_{given[0]}"
    return f"{given} {family}", local.lower()


def letter_weight(address: str, p: Parameters) -> float:
    """How much junk an address draws by its first letter: falls evenly from A to Z (Clayton)."""
    place = LETTERS.find(address[0].lower())
    share = p.traps.letter_a + (p.traps.letter_z - p.traps.letter_a) * max(place, 0) / 25.0
    return share / (1.0 - share)  # of junk against a constant stream of good mail


class Boxes:
    """Trap domains and mailboxes with the chance that junk or ham goes to each."""

    def __init__(
        self,
        seed: int,
        p: Parameters,
        tier: Tier,
        servers: list[Machine],
        start: int,
        events: dict[str, Event],
        feed: str,
    ) -> None:
        self.traps = [self._trap(seed, p, n, servers[n], start, events, feed) for n in range(tier.traps)]
        shared = servers[tier.traps :]
        self.mailboxes = [self._mailbox(seed, p, n, shared, start) for n in range(tier.mailboxes)]
        self.all = self.traps + self.mailboxes
        self.trap_weight = zipf(tier.traps, p.traps.zipf)
        addresses = [next(iter(box.addresses[""])) for box in self.mailboxes]
        self.box_weight: Floats = np.array([letter_weight(a, p) for a in addresses])
        kinds = list(p.traps.kinds)
        self.pairs: list[list[tuple[str, str]]] = []  # (address, kind) of each trap domain
        self.pull: list[Floats] = []  # summed chance of each address
        self.typos: list[list[str]] = []
        for trap in self.traps:
            pairs = [(a, kind) for kind in kinds for a in trap.addresses[kind]]
            self.pairs.append(pairs)
            self.typos.append([a for a, kind in pairs if kind == "typo"])
            self.pull.append(np.cumsum([letter_weight(a, p) for a, _ in pairs]))

    @staticmethod
    def _trap(
        seed: int, p: Parameters, n: int, server: Machine, start: int, events: dict[str, Event], feed: str
    ) -> Intake:
        draws = quick(seed, "trap", n)
        domain = server.name.partition(".")[2]
        used: set[str] = set()
        addresses: dict[str, tuple[str, ...]] = {}
        for kind, share in p.traps.kinds.items():
            locals_: list[str] = []
            while len(locals_) < max(3, int(p.traps.addresses * share)):
                local = person(draws)[1] if kind != "pristine" else word(draws, 3) + str(draws.randrange(90) + 10)
                if local not in used:
                    used.add(local)
                    locals_.append(f"{local}@{domain}")
            addresses[kind] = tuple(locals_)
        since = start
        if domain == feed:  # without the event that adds it, it never is
            since = events["feed"].at if "feed" in events else EVER
        outages = tuple((e.at, e.end) for e in events.values() if e.kind == "E7" and e.intake == domain)
        return Intake(domain, "trap", (server,), addresses, since, outages)

    @staticmethod
    def _mailbox(seed: int, p: Parameters, n: int, servers: list[Machine], start: int) -> Intake:
        draws = quick(seed, "mailbox", n)
        server = servers[n % len(servers)]
        local = f"{person(draws)[1]}{n}"
        address = f"{local}@{server.name.partition('.')[2]}"
        return Intake(
            address, "mailbox", (server,), {"": (address,)}, start, reports=draws.random() < p.traps.reporters
        )


def daily(seed: int, name: str, days: int, sigma: float, phi: float) -> Floats:
    """A year of daily factors around one: lognormal, remembered from day to day by ``phi`` (AR(1))."""
    draws = stream(seed, "daily", name)
    noise = draws.standard_normal(days) * sigma * np.sqrt(1 - phi * phi)
    level = np.empty(days)
    at = draws.standard_normal() * sigma
    for day in range(days):
        at = phi * at + float(noise[day])
        level[day] = at
    return np.asarray(np.exp(level - sigma * sigma / 2))
