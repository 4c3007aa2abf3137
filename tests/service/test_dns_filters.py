"""Mail filters ask our zones: SpamAssassin and rspamd score a mail by where it came from and by the names in it."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from junkhound.kernel import clock
from junkhound.service.dns import Responder
from support.editions import entry, name_entry
from support.peers import free_port, need
from support.zones import running, zone

pytestmark = pytest.mark.peer

MAIL = """Received: from bot (bot.example [{client}]) by mx.example.net (Postfix) with ESMTP id 4ABCDEF
 for <c@example.net>; Mon, 5 Jan 2026 10:00:00 +0000
From: a@fine.example
To: c@example.net
Subject: hello
Date: Mon, 5 Jan 2026 10:00:00 +0000
Message-ID: <x@fine.example>

see http://{host}/x
"""


@pytest.fixture
def responder(tmp_path: Path) -> Iterator[Responder]:
    now = clock.SystemClock().now()
    about = {"at": now, "expires_at": now + clock.HOUR}
    listed = zone(tmp_path, entry("203.0.113.7"), **about)
    named = zone(tmp_path, name_entry("pills.com"), name="phish", of="names", code="127.0.1.2", **about)
    with running(listed, named, at=None) as made:
        yield made


def test_spamassassin_asks_us(tmp_path: Path, responder: Responder) -> None:
    program = need("spamassassin")
    place = tmp_path / "sa"
    place.mkdir()
    plugins = ("Check", "DNSEval", "URIDNSBL")
    (place / "rules.pre").write_text("".join(f"loadplugin Mail::SpamAssassin::Plugin::{name}\n" for name in plugins))
    (place / "local.cf").write_text(f"""
util_rb_tld com example net
dns_available yes
dns_server 127.0.0.1:{responder.addresses[0][1]}
trusted_networks 192.0.2.0/24
header JH_IP eval:check_rbl('jh-lastexternal', 'main.bl.example.org.', '127.0.0.2')
tflags JH_IP net
score JH_IP 5
urirhssub JH_NAME phish.bl.example.org. A 127.0.1.2
body JH_NAME eval:check_uridnsbl('JH_NAME')
tflags JH_NAME net
score JH_NAME 5
add_header all Status tests=_TESTS_
""")
    command = [program, f"--configpath={place}", f"--siteconfigpath={place}", "-p", "/dev/null"]

    def tests(client: str, host: str) -> set[str]:
        said = subprocess.run(
            command, input=MAIL.format(client=client, host=host), capture_output=True, text=True, timeout=60, check=True
        )  # fmt: skip
        return set(re.findall(r"\bJH_\w+", said.stdout))

    assert tests("203.0.113.7", "www.pills.com") == {"JH_IP", "JH_NAME"}
    assert tests("203.0.113.8", "www.fine.com") == set()
    assert responder.book.counts["listed"] >= 2


def test_rspamd_asks_us(tmp_path: Path, responder: Responder) -> None:
    program = need("rspamd")
    port = free_port()
    (tmp_path / "suffixes").write_text("com\nnet\nexample\n")  # rspamd compiles all of them at its start: seconds
    config = tmp_path / "rspamd.conf"
    config.write_text(f"""
options {{
  pidfile = "{tmp_path}/pid"; filters = ""; url_tld = "{tmp_path}/suffixes";
  dns {{ nameserver = ["127.0.0.1:{responder.addresses[0][1]}"]; timeout = 2s; }}
  hs_cache_dir = "{tmp_path}"; rrd = ""; control_socket = "{tmp_path}/control mode=0600";
}}
logging {{ type = "file"; filename = "{tmp_path}/log"; level = "info"; }}
worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 1; }}
modules {{ path = "/usr/share/rspamd/plugins/rbl.lua"; }}
rbl {{
  default_exclude_users = false; default_exclude_private_ips = false;
  rbls {{
    jh {{ rbl = "main.bl.example.org"; symbol = "JH_IP"; checks = ["from"]; }}
    jhname {{ rbl = "phish.bl.example.org"; symbol = "JH_NAME"; checks = ["urls"]; ignore_defaults = true; }}
  }}
}}
actions {{ reject = 100; }}
""")
    process = subprocess.Popen(
        [program, "-f", "-i", "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "HOME": str(tmp_path)},
    )  # fmt: skip
    try:
        assert _symbols(port, "203.0.113.7", "www.pills.com", tmp_path) >= {"JH_IP", "JH_NAME"}
        assert not _symbols(port, "203.0.113.8", "www.fine.com", tmp_path) & {"JH_IP", "JH_NAME"}
    finally:
        process.terminate()
        process.wait(20)


def _symbols(port: int, client: str, host: str, folder: Path) -> set[str]:
    until = time.monotonic() + 60
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            body = MAIL.format(client=client, host=host)
            connection.request("POST", "/checkv2", body, {"IP": client, "From": "a@fine.example"})
            return set(json.loads(connection.getresponse().read())["symbols"])
        except (OSError, http.client.HTTPException):
            if time.monotonic() > until:
                log = folder / "log"
                pytest.fail(f"rspamd does not answer: {log.read_text()[-2000:] if log.exists() else 'no log'}")
            time.sleep(0.2)
        finally:
            connection.close()
