"""HTML: what a reader sees, where it leads, and bounds before lexbor takes quadratic time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from junkhound.content import html
from junkhound.tables import Defect


def seen(source: str) -> str:
    return " ".join(html.read(source)[0].split())


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
    assert {(place, value) for place, value in html.read(source)[1]} == {
        ("href", "http://a.example/"), ("href", "http://b.example/x&y"), ("src", "http://c.example/p.gif"),
        ("action", "http://d.example/"), ("background", "http://e.example/"), ("formaction", "http://f.example/"),
        ("data", "http://g.example/"), ("poster", "http://h.example/"), ("refresh", "http://i.example/"),
    }  # fmt: skip


def open_elements(source: str) -> int:
    """The deepest place of the tree that lexbor makes."""
    deepest, stack = 0, [(LexborHTMLParser(source).root, 0)]
    while stack:
        node, depth = stack.pop()
        deepest = max(deepest, depth)
        stack.extend((child, depth + 1) for child in node.iter())
    return deepest


@pytest.mark.parametrize(
    "unit",
    ["<div>", "<b>", "<b><p>", "<ul><li>", "<b></p>", "<div></x>", "<p><font size=1>", "<table><td>", "<i a='>'>"],
)
def test_nesting_is_cut(unit: str) -> None:
    """Unbounded, 256 kB of these take lexbor up to 18 seconds."""
    cut, defects = html.bounded(unit * (256 * 1024 // len(unit)))
    tags = cut.count("<")
    assert tags <= html.MAX_TAGS
    assert defects & (Defect.TOO_DEEP | Defect.TEXT_CAPPED)
    assert open_elements(cut) * tags <= html.MAX_WORK * 5  # cells and list items pile up with their tables and lists


@pytest.mark.parametrize("form", ["a{} ", "/a{}", "a{}=1 ", "a{}='>' ", 'a{}="x"\n'])
def test_swarms_of_attributes_are_dropped_and_the_text_stays(form: str) -> None:
    swarm = "<p " + "".join(form.format(number) for number in range(5000)) + ">"
    text, links, defects = html.read(f"before {swarm} after <a href=http://a.example>x</a>")
    assert "before" in text
    assert "after" in text
    assert links == [("href", "http://a.example")]
    assert defects == Defect.TOO_DEEP


def test_ordinary_mail_is_left_alone() -> None:
    letter = "<table><tr><td><font color=red><b>x</b></font></td></tr></table><p>y" * 500
    assert html.bounded(letter) == (letter, 0)
    picture = f"<img src='data:image/png;base64,{'A+/=' * 5000}'>"
    assert html.bounded(picture) == (picture, 0)
    sheet = "<style>" + "a { b: c; }\n" * 2000 + "</style>"
    assert html.bounded(sheet) == (sheet, 0)


marks = st.sampled_from(
    ["<", ">", "</", "<b>", "</b>", "<p style='display:none'>", "<!--", "-->", "<a href=", '"', "'", "<script>", "x",
     " ", "&", "#", "<template>", "<svg>", "<frameset>", "<table>", "\0", "&#xD800;", " hidden", "<span hidden>",
     "<meta http-equiv=refresh content=url=x>"]
)  # fmt: skip


@given(st.lists(st.one_of(marks, st.text(max_size=5)), max_size=60).map("".join))
def test_any_text_reads(source: str) -> None:
    source = source.encode("utf-8", "replace").decode()
    text, links, _ = html.read(source)
    text.encode()
    for place, value in links:
        (place + value).encode()
