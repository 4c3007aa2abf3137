"""Exported wordings in the programs they are for: SpamAssassin and rspamd hit the copy, and not another mail."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from junkhound.campaign import pattern, reading, rules
from support.peers import free_port, need
from support.postfix import folder

TEXT = (
    "Тысячи клиентов уже доверяют нашей аптеке: таблетки без рецепта\n"
    "Thousands of customers trust our Straße & 100% store"
)
JUNK = (
    "From: a@b.example\r\nTo: c@d.example\r\nSubject: hi\r\nMIME-Version: 1.0\r\n"
    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
    "Date: Thu, 4 May 2006 03:02:01 +0000\r\nMessage-ID: <1@b.example>\r\n\r\n{}\r\n"
)
OTHER = JUNK.format("Тысячи клиентов уже доверяют нам. See you at lunch on Thursday.")


def exported() -> tuple[list[rules.Rule], str]:
    texts = [reading.canon(f"{TEXT}\n{n:07d} {chr(97 + n % 26)}") for n in range(60)]
    (made,) = pattern.infer(texts)
    return [rules.Rule("K-2006-000012", "pharma", 1, "2006-05-04", made)], JUNK.format(f"{TEXT}\r\n9999999 zz")


@pytest.mark.peer
def test_spamassassin_hits_the_copy_alone(tmp_path: Path) -> None:
    program = need("spamassassin")
    made, junk = exported()
    (tmp_path / "v320.pre").write_text("loadplugin Mail::SpamAssassin::Plugin::Check\n")
    (tmp_path / "local.cf").write_text(
        "report_safe 0\nadd_header all Status _YESNO_ _TESTS_\n" + rules.spamassassin(made)
    )
    common = [program, "-L", "-x", "--siteconfigpath", str(tmp_path), "--configpath", str(tmp_path)]
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C"}
    lint = subprocess.run([*common, "--lint"], capture_output=True, timeout=120, check=False, env=env)
    assert b"JH_K" not in lint.stderr, lint.stderr
    for mail, hit in ((junk, True), (OTHER, False)):
        done = subprocess.run(
            [*common, "-t"], input=mail.encode(), capture_output=True, timeout=120, check=False, env=env
        )
        assert (b"JH_K_2006_000012_1" in done.stdout) is hit, done.stdout + done.stderr


@pytest.mark.peer
def test_rspamd_hits_the_copy_alone(tmp_path: Path) -> None:
    program = need("rspamd")
    made, junk = exported()
    port = free_port()
    with folder() as root:
        for name in ("run", "lib"):
            (root / name).mkdir()
        (root / "junkhound.lua").write_text("config['regexp'] = config['regexp'] or {}\n" + rules.rspamd(made))
        (root / "rspamd.conf").write_text(f"""
            options {{ pidfile = "{root}/pid"; filters = "regexp";
                dns {{ nameserver = ["127.0.0.1:1"]; timeout = 0.1s; }} }}
            logging {{ type = "file"; filename = "{root}/log"; }}
            worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 1; }}
            lua = "{root}/junkhound.lua";
        """)
        for path in (root, *root.rglob("*")):
            path.chmod(0o777 if path.is_dir() else 0o644)
        child = subprocess.Popen(
            [program, "-f", "-i", "-c", root / "rspamd.conf", f"--var=DBDIR={root}/lib", f"--var=RUNDIR={root}/run"],
            stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT,
        )  # fmt: skip

        def symbols(mail: str) -> set[str]:
            request = urllib.request.Request(f"http://127.0.0.1:{port}/checkv2", mail.encode())
            with urllib.request.urlopen(request, timeout=30) as said:
                return set(json.load(said)["symbols"])

        try:
            end = time.monotonic() + 60
            while True:
                try:
                    found = symbols(junk)
                    break
                except OSError:
                    assert time.monotonic() < end, (root / "log").read_text() if (root / "log").exists() else ""
                    time.sleep(0.2)
            assert "JH_K_2006_000012_1" in found, (found, (root / "log").read_text())
            assert "JH_K_2006_000012_1" not in symbols(OTHER)
        finally:
            child.terminate()
            child.wait(20)
