"""A day of legitimate mail: people, lists, newsletters, notices, forwards, machines; and bounces of forged mail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from spamworld.plan import Delivery, Machine, Recipient, Step
from spamworld.streams import stream
from spamworld.world import registry
from spamworld.world.chance import Floats, pick
from spamworld.world.facts import DAY
from spamworld.world.making import Maker, unit
from spamworld.world.servers import Organisation
from spamworld.world.setting import Setting

ROBOTS = {"auto-reply": "autoreply", "dsn": "dsn"}
NOTICES = ("python", "java", "phpmailer")


@dataclass(slots=True)
class _Sent:
    """One good mail as it is worked out; ``u`` are its draws."""

    person: int
    box: int
    home: Organisation
    own: Machine
    at: int
    u: list[float]
    sender: str
    author: str
    name: str
    engine: str
    signed: tuple[tuple[str, str, int], ...]
    broken: bool = False
    spf: str = "pass"
    list: str = ""
    forwarder: str = ""
    srs: bool = False
    arc: int = 0


class Good:
    """Plans the legitimate mail of any day."""

    def __init__(self, setting: Setting, maker: Maker) -> None:
        self.s, self.m = setting, maker
        servers = setting.servers
        self.hours = np.array([x.hours for x in setting.networks])
        self.weight: Floats = servers.volume
        self.below = setting.era.below_author / setting.p.clocks.two_lines
        self.kinds = list(setting.p.good.kinds)
        self.shares = np.array(list(setting.p.good.kinds.values()))
        era = setting.era.programs
        drawn = pick(np.array(list(era.values())), stream(setting.seed, "programs").random(len(servers.people)))
        self.programs = [list(era)[i] for i in drawn.tolist()]
        self.languages = list(setting.p.campaigns.languages)

    def day(self, day: int) -> Iterator[list[Delivery]]:
        """The deliveries of one day, in no order."""
        yield self.mails("good", day)
        yield self.mails("typo", day)
        yield self.backscatter(day)

    def mails(self, unit_kind: str, day: int) -> list[Delivery]:
        """Ham for people, or (``typo``) for a trap that somebody mistyped into."""
        s, m, servers = self.s, self.m, self.s.servers
        number = unit(unit_kind, 0)
        draws = stream(s.seed, "day", number, day)
        n = int(draws.poisson(s.rates[unit_kind, 0][day]))
        if not n:
            return []
        who = pick(self.weight, draws.random(n))
        kind = pick(self.shares, draws.random(n)).tolist()
        t0 = s.start + day * DAY
        hour = np.clip(draws.normal(13.5, 4.0, n), 0.0, 23.99) - self.hours[servers.line_of[who]]
        at = t0 + (hour % 24.0 * 3.6e9).astype(np.int64)
        k, _, _ = s.plan.lease(servers.id_of[who], servers.line_of[who], at)
        value = s.plan.address(servers.id_of[who], servers.line_of[who], k).tolist()
        box = draws.integers(0, len(s.boxes.mailboxes), n).tolist()
        trap = pick(s.boxes.trap_weight, draws.random(n)).tolist()
        uniform = draws.random((n, 9)).tolist()
        people, times = who.tolist(), at.tolist()
        out, base = [], day << 40 | number << 24
        for i in range(n):
            u = uniform[i]
            if unit_kind == "good":
                intake = s.boxes.mailboxes[box[i]]
                recipient = Recipient(intake.name)
            else:
                intake = s.boxes.traps[trap[i]]
                typos = s.boxes.typos[trap[i]]
                recipient = Recipient(typos[int(u[8] * len(typos))], "typo")
            if not m.open(intake, times[i]):
                continue
            name = self.kinds[kind[i]]
            if unit_kind == "typo" and name in ("list", "forwarded", "dsn"):
                name = "personal"
            out.append(
                self._mail(
                    base | i, times[i], name, people[i], value[i], box[i], recipient, intake.name, intake.relays[0], u
                )
            )
        return out

    def _mail(
        self,
        number: int,
        at: int,
        kind: str,
        person: int,
        value: int,
        box: int,
        recipient: Recipient,
        intake: str,
        own: Machine,
        u: list[float],
    ) -> Delivery:
        servers = self.s.servers
        home = servers.companies[int(servers.organisation_of[person])]
        name, author = servers.people[person]
        signed = ((home.domain, home.selector, home.key),) if home.signs else ()
        sent = _Sent(person, box, home, own, at, u, author, author, name, self.programs[person], signed)
        if kind == "newsletter":
            path = self._newsletter(sent)
        elif kind in ("notice", "auto-reply", "dsn"):
            path = self._robot(sent, kind)
        else:
            path = (*self._personal(person, value, home, u, at), *self._handed_on(sent, kind))
        return Delivery(
            number, at, intake, "good", kind, _ordered(path), (recipient,), sent.sender, sent.author, sent.name, "F0",
            engine=ROBOTS.get(kind, sent.engine),
            class_="forward" if sent.forwarder or sent.list else "own",
            language=self.languages[person % 8] if person % 4 == 0 else "en",
            signed=sent.signed, broken=sent.broken, spf=sent.spf, list=sent.list, forwarder=sent.forwarder,
            srs=sent.srs, arc=sent.arc, below=u[8] < self.below, moved="to-junk" if u[7] < self.s.p.good.moved else "",
        )  # fmt: skip

    def _newsletter(self, sent: _Sent) -> tuple[Step, ...]:
        """By a mass mailer, in the company's name."""
        servers, home, person = self.s.servers, sent.home, sent.person
        place = person % len(servers.esps)
        esp, farm = servers.esps[place], servers.farms[len(servers.webmail) + place]
        sent.engine = esp.server.software
        sent.sender, sent.author, sent.name = f"bounce-{sent.box}@{esp.domain}", f"news@{home.domain}", home.domain
        customer = ((home.domain, registry.hosted(place), esp.key),) if home.signs else ()
        sent.signed = ((esp.domain, esp.selector, esp.key), *customer)
        return (self.m.hop(farm[int(sent.u[3] * len(farm))], sent.own, sent.at, sent.u[4]),)

    def _robot(self, sent: _Sent, kind: str) -> tuple[Step, ...]:
        """By a program of the company: a notice, an answer, a report that a mail could not be delivered."""
        home, m, u = sent.home, self.m, sent.u
        path: tuple[Step, ...] = (m.hop(home.server, sent.own, sent.at, u[4]),)
        if kind == "notice":
            if u[3] < 0.4:
                path = (Step(home.server, home.server, sent.at - m.wait(u[5]), "local", "", user="app"), *path)
            sent.engine = NOTICES[sent.person % 3]
            sent.sender = sent.author = f"no-reply@{home.domain}"
            sent.name = home.domain
            return path
        sent.sender, sent.spf = "", "none"
        if kind == "dsn":
            sent.author, sent.name = f"mailer-daemon@{home.domain}", "Mail Delivery System"
        return path

    def _handed_on(self, sent: _Sent, kind: str) -> tuple[Step, ...]:
        """From the author's server to the mailbox: directly, or through a relay, a list, a forwarder."""
        servers, home, m, u = self.s.servers, sent.home, self.m, sent.u
        between = home.relay
        if kind == "list":
            host = servers.lists[sent.person % len(servers.lists)]
            between, sent.list, sent.broken = host.server, f"discuss@{host.domain}", sent.person % 2 == 0
            sent.sender = f"discuss-bounces@{host.domain}"
        elif kind == "forwarded":
            over = servers.forwarders[sent.box % len(servers.forwarders)]
            between, sent.forwarder, sent.srs, sent.arc = over.server, over.domain, over.srs, over.key * over.arc
            if over.srs:
                local, _, domain = sent.author.partition("@")
                sent.sender = f"SRS0={sent.person:x}=aa={domain}={local}@{over.domain}"
            else:
                sent.spf = "softfail"
        if between is None:
            return (m.hop(home.server, sent.own, sent.at, u[4]),)
        first = m.hop(home.server, between, sent.at - m.wait(u[6]), u[4])
        return (first, m.hop(between, sent.own, sent.at, u[3]))

    def _personal(self, person: int, value: int, home: Organisation, u: list[float], at: int) -> tuple[Step, ...]:
        """From the author's own machine to the author's server."""
        s, m, servers = self.s, self.m, self.s.servers
        line = s.networks[int(servers.line_of[person])]
        system = "windows-10" if s.variant == "modern" else "windows-xp"
        client = m.machine(
            int(servers.id_of[person]),
            value,
            line,
            m.hosts[person % 4000],
            self.programs[person],
            int(servers.skew_of[person]),
            system,
        )
        before = at - 4 * m.wait(u[5]) - m.wait(u[6])
        if u[2] < s.era.submission_auth:
            secure = u[1] < s.era.tls
            return (
                Step(
                    client,
                    home.server,
                    before,
                    "ESMTPSA" if secure else "ESMTPA",
                    client.name,
                    1025 + int(u[0] * 60000),
                    ("TLSv1.2" if s.variant == "modern" else "TLSv1") if secure else "",
                    servers.people[person][1],
                ),
            )
        return (Step(client, home.server, before, "ESMTP", client.name, 1025 + int(u[0] * 60000)),)

    def backscatter(self, day: int) -> list[Delivery]:
        """Bounces of mail that was forged in the name of a trap."""
        s, m, servers = self.s, self.m, self.s.servers
        number = unit("backscatter", 0)
        draws = stream(s.seed, "day", number, day)
        n = int(draws.poisson(s.rates["backscatter", 0][day]))
        trap = pick(s.boxes.trap_weight, draws.random(n)).tolist()
        times = (s.start + day * DAY + draws.random(n) * DAY).astype(np.int64).tolist()
        uniform = draws.random((n, 4)).tolist()
        out = []
        for i in range(n):
            u = uniform[i]
            intake, recipients = m.target(trap[i], 0, False, u[0], 1.0)
            if not m.open(intake, times[i]):
                continue
            home = servers.companies[int(u[1] * len(servers.companies))]
            out.append(
                Delivery(
                    day << 40 | number << 24 | i,
                    times[i],
                    intake.name,
                    "backscatter",
                    "dsn",
                    (m.hop(home.server, intake.relays[0], times[i], u[2]),),
                    recipients,
                    "",
                    f"mailer-daemon@{home.domain}",
                    "Mail Delivery System",
                    "F0",
                    engine="dsn",
                    class_="own",
                    spf="none",
                )
            )
        return out


def _ordered(path: tuple[Step, ...]) -> tuple[Step, ...]:
    """The steps with times that never run backwards: waits were drawn one by one."""
    latest = path[-1].at
    out = []
    for step in reversed(path):
        at = min(step.at, latest)
        out.append(
            step
            if at == step.at
            else Step(
                step.sender,
                step.receiver,
                at - 1_000_000,
                step.protocol,
                step.helo,
                step.port,
                step.tls,
                step.user,
                step.writes,
            )
        )
        latest = out[-1].at
    return tuple(reversed(out))
