"""What holds for every mail that the content writers make, whatever the campaign."""

from __future__ import annotations

import email
import email.policy
import hashlib
import html
import re
import subprocess
import sys
from email.message import Message
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spamworld.content import Brief, Name, Options, compose, junk, keys, macro, prose
from spamworld.content.noise import KINDS
from spamworld.content.skeleton import template
from spamworld.plan import Composed, Delivery, Machine, Recipient, Step
from spamworld.streams import quick

NO_PICTURES = Options(pictures=False)
CATEGORIES = [name for name, page in prose.page("en").items() if isinstance(page, dict) and name != "common"]
HAM = ["personal", "list", "newsletter", "notice", "auto-reply", "dsn", "forwarded", "calendar", "receipt"]
PC = Machine(1, "192.0.2.1", "", False, "pc", "engine-3", 0, 64500, "US", "windows-xp")


def delivery(number: int, category: str, kind: str = "junk", version: int = 1, language: str = "en") -> Delivery:
    recipients = (Recipient(f"joe.reader{number % 7}@trap{number % 3}.example"),)
    path = (Step(PC, PC, 0, "SMTP", "pc"),)
    at = 1_150_000_000_000_000 + number * 61_000_000
    list_host, author = "users-bounces@lists.example", "anna@sender.example"
    return Delivery(number, at, "trap.example", kind, category, path, recipients, list_host, author, "Anna Bell", "F0",
                    1, version, 1, 1, "engine-3", language=language)  # fmt: skip


def brief(number: int, category: str, language: str = "en", **more: object) -> Brief:
    rng = quick(11, number)
    known: dict[str, object] = {
        "domains": tuple(Name(keys.domain(rng)) for _ in range(2)),
        "phones": (keys.phone(rng),),
        "wallets": (keys.wallet(f"w{number}"),),
        "ibans": (keys.iban(rng),),
        "boxes": (keys.box(rng),),
        "url": rng.choice(("direct", "short", "redirect", "tracker", "bare", "obfuscated", "none")),
        "canspam": frozenset(rng.sample(("E3", "E4", "E5", "E6", "E8", "E9"), rng.randrange(6))),
        "ticker": "QVXA.PK" if category == "stock" else "",
        "company": "Quarvex Inc." if category == "stock" else "",
        "price": 0.31,
        "target": 1.2,
    }
    return Brief(number, category, 1 + number % 5, language, **(known | more))  # type: ignore[arg-type]


def message(made: Composed) -> Message:
    head = b"".join(name.encode() + b": " + value + b"\r\n" for name, value in made.fields)
    return email.message_from_bytes(head + b"\r\n" + made.body)


def texts(made: Composed) -> list[str]:
    """Every text part, decoded as it is declared; a wrong declaration raises."""
    out = []
    for part in message(made).walk():
        if part.get_content_maintype() == "text" and part.get_content_type() != "text/rfc822-headers":
            payload = part.get_payload(decode=True)
            assert isinstance(payload, bytes)
            out.append(payload.decode(part.get_content_charset("us-ascii")))
    return out


anybody = st.builds(
    lambda number, category, language, version: (
        delivery(number, category, version=version, language=language),
        brief(number % 300, category, language),
    ),
    st.integers(1, 10**6),
    st.sampled_from(CATEGORIES),
    st.sampled_from(prose.LANGUAGES),
    st.integers(1, 5),
)
somebody = st.builds(
    lambda number, category, language: delivery(number, category, "good", language=language),
    st.integers(1, 10**6),
    st.sampled_from(HAM),
    st.sampled_from(prose.LANGUAGES),
)


@settings(max_examples=300, deadline=None)
@given(anybody)
def test_junk_decodes_as_declared_unless_it_is_meant_broken(mail: tuple[Delivery, Brief]) -> None:
    made = compose(*mail, 7, NO_PICTURES)
    repeated = len(made.fields) - len({name for name, _ in made.fields})
    assert repeated == (made.truth.get("broken") == "twice")
    assert dict(made.fields)["Subject"].strip()
    assert all(b"\n" not in value for _, value in made.fields)
    if not made.truth.get("broken"):
        assert any(text.strip() for text in texts(made))
        assert not message(made).defects
        assert b"\n" not in made.body.replace(b"\r\n", b"")


