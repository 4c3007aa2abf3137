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
BASE64 = (
    b"QUJD", b"QUJDREVG", b"Q", b"QQ", b"QUI", b"=", b"==", b"\n", b"\r\n", b" ", b"\t", b"-", b"_", b"+/", b"\xff",
    b"QQ==", b"QUI=", b"QUJD" * 19 + b"\n", b"QUJD" * 19 + b"\r\n", b"-- \nlist",
)  # fmt: skip
HEADER = (
    b"\n--a", b"--a", b"\n--a--", b"\r\n--a \t", b"\n--ab", b"-",
    b"\n", b"\n", b"\r\n", b":", b":", b" ", b"\t", b"\r", b"\n\n", b"\x00", b"\xff", b"Received", b"From", b"From ",
    b">From ", b"Subject: x", b"Date:", b"a", b"x" * 130, b"y: " + b"z" * 1100,
)  # fmt: skip
LINES = (
    ("from ", " from\n\t", "by mx.example.org ", "(from root@localhost) ", ""),
    ("pc.example.net", "[192.0.2.7]", "[a;b]", "HELO<", "198.51.100.7", "", "mail"),
    (" (", "(", " [", " ", " (IDENT:", " (me@"),
    ("host.example.net", "unknown", "a@b", "192.0.2.1", "[192.0.2.9", "2001:db8::7", "[IPv6:2001:db8::1%eth0",
     "300.1.2.3", ""),
    (" [192.0.2.9])", " [IPv6:2001:db8::1])", "[192.0.2.9]:25)", ")", "])", " [1.2.3]) ",
     " [192.0.2.9] (may be forged))", " [192.0.2.9] (may  be\n forged)) (authenticated (a) bits)",
     " [192.0.2.9] helo=x)"),
    ("", " (using TLSv1 with cipher X (256/256 bits))", " (No client certificate requested)", " (not (a) b)",
     " (no-)", " (Authenticated sender: me@x.example)", " (authenticated sender)", " (using  )", " (version=)",
     " (a [b])"),
    (" by mx.example.org", "\n\tby [192.0.2.4]", " by [IPv6:2001:db8::4]", " by (x)", "", " by\x1fmx.example.org ",
     " by a;b"),
    (" (Postfix)", " (Postfix, from userid 33)", " (Postfix (Debian))", " (8.12.5/8.12.5)", " (8.[x] y)",
     " (2001:db8::9)", " ([192.0.2.3])", " (fetchmail-6.3)", " (MTA v1 (b (c)))", "", " (Exim 4.9)", " (qmail)"),
    (" with ESMTP", " with SMTP;", " with Microsoft SMTP Server", " with Microsoft SMTPSVC(5.0.2195.6713)",
     " with HTTPS", " with mapi", " with ECSTREAM", " with POP3 (fetchmail-6.2)", " with IMAP4rev1S (getmail x)",
     " with esmtpsa", "", " with LMTP", " with\tSMTP-X"),
    ("", " (version=TLS1_2, cipher=X) ", " (version=TLSv1 bits=1)", " (TLS)", " (using TLSv1)", " (single-drop)",
     " (PROGRAM x)"),
    ("", " id AB12", " id <7@x>", " id <>", " id 15.20.1.2", " id (x)", "\n id a;b"),
    ("", " via Frontend Transport", " via x Y", " (version=TLSv1/SSLv3 cipher=Y)", " for <a@example.org>", " for b",
     " for <>", " (multi-drop)", " for <c>> "),
    (";", " ;", "", ";;"),
    (" Mon, 6 Jan 2025 10:00:05 +0000", "Tue,\r\n 07 Jan\n 2025\t23:59:60 -0330 (IST)\r\n",
     " 6 Jan 2025 10:00:05 GMT", " Jan 6", " Mon, 06-Jan-2025 10:00:05 +0100", " Thu, 29 Feb 2023 10:00:05 +0000",
     " Thu, 29 Feb 2024 1:00:05 +0530", "", " Fri, 31 Dec 2199 23:00:05 +00001", " Wed, 1 Jan 1969 10:00:05 +0000",
     " Mon, 6 JAN 25 10:00:05 -1400", " x, 6 Jan 2025 10:00", " Mon, 6 Jan 2025 10:00:05 +0000 (a) (b c)",
     " Mon, 6 Jan 2025 10:00:05 +0000 (envelope-from <a@example.net>)\n",
     " Mon, 6 Jan 2025 10:00:05 +0000 (from [203.0.113.5])", " (envelope-from (envelope-from b) +0000", " yesterday",
     "\x85\xe9"),
)  # fmt: skip
FORMS = (
    ("from ", "pc.example.net", " (host.example.net", " [192.0.2.9]", ")", "", " by mx.example.org", " (Postfix)",
     " with ESMTP", " id AB12", " for <a@example.org>", ";", " Mon, 6 Jan 2025 10:00:05 +0000"),
    ("from ", "[192.0.2.7]", " (", "IDENT:me@", "host.example.net ", "[192.0.2.9]", " (may be forged)", ")",
     " by mx.example.org", " (8.12.5/8.12.5)", " with ESMTP", " id AB12", " (version=TLSv1 x)", " for b", ";",
     " Mon, 6 Jan 2025 10:00:05 +0000"),
    ("(from root@localhost) ", "by mx.example.org", " (8.12.5/8.12.5/Submit)", " with ESMTP", " id AB12", " for b",
     ";", " Jan 6"),
    ("from ", "pc.example.net", " (2001:db8::9", ")", " by mx.example.org", " (192.0.2.3)", " with ",
     "Microsoft SMTP Server", " (version=TLS1_2, cipher=X)", " id 15.20.1.2", " via Frontend Transport", "", ";",
     "Tue, 7 Jan\r\n 2025 23:59:60 -0330\r\n"),
    ("from ", "pc.example.net", " ([192.0.2.9]", ")", " by mx.example.org", " with ", "HTTPS", "", "", ";",
     " Jan 6"),
    ("from ", "pc.example.net", " (192.0.2.9)", " by mx.example.org", " with ", "mapi", "", ";", " Jan 6"),
    ("from ", "pop.example.net", " [192.0.2.9]", "", " by localhost", " with POP3", " (fetchmail-6.3)",
     " for a@localhost", " (single-drop)", ";", " Mon, 6 Jan 2025 10:00:05 +0000"),
    ("from ", "pc.example.net", " (", "me@", "host.example.net ", "[IPv6:2001:db8::1]", ")", "", " by ",
     "[192.0.2.4]", " (MTA v1 (b (c)))", " with esmtpsa", " (x)", " id <7@x>", " (using TLSv1)",
     " for <a@example.org>", ";", " Mon, 6 Jan 2025 10:00:05 +0000"),
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


def lines(seed: int) -> Iterator[bytes]:
    """Endless Received lines that are right, nearly right, and broken."""
    dice = random.Random(seed)
    while True:
        words = list(dice.choice(FORMS))
        for _ in range(dice.randrange(4)):
            words[dice.randrange(len(words))] = dice.choice(dice.choice(LINES))
        value = "".join(words).encode("latin-1")
        if dice.random() < 0.2:
            place = dice.randrange(len(value) + 1)
            value = (
                value[:place]
                + dice.choice((b"(", b"[", b"]", b")", b";", b"@", b"\xe9", b" ", b""))
                + value[place + 1 :]
            )
        yield value
