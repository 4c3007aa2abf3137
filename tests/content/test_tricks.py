"""Tricks that show a reader other words than a filter."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.content import tricks, view
from junkhound.evidence.message import parse


def seen(source: str, kind: str = "text/html") -> str:
    return " ".join(view(parse(f"Content-Type: {kind}; charset=utf-8\n\n{source}".encode())).text.split())


@pytest.mark.parametrize(
    ("source", "read"),
    [
        ("chea\u200bp pi\u00adlls", "cheap pills"),
        ("сheap рills", "cheap pills"),  # two Cyrillic letters
        ("Ｃｈｅａｐ pills", "Cheap pills"),
        ("c-h-e-a-p p i l l s now", "cheap pills now"),
        ("V.I.A.G.R.A", "VIAGRA"),
        ("I am a U S citizen, plan B or C", "I am a U S citizen, plan B or C"),
        ("дешёвые таблетки для вас", "дешёвые таблетки для вас"),
        ("a naïve café", "a naïve café"),
    ],
)
def test_text_as_a_reader_reads_it(source: str, read: str) -> None:
    assert seen(source, "text/plain") == read


@pytest.mark.parametrize(
    "hiding",
    [
        '<font color="#FFFFFF">{}</font>',
        '<span style="color:#fefefe">{}</span>',
        '<font style="font-size:1px;line-height:0">{}</font>',
        '<span style="position:absolute;left:-9999px">{}</span>',
        '<div style="opacity:0;max-height:0;overflow:hidden">{}</div>',
        '<div style="max-height: 0px; overflow: hidden;">{}</div>',
        '<p style="color:transparent">{}</p>',
    ],
)
def test_what_no_reader_sees_is_no_text(hiding: str) -> None:
    assert seen(f"<body><p>cheap pills</p>{hiding.format('poison for filters')}<p>today</p>") == "cheap pills today"


@pytest.mark.parametrize(
    "shown",
    [
        '<table bgcolor="#003366"><tr><td><font color="#ffffff">white on blue</font></td></tr></table>',
        '<a style="background-color:#d00;color:#fff">white on blue</a>',
        '<span style="opacity:0.9">white on blue</span>',
        '<span style="margin-left:-2px">white on blue</span>',
        '<td style="font-size:1px"><span style="font-size:14px">white on blue</span></td>',
    ],
)
def test_what_a_reader_sees_stays(shown: str) -> None:
    assert seen(shown) == "white on blue"


def test_words_written_backwards_and_in_columns() -> None:
    assert seen('<p>buy <span style="unicode-bidi:bidi-override;direction:rtl">sllip</span> now') == "buy pills now"
    table = (
        "<table><tr><td>che<br>pil<br>for</td><td>ap<br>ls<br>&nbsp;y</td><td>&nbsp;&nbsp;<br>&nbsp;n<br>ou</td>"
        "<td>&nbsp;<br>ow<br></td></tr></table>"
    )
    assert seen(table) == "cheap pills now for you"
    prices = "<table><tr>" + "<td>Viagra tabs<br>69 dollars<br>today</td>" * 4 + "</tr></table>"
    assert seen(prices) == " ".join(["Viagra tabs 69 dollars today"] * 4)


@pytest.mark.parametrize(
    "piece", ["<span direction:rtl ", "<tr><td>a<br>b<br>c</td>", "<font color=#fff>", "a ", "a-", "\u0430a",
              "<b></b>a", "<p style=left:-999px>"],
)  # fmt: skip
def test_hostile_repetition_costs_linear_time(piece: str) -> None:
    source = (piece * 100_000)[:128_000].encode()
    start = time.process_time()
    tricks.readable(tricks.undone(source))
    assert time.process_time() - start < 1.0


@given(st.binary(max_size=400))
def test_any_bytes_are_undone(octets: bytes) -> None:
    assert isinstance(tricks.readable(tricks.undone(octets)), bytes)
