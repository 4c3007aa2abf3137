"""Every form in which a list leaves, ours and yours, keeps the same promises."""

from __future__ import annotations

import re

import pytest

from junkhound.publish import outputs
from support.editions import entry, make

EDITIONS = (
    make(),
    make(entry("203.0.113.7")),
    make(entry("203.0.113.7"), entry("198.51.100.0/24", 2), entry("2001:db8:1:2::/64", 3), scope="public"),
)

SAYS_ELSEWHERE = {"misp/hashes.csv": "the manifest beside it"}
SCOPE = re.compile(rb'scope"?:? ?"?own')

TEXTS = [form for form in outputs.names() if form != "served"]  # which programs map: tests/publish/test_served.py


@pytest.mark.parametrize("form", outputs.names())
def test_a_form_is_a_function_of_its_edition(form: str) -> None:
    make_files = outputs.get(form)
    for edition in EDITIONS:
        files = make_files(edition)
        assert files == make_files(edition)
        assert files or form == "hosts"
        assert all(re.fullmatch("[a-z0-9]{1,16}(/[a-z0-9-]+[.][a-z]+)?", ending) for ending in files)
        for content in files.values() if form in TEXTS else ():
            assert content.endswith(b"\n") or not content
            assert b"\r" not in content
            assert content.isascii()


@pytest.mark.parametrize("form", outputs.names())
def test_a_list_for_our_own_servers_says_so(form: str) -> None:
    files = outputs.get(form)(EDITIONS[1])
    assert any(SCOPE.search(content) for content in files.values()) or not files
    for ending, content in files.items():
        if ending in SAYS_ELSEWHERE:
            continue
        assert SCOPE.search(content)
