"""Ham: personal mail, lists, newsletters, notices and receipts, calendar invitations, and machines that answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Any

from spamworld.content import attach, bounce, keys, macro, markup, mime, people, prose
from spamworld.content.brief import Brief, Options
from spamworld.content.style import CHARSETS
from spamworld.content.urls import token
from spamworld.plan import Composed, Delivery
from spamworld.streams import quick

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WEEK = 7 * 86_400_000_000
KINDS = ("personal", "list", "newsletter", "notice")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
Book = dict[str, Any]  # blocks of sentences, and words that a letter draws once
COUNTRY = {"de": "DE", "fr": "FR"}


class Letter:
    """A good mail in the making: its chance and the values of its sentences."""

    def __init__(self, delivery: Delivery, seed: int, rng: Random, language: str, book: Book) -> None:
        self.delivery, self.seed, self.rng, self.language, self.book = delivery, seed, rng, language, book
        self.urls: list[tuple[str, str]] = []
        self.kept: dict[str, str] = {}
        self.host = delivery.author.partition("@")[2] or "mail.example"
        self.address = delivery.recipients[0].address if delivery.recipients else ""

    def value(self, name: str) -> str:
        """The text for ``$name``; names of things stay the same through the letter."""
        if name in self.kept:
            return self.kept[name]
        source = self.book.get(name)
        if isinstance(source, str):
            self.kept[name] = macro.say(macro.parse(source), self)
            return self.kept[name]
        make = VALUES.get(name)
        return make(self) if make else ""

    def say(self, block: str, count: int = 1) -> list[str]:
        """Some different sentences of a block."""
        pool = self.book[block]
        texts = (macro.say(macro.parse(text), self) for text in self.rng.sample(pool, min(count, len(pool))))
        return [text for text in texts if text]

    def link(self, path: str) -> str:
        """A page of the author's own site, as a mark."""
        page = f"https://www.{self.host}/{path}"
        self.urls.append((page, page))
        return f"\ue000{len(self.urls) - 1}\ue001"


def friend(letter: Letter) -> str:
    """Somebody both know."""
    letter.kept["friend"] = people.given(letter.rng, letter.language)
    return letter.kept["friend"]


def firm(letter: Letter) -> str:
    """The author's house, by its domain."""
    return letter.host.split(".")[-2].replace("-", " ").title() if "." in letter.host else letter.host


VALUES: dict[str, Callable[[Letter], str]] = {
    "num": lambda w: str(w.rng.randrange(2, 29)),
    "digit": lambda w: str(w.rng.randrange(1, 10)),
    "code": lambda w: str(w.rng.randrange(10**5, 10**7)),
    "amount": lambda w: f"{w.rng.randrange(3, 900)}.{w.rng.randrange(100):02d}",
    "hour": lambda w: f"{w.rng.randrange(8, 21)}:{w.rng.choice(('00', '15', '30', '45'))}",
    "day": lambda w: w.rng.choice(DAYS) if w.language == "en" else f"{w.rng.randrange(1, 29)}.{w.rng.randrange(1, 13)}",
    "friend": friend,
    "first": lambda w: people.profile(w.seed, w.address, w.language).given,
    "author": lambda w: w.delivery.author_name,
    "firm": firm,
    "town": lambda w: w.rng.choice(prose.page("people")["en"]["town"].split()),
    "phone": lambda w: keys.dial(w.rng, keys.phone(w.rng, COUNTRY.get(w.language, "GB"))),
    "url": lambda w: w.link(f"{w.rng.choice(('read', 'p', 'news', 'order', 'account'))}/{token(w.rng, 8)}"),
    "unsub": lambda w: w.link(f"unsubscribe/{token(w.rng, 16)}"),
    "old": lambda w: macro.say(macro.parse(w.rng.choice(prose.page("good")["en"]["personal"]["subject"][:2])), w),
}  # fmt: skip


def write(delivery: Delivery, brief: Brief | None, seed: int, options: Options) -> Composed:
    """One good mail, or one that a machine sent back."""
    rng = quick(seed, "mail", delivery.id)
    kind = delivery.category
    if kind in ("dsn", "bounce") or (delivery.kind == "backscatter" and kind not in ("auto-reply", "challenge")):
        return bounce.write(delivery, brief, seed, rng, options)
    if kind == "auto-reply":
        return away(delivery, seed, rng)
    if kind == "forwarded":
        kind = rng.choice(("personal", "personal", "newsletter", "notice"))
    if kind in ("receipt", "calendar"):
        kind = {"receipt": "notice", "calendar": "personal"}[kind]
    kind = kind if kind in KINDS else "personal"
    book, language = chapter(kind, delivery.language)
    if kind == "newsletter":
        return newsletter(delivery, seed, rng)
    letter = Letter(delivery, seed, rng, language, book)
    if kind == "notice":
        return notice(letter)
    return mailing_list(letter) if kind == "list" else personal(letter)


