"""Lines say in the compiled steps what they say to the reader, and reasons that nobody wants change no verdict."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from junkhound import trace
from junkhound.evidence import message
from junkhound.trace.dialects import read_at, read_line
from support.corpus import messages

FRONTS = (
    "from pc.example.net (unknown [198.51.100.7])\n\tby mx.example.org (Postfix) with ESMTP",
    "from pc.example.net (IDENT:me@pc.example.net [198.51.100.7] (may be forged)) by mx.example.org (8.11.6/8.11.6)",
    "from pc.example.net ([198.51.100.7] helo=mx id 7)\n\tby mx.example.org with esmtp (Exim 4.96)",
    "from unknown (HELO a id 7) (198.51.100.7)\n  by mx.example.org with SMTP",
    "from store [192.0.2.9]\n\tby localhost with IMAP (fetchmail-5.9.0)",
    "from x id AB y (unknown [198.51.100.7])\n\tby mx.example.org (Postfix) with ESMTP",
    "from a by b",
    "",
)
IDS = (
    "",
    " id AB",
    " id 4YRV6F1R3Kz3w",
    " id <7@x>",
    " id 1tUk4T-000001-2B",
    " id (x)",
    " id Microsoft",
    " id [192.0.2.1]",
)
RESTS = ("", "\n\tfor <a@example.org>", " for b id c", " (note; x)", " ")
DATES = (
    " Mon, 6 Jan 2025 10:00:05 +0000", " Tue, 07 Jan 2025 23:59:60 -0330 (IST)\r\n", " Mon, 6 Jan 2025 10:00:05 GMT",
    "Mon, 06 Jan 2025 10:00:05 +0100", " Thu, 29 Feb 2024 10:00:05 +0530", " Thu, 29 Feb 2023 10:00:05 +0000",
    " Sun,  5 Jan 2025 10:00:05 +0000 (a) (b c)", " Fri, 31 Dec 1999 24:00:05 +0000", " Wed, 1 Jan 1969 10:00:05 +0000",
    " Mon, 6 JAN 2025 10:00:05 -1400", " Mon, 6 Jan 2025 10:00:05 +1500", " Mon, 6 Jan 2025 10:00:05 +0000 (x",
    " Mon, 6 Jan 2025 10:00:05 +0000 (envelope-from a@example.net)",
    " Mon, 6 Jan 2025 10:00:05 +0000 (from [203.0.113.5])", " 31 Feb 2025 10:00:05 +0000", " yesterday", "",
    " Mon, 6 Jan 2025 10:00:05 +0000; Mon, 6 Jan 2025 10:00:06 +0000",
)  # fmt: skip
line = st.builds(
    lambda front, id, rest, date, end: front + id + rest + ";" * end + date,
    st.sampled_from(FRONTS), st.sampled_from(IDS), st.sampled_from(RESTS), st.sampled_from(DATES), st.booleans(),
)  # fmt: skip


@given(
    st.lists(line, min_size=2, max_size=12), st.text(st.characters(codec="latin-1"), max_size=3), st.integers(0, 200)
)
def test_it_says_what_the_reader_says(lines: list[str], extra: str, place: int) -> None:
    for number, value in enumerate([*lines, lines[0][:place] + extra + lines[0][place:], *lines]):
        raw = b"Received:" + value.encode("latin-1") + b"; more"
        assert read_at(raw, 9, 9 + len(value), number, number > 3) == read_line(value, number, number > 3)


def test_on_real_mail_reasons_change_nothing() -> None:
    checked = 0
    for name in ("spamassassin", "csdmc2010", "vger-lists", "phishing_pot"):
        for _, _, raw in messages(f"{name}.tar.gz", 700):
            mail = message.parse(raw)
            hops = trace.read(mail)
            assert (
                list(hops)
                == [
                    read_line(raw[start:end][:4096].decode("latin-1"), index, hops[index].below_originator)
                    for index, (start, end) in enumerate((s, e) for n, _, s, e in mail.fields if n == b"received")
                ][: len(hops)]
            )
            top = next((hop.by for hop in hops if hop.by and "." in hop.by and "/" not in hop.by), None)
            for relays in ((), ("127.0.0.0/8", ".outlook.com", "2603:1000::/24", top or "mx.example.org")):
                try:
                    border = trace.boundary(relays)
                except trace.border.ConfigError:
                    continue
                brief = trace.judge(trace.read(mail), border, explain=False)
                full = trace.judge(hops, border, explain=True)
                assert brief.reasons == ()
                for field in set(brief.__struct_fields__) - {"reasons", "weights"}:
                    assert getattr(brief, field) == getattr(full, field), field
                checked += 1
    assert checked > 4000
