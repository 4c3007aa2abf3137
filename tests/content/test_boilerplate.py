"""Small print is alike everywhere: what a mail says is looked for outside it, and in the subject where it is little."""

from __future__ import annotations

import pytest

from junkhound import content
from junkhound.content import boilerplate, template
from junkhound.evidence.message import parse

OPT_OUT = "If you no longer wish to receive these emails, you may unsubscribe by clicking here."


def view(subject: str, text: str) -> content.View:
    return content.view(parse(f"Subject: {subject}\n\n{text}\n".encode()))


@pytest.mark.parametrize(
    "text",
    [
        OPT_OUT,
        "Wenn Sie keine weiteren E-Mails erhalten möchten, können Sie sich abmelden, indem Sie hier klicken.",
        "Si vous ne souhaitez plus recevoir nos messages, cliquez ici pour vous désabonner.",
        "If you can't view this image, CLICK HERE.",
        "The advertiser does not manage your subscription. If you prefer not to receive further communication,"
        " please unsubscribe here",
    ],
)  # fmt: skip
def test_sentences_about_the_mailing_have_no_words_of_their_own(text: str) -> None:
    assert boilerplate.own(template.fold(text.encode())[0]) <= 1


def test_letters_have_words_of_their_own() -> None:
    assert boilerplate.own(template.fold(b"the bank of Lagos holds ten million dollars for a foreign partner")[0]) >= 7


def test_two_offers_over_one_opt_out_sentence_are_two_texts() -> None:
    one, other = view("Car Emergency Kit for members", OPT_OUT), view("Night vision glasses half price", OPT_OUT)
    assert one.template != other.template
    assert content.similarity(content.sketch(one), content.sketch(other)) < 1
    assert view("Car Emergency Kit for members", OPT_OUT).template == one.template


def test_small_print_under_a_subject_that_says_nothing_is_no_text() -> None:
    assert content.sketched(view("Re: your message", OPT_OUT))[1] < 6
    assert content.sketched(view("Car Emergency Kit for members", OPT_OUT))[1] >= 6


def test_a_letter_that_says_enough_is_told_by_its_text_whatever_its_subject() -> None:
    letter = (
        "kindly help me move ten million dollars out of Lagos before the bank finds the dormant account of my father"
    )
    assert view("urgent", letter).template == view("greetings from abroad", letter).template
    assert not view("urgent", letter).titled
