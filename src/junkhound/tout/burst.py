"""Whether a share was praised more than by chance: words of every day are symbols too, and stray mails name them.

The mails of a run are compared with what the 90 days before it let expect, as a Poisson count. A symbol that is an
ordinary word is believed only in such a burst.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import exp, lgamma, log

from junkhound.tout.runs import Day, Run

BEFORE_DAYS = 90
LIKELY = 1e-6
LEAST_RATE = 0.5 / BEFORE_DAYS
"""Mails a day where none was seen before: half a mail in all that time."""

_WORDS = """
A ACT ADD AGE AGO AID AIM AIR ALL AND ANY ARE ARM ART ASK BABY BACK BAD BANK BAR BASE BE BEST BET BIG BILL BIT BODY
BOOK BOX BOY BUY CALL CAN CAR CARE CASE CASH CITY CLUB COOL COST CUT DATA DATE DAY DEAL DO DOG DRUG EASY EAT EVER
EYE FACE FACT FAR FAST FAT FEE FEEL FEW FIND FINE FIRE FIT FIX FOR FORM FREE FROM FULL FUN FUND GAIN GAME GAS GET
GIFT GIRL GO GOLD GOOD GROW GUY HAIR HALF HAND HARD HAS HE HEAD HEAR HELP HER HERE HIGH HIT HOLD HOME HOPE HOT HOUR
HOW HUGE I IDEA IF IN INFO IS IT ITEM JOB JOIN JUST KEEP KEY KID KIND KNOW LAND LAST LATE LAW LEAD LESS LET LIFE
LIKE LINE LINK LIST LIVE LOAN LONG LOOK LOSE LOST LOT LOVE LOW LUCK MAIL MAIN MAKE MAN MANY MAP MAY ME MEAL MEET MEN
MIND MISS MORE MOST MOVE MUCH MUST MY NAME NEAR NEED NET NEW NEWS NEXT NICE NO NOT NOTE NOW OF OFF OIL OLD ON ONCE
ONE ONLY OPEN OR ORDER OUR OUT OVER OWN PAGE PAIN PAIR PART PAST PAY PEN PET PICK PILL PLAN PLAY PLUS POOR POST PUT
RATE READ REAL RED REST RICH RIDE RISE RISK ROAD ROCK ROLE ROOM RULE RUN SAFE SALE SAVE SAY SEA SEE SELL SEND SET
SHE SHIP SHOP SHOW SIDE SIGN SITE SIZE SKIN SO SOLD SOME SOON STAR STAY STEP STOP SUN SURE TAKE TALK TAX TEAM TELL
TEN TERM TEST TEXT THAN THAT THE THEN THEY THIS TIME TIP TO TOO TOP TOUR TOWN TRUE TRY TURN TV TWO UP US USE VERY
VIEW WAIT WALK WALL WANT WAR WAS WAY WE WEB WEEK WELL WHAT WHEN WHO WHY WIFE WILL WIN WITH WORD WORK YEAR YES YET
YOU YOUR ZERO
"""
WORDS = frozenset(re.findall("[A-Z]+", _WORDS))
"""Ordinary words of English of five letters and fewer."""


def chance(run: Run, days: Iterable[Day]) -> float:
    """How likely it is that so many mails of a run, or more, came by chance, as the days before it let expect."""
    before = sum(day.mails for day in days if run.first - BEFORE_DAYS <= day.day < run.first)
    rate = max(before / BEFORE_DAYS, LEAST_RATE)
    return poisson_tail(run.mails, rate * (run.last - run.first + 1))


def poisson_tail(count: int, mean: float) -> float:
    """P(N >= count) for a Poisson count with this mean."""
    if count <= 0:
        return 1.0
    if count > mean:  # the sum from here on falls fast
        total, term = 0.0, exp(count * log(mean) - mean - lgamma(count + 1))
        for number in range(count, count + 2000):
            total += term
            term *= mean / (number + 1)
            if term < total * 1e-12:
                break
        return min(1.0, total)
    below, term = 0.0, exp(-mean)
    for number in range(count):
        below += term
        term *= mean / (number + 1)
    return max(0.0, 1.0 - below)


def believed(ticker: str, chances: Iterable[float]) -> bool:
    """Whether a symbol may be told of: any that is no word, and a word that was praised in a burst."""
    return ticker not in WORDS or any(one < LIKELY for one in chances)
