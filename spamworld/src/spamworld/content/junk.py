"""Junk: one mail of a campaign, from its template, and the truth about what it carries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random

from spamworld.content import attach, keys, macro, markup, mime, noise, people, pictures, prose, tricks
from spamworld.content.brief import Brief, Options
from spamworld.content.skeleton import Template, template
from spamworld.content.urls import token
from spamworld.plan import Composed, Delivery
from spamworld.streams import quick

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LETTERED = frozenset(("open", "offer", "call", "call_phone", "call_box", "call_none", "key"))  # what pictures show
FEW, FEW_SHOWN = 10, 4  # least variants of a version's picture; of one that shows a domain, for each domain
Blocks = tuple[tuple[macro.Pieces, ...], ...]
PURSES = ("phones", "wallets", "ibans", "boxes")


class Writing:
    """One mail in the making: its chance, its values, and what went into it."""

    def __init__(self, delivery: Delivery, brief: Brief, page: Template, seed: int, rng: Random) -> None:
        self.delivery, self.brief, self.page, self.seed, self.rng = delivery, brief, page, seed, rng
        self.recipient = delivery.recipients[0].address if delivery.recipients else ""
        self.urls: list[tuple[str, str]] = []  # (as shown, landing page)
        self.used: dict[str, list[str]] = {}
        self.keyed = 0  # keys written so far
        self.guarded: set[str] = set()  # paragraphs with a key: a reader must be able to copy it, so no trick there
        self.day = EPOCH + timedelta(microseconds=delivery.at)

    def value(self, name: str) -> str:
        """The text for ``$name`` in this mail."""
        make = VALUES.get(name)
        return make(self) if make else ""

    def key(self, kind: str, known: tuple[str, ...]) -> str:
        """One of the campaign's keys, noted in the truth."""
        if not known:
            return ""
        self.keyed += 1
        value = known[0] if len(known) == 1 else self.rng.choice(known)
        noted = self.used.setdefault(kind, [])
        if value not in noted:
            noted.append(value)
        return value

    def url(self) -> str:
        """A mark where the URL goes: plain text and HTML show it differently."""
        if len(self.urls) > 8:
            return "\ue0000\ue001"
        domain = self.brief.domain(self.delivery.at)
        if not domain:
            return ""
        self.urls.append(self.page.shape.write(self.rng, domain))
        return f"\ue000{len(self.urls) - 1}\ue001"

    def optout(self) -> str:
        """The address of the opt-out page, at the same domain."""
        domain = self.brief.domain(self.delivery.at)
        page = f"http://{domain}/out/{token(self.rng, 8)}"
        self.urls.append((page, page))
        return f"\ue000{len(self.urls) - 1}\ue001"

    def first(self) -> str:
        """A first name: the right one in targeted mail, else what the address begins with."""
        if self.brief.category == "targeted":
            return self.person().given
        return self.recipient.partition("@")[0].partition(".")[0].capitalize()

    def person(self) -> people.Person:
        """Whom the mail is for."""
        return people.profile(self.seed, self.recipient, self.page.language)


def iban(writing: Writing) -> str:
    """An account number, in groups of four or in one piece."""
    number = writing.key("ibans", writing.brief.ibans)
    return " ".join(number[i : i + 4] for i in range(0, len(number), 4)) if writing.page.style.look % 2 else number


VALUES: dict[str, Callable[[Writing], str]] = {
    "url": Writing.url,
    "optout": Writing.optout,
    "first": lambda w: w.first(),
    "full": lambda w: w.person().full,
    "job_of": lambda w: w.person().job,
    "company_of": lambda w: w.person().firm,
    "domain_of": lambda w: w.recipient.partition("@")[2],
    "local": lambda w: w.recipient.partition("@")[0],
    "rcpt": lambda w: w.recipient,
    "phone": lambda w: keys.dial(w.rng, w.key("phones", w.brief.phones)),
    "wallet": lambda w: w.key("wallets", w.brief.wallets),
    "iban": iban,
    "box": lambda w: w.key("boxes", w.brief.boxes),
    "item": lambda w: w.page.items[int(w.rng.random() * len(w.page.items))],
    "amount": lambda w: f"{w.rng.randrange(120, 4900)}.{w.rng.randrange(100):02d}",
    "date": lambda w: (w.day - timedelta(days=w.rng.randrange(1, 9))).strftime("%d %b %Y"),
    "code": lambda w: f"{w.page.style.look or 7}{w.rng.randrange(10**6):06d}",
    "hex": lambda w: f"{w.rng.getrandbits(32):08x}",
    "secret": lambda w: prose.gibberish(w.rng) + str(w.rng.randrange(10, 99)),
    "file": lambda w: w.used.get("file", ["document"])[0],
}  # fmt: skip


