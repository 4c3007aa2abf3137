"""Partners of one hub: enrolled by a token of which only the hash is kept; and what each has reported."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import Engine, func, insert, select, update

from junkhound.kernel import clock
from junkhound.kernel.errors import NotFound, Refused
from junkhound.ledger import state
from junkhound.ledger.partner_tables import partner_segments, partners, sensor_sent, shared_objects
from junkhound.ledger.schema import segments

MILLISECOND = 1_000


class Partner(msgspec.Struct, frozen=True):
    """One partner. ``may`` are ``taxii``, ``sensor``, ``evidence``, ``guard``; ``tlp`` is the most that it is shown."""

    name: str
    may: frozenset[str]
    tlp: str
    enrolled_at: int
    revoked_at: int | None
    segments: int = 0
    rows: int = 0
    last_at: int | None = None


class Object(msgspec.Struct, frozen=True):
    """One version of a shared object."""

    id: str
    version: str
    type: str
    added_at: int
    content: dict[str, Any]


def token_hash(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


class Partners:
    """The partners in one state database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def enroll(self, name: str, token: str, may: Iterable[str], tlp: str, at: int) -> None:
        """Add a partner. Errors: Refused for a name that was ever used: its reports would become another's."""
        row = {"name": name, "token": token_hash(token), "may": " ".join(sorted(may)), "tlp": tlp, "enrolled_at": at}
        with state.writing(self._engine) as connection:
            if connection.execute(select(partners.c.name).where(partners.c.name == name)).first():
                raise Refused(f"there is or was a partner {name!r}", "names are never used twice: take another")
            connection.execute(insert(partners), row)

    def revoke(self, name: str, at: int) -> None:
        """End a partner's access; what it reported stays. Errors: NotFound."""
        with state.writing(self._engine) as connection:
            done = connection.execute(
                update(partners).where(partners.c.name == name, partners.c.revoked_at.is_(None)).values(revoked_at=at)
            )
        if not done.rowcount:
            raise NotFound(f"no partner {name!r} has access", "junkhound partners list")

    def every(self) -> list[Partner]:
        """All partners ever, by name, with what they reported."""
        sums = select(
            partner_segments.c.partner, func.count(), func.sum(partner_segments.c.rows),
            func.max(partner_segments.c.received_at),
        ).group_by(partner_segments.c.partner)  # fmt: skip
        with state.reading(self._engine) as connection:
            rows = connection.execute(select(partners).order_by(partners.c.name)).mappings().all()
            told = {row[0]: tuple(row[1:]) for row in connection.execute(sums)}
        return [_partner(row, *told.get(row["name"], (0, 0, None))) for row in rows]

    def known(self, token: str) -> Partner | None:
        """The partner whose token this is; None for a stranger and for one that was revoked."""
        wanted = token_hash(token)
        with state.reading(self._engine) as connection:
            row = connection.execute(select(partners).where(partners.c.token == wanted)).mappings().first()
        if row is None or not hmac.compare_digest(row["token"], wanted) or row["revoked_at"] is not None:
            return None
        return _partner(row, 0, 0, None)

    # --- what partners report -----------------------------------------------------------------------------

    def reported(self, partner: str, segment: str) -> str | None:
        """The sha256 of a report that was taken before."""
        query = select(partner_segments.c.sha256).where(
            partner_segments.c.partner == partner, partner_segments.c.segment == segment
        )
        with state.reading(self._engine) as connection:
            found = connection.execute(query).scalar()
        return None if found is None else str(found)

    def note(self, partner: str, segment: str, sha256: str, rows: int, tlp: str, at: int) -> None:
        """Note a report that was taken; once more changes nothing."""
        row = {"partner": partner, "segment": segment, "sha256": sha256, "received_at": at, "rows": rows, "tlp": tlp}
        with state.writing(self._engine) as connection:
            state.insert_new(connection, partner_segments, [row])

    # --- what we report -----------------------------------------------------------------------------------

    def unsent(self, limit: int) -> list[tuple[int, str]]:
        """Segments of this home that the hub has not been told of, oldest first: number and name."""
        query = (
            select(segments.c.segment, segments.c.name)
            .where(~select(sensor_sent.c.segment).where(sensor_sent.c.segment == segments.c.segment).exists())
            .order_by(segments.c.committed_at, segments.c.segment)
            .limit(limit)
        )
        with state.reading(self._engine) as connection:
            return [(int(number), str(name)) for number, name in connection.execute(query)]

    def sent(self, segment: int, rows: int, word: str, at: int) -> None:
        """Note what became of a report of ours."""
        row = {"segment": segment, "sent_at": at, "rows": rows, "word": word}
        with state.writing(self._engine) as connection:
            state.insert_new(connection, sensor_sent, [row])

    def told(self) -> dict[str, tuple[int, int]]:
        """Reports of ours by what became of them: how many, and their rows."""
        query = select(sensor_sent.c.word, func.count(), func.sum(sensor_sent.c.rows)).group_by(sensor_sent.c.word)
        with state.reading(self._engine) as connection:
            return {word: (int(count), int(rows)) for word, count, rows in connection.execute(query)}

    # --- what partners fetch ------------------------------------------------------------------------------

    def share(self, collection: str, objects: Mapping[str, Mapping[str, Any]], at: int) -> int:
        """Bring a collection to these objects, by id; how many versions are new.

        A version is added where an object differs from its newest one, and a revoked one where it is there no more.
        Each has a moment of its own, later than all before: that is its ``modified`` as well.
        """
        table = shared_objects
        with state.writing(self._engine) as connection:
            query = select(table.c.id, table.c.digest, table.c.added_at).where(table.c.collection == collection)
            newest: dict[str, str] = {}
            after = at
            for name, digest, added_at in connection.execute(query.order_by(table.c.added_at)):
                newest[name], after = digest, max(after, added_at + 1)
            made = [(dict(one), _digest(one)) for name, one in objects.items() if newest.get(name) != _digest(one)]
            gone = [name for name, digest in newest.items() if digest and name not in objects]
            last = (_content(connection, collection, name) for name in gone)
            # What has no versions, such as an observable, says nothing that could be taken back.
            made += [({**one, "revoked": True}, "") for one in last if "modified" in one]
            rows = []
            for place, (content, digest) in enumerate(made):
                moment = after + place * MILLISECOND  # STIX counts in milliseconds
                version = clock.to_datetime(moment).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
                if "modified" in content:
                    content["modified"] = version
                about = {"id": content["id"], "version": content.get("modified", version), "type": content["type"]}
                text = json.dumps(content, sort_keys=True)
                rows.append({**about, "collection": collection, "digest": digest, "added_at": moment, "content": text})
            if rows:
                connection.execute(insert(table), rows)
        return len(rows)

    def shared(self, collection: str, after: int, ids: Iterable[str] = ()) -> list[Object]:
        """What was added after a moment, in that order; all versions."""
        table = shared_objects
        query = select(table).where(table.c.collection == collection, table.c.added_at > after)
        if wanted := list(ids):
            query = query.where(table.c.id.in_(wanted))
        with state.reading(self._engine) as connection:
            rows = connection.execute(query.order_by(table.c.added_at)).mappings().all()
        return [
            Object(row["id"], row["version"], row["type"], row["added_at"], json.loads(row["content"])) for row in rows
        ]


def _digest(content: Mapping[str, Any]) -> str:
    """What an object says, whichever version it is."""
    said = {name: value for name, value in content.items() if name != "modified"}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:32]


def _content(connection: Any, collection: str, name: str) -> dict[str, Any]:
    """The newest version of an object."""
    table = shared_objects
    query = select(table.c.content).where(table.c.collection == collection, table.c.id == name)
    found: dict[str, Any] = json.loads(connection.execute(query.order_by(table.c.added_at.desc()).limit(1)).scalar())
    return found


def _partner(row: Any, count: int, total: int | None, last: int | None) -> Partner:
    may = frozenset(row["may"].split())
    return Partner(row["name"], may, row["tlp"], row["enrolled_at"], row["revoked_at"], count, int(total or 0), last)
