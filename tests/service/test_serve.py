"""The service as processes: what was acknowledged becomes a row, whoever is killed in between."""

from __future__ import annotations

import json
import os
import signal
import smtplib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.peers import free_port

COMMAND = [sys.executable, "-m", "junkhound"]


class Service:
    """A running ``serve`` of trap, judge, decider and janitor on a home of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.toml = folder / "junkhound.toml"
        self.toml.write_text(
            f'[store]\nhome = "home"\n[engine]\nworkers = 1\n[network]\nallow_documentation = true\n'
            f'[traps.lures]\ndomains = ["trap.example"]\n[smtp]\nlisten = ["127.0.0.1:{self.port}"]\n'
            f'hostname = "mx.example.org"\nproxies = ["127.0.0.0/8"]\nxclient = true\n'
            f'starttls_certificate = "self-signed"\n[serve]\ndecide_s = 1\n'
        )
        self.home = folder / "home"
        self.log = open(folder / "log", "wb")  # noqa: SIM115 - closed by stop
        self.process = self.start()

    def command(self, *words: str) -> list[str]:
        return [*COMMAND, "--config", str(self.toml), *words]

    def start(self) -> subprocess.Popen[bytes]:
        roles = [word for role in ("trap", "judge", "decider", "janitor") for word in ("--only", role)]
        process = subprocess.Popen(self.command("serve", *roles, "--log", "json"), stderr=self.log)
        wait(lambda: "ready" in (self.folder / "log").read_text(), 60, self.said)
        return process

    def said(self) -> str:
        return (self.folder / "log").read_text()

    def pid(self, role: str) -> int:
        return int(json.loads((self.home / "run" / f"{role}.json").read_text())["_"]["pid"])

    def send(self, count: int, start: int = 0) -> int:
        """How many of the mails were acknowledged."""
        acknowledged = 0
        for number in range(start, start + count):
            try:
                with smtplib.SMTP("127.0.0.1", self.port, "bot.example", timeout=10) as client:
                    client.docmd(f"XCLIENT ADDR=203.0.113.{number % 5 + 1}")
                    client.ehlo("bot.example")
                    client.sendmail(
                        "a@b.example", [f"x{number % 3}@trap.example"], b"Subject: %d\r\n\r\nbuy\r\n" % number
                    )
                acknowledged += 1
            except (OSError, smtplib.SMTPException):
                time.sleep(0.2)
        return acknowledged

    def ask(self, *words: str) -> object:
        done = subprocess.run(self.command(*words, "--json"), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def rows(self) -> int:
        done = subprocess.run(self.command("sources", "--json"), capture_output=True, text=True, check=False)
        if done.returncode:
            return 0
        return int(json.loads(done.stdout)["messages"])

    def stop(self) -> int:
        self.process.terminate()
        code = self.process.wait(60)
        self.log.close()
        return code


def wait(check: Callable[[], bool], seconds: float, why: Callable[[], str] = str) -> None:
    until = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < until, why()
        time.sleep(0.1)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    running = Service(tmp_path)
    yield running
    if running.process.poll() is None:
        running.stop()


def test_acknowledged_mail_becomes_rows_and_files_whoever_is_killed(service: Service) -> None:
    acknowledged = service.send(10)
    assert acknowledged == 10
    with smtplib.SMTP("127.0.0.1", service.port, timeout=10) as client:
        assert client.starttls()[0] == 220, "by a certificate made when the service started"
        assert client.sock.version() == "TLSv1.3"
    wait(lambda: service.rows() == 10, 40, service.said)
    os.kill(service.pid("judge"), signal.SIGKILL)
    acknowledged += service.send(10, 10)
    os.kill(service.pid("trap"), signal.SIGKILL)
    acknowledged += service.send(10, 20)
    assert acknowledged > 20, "the trap came back"
    wait(lambda: service.rows() >= acknowledged, 60, service.said)
    assert service.rows() <= 30, "a mail that was cut off before its answer may count, none twice"
    assert "ended" in service.said()
    wait(lambda: (service.home / "out").is_dir() and any((service.home / "out").iterdir()), 30, service.said)


def test_a_second_service_on_one_home_is_refused_and_stopping_is_clean(service: Service) -> None:
    second = subprocess.run(service.command("serve", "--only", "janitor"), capture_output=True, text=True, check=False)
    assert second.returncode == 77
    assert "another serve runs" in second.stderr
    service.process.send_signal(signal.SIGHUP)
    wait(lambda: "renewing" in service.said(), 10, service.said)
    wait(lambda: service.said().count("started trap") == 2, 60, service.said)
    assert service.send(3) == 3, "listening sockets outlive their processes"
    assert service.stop() == 0
    assert not list((service.home / "run").glob("*.json"))
    assert not list((service.home / "spool").glob("*.open")), "open segments were sealed"
