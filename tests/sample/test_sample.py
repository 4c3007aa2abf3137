"""The sample: the same bytes everywhere, documentation's addresses and names only, all that a newcomer is promised."""

from __future__ import annotations

import base64
import collections
import ipaddress
import itertools
import json
import mailbox
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from junkhound import sample
from junkhound.sample import mtas
from junkhound.sample.dice import Dice


@pytest.fixture(scope="module")
def mails() -> list[sample.Delivery]:
    return sample.make()


@pytest.fixture(scope="module")
def laid(mails: list[sample.Delivery], tmp_path_factory: pytest.TempPathFactory) -> list[sample.Laid]:
    return sample.write(tmp_path_factory.mktemp("sample"), mails)


def test_the_same_bytes_come_out_everywhere(laid: list[sample.Laid]) -> None:
    assert sample.digest(laid[0].path.parent) == sample.DIGEST


def test_the_hash_seed_changes_nothing() -> None:
    code = (
        "import hashlib, junkhound.sample as s; print(hashlib.sha256(b''.join(d.mail for d in s.make())).hexdigest())"
    )
    answers = {
        subprocess.check_output([sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed})
        for seed in "17"
    }
    assert len(answers) == 1


def test_its_size_span_and_parts(mails: list[sample.Delivery], laid: list[sample.Laid]) -> None:
    assert 2_000 <= len(mails) <= 3_000
    assert mails[-1].at - mails[0].at > 2.95 * 365 * 86_400
    assert len([one for one in laid if one.is_trap]) == 4
    assert {one.place for one in laid if not one.is_trap} == {"dana", "ferris"}
    assert sum(one.mails for one in laid) == len(mails)
    campaigns = collections.Counter(one.truth.campaign for one in mails if not one.truth.wanted)
    assert len(campaigns) >= 8
    assert min(campaigns.values()) >= 10
    forged = collections.Counter(one.truth.forgery for one in mails)
    assert {"random", "own-mx", "chain", "pasted", "impossible", "padding", "webmail"} <= set(forged)
    assert sum(one.truth.wanted for one in mails) > 300


GRAMMAR = {
    "postfix": rb"\(Postfix\) with E?SMTP\w* id 4[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{9}z",
    "exim": rb"\(Exim 4\.96\)\r?\n\t\(envelope-from <[^>]*>\)\r?\n\tid 1\w{5}-\w{6}-\w\w",
    "sendmail": rb"\(8\.17\.1/8\.17\.1\) with ESMTPS? id [345]\w{7}\d{6}",
    "qmail": rb"Received: \(qmail \d+ invoked from network\); \d+ \w{3} 202\d",
    "exchange": rb"with Microsoft SMTP Server(?:\n \(version[^)]+\))? id\n 15\.1\.2507\.\d+",
    "gmail": rb"with ESMTPS? id \w\w\d-2002\w+si\d+\w{3}\.\d+\.202\d(?:\.\d\d){5}\n",
}


@pytest.mark.parametrize("mta", GRAMMAR)
def test_six_servers_write_at_the_borders(mails: list[sample.Delivery], mta: str) -> None:
    assert sum(re.search(GRAMMAR[mta], one.mail) is not None for one in mails) > 150


def test_queue_ids_carry_the_clock_of_their_line() -> None:
    server, peer = mtas.Server("mx.example.org", "192.0.2.1", "exim"), mtas.Peer("198.51.100.7", "a.example")
    at = 1_700_000_000.5
    handover = mtas.Handover(server, peer, at, "a@a.example", "b@example.org")

    def value(text: str, alphabet: str) -> int:
        total = 0
        for letter in text:
            total = total * len(alphabet) + alphabet.index(letter)
        return total

    line = mtas.exim(handover, Dice("t"))
    assert value(re.search(r"\tid (\w{6})-", line)[1], mtas.BASE62) == int(at)
    line = mtas.postfix(handover, Dice("t"))
    assert value(re.search(r" id (\w{6})", line)[1], mtas.BASE52) == int(at)
    # Tue, 14 Nov 2023 22:13:20 UTC: year 123 % 60, month from 0, day, hour, minute, second
    assert re.search(r" id 3AEMDK\w\w\d{6}", mtas.sendmail(handover, Dice("t")))
    assert ".2023.11.14.14.13.20" in mtas.gmail(handover, Dice("t"))