def newsletter_text(seed: int, number: int) -> str:
    """A newsletter as it lies on its innocent sender's machine, in the form that mailers keep templates in."""
    book, _ = chapter("newsletter", "en")
    rng = quick(seed, "newsletter", number)
    blocks = [value for value in book.values() if isinstance(value, list)]
    lines = [rng.choice(block) for block in blocks]
    return "subject: " + "\n\n".join(lines) + "\n"


@lru_cache(maxsize=64)
def chapter(kind: str, language: str) -> tuple[Book, str]:
    """(the sentences of a kind of ham, their language)."""
    page = prose.page("good")
    for code in (language, "en"):
        if kind in page.get(code, {}):
            return page[code][kind], code
    return page["en"]["personal"], "en"


def habits(letter: Letter) -> tuple[str, str, str]:
    """(form, character set, encoding) of an author: a person keeps a mail program for long."""
    rng = quick(letter.seed, "habits", letter.delivery.author)
    charset = rng.choice(CHARSETS.get(letter.language, ("utf-8",)))
    encoding = rng.choice(("7bit", "quoted-printable", "quoted-printable", "8bit", "base64"))
    return rng.choice(("plain", "plain", "alternative", "alternative", "html")), charset, encoding


def composed(letter: Letter, subject: str, part: mime.Part, extra: list[tuple[str, str]], **truth: object) -> Composed:
    """The mail with its usual fields."""
    delivery = letter.delivery
    to = ", ".join(recipient.address for recipient in delivery.recipients) or "undisclosed-recipients:;"
    fields = [
        ("From", mime.mailbox(delivery.author_name, delivery.author)),
        ("To", to.encode()),
        ("Subject", mime.word(subject)),
        *((name, value.encode()) for name, value in extra),
        ("MIME-Version", b"1.0"),
        *part.fields(),
    ]
    whole = {"template": f"good/{delivery.category}", "language": letter.language, **truth}
    whole["urls"] = [text for text, _ in letter.urls]
    return Composed(
        tuple(fields), part.encoded(), {key: value for key, value in whole.items() if value not in ("", [])}
    )


def bodied(letter: Letter, texts: list[str], form: str, charset: str, encoding: str) -> mime.Part:
    """Paragraphs as the author's program writes them."""
    flat = mime.text_part(markup.plain(texts, letter.urls, 72), "plain", charset, encoding)
    if form == "plain":
        return flat
    page = markup.html(texts, letter.urls, 3 if form == "html" else 2, "", "", letter.rng, True)
    web = mime.text_part(page, "html", charset, encoding, '"')
    if form == "html":
        return web
    return mime.join([flat, web], "alternative", mime.boundary(letter.rng, letter.delivery))


def answered(letter: Letter, subject: str, texts: list[str]) -> tuple[str, list[tuple[str, str]]]:
    """The subject and thread fields of an answer, with the old text quoted below; now and then a first mail."""
    rng = letter.rng
    if rng.random() < 0.5:
        return subject, []
    earlier = EPOCH + timedelta(microseconds=letter.delivery.at, hours=-rng.randrange(1, 80))
    who = people.profile(letter.seed, letter.address, letter.language)
    quoted = letter.say("open") + letter.say("middle", rng.randint(1, 3))
    lines = [f"> {line}" for text in quoted for line in markup.fold(text, 70).split("\n")]
    texts.append("\n".join([f"{who.full} <{letter.address}>, {earlier:%Y-%m-%d %H:%M}:", *lines]))
    host = letter.address.partition("@")[2] or letter.host
    parent = f"<{token(rng, 10)}.{rng.randrange(10**6)}@{host}>"
    return rng.choice(("Re: ", "Re: ", "RE: ", "Re: Re: ")) + subject, [("In-Reply-To", parent), ("References", parent)]


def personal(letter: Letter) -> Composed:
    """A letter between people who know each other, one in two an answer, some with a file or an invitation."""
    rng, delivery = letter.rng, letter.delivery
    texts = letter.say("open") + letter.say("middle", rng.randint(1, 4)) + letter.say("close")
    name = delivery.author_name.partition(" ")[0]
    who = people.profile(letter.seed, delivery.author, letter.language)
    texts.append(name if rng.random() < 0.7 else f"{delivery.author_name}\n{who.job}, {firm(letter)}")
    subject, extra = answered(letter, letter.say("subject")[0], texts)
    form, charset, encoding = habits(letter)
    part = bodied(letter, texts, form, charset, encoding)
    chance = rng.random()
    kinds: list[str] = []
    if delivery.category == "calendar" or chance < 0.04:
        part, kinds = bounce.invitation(delivery, part, subject, rng), ["calendar"]
    elif chance < 0.12:
        kind = rng.choice(("pdf", "docx", "rtf", "zip"))
        content = attach.MAKERS[kind](f"Notes, part {rng.randrange(99)}.\r\n".encode(), "notes.txt", "")
        file = attach.Lure(f"notes-{rng.randrange(999)}.{attach.ENDS.get(kind, kind)}", kind, content, "")
        part, kinds = mime.join([part, file.part()], "mixed", mime.boundary(rng, delivery)), [kind]
    return composed(letter, subject, part, extra, attachments=kinds)


