"""Editions to files: each file whole or not at all, signed, and all of them named in an index."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from junkhound.kernel import clock
from junkhound.publish.edition import Edition
from junkhound.publish.outputs import outputs
from junkhound.publish.sign import Signer

Put = Callable[[Path, bytes], None]
"""Writes one file so that readers and power cuts find the old one or the new one (the ledger's file layer)."""
INDEX = "index"
"""Ending of the file that names all others of an edition with their hashes."""
SIGNATURE = ".minisig"


class Written(msgspec.Struct, frozen=True):
    """One file as written; the index is the last, and has no form."""

    form: str
    path: str
    size: int


def write(
    edition: Edition, forms: Iterable[str], folder: Path, put: Put, signer: Signer | None = None
) -> list[Written]:
    """Write the edition in these forms as ``folder/LIST.ENDING``; all forms are made before the first is written.

    With a signer each file is followed by ``FILE.minisig``. The index comes last: who reads it finds files that are
    at least as new. Errors: UsageError for an unknown form, Refused by a form that cannot hold the list; what ``put``
    raises.
    """
    made = [(form, ending, content) for form in forms for ending, content in outputs.get(form)(edition).items()]
    made.append(("", INDEX, _index(edition, made, signer)))
    written = []
    for form, ending, content in made:
        path = folder / f"{edition.name}.{ending}"
        put(path, content)
        if signer is not None:
            name = f"{edition.name}.{ending}"
            put(path.with_name(path.name + SIGNATURE), signer.sign(content, name, edition.at))
        written.append(Written(form, str(path), len(content)))
    return written


def _index(edition: Edition, made: list[tuple[str, str, bytes]], signer: Signer | None) -> bytes:
    about = {
        "format": "junkhound-index",
        "version": 1,
        "list": edition.name,
        "scope": edition.scope,
        "tlp": edition.marking,
        "generated": clock.text(edition.at),
        "expires": clock.text(edition.expires_at),
        "count": edition.size,
        "key": None if signer is None else signer.public.name,
        "files": [
            {
                "name": f"{edition.name}.{ending}",
                "form": form,
                "size": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
            for form, ending, content in made
        ],
    }
    return f"{json.dumps(about, indent=1)}\n".encode()
