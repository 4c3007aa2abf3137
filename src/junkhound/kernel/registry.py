"""One way to plug in: a registry of small functions or objects by name; ours and yours use the same door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from junkhound.kernel.errors import UsageError

T = TypeVar("T")


class Registry(Generic[T]):
    """Implementations of one kind by name; other packages add theirs by the entry-point group ``junkhound.KIND``."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._known: dict[str, T] = {}
        self._loaded = False

    def register(self, name: str) -> Callable[[T], T]:
        """Decorator that files the implementation under ``name``; a name is given once."""

        def add(thing: T) -> T:
            if name in self._known and self._known[name] is not thing:
                raise ValueError(f"{self.kind} {name!r} is registered twice")
            self._known[name] = thing
            return thing

        return add

    def _load(self) -> None:
        if not self._loaded:
            from importlib import metadata  # it takes longer than all else here, and most look-ups do without

            self._loaded = True
            for entry in metadata.entry_points(group=f"junkhound.{self.kind}"):
                self._known.setdefault(entry.name, entry.load())

    def get(self, name: str) -> T:
        """The implementation called ``name``; UsageError with the nearest name if there is none."""
        if name in self._known:  # ours win over others of their name
            return self._known[name]
        self._load()
        try:
            return self._known[name]
        except KeyError:
            import difflib

            near = difflib.get_close_matches(name, self._known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(self._known))}"
            raise UsageError(f"no {self.kind} called {name!r}", hint) from None

    def names(self) -> list[str]:
        """All names, sorted."""
        self._load()
        return sorted(self._known)

    def __iter__(self) -> Iterator[tuple[str, T]]:
        self._load()
        return iter(list(self._known.items()))
