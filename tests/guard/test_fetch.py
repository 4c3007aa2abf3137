"""Enrolled guards fetch a hub's packs over TLS: the newest, or the difference; nothing stale, changed or unsigned."""

from __future__ import annotations

import dataclasses
import http.client
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from junkhound import guard
from junkhound.kernel import clock, config
from junkhound.kernel.errors import ConfigError, NotFound, Refused, TamperError, Temporary
from junkhound.service import keeping
from junkhound.service.notes import Notes
from junkhound.verbs import guard_pack, partners, signing
from junkhound.verbs.office import Office
from junkhound.wire import minisign
from support import guards
from support.listener import Line, listening

NOW = clock.parse("2026-01-01T10:00:00Z")


def hub_of(folder: Path) -> Office:
    settings = config.Config(store=config.Store(home=str(folder)), engine=config.Engine(name="inline", isolate=False))
    return Office(settings, NOW)


@pytest.fixture
def hub(tmp_path: Path) -> Office:
    return hub_of(tmp_path / "hub")


@pytest.fixture
def listener(hub: Office) -> Iterator[tuple[str, str]]:
    with listening(hub) as found:
        yield found


def person(tmp_path: Path, hub: Office, at: tuple[str, str], token: str, now: int = NOW) -> Office:
    """Somebody elsewhere who was given a token and the hub's key."""
    (tmp_path / "token").write_text(token)
    key = minisign.public_text(signing.public_key(hub)).split("\n")[1]
    said = config.Guard(hub=at[0], ca=at[1], key=key, token_file=str(tmp_path / "token"), timeout_s=10)
    return Office(config.Config(store=config.Store(home=str(tmp_path / "person")), guard=said), now)


def made(hub: Office, at: int = NOW) -> int:
    return guard_pack.write_pack(Office(hub.config, at)).sequence


def raw(at: tuple[str, str], token: str, path: str, **headers: str) -> tuple[int, http.client.HTTPMessage, bytes]:
    parts = urlsplit(at[0])
    context = ssl.create_default_context(cafile=at[1])
    link = http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=20, context=context)
    try:
        link.request("GET", path, headers={"Authorization": f"Bearer {token}", **headers})
        answer = link.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        link.close()


def test_a_guard_is_given_the_newest_and_then_differences(
    tmp_path: Path, hub: Office, listener: tuple[str, str]
) -> None:
    token = partners.enroll(hub, "mx1", ["guard"], "amber").token
    me = person(tmp_path, hub, listener, token)
    with pytest.raises(Refused, match="no pack was made here yet"):
        guard_pack.fetch(me)
    made(hub)
    first = guard_pack.fetch(me)
    assert (first.sequence, first.new) == (1, True)
    assert guard_pack.fetch(me).new is False
    for number in range(2, 4):
        made(hub, NOW + number * clock.HOUR)
    status, headers, delta = raw(listener, token, "/guard/v1/pack?since=1")
    assert (status, headers["junkhound-pack"]) == (200, "1-3.delta")
    third = guard_pack.fetch(person(tmp_path, hub, listener, token, NOW + 4 * clock.HOUR))
    assert (third.sequence, third.delta_size) == (3, len(delta))
    assert raw(listener, token, "/guard/v1/pack", **{"If-None-Match": headers["etag"]})[0] == 304
    for number in range(4, 9):  # away for longer than differences are kept
        made(hub, NOW + number * clock.HOUR)
    kept = sorted(path.name for path in (hub.home / "guard" / "editions").glob("*[ka]"))
    assert kept == ["5-8.delta", "5.pack", "6-8.delta", "6.pack", "7-8.delta", "7.pack", "8.pack"]
    assert guard_pack.fetch(person(tmp_path, hub, listener, token, NOW + 9 * clock.HOUR)).sequence == 8


def test_only_enrolled_guards_are_answered(tmp_path: Path, hub: Office, listener: tuple[str, str]) -> None:
    made(hub)
    other = partners.enroll(hub, "north", ["taxii", "sensor"], "amber").token
    for token, words in (("jhp_wrong", "does not know our token"), (other, "may not fetch packs")):
        with pytest.raises(Refused, match=words):
            guard_pack.fetch(person(tmp_path, hub, listener, token))
    token = partners.enroll(hub, "mx1", ["guard"], "amber").token
    assert raw(listener, token, "/taxii2/")[0] == 403
    partners.revoke(hub, "mx1")
    with pytest.raises(Refused, match="does not know our token"):
        guard_pack.fetch(person(tmp_path, hub, listener, token))
    assert not (tmp_path / "person" / "guard" / "own.pack").exists()