def write(delivery: Delivery, brief: Brief, seed: int, options: Options) -> Composed:
    """One mail of the campaign: fields, body and truth."""
    page = template(seed, brief, max(1, delivery.version))
    rng = quick(seed, "mail", delivery.id)
    writing = Writing(delivery, brief, page, seed, rng)
    pixels = None
    drawable = options.pictures and pictures.AVAILABLE and page.language not in pictures.UNDRAWN
    if brief.pictures and drawable and rng.random() < brief.pictures:
        pixels = sheet(writing, options)
    lure = attach.lure(seed, brief, delivery, rng, options) if attach.wanted(brief) else None
    if lure:
        writing.used["file"] = [lure.name]
    paragraphs = [] if pixels else said(writing)
    poison = tail(writing)
    body = bodies(writing, paragraphs, poison, pixels)
    if lure:
        body = mime.join([body, lure.part()], "mixed", mime.boundary(rng, delivery))
    head, broken = damage(writing, body)
    fields = [*headers(writing), ("MIME-Version", b"1.0"), *head.fields()]
    if writing.used["broken"] == ["twice"]:
        fields.append(("Content-Type", b"text/plain; charset=us-ascii"))
    return Composed(tuple(fields), broken, truth(writing, pixels, lure, poison))


def said(writing: Writing) -> list[str]:
    """The paragraphs of this mail."""
    out, blocks = [], writing.page.blocks
    if writing.brief.shuffled:
        blocks = shuffled(blocks, writing.page.roles, writing.rng)
    for block in blocks:
        before = writing.keyed
        pieces = block[0] if len(block) == 1 else block[int(writing.rng.random() * len(block))]
        text = macro.say(pieces, writing)
        if writing.keyed > before:
            writing.guarded.add(text)
        if text:
            out.append(text)
    return out


def shuffled(blocks: Blocks, roles: Sequence[str], rng: Random) -> Blocks:
    """The offers of a template in any order, now and then one less."""
    places = [place for place, role in enumerate(roles) if role == "offer"]
    order = rng.sample(places, len(places))
    moved = [blocks[order[places.index(n)]] if n in places else block for n, block in enumerate(blocks)]
    if len(places) > 1 and rng.random() < 0.5:
        del moved[rng.choice(places)]
    return tuple(moved)


def bodies(writing: Writing, paragraphs: list[str], poison: str, pixels: pictures.Picture | None) -> mime.Part:
    """The body in the template's form: plain, HTML, both, or HTML around a picture."""
    style, rng = writing.page.style, writing.rng
    if pixels:
        return pictured(writing, poison, pixels)
    linked = writing.brief.url not in ("bare", "obfuscated")
    hidden = style.trick in tricks.HIDING
    texts = paragraphs + ([poison] if poison else [])
    if style.form != "html":
        if style.spaced and style.form == "plain":
            texts = [text if text in writing.guarded else tricks.spaced(text, rng) for text in texts]
        text = markup.plain(texts, writing.urls, style.width)
        flat = mime.text_part(text, "plain", style.charset, style.encoding)
        if style.form == "plain":
            return flat
    words = markup.ANCHORS[style.look] if linked else ""
    rich = markup.html(paragraphs, writing.urls, style.look, style.trick, words, rng, linked, writing.guarded)
    if poison or hidden:
        rich = markup.close(rich, tricks.poison(style.trick, poison or gabble(writing, 12)))
    web = mime.text_part(rich, "html", style.charset, style.encoding, '"')
    if style.form == "html":
        return web
    return mime.join([flat, web], "alternative", mime.boundary(rng, writing.delivery))