_DOCUMENTATION = [
    ipaddress.ip_network(words) for words in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
]


def test_only_addresses_and_names_of_documentation(mails: list[sample.Delivery]) -> None:
    strangers = set()
    names = set()
    for one in mails:
        header = one.mail.split(b"\r\n\r\n" if b"\r\n\r\n" in one.mail else b"\n\n", 1)[0].decode("latin-1")
        for words in re.findall(r"[\[(](?:IPv6:)?(\d+\.\d+\.\d+\.\d+|[0-9a-f:]*:[0-9a-f:]+)[\])]", header):
            try:
                address = ipaddress.ip_address(words)
            except ValueError:
                continue  # impossible on purpose
            if not address.is_private and not any(
                address in net for net in _DOCUMENTATION if net.version == address.version
            ):
                strangers.add(words)
        names |= set(re.findall(r"@([\w.-]+\.[a-z]+)", header))
        assert any(ipaddress.ip_address(one.truth.injector) in net for net in _DOCUMENTATION)
    assert not strangers
    assert {name.rsplit(".", 1)[1] for name in names} == {"example"}


def test_the_files_hold_the_mails_byte_for_byte(mails: list[sample.Delivery], laid: list[sample.Laid]) -> None:
    sent = collections.Counter(one.mail for one in mails)
    found: collections.Counter[bytes] = collections.Counter()
    for part in laid:
        if part.is_trap:
            rows = [json.loads(line) for line in part.path.read_bytes().splitlines()]
            assert len({row["arrival"] for row in rows}) == len(rows) == part.mails
            found.update(base64.b64decode(row["mail"]) for row in rows)
        elif part.path.suffix == ".mbox":
            assert len(mailbox.mbox(part.path)) == part.mails
        else:
            found.update(path.read_bytes() for path in (part.path / "cur").iterdir())
    in_mbox = collections.Counter(one.mail for one in mails if one.place.name == "dana")
    assert found == sent - in_mbox


def test_the_botnet_falls_silent_on_the_day_of_the_takedown(mails: list[sample.Delivery]) -> None:
    of_net = [one.at for one in mails if one.truth.source.startswith("bot-a-")]
    cut = sample.sources.instant(sample.TAKEDOWN)
    assert len([at for at in of_net if cut - 60 * 86_400 < at < cut]) > 20
    assert max(of_net) < cut + 3_600


def test_residents_rest_and_come_back(mails: list[sample.Delivery]) -> None:
    days = sorted(one.at / 86_400 for one in mails if one.truth.source == "old-windows")
    gaps = [later - earlier for earlier, later in itertools.pairwise(days)]
    assert sum(gap > 40 for gap in gaps) >= 3
    assert days[-1] - days[0] > 1_000


def test_a_guest_in_the_pool_changes_address_and_an_ipv6_host_its_lower_half(mails: list[sample.Delivery]) -> None:
    def addresses(source: str) -> set[str]:
        return {one.truth.injector for one in mails if one.truth.source == source}

    assert len(addresses("pool-home-4")) > 10
    assert len(addresses("polder-host")) > 4
    assert len({ipaddress.ip_network((words, 64), strict=False) for words in addresses("polder-host")}) == 1


def test_the_route_table_names_every_sender(mails: list[sample.Delivery]) -> None:
    networks = [ipaddress.ip_network(row[0]) for row in sample.NETWORKS]
    for one in mails:
        address = ipaddress.ip_address(one.truth.handover)
        assert any(address in net for net in networks if net.version == address.version), address


def test_nothing_is_left_unspun(mails: list[sample.Delivery]) -> None:
    for one in mails:
        assert not re.search(rb"%[a-z_]+%|\{[^}\n]*\|", one.mail), one.mail


def test_the_picture_is_one(tmp_path: Path) -> None:
    from junkhound.sample.compose import png

    picture = png(Dice("picture"))
    assert picture.startswith(b"\x89PNG")
    import zlib

    start = picture.index(b"IDAT") + 4
    assert len(zlib.decompress(picture[start : picture.index(b"IEND") - 8])) == 57 * 20
