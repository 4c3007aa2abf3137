"""Which share a text praises, and that other texts praise none."""

from __future__ import annotations

import time

import pytest

from junkhound.content import agreed, misread, touts

ALERT = "Trading alert!\nHarbor Crest Holdings\nSymbol: QXZV.PK\nCurrent price: $1.25\n5 day target: $4.80\n"


def test_a_tout_with_everything() -> None:
    (found,) = touts(ALERT)
    assert (found.ticker, found.market, found.company) == ("QXZV", "PK", "Harbor Crest Holdings")
    assert (found.price, found.target, found.horizon) == (1.25, 4.8, "5 day")


@pytest.mark.parametrize(
    ("text", "ticker"),
    [
        ("Harbor Crest (QXZV) closed at $1.25 and insiders expect $4.80 in the short term.", "QXZV"),
        ("Don't miss this one: trading symbol Q X Z V, currently $1.25, target $4.80", "QXZV"),
        ("Watch Q-X-Z-V! Symbol: Q-X-Z-V, price now: 0.33, we expect: 1.20. Investors alert", "QXZV"),
        ("Börsenbrief!\nKürzel: QXZV\nKurs: 1,25 Euro\nKursziel: 4,80 Euro\nAktientipp für Händler", "QXZV"),
        ("Symbole : QXZV\nCours : 1,25\nObjectif : 4,80\nAlerte bourse, courtier", "QXZV"),
        ("OTC BB: QXZV is about to explode! Volume doubled, investors watch QXZV, current price 0.40", "QXZV"),
        ("symbol MHDl.pK,\ncurrently$1.90, target $7.48. Trading volume is climbing, someone is loading up", "MHDI"),
    ],
)
def test_ways_to_say_it(text: str, ticker: str) -> None:
    assert [one.ticker for one in touts(text)] == [ticker]


@pytest.mark.parametrize(
    "text",
    [
        "The CEO of ACME (NYSE) said that the USA and the EU agreed. Stock markets fell.",
        "Your parcel code: XKQZ. Track it now. In stock again: shoes from $19.99!",
        "BIG SALE!!! Watches in stock, price $99.00, target your style",
        "Use promo code SAVE today. Current price: $12.00",
        "Meeting of the board (IETF) at 10: please send slides",
        "VIAGRA CIALIS from $1.20, best price, stock up now",
    ],
)
def test_other_texts_praise_no_share(text: str) -> None:
    assert touts(text) == []


def test_a_slip_of_one_reading_is_outvoted() -> None:
    texts = [ALERT, ALERT.replace("QXZV", "OXZV"), ALERT.replace("$4.80", "$4.30"), ALERT]
    (found,) = agreed(texts)
    assert (found.ticker, found.target) == ("QXZV", 4.8)


@pytest.mark.parametrize("filling", range(0, 60, 2))
def test_no_symbol_is_cut_wherever_it_stands(filling: int) -> None:
    text = f"Stock {'x' * filling} alert, symbol: QXZVW, price now $1.25, target $4.80, symbol: QXZVW"
    assert [one.ticker for one in touts(text)] == ["QXZVW"]


def test_lookalikes_cost_half() -> None:
    assert misread.confusion("QXZV", "QXZV") == 0
    assert misread.confusion("0XZV", "OXZV") == 0.5
    assert misread.confusion("QXZV", "QXZA") > 1
    assert misread.corrected("OXZV", {"QXZV", "ABCD"}) == "QXZV"
    assert misread.corrected("OXZV", {"QXZV", "OXZY"}) == "OXZV"  # two would fit: it stays as read


@pytest.mark.parametrize("piece", ["Symbol: ", "A B C D ", "$1.", "ABCD.PK ", "(ABCD) ", "price ", "target 5 day "])
def test_hostile_repetition_costs_linear_time(piece: str) -> None:
    start = time.process_time()
    touts(piece * 20_000 + "stock shares")
    assert time.process_time() - start < 1.5
