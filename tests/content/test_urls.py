"""URLs in running text and in attributes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.content import urls


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see http://www.example.com/a?b=c.", ["http://www.example.com/a?b=c"]),
        ("(HTTPS://Example.com/)", ["HTTPS://Example.com/"]),
        ("<http://example.org>", ["http://example.org"]),
        ('"http://example.org/x"y', ["http://example.org/x"]),
        ("go to www.example.com, now", ["http://www.example.com"]),
        ("xhttp://example.org", ["http://example.org"]),
        ("hxxp://example.org/1", ["hxxp://example.org/1"]),
        ("www.example.com http://example.org", ["http://example.org", "http://www.example.com"]),
        ("mail me@www.example.com", []),
        ("http:// and ://nothing and www.", []),
        ("a://b.example", []),
        ("http://a.example\u00a0b", ["http://a.example"]),
    ],
)
def test_in_text(text: str, found: list[str]) -> None:
    assert urls.in_text(text.encode()) == found


@pytest.mark.parametrize(
    ("value", "host"),
    [
        ("http://www.example.com/", "www.example.com"),
        ("  https:\\\\www.example.com\\x", "www.example.com"),
        ("http:///www.example.com/x", "www.example.com"),
        ("//cdn.example.net/x.png", "cdn.example.net"),
        ("ht\ntp://www.exa\tmple.com/", "www.example.com"),
        ("http://www.bank.example@192.0.2.7/login", "192.0.2.7"),
        ("http:www.example.com", "www.example.com"),
        ("hxxp://www.example.com", "www.example.com"),
        ("http://example.com#x@evil.example", "example.com"),
        ("http://example.com?x@evil.example", "example.com"),
    ],
)
def test_attributes_that_lead_somewhere(value: str, host: str) -> None:
    url = urls.read(value, "href")
    assert url is not None
    assert (url.host, url.place) == (host, "href")


@pytest.mark.parametrize(
    "value", ["", "#top", "/x", "x.html", "cid:1", "mailto:a@example.com", "javascript:x", "http://", "data:,x"]
)
def test_attributes_that_lead_nowhere(value: str) -> None:
    assert urls.read(value, "href") is None


def test_mail_domains() -> None:
    text = "write a.b@mail.example.co.uk, <x@example.org>; not @example.net nor a@localhost"
    assert urls.mail_domains(text.encode()) == {"example.co.uk", "example.org"}


@given(st.text(st.sampled_from('htp:/w. @\nx<"%'), max_size=200))
def test_found_urls_stand_in_the_text(text: str) -> None:
    for found in urls.in_text(text.encode()):
        assert found in text or found.removeprefix("http://") in text
        urls.read(found, "text")


def test_the_number_of_urls_and_looks_is_capped() -> None:
    assert len(urls.in_text(b"http://a.example " * 10_000)) == urls.MAX_URLS
    assert len(urls.in_text(b"http://" + b"x" * 10_000)[0]) <= urls.MAX_URL + 7
    assert urls.in_text(b"://" * urls.MAX_HITS + b" http://a.example")[-1:] != ["http://b.example"]
    assert urls.in_text(b":// " * urls.MAX_HITS + b"http://a.example") == []
