"""Hosts: every disguise leads to the machine a browser would reach, and to whom it belongs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.content import host_of, platform, registrable


@pytest.mark.parametrize(
    ("authority", "name"),
    [
        ("WWW.Example.COM", "www.example.com"),
        ("www.example.com.", "www.example.com"),
        ("www.example.com:8080", "www.example.com"),
        ("www.bank.example@192.0.2.1", "192.0.2.1"),
        ("user:pass@www.example.com:80", "www.example.com"),
        ("a@b@www.example.com", "www.example.com"),
        ("3221225985", "192.0.2.1"),
        ("0xC0000201", "192.0.2.1"),
        ("0300.0.02.1", "192.0.2.1"),
        ("192.513", "192.0.2.1"),
        ("192.0.513", "192.0.2.1"),
        ("192.0.2.1.", "192.0.2.1"),
        ("[2001:DB8::1]:443", "2001:db8::1"),
        ("[nonsense]", ""),
        ("%77ww.example.com", "www.example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("www。example．com", "www.example.com"),
        ("ｅxample.com", "example.com"),
        ("a_b.example.com", "a_b.example.com"),
        ("256.0.0.1", ""),
        ("1.2.3.4.5", ""),
        ("0x100000000", ""),
        ("09.0.0.1", ""),
        ("exa mple.com", ""),
        ("", ""),
        (".", ""),
        ("a..b", ""),
        ("-", ""),
        ("x" * 2000, ""),
        ("\ud800.example", ""),
    ],
)
def test_disguises(authority: str, name: str) -> None:
    assert host_of(authority).name == name


@pytest.mark.parametrize(
    ("host", "domain", "owner"),
    [
        ("www.shop.example.co.uk", "example.co.uk", ""),
        ("example.com", "example.com", ""),
        ("www.something.blogspot.com", "something.blogspot.com", "blogspot.com"),
        ("blogspot.com", "blogspot.com", ""),
        ("x.y.github.io", "y.github.io", "github.io"),
        ("co.uk", "", ""),
        ("localhost", "", ""),
        ("192.0.2.1", "", ""),
        ("2001:db8::1", "", ""),
        ("mail.made-up-ending", "mail.made-up-ending", ""),
        ("WWW.Example.ORG.", "example.org", ""),
        ("", "", ""),
    ],
)
def test_owners(host: str, domain: str, owner: str) -> None:
    assert (registrable(host), platform(host)) == (domain, owner)


@given(st.text(max_size=60))
def test_any_text_gives_a_clean_host_or_none(authority: str) -> None:
    host = host_of(authority)
    assert host.name == host.name.lower()
    assert host.name.isascii()
    assert host_of(host.name if ":" not in host.name else f"[{host.name}]") == host
    assert not host.domain or host.name.endswith(host.domain)
    assert not host.platform or host.domain.endswith("." + host.platform)