def pictured(writing: Writing, poison: str, pixels: pictures.Picture) -> mime.Part:
    """HTML that shows a picture and says little else."""
    style, rng = writing.page.style, writing.rng
    host = writing.delivery.author.partition("@")[2] or "mail.example"
    names = [f"{token(rng, 12)}@{host}" for row in pixels.tiles for _ in row]
    page = markup.HEADS[style.look] + pixels.page(names) + "<br>\n"
    page += tricks.poison(style.trick, poison or gabble(writing, 40)) + "\n" + markup.FEET[style.look]
    web = mime.text_part(page, "html", style.charset, style.encoding, '"')
    return mime.join([web, *pixels.parts(names, token(rng, 6))], "related", mime.boundary(rng, writing.delivery))


def sheet(writing: Writing, options: Options) -> pictures.Picture:
    """The picture of this mail: one of the variants that its campaign, version and domain have."""
    brief, delivery = writing.brief, writing.delivery
    version, domain = max(1, delivery.version), brief.domain(delivery.at) if brief.url != "none" else ""
    text, used = lettering(writing.seed, brief, version, domain)
    for kind, values in used:
        writing.used.setdefault(kind, []).extend(values)
    # Drawing is slow: a campaign's variants are shared out between its versions and domains, with a few for each.
    share = options.variants // (max(1, brief.versions) * (len(brief.domains) if domain else 1))
    variant = writing.rng.randrange(max(1, min(options.variants, max(FEW_SHOWN if domain else FEW, share))))
    kind = brief.noise or quick(writing.seed, "noise", brief.id).choice(noise.KINDS)
    return pictures.render(writing.seed, brief.id, version, variant, text, kind, domain)


@lru_cache(maxsize=4096)
def lettering(seed: int, brief: Brief, version: int, domain: str) -> tuple[str, tuple[tuple[str, list[str]], ...]]:
    """(the text of a version's pictures, the keys in it): the same in every copy."""
    page = template(seed, brief, version)
    still = Delivery(0, brief.start, "", "junk", brief.category, (), (), "", "", "", "F0", version=version)
    writing = Writing(still, brief, page, seed, quick(seed, "lettering", brief.id, version))
    shown = [block[0] for block, role in zip(page.blocks, page.roles, strict=True) if role in LETTERED]
    texts = [macro.say(block, writing) for block in shown]
    return pictures.lines([markup.MARK.sub("www." + domain, text) for text in texts]), tuple(writing.used.items())


def gabble(writing: Writing, count: int) -> str:
    """Words of the language in no order."""
    return " ".join(writing.rng.choices(prose.vocabulary(writing.page.language), k=count))


