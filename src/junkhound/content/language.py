"""In which language a text is: by its script, and where several languages share one, by their commonest short words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from junkhound.kernel.compiled import steps

LOOK = 4000  # bytes of folded text
LEAST = 3  # common words that must stand there, and
SHARE = 0.06  # the part of all words that they must be

# The words that nearly every text of a language has and few others do; what two of them share counts for both.
COMMON: dict[str, str] = {
    "en": "the and to of you for your is this that with from have are we be on will not our can all please by or it an"
          " as if at has was been here more click now only my me do no get any out up us they their a i so how"
          " what who",
    "de": "der die das und sie ist nicht mit ihre für von den dem ein eine einen auf wir im zu sich werden bitte oder"
          " haben ihr ihnen bei nur unser wird als auch uns aus hier noch über wurde kann",
    "fr": "le la les de des et vous votre pour est dans une un nous pas que qui sur avec vos par ce cette au du plus en"
          " notre être ou sont bonjour cliquez merci avez il",
    "es": "el la los las de que y a en su para por con una un es no se del al lo más usted nuestro está sus como este"
          " esta si le ha son hola gracias correo o",
    "it": "il di che la e a per un una non con del le è i si al dei da gli della nel sono questo lei più suo ha"
          " come alla tua tuo clicca anche delle o ora qui ogni tutti questa nostra grazie gentile caro cara",
    "pt": "o a os as de que e do da em para por com uma um não se você seu sua no na dos ao mais está é ou são nosso"
          " pelo aqui clique este foi das",
    "nl": "de het een en van u uw is niet met voor op dat zijn te wij om aan bij ook naar deze wordt kunt of onze door"
          " hebben heeft klik",
    "sv": "och att det i en på är som för med av till den inte du har ett om din vi kan eller från så ditt klicka här",
    "da": "og at det i en på er som for med af til den ikke du har et om din vi kan eller fra så dit klik her",
    "no": "og å det i en på er som for med av til den ikke du har et om din vi kan eller fra så ditt klikk her",
    "fi": "ja on ei se että tai kun voit sinun olet jos niin ovat myös tämä mutta kuin me te ole sen hän",
    "pl": "i w na nie się do z jest że to jak za o po od dla lub przez są czy oraz aby może być w ten kliknij proszę",
    "cs": "a se v na je že s z do o pro jsou nebo by aby jako vás vám který není ve byl ale si k prosím klikněte",
    "hu": "a az és hogy nem is egy meg van ha de ez vagy mint csak már ön kell el itt önnek",
    "ro": "și si de la în in pe cu nu un o pentru din care este sunt că mai sau dumneavoastră să va fi prin ce",
    "tr": "ve bir bu için ile da de çok olarak daha ne sizin size veya gibi lütfen tıklayın hesabınız olan var",
    "id": "yang dan di untuk dengan anda ini dari tidak ke kami adalah akan atau pada dapat telah saya klik",
    "vi": "và của các là có trong cho không được với một bạn này để những người đã",
}  # fmt: skip
_OF: dict[bytes, tuple[str, ...]] = {}
for _language, _words in COMMON.items():
    for _word in dict.fromkeys(_words.split()):
        _OF[_word.encode()] = (*_OF.get(_word.encode(), ()), _language)

_SCRIPTS = (  # by lead bytes of UTF-8, the more telling first
    ("ja", re.compile(rb"\xe3[\x81-\x83][\x80-\xbf]")),
    ("ko", re.compile(rb"[\xea-\xed][\x80-\xbf]{2}")),
    ("zh", re.compile(rb"[\xe4-\xe9][\x80-\xbf]{2}")),
    ("ru", re.compile(rb"[\xd0-\xd1][\x80-\xbf]")),
    ("el", re.compile(rb"[\xce-\xcf][\x80-\xbf]")),
    ("he", re.compile(rb"\xd7[\x80-\xbf]")),
    ("ar", re.compile(rb"[\xd8-\xdb][\x80-\xbf]")),
    ("th", re.compile(rb"\xe0[\xb8-\xb9][\x80-\xbf]")),
    ("hi", re.compile(rb"\xe0[\xa4-\xa5][\x80-\xbf]")),
)
_UKRAINIAN = ("і".encode(), "ї".encode(), "є".encode())


def language(folded: bytes) -> str:
    """ISO 639-1 code of a folded text (``template.folded``: lower case, blanks between words); "" if none is sure."""
    octets = folded[:LOOK]
    if not octets.isascii():
        letters = len(octets) - len(octets.translate(None, _LETTERS))
        foreign = len(octets) - len(octets.translate(None, _FOREIGN))  # bytes: no script has a letter of one
        for code, marks in _SCRIPTS if foreign > letters or octets.count(b"\xe3") >= 10 else ():
            hits = len(marks.findall(octets))
            if hits * 2 > letters or (code == "ja" and hits >= 10):
                if code == "ru" and sum(octets.count(mark) for mark in _UKRAINIAN) * 50 > hits:
                    return "uk"
                return code
    place = told_by_words(octets, SHARE)
    return "" if place < 0 else _CODES[place]


def told_by_words_plainly(octets: bytes, share: float) -> int:
    """``told_by_words`` without the compiled steps."""
    words = octets.translate(_PUNCTUATION).split()
    counts = dict.fromkeys(_CODES, 0)
    tally = Counter(words)
    met = tally.keys() & _OF.keys()
    for word in met:
        for code in _OF[word]:
            counts[code] += tally[word]
    best = max(counts, key=lambda code: counts[code])
    return _CODES.index(best) if len(met) >= LEAST and counts[best] >= max(LEAST, share * len(words)) else -1


_LETTERS = bytes(range(97, 123))
_FOREIGN = bytes(range(128, 256))
_BETWEEN = b".,;:!?()[]{}\"'<>*=-_|"
_PUNCTUATION = bytes(32 if code in _BETWEEN else code for code in range(256))
_CODES = tuple(COMMON)

told_by_words: Callable[[bytes, float], int] = told_by_words_plainly
"""The place in ``_CODES`` of the language whose common words are the most and at least that share; -1 for none."""
if steps is not None:
    steps.languages({word: sum(1 << _CODES.index(code) for code in of) for word, of in _OF.items()}, _BETWEEN)
    told_by_words = steps.told_by_words
