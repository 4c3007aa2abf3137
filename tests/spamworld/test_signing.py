"""Signatures of the world verify by its zones in the eyes of a library that others wrote; keys are what they say."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator

import dkim
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key
from msgspec.structs import replace

from spamworld import content, signing, wire
from spamworld.content import brief
from spamworld.plan import Delivery
from spamworld.wire import seals
from spamworld.world import World

Look = Callable[..., bytes | None]


@pytest.mark.parametrize("large", [False, True])
def test_a_key_is_as_its_record_says_and_signs_alike_by_hand(large: bool) -> None:
    key = signing.key(1000, signing.numbered(7, large))
    packed = base64.b64decode(key.record.rpartition("p=")[2])
    public = load_der_public_key(packed)
    assert isinstance(public, rsa.RSAPublicKey)
    assert public.key_size == (signing.LARGE if large else signing.SMALL)
    for name, digest in (("sha256", hashes.SHA256()), ("sha1", hashes.SHA1())):
        made = key.sign(b"some text", name)
        public.verify(made, b"some text", padding.PKCS1v15(), digest)
        assert key._by_hand(hashlib.new(name, b"some text").digest(), name) == made


def test_no_two_signers_of_a_world_share_a_key() -> None:
    keys = {signing.key(seed, signing.numbered(place, False)).n for seed in (1,) for place in range(0, 8128, 7)}
    assert len(keys) == len(range(0, 8128, 7))
    pairs = {signing._pair(signing.SMALL, place) for place in range(signing.PAIRS)}
    assert len(pairs) == signing.PAIRS
    assert all(one != two for one, two in pairs)


def test_the_pool_holds_primes() -> None:
    for bits, pool in signing.primes().items():
        assert len(set(pool)) == signing.POOL
        for value in pool:
            assert value.bit_length() == bits // 2
            assert (value - 1) % signing.E
        for value in pool[:: 32 if bits == signing.SMALL else 128]:
            assert all(pow(base, value - 1, value) == 1 for base in (2, 3, 5))


def mails(world: World, days: int = 1) -> Iterator[tuple[Delivery, bytes]]:
    briefs = {one.id: brief.of(one) for one in world.campaigns.values()}
    plain = content.Options(pictures=False)
    for day in range(days):
        for one in world.day(day):
            if one.signed or one.arc:
                composed = content.compose(one, briefs.get(one.campaign), world.seed, plain)
                yield one, wire.write(one, composed, world.seed)


def zone(world: World) -> Look:
    known = {one.name: one.value.encode() for one in world.dns_zones() if "._domainkey." in one.name}
    return lambda name, timeout=5: known.get((name if isinstance(name, str) else name.decode()).rstrip("."))


@pytest.mark.parametrize("seed", [7, 1001])
def test_signatures_and_seals_verify(seed: int) -> None:
    world = World(seed, "tiny", "modern")
    look = zone(world)
    seen, kinds, sealed = 0, set(), 0
    for one, raw in mails(world, 2):
        stored = raw.replace(b"\r\n", b"\n") if one.id % 2 else raw
        for place, (domain, _, key) in enumerate(one.signed):
            assert right(stored, look, place) is not one.broken, (one.category, domain)
            kinds.add((seals.forms(seed, domain), key & 1))
            seen += 1
        if one.arc:
            state, steps, _ = dkim.arc_verify(stored, dnsfunc=look)
            assert state == dkim.CV_Pass
            assert steps
            sealed += 1
    assert seen > 100
    assert len(kinds) >= 4
    assert sealed or seed == 1001  # whose forwarders do not seal


def test_a_changed_mail_does_not_verify() -> None:
    world = World(5, "tiny", "modern")
    look = zone(world)
    raw = next(raw for one, raw in mails(world) if one.signed and not one.broken)
    assert right(raw, look)
    assert not right(raw + b"more\r\n", look)
    assert not right(re.sub(rb"(?m)^Subject: ", b"Subject: not ", raw, count=1), look)


def right(raw: bytes, look: Look, place: int = 0) -> bool:
    """Whether a signature verifies."""
    try:
        return bool(dkim.DKIM(raw).verify(idx=place, dnsfunc=look))
    except dkim.ValidationError:
        return False


def nofws(raw: bytes) -> Iterator[tuple[bytes, bytes, str, str]]:
    """(signed text, signature, domain, selector) of each DomainKey-Signature, read by RFC 4870 alone."""
    head, _, body = raw.partition(b"\r\n\r\n")
    fields = re.split(rb"\r\n(?![ \t])", head)
    for place, field in enumerate(fields):
        if not field.startswith(b"DomainKey-Signature:"):
            continue
        tags = dict(tag.strip().split("=", 1) for tag in field.partition(b":")[2].decode().split(";") if tag.strip())
        below = {one.partition(b":")[0].lower(): re.sub(rb"\s+", b"", one) for one in fields[place + 1 :]}
        wanted = [name.strip().lower().encode() for name in tags["h"].split(":")]
        lines = [re.sub(rb"\s+", b"", line) for line in re.split(rb"\r?\n", body)]
        while lines and not lines[-1]:
            lines.pop()
        text = b"".join(below[name] + b"\r\n" for name in wanted) + b"\r\n" + b"".join(one + b"\r\n" for one in lines)
        yield text, base64.b64decode(re.sub(r"\s+", "", tags["b"])), tags["d"], tags["s"]


def test_before_dkim_there_are_domain_keys() -> None:
    world = World(1000, "tiny", "2006")
    look = zone(world)
    seen = 0
    for one, raw in mails(world):
        assert not one.arc
        assert b"\nDKIM-Signature:" not in raw
        if one.broken:
            continue
        for text, made, domain, selector in nofws(raw):
            record = look(f"{selector}._domainkey.{domain}")
            assert record
            public = load_der_public_key(base64.b64decode(record.rpartition(b"p=")[2]))
            assert isinstance(public, rsa.RSAPublicKey)
            public.verify(made, text, padding.PKCS1v15(), hashes.SHA1())
            seen += 1
    assert seen > 30


FORMS = {forms: domain for domain in (f"d{n}.example" for n in range(60)) if (forms := seals.forms(1, domain))}
BODIES = (b"", b"\r\n\r\n", b"a  b \t\r\n \r\n\r\n", b"no end", b"\tx\r\n", b"a\nb\n")


@pytest.mark.parametrize("body", BODIES)
def test_bodies_of_any_shape_have_the_hash_that_others_work_out(body: bytes) -> None:
    assert len(FORMS) == 3  # relaxed/relaxed, relaxed/simple, simple/simple
    place = signing.numbered(3, False)
    record = signing.key(1, place).record.encode()
    some = next(one for one in World(5, "tiny", "modern").day(0) if one.signed)
    fields = [b"From: <a@example.com>", b"Subject: two  blanks\r\n\tand a fold", b"subject:  the last one counts "]
    for domain in FORMS.values():
        mail = replace(some, signed=((domain, "s", place),), broken=False)
        (field,) = seals.signatures(mail, seals.Page(fields, body), 1)
        raw = b"\r\n".join([field, *fields]) + b"\r\n\r\n" + body
        assert right(raw, lambda name, timeout=5: record)
