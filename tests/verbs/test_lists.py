"""Deciding, publishing and asking why, on a ledger with real rows."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from junkhound.cli import main
from junkhound.kernel import clock, config
from junkhound.kernel.clock import DAY, HOUR
from junkhound.kernel.errors import NotFound, Refused, UsageError
from junkhound.publish import outputs
from junkhound.tables import Kind, Standing
from junkhound.verbs import deciding, lists, publish, why
from junkhound.verbs.office import Office
from support.sightings import NOON, sighting, unit

AT = NOON + 10 * DAY
BAIT, LURE, BOX = 11, 12, 13  # vantages
SECRETS = ("bait.example.net", "lure.example.org", "box-of-pat", "x7@bait.example.net", "q9@lure.example.org")
NAMES = (
    (BAIT, "vantage", SECRETS[0]),
    (LURE, "vantage", SECRETS[1]),
    (BOX, "vantage", SECRETS[2]),
    (21, "trap", SECRETS[3]),
    (22, "trap", SECRETS[4]),
)
LISTS = {"main": config.List(), "open": config.List(scope="public", text="https://bl.example.org/r/%s")}
TEXT = "203.0.113.7"


def settings(home: Path, **sections: Any) -> config.Config:
    made = dataclasses.replace(
        config.Config(),
        store=config.Store(home=str(home)),
        network=config.NetworkSection(allow_documentation=True),
        lists=LISTS,
    )
    return dataclasses.replace(made, **sections)


Rows = list[dict[str, Any]]


def seen(number: int, address: str, day: int, hour: int, vantage: int = BAIT, trap: int = 21, **other: Any) -> dict:
    row = {"vantage": vantage, "trap": trap, "kind": int(Kind.JUNK), "standing": int(Standing.TRAP), "asn": 64500}
    return sighting(number, address, day=day, hour=hour, segment=7, ordinal=number, prefix=120, **{**row, **other})


ROWS: Rows = [
    seen(1, TEXT, 9, 1),
    seen(2, TEXT, 9, 4, LURE, 22),
    seen(3, TEXT, 9, 20, LURE, 22),
    seen(4, "198.51.100.9", 9, 1),  # one trap domain, two addresses
    seen(5, "198.51.100.9", 9, 12, BAIT, 23),
    seen(6, "192.0.2.200", 9, 3),  # once
    seen(7, "2001:db8:1:2::5", 9, 3),
    seen(8, "2001:db8:1:2::6", 9, 9, LURE, 22),
    seen(9, "198.51.100.77", 9, 1),  # junk and much good mail
    seen(10, "198.51.100.77", 9, 2, LURE, 22),
    *(
        seen(20 + n, "198.51.100.77", 8, n, BOX, 0, kind=int(Kind.GOOD), standing=int(Standing.MAILBOX))
        for n in range(9)
    ),
]


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Office]:
    """An office with these rows in its ledger, at moment ``at``."""

    def office(rows: Rows = ROWS, at: int = AT, names: Any = NAMES, **sections: Any) -> Office:
        made = Office(settings(tmp_path / "home", **sections), at)
        if rows:
            made.ledger.commit([unit(made.ledger.store, 7, rows, known_as=names)])
        return made

    return office


def moved(office: Office, at: int, **sections: Any) -> Office:
    """The same home at another moment, or under other settings."""
    return Office(dataclasses.replace(office.config, **sections), at)


def on(office: Office, name: str) -> list[str]:
    return [str(one.subject) for one in lists.entries(office, name)]


def test_what_is_decided_for_each_scope(make: Callable[..., Office]) -> None:
    office = make()
    lists.decide(office)
    assert on(office, "main") == ["198.51.100.9/32", "203.0.113.7/32", "2001:db8:1:2::/64"]
    assert on(office, "open") == ["203.0.113.7/32", "2001:db8:1:2::/64"]
    assert [one.number for one in lists.entries(office, "open")] == ["JH-2006-000004", "JH-2006-000005"]


def test_the_same_moment_gives_the_same_answer(make: Callable[..., Office]) -> None:
    office = make()
    dry = lists.decide(office, dry_run=True)
    assert on(office, "main") == []
    first = lists.decide(office)
    assert [one.decisions for one in dry] == [one.decisions for one in first]
    assert [one.applied.changed for one in lists.decide(office)] == [0, 0]
    # rows that come later change nothing for that moment
    office.ledger.commit([unit(office.ledger.store, 8, [seen(99, "192.0.2.200", 11, 3, LURE, 22)])])
    assert [one.applied.changed for one in lists.decide(moved(office, AT))] == [0, 0]


def test_a_listing_runs_out_and_its_return_is_held_longer(make: Callable[..., Office]) -> None:
    office = make()
    lists.decide(office, "main")
    later = moved(office, AT + 20 * DAY)
    assert lists.expire(later, "main")["main"] == ["JH-2006-000001", "JH-2006-000002", "JH-2006-000003"]
    assert on(later, "main") == []
    back = [seen(50, TEXT, 30, 1), seen(51, TEXT, 30, 3, LURE, 22)]
    office.ledger.commit([unit(office.ledger.store, 9, back)])
    again = moved(office, NOON + 31 * DAY)
    (done,) = lists.decide(again, "main")
    assert done.applied.relisted == ["JH-2006-000004"]
    one = lists.entries(again, "main")[0]
    assert one.relistings == 1
    assert "listed once before" in why.why(again, TEXT).records[-1].decision.reasons[-1].text


def test_a_trap_is_worth_what_it_is_times_its_weight(make: Callable[..., Office]) -> None:
    typo = config.Trap(domains=("gmial.example.net",), kind="typo", weight=0.5)
    old = config.Trap(addresses=("jane@mail.example.org",), kind="recycled")
    office = make([], traps={"typo": typo, "old": old, "lures": config.Trap(domains=("bait.example.com",))})
    assert sorted(worth for _, worth in deciding.weights_of(office)) == [0.1, 0.8]
    assert deciding.policies(office, "main")[0].weight_of == dict(deciding.weights_of(office))


def test_public_needs_two_vantages_in_all_data(make: Callable[..., Office]) -> None:
    office = make(names=NAMES[:1])
    done = {one.name: one for one in lists.decide(office)}
    assert done["main"].entries == 3
    assert done["open"].refused is not None
    with pytest.raises(Refused, match="fewer than two vantages") as refusal:
        lists.decide(office, "open")
    assert 'scope = "own" in [lists.open]' in (refusal.value.hint or "")
    with pytest.raises(Refused, match="fewer than two vantages"):
        publish.publish(office, "open")


def test_checking_an_address(make: Callable[..., Office]) -> None:
    office = make()
    lists.decide(office)
    assert {one.list for one in lists.check(office, TEXT)} == {"main", "open"}
    assert [one.list for one in lists.check(office, "2001:db8:1:2:ffff::9", "main")] == ["main"]
    with pytest.raises(NotFound, match=r"^198\.51\.100\.9 is not on list 'open'$") as missing:
        lists.check(office, "198.51.100.9", "open")
    assert missing.value.hint == "it has been on 'main' since 2006-05-14; try 'junkhound why 198.51.100.9'"
    with pytest.raises(NotFound, match="no list called 'mian'") as unknown:
        lists.check(office, TEXT, "mian")
    assert unknown.value.hint == "did you mean 'main'?"
    with pytest.raises(UsageError, match="neither an address nor a domain: 'example'"):
        lists.check(office, "example")


def test_a_removal_holds_until_it_sends_again(make: Callable[..., Office]) -> None:
    office = make()
    lists.decide(office)
    gone = lists.remove(office, TEXT, "cleaned", "pat")
    assert {one.list for one in gone} == {"main", "open"}
    lists.decide(office)
    assert TEXT + "/32" not in on(office, "main")
    with pytest.raises(NotFound) as missing:
        lists.check(office, TEXT)
    assert missing.value.hint == "it was on 'open' until 2006-05-14; try 'junkhound why 203.0.113.7'"
    again = [seen(60, TEXT, 11, 1), seen(61, TEXT, 11, 2, LURE, 22)]
    office.ledger.commit([unit(office.ledger.store, 10, again)])
    later = moved(office, AT + DAY + 3 * HOUR)
    lists.decide(later, "main")
    assert TEXT + "/32" in on(later, "main")
    with pytest.raises(UsageError, match="needs its reason"):
        lists.remove(later, TEXT, " ", "pat")


def test_protecting_a_network_takes_it_off_and_out_of_the_files(make: Callable[..., Office]) -> None:
    office = make()
    lists.decide(office)
    guarded = moved(office, AT, network=config.NetworkSection(protect=("203.0.113.0/24",), allow_documentation=True))
    done = {one.name: one for one in publish.publish(guarded)}
    assert [str(entry.network) for entry in done["main"].left_out] == ["203.0.113.7/32"]
    assert "203.0.113.7" not in (office.home / "out/open.txt").read_text()
    (decided,) = lists.decide(guarded, "main")
    assert decided.applied.delisted == ["JH-2006-000002"]
    assert on(guarded, "main") == ["198.51.100.9/32", "2001:db8:1:2::/64"]


def test_why_shows_what_was_stored_and_recompute_what_is(make: Callable[..., Office]) -> None:
    office = make()
    lists.decide(office)
    found = why.why(office, TEXT)
    assert found.listed
    assert [record.listing.list for record in found.records] == ["main", "open"]
    assert [(one.kind, one.messages, one.days) for one in found.activity] == [("junk", 3, 2)]
    stored = found.records[0].decision
    assert found.records[0].pinned == 3
    later = moved(office, AT + 2 * DAY, lists={"main": config.List(bound=0.99)})
    assert why.why(later, TEXT).records[0].decision == stored
    (anew,) = why.recompute(later, TEXT)
    assert not anew.listed
    assert anew.policy != stored.policy
    assert why.why(office, "jh-2006-000002").address == found.address
    row = office.ledger.query().newest(found.address)[0]
    assert why.why(office, row.id.hex()).address == found.address
    with pytest.raises(NotFound, match="JH-2006-999999"):
        why.why(office, "JH-2006-999999")
    with pytest.raises(NotFound, match="no sighting"):
        why.why(office, "0" * 32)


def test_recompute_now_agrees_with_what_was_just_stored(make: Callable[..., Office]) -> None:
    office = make()
    decided = {(d.list, d.subject): d for one in lists.decide(office) for d in one.decisions}
    for text in (TEXT, "198.51.100.9", "2001:db8:1:2::99", "198.51.100.77"):
        for anew in why.recompute(office, text):
            assert anew == decided.get((anew.list, anew.subject), anew)
            assert (anew.list, anew.subject) in decided or not anew.listed


def test_an_address_nobody_saw(make: Callable[..., Office]) -> None:
    office = make()
    found = why.why(office, "192.0.2.1")
    assert (found.listed, found.records, found.activity) == (False, [], [])
    assert [d.outcome.value for d in why.recompute(office, "192.0.2.1")] == ["pass", "pass"]


def test_nothing_published_tells_where_the_traps_are(make: Callable[..., Office]) -> None:
    """Trap addresses, trap domains, mailbox names, their numbers, counts and instants stay at home."""
    relay = "198.51.100.250"
    rows = [{**row, "trap": 987654321 if row["trap"] == 21 else row["trap"]} for row in ROWS]
    traps = {"secret-trap": config.Trap(domains=SECRETS[:2], relays=(relay,))}
    network = config.NetworkSection(own=("198.51.100.251", "mx.trap.example"), allow_documentation=True)
    office = make(rows, traps=traps, network=network)
    lists.decide(office)
    publish.publish(office, "open", outputs.names())
    written = [path for path in (office.home / "out").rglob("*") if path.is_file()]
    # A signature or key is random to the eye: two letters of a planted name may stand in it by chance.
    written = [path for path in written if path.suffix != ".minisig" and path.name != "minisign.pub"]
    texts = {path.name: path.read_bytes().decode("latin-1") for path in written}
    forms = ("cidr", "csv", "ip4set", "ip6trie", "json", "nft", "rpz", "served", "txt", "zone")
    assert {f"open.{form}" for form in forms} <= set(texts)
    texts["why"] = json.dumps([record.published for record in why.why(office, TEXT).records])
    planted = [*SECRETS, "secret-trap", relay, "198.51.100.251", "mx.trap.example", "987654321", "x7", "q9"]
    planted += [text for secret in SECRETS for text in (secret.encode().hex(), secret.upper())]
    for name, text in texts.items():
        for secret in planted:
            assert secret not in text, (name, secret)
        instants = {clock.text(row["seen_at"])[:13] for row in ROWS} | {str(row["seen_at"] // HOUR) for row in ROWS}
        # Forms that have no days write the day's midnight, which says no hour.
        assert not [instant for instant in instants if instant in text and not instant.endswith("T00")], name
    (entry, _) = json.loads(texts["open.json"])["entries"]
    assert entry == {
        "network": "203.0.113.7/32", "number": "JH-2006-000004", "class": "direct spam source",
        "messages": "under 10", "since": "2006-05-14", "last_seen": "2006-05-14", "expires": entry["expires"],
        "codes": ["127.0.0.2"],
    }  # fmt: skip


def test_a_growing_list_is_held_back_and_the_last_edition_stands(make: Callable[..., Office]) -> None:
    office = make(lists={"main": config.List(max_growth=0.5)})
    lists.decide(office)
    publish.publish(office)
    flood = [
        seen(1000 + 2 * n + k, f"198.18.{n // 250}.{n % 250}".replace("198.18.", "45.0."), 10, 1 + k, (BAIT, LURE)[k])
        for n in range(1100)
        for k in range(2)
    ]
    office.ledger.commit([unit(office.ledger.store, 11, flood)])
    later = moved(office, AT + 4 * HOUR)
    lists.decide(later)
    before = (office.home / "out/main.txt").read_bytes()
    with pytest.raises(Refused, match="would grow from 3 to 1,10"):
        publish.publish(later)
    assert (office.home / "out/main.txt").read_bytes() == before
    assert len(lists.diff(later)[0].added) >= 1100
    (done,) = publish.publish(later, accept_growth=True)
    assert done.edition is not None
    assert len(done.edition.entries) > 1100
    assert lists.diff(later)[0].added == []


def test_stale_and_undecided_lists_do_not_leave(make: Callable[..., Office]) -> None:
    office = make()
    with pytest.raises(Refused, match="never been decided"):
        publish.publish(office, "main")
    lists.decide(office)
    with pytest.raises(Refused, match="stale: it was decided at 2006-05-14"):
        publish.publish(moved(office, AT + 3 * DAY), "main")
    publish.publish(moved(office, AT + DAY), "main")
    with pytest.raises(Refused, match="which is later"):
        publish.publish(office, "main")


def test_equal_moments_give_equal_files(make: Callable[..., Office], tmp_path: Path) -> None:
    office = make()
    lists.decide(office)
    publish.publish(office, folder=tmp_path / "a")
    publish.publish(office, folder=tmp_path / "b")
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    # Seven and an index for each of two lists, their signatures, the key, and the records of the public one.
    assert len(files) == 34
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in files)


def test_policies_say_which_names_guard_nothing(make: Callable[..., Office]) -> None:
    office = make([], network=config.NetworkSection(own=("mx.example.org", "192.0.2.1")))
    (_, rules, names), *_ = lists.explain(office)
    assert names == ["mx.example.org"]
    assert any("never listed" in rule for rule in rules)
    assert deciding.policies(office)[0].protected.why(lists.read_subject("192.0.2.1")) is not None


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(list(words))
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


def test_the_commands(make: Callable[..., Office], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make().ledger.close()
    file = tmp_path / "junkhound.toml"
    file.write_text('[network]\nallow_documentation = true\n[lists.main]\n[lists.open]\nscope = "public"\n')
    base = ("--config", str(file), "--home", str(tmp_path / "home"))
    at = ("--at", clock.text(AT))
    code, out, _ = run(capsys, *base, "lists", "decide", *at)
    assert code == 0
    assert out.splitlines()[0].startswith("main: 3 on the list as of 2006-05-14T12:00:00Z (4 addresses looked at)")
    code, out, _ = run(capsys, *base, "lists", "show", "main", *at)
    assert "JH-2006-000001" in out
    assert out.splitlines()[-1] == "3 on list 'main', 2006-05-14T12:00:00Z"
    code, out, _ = run(capsys, *base, "lists", "show", *at, "--json")
    assert [one["entries"] for one in json.loads(out)] == [3, 2]
    code, out, err = run(capsys, *base, "lists", "check", "192.0.2.200", *at)
    assert (code, out) == (66, "")
    assert err == "junkhound: error: 192.0.2.200 is not on any list\n"
    code, out, _ = run(capsys, *base, "publish", *at, "--form", "plain")
    assert code == 0
    assert "main: 3 entries as of 2006-05-14T12:00:00Z, good until 2006-05-16T12:00:00Z" in out
    code, out, _ = run(capsys, *base, "why", TEXT, *at)
    assert out.startswith("203.0.113.7: listed, as of 2006-05-14T12:00:00Z\n")
    assert "2 independent witnesses under scope 'public'" in out
    assert "published: IP 203.0.113.7 is listed (JH-2006-000002, direct spam source, under 10 messages" in out
    code, out, _ = run(capsys, *base, "why", "192.0.2.200", *at, "--recompute")
    assert "would not be listed" in out
    code, out, _ = run(capsys, *base, "why", TEXT, *at, "--json")
    assert json.loads(out)["listings"][0]["stored_decision"]["reasons"][0]["code"] == "seen"
    code, out, _ = run(capsys, *base, "lists", "remove", TEXT, "--reason", "cleaned", "--by", "pat", *at)
    assert (code, len(out.splitlines())) == (0, 2)
    code, out, _ = run(capsys, *base, "lists", "diff", *at)
    assert "- 203.0.113.7/32  JH-2006-000002, removed" in out
    code, out, _ = run(capsys, *base, "lists", "policy", "main")
    assert "scope own" in out
    code, out, _ = run(capsys, *base, "lists", "expire", "--at", clock.text(AT + 60 * DAY), "--json")
    assert len(json.loads(out)["main"]) == 2
    code, out, err = run(capsys, *base, "lists", "check", TEXT, "--list", "mian", "--json")
    assert json.loads(out)["error"]["hint"] == "did you mean 'main'?"
