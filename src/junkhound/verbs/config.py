"""Settings as the operator sees them: every field with its text, unit and default, and what is wrong with a file."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import textwrap
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from junkhound.kernel import config, net
from junkhound.kernel.config import Config
from junkhound.listing import COMBINED, HOLDS
from junkhound.publish import is_code

_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\Z", re.IGNORECASE)


@dataclass(frozen=True)
class Setting:
    """One setting: where it stands, what it means, what it is now. ``section`` may hold ``NAME``."""

    section: str
    name: str
    text: str
    unit: str
    default: Any
    value: Any
    choices: tuple[str, ...] = ()
    low: float | None = None

    @property
    def changed(self) -> bool:
        return bool(self.value != self.default)


@dataclass(frozen=True)
class Section:
    """One section of the file: its name as written (``lists.NAME`` for a kind of section) and its sentence."""

    name: str
    text: str
    settings: tuple[Setting, ...]


def sections(current: Config | None = None) -> tuple[Section, ...]:
    """Every section with its settings; with ``current``, named sections appear by name with their values."""
    return tuple(_sections(current))


def _sections(current: Config | None) -> Iterator[Section]:
    hints = typing.get_type_hints(Config)
    for field in dataclasses.fields(Config):
        if field.name == "path":
            continue
        of = field.metadata.get("of")
        if of is None:
            held = getattr(current, field.name) if current else None
            yield _section(field.name, hints[field.name], held)
        elif current is None:
            yield _section(f"{field.name}.NAME", of, None)
        else:
            for name, held in getattr(current, field.name).items():
                yield _section(f"{field.name}.{name}", of, held)


def _section(name: str, kind: type[Any], held: Any) -> Section:
    text = (kind.__doc__ or "").strip().partition(": ")[2]
    text = text[:1].upper() + text[1:]
    found = []
    for field in dataclasses.fields(kind):
        meta = field.metadata
        value = getattr(held, field.name) if held is not None else field.default
        found.append(
            Setting(name, field.name, meta["text"], meta["unit"], field.default, value, meta["choices"], meta["low"])
        )
    return Section(name, text, tuple(found))


def toml(value: Any) -> str:
    """The value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else f"{value!r}"


def sample() -> str:
    """A settings file that says everything and changes nothing: each default as a comment under its text."""
    lines = [
        "# Junkhound's settings. Each line that starts with # shows a default; take the # away to change it.",
        "# Sections with NAME may be repeated under names of your own.",
    ]
    for section in sections():
        named = section.name.endswith(".NAME")
        lines += ["", *textwrap.wrap(section.text, 100, initial_indent="# ", subsequent_indent="# ")]
        lines.append(f"#[{section.name}]" if named else f"[{section.name}]")
        for one in section.settings:
            lines += textwrap.wrap(explained(one), 100, initial_indent="## ", subsequent_indent="## ")
            lines.append(f"#{one.name} = {toml(one.default)}")
    return "\n".join(lines) + "\n"


def explained(one: Setting) -> str:
    """The setting's sentence with unit, choices and least value."""
    notes = [one.unit] if one.unit else []
    if one.choices:
        notes.append("one of " + ", ".join(one.choices))
    if one.low is not None:
        notes.append(f"at least {one.low:g}")
    return one.text + (f" ({'; '.join(notes)})" if notes else "")


def places() -> list[tuple[str, bool]]:
    """Where a settings file is looked for, in order, and whether one is there."""
    xdg = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    named = os.environ.get("JUNKHOUND_CONFIG")
    paths = [Path(named)] if named else []
    paths += [Path("junkhound.toml"), Path(xdg) / "junkhound/junkhound.toml", Path("/etc/junkhound/junkhound.toml")]
    return [(str(path), path.is_file()) for path in paths]


@dataclass(frozen=True)
class Problem:
    """Something in the settings that reads well and cannot be meant."""

    where: str
    text: str
    hint: str


def problems(settings: Config) -> list[Problem]:
    """What the reader of the file accepts and nobody can want; the reader's own errors are raised by it."""
    return [
        *_hosts(settings), *_networks(settings), *_domains(settings), *_lists(settings),
    ]  # fmt: skip


