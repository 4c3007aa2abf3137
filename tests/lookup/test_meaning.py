"""What answers mean: golden lines, each for something that was once read as a listing of everybody."""

from __future__ import annotations

import re
import socket

import pytest

from junkhound.kernel.config import Foreign
from junkhound.kernel.errors import ConfigError
from junkhound.lookup import Blocklist, judge, own, shipped, state
from junkhound.wire.dns import Answer

PLAIN = Blocklist("plain", "bl.example", "plain", codes={"127.0.0.2": "spam source", "127.0.0.10": "dynamic"},
                  scopes={"127.0.0.10": "range"})  # fmt: skip
BITS = Blocklist("bits", "multi.example", "bits", of="names", bits={"4": "mail", "8": "phishing"}, refused_bit=1)
ANY = Blocklist("any", "any.example", "any", scope="asn")
BY_NAME = {about.name: about for about in shipped().lists}


def said(*addresses: str, code: int = 0) -> Answer:
    return Answer(code, tuple(socket.inet_aton(words) for words in addresses), ())


@pytest.mark.parametrize(
    ("about", "answer", "outcome", "words"),
    [
        (PLAIN, said(code=3), "not listed", ""),
        (PLAIN, said(), "not listed", ""),
        (PLAIN, said("127.0.0.2"), "listed", "spam source"),
        (PLAIN, said("127.0.0.10", "127.0.0.2"), "listed", "spam source; dynamic"),
        (PLAIN, said("127.0.0.7"), "listed", "does not know"),
        (PLAIN, said("127.1.0.7"), "unknown", "does not document"),
        (PLAIN, said("127.0.0.1"), "refused", ""),
        (PLAIN, said("127.0.0.255"), "refused", ""),
        (PLAIN, said("127.255.255.252"), "refused", ""),
        (PLAIN, said("127.255.255.254"), "refused", ""),
        (PLAIN, said("127.0.0.2", "127.255.255.255"), "refused", ""),
        (PLAIN, said("203.0.113.80"), "unknown", "rewrites"),
        (PLAIN, said("127.0.0.2", "203.0.113.80"), "unknown", "rewrites"),
        (PLAIN, said(code=5), "refused", "refused to answer"),
        (PLAIN, said(code=2), "unknown", "SERVFAIL"),
        (PLAIN, said(code=-1), "unknown", "no answer"),
        (ANY, said("127.0.0.77"), "listed", ""),
        (BITS, said("127.0.0.12"), "listed", "mail; phishing"),
        (BITS, said("127.0.0.1"), "refused", ""),
        (BITS, said("127.0.0.9"), "refused", ""),
        (BITS, said("127.0.0.64"), "listed", "does not know"),
        (BY_NAME["spamhaus-zen"], said("127.0.0.4"), "listed", "XBL"),
        (BY_NAME["spamhaus-zen"], said("127.255.255.254"), "refused", ""),
        (BY_NAME["spamhaus-dbl"], said("127.0.1.255"), "refused", ""),
        (BY_NAME["spamhaus-dbl"], said("127.0.1.4"), "listed", "phishing"),
        (BY_NAME["dronebl"], said("127.0.0.255"), "listed", "no class"),
        (BY_NAME["surbl"], said("127.0.0.72"), "listed", "phishing; abuse"),
        (BY_NAME["surbl"], said("127.0.0.1"), "refused", ""),
        (BY_NAME["uribl"], said("127.0.0.1"), "refused", ""),
        (BY_NAME["uribl"], said("127.0.0.2"), "listed", "black"),
    ],
)  # fmt: skip
def test_outcomes(about: Blocklist, answer: Answer, outcome: str, words: str) -> None:
    found = judge(about, answer)
    assert found.outcome == outcome
    assert words in found.means
    assert judge(about, answer) == found  # what is remembered is the same


def test_the_narrowest_scope_counts() -> None:
    assert judge(PLAIN, said("127.0.0.10")).scope == "range"
    assert judge(PLAIN, said("127.0.0.2", "127.0.0.10")).scope == "address"
    assert judge(ANY, said("127.0.0.2")).scope == "asn"


@pytest.mark.parametrize(
    ("listed", "clean", "outcome"),
    [
        (said("127.0.0.2"), said(code=3), None),
        (said("127.0.0.2"), said("127.0.0.2"), "dead"),  # lists the world
        (said(code=3), said(code=3), "dead"),  # empty
        (said(code=3), said("127.0.0.2"), "dead"),
        (said("127.255.255.254"), said(code=3), "refused"),
        (said("127.255.255.254"), said("127.255.255.254"), "refused"),
        (said(code=5), said(code=5), "refused"),
        (said("203.0.113.80"), said("203.0.113.80"), "unknown"),  # a resolver that rewrites NXDOMAIN
        (said("127.0.0.2"), said("203.0.113.80"), "unknown"),
        (said(code=2), said(code=2), "unknown"),
        (said("127.0.0.2"), said(code=-1), "unknown"),
    ],
)
def test_a_list_is_believed_only_if_its_test_points_hold(listed: Answer, clean: Answer, outcome: str | None) -> None:
    found = state(PLAIN, listed, clean)
    assert (found and found.outcome) == outcome


def test_the_catalogue_makes_sense() -> None:
    lists = shipped().lists
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", shipped().dated)
    assert len(lists) >= 24
    assert len({about.name for about in lists}) == len({about.zone for about in lists}) == len(lists)
    for about in lists:
        assert about.of in ("addresses", "names"), about.name
        assert {about.scope, *about.scopes.values()} <= {"address", "range", "asn"}, about.name
        assert set(about.scopes) <= set(about.codes), about.name
        if not about.closed:
            assert about.policy.startswith("https://"), about.name
            assert about.terms, about.name
            assert about.codes or about.bits, about.name
            for code in about.codes:
                assert judge(about, said(code)).outcome == "listed", (about.name, code)
    assert len({about.family for about in lists if about.name.startswith(("uceprotect", "backscatterer"))}) == 1


def test_lists_of_the_settings() -> None:
    (made,) = own({"ours": Foreign(zone="bl.example.org", codes=("127.0.0.3=bot",))})
    assert judge(made, said("127.0.0.3")).means == "bot"
    with pytest.raises(ConfigError, match="no zone"):
        own({"ours": Foreign()})


def test_other_terms_have_to_be_accepted_anew() -> None:
    about = BY_NAME["psbl"]
    import msgspec

    assert msgspec.structs.replace(about, terms="pay").terms_hash != about.terms_hash
    assert msgspec.structs.replace(about, codes={}).terms_hash == about.terms_hash
