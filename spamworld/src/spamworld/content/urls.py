"""URLs as junk has them: path shapes, shorteners and redirectors, bare and disguised hosts."""

from __future__ import annotations

from random import Random
from urllib.parse import quote

SHORTENERS = ("shrt.example", "go2.example", "lnk.example", "tinyhop.example")  # platforms, not the spammer's own
REDIRECTORS = ("r.searchway.example", "out.newsdesk.example", "www.portalis.example")
TRACKERS = ("click.mailmetric.example", "trk.sendwell.example", "links.bulkhouse.example")
NOUNS = (
    "offer deal home shop info start order save member index view page new special best secure login account update "
    "online portal go track promo sale verify"
)
WORDS = NOUNS.split()
LOW = "abcdefghijklmnopqrstuvwxyz0123456789"
PATHS = ("root", "word", "words", "token", "query", "php", "sub", "account")
DISGUISES = ("dot", "blank", "hxxp", "number", "userinfo", "percent")
MODES = ("direct", "short", "redirect", "tracker", "bare", "obfuscated", "none")


def token(rng: Random, length: int) -> str:
    """Letters and digits."""
    return "".join(rng.choices(LOW, k=length))


class Shape:
    """How one campaign writes its URLs: everything but the domain and the token of the one mail."""

    __slots__ = ("account", "disguise", "host", "length", "mode", "path", "platform", "scheme", "words")

    def __init__(self, rng: Random, mode: str, path: str, account: str) -> None:
        self.mode = mode
        self.path = path or rng.choice(PATHS)
        self.account = account
        self.words = rng.sample(WORDS, 3)
        self.length = rng.randint(4, 12)
        self.host = rng.choice(("", "", "www.", "secure.", "shop.", "m."))
        self.scheme = rng.choice(("http://", "http://", "https://"))
        self.disguise = rng.choice(DISGUISES)
        self.platform = rng.choice(
            SHORTENERS
            if mode == "short"
            else REDIRECTORS
            if mode == "redirect"
            else TRACKERS
            if mode == "tracker"
            else ("",)
        )

    @property
    def unseen(self) -> bool:
        """Whether the mail hides the advertised domain altogether: behind a short link, or an address as a number."""
        return self.mode == "short" or (self.mode == "obfuscated" and self.disguise == "number")

    def landing(self, rng: Random, domain: str) -> str:
        """The URL of the advertised page itself."""
        one, two, three = self.words
        host, path = self.host + domain, self.path
        if path == "sub":
            host = f"{token(rng, self.length)}.{domain}"
        tail = {
            "root": "/",
            "word": f"/{one}/",
            "words": f"/{one}/{two}.html",
            "token": f"/{one[0]}/{token(rng, self.length)}" if path == "token" else "",
            "query": f"/?{two[0]}={token(rng, self.length)}" if path == "query" else "",
            "php": f"/{one}.php?aff={self.account}&{three[0]}id={rng.randrange(10**6)}" if path == "php" else "",
            "sub": "/",
            "account": f"/{self.account}/{one}",
        }[path]
        return f"{self.scheme}{host}{tail}"

    def write(self, rng: Random, domain: str) -> tuple[str, str]:
        """(what the mail shows, the landing URL). They differ where a platform or a disguise stands between."""
        landing = self.landing(rng, domain)
        bare = landing.partition("://")[2]
        if self.mode == "short":
            return f"https://{self.platform}/{token(rng, 6)}", landing
        if self.mode == "redirect":
            return f"http://{self.platform}/url?sa=t&q={quote(landing, safe='')}", landing
        if self.mode == "tracker":
            return f"https://{self.platform}/c/{self.account}/{token(rng, 10)}?u={quote(landing, safe='')}", landing
        if self.mode == "bare":
            return bare.rstrip("/"), landing
        if self.mode == "obfuscated":
            return self.hide(rng, domain, landing), landing
        return landing, landing

    def hide(self, rng: Random, domain: str, landing: str) -> str:
        """The landing URL so that a reader finds it and a pattern may not."""
        name = domain.rpartition(".")[0]
        if self.disguise == "dot":
            return f"{name} {rng.choice(('[dot]', '(dot)', ' DOT '))} example"
        if self.disguise == "blank":
            return f"www . {name} . example"
        if self.disguise == "hxxp":
            return landing.replace("http", "hxxp", 1).replace(".example", "[.]example", 1)
        if self.disguise == "number":
            return f"http://{(192 << 24) + (2 << 8) + rng.randrange(1, 255)}/{name}/"  # 192.0.2.0/24 as one number
        if self.disguise == "userinfo":
            return landing.replace("://", "://www.portalis.example@", 1)
        return landing.replace(domain, "".join(f"%{ord(char):02x}" if char == "a" else char for char in domain), 1)
