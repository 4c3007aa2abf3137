"""A day of legitimate mail: people, lists, newsletters, notices, forwards, machines; and bounces of forged mail."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from spamworld.plan import Delivery, Machine, Recipient, Step
from spamworld.streams import stream
from spamworld.world.chance import Floats, pick
from spamworld.world.facts import DAY
from spamworld.world.making import Maker, unit
from spamworld.world.servers import Organisation
from spamworld.world.setting import Setting

ROBOTS = {"auto-reply": "autoreply", "dsn": "dsn"}
NOTICES = ("python", "java", "phpmailer")


class Good:
    """Plans the legitimate mail of any day."""

    def __init__(self, setting: Setting, maker: Maker) -> None:
        self.s, self.m = setting, maker
        servers = setting.servers
        self.hours = np.array([x.hours for x in setting.networks])
        self.weight: Floats = servers.volume
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
        s, m, servers = self.s, self.m, self.s.servers
        home = servers.companies[int(servers.organisation_of[person])]
        name, author = servers.people[person]
        sender, broken, spf = author, False, "pass"
        signed: tuple[tuple[str, str], ...] = ((home.domain, home.selector),) if home.signs else ()
        list_ = forwarder = ""
        srs = arc = False
        engine = self.programs[person]
        if kind == "newsletter":
            esp = servers.esps[person % len(servers.esps)]
            farm = servers.farms[len(servers.webmail) + person % len(servers.esps)]
            path: tuple[Step, ...] = (m.hop(farm[int(u[3] * len(farm))], own, at, u[4]),)
            engine = esp.server.software
            sender, author, name = f"bounce-{box}@{esp.domain}", f"news@{home.domain}", home.domain
            signed = ((esp.domain, esp.selector), (home.domain, "k1")) if home.signs else ((esp.domain, esp.selector),)
        elif kind in ("notice", "auto-reply", "dsn"):
            path = (m.hop(home.server, own, at, u[4]),)
            if kind == "notice" and u[3] < 0.4:
                path = (Step(home.server, home.server, at - m.wait(u[5]), "local", "", user="app"), *path)
            if kind == "notice":
                engine = NOTICES[person % 3]
                author, name = f"no-reply@{home.domain}", home.domain
                sender = author
            elif kind == "dsn":
                author, name, sender, spf = f"mailer-daemon@{home.domain}", "Mail Delivery System", "", "none"
            else:
                sender, spf = "", "none"
        else:
            path = self._personal(person, value, home, u, at)
            if kind == "list":
                host = servers.lists[person % len(servers.lists)]
                path = (
                    *path,
                    m.hop(home.server, host.server, at - m.wait(u[6]), u[4]),
                    m.hop(host.server, own, at, u[3]),
                )
                list_, broken = f"discuss@{host.domain}", person % 2 == 0
                sender = f"discuss-bounces@{host.domain}"
            elif kind == "forwarded":
                over = servers.forwarders[box % len(servers.forwarders)]
                path = (
                    *path,
                    m.hop(home.server, over.server, at - m.wait(u[6]), u[4]),
                    m.hop(over.server, own, at, u[3]),
                )
                forwarder, srs, arc = over.domain, over.srs, over.arc
                if srs:
                    local, _, domain = author.partition("@")
                    sender = f"SRS0={person:x}=aa={domain}={local}@{over.domain}"
                else:
                    spf = "softfail"
            elif home.relay is not None:
                path = (
                    *path,
                    m.hop(home.server, home.relay, at - m.wait(u[6]), u[4]),
                    m.hop(home.relay, own, at, u[3]),
                )
            else:
                path = (*path, m.hop(home.server, own, at, u[4]))
        return Delivery(
            number,
            at,
            intake,
            "good",
            kind,
            _ordered(path),
            (recipient,),
            sender,
            author,
            name,
            "F0",
            engine=ROBOTS.get(kind, engine),
            class_="forward" if forwarder or list_ else "own",
            language=self.languages[person % 8] if person % 4 == 0 else "en",
            signed=signed,
            broken=broken,
            spf=spf,
            list=list_,
            forwarder=forwarder,
            srs=srs,
            arc=arc,
            moved="to-junk" if u[7] < s.p.good.moved else "",
        )

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
