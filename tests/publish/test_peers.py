"""The programs for which the forms are made load them, and agree with the list on what is listed and what is not."""

from __future__ import annotations

import os
import re
import smtplib
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from junkhound.kernel import clock, net
from junkhound.publish import Edition, outputs
from support.dns import NXDOMAIN, TXT, A, ask, reversed_name
from support.editions import entry, make, name_entry
from support.peers import free_port, need
from support.postfix import folder, log, postfix, until
from support.servers import server
from support.snippets import snippet

pytestmark = pytest.mark.peer

LISTED = ("203.0.113.6", "203.0.113.7", "198.51.100.0", "198.51.100.8", "198.51.100.10", "198.51.100.15")
UNLISTED = ("203.0.113.5", "203.0.113.8", "198.51.100.9", "198.51.100.16", "192.0.2.1", "198.51.99.255")
LISTED6 = ("2001:db8:1:2::", "2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::8")
UNLISTED6 = ("2001:db8:1:1:ffff:ffff:ffff:ffff", "2001:db8:1:3::", "2001:db8:1:2::7")
NAMED = ("shop.example", "www.shop.example", "a.b.shop.example", "a.shop.example", "x.a.shop.example")
ALONE = "cdn.pills.example"
UNNAMED = ("pills.example", "x.cdn.pills.example", "shopx.example", "xshop.example", "cdn.a.shop.example",
           "y.cdn.a.shop.example")  # fmt: skip


def edition(**other) -> Edition:
    """Neighbours, a network with a hole, a /64 with a hole, a domain with a spared one below it, and a single host."""
    holes = tuple(n for words in ("198.51.100.9", "2001:db8:1:2::7") if (n := net.parse_network(words)))
    return make(
        entry("203.0.113.6", 1), entry("203.0.113.7", 2), entry("198.51.100.0/28", 3), entry("2001:db8:1:2::/64", 4),
        name_entry("shop.example", 5),
        name_entry(ALONE, 6, below=False, listing_class="advertised host"),
        exclusions=holes, name_exclusions=("cdn.a.shop.example",), url="https://bl.example.org/r/%s?a=$1&b",
        at=clock.SystemClock().now() - clock.SECOND, **other,
    )  # fmt: skip


def put(place: Path, *forms: str, **other) -> Path:
    """The edition's files in these forms."""
    for form in forms:
        for ending, content in outputs.get(form)(edition(**other)).items():
            (place / f"main.{ending}").write_bytes(content)
    return place