def _hosts(settings: Config) -> Iterator[Problem]:
    groups: list[tuple[str, tuple[str, ...]]] = [("[network] own", settings.network.own)]
    groups += [(f"[traps.{name}] relays", trap.relays) for name, trap in settings.traps.items()]
    groups += [(f"[mailboxes.{name}] relays", box.relays) for name, box in settings.mailboxes.items()]
    for where, words in groups:
        for word in words:
            if net.parse_network(word) is None and not (_HOST.match(word) and re.search("[a-z]", word, re.IGNORECASE)):
                hint = "write 192.0.2.0/24, 2001:db8::/32 or mx.example.org"
                yield Problem(where, f"neither a network nor a host name: {word!r}", hint)


def _networks(settings: Config) -> Iterator[Problem]:
    groups: list[tuple[str, tuple[str, ...]]] = [("[network] protect", settings.network.protect)]
    groups += [(f"[lists.{name}] protect", one.protect) for name, one in settings.lists.items()]
    for where, words in groups:
        for word in words:
            if net.parse_network(word) is None:
                yield Problem(where, f"not a network: {word!r}", "write 192.0.2.0/24 or 2001:db8::/32")


def _domains(settings: Config) -> Iterator[Problem]:
    owner: dict[str, str] = {}
    for name, trap in settings.traps.items():
        if not trap.domains:
            hint = "without domains no recipient counts as a trap; name them, or state the traps in each delivery"
            yield Problem(f"[traps.{name}] domains", "no domains", hint)
        for domain in trap.domains:
            if "@" in domain or not _HOST.match(domain):
                yield Problem(f"[traps.{name}] domains", f"not a domain: {domain!r}", "write trap.example.org")
            elif domain.lower() in owner:
                text = f"{domain!r} is also a domain of [traps.{owner[domain.lower()]}]"
                yield Problem(f"[traps.{name}] domains", text, "a trap domain belongs to one trap")
            owner.setdefault(domain.lower(), name)


def vantages(settings: Config) -> int:
    """How many witnesses of different domains or hosts the settings name: trap domains and mailboxes with relays."""
    domains = {domain.lower() for trap in settings.traps.values() for domain in trap.domains}
    return len(domains) + sum(bool(box.relays) for box in settings.mailboxes.values())


def _lists(settings: Config) -> Iterator[Problem]:
    for name, one in settings.lists.items():
        if one.code and not is_code(one.code):
            yield Problem(f"[lists.{name}] code", f"not an answer of a block list: {one.code!r}", "write 127.0.0.2")
        if one.scope == "public" and vantages(settings) < 2:
            yield Problem(
                f"[lists.{name}] scope",
                f"a public list needs two vantages of different domains or hosts, not {vantages(settings)}",
                'set scope = "own", or pool with partners',
            )
        if one.holds == COMBINED:
            yield from _combined(settings, name)
        if one.longest_days < one.first_days:
            text = f"longest_days {one.longest_days:g} is below first_days {one.first_days:g}"
            yield Problem(f"[lists.{name}] longest_days", text, "a listing that returns lives longer, not shorter")
    if settings.publish.zone and not _HOST.match(settings.publish.zone):
        yield Problem("[publish] zone", f"not a domain: {settings.publish.zone!r}", "write bl.example.org")


def _combined(settings: Config, name: str) -> Iterator[Problem]:
    """What a combined list is made of must be there, be of one sort, and serve the same readers."""
    mine = settings.lists[name]
    wanted = mine.of or [other for other, one in settings.lists.items() if one.holds != COMBINED]
    where = f"[lists.{name}] of"
    for part in wanted:
        one = settings.lists.get(part)
        if one is None or one.holds == COMBINED:
            yield Problem(where, f"no list {part!r} that it could be made of", "name lists that hold something")
        elif mine.scope == "public" and one.scope != "public":
            yield Problem(where, f"list {part!r} has scope own, this one is public", "two vantages must have seen all")
    kinds = {HOLDS[one.holds].names for part in wanted if (one := settings.lists.get(part)) and one.holds in HOLDS}
    if len(kinds) > 1:
        yield Problem(where, "addresses and names cannot stand in one zone", "make one combined list of each")


def as_rows(current: Config) -> list[Mapping[str, Any]]:
    """All settings in force as plain rows, for ``--json``."""
    return [
        {**dataclasses.asdict(one), "changed": one.changed} for section in sections(current) for one in section.settings
    ]


def read(path: str | None) -> Config:
    """The settings of one file, or those in force. Errors: ConfigError."""
    return config.load(config.find(path))
