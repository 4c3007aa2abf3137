"""A disk that writes down what is asked of it, and a model of what a power cut leaves of that.

``Recorder`` works on a real folder and keeps a journal. ``cuts`` replays the journal and yields, after every step, the
states in which the disk may be found when the power goes at that moment: content that was not synced is gone, there
in part, there as zeros, or there; names that were not synced are gone, or there up to any one of them in order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from junkhound.ledger.files import Disk


class Recorder(Disk):
    """A real disk whose every step is also written down, with marks that a test sets between them.

    ``forget`` is a sync that does nothing, as if somebody had taken its line out: ``("datasync", "spool")`` for
    files of that folder, ``("sync_dir", "packs")`` for the folder's names. The durability tests must turn red then.
    """

    def __init__(self, root: Path, forget: tuple[str, str] = ("", "")) -> None:
        self.root = root
        self.forget = forget
        self.journal: list[tuple[Any, ...]] = []
        self._next = count()
        self._at: dict[Path, int] = {}
        self._open: dict[int, int] = {}

    def mark(self, what: Any) -> None:
        """Note a moment of the test's own, such as an acknowledgement."""
        self.journal.append(("mark", what))

    def create(self, path: Path, mode: int = 0o600) -> int:
        handle = super().create(path, mode)
        self._open[handle] = self._at[path] = next(self._next)
        self.journal.append(("name", path, self._at[path]))
        return handle

    def open(self, path: Path) -> int:
        handle = super().open(path)
        self._open[handle] = self._at[path]
        return handle

    def append(self, handle: int, content: bytes) -> None:
        super().append(handle, content)
        self.journal.append(("append", self._open[handle], content))

    def truncate(self, handle: int, length: int) -> None:
        super().truncate(handle, length)
        self.journal.append(("truncate", self._open[handle], length))

    def datasync(self, handle: int) -> None:
        folder = next(path.parent for path, number in self._at.items() if number == self._open[handle])
        if self.forget != ("datasync", folder.name):
            self.journal.append(("datasync", self._open[handle]))  # the model is the disk: a real sync adds nothing

    def close(self, handle: int) -> None:
        super().close(handle)
        del self._open[handle]

    def rename(self, old: Path, new: Path) -> None:
        super().rename(old, new)
        self._at[new] = self._at.pop(old)
        self.journal.append(("rename", old, new, self._at[new]))

    def link(self, old: Path, new: Path) -> None:
        super().link(old, new)
        self._at[new] = self._at[old]
        self.journal.append(("name", new, self._at[new]))

    def unlink(self, path: Path) -> None:
        super().unlink(path)
        del self._at[path]
        self.journal.append(("unname", path))

    def make_dir(self, path: Path) -> None:
        super().make_dir(path)
        self.journal.append(("name", path, path))

    def sync_dir(self, path: Path) -> None:
        if self.forget != ("sync_dir", path.name):
            self.journal.append(("sync_dir", path))


@dataclass
class _Folder:
    synced: dict[str, Any] = field(default_factory=dict)
    pending: list[dict[str, Any]] = field(default_factory=list)  # each step's names; None where one goes

    def names(self, steps: int) -> dict[str, Any]:
        names = dict(self.synced)
        for step in self.pending[:steps]:
            names.update(step)
        return {name: thing for name, thing in names.items() if thing is not None}


class _Model:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.folders: dict[Path, _Folder] = {root: _Folder()}
        self.content: dict[int, bytes] = {}
        self.synced: dict[int, bytes] = {}

    def step(self, verb: str, *args: Any) -> None:
        if verb == "name":
            path, thing = args
            self.folders[path.parent].pending.append({path.name: thing})
            if isinstance(thing, Path):
                self.folders[thing] = _Folder()
            else:
                self.content.setdefault(thing, b"")
                self.synced.setdefault(thing, b"")
        elif verb == "unname":
            self.folders[args[0].parent].pending.append({args[0].name: None})
        elif verb == "rename":
            old, new, thing = args
            assert old.parent == new.parent
            self.folders[old.parent].pending.append({old.name: None, new.name: thing})
        elif verb == "sync_dir":
            folder = self.folders[args[0]]
            folder.synced, folder.pending = folder.names(len(folder.pending)), []
        elif verb == "append":
            self.content[args[0]] += args[1]
        elif verb == "truncate":
            self.content[args[0]] = self.content[args[0]][: args[1]]
        elif verb == "datasync":
            self.synced[args[0]] = self.content[args[0]]

    def state(self, steps: int, tail: str) -> dict[Path, bytes]:
        """Every file below the root as it may be found."""
        found: dict[Path, bytes] = {}
        todo = [(self.root, Path())]
        while todo:
            folder, below = todo.pop()
            for name, thing in self.folders[folder].names(steps).items():
                if isinstance(thing, Path):
                    todo.append((thing, below / name))
                else:
                    found[below / name] = self._found(thing, tail)
        return found

    def _found(self, thing: int, tail: str) -> bytes:
        synced, content = self.synced[thing], self.content[thing]
        more = len(content) - len(synced)
        if tail == "gone" or more < 0:
            return synced
        if tail == "half":
            return content[: len(synced) + more // 2]
        return synced + bytes(more) if tail == "zeros" else content


def cuts(recorder: Recorder) -> Iterator[tuple[list[Any], dict[Path, bytes]]]:
    """(marks so far, files as found) for every state that a power cut during the run may leave."""
    model = _Model(recorder.root)
    marks: list[Any] = []
    for verb, *args in recorder.journal:
        if verb == "mark":
            marks.append(args[0])
        else:
            model.step(verb, *args)
        seen = set()
        most = max(len(folder.pending) for folder in model.folders.values())
        for steps in range(most + 1):
            for tail in ("gone", "half", "zeros", "there"):
                found = model.state(steps, tail)
                key = hash(frozenset(found.items()))
                if key not in seen:
                    seen.add(key)
                    yield list(marks), found


def lay_out(found: dict[Path, bytes], root: Path) -> None:
    """Write the files of a state below ``root``."""
    for path, content in found.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
