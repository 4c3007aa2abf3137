"""Ordinary IPv4 questions answered a batch at a time, as arrays; whatever is none is left for ``Book.answer``.

A batch costs some fifty array operations, each on all rows at once and most into arrays made before, so that even a
hundred questions are worth it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from junkhound.kernel import net
from junkhound.service.dns.answer import Book
from junkhound.service.dns.clients import Clients
from junkhound.service.dns.labels import Flags, Room, Sheet
from junkhound.service.dns.limit import Limit
from junkhound.service.dns.mmsg import LEAD, Mail
from junkhound.service.dns.template import Template
from junkhound.service.dns.wider import LABELS, Six, coded, texts
from junkhound.service.dns.zone import Zone
from junkhound.wire import dns

_STEP = 16  # rows by which sheets differ in size
_KEPT = np.array(0x1001FFFF, np.uint32)  # the number, RD and CD
_DO = 7  # bytes from the beginning of OPT to its flags
_SEVEN = np.array(7, np.uint8)


class Batch:
    """The vectorised path over the rows of one ``Mail``; ``by_v4`` says that its clients have IPv4 addresses.

    ``held`` are the rows of the last ``answer`` that ``limit`` holds back.
    """

    def __init__(self, mail: Mail, book: Book, by_v4: bool, limit: Limit | None = None) -> None:
        self._mail, self._book, self._by_v4, self._limit = mail, book, by_v4, limit
        self._at = 0
        self.held: set[int] = set()
        self._room = Room(mail)
        self._sheets: dict[int, Sheet] = {}
        self._flags = self._room.rows[:, LEAD : LEAD + 4].view("<u4")[:, 0]
        self._heads = self._room.rows[:, LEAD + 4 : LEAD + 12].view("<u8")[:, 0]
        self._opt_flags = mail.memory[_DO:]
        self._choice = np.zeros(mail.size, np.int64)
        parts = self._choice.view(np.uint8).reshape(mail.size, 8)
        self._hit, self._do = parts[:, 0], parts[:, 1]  # DO_STEP is the weight of the second byte
        self._whole: Flags = np.ones(mail.size, np.bool_)
        self._wide: dict[int, npt.NDArray[Any]] = {}
        self._templates: dict[str, Template] = {}
        self._others: dict[str, tuple[Six, Template]] = {}

    def one(self, row: int, packet: bytes, at: int) -> bytes | None:
        """The reply to one ordinary question, where a batch is too small to be worth arrays; None for anything else."""
        for zone in self._book.zones:
            template = self._template(zone, at)
            if template is not None and (made := template.answer(packet)) is not None:
                if not zone.clients.allow(self._mail.client(row)):
                    return None
                self._book.counts["listed" if made[1] else "NXDOMAIN"] += 1
                if self._book.log is not None:
                    self._book.log.one(self._mail.client(row), net.v4(made[2]), at)
                return made[0]
        return None

    def answer(self, count: int, at: int) -> Flags:
        """Write replies over the questions among the first ``count`` rows; True for the rows that have one."""
        size = min(-(-count // _STEP) * _STEP, self._mail.size)
        sheet = self._sheets.get(size)
        if sheet is None:
            sheet = self._sheets[size] = Sheet(self._room, size)
        self._at = at
        sheet.read()  # the rows beyond count are read for nothing: what is left there does no harm
        self.held.clear()
        done: Flags | None = None
        for zone in self._book.zones:
            template = self._template(zone, at)
            if template is not None:
                fits, found = self._zone(zone, template, sheet, count)
                if found == count:
                    return fits
                if self._limit is None:  # what is limited is weighed one by one
                    fits |= self._wider(zone, template, sheet, ~fits)
                done = fits if done is None else done | fits
        return np.zeros(count, np.bool_) if done is None else done

    def _template(self, zone: Zone, at: int) -> Template | None:
        face = zone.standing(at)
        if face is None:
            return None
        known = self._templates.get(zone.name)
        if known is None or known.face is not face:
            known = self._templates[zone.name] = Template(zone, face)
        return known if known.usable else None

    def _zone(self, zone: Zone, template: Template, sheet: Sheet, count: int) -> tuple[Flags, int]:
        """Answer the ordinary questions for one zone by clients that may ask; which rows they are, and how many."""
        template.match(sheet)
        fits = sheet.fits[:count]
        self._admit(zone.clients, sheet, fits)
        if self._limit is not None:
            self._hold(self._limit, sheet, fits)
        if template.coded:
            fits = self._by_rows(template, sheet, fits.copy(), coded)
            return fits, int(fits.sum())
        found = fits.tobytes().count(1)  # the quickest way to count few flags
        if found == count:
            self._reply(template, sheet, slice(0, count), count)
            return self._whole[:count], found
        if found:
            self._reply(template, sheet, fits.nonzero()[0], found)
        return fits.copy(), found

    def _wider(self, zone: Zone, ordinary: Template, sheet: Sheet, rest: Flags) -> Flags:
        """Answer questions about IPv6 and for texts among the rows of ``rest``; which of them have a reply now."""
        count, rows = len(rest), self._room.rows
        known = self._others.get(zone.name)
        if known is None or known[0].face is not ordinary.face:
            made = Six(zone, ordinary.face, ordinary), Template(zone, ordinary.face, dns.TXT)
            known = self._others[zone.name] = made
        six, text = known
        done: Flags = np.zeros(count, np.bool_)
        if six.usable and (self._mail.came[:count][rest] > LABELS + 16).any():
            fits, numbers = six.read(rows[:count], self._mail.came[:count])
            fits &= rest
            self._admit(zone.clients, sheet, fits)
            chosen = fits.nonzero()[0]
            if len(chosen):
                self._note6(chosen, numbers)
                self._count(six.answer(self._mail, rows, chosen, numbers[chosen]), len(chosen))
                done |= fits
        if text.usable and not done[rest].all():
            text.match(sheet)
            fits = sheet.fits[:count]
            fits &= rest
            self._admit(zone.clients, sheet, fits)
            done |= self._by_rows(text, sheet, fits.copy(), texts)
        return done

    def _by_rows(self, text: Template, sheet: Sheet, fits: Flags, write: Callable[..., Flags]) -> Flags:
        """Answer questions about IPv4: many that are not listed at once, the others row by row."""
        chosen = fits.nonzero()[0]
        if not len(chosen):
            return fits
        hit = text.face.data.numbers.hold(sheet.numbers[chosen])
        listed = chosen[hit]
        if len(listed):
            written = write(text.face, self._mail, self._room.rows, listed, sheet.numbers[listed])
            if self._book.log is not None:
                self._book.log.many(
                    self._mail.names[listed[written]], sheet.numbers[listed[written]], self._by_v4, self._at
                )
            fits[listed[~written]] = False
            self._count(int(written.sum()), int(written.sum()))
        missing = chosen[~hit]
        if len(missing):
            self._reply(text, sheet, missing, len(missing))
        return fits

    def _note6(self, chosen: npt.NDArray[np.int64], numbers: npt.NDArray[np.uint64]) -> None:
        if self._book.log is not None:
            for row in chosen.tolist():
                address = net.Address(int(numbers[row, 1]), int(numbers[row, 0]))
                self._book.log.one(self._mail.client(row), address, self._at)

    def _count(self, listed: int, count: int) -> None:
        self._book.counts["listed"] += listed
        self._book.counts["NXDOMAIN"] += count - listed

    def _admit(self, clients: Clients, sheet: Sheet, fits: Flags) -> None:
        """Take the rows of clients that may not ask out of ``fits``."""
        count = len(fits)
        if clients.everyone:
            return
        if not self._by_v4:
            fits &= np.array([clients.allow(self._mail.client(row)) for row in range(count)])
            return
        halves = sheet.halves[:count]
        raw = halves.tobytes()
        if raw == raw[:2] * count and clients.whole(raw[:2]):  # one site asks: its resolver, or this machine
            return
        fits &= clients.allow_v4(self._mail.names[:count], halves)

    def _hold(self, limit: Limit, sheet: Sheet, fits: Flags) -> None:
        rows = fits.nonzero()[0]
        held = limit.held(self._mail.names[rows], sheet.numbers[rows], self._by_v4)
        if held is not None:
            self.held.update(rows[held].tolist())
            fits[rows[held]] = False

    def _reply(self, template: Template, sheet: Sheet, rows: Any, count: int) -> None:
        """Look the numbers up and write what follows from it."""
        place = sheet.place[rows]
        at = template.tail_at.take(place)
        at += sheet.starts[rows]
        hit = template.face.data.numbers.hold(sheet.numbers[rows])
        self._hit[:count] = hit
        np.right_shift(self._opt_flags.take(at), _SEVEN, self._do[:count])
        which = template.base.take(place)
        which += self._choice[:count]
        self._blocks(template.tail_width)[at] = template.tails.take(which)
        flags = self._flags[rows]
        flags &= _KEPT
        flags |= template.flags.take(which)
        if not isinstance(rows, slice):
            self._flags[rows] = flags
        self._heads[rows] = template.heads.take(which)
        self._mail.leaves[rows] = template.sizes.take(which)
        if self._book.log is not None:
            self._book.log.many(self._mail.names[rows], sheet.numbers[rows], self._by_v4, self._at)
        self._count(hit.tobytes().count(1), count)

    def _blocks(self, width: int) -> npt.NDArray[Any]:
        """The memory as overlapping blocks of bytes, one beginning at each byte."""
        if width not in self._wide:
            memory = self._mail.memory
            self._wide[width] = np.ndarray((len(memory) - width + 1,), f"V{width}", memory, 0, (1,))
        return self._wide[width]
