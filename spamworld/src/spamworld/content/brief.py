"""What a template engine is given about a campaign: whom it sells for, in what words, and with which keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from spamworld.world.facts import Campaign


class Name(msgspec.Struct, frozen=True):
    """A registrable domain that a campaign advertises, and when."""

    domain: str
    since: int = 0  # microseconds UTC
    until: int = 1 << 62


class Brief(msgspec.Struct, frozen=True, cache_hash=True):
    """A campaign as its writer sees it.

    ``canspam`` names the elements of ALGORITHMS A10 that every mail of it has: E3 (From identifies), E4 (honest
    subject), E5 (says that it is an advertisement), E6 (a way to opt out), E8 (postal address), E9 (label).
    """

    id: int
    category: str  # pharma, replica, stock, phish, malware, advance-fee, casino, software, dating, diploma, ...
    spammer: int = 0
    language: str = "en"
    start: int = 0
    end: int = 0
    versions: int = 1
    domains: tuple[Name, ...] = ()  # none: a mail without a URL
    url: str = "direct"  # direct, short, redirect, tracker, bare, obfuscated, none
    path: str = ""  # shape of the URL's path, see urls.PATHS; "" draws one
    phones: tuple[str, ...] = ()  # E.164
    wallets: tuple[str, ...] = ()
    ibans: tuple[str, ...] = ()
    boxes: tuple[str, ...] = ()  # mail drop boxes
    ticker: str = ""
    company: str = ""
    price: float = 0.0
    target: float = 0.0
    pictures: float = 0.0  # share of its mails with text as pixels
    noise: str = ""  # one of noise.KINDS; "" draws one
    canspam: frozenset[str] = frozenset()
    paraphrase: int = 0  # wordings of each sentence; 0 draws a small number
    family: int = 0  # campaigns of one family are spun from one template; 0 for one's own
    dictionary: int = 0  # values of the dictionary macro; 0 draws 5 to 500
    tail: bool | None = None  # whether a hash buster ends each mail; None draws
    spin: bool | None = None  # whether wordings change from mail to mail; None draws
    shuffled: bool = False  # every slot is drawn for each mail, and sentences come in any order: kept for evaluation
    attachment: str = "auto"  # zip, doc, iso, html, pdf; "" for none, "auto" by category

    def domain(self, at: int) -> str:
        """The newest of its domains in use at that instant; the last one when all are gone."""
        live = [name for name in self.domains if name.since <= at < name.until]
        if live:
            return max(live, key=lambda name: name.since).domain
        return self.domains[-1].domain if self.domains else ""


def of(campaign: Campaign) -> Brief:
    """What a writer needs of the world's campaign. A worm and a targeted series have prose of their own."""
    stock, channel = campaign.stock, campaign.channels[0].kind if campaign.channels else ""
    category = "worm" if channel == "worm" else "targeted" if campaign.targeted else campaign.category
    return Brief(
        id=campaign.id,
        category=category,
        spammer=campaign.spammer,
        language=campaign.language,
        start=campaign.start,
        end=campaign.end,
        versions=len(campaign.versions),
        domains=tuple(Name(domain.name, domain.start, domain.end) for domain in campaign.domains),
        url=campaign.url,
        path=campaign.path,
        phones=campaign.phones,
        wallets=campaign.wallets,
        ibans=campaign.ibans,
        boxes=campaign.boxes,
        ticker=stock.ticker if stock else "",
        company=stock.company if stock else "",
        price=stock.price if stock else 0.0,
        target=stock.target if stock else 0.0,
        pictures=campaign.picture_share,
        noise=campaign.noise,
        canspam=frozenset(element for element, present in campaign.canspam.items() if present),
        paraphrase=24 if campaign.paraphrase else 0,
        family=campaign.family,
        dictionary=campaign.dictionary,
        tail=campaign.hash_buster,
        spin=campaign.spin,
        shuffled=campaign.shuffled,
        attachment="auto" if category in ("worm", "targeted") else campaign.attachment,
    )


class Options(msgspec.Struct, frozen=True):
    """What a run allows the writers."""

    pictures: bool = True  # without Pillow there are none whatever this says
    variants: int = 40  # copies of a campaign's pictures, between all its versions: noise differs, text does not
    eicar: bool = False  # the industry's test file as the payload of malware lures, instead of a text