@settings(max_examples=300, deadline=None)
@given(somebody)
def test_ham_decodes_as_declared(mail: Delivery) -> None:
    made = compose(mail, None, 7)
    assert any(text.strip() for text in texts(made))
    assert not any(part.defects for part in message(made).walk())
    assert "$" not in dict(made.fields)["Subject"].decode()


FOREIGN = re.compile(r"(?i)\b[a-z0-9-]+\.(?:com|net|org|info|biz|ru|de|uk|cn|fr|io|co)\b")


@settings(max_examples=200, deadline=None)
@given(anybody, somebody)
def test_every_host_is_a_documentation_name(mail: tuple[Delivery, Brief], ham: Delivery) -> None:
    for made in (compose(*mail, 7, NO_PICTURES), compose(ham, None, 7)):
        if not made.truth.get("broken"):
            hosts = {found.lower() for text in texts(made) for found in FOREIGN.findall(text)}
            assert hosts <= {"example.com", "example.net", "example.org"}


@settings(max_examples=100, deadline=None)
@given(anybody)
def test_a_mail_does_not_depend_on_the_mails_before_it(mail: tuple[Delivery, Brief]) -> None:
    first = compose(*mail, 7, NO_PICTURES)
    compose(delivery(5, "pharma"), brief(5, "pharma"), 7)
    assert compose(*mail, 7, NO_PICTURES) == first
    assert compose(*mail, 8, NO_PICTURES) != first


def digest() -> str:
    made = [compose(delivery(n, CATEGORIES[n % 16]), brief(n, CATEGORIES[n % 16]), 7) for n in range(40)]
    made += [compose(delivery(n, HAM[n % 9], "good"), None, 7) for n in range(20)]
    return hashlib.sha256(repr(made).encode()).hexdigest()


