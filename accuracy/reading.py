"""A world that was made, read as pairs: what the product may see, and what is true of it."""

from __future__ import annotations

import re
import tomllib
import zlib
from collections import Counter, defaultdict
from collections.abc import Container, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec

from junkhound import trace
from junkhound.wire import jsonl
from spamworld.out.files import lines

PARTS = 64  # of all mailboxes together
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
_POSTMARK = re.compile(rb"From \S+ \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}\Z")


class Truth(msgspec.Struct, gc=False):
    """One line of ``truth/truth.jsonl.zst``, as far as goals need it."""

    id: int
    file: str
    at: int
    intake: str
    kind: str
    category: str
    injector: str
    handover: str
    strategy: str
    campaign: int
    botnet: int
    host: int
    class_: str = msgspec.field(name="class", default="")
    handover_host: int = 0
    asn: int = 0
    country: str = ""
    spammer: int = 0
    hops: list[tuple[bool, int, str]] = []
    content: dict[str, Any] = {}  # what the mail says

    @property
    def group(self) -> int:
        """What is drawn anew by a bootstrap: its campaign; for other mail the machine that sent it."""
        return self.campaign or -self.host - 1


class Seen(NamedTuple):
    """What the product is given: the mail, the facts of its session (none for a mailbox)."""

    mail: bytes
    facts: dict[str, Any]


def truths(folder: Path, only: str = "") -> Iterator[Truth]:
    """What is true of every mail, in the order of arrival; ``only`` those whose file begins so."""
    decode = msgspec.json.Decoder(Truth).decode
    for line in lines(folder / "truth/truth.jsonl.zst"):
        found = decode(line)
        if found.file.startswith(only):
            yield found


def pairs(folder: Path, only: str = "") -> Iterator[tuple[Seen, Truth]]:
    """Each mail with its truth: the n-th truth of a file is that of its n-th mail."""
    open_files: dict[str, Iterator[Seen]] = {}
    for true in truths(folder, only):
        reader = open_files.get(true.file)
        if reader is None:
            reader = open_files[true.file] = _mails(folder / true.file)
        yield next(reader), true


def spread(folder: Path, scratch: Path, only: Container[str] = (), one_in: int = 1) -> list[Path]:
    """The truth sorted into parts that can be read one by one, each about some files alone; the largest first.

    A world of millions has thousands of mailboxes: to read them side by side would take a descriptor and a window of
    unpacking for each. ``only`` names the kinds of truth that are asked for, none for all of them. Of good mail only
    that of one mailbox in ``one_in`` is taken.
    """
    decode, encode = msgspec.json.Decoder(Truth).decode, msgspec.msgpack.Encoder().encode
    sizes: Counter[Path] = Counter()
    with ExitStack() as stack:
        files: dict[Path, BinaryIO] = {}
        places: Counter[str] = Counter()
        for line in lines(folder / "truth/truth.jsonl.zst"):
            true = decode(line)
            place = places[true.file]
            places[true.file] += 1
            if only and true.kind not in only:
                continue
            chance = zlib.crc32(true.file.encode())
            if true.kind == "good" and chance // PARTS % one_in:
                continue
            trap = true.file.startswith("mail/traps/")
            name = true.file.replace("/", "-") if trap else f"people-{chance % PARTS:03d}"
            path = scratch / name
            if path not in files:
                files[path] = stack.enter_context(path.open("wb"))
            row = encode((place, true))
            files[path].write(len(row).to_bytes(4, "little") + row)
            sizes[path] += 1
    return [path for path, _ in sizes.most_common()]


def part(folder: Path, path: Path) -> Iterator[tuple[Seen, Truth]]:
    """The mails of one part with their truth, file by file."""
    decode = msgspec.msgpack.Decoder(tuple[int, Truth]).decode
    by_file: dict[str, list[tuple[int, Truth]]] = defaultdict(list)
    with path.open("rb") as file:
        while head := file.read(4):
            place, true = decode(file.read(int.from_bytes(head, "little")))
            by_file[true.file].append((place, true))
    for name, known in by_file.items():
        wanted = iter(known)
        place, true = next(wanted)
        for number, seen in enumerate(_mails(folder / name)):
            if number == place:
                yield seen, true
                found = next(wanted, None)
                if found is None:
                    break
                place, true = found


def _mails(path: Path) -> Iterator[Seen]:
    if ".jsonl" in path.name:
        for line in lines(path):
            read = jsonl.read(line)
            yield Seen(read.mail, read.facts)
        return
    held: list[bytes] = []
    for line in lines(path):
        if _POSTMARK.match(line):
            if held:
                yield _mail(held)
            held = []
        else:
            held.append(line)
    if held:
        yield _mail(held)


def _mail(held: list[bytes]) -> Seen:
    if held and not held[-1]:
        held.pop()
    return Seen(_QUOTED.sub(rb"\1", b"\n".join(held) + b"\n"), {})


def relays(folder: Path) -> dict[str, tuple[str, ...]]:
    """What the operator states of each intake."""
    said = tomllib.loads((folder / "junkhound.toml").read_text("utf-8"))
    stated = {**said.get("traps", {}), **said.get("mailboxes", {})}
    return {name: tuple(section.get("relays", ())) for name, section in stated.items()}


def borders(folder: Path) -> dict[str, trace.Boundary]:
    """The boundary of each intake, by what the operator states of it and by the world's own plan of addresses.

    A world gives its networks whatever blocks it draws, so those were somebody's always; the rest is as IANA gave it.
    """
    found = (msgspec.json.decode(line, type=_Entry).object for line in lines(folder / "world/rdap.jsonl.zst"))
    taken = {int(one.start.partition(".")[0]) for one in found if "." in one.start}
    given = trace.given_out().but(taken)
    return {
        name: trace.boundary(said, (), allow_documentation=True, given=given) for name, said in relays(folder).items()
    }


class _Network(msgspec.Struct):
    start: str = msgspec.field(name="startAddress", default="")


class _Entry(msgspec.Struct):
    object: _Network


def settings(folder: Path) -> dict[str, Any]:
    """The settings file as a table."""
    return tomllib.loads((folder / "junkhound.toml").read_text("utf-8"))
