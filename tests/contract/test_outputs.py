"""Every form in which a list leaves, ours and yours, keeps the same promises."""

from __future__ import annotations

import pytest

from junkhound.publish import outputs
from support.editions import entry, make

EDITIONS = (
    make(),
    make(entry("203.0.113.7")),
    make(entry("203.0.113.7"), entry("198.51.100.0/24", 2), entry("2001:db8:1:2::/64", 3), scope="public"),
)

TEXTS = [form for form in outputs.names() if form != "served"]  # which programs map: tests/publish/test_served.py


@pytest.mark.parametrize("form", outputs.names())
def test_a_form_is_a_function_of_its_edition(form: str) -> None:
    make_files = outputs.get(form)
    for edition in EDITIONS:
        files = make_files(edition)
        assert files == make_files(edition)
        assert files
        assert all(ending.isalnum() for ending in files)
        for content in files.values() if form in TEXTS else ():
            assert content.endswith(b"\n")
            assert b"\r" not in content
            assert content.isascii()


@pytest.mark.parametrize("form", TEXTS)
def test_what_is_listed_is_in_it_and_what_is_not_is_not(form: str) -> None:
    content = b"".join(outputs.get(form)(EDITIONS[2]).values())
    assert b"203.0.113.7" in content
    assert b"2001:db8:1:2::" in content
    assert b"203.0.113.8" not in content
    assert b"203.0.113.7" not in b"".join(outputs.get(form)(EDITIONS[0]).values())


@pytest.mark.parametrize("form", outputs.names())
def test_a_list_for_our_own_servers_says_so(form: str) -> None:
    files = outputs.get(form)(EDITIONS[1])
    for content in files.values():
        assert b"scope own" in content or b'"scope": "own"' in content
