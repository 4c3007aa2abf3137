"""Every published text form read back: which addresses and names it lists, as its own program would understand it."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from junkhound.kernel import net
from junkhound.kernel.net import Network
from junkhound.publish.cover import Span, merged, without


class Read(NamedTuple):
    """Listed addresses as ranges, listed names (with ``True`` where all below is listed too), and spared names."""

    ranges: list[Span]
    names: frozenset[tuple[str, bool]] = frozenset()
    spared: frozenset[str] = frozenset()

    def lists(self, name: str) -> bool:
        """Whether a name is listed: the nearest of what is said of it and of the domains above it counts."""
        if (name, False) in self.names and name not in self.spared:
            return True
        while name:
            if name in self.spared:
                return False
            if (name, True) in self.names:
                return True
            name = name.partition(".")[2]
        return False


TEST4, TEST6 = "127.0.0.2", "::ffff:7f00:2"


def network(words: str) -> Network:
    found = net.parse_network(words)
    assert found is not None, words
    return found


def lines(content: bytes, comment: str = "#") -> list[str]:
    return [line for line in content.decode().splitlines() if line and not line.startswith(comment)]


def ranges(listed: Iterable[str], excluded: Iterable[str] = ()) -> list[Span]:
    return without(merged(map(network, listed)), merged(map(network, excluded)))


def _apart(words: Iterable[str]) -> Read:
    """Addresses and names in one column, a dot before a name for all below it."""
    words = list(words)
    addresses = [word for word in words if net.parse_network(word)]
    names = frozenset((word.lstrip("."), word.startswith(".")) for word in words if not net.parse_network(word))
    return Read(ranges(addresses), names)


def _spared(content: bytes) -> frozenset[str]:
    said = (line.split() for line in content.decode().splitlines() if line.startswith("# spared "))
    return frozenset(words[2] for words in said)


def _first(content: bytes) -> Read:
    return Read(ranges(line.split()[0] for line in lines(content)))


def _stars(pairs: Iterable[tuple[str, bool]]) -> Read:
    """``name`` and ``*.name`` with whether each is listed."""
    found = dict(pairs)
    names = {name: f"*.{name}" in found for name in found if not name.startswith("*.")}
    listed = frozenset((name, below) for name, below in names.items() if found[name])
    return Read([], listed, frozenset(name for name in names if not found[name]))


def _rbldnsd(content: bytes) -> Read:
    listed: list[str] = []
    excluded: list[str] = []
    for line in lines(content):
        if not line.startswith(("$", ":")):
            (excluded if line.startswith("!") else listed).append(line.lstrip("!").split(" ")[0])
    four, six = "127.0.0.", "::ffff:7f00:"
    listed = [word for word in listed if not word.startswith((four, six)) and word != "test"]
    excluded = [word for word in excluded if not word.startswith((four, six)) and word != "invalid"]
    found = _apart(listed)
    holes = [word for word in excluded if net.parse_network(word)]
    spared = frozenset(word.lstrip(".") for word in excluded if not net.parse_network(word))
    return Read(without(found.ranges, merged(map(network, holes))), found.names, spared)


def _ip6tset(content: bytes) -> Read:
    words = [line for line in lines(content) if not line.startswith(("$", ":"))]
    return Read(ranges([f"{w}::/64" for w in words if w[0] != "!"], [w[1:] for w in words if w[0] == "!"]))


def _ip4tset(content: bytes) -> Read:
    return Read(ranges(w for w in lines(content) if w[0] not in "$:" and w != TEST4))


def _reverse(owner: str) -> str | None:
    """A reversed owner name of a zone file as a network; None for a name."""
    labels = owner.split(".")
    wild = labels[0] == "*"
    digits = labels[1:] if wild else labels
    if all(label.isdigit() for label in digits) and (len(digits) == 4 or (wild and len(digits) < 4)):
        return ".".join([*reversed(digits), *["0"] * (4 - len(digits))]) + f"/{8 * len(digits)}"
    if all(re.fullmatch("[0-9a-f]", label) for label in digits) and (len(digits) == 32 or wild):
        number = int("".join(reversed(digits)).ljust(32, "0"), 16)
        return str(Network(number >> 64, number & net.MASK64, 4 * len(digits)))
    return None


def _zone(content: bytes) -> Read:
    networks, names = [], []
    for line in lines(content, ";"):
        owner, kind = line.split(" ", 2)[:2]
        if owner in ("@", "$TTL", "test"):
            continue
        reverse = _reverse(owner)
        if reverse is None:
            names.append((owner, kind == "A"))
        elif kind == "A" and "127.0.0" not in reverse and "ffff:127" not in reverse:
            networks.append(reverse)
    by_name: dict[str, bool] = {}
    for name, listed in names:
        by_name[name] = by_name.get(name, False) or listed
    return _stars(by_name.items())._replace(ranges=ranges(n for n in networks if network(n) != network("127.0.0.2")))


def _rpz(content: bytes) -> Read:
    networks, names = [], []
    for line in lines(content, ";"):
        owner, rest = line.split(" ", 1)
        if owner.endswith(".rpz-ip"):
            length, *labels = owner.removesuffix(".rpz-ip").split(".")
            back = list(reversed(labels))
            if len(back) == 4 and all(label.isdigit() and "zz" not in labels for label in back):
                networks.append(f"{'.'.join(back)}/{length}")
            else:
                words = ":".join("" if group == "zz" else group for group in back)
                words = f":{words}" if words.startswith(":") else words
                networks.append(f"{words}:/{length}" if words.endswith(":") else f"{words}/{length}")
        elif owner not in ("@", "$TTL") and not owner.startswith("test.main"):
            names.append((owner, rest != "CNAME rpz-passthru."))
    return _stars(names)._replace(ranges=ranges(networks))


def _nft(content: bytes) -> Read:
    words = (line.rstrip(",") for line in lines(content))
    return Read(ranges(word for word in words if net.parse_network(word)))


def _ipset(content: bytes) -> Read:
    return Read(ranges(line.split()[2] for line in lines(content) if line.startswith("add ")))


def _rhs(content: bytes) -> Read:
    rows = [line.split(" ", 2) for line in lines(content)]
    return Read(
        [], frozenset((r[0], True) for r in rows if r[1] == "REJECT"), frozenset(r[0] for r in rows if r[1] == "DUNNO")
    )


def _iplsearch(content: bytes) -> Read:
    return Read(ranges(line.split('"')[1] for line in lines(content)))


def _lsearch(content: bytes) -> Read:
    return _stars((line.partition(":")[0], bool(line.partition(":")[2])) for line in lines(content))


def _globs(content: bytes) -> Read:
    return _stars((line.split()[0], True) for line in lines(content))


def _cf(content: bytes) -> Read:
    networks, names, spared = [], set(), set()
    for line in lines(content):
        if line.startswith("enlist"):
            name = line.split()[2]
            names.add((name, True)) if name[0] != "!" else spared.add(name[1:])
        elif line.startswith("header __"):
            pattern = line.split("(?:", 1)[1].rsplit(") /", 1)[0]
            for top, last in re.findall(r"((?:\d+\\\.){3})\(\?:([^)]*)\)", pattern):
                top = top.replace("\\.", ".")
                networks += [f"{top}0/24"] if last == r"\d+" else [f"{top}{octet}" for octet in last.split("|")]
    return Read(ranges(networks), frozenset(names), frozenset(spared))


def _unbound(content: bytes) -> Read:
    names, alone, spared = set(), set(), set()
    for line in lines(content)[1:]:
        words = line.replace("'", '"').split('"')
        name = words[1].split()[0].rstrip(".")
        if line.startswith("local-data"):
            alone.add(name)
        elif words[2].strip() == "transparent":
            spared.add(name)
        else:
            names.add((name, True))
    return Read([], frozenset(names | {(name, False) for name in alone}), frozenset(spared - alone))


def _json(content: bytes) -> Read:
    return _feed(json.loads(content)["entries"], json.loads(content))


def _jsonl(content: bytes) -> Read:
    top, *rows = [json.loads(line) for line in content.decode().splitlines()]
    return _feed(rows, top)


def _feed(rows: list[dict], top: dict) -> Read:
    names = frozenset((row["domain"], row["below"]) for row in rows if "domain" in row)
    return Read(
        ranges((r["network"] for r in rows if "network" in r), top["exclusions"]),
        names,
        frozenset(top["name_exclusions"]),
    )


def _csv(content: bytes) -> Read:
    excluded = [line.split()[2] for line in content.decode().splitlines() if line.startswith("# excluded ")]
    rows = list(csv.DictReader(lines(content)))
    names = frozenset((row["domain"], row["below"] == "true") for row in rows if row["domain"])
    holes = [word for word in excluded if net.parse_network(word)]
    return Read(ranges((r["network"] for r in rows if r["network"]), holes), names, frozenset(excluded) - set(holes))


READERS: dict[str, Callable[[bytes], Read]] = {
    "txt": lambda content: _apart(lines(content))._replace(spared=_spared(content)),
    "cidr": _first,
    "hosts": lambda content: _apart(line.split()[1] for line in lines(content)),
    "json": _json, "jsonl": _jsonl, "csv": _csv,
    "ip4set": _rbldnsd, "ip6trie": _rbldnsd, "ip4trie": _rbldnsd, "dnset": _rbldnsd, "combined": _rbldnsd,
    "ip4tset": _ip4tset, "ip6tset": _ip6tset,
    "zone": _zone, "rpz": _rpz,
    "nft": _nft, "ipset": _ipset,
    "access": _first, "postscreen": _first, "rhsaccess": _rhs,
    "iplsearch": _iplsearch, "lsearch": _lsearch, "ipmap": _first, "globmap": _globs,
    "cf": _cf,
    "dst": lambda content: _apart(lines(content)),
    "dstdomain": lambda content: _apart(lines(content)),
    "respip": lambda content: Read(ranges(line.split()[1] for line in lines(content)[1:])),
    "unbound": _unbound,
}  # fmt: skip
"""By a file's ending; a form without a reader here stands in ``UNREAD`` of the test, with the reason."""
