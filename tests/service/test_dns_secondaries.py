"""Real name servers take our zones: BIND with a key, Unbound by its address; both refuse what the policy holds."""

from __future__ import annotations

import base64
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from junkhound.kernel import clock, net
from junkhound.service.dns import Clients, Zone
from junkhound.service.dns.transfer import Peer, Peers
from junkhound.service.dns.zone import Style
from junkhound.wire import tsig
from support.dns import A, Answer, ask, reversed_name
from support.editions import entry, make, name_entry
from support.peers import free_port, need
from support.servers import server
from support.zones import put, running

pytestmark = pytest.mark.peer

SECRET = base64.b64encode(bytes(range(32))).decode()
ORIGIN, POLICY = "main.bl.example.org", "main.rpz.bl.example.org"
ENTRIES = (
    entry("203.0.113.7"),
    entry("198.51.100.0/24", 2),
    entry("2001:db8:1:2::/64", 3),
    name_entry("pills.example", 4),
    name_entry("host.shared.example", 5, below=False),
)
ABOUT = {"name_exclusions": ("ok.pills.example",)}
SIX = net.Address(0x2001_0DB8_0001_0002, 9)
LISTED = ("7.113.0.203", "9.100.51.198", "2.0.0.127", "www.pills.example", "host.shared.example")
UNLISTED = ("8.113.0.203", "1.0.0.127", "x.host.shared.example", "ok.pills.example")


def zones(folder: Path, at: int) -> list[Zone]:
    path = put(folder, make(*ENTRIES, at=at, **ABOUT))
    listed = Zone("main", ORIGIN, path, Clients([]))
    policy = Zone("main.rpz", POLICY, path, Clients([]), Style("policy"), listed)
    for made in (listed, policy):
        assert made.refresh()
    return [listed, policy]


def answers(port: int, *names: str) -> list[Answer]:
    return ask(port, [(name, A) for name in names], wait_s=3)


def check_list(port: int) -> None:
    yes = answers(port, *(f"{name}.{ORIGIN}" for name in LISTED), reversed_name(SIX, ORIGIN))
    assert [answer.records for answer in yes] == [("127.0.0.2",)] * len(yes)
    no = answers(port, *(f"{name}.{ORIGIN}" for name in UNLISTED))
    assert [answer.records for answer in no] == [()] * len(no)


def until(holds: Callable[[], bool], seconds: float = 30) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.1)
    return False


def test_bind_takes_both_zones_with_its_key_and_refuses_by_the_policy(tmp_path: Path) -> None:
    named, checkzone = need("named"), need("named-checkzone")
    at = clock.SystemClock().now()
    port = free_port()
    peer = Peer("ns2", key=tsig.key("ns2.example", SECRET), tell=(("127.0.0.1", port),))
    with running(*zones(tmp_path, at), at=None, peers=Peers([peer])) as responder:
        ours = responder.addresses[0][1]
        secondary = f'type secondary; primaries {{ 127.0.0.1 port {ours} key "ns2.example"; }}; masterfile-format text;'
        config = tmp_path / "named.conf"
        config.write_text(f"""
key "ns2.example" {{ algorithm hmac-sha256; secret "{SECRET}"; }};
options {{ directory "{tmp_path}"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  pid-file none; session-keyfile none; recursion yes; allow-query {{ any; }}; dnssec-validation no;
  empty-zones-enable no;  allow-new-zones no; response-policy {{ zone "{POLICY}"; }} qname-wait-recurse no; }};
controls {{ }};
zone "{ORIGIN}" {{ {secondary} file "list.zone"; allow-notify {{ key "ns2.example"; }}; }};
zone "{POLICY}" {{ {secondary} file "policy.zone"; allow-notify {{ key "ns2.example"; }}; }};
zone "ok.pills.example" {{ type primary; file "ok.zone"; }};
zone "." {{ type primary; file "root.zone"; }};
""")
        (tmp_path / "ok.zone").write_text("@ 60 IN SOA ns. h. 1 60 60 60 60\n@ 60 IN NS ns.\n@ 60 IN A 192.0.2.80\n")
        (tmp_path / "root.zone").write_text(
            "@ 60 IN SOA ns. h. 1 60 60 60 60\n@ 60 IN NS ns.\nns. 60 IN A 192.0.2.53\n"
        )
        command = [named, "-g", "-c", str(config), "-p", str(port), "-n", "1"]
        with server(command, port, tmp_path / "log", lambda: answers(port, f"2.0.0.127.{ORIGIN}")[0].records != ()):
            check_list(port)
            assert until(lambda: (tmp_path / "policy.zone").exists() and (tmp_path / "list.zone").exists())
            refused = answers(port, "pills.example", "www.pills.example", "host.shared.example")
            assert [answer.code for answer in refused] == [3, 3, 3]
            assert answers(port, "ok.pills.example")[0].records == ("192.0.2.80",)
            # A newer edition: we tell, BIND comes for the changes.
            put(tmp_path, make(*ENTRIES[1:], entry("203.0.113.9", 9), at=at + 5 * clock.SECOND, **ABOUT))
            assert until(lambda: answers(port, f"9.113.0.203.{ORIGIN}")[0].records == ("127.0.0.2",))
            assert answers(port, f"7.113.0.203.{ORIGIN}")[0].code == 3
            assert responder.book.counts["transfer: changes"] >= 1
            assert responder.book.counts["notify: answered"] >= 1
            assert responder.book.counts["signature refused"] == 0
    for file, origin in (("list.zone", ORIGIN), ("policy.zone", POLICY)):
        checked = subprocess.run(
            [checkzone, "-i", "local", origin, str(tmp_path / file)], capture_output=True, text=True
        )
        assert checked.stdout.endswith("OK\n"), checked.stdout


def test_unbound_takes_both_zones_from_its_address_and_refuses_by_the_policy(tmp_path: Path) -> None:
    unbound = need("unbound")
    at = clock.SystemClock().now()
    port = free_port()
    here = net.parse_network("127.0.0.1")
    assert here is not None
    peer = Peer("unbound", addresses=Clients([here], loopback=False))
    with running(*zones(tmp_path, at), at=None, peers=Peers([peer])) as responder:
        ours = responder.addresses[0][1]
        config = tmp_path / "unbound.conf"
        config.write_text(f"""
server:
  interface: 127.0.0.1@{port}
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "{tmp_path}"
  pidfile: ""
  use-syslog: no
  logfile: ""
  do-ip6: no
  do-not-query-localhost: no
  module-config: "respip iterator"
  local-zone: "fine.example." static
  local-data: "fine.example. 60 IN A 192.0.2.81"
  local-zone: "ok.pills.example." static
  local-data: "ok.pills.example. 60 IN A 192.0.2.80"
  local-zone: "bad-host.example." static
  local-data: "bad-host.example. 60 IN A 203.0.113.7"
remote-control:
  control-enable: no
auth-zone:
  name: "{ORIGIN}"
  primary: 127.0.0.1@{ours}
  for-downstream: yes
  for-upstream: yes
rpz:
  name: "{POLICY}"
  primary: 127.0.0.1@{ours}
""")
        command = [unbound, "-d", "-c", str(config)]
        with server(command, port, tmp_path / "log", lambda: answers(port, f"2.0.0.127.{ORIGIN}")[0].records != ()):
            check_list(port)
            assert until(lambda: answers(port, "pills.example")[0].code == 3)
            refused = answers(port, "www.pills.example", "host.shared.example")
            assert [answer.code for answer in refused] == [3, 3]
            assert answers(port, "fine.example")[0].records == ("192.0.2.81",)
            assert responder.book.counts["transfer: whole"] == 2