def test_a_stale_changed_unsigned_or_foreign_pack_is_refused_and_the_old_one_stays(
    tmp_path: Path, hub: Office, listener: tuple[str, str]
) -> None:
    token = partners.enroll(hub, "mx1", ["guard"], "amber").token
    me = person(tmp_path, hub, listener, token)
    made(hub)
    guard_pack.fetch(me)
    before = (me.home / "guard" / "own.pack").read_bytes()
    made(hub, NOW + clock.HOUR)
    editions = hub.home / "guard" / "editions"
    whole, delta = editions / "2.pack", editions / "1-2.delta"
    kept = {path: path.read_bytes() for path in editions.iterdir()}
    delta.write_bytes(kept[delta][:-9] + b"x" * 9)  # changed on the way
    with pytest.raises(TamperError):
        guard_pack.fetch(me)
    delta.write_bytes(kept[delta])
    signature = delta.with_name(delta.name + ".minisig")
    signature.write_bytes(kept[whole.with_name(whole.name + ".minisig")])  # another file's signature
    with pytest.raises(TamperError):
        guard_pack.fetch(me)
    signature.unlink()
    with pytest.raises(NotFound):
        guard_pack.fetch(me)
    signature.write_bytes(kept[signature])
    with pytest.raises(Refused, match="is 200 hours old"):  # signed, and passed off as the newest for ever
        guard_pack.fetch(person(tmp_path, hub, listener, token, NOW + 201 * clock.HOUR))
    with pytest.raises(Refused, match="a moment that has not come"):
        guard_pack.fetch(person(tmp_path, hub, listener, token, NOW - clock.DAY))
    stranger = hub_of(tmp_path / "stranger")
    theirs = minisign.public_text(signing.public_key(stranger)).split("\n")[1]
    with pytest.raises(TamperError):
        guard_pack.fetch(me, key=theirs)
    assert (me.home / "guard" / "own.pack").read_bytes() == before
    assert guard_pack.fetch(person(tmp_path, hub, listener, token, NOW + 2 * clock.HOUR)).sequence == 2
    for path in {*editions.glob("*2.*"), *editions.glob("1-2*")}:  # a hub that was put back to yesterday
        path.unlink()
    with pytest.raises(Refused, match="gives pack 1, and 2 is here"):
        guard_pack.fetch(person(tmp_path, hub, listener, token, NOW + 2 * clock.HOUR))


def test_a_hub_that_began_anew_is_taken_whole(tmp_path: Path, hub: Office, listener: tuple[str, str]) -> None:
    token = partners.enroll(hub, "mx1", ["guard"], "amber").token
    me = person(tmp_path, hub, listener, token)
    made(hub)
    other = guards.book(made_at=NOW - clock.HOUR)  # as another hub's of the same number
    (me.home / "guard").mkdir(parents=True)
    (me.home / "guard" / "own.pack").write_bytes(guard.pack.write(other))
    assert guard_pack.fetch(me).sequence == 1
    assert guard.pack.read((me.home / "guard" / "own.pack").read_bytes()).head.made_at == NOW


def test_a_line_that_breaks_leaves_the_old_pack(tmp_path: Path, hub: Office) -> None:
    token = partners.enroll(hub, "mx1", ["guard"], "amber").token
    made(hub)
    with listening(hub, tls=False) as (url, _):
        line = Line(urlsplit(url).port or 0, down=400)
        me = person(tmp_path, hub, (f"http://127.0.0.1:{line.port}", ""), token)
        with pytest.raises(Temporary):
            guard_pack.fetch(me)
        assert not (me.home / "guard" / "own.pack").exists()
        assert guard_pack.fetch(me).sequence == 1
        line.close()


def test_an_address_a_token_and_a_key_are_needed(tmp_path: Path) -> None:
    nowhere = Office(config.Config(store=config.Store(home=str(tmp_path))), NOW)
    for words, about in (("no hub is named", {}), ("signature only", {"hub": "https://hub.example.org"}),
                         ("is no https address", {"hub": "http://hub.example.org", "key": "RWx"}),
                         ("has no token", {"hub": "https://hub.example.org", "key": "RWx"})):  # fmt: skip
        settings = dataclasses.replace(nowhere.config, guard=config.Guard(**about))
        with pytest.raises(ConfigError, match=words):
            guard_pack.fetch(Office(settings, NOW))


def test_serve_makes_packs_as_often_as_the_settings_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "LOOK_S", 0.05)
    hub = hub_of(tmp_path / "hub")
    hub.config = dataclasses.replace(hub.config, guard=config.Guard(pack_every_h=0.05 / 3600))
    stop = threading.Event()
    janitor = threading.Thread(target=keeping.run, args=(hub, stop, Notes(tmp_path, "janitor")))
    janitor.start()
    try:
        end = time.monotonic() + 60
        while not (hub.home / "guard" / "editions" / "2.pack").exists():
            assert time.monotonic() < end
            time.sleep(0.05)
    finally:
        stop.set()
        janitor.join(30)
