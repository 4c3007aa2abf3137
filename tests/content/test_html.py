"""HTML: what a reader sees, where it leads, in linear time; a tree as second opinion."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from junkhound.content import html
from junkhound.evidence.message import parse
from support.corpus import messages


def seen(source: str) -> str:
    return " ".join(html.read(source.encode())[0].decode().split())


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<title>t</title><style>s{}</style><script>x</script><body>a<!-- c --><p>b<style>d</style>", "a b"),
        ("<table><tr><td>one</td><td>two</td></table>", "one two"),
        ("Vi<b></b>ag<!-- x -->ra <i>now</i>!", "Viagra now!"),
        ("V<span style='display:none'>xx</span>ia<b>g</b>ra now", "Viagra now"),
        ("a<p style='DISPLAY: NONE'>b</p>c", "a c"),
        ("a<p style='Display: none'>b</p>c", "a c"),
        ("a<p style='visibility:hidden'>b</p>c", "a c"),
        ("a<p style='color:red;font-size:0px'>b</p>c", "a c"),
        ("a<p style='font-size:0.9em'>b</p>c", "a b c"),
        ("a<p style='mso-hide:all'>b</p>c", "a c"),
        ("a<p hidden>b</p>c", "a c"),
        ("a<p style='border:none;display:block'>b</p>c", "a b c"),
        ("<body style='display:none'>a", "a"),
        ("&lt;b&gt; &eacute; &#x43f;", "<b> é п"),
        ("", ""),
        ("<frameset><frame src=x></frameset>", ""),
    ],
)
def test_visible_text(source: str, text: str) -> None:
    assert seen(source) == text


def test_links_with_their_attributes() -> None:
    source = """<base href=http://a.example/><a href="http://b.example/x&amp;y">x</a><img src='http://c.example/p.gif'>
      <form action=http://d.example/><table background=http://e.example/><button formaction=http://f.example/>
      <object data=http://g.example/></object><video poster=http://h.example/></video><a name=x>y</a>
      <meta http-equiv=Refresh content="0; URL=http://i.example/">"""
    assert {(place, value) for place, value in html.read(source.encode())[1]} == {
        ("href", "http://a.example/"), ("href", "http://b.example/x&y"), ("src", "http://c.example/p.gif"),
        ("action", "http://d.example/"), ("background", "http://e.example/"), ("formaction", "http://f.example/"),
        ("data", "http://g.example/"), ("poster", "http://h.example/"), ("refresh", "http://i.example/"),
    }  # fmt: skip


HOSTILE = [
    "<div>", "<b><p>", "<b>x</b>", "x<b>", "<", "</", "<!", "<!--", "<!-- --!", '<a href="', "<a href='", '<a ="',
    "<p a=b'", "<style>", "</style", "<style", "<script>x", "=", "href=", "href =", "href= ", 'src="x" ', '<a b="',
    "&", "&#", "&#x41", "<p hidden>", "<p hidden", "<p style='display:none'>", "<div style='display:none'>",
    "<td hidden></x>", "<td hidden>y</td>", "<i><span hidden></i>", "<a1 hidden>", "<div hidden></div >", " hidden",
    "display:none", ":none", "<img style=':none'>", "<meta http-equiv", "<meta http-equiv=refresh content='url=x'>",
    "<object data=x>", "data=", "<p style=font-size:0>font-size", "<option hidden>", "<p " + "a=b " * 99 + ">",
    "<svg><![CDATA[", "\x00", " ", "\n", "\xa0", "http://", "www.", "a@b.c ",
]  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE)
def test_any_repetition_is_read_in_linear_time(unit: str) -> None:
    """What a quarter of a megabyte of it costs: a tree took up to 18 seconds."""
    source = (unit * ((256 * 1024) // len(unit.encode()))).encode()
    half = source[: len(source) // 2] + b"</td></p></div>" * 8000 + b"'\">-->x"
    start = time.process_time()
    html.read(source)
    html.read(half)
    assert time.process_time() - start < 2  # 0.01 to 0.3 on an idle machine


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a<p style='font-size:0'>x<b style='font-size:9px'>b</b></p>c", "a xb c"),
        ("a<div style='display:none'>x<div>y</div>z</div>c", "a c"),
        ("a<div style='display:none'>x", "a"),
        ("<td><div style='display:none'>x</td><td>c", "c"),
        ("<p>a<p hidden>x<p>c", "a c"),
        ("<tr><td hidden>x<td>c<td>d", "c d"),
        ("a<span class='x>y' hidden>x</span>c", "ac"),
        ("a<input type=hidden value=x>c", "a c"),
        ("a<b title=' hidden '>b</b>c", "abc"),
        ("display:none visibility:hidden", "display:none visibility:hidden"),
        ("a<!-->b<!--->c<!-- --!>d", "abcd"),
        ("a<script>'<b>' </b></script>b<style><!-- </style>c", "abc"),
        ("<a title='x>y'>a</a><a title=x'>b</a><a ='>c", "a b c"),
        ("1 < 2 <> 3 <3", "1 < 2 <> 3 <3"),
        ("a <? b > c </ d > e <!x '>' f", "a c e ' f"),
        ("a<b", "a"),
    ],
)
def test_broken_and_hidden(source: str, text: str) -> None:
    assert seen(source) == text


@pytest.mark.parametrize("archive", ["csdmc2010", "phishing_pot"])
def test_a_tree_shows_the_same(archive: str) -> None:
    """Where nothing is hidden, the text of nearly all real mail is that of lexbor's tree, letter for letter."""
    count = same = linked = 0
    for _, _, raw in messages(f"{archive}.tar.gz", 400):
        for part in parse(raw).parts():
            source = part.text() if part.type == "text/html" else ""
            if not source or any(word in source.lower() for word in (":none", "hidden", "size:0", "<title", ": none")):
                continue
            count += 1
            tree = LexborHTMLParser(source)
            tree.strip_tags(["style", "script"])
            text, links, _ = html.read(source.encode())
            body = tree.body
            same += body is not None and letters(body.text()) == letters(text.decode())
            expected = {node.attributes["href"] for node in tree.css("[href]")}
            linked += expected - {None, ""} <= {value for _, value in links}
    assert count > 20
    assert same > 0.93 * count
    assert linked > 0.97 * count


def letters(text: str) -> str:
    return "".join(sorted("".join(text.split())))  # a tree moves text that stands between table cells


marks = st.sampled_from(
    ["<", ">", "</", "<b>", "</b>", "<p style='display:none'>", "<!--", "-->", "<a href=", '"', "'", "<script>", "x",
     " ", "&", "#", "<template>", "<svg>", "<frameset>", "<table>", "\0", "&#xD800;", " hidden", "<span hidden>",
     "<meta http-equiv=refresh content=url=x>"]
)  # fmt: skip


@given(st.lists(st.one_of(marks, st.text(max_size=5)), max_size=60).map("".join))
def test_any_text_reads(source: str) -> None:
    octets = source.encode("utf-8", "replace")
    text, links, _ = html.read(octets)
    assert text.decode().encode() == text
    assert len(text) <= 8 * len(octets), "no text out of nothing"
    assert all((place + value).encode() for place, value in links)