def mailing_list(letter: Letter) -> Composed:
    """A post to a list, with what the list adds: a tag, its fields, a foot."""
    rng, delivery = letter.rng, letter.delivery
    local, _, host = (delivery.list or delivery.envelope_from).partition("@")
    name = local.split("-")[0].split("+")[0] or "users"
    host = host or "lists.example"
    texts = letter.say("open") + letter.say("middle", rng.randint(1, 3)) + letter.say("close")
    subject, extra = answered(letter, letter.say("subject")[0], texts)
    home = quick(letter.seed, "list", name, host)
    if home.random() < 0.7:
        bare = subject.removeprefix("Re: ")
        subject = ("Re: " if bare != subject else "") + f"[{name}] {bare}"
    if home.random() < 0.6:
        texts.append(f"{'_' * 47}\n{name} mailing list\n{name}@{host}\nhttps://{host}/mailman/listinfo/{name}")
    fields = [
        ("List-Id", f"<{name}.{host}>"),
        ("List-Post", f"<mailto:{name}@{host}>"),
        ("List-Unsubscribe", f"<mailto:{name}-request@{host}?subject=unsubscribe>"),
        ("Precedence", "list"),
        ("Sender", f"{name}-bounces@{host}"),
    ]
    _, charset, encoding = habits(letter)
    return composed(
        letter, subject, bodied(letter, texts, "plain", charset, encoding), extra + fields, list=f"{name}.{host}"
    )


def notice(letter: Letter) -> Composed:
    """A receipt, a reminder, a monitor's alarm: written by a program of the author's house."""
    rng = letter.rng
    home = quick(letter.seed, "house", letter.delivery.author)
    pick = (
        home.randrange(len(letter.book["middle"])) if home.random() < 0.6 else rng.randrange(len(letter.book["middle"]))
    )
    body = macro.say(macro.parse(letter.book["middle"][pick]), letter)
    texts = [*letter.say("open"), body, *letter.say("close")]
    form, charset, encoding = habits(letter)
    extra = [("Auto-Submitted", "auto-generated")] if home.random() < 0.4 else []
    subject = macro.say(macro.parse(letter.book["subject"][pick]), letter)
    return composed(letter, subject, bodied(letter, texts, form, charset, encoding), extra)


@lru_cache(maxsize=4096)
def issue(seed: int, author: str, week: int, host: str) -> tuple[str, tuple[str, ...], int]:
    """(subject, paragraphs, look) of one issue: the same for everybody who gets it."""
    rng = quick(seed, "issue", author, week)
    still = Delivery(0, week * WEEK, "", "good", "newsletter", (), (), "", author, "", "F0")
    book, language = chapter("newsletter", "en")
    letter = Letter(still, seed, rng, language, book)
    texts = letter.say("open") + letter.say("middle", rng.randint(2, 4)) + letter.say("close")
    pages = [markup.MARK.sub("$url", text) for text in texts]
    pages[-1] = pages[-1].replace("$url", "$unsub")
    return letter.say("subject")[0], tuple(pages), quick(seed, "look", author).randrange(5)


def newsletter(delivery: Delivery, seed: int, rng: Random) -> Composed:
    """One copy of an issue; only the links and the way out differ between copies. A tenth have no way out."""
    book, language = chapter("newsletter", "en")
    letter = Letter(delivery, seed, rng, language, book)
    subject, pages, look = issue(seed, delivery.author, delivery.at // WEEK, letter.host)
    texts = [macro.say(macro.parse(text), letter) for text in pages]
    extra = [("Precedence", "bulk")]
    if quick(seed, "compliant", delivery.author).random() < 0.9:
        extra.append(("List-Unsubscribe", f"<https://www.{letter.host}/unsubscribe/{token(rng, 16)}>"))
    flat = mime.text_part(markup.plain(texts, letter.urls, 72), "plain", "utf-8", "quoted-printable")
    page = markup.html(texts, letter.urls, look, "", "more", rng, True)
    web = mime.text_part(page, "html", "utf-8", "quoted-printable", '"')
    part = mime.join([flat, web], "alternative", mime.boundary(rng, delivery))
    return composed(letter, subject, part, extra, issue=f"{delivery.author}/{delivery.at // WEEK}")


def away(delivery: Delivery, seed: int, rng: Random) -> Composed:
    """The answer of a mailbox whose owner is not there (RFC 3834)."""
    book, language = chapter("away", "en")
    letter = Letter(delivery, seed, rng, language, book)
    parent = f"<{token(rng, 10)}@{letter.address.partition('@')[2] or 'mail.example'}>"
    extra = [("Auto-Submitted", "auto-replied"), ("In-Reply-To", parent), ("Precedence", "bulk")]
    texts = [*letter.say("body"), delivery.author_name]
    return composed(letter, letter.say("subject")[0], bodied(letter, texts, "plain", "utf-8", "7bit"), extra)
