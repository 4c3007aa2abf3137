"""What a campaign is about: told by what its mails speak of and carry, with reasons, or not told."""

from __future__ import annotations

import pytest

from junkhound.campaign import kinds, reading, topics
from junkhound.evidence.message import parse
from junkhound.kernel.errors import ConfigError


def said(text: str, head: str = "") -> kinds.Said:
    return reading.read(parse(f"{head}\r\n\r\n{text}".encode())).said


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("pharma", "Order pills from our pharmacy, no prescription needed: viagra, cialis and more tablets."),
        ("pharma", "Наша аптека: таблетки и лекарства без рецепта, скидка."),
        (
            "replica",
            "Replica watches, Rolex and Omega copies: self-winding, sapphire glass. Nobody sees the imitation.",
        ),
        ("phishing", "Your bank account was suspended. Please verify your login: http://example.org/x"),
        ("phishing", "Ihr Konto wurde gesperrt. Bitte bestätigen Sie Ihre Angaben bei der Bank: http://example.org/x"),
        (
            "advance fee",
            "I am a barrister. My late client left 15 million US dollars, no next of kin. Strictly private.",
        ),
        ("gambling", "Casino with roulette, blackjack and free spins: your bonus waits."),
        ("education", "University degree or diploma without exams: bachelor, MBA, doctorate. Transcript included."),
        (
            "extortion",
            "I hacked your device, the webcam recorded you. Send bitcoin or all your contacts get the video.",
        ),
        (
            "mule",
            "Vacancy: payment agent, part-time. Receive payments, forward the rest by Western Union, salary paid.",
        ),
        ("loan", "Refinance your mortgage: lenders compete for a home equity loan at low interest."),
        ("prize", "Congratulations! You have been selected: claim the reward, a gift card, after this survey."),
    ],
)
def test_kinds_of_many_languages(kind: str, text: str) -> None:
    verdict = kinds.judge([said(text)] * 5)
    assert verdict.kind == kind, verdict
    assert verdict.why
    assert 0.5 <= verdict.sure <= 1


def test_a_share_makes_a_campaign_of_stocks_and_a_program_one_of_malware() -> None:
    touted = said("Symbol: ABCD.PK, current price $0.12, target price $1.40, insiders are buying the stock")
    assert kinds.judge([touted] * 3).kind == "stock"
    carrier = (
        "From: x@example.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nsee the attached document"
        "\r\n--b\r\nContent-Type: application/octet-stream; name=invoice.exe\r\n\r\nMZ\x90\r\n--b--\r\n"
    )
    assert kinds.judge([reading.read(parse(carrier.encode("latin-1"))).said] * 3).kind == "malware"


def test_where_little_is_said_nothing_is_told() -> None:
    for texts in ([], [said("See you on Thursday then, bring the cake.")] * 9):
        verdict = kinds.judge(texts)
        assert (verdict.kind, bool(verdict.why)) == ("", True)


def test_a_word_that_strays_into_one_copy_changes_nothing() -> None:
    pills = [said("pharmacy: tablets and pills without prescription")] * 30
    stray = said("pharmacy: tablets and pills without prescription, casino roulette")
    assert kinds.judge([*pills, stray]).kind == "pharma"


def test_whole_words_are_whole_and_phrases_are_phrases() -> None:
    found = topics.Topics({"one": "conta. next-of-kin", "two": "pharmac"}).found
    assert found("Contact the pharmacist; the next of them") == {"two": ("pharmacist",)}
    assert found("a conta, next of kin") == {"one": ("conta", "next of kin")}


def test_the_table_reads_back_as_it_is_written_and_a_broken_one_is_told() -> None:
    model = kinds.shipped()
    again = kinds.read(kinds.written(model))
    assert list(again.kinds) == list(model.kinds)
    pills = [said("pharmacy: tablets and pills without prescription")]
    assert kinds.judge(pills, again).sure == pytest.approx(kinds.judge(pills, model).sure, abs=0.02)
    with pytest.raises(ConfigError, match="kinds"):
        kinds.read("least = 'much'")
