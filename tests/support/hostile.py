"""Mail made to break its readers: pieces in any order, elements whose styles hide them, Received lines nearly right."""

from __future__ import annotations

import random
from collections.abc import Iterator

MARKUP = (
    b"<", b">", b'"', b"'", b"=", b" ", b"\n", b"\x0b", b"/", b"?", b"!", b"a", b"b", b"href", b"src=", b"action=",
    b"formaction=", b"form", b"poster=x", b"background=", b"<!--", b"-->", b"--!>", b"<style>", b"</style>",
    b"<title", b"<object", b"data=", b'<meta http-equiv=refresh content="0;url=http://a.example">', b"&amp;",
    b"&#65;", b"&nbsp;", b"&nGt;", b"&#x", b"display:none", b" hidden", b"font-size:0", b"mso-hide:all", b"<b>",
    b"</b>", b'<span style="', b'">', b"</span>", b"<p>", b"</p>", b'<div style="display:none">', b"</div>",
    b'<a href="http://a.example/b">', b"<br>", b"=>", b"\xc2\xad", b"\xe2\x80\x99", b"\xe3\x80\x80",
    b"\xf0\x9f\x98\x80", b"\xff", b"\x00", b"www.", b"http://b.example/?c=d", b"WWW.", b"www.c.example", b"://",
    b"HTTPS", b"ftp", b"hxxp://d.example\\", b"mailto:", b"MailTo:e@f.example", b"src=//g.example", b"color:white",
    b"color=#fff", b"opacity:0", b"left:-999px", b"max-height:0;", b"font-size:1px", b"direction:rtl", b" dir=rtl>",
    b"</i>", b"<i>", b"<br>" * 9, b"<td>", b"</td>" * 4, b" dot ", b"[dot]", b"[.]", b"www . d . example",
    b"www. e .com", b"f.com", b"remove the *", b"without", b"take out (#)", b" a b c d", b"=3D", b"=e9", b"=\r\n",
    b"= \n", b"=\t\r", b"==", b"=4", b"bgcolor=#000", b"bgcolor='#FEFEFE'", b"background:#fff",
    b"background-color: black", b"background :url", b"color:#fefefe", b"color: #000080", b"color=#ffff", b"<font ",
    b"a-b-c-d-e", b"erased the -", b"Omit", b"*", b"\xc5\xbf", b"0", b"@", b"word", b"Word-Two", b"it's", b"x" * 41,
)  # fmt: skip
STYLES = (
    b"<p style='", b'<div style="', b"<td style=", b"<a<b style='", b"<span ", b"<font color=", b"<a ", b"'>", b'">',
    b">", b"text", b"</p>", b"</div>", b"</td>", b"</a<b>", b"</span>", b"</font>", b"</a>", b"<br>", b"<p>",
    b"<div>", b"<li>", b"margin-", b"left", b"top", b"text-indent", b":", b" : ", b"=", b"\t=\n'", b"    :", b"-",
    b"-99", b"-1234", b"-5000000", b"px", b"pt", b"em", b";", b"opacity", b"0", b".0", b"0.00", b"0.5", b"1", b"2.5",
    b"color", b"bgcolor", b"background", b"-color", b"background-color:", b"#fff", b"#ffffff", b"#fefefe", b"#eee",
    b"#eeee", b"#e7e7e7", b"#e6e7e7", b"#000", b"f", b"white", b"transparent", b"black", b"none", b"font-size",
    b"0.01em", b"max-height", b"overflow:hidden", b"display:none", b"visibility: hidden", b" hidden", b"font-size:0",
    b"mso-hide:all", b"direction", b"dir", b"rtl", b"x" * 190, b"<img>", b"<body style='", b"</", b"<p/", b"<td\x0b",
    b"'", b'"', b"<tr>", b"</tr>", b"</li ", b"<q<", b"</q<", b"<q<q<q/",
)  # fmt: skip
HIDING = (
    b"opacity:0;", b"opacity : .00'", b"color:transparent;", b"color:#fff;", b"color=white ", b"color:#fefefe;",
    b"font-size:1px;", b"font-size: 0.01em", b"max-height:0;", b"max-height:0px }", b"left:-999px",
    b"margin-left:-500em", b"text-indent: -300", b"top:-1234p", b"display:none", b"visibility:hidden", b"font-size:0",
    b"mso-hide:all", b" hidden", b"overflow", b";", b"background:#123456;", b"bgcolor=red ",
    b"background-color:white;", b"left:-100ptop:-2000;", b"font-size", b"style=",
)  # fmt: skip
NAMES = (
    b"p", b"div", b"td", b"span", b"font", b"a", b"li", b"tr", b"body", b"q<", b"b", b"table", b"img", b"x-y",
)  # fmt: skip
SHARED = (
    b"(at)", b"(AT)", b"[ at ]", b"(@)", b"@", b"a", b"host.example", b" ", b"(", b")", b"+", b"(+", b"0", b"12",
    b"3", b"45", b"800-555-0199", b"-", b".", b"/", b"\xc2\xa0", b"\xe2\x80\x91", b"phone", b"DE89", b"GB",
    b"3704 0044 0532 0130 00", b"bc1q", b"0x", b"4", b"1BoatSLRHtKNngkdXEeobR76b53LETtpyT", b"f" * 40, b"x" * 26,
    b"symbol", b"Symbol:", b"sym", b"stock", b"ticker", b"5ymboI", b"vmbol", b"ymbo1", b"code", b"k\xc3\xbcrzel",
    b"ABCD", b"XYZ.PK", b"XYZ . ob", b"OTC:", b"Pink Sheets -", b"NYSE;", b"(ABC)", b"( ABC . OB )", b"Acme ",
    b"price", b"target", b"$1.20", b"buy", b"l|A1", b"\xe2\x80\xa8", b"\xe3\x80\x80",
    b"\xef\xbc\xa1\xef\xbc\xa2\xef\xbc\xa3", b"\xc2\xad", b"\x1c", b"the", b"and", b"of you", b"und die", b"der",
    b",", b"|", b"trading 5 days $2", b"current price: ", b"closed at ", b"expect", b"short term", b"Ziel",
    b"could reach $3", b"Stocks", b"penny stock", b"wall street ", b"\xc4\xb1", b"b\xc3\xb6rsenbrief", b"aktientipp",
    b"\n",
)  # fmt: skip
HEADER = (
    b"\n", b"\n", b"\r\n", b":", b":", b" ", b"\t", b"\r", b"\n\n", b"\x00", b"\xff", b"Received", b"From", b"From ",
    b">From ", b"Subject: x", b"Date:", b"a", b"x" * 130, b"y: " + b"z" * 1100,
)  # fmt: skip


def pieces(words: tuple[bytes, ...], seed: int, most: int) -> Iterator[bytes]:
    """Endless mail of these pieces in any order, the same for the same seed."""
    dice = random.Random(seed)
    while True:
        yield b"".join(dice.choices(words, k=dice.randrange(1, most)))


def elements(seed: int, most: int) -> Iterator[bytes]:
    """Endless HTML whose elements have styles of these pieces and stand in each other, some of them not closed."""
    dice = random.Random(seed)

    def element(deep: int) -> bytes:
        name, quote = dice.choice(NAMES), dice.choice((b'"', b"'"))
        style = b"".join(dice.choices(dice.choice((STYLES, HIDING)), k=dice.randrange(4)))
        named = dice.choice((b"style=" + quote, b"style=" + quote, b"", quote))
        inside = b"".join(
            element(deep + 1) if deep < 3 and dice.random() < 0.4 else dice.choice(STYLES) for _ in range(2)
        )
        return (
            b"<" + name + b" " + named + style + quote + b">" + inside + dice.choice((b"</" + name + b">", b"</", b""))
        )

    while True:
        yield b"".join(element(0) for _ in range(dice.randrange(1, most)))