def run(*command: str, stdin: str | None = None, codes: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=120)
    assert done.returncode in codes, (command, done.returncode, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout + done.stderr


def apart() -> list[str]:
    """A network namespace of its own, so that no packet filter of this machine is touched."""
    command = [need("unshare"), "-n"]
    if subprocess.run([*command, "true"], capture_output=True).returncode:
        command = [*command, "-r"]  # without root: as root of a user namespace
    if subprocess.run([*command, "true"], capture_output=True).returncode:
        words = "no network namespace can be made here, and the machine's own packet filter is not touched"
        pytest.fail(words) if os.environ.get("JUNKHOUND_REQUIRE_PEERS") else pytest.skip(words)
    return command


def test_nftables_checks_loads_and_reloads_the_sets(tmp_path: Path) -> None:
    nft, alone = need("nft"), apart()
    path = put(tmp_path, "nftables") / "main.nft"
    run(*alone, nft, "-c", "-f", str(path))
    probe = "".join(
        f"{nft} get element inet junkhound main-{6 if ':' in a else 4} '{{ {a} }}' >/dev/null 2>&1 && echo {a}\n"
        for a in (*LISTED, *UNLISTED, *LISTED6, *UNLISTED6)
    )
    rules = tmp_path / "rules.nft"
    rules.write_text(snippet("nftables", 1))
    load = snippet("nftables", 0, tmp_path).replace("nft -f", f"{nft} -f").strip()
    # the sets are filled again under rules that use them
    said = run(*alone, "sh", "-c", f"{load} && {nft} -f {rules} && {load} || exit 9\n{probe}exit 0")
    assert said.split() == [*LISTED, *LISTED6]


@pytest.mark.parametrize("name", ["9-lives", "0", "a" * 63])
def test_packet_filters_take_any_name_and_an_empty_list(tmp_path: Path, name: str) -> None:
    nft, ipset, alone = need("nft"), need("ipset"), apart()
    programs = (
        (f"{nft} -f", "nftables", "nft", f"{nft} list ruleset"),
        (f"{ipset} restore -f", "ipset", "ipset", f"{ipset} list -n"),
    )
    for program, form, ending, shown in programs:
        for content in (make(name=name), make(entry("203.0.113.7"), name=name)):
            path = tmp_path / ending
            path.write_bytes(outputs.get(form)(content)[ending])
            assert name[:18] in run(*alone, "sh", "-c", f"{program} {path} && {shown}")


def test_ipset_restores_and_exchanges_the_sets(tmp_path: Path) -> None:
    ipset, alone = need("ipset"), apart()
    load = snippet("ipset", 0, put(tmp_path, "ipset")).replace("ipset restore", f"{ipset} restore", 1).strip()
    probe = "".join(
        f"{ipset} -q test main-{6 if ':' in a else 4} {a} && echo {a}\n"
        for a in (*LISTED, *UNLISTED, *LISTED6, *UNLISTED6)
    )
    said = run(*alone, "sh", "-c", f"{load} && {load} || exit 9\n{probe}exit 0")
    assert [line for line in said.splitlines() if not line.startswith("Warning")] == [*LISTED, *LISTED6]


def test_bind_serves_the_zone_file_and_answers_as_the_list_says(tmp_path: Path) -> None:
    origin = "main.bl.example.org"
    put(tmp_path, "bind")
    checked = run(need("named-checkzone"), "-i", "local", origin, str(tmp_path / "main.zone"))
    assert checked.endswith("OK\n")
    port = free_port()
    config = named(tmp_path, port, snippet("BIND", 0, tmp_path))
    run(need("named-checkconf"), str(config))
    addresses = {words: net.parse(words) for words in (*LISTED, *UNLISTED, *LISTED6, *UNLISTED6)}
    with serving(tmp_path, [need("named"), "-g", "-c", str(config), "-n", "1"], port, f"test.{origin}"):
        answers = ask(port, [(reversed_name(a, origin), A) for a in addresses.values() if a], wait_s=3)
        listed = [words for words, answer in zip(addresses, answers, strict=True) if answer.records == ("127.0.0.2",)]
        assert listed == [*LISTED, *LISTED6]
        names = ask(port, [(f"{name}.{origin}", A) for name in (*NAMED, ALONE, *UNNAMED)], wait_s=3)
        assert [bool(answer.records) for answer in names] == [True] * 6 + [False] * len(UNNAMED)
        said = ask(port, [(f"7.113.0.203.{origin}", TXT), (f"2.0.0.127.{origin}", TXT), (f"1.0.0.127.{origin}", A)])
    assert said[0].records[0].startswith("IP 203.0.113.7 is listed (JH-2026-000002, direct spam source")
    assert said[0].records[0].endswith("https://bl.example.org/r/JH-2026-000002?a=$1&b")
    assert said[1].records == ("test entry, RFC 5782 section 5",)
    assert said[2].code == NXDOMAIN


def named(place: Path, port: int, zones: str, policy: str = "") -> Path:
    """A configuration of BIND on 127.0.0.1 only, with its own root of one name server."""
    config = place / "named.conf"
    config.write_text(f"""
options {{ directory "{place}"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; pid-file none;
  session-keyfile none; recursion yes; allow-query {{ any; }}; dnssec-validation no; empty-zones-enable no; {policy} }};
controls {{ }};
zone "." {{ type primary; file "root.zone"; }};
{zones}
""")
    (place / "root.zone").write_text("""@ 60 IN SOA ns. h. 1 60 60 60 60
@ 60 IN NS ns.
ns. 60 IN A 192.0.2.53
fine.example. 60 IN A 192.0.2.81
cdn.a.shop.example. 60 IN A 192.0.2.80
x.cdn.pills.example. 60 IN A 192.0.2.82
cdn.pills.example. 60 IN A 192.0.2.82
www.shop.example. 60 IN A 192.0.2.83
to-bad.example. 60 IN A 198.51.100.8
to-hole.example. 60 IN A 198.51.100.9
""")
    return config


def serving(place: Path, command: list[str], port: int, asked: str, before: str = ""):
    """A server that answers for ``asked``, and no longer says ``before``: a policy comes a moment after a zone."""

    def ready() -> bool:
        (answer,) = ask(port, [(asked, A)], wait_s=1, tries=1)
        return answer.code in (0, NXDOMAIN) and before not in answer.records

    return server(command, port, place / "log", ready)


REFUSED_NAMES = ("shop.example", "www.shop.example", "cdn.pills.example", "to-bad.example")
ANSWERED_NAMES = {"fine.example": "192.0.2.81", "cdn.a.shop.example": "192.0.2.80", "x.cdn.pills.example": "192.0.2.82",
                  "to-hole.example": "198.51.100.9"}  # fmt: skip


def rewritten(port: int, walled: str | None = None) -> None:
    answers = ask(port, [(name, A) for name in REFUSED_NAMES], wait_s=3)
    if walled is None:
        assert [answer.code for answer in answers] == [NXDOMAIN] * len(REFUSED_NAMES)
    else:
        assert [answer.records for answer in answers] == [(walled,)] * len(REFUSED_NAMES)
    kept = ask(port, [(name, A) for name in ANSWERED_NAMES], wait_s=3)
    assert [answer.records for answer in kept] == [(address,) for address in ANSWERED_NAMES.values()]


@pytest.mark.parametrize("action", ["nxdomain", "fine.example"])
def test_bind_applies_the_policy_file(tmp_path: Path, action: str) -> None:
    put(tmp_path, "rpz", rpz_action=action)
    port = free_port()
    assert run(need("named-checkzone"), "-i", "local", "main.rpz", str(tmp_path / "main.rpz")).endswith("OK\n")
    config = named(tmp_path, port, snippet("BIND", 2, tmp_path), snippet("BIND", 1))
    run(need("named-checkconf"), str(config))
    with serving(tmp_path, [need("named"), "-g", "-c", str(config), "-n", "1"], port, "to-bad.example", "198.51.100.8"):
        rewritten(port, None if action == "nxdomain" else "192.0.2.81")


UNBOUND = """
server:
  interface: 127.0.0.1@{port}
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "{place}"
  pidfile: ""
  use-syslog: no
  do-ip6: no
  module-config: "respip iterator"
  {more}
remote-control:
  control-enable: no
auth-zone:
  name: "."
  zonefile: "{place}/root.zone"
  for-upstream: yes
  for-downstream: no
"""


def test_unbound_applies_the_policy_file(tmp_path: Path) -> None:
    put(tmp_path, "rpz")
    port = free_port()
    named(tmp_path, port, "")  # for its root zone
    config = tmp_path / "unbound.conf"
    config.write_text(UNBOUND.format(port=port, place=tmp_path, more="") + snippet("Unbound", 0, tmp_path))
    run(need("unbound-checkconf"), str(config))
    with serving(tmp_path, [need("unbound"), "-d", "-c", str(config)], port, "to-bad.example", "198.51.100.8"):
        rewritten(port)


def test_unbound_takes_the_local_zones_and_the_addresses(tmp_path: Path) -> None:
    put(tmp_path, "unbound")
    port = free_port()
    named(tmp_path, port, "")
    config = tmp_path / "unbound.conf"
    more = snippet("Unbound", 1, tmp_path).replace("\n", "\n  ")
    config.write_text(UNBOUND.format(port=port, place=tmp_path, more=more))
    run(need("unbound-checkconf"), str(config))
    with serving(tmp_path, [need("unbound"), "-d", "-c", str(config)], port, "to-bad.example", "198.51.100.8"):
        answers = ask(port, [(name, A) for name in REFUSED_NAMES], wait_s=3)
        # A host listed without the names below it exists, and has no address.
        assert [(a.code, a.records) for a in answers] == [(3, ()), (3, ()), (0, ()), (3, ())]
        kept = ask(port, [(name, A) for name in ANSWERED_NAMES], wait_s=3)
        assert [answer.records for answer in kept] == [(address,) for address in ANSWERED_NAMES.values()]


def test_postmap_finds_what_is_listed_and_nothing_else(tmp_path: Path) -> None:
    postmap = need("postmap")
    put(tmp_path, "postfix")
    asked = "".join(f"{words}\n" for words in (*LISTED, *UNLISTED, *LISTED6, *UNLISTED6))
    found = run(postmap, "-q", "-", f"cidr:{tmp_path}/main.access", stdin=asked)
    rows = [line.split("\t", 1) for line in found.splitlines()]
    assert [row[0] for row in rows] == [*LISTED, *LISTED6]
    assert all(row[1].startswith("REJECT 5.7.1 IP ") and "is listed (JH-2026-" in row[1] for row in rows)
    found = run(postmap, "-q", "-", f"cidr:{tmp_path}/main.postscreen", stdin=asked)
    assert found.splitlines() == [f"{words}\treject" for words in (*LISTED, *LISTED6)]


def test_postfix_refuses_by_the_access_maps(tmp_path: Path) -> None:
    need("postfix")
    if os.geteuid() != 0:
        pytest.skip("Postfix starts as root only")
    with folder() as root:
        place = root / "maps"
        place.mkdir()
        place.chmod(0o755)
        put(place, "postfix")
        main = f"""
virtual_mailbox_domains = example.net
virtual_transport = discard
smtpd_peername_lookup = no
{snippet("Postfix", 0, place)}"""
        with postfix(root, main) as port:
            said = offer(port, "203.0.113.7", "a@fine.example")
            assert said.startswith("554 5.7.1 ")
            assert "IP 203.0.113.7 is listed (JH-2026-000002" in said
            said = offer(port, "203.0.113.8", "a@www.shop.example")
            assert said.startswith("554 5.7.1 ")
            assert "Domain shop.example is listed (JH-2026-000005" in said
            for client, sender in (("203.0.113.8", "fine.example"), ("198.51.100.9", "y.cdn.a.shop.example"),
                                   ("192.0.2.1", "cdn.pills.example")):  # fmt: skip
                assert offer(port, client, f"a@{sender}") == ""
            until(lambda: log(root).count("status=sent") == 3, "the deliveries", root)


def offer(port: int, client: str, sender: str) -> str:
    """What this client is told, by the XCLIENT that our Postfix takes from 127.0.0.1."""
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as session:
        session.ehlo()
        assert session.docmd("XCLIENT", f"ADDR={client} NAME=[UNAVAILABLE]")[0] == 220
        try:
            session.sendmail(sender, ["x@example.net"], "Subject: s\r\n\r\nhello\r\n")
        except smtplib.SMTPRecipientsRefused as refused:
            code, words = refused.recipients["x@example.net"]
            return f"{code} {words.decode()}"
    return ""


@pytest.fixture
def anybodys() -> Iterator[Path]:
    """A folder that a program without root's rights may enter."""
    with tempfile.TemporaryDirectory(prefix="junkhound-lists-") as made:
        os.chmod(made, 0o755)
        yield Path(made)


def test_exim_looks_up_and_refuses_what_is_listed_and_nothing_else(anybodys: Path) -> None:
    exim, tmp_path = need("exim4"), anybodys
    put(tmp_path, "exim")
    asked = [f"${{lookup{{{a}}}iplsearch{{{tmp_path}/main.iplsearch}}{{found:$value}}{{no}}}}"
             for a in (*LISTED, *UNLISTED, *LISTED6, *UNLISTED6)]  # fmt: skip
    asked += [f"${{lookup{{{name}}}partial2-lsearch{{{tmp_path}/main.lsearch}}{{found:$value}}{{no}}}}"
              for name in (*NAMED, ALONE, *UNNAMED)]  # fmt: skip
    config = tmp_path / "exim.conf"
    config.write_text("")
    config.chmod(0o644)
    said = run(exim, "-C", str(config), "-be", stdin="\n".join(asked) + "\n").replace("> ", "").splitlines()
    found = [line.startswith("found:IP ") for line in said[:18]]
    assert found == [True] * 6 + [False] * 6 + [True] * 3 + [False] * 3
    names = [line.removeprefix("found:") for line in said[18 : 18 + 12]]
    assert [words.partition(" ")[0] for words in names[:6]] == ["Domain"] * 5 + ["Host"]
    assert set(names[6:]) <= {"", "no"}  # what is spared is found, and nothing is said of it
    acl = f"acl_smtp_rcpt = check\nbegin acl\ncheck:\n{snippet('Exim', 0, tmp_path)}accept\n"
    config.write_text(acl)
    for client, sender, told in (
        ("203.0.113.7", "fine.example", "IP 203.0.113.7 is listed (JH-2026-000002"),
        ("192.0.2.1", "www.shop.example", "Domain shop.example is listed (JH-2026-000005"),
        ("198.51.100.9", "cdn.a.shop.example", ""),
    ):
        talk = f"HELO x\r\nMAIL FROM:<a@{sender}>\r\nRCPT TO:<b@example.net>\r\nQUIT\r\n"
        said_to = run(exim, "-C", str(config), "-bh", client, stdin=talk, codes=(0, 1))
        assert (f"550-{told}" if told else "250 Accepted") in said_to


def test_rspamd_takes_the_maps(tmp_path: Path) -> None:
    rspamadm = need("rspamadm")
    put(tmp_path, "rspamd")
    config = tmp_path / "rspamd.conf"
    config.write_text(f"multimap {{\n{snippet('rspamd', 0, tmp_path)}}}\n")
    assert "syntax OK" in run(rspamadm, "configtest", "-c", str(config))


MAIL = """Received: from bad (bad.example [{client}]) by mx.example.net (Postfix) with ESMTP id 4ABCDEF;
 Mon, 5 Jan 2026 10:00:00 +0000
From: a@fine.example
To: c@example.net
Subject: hello
Date: Mon, 5 Jan 2026 10:00:00 +0000
Message-ID: <x@fine.example>

see http://{host}/x
"""


def test_spamassassin_lints_the_rules_and_scores_by_them(tmp_path: Path) -> None:
    program = need("spamassassin")
    place = put(tmp_path, "spamassassin")
    (place / "main.dnscf").rename(tmp_path / "aside")
    (place / "rules.pre").write_text("".join(
        f"loadplugin Mail::SpamAssassin::Plugin::{name}\n" for name in ("Check", "WLBLEval", "DNSEval", "URIDNSBL")
    ))  # fmt: skip
    (place / "local.cf").write_text(
        "util_rb_tld example\nadd_header all Status tests=_TESTS_\n" + snippet("SpamAssassin")
    )
    common = ["-L", f"--configpath={place}", f"--siteconfigpath={place}", "-p", "/dev/null"]
    assert "warn" not in run(program, "--lint", *common).replace("no tlds defined", "")

    def tests(client: str, host: str) -> set[str]:
        said = run(program, *common, stdin=MAIL.format(client=client, host=host))
        return set(re.findall(r"\bJH_MAIN\w*", said))

    assert tests("203.0.113.7", "fine.example") == {"JH_MAIN"}
    assert tests("198.51.100.15", "www.shop.example") == {"JH_MAIN", "JH_MAIN_URI"}
    assert tests("198.51.100.9", "cdn.a.shop.example") == set()
    (place / "main.cf").unlink()
    (tmp_path / "aside").rename(place / "asking.cf")
    assert "warn" not in run(program, "--lint", *common[1:]).replace("no tlds defined", "")


def test_squid_parses_the_lists(tmp_path: Path) -> None:
    squid = need("squid")
    put(tmp_path, "squid")
    config = tmp_path / "squid.conf"
    config.write_text(f"""
{snippet("Squid", 0, tmp_path)}http_port 127.0.0.1:{free_port()}
pid_filename none
""")
    said = run(squid, "-k", "parse", "-f", str(config))
    assert not re.search(r"(?i)warning|error|fatal|bungled", said), said