def tail(writing: Writing) -> str:
    """The hash buster of this mail: "" where the template has none."""
    style, rng = writing.page.style, writing.rng
    size = style.tail_size
    if style.tail == "words":
        return gabble(writing, size + rng.randrange(5))
    if style.tail == "gibberish":
        return " ".join(prose.gibberish(rng) for _ in range(size // 2 + 1))
    if style.tail == "token":
        return token(rng, 8 + size)
    if style.tail == "numbers":
        return f"{rng.getrandbits(64)}-{rng.getrandbits(32):x}"
    if style.tail == "poem":
        return "\n".join(gabble(writing, rng.randint(4, 7)).capitalize() for _ in range(size // 6 + 1))
    return ""


def subject(writing: Writing) -> str:
    """The subject with what the template adds to it."""
    style, rng = writing.page.style, writing.rng
    text = macro.say(rng.choice(writing.page.subjects), writing)
    if style.subject == "re":
        text = rng.choice(("Re: ", "RE: ", "Fwd: ", "FW: ")) + text
    elif style.subject == "code":
        text += f" [{rng.getrandbits(28):x}]"
    elif style.subject == "name":
        text = f"{writing.value('local')}, {text}"
    elif style.subject == "date":
        text += writing.day.strftime(" %d.%m.%Y")
    elif style.subject == "noise":
        text += " " + prose.gibberish(rng)
    elif style.subject == "case":
        text = text.upper()
    if "E5" in writing.brief.canspam and style.look % 2:
        text = "ADV: " + text
    return "SEXUALLY-EXPLICIT: " + text if "E9" in writing.brief.canspam else text


def headers(writing: Writing) -> list[tuple[str, bytes]]:
    """The fields that the author writes, without trace, Date and Message-ID."""
    style, delivery, rng = writing.page.style, writing.delivery, writing.rng
    title = markup.shown(subject(writing), writing.urls)
    fields = [("From", mime.mailbox(delivery.author_name, delivery.author, style.sender, style.charset))]
    addresses = [recipient.address for recipient in delivery.recipients]
    if style.to == "none" or not addresses:
        fields.append(("To", b"undisclosed-recipients:;"))
    elif style.to == "list":
        fields.append(("To", ", ".join(addresses).encode()))
    elif style.to == "name":
        fields.append(("To", mime.mailbox(writing.value("local"), addresses[0])))
    else:
        fields.append(("To", f"<{addresses[0]}>".encode()))
    if style.raw and not title.isascii():
        fields.append(("Subject", title.encode(style.charset, "replace")))
    else:
        charset = "utf-8" if style.charset == "us-ascii" else style.charset
        fields.append(("Subject", mime.word(title, charset, "B" if style.look % 2 else "Q")))
    if style.reply and writing.brief.boxes:
        fields.append(("Reply-To", f"<{writing.key('boxes', writing.brief.boxes)}>".encode()))
    if "E6" in writing.brief.canspam and writing.brief.domains:
        domain = writing.brief.domain(delivery.at)
        way = f"<http://{domain}/u/{token(rng, 10)}>, <mailto:out-{token(rng, 6)}@{domain}>"
        fields.append(("List-Unsubscribe", way.encode()))
    return fields


def damage(writing: Writing, part: mime.Part) -> tuple[mime.Part, bytes]:
    """The part and its encoded body, with the template's fault in it."""
    kind, body = writing.page.style.broken, part.encoded()
    if kind == "open" and b"\r\n--" in body[-80:]:
        body = body[: body.rstrip().rfind(b"\r\n") + 2]
    elif kind == "charset":
        part = mime.Part(part.kind.replace("charset=", "charset=x-unknown-"), part.content, part.encoding, ready=True)
    elif kind == "padding" and part.encoding == "base64":
        body = body.rstrip(b"=\r\n") + b"\r\n"
    elif kind == "transfer":
        part = mime.Part(part.kind, part.content, "8-bits" if part.encoding != "base64" else "base-64", ready=True)
    elif kind == "barelf":
        body = body.replace(b"\r\n", b"\n")
    elif kind == "raw":
        body += b"\x00\x80\xff\r\n"
    elif kind == "twice":  # ``write`` adds the second Content-Type
        pass
    else:
        writing.used["broken"] = []
        return part, body
    writing.used["broken"] = [kind]
    return part, body


def truth(
    writing: Writing, pixels: pictures.Picture | None, lure: attach.Lure | None, poison: str
) -> dict[str, object]:
    """What is true of the mail's content. Empty values are left out."""
    brief, page = writing.brief, writing.page
    landing = [url for _, url in writing.urls]
    seen = len(landing) > 0 and not (page.shape.unseen and len(landing) == 1)
    seen = seen or bool(pixels and pixels.domain)
    whole: dict[str, object] = {
        "template": page.name,
        "language": page.language,
        "urls": [text for text, _ in writing.urls],
        "landing": landing,
        "domains": [brief.domain(writing.delivery.at)] if seen else [],
        "url_mode": brief.url if landing else "none",
        "account": page.account if any(page.account in url for url in landing) else "",
        **{kind: writing.used.get(kind, []) for kind in PURSES},
        "hidden": page.style.trick,
        "tail": page.style.tail if poison else "",
        "broken": "".join(writing.used.get("broken", [])),
        "canspam": sorted(brief.canspam),
    }
    if brief.ticker:
        whole |= {"ticker": brief.ticker, "company": brief.company, "price": brief.price, "target": brief.target}
    if pixels:
        whole |= {"image_text": pixels.text, "noise": pixels.noise, "variant": pixels.variant, "image": pixels.kind}
    if lure:
        whole |= {"attachments": [lure.kind], "file": lure.name, "salt": lure.salt}
    return {name: value for name, value in whole.items() if value not in ("", [])}
