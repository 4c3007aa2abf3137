"""Exported wordings in the programs they are for: SpamAssassin and rspamd hit the copy, and not another mail."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from junkhound.campaign import pattern, reading, rules
from support.peers import need
from support.rspamd import rspamd

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
def test_rspamd_hits_the_copy_alone() -> None:
    made, junk = exported()
    with rspamd("config['regexp'] = config['regexp'] or {}\n" + rules.rspamd(made), "regexp") as symbols:
        assert "JH_K_2006_000012_1" in symbols(junk.encode())
        assert "JH_K_2006_000012_1" not in symbols(OTHER.encode())
