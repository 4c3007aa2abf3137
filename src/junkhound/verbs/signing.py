"""The key that signs published lists, and whether published files are what their keeper signed."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from junkhound.kernel import clock
from junkhound.kernel.errors import ConfigError, DataError, JunkhoundError, NotFound, TamperError
from junkhound.ledger import files
from junkhound.publish import sign
from junkhound.publish.write import INDEX, SIGNATURE
from junkhound.verbs.office import Office
from junkhound.wire import minisign
from junkhound.wire.minisign import Public

PUBLIC_NAME = "minisign.pub"
"""The public key's file beside the lists."""


class Verified(msgspec.Struct):
    """One list as found: its moment, files that hold, and what is wrong."""

    name: str
    generated: str
    expires: str
    good: list[str]
    wrong: list[str]


def signer_of(office: Office) -> sign.Signer | None:
    """Who signs, by ``[publish] sign``; the key is made when it is first needed. Errors: ConfigError, DataError."""
    wanted = office.config.publish.sign
    if wanted == "never" or (wanted == "auto" and not sign.available()):
        return None
    path = office.home / "keys" / "lists.key"
    if not path.exists():
        secret = sign.secret_of(secrets.token_bytes(32), secrets.token_bytes(8))
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.put(files.DISK, path, minisign.secret_text(secret).encode(), mode=0o600)
    try:
        return sign.Signer(minisign.read_secret(path.read_text("ascii")))
    except (UnicodeError, DataError) as error:
        hint = "put the key back from a copy; a new one makes all readers fetch it anew"
        raise DataError(f"{path}: {error}", hint) from None


def public_key(office: Office) -> Public:
    """The key that readers check with; made if there is none yet. Errors: ConfigError if nothing is signed."""
    signer = signer_of(office)
    if signer is None:
        raise ConfigError("lists are not signed here", "pip install 'junkhound[sign]', and see sign in [publish]")
    return signer.public


def put_public(office: Office, folder: Path, signer: sign.Signer) -> None:
    """Keep the public key beside the lists; written only where it differs."""
    path, text = folder / PUBLIC_NAME, minisign.public_text(signer.public).encode()
    if not path.exists() or path.read_bytes() != text:
        partial(files.put, files.DISK, mode=0o644)(path, text)


def verify(folder: Path, key: Public, at: int) -> list[Verified]:
    """Every list in a folder: its index and each file's signature and hash.

    Errors: NotFound if there is no index. What is wrong with a list is in its answer; see ``complain``.
    """
    found = sorted(folder.glob(f"*.{INDEX}")) if folder.is_dir() else []
    if not found:
        raise NotFound(f"no list in {str(folder)!r}", f"junkhound publish writes LIST.{INDEX} beside the files")
    return [_verify(path, key, at) for path in found]


def _verify(path: Path, key: Public, at: int) -> Verified:
    answer = Verified(path.stem, "", "", [], [])
    try:
        content = _signed(path, key)
        about = _about(content)
        answer.generated, answer.expires = str(about["generated"]), str(about["expires"])
        rows = [(str(row["name"]), str(row["sha256"])) for row in about["files"]]
        if clock.parse(answer.expires) <= at:
            answer.wrong.append(f"{path.name}: ran out at {answer.expires}")
    except JunkhoundError as error:
        answer.wrong.append(f"{path.name}: {error.message}")
        return answer
    except (KeyError, TypeError, ValueError):
        answer.wrong.append(f"{path.name}: not an index")
        return answer
    answer.good.append(path.name)
    for name, digest in rows:
        try:
            file = path.parent / name
            if ".." in Path(name).parts or Path(name).is_absolute():
                raise TamperError("a name that leads out of the folder")
            if hashlib.sha256(_signed(file, key)).hexdigest() != digest:
                raise TamperError("another edition than the index names")
            answer.good.append(name)
        except JunkhoundError as error:
            answer.wrong.append(f"{name}: {error.message}")
    return answer


def _about(content: bytes) -> dict[str, Any]:
    about = json.loads(content)
    if not isinstance(about, dict) or about.get("format") != "junkhound-index":
        raise DataError("not an index")
    return about


def _signed(path: Path, key: Public) -> bytes:
    """The content of a file whose signature holds and names it."""
    try:
        content, signature = path.read_bytes(), path.with_name(path.name + SIGNATURE).read_bytes()
    except OSError as error:
        raise NotFound(f"{error.strerror}: {Path(str(error.filename)).name}") from None
    said = sign.verify(signature, content, key)
    if f"file:{path.name}" not in said.split("\t") and f"file:{path.parent.name}/{path.name}" not in said.split("\t"):
        raise TamperError("the signature was made for a file of another name")
    return content


def verify_file(path: Path, key: Public) -> str:
    """What the signature of one file says. Errors: NotFound, DataError, TamperError."""
    _signed(path, key)
    return sign.verify(path.with_name(path.name + SIGNATURE).read_bytes(), path.read_bytes(), key)


def complain(found: list[Verified]) -> None:
    """Errors: TamperError if anything is wrong with a list."""
    wrong = [words for one in found for words in one.wrong]
    if wrong:
        raise TamperError(f"{len(wrong)} of the files are not as signed: {wrong[0]}", "fetch them again")


def read_key(words: str) -> Public:
    """A public key from its file, or from its line of base64. Errors: DataError, NotFound."""
    if words.startswith("RW") and "/" not in words[:2] and not Path(words).exists():
        return minisign.read_public(words)
    try:
        return minisign.read_public(Path(words).read_text("utf-8", "replace"))
    except OSError as error:
        raise NotFound(f"{words}: {error.strerror}", "give the key's file, or its line that begins with RW") from None


def verify_all(office: Office, places: Sequence[Path], key: Public) -> tuple[list[Verified], list[tuple[Path, str]]]:
    """Lists in the folders among ``places``, and single files; our own published folder if there are none."""
    folder = office.config.publish.folder
    own = Path(folder).expanduser().absolute() if folder else office.home / "out"
    lists: list[Verified] = []
    single: list[tuple[Path, str]] = []
    for place in places or (own,):
        if place.is_dir() or not place.exists():
            lists += verify(place, key, office.now)
        else:
            single.append((place, verify_file(place, key)))
    return lists, single
