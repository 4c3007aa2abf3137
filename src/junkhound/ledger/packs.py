"""Evidence packs in the store: written by workers, sealed by the committing process, verified at every read.

``packs/SEG.pack`` is put once and replaced only by an erasure, which raises its generation and keeps its leaves;
``packs/SEG.seal`` puts it into the hub's one log.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator
from hashlib import sha256

from junkhound.evidence import seal as seals
from junkhound.kernel.errors import DataError, NotFound, TamperError
from junkhound.ledger.entry import PackEntry
from junkhound.ledger.store import Store
from junkhound.wire import pack, segment
from junkhound.wire.pack import Pack, Seal

_FIRST_READ = 65536  # holds head, leaves and index of a thousand mails


def pack_path(name: str) -> str:
    """Where the pack of a segment (16 hex digits) lies in the store."""
    return f"packs/{name}.pack"


def seal_path(name: str) -> str:
    """Where its seal lies."""
    return f"packs/{name}.seal"


def write_pack(
    store: Store, segment_name: str, records: Iterable[segment.Record], keep: Callable[[segment.Record], bool]
) -> PackEntry | None:
    """Put the pack of a segment: a leaf for each record, a frame for those that ``keep`` chooses.

    None, and no pack, where it chooses none: leaves without salts prove nothing. A pack that was sealed already
    is adopted if it holds all of this.
    """
    leaves, frames, packer = [], [], pack.Packer()
    for record in records:
        leaves.append(seals.leaf_of(record.salt, record.facts_parts, record.mail_view))
        if keep(record):
            frames.append(packer.frame(record.ordinal, record.frame_view, record.sha256))
    if not frames:
        return None
    number, path, root = int(segment_name, 16), pack_path(segment_name), seals.root(leaves)
    content = pack.build(number, root, leaves, frames)
    if not store.put_new(path, content):
        content = _adopt(store, segment_name, content, {frame.ordinal for frame in frames})
    return PackEntry(number, path, len(leaves), len(content), root, sha256(content).digest())


def _adopt(store: Store, name: str, content: bytes, wanted: set[int]) -> bytes:
    """The pack that stands where ours should. One that was never sealed is not committed: ours takes its place."""
    path = pack_path(name)
    there = store.get(path)
    if there == content:
        return there
    if not store.exists(seal_path(name)):
        store.put(path, content)
        return content
    try:
        found = pack.parse(there)
        if found.root == pack.parse(content).root and (found.generation or wanted <= found.entries.keys()):
            return there
    except DataError:
        pass
    raise TamperError(f"sealed pack {path!r} is not that of its segment", "run junkhound evidence verify")


def seal(store: Store, entry: PackEntry, previous: Seal | None, sealed_at: int) -> Seal:
    """Seal a pack as the next of the log, inside the transaction that commits it.

    ``previous`` is the seal of the newest committed pack; the caller holds the lock that keeps it so. An attempt whose
    transaction failed is replaced. The time is never before the predecessor's, even when the clock was set back.
    """
    name = f"{entry.segment:016x}"
    digest = entry.sha256 or sha256(store.get(entry.path)).digest()
    made = Seal(
        entry.segment,
        previous.sequence + 1 if previous else 1,
        entry.mails,
        entry.root,
        digest,
        entry.size,
        max(sealed_at, previous.sealed_at) if previous else sealed_at,
        previous.sha256 if previous else None,
        previous.root if previous else None,
        previous.sealed_at if previous else None,
    )
    store.put(seal_path(name), made.encode())
    return made


def read_seal(store: Store, name: str) -> Seal:
    """The seal of a segment. Errors: NotFound, TamperError."""
    return pack.parse_seal(store.get(seal_path(name)))


class Packs:
    """Reads kept mail by (segment, ordinal), remembering the indexes of the packs asked for last."""

    def __init__(self, store: Store, remember: int = 64) -> None:
        self.store = store
        self._remember = remember
        self._known: OrderedDict[str, Pack] = OrderedDict()

    def read(self, number: int, ordinal: int) -> segment.Record:
        """The record as its segment had it, checked against its SHA-256 and its leaf.

        Errors: NotFound where it was never kept or was erased, TamperError where it is not what was sealed.
        """
        name = f"{number:016x}"
        remembered = name in self._known
        try:
            return self._read(name, ordinal)
        except (DataError, NotFound):
            if not remembered:
                raise
        del self._known[name]  # an erasure may have moved the frames since we read the index
        return self._read(name, ordinal)

    def _read(self, name: str, ordinal: int) -> segment.Record:
        opened = self.open(name)
        entry = opened.entries.get(ordinal)
        if entry is None:
            known = ordinal < len(opened.leaves)
            raise NotFound(f"mail {ordinal} of segment {name} is not kept" if known else f"no mail {ordinal} in {name}")
        return check(opened, entry, self.store.get_range(pack_path(name), entry.offset, entry.length))

    def open(self, name: str) -> Pack:
        """Head, leaves and index of a pack. Errors: NotFound, DataError."""
        found = self._known.get(name)
        if found is not None:
            self._known.move_to_end(name)
            return found
        path = pack_path(name)
        content = self.store.get_range(path, 0, _FIRST_READ)
        end = pack.lists_end(content)
        if end > len(content):
            content += self.store.get_range(path, len(content), end - len(content))
        found = self._known[name] = pack.parse(content)
        if found.segment != int(name, 16):
            del self._known[name]
            raise TamperError(f"{path!r} is the pack of segment {found.segment:016x}")
        while len(self._known) > self._remember:
            self._known.popitem(last=False)
        return found

    def records(self, name: str) -> Iterator[segment.Record]:
        """All kept records of a pack in order, each verified; for judging anew."""
        content = self.store.get(pack_path(name))
        opened = pack.parse(content)
        for entry in opened.entries.values():
            yield check(opened, entry, content[entry.offset : entry.offset + entry.length])

    def verify(self, name: str, sealed: Seal | None = None) -> Pack:
        """Check a whole pack: index, root, every frame, and its seal if given.

        Errors: TamperError that says what broke, NotFound.
        """
        content = self.store.get(pack_path(name))
        try:
            opened = pack.parse(content)
        except TamperError:
            raise
        except DataError as error:
            raise TamperError(error.message, error.hint) from None
        if opened.segment != int(name, 16):
            raise TamperError(f"pack {name} says that it is of segment {opened.segment:016x}")
        if seals.root(opened.leaves) != opened.root:
            raise TamperError(f"leaves of pack {name} do not have the root in its head")
        if opened.size != len(content):
            raise TamperError(f"pack {name} has {len(content)} bytes, its index accounts for {opened.size}")
        if sealed is not None:
            _verify_sealed(name, opened, content, sealed)
        place = len(content) - sum(entry.length for entry in opened.entries.values())
        for entry in opened.entries.values():
            if entry.offset != place:
                raise TamperError(f"frame {entry.ordinal} of pack {name} is not where the one before it ends")
            place += entry.length
            check(opened, entry, content[entry.offset : place])
        return opened

    def erase(self, name: str, ordinals: Collection[int]) -> int:
        """Remove frames and salts of these mails and keep their leaves; number of mails removed.

        For the committing process alone, which lets one erasure of a pack run at a time. Readers find the old
        generation or the new, never a part.
        """
        content = self.store.get(pack_path(name))
        opened = pack.parse(content)
        gone = opened.entries.keys() & set(ordinals)
        if gone:
            frames = [
                pack.Frame(entry.ordinal, entry.record_length, entry.digest, content[entry.offset :][: entry.length])
                for entry in opened.entries.values()
                if entry.ordinal not in gone
            ]
            smaller = pack.build(opened.segment, opened.root, opened.leaves, frames, opened.generation + 1)
            self.store.put(pack_path(name), smaller)
            self._known.pop(name, None)
        return len(gone)


def _verify_sealed(name: str, opened: Pack, content: bytes, sealed: Seal) -> None:
    if (sealed.segment, sealed.mails, sealed.root) != (opened.segment, len(opened.leaves), opened.root):
        raise TamperError(f"pack {name} is not the one that seal {sealed.sequence} was made for")
    whole = (sealed.pack_sha256, sealed.pack_size)
    if opened.generation == 0 and (sha256(content).digest(), len(content)) != whole:
        raise TamperError(f"pack {name} changed since seal {sealed.sequence}")


def check(opened: Pack, entry: pack.Entry, frame: bytes) -> segment.Record:
    """The record in a frame, if it is the one that the pack's leaf stands for. Errors: TamperError."""
    where = f"mail {entry.ordinal} of segment {opened.segment:016x}"
    try:
        record = segment.record_at(pack.unpack(frame, entry), 0, entry.ordinal)
        record.verify()
    except TamperError as error:
        raise TamperError(f"{where}: {error.message}") from None
    except DataError as error:
        raise TamperError(f"{where}: {error.message}", error.hint) from None
    if record.length != entry.record_length or not record.sha256.startswith(entry.digest):
        raise TamperError(f"{where} is not the one that the index names")
    leaf = seals.leaf_of(record.salt, record.facts_parts, record.mail)
    if entry.ordinal >= len(opened.leaves) or leaf != opened.leaves[entry.ordinal]:
        raise TamperError(f"{where} broke its seal: it does not have the leaf that was written when it came in")
    return record
