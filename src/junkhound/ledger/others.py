"""What other people's block lists say of addresses and names, with history: since when, and gone when.

Only a clear word changes history: a list that is dead, refuses or does not answer has neither begun nor ended anything.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Engine, bindparam, delete, insert, select, update

from junkhound.kernel.clock import HOUR
from junkhound.ledger import state
from junkhound.ledger.other_tables import accepted_blocklists, other_checks, other_listings

_AT_ONCE = 400
_SEEN_STEP = 12 * HOUR  # "seen" is not written more often than this


class Standing(msgspec.Struct, frozen=True):
    """One listing on somebody else's list, as we saw it; ``gone_at`` is None while it stands."""

    list: str
    family: str
    scope: str
    codes: tuple[str, ...]
    means: str
    since_at: int
    seen_at: int
    gone_at: int | None


class Said(msgspec.Struct, frozen=True):
    """One list's word about one subject, to be noted."""

    list: str
    family: str
    outcome: str
    codes: tuple[str, ...]
    means: str
    scope: str


class Acceptance(msgspec.Struct, frozen=True):
    """Terms that the operator accepted."""

    name: str
    terms: str
    accepted_at: int
    who: str


class Others:
    """The words of others in one state database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # --- terms --------------------------------------------------------------------------------------------

    def accept(self, name: str, terms: str, at: int, who: str) -> None:
        """Note that a list's terms were accepted; another acceptance of the same list takes its place."""
        with state.writing(self._engine) as connection:
            connection.execute(delete(accepted_blocklists).where(accepted_blocklists.c.name == name))
            row = {"name": name, "terms": terms, "accepted_at": at, "who": who}
            connection.execute(insert(accepted_blocklists), row)

    def withdraw(self, name: str) -> bool:
        """Take an acceptance back; False if there was none."""
        with state.writing(self._engine) as connection:
            done = connection.execute(delete(accepted_blocklists).where(accepted_blocklists.c.name == name))
        return bool(done.rowcount)

    def accepted(self) -> dict[str, Acceptance]:
        """What was accepted, by list."""
        with state.reading(self._engine) as connection:
            rows = connection.execute(select(accepted_blocklists)).mappings().all()
        return {row["name"]: Acceptance(**row) for row in rows}

    # --- words --------------------------------------------------------------------------------------------

    def note(self, checked: Mapping[str, Sequence[Said]], at: int) -> None:
        """Keep what was said of these subjects, in one transaction."""
        subjects = list(checked)
        with state.writing(self._engine) as connection:
            for start in range(0, len(subjects), _AT_ONCE):
                self._note(connection, {name: checked[name] for name in subjects[start : start + _AT_ONCE]}, at)

    def _note(self, connection: Any, checked: Mapping[str, Sequence[Said]], at: int) -> None:
        standing = _standing(connection, list(checked))
        new, seen, gone = [], [], []
        for subject, words in checked.items():
            for said in words:
                row = standing.get((subject, said.list))
                if said.outcome == "listed":
                    codes = " ".join(said.codes)
                    if row is None:
                        about = {"subject": subject, "list": said.list, "family": said.family, "scope": said.scope}
                        new.append({**about, "codes": codes, "means": said.means, "since_at": at, "seen_at": at})
                    elif row["codes"] != codes or at - row["seen_at"] >= _SEEN_STEP:
                        seen.append({"of": row["serial"], "codes": codes, "means": said.means, "seen_at": at})
                elif said.outcome == "not listed" and row is not None and at >= row["seen_at"]:
                    gone.append({"of": row["serial"], "gone_at": at})
        if new:
            connection.execute(insert(other_listings), new)
        where = other_listings.c.serial == bindparam("of")
        if seen:
            values: dict[str, Any] = {name: bindparam(name) for name in ("codes", "means", "seen_at")}
            connection.execute(update(other_listings).where(where).values(values), seen)
        if gone:
            connection.execute(update(other_listings).where(where).values(gone_at=bindparam("gone_at")), gone)
        connection.execute(delete(other_checks).where(other_checks.c.subject.in_(list(checked))))
        rows = [{"subject": subject, "at": at, "words": _json(words)} for subject, words in checked.items()]
        connection.execute(insert(other_checks), rows)

    def latest(self, subjects: Iterable[str], since: int) -> dict[str, tuple[int, list[Said]]]:
        """What was said last of those that were checked at or after ``since``, with the moment."""
        wanted = list(subjects)
        found: dict[str, tuple[int, list[Said]]] = {}
        with state.reading(self._engine) as connection:
            for start in range(0, len(wanted), _AT_ONCE):
                some = wanted[start : start + _AT_ONCE]
                query = select(other_checks).where(other_checks.c.subject.in_(some), other_checks.c.at >= since)
                for row in connection.execute(query).mappings():
                    said = [Said(name, *rest) for name, rest in json.loads(row["words"]).items()]
                    found[row["subject"]] = (row["at"], [_tupled(one) for one in said])
        return found

    def history(self, subject: str) -> list[Standing]:
        """Every listing we ever saw of a subject: those that stand first, then the latest."""
        return self.histories([subject]).get(subject, [])

    def histories(self, subjects: Sequence[str]) -> dict[str, list[Standing]]:
        """The same for many at once; those that were never listed are left out."""
        found: dict[str, list[Standing]] = {}
        with state.reading(self._engine) as connection:
            for start in range(0, len(subjects), _AT_ONCE):
                some = subjects[start : start + _AT_ONCE]
                query = select(other_listings).where(other_listings.c.subject.in_(some))
                for row in connection.execute(query).mappings():
                    found.setdefault(row["subject"], []).append(_read(row))
        for every in found.values():
            every.sort(key=lambda one: (one.gone_at is not None, -(one.gone_at or 0), one.since_at, one.list))
        return found


def _read(row: Any) -> Standing:
    names = ("list", "family", "scope", "means", "since_at", "seen_at", "gone_at")
    return Standing(codes=tuple(row["codes"].split()), **{name: row[name] for name in names})


def _standing(connection: Any, subjects: list[str]) -> dict[tuple[str, str], Any]:
    query = select(other_listings).where(other_listings.c.subject.in_(subjects), other_listings.c.gone_at.is_(None))
    return {(row["subject"], row["list"]): row for row in connection.execute(query).mappings()}


def _json(words: Sequence[Said]) -> str:
    return json.dumps({one.list: [one.family, one.outcome, one.codes, one.means, one.scope] for one in words})


def _tupled(said: Said) -> Said:
    return msgspec.structs.replace(said, codes=tuple(said.codes))
