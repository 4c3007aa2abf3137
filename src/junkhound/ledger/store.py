"""The object store: packs, seals and tables as whole objects under slash paths, in a folder or at a URL.

A folder is written through ``ledger.files``, because an object must be on the disk before the manifest names it
and obstore's own local store does not sync. Other places (``s3://``, ``memory://``) go through obstore.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from junkhound.kernel.errors import ConfigError, NotFound, Refused, Temporary
from junkhound.ledger import files as disk

if TYPE_CHECKING:
    from obstore.store import ObjectStore

T = TypeVar("T")


class Store(Protocol):
    """Objects by path. A path has no leading slash, no empty step and none that starts with a dot."""

    url: str
    """What SQL engines put before a path: the folder with its slash, or ``s3://bucket/prefix/``."""

    def put_new(self, path: str, content: bytes) -> bool:
        """Put-if-absent; False where the path is taken. Durable on return."""

    def put(self, path: str, content: bytes) -> None:
        """Put or replace, at once for every reader. Durable on return."""

    def get(self, path: str) -> bytes:
        """The whole object. Errors: NotFound."""

    def get_range(self, path: str, start: int, length: int) -> bytes:
        """At most ``length`` bytes from ``start``; fewer at the end. Errors: NotFound."""

    def size(self, path: str) -> int:
        """Bytes of the object. Errors: NotFound."""

    def exists(self, path: str) -> bool: ...

    def delete(self, path: str) -> None:
        """Remove the object if it is there."""

    def list(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """(path, bytes) of every object below the folder ``prefix``, in order of path."""

    def local(self, path: str) -> Path | None:
        """Where the object lies in the file system, for readers that map it; None elsewhere."""


def open_store(place: str, home: Path, files: disk.Files = disk.DISK) -> Store:
    """The store of ``[store] objects``: empty means the home, else a folder or URL. Errors: ConfigError."""
    if not place:
        return FolderStore(home, files)
    if place.startswith("file://"):
        return FolderStore(Path(place.removeprefix("file://")), files)
    if "://" not in place:
        return FolderStore((home / Path(place).expanduser()).absolute(), files)
    return BucketStore(place)


class FolderStore:
    """Objects as files of one folder, each synced before it is named."""

    def __init__(self, root: Path, files: disk.Files = disk.DISK) -> None:
        self.root = root.absolute()
        self.url = f"{self.root}/"
        self._files = files

    def local(self, path: str) -> Path:
        return self.root / _checked(path)

    def put_new(self, path: str, content: bytes) -> bool:
        return disk.put_new(self._files, self.local(path), content)

    def put(self, path: str, content: bytes) -> None:
        disk.put(self._files, self.local(path), content)

    def get(self, path: str) -> bytes:
        with _found(path):
            return self.local(path).read_bytes()

    def get_range(self, path: str, start: int, length: int) -> bytes:
        with _found(path):
            handle = os.open(self.local(path), os.O_RDONLY | os.O_CLOEXEC)
        try:
            return os.pread(handle, length, start)
        finally:
            os.close(handle)

    def size(self, path: str) -> int:
        with _found(path):
            return self.local(path).stat().st_size

    def exists(self, path: str) -> bool:
        return self.local(path).is_file()

    def delete(self, path: str) -> None:
        place = self.local(path)
        with contextlib.suppress(FileNotFoundError), disk.passing(place):
            self._files.unlink(place)
            self._files.sync_dir(place.parent)

    def list(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        folder = self.local(prefix.strip("/")) if prefix.strip("/") else self.root
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name + "/" * entry.is_dir())
        except (FileNotFoundError, NotADirectoryError):
            return
        below = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                yield from self.list(below + entry.name)
            else:
                with contextlib.suppress(FileNotFoundError):
                    yield below + entry.name, entry.stat().st_size


class BucketStore:
    """Objects at a URL that obstore understands; credentials come from the environment, as its documentation says."""

    def __init__(self, url: str, store: ObjectStore | None = None) -> None:
        self.url = url if url.endswith("/") else f"{url}/"
        self._store = store if store is not None else _from_url(url)

    def local(self, path: str) -> None:
        return None

    def put_new(self, path: str, content: bytes) -> bool:
        from obstore.exceptions import AlreadyExistsError

        try:
            self._ask(path, lambda obstore: obstore.put(self._store, _checked(path), content, mode="create"))
        except AlreadyExistsError:
            return False
        return True

    def put(self, path: str, content: bytes) -> None:
        self._ask(path, lambda obstore: obstore.put(self._store, _checked(path), content))

    def get(self, path: str) -> bytes:
        return self._ask(path, lambda obstore: bytes(obstore.get(self._store, _checked(path)).bytes()))

    def get_range(self, path: str, start: int, length: int) -> bytes:
        end = min(start + length, self.size(path))
        if end <= start:
            return b""
        return self._ask(
            path, lambda obstore: bytes(obstore.get_range(self._store, _checked(path), start=start, end=end))
        )

    def size(self, path: str) -> int:
        return self._ask(path, lambda obstore: int(obstore.head(self._store, _checked(path))["size"]))

    def exists(self, path: str) -> bool:
        try:
            self.size(path)
        except NotFound:
            return False
        return True

    def delete(self, path: str) -> None:
        with contextlib.suppress(NotFound):
            self._ask(path, lambda obstore: obstore.delete(self._store, _checked(path)))

    def list(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        found = self._ask(prefix, lambda obstore: obstore.list(self._store, prefix.strip("/") or None).collect())
        return iter(sorted((str(entry["path"]), int(entry["size"])) for entry in found))

    def _ask(self, path: str, call: Callable[..., T]) -> T:
        import obstore
        from obstore import exceptions

        try:
            return call(obstore)
        except (FileNotFoundError, exceptions.NotFoundError):
            raise NotFound(f"no object {path!r} in {self.url}") from None
        except exceptions.AlreadyExistsError:
            raise
        except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError) as error:
            raise Refused(
                f"{self.url} refused {path!r}: {_first_line(error)}", "check the store's credentials"
            ) from None
        except (exceptions.BaseError, OSError) as error:
            raise Temporary(f"{self.url} failed on {path!r}: {_first_line(error)}") from None


def _from_url(url: str) -> ObjectStore:
    from obstore import exceptions
    from obstore.store import from_url

    try:
        return from_url(url)
    except (exceptions.BaseError, ValueError) as error:
        raise ConfigError(
            f"[store] objects: cannot open {url!r}: {_first_line(error)}", "write a folder or s3://bucket/prefix"
        ) from None


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


def _checked(path: str) -> str:
    if not path or any(not step or step.startswith(".") for step in path.split("/")):
        raise ValueError(f"not an object path: {path!r}")
    return path


@contextlib.contextmanager
def _found(path: str) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, IsADirectoryError):
        raise NotFound(f"no object {path!r} in the store") from None
