"""Patterns in other programs' words: SpamAssassin and rspamd rules, expressions for engines without backtracking, JSON.

These programs look at a mail's text paragraph by paragraph, so a rule asks for all phrases, in any order; what they say
together is the same. Letters beyond ASCII are written as their UTF-8 octets, in both cases.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from junkhound.campaign.pattern import Pattern, any_of


class Rule(msgspec.Struct, frozen=True):
    """One pattern with what it is of: the campaign's name and kind, and which of its wordings."""

    campaign: str
    kind: str
    version: int
    met_on: str
    pattern: Pattern

    @property
    def name(self) -> str:
        """A name that rule files take."""
        return f"JH_{self.campaign.replace('-', '_')}_{self.version}"

    @property
    def about(self) -> str:
        """One line of ASCII without marks that any of the languages gives a meaning."""
        kind = f" ({self.kind})" if self.kind else ""
        return f"{self.campaign}{kind} wording {self.version}, learned from {self.pattern.learned} mails"


def octets(phrase: str) -> str:
    """A phrase as an expression on octets of UTF-8, for use without regard to case."""
    out = []
    for letter in phrase.replace("ss", "\u00df"):
        if letter == " ":
            out.append(r"\s+")
        elif letter == "\u00df":
            out.append(r"(?:ss|\xc3\x9f)")
        elif letter.isascii():
            out.append(letter if letter.isalnum() or letter == "_" else "\\" + letter)
        else:
            forms = dict.fromkeys((letter, letter.upper()) if len(letter.upper()) == 1 else (letter,))
            written = ["".join(f"\\x{octet:02x}" for octet in form.encode("utf-8", "replace")) for form in forms]
            out.append(written[0] if len(written) == 1 else f"(?:{'|'.join(written)})")
    return "".join(out)


def spamassassin(rules: Sequence[Rule]) -> str:
    """A file for SpamAssassin's ``local.cf``: one hidden rule a phrase, one meta rule a wording."""
    lines = ["# Wordings of campaigns, by Junkhound. Scores are a proposal."]
    for rule in rules:
        parts = [f"__{rule.name}_{place}" for place in range(1, len(rule.pattern.phrases) + 1)]
        lines.append(f"\n# {rule.about}")
        lines += [
            f"body {part} /{any_of(list(map(octets, phrases)))}/i"
            for part, phrases in zip(parts, rule.pattern.parts, strict=True)
        ]
        lines += [f"meta {rule.name} ({' && '.join(parts)})", f"describe {rule.name} {rule.about}",
                  f"score {rule.name} 3.0"]  # fmt: skip
    return "\n".join(lines) + "\n"


def rspamd(rules: Sequence[Rule]) -> str:
    """A file for rspamd's ``rspamd.local.lua``."""
    lines = ["-- Wordings of campaigns, by Junkhound. Scores are a proposal.", "local reconf = config['regexp']"]
    for rule in rules:
        asked = " & ".join(f"/{any_of(list(map(octets, phrases)))}/i{{sa_body}}" for phrases in rule.pattern.parts)
        lines += [f"\n-- {rule.about}", f"reconf['{rule.name}'] = {{", f"  re = [==[{asked}]==],", "  score = 6.0,",
                  f"  description = '{rule.about}',", "}"]  # fmt: skip
    return "\n".join(lines) + "\n"


def expressions(rules: Sequence[Rule]) -> str:
    """One expression a line behind the name, for RE2, Hyperscan and the like; on text as ``reading.canon`` makes it."""
    return "".join(f"{rule.name}\t{rule.pattern.expression}\n" for rule in rules)


def described(rules: Sequence[Rule]) -> str:
    """JSON: everything that is known of each."""
    made: list[dict[str, Any]] = [
        {**msgspec.to_builtins(rule), "name": rule.name, "expression": rule.pattern.expression} for rule in rules
    ]
    return msgspec.json.format(msgspec.json.encode(made)).decode() + "\n"


FORMS: dict[str, Callable[[Sequence[Rule]], str]] = {
    "json": described, "re2": expressions, "rspamd": rspamd, "spamassassin": spamassassin,
}  # fmt: skip