def test_another_process_writes_the_same_bytes() -> None:
    code = f"import runpy; print(runpy.run_path({__file__!r})['digest']())"
    seen = [
        subprocess.run([sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True)
        for seed in ("1", "2")
    ]
    assert [done.stdout.strip() for done in seen] == [digest()] * 2, seen[0].stderr


@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize("language", prose.LANGUAGES)
def test_a_campaign_without_any_key_still_has_something_to_say(category: str, language: str) -> None:
    for number in range(12):
        made = compose(delivery(number, category, version=3), Brief(number, category, 1, language, url="none"), 7)
        assert len(made.body) > 40


@pytest.mark.parametrize("category", CATEGORIES)
def test_the_truth_is_in_the_mail(category: str) -> None:
    found = 0
    for number in range(30):
        made = compose(delivery(number, category), brief(number, category), 7, NO_PICTURES)
        if made.truth.get("broken"):
            continue
        body = html.unescape("\n".join(texts(made)))
        flat = re.sub(r"\s", "", body)
        for kind in ("wallets", "ibans", "boxes"):
            assert all(key in flat or key in str(made.fields) for key in made.truth.get(kind, []))  # type: ignore[attr-defined]
        digits = re.sub(r"\D", "", body)
        assert all(phone[-7:] in digits for phone in made.truth.get("phones", []))  # type: ignore[attr-defined]
        if made.truth.get("hidden"):
            continue
        for url in made.truth.get("urls", []):  # type: ignore[attr-defined]
            found += 1
            assert re.sub(r"\s", "", url) in flat
        if "ticker" in made.truth and "E" not in str(made.truth.get("tail")):
            assert "QVXA" in re.sub(r"[\s-]", "", body)
    assert found


def shingles(made: Composed) -> set[tuple[str, ...]]:
    words = re.sub(r"<[^>]*>|https?://\S+", " ", " ".join(texts(made)[:1])).split()
    return {tuple(words[i : i + 3]) for i in range(len(words) - 2)}


def likeness(one: Composed, two: Composed) -> float:
    a, b = shingles(one), shingles(two)
    return len(a & b) / max(1, len(a | b))


def test_mails_of_a_campaign_are_alike_and_campaigns_are_not() -> None:
    still = {"spin": False, "tail": False, "url": "direct", "canspam": frozenset(), "attachment": ""}
    within, between = [], []
    before: Composed | None = None
    for number in range(60):
        own = brief(number, "pharma", **still)
        one, two = (compose(delivery(n, "pharma"), own, 7, NO_PICTURES) for n in (1, 2))
        if one.truth.get("broken") or one.truth.get("hidden"):
            continue
        within.append(likeness(one, two))
        if before is not None:
            between.append(likeness(one, before))
        before = one
    assert sorted(within)[len(within) // 2] > 0.6
    assert sorted(between)[int(len(between) * 0.9)] < 0.35


def test_a_later_version_keeps_part_of_the_one_before() -> None:
    kept = []
    for number in range(40):
        own = brief(number, "casino", spin=False, tail=False, canspam=frozenset(), paraphrase=1, versions=2)
        one, two = (compose(delivery(3, "casino", version=v), own, 7, NO_PICTURES) for v in (1, 2))
        if not (one.truth.get("broken") or {one.truth.get("hidden"), two.truth.get("hidden")} - {None}):
            kept.append(likeness(one, two))
    assert 0.2 < sum(kept) / len(kept) < 0.95


@pytest.mark.parametrize("known", [True, False])
def test_backscatter_returns_junk_under_the_owners_name(known: bool) -> None:
    seen = 0
    for number in range(20):
        made = compose(delivery(number, "dsn", "backscatter"), brief(3, "replica") if known else None, 7)
        assert made.truth["returned"]
        mail = message(made)
        if mail.get_content_type() == "multipart/report":
            assert mail.get_param("report-type") == "delivery-status"
            inner = mail.get_payload()[2]  # type: ignore[index]
            seen += inner.get_content_type() == "message/rfc822" and "joe.reader" in str(inner.get_payload()[0]["From"])
    assert seen


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_differ_and_say_the_same(kind: str) -> None:
    pytest.importorskip("PIL")
    own = brief(77, "stock", url="none", pictures=1.0, noise=kind)
    made = [compose(delivery(n, "stock"), own, 7, Options(variants=3)) for n in range(6)]
    assert len({one.truth["image_text"] for one in made}) == 1
    assert "QVXA.PK" in str(made[0].truth["image_text"])
    by_variant: dict[object, set[bytes]] = {}
    for one in made:
        pixels = b"".join(
            part.get_payload(decode=True) or b""  # type: ignore[misc]
            for part in message(one).walk()
            if part.get_content_maintype() == "image"
        )
        assert pixels
        by_variant.setdefault(one.truth["variant"], set()).add(pixels)
    assert all(len(copies) == 1 for copies in by_variant.values())
    assert len(set().union(*by_variant.values())) == len(by_variant) > 1


@pytest.mark.parametrize(("language", "drawn"), [("de", True), ("fr", True), ("ru", False), ("ja", False)])
def test_only_letters_that_the_font_has_are_drawn(language: str, drawn: bool) -> None:
    pytest.importorskip("PIL")
    own = brief(78, "pharma", language, pictures=1.0, noise="lines")
    text = compose(delivery(1, "pharma", language=language), own, 7).truth.get("image_text", "")
    assert bool(text) == drawn
    assert str(text).isascii()


@given(st.integers(0, 2**32).map(Random))
def test_the_engine_kept_for_evaluation_puts_offers_in_any_order(rng: Random) -> None:
    roles = ("greet", "open", "offer", "offer", "call", "offer", "sign")
    blocks = tuple((( f"{role} {n}",),) for n, role in enumerate(roles))  # fmt: skip
    made = junk.shuffled(blocks, roles, rng)
    assert set(made) <= set(blocks)
    assert len(blocks) - 1 <= len(made) <= len(blocks)
    kept = [block for block in made if not block[0][0].startswith("offer")]
    assert kept == [block for block in blocks if not block[0][0].startswith("offer")]


def test_the_engine_kept_for_evaluation_leaves_every_slot_open() -> None:
    def slots(shuffled: bool) -> int:
        page = template(1, Brief(5, "replica", 1, domains=(Name("w.example"),), shuffled=shuffled, spin=False), 1)
        return sum(isinstance(piece, macro.Pick) for block in page.blocks for one in block for piece in one)

    assert slots(True) > slots(False) + 3
