"""The mail server's pipe: a mail is sealed and synced before exit 0; anything else is 75."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.cli import pipe as face
from junkhound.intake import pipe
from junkhound.kernel import config
from junkhound.wire import segment
from junkhound.wire.facts import Envelope, Facts, Origin, Recipient, Session

MAIL = b"Subject: x\r\n\r\nbody\r\n"
SAID = [
    "--trap=first", "--sender=a@example.org", "--recipient=one@example.net", "--recipient=two@example.net",
    "--client-address=192.0.2.7", "--client-port=4711", "--client-hostname=mail.example.org",
    "--client-helo=friend", "--client-protocol=ESMTP", "--queue-id=4ABC",
]  # fmt: skip


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("JUNKHOUND_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def run(home: Path, *words: str, mail: bytes = MAIL, start: tuple[str, ...] = ("junkhound.intake.pipe",)) -> int:
    command = [sys.executable, "-m", *start, f"--home={home}", *words]
    return subprocess.run(command, input=mail, stderr=subprocess.PIPE, check=False).returncode


def sealed(home: Path) -> list[segment.Record]:
    names = sorted((home / "spool").glob("*.seg"))
    assert sorted((home / "spool").iterdir()) == names
    assert all(segment.scan(name.read_bytes()) == name.stat().st_size for name in names)
    return [record for name in names for record in segment.records(name.read_bytes())]


def test_one_mail_with_all_its_facts(home: Path):
    assert run(home, *SAID) == 0
    (record,) = sealed(home)
    assert record.mail == MAIL
    facts = record.facts
    assert facts == Facts(
        Origin(b"\xc0\x00\x02\x07", facts.origin.received_at, "first", 0, False, "4ABC"),
        Envelope(
            b"a@example.org", (Recipient(b"one@example.net", 250, True), Recipient(b"two@example.net", 250, True))
        ),
        Session(client_port=4711, helo=b"friend", protocol="ESMTP", client_name="mail.example.org"),
    )
    (path,) = (home / "spool").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_command_line_takes_the_same_words(home: Path):
    shortcut = (sys.executable, "-m", "junkhound", f"--home={home}", "pipe", *SAID)
    assert subprocess.run(shortcut, input=MAIL, check=False).returncode == 0
    program = f"import sys; from junkhound.cli import main; main({['--home', str(home), 'pipe', *SAID]!r})"
    assert subprocess.run([sys.executable, "-c", program], input=MAIL, check=False).returncode == 0
    first, second = sealed(home)
    assert first.facts_parts[1:] == second.facts_parts[1:]
    assert first.mail == second.mail == MAIL


words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=300)


@given(
    st.none() | st.binary(min_size=4, max_size=4) | st.binary(min_size=16, max_size=16),
    st.integers(0, 1 << 60), words, st.none() | words, st.lists(words, max_size=20), st.integers(0, 70000), words,
)  # fmt: skip
def test_its_bytes_are_those_of_the_segment_writer(
    client: bytes | None, at: int, name: str, sender: str | None, recipients: list[str], port: int, helo: str
):
    given = {
        "trap": name or "x",
        "recipient": recipients,
        "client-helo": helo,
        "client-port": str(port),
        "queue-id": name,
    }
    if sender is not None:
        given["sender"] = sender
    if client is not None and client[:12] != bytes(10) + b"\xff\xff":
        import socket

        given["client-address"] = socket.inet_ntop(socket.AF_INET if len(client) == 4 else socket.AF_INET6, client)
    else:
        client = None
    settings = pipe._Settings({}, "", "/nowhere")
    facts = Facts(
        Origin(client, at, name or "x", 0, client is None, name),
        Envelope(
            None if sender is None else sender.encode(), tuple(Recipient(one.encode(), 250, True) for one in recipients)
        ),
        Session(
            client_port=port if 0 < port < 65536 else None, helo=helo.encode() if helo not in ("", "unknown") else None
        ),
    )
    assert pipe._facts(given, settings, at, False) == segment.facts_parts(facts)


def test_only_the_standard_library_is_loaded(home: Path):
    program = (
        "import sys, json, os; before = set(sys.modules)\n"
        "from junkhound.intake import pipe\n"
        f"code = pipe.run({[f'--home={home}', f'--config={home}/junkhound.toml', *SAID]!r})\n"
        "print(json.dumps([code, sorted(set(sys.modules) - before)]))"
    )
    (home / "junkhound.toml").write_text("[store]\nspool_limit_mb = 5\n")
    done = subprocess.run([sys.executable, "-c", program], input=MAIL, capture_output=True, check=True)
    code, modules = json.loads(done.stdout)
    foreign = {name for name in modules if name.split(".")[0] not in sys.stdlib_module_names}
    assert code == 0
    assert foreign == {
        "junkhound", "junkhound.intake", "junkhound.intake.pipe", "junkhound.kernel", "junkhound.kernel.errors",
        "junkhound.wire", "junkhound.wire.segment",
    }  # fmt: skip


def test_macros_that_say_nothing_and_a_postmark(home: Path):
    empty = ["--trap=first", "--sender=", "--client-address=unknown", "--client-port=", "--client-hostname=unknown"]
    assert run(home, *empty, "--", "one@example.net", mail=b"From x Mon Jan  2 03:04:05 2006\n" + MAIL) == 0
    (record,) = sealed(home)
    assert record.mail == MAIL
    assert record.facts.envelope == Envelope(b"", (Recipient(b"one@example.net", 250, True),))
    assert record.facts.session == Session()
    assert record.facts.origin.imported


def test_ipv6_clients(home: Path):
    assert run(home, "--mailbox=me", "--client-address", "IPv6:2001:db8::7") == 0
    assert run(home, "--mailbox=me", "--as=good", "--client-address=::ffff:192.0.2.7") == 0
    first, second = (record.facts.origin for record in sealed(home))
    assert (first.client, first.kind) == (bytes.fromhex("20010db8000000000000000000000007"), 2)
    assert (second.client, second.kind) == (b"\xc0\x00\x02\x07", 1)


@pytest.mark.parametrize(
    "words",
    [
        [], ["--trap=first", "--mailbox=me"], ["--trap=first", "--colour=blue"], ["--trap=first", "stray"], ["--trap"],
        ["--trap=first", "--as=spam"], ["--trap=first", "--client-address=somewhere"], ["--help"],
        ["--trap=first", "--config=/nowhere"], ["--trap=first", "--home=/nowhere/at/all"],
    ],
)  # fmt: skip
def test_a_mail_that_waits_is_never_bounced(home: Path, words: list[str]):
    assert run(home, *words) == 75
    assert not (home / "spool").exists()


def test_without_a_mail_wrong_words_are_a_usage_error(home: Path):
    for words, code in ((["--colour=blue"], 64), ([], 64), (["--help"], 0)):
        command = [sys.executable, "-m", "junkhound.intake.pipe", *words]
        assert subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode == code
    assert run(home, "--trap=first", mail=b"") == 75


def test_settings_decide_home_limit_and_traps(home: Path, tmp_path: Path):
    settings = tmp_path / "junkhound.toml"
    settings.write_text(
        '[store]\nhome = "home"\nspool_limit_mb = 1\n[intake]\nmail_limit_mb = 1\n'
        '[traps.first]\ndomains = ["Example.net"]\n'
    )
    command = [
        sys.executable,
        "-m",
        "junkhound.intake.pipe",
        "--trap=first",
        "--recipient=a@example.org",
        "--recipient=b@EXAMPLE.net",
    ]
    long = MAIL + b"x" * 2_000_000
    assert subprocess.run(command, input=long, cwd=tmp_path, check=False).returncode == 0
    (record,) = sealed(home)
    assert record.mail == long[:1_000_000]
    assert record.facts.origin.truncated
    assert [one.trap for one in record.facts.envelope.recipients] == [False, True]
    assert subprocess.run(command, input=MAIL, cwd=tmp_path, check=False).returncode == 75  # 1 MB lies there
    assert len(sealed(home)) == 1
    assert run(home, f"--config={settings}", "--trap=second") == 75
    settings.write_text("[store]\nspool_limit_mb = 'much'\n")
    assert run(home, f"--config={settings}", "--trap=first") == 75
    settings.write_text("[store\n")
    assert run(home, f"--config={settings}", "--trap=first") == 75


@pytest.mark.parametrize(
    "stated", ["", '[store]\nhome = "sub/home"\n', '[store]\nhome = "~/x"\n', '[store]\nhome = "/srv/x"\n']
)
def test_the_home_is_the_one_that_every_command_finds(tmp_path: Path, stated: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    if stated:
        (tmp_path / "junkhound.toml").write_text(stated)
    assert pipe._settings(None, None).home == str(config.load(config.find()).home)
    default = config.Config()
    ours = pipe._Settings({}, "", None)
    assert ours.spool_limit == default.store.spool_limit_mb * 1_000_000
    assert ours.mail_limit == default.intake.mail_limit_mb * 1_000_000


def test_the_home_is_never_invented(tmp_path: Path):
    assert run(tmp_path / "unmounted", "--trap=first") == 75
    assert not (tmp_path / "unmounted").exists()


def test_many_waiting_segments_are_not_all_looked_at(home: Path):
    (home / "spool").mkdir()
    for number in range(40):
        (home / f"spool/{number:016x}.seg").write_bytes(b"x" * 100)
    settings = pipe._Settings({}, "", str(home))
    assert settings.spool_bytes() == 4000
    pipe_counted, pipe._COUNTED = pipe._COUNTED, 10
    try:
        assert settings.spool_bytes() == 4000
    finally:
        pipe._COUNTED = pipe_counted


STEPS = ["mkdir", "open", "write", "fsync", "link", "rename", "unlink"]


class Recorder:
    """Stands for ``os`` in the pipe: keeps what was called, and fails or stops where told."""

    def __init__(self, stop_at: int = -1, nameless: bool = True) -> None:
        self.calls: list[str] = []
        self.stop_at = stop_at
        if nameless:
            self.O_TMPFILE = os.O_TMPFILE

    def __getattr__(self, name: str) -> object:
        if name == "O_TMPFILE":
            raise AttributeError(name)
        real = getattr(os, name)
        if name not in STEPS:
            return real

        def call(*args: object, **named: object) -> object:
            if len(self.calls) == self.stop_at:
                raise KeyboardInterrupt
            self.calls.append(name)
            return real(*args, **named)

        return call


@pytest.mark.parametrize("nameless", [True, False])
def test_killed_between_any_two_steps_nothing_or_all_is_sealed(
    home: Path, nameless: bool, monkeypatch: pytest.MonkeyPatch
):
    recorder = Recorder(nameless=nameless)
    monkeypatch.setattr(pipe, "os", recorder)
    record = segment.frame(bytes(16), b"", b"", b"", MAIL)
    spool = home / "spool"
    pipe._seal(str(spool), record)
    calls = recorder.calls
    assert [one.read_bytes() for one in spool.iterdir()] == [record]
    # The bytes are synced before they have a name, the name before the end.
    assert calls.index("write") < calls.index("fsync", calls.index("write")) < calls.index("link")
    assert "fsync" in calls[calls.index("link") :]
    for step in range(len(calls)):
        shutil.rmtree(spool)
        monkeypatch.setattr(pipe, "os", Recorder(stop_at=step, nameless=nameless))
        with pytest.raises(KeyboardInterrupt):
            pipe._seal(str(spool), record)
        assert [one.read_bytes() for one in spool.glob("*.seg")] in ([], [record])
        spool.mkdir(exist_ok=True)


def test_a_disk_that_fails_to_sync_is_75(home: Path, monkeypatch: pytest.MonkeyPatch):
    source, sink = os.pipe()
    os.write(sink, MAIL)
    os.close(sink)
    kept = os.dup(0)
    os.dup2(source, 0)

    def broken(handle: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    try:
        assert pipe.run([f"--home={home}", "--trap=first"]) == 75
    finally:
        os.dup2(kept, 0)
        os.close(kept)
        os.close(source)
    assert list((home / "spool").glob("*.seg")) == []


@pytest.mark.parametrize("kill", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL])
def test_killed_while_the_mail_is_coming_nothing_is_sealed(home: Path, kill: signal.Signals):
    command = [sys.executable, "-m", "junkhound.intake.pipe", f"--home={home}", "--trap=first"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, bufsize=0) as process:
        assert process.stdin is not None
        process.stdin.write(b"x" * 300_000)  # more than the pipe of the system holds: it reads, so it runs
        process.send_signal(kill)
        assert process.wait() == (-9 if kill == signal.SIGKILL else 75)
    assert not (home / "spool").exists() or not list((home / "spool").iterdir())


def test_the_face_offers_every_option():
    offered = {option.opts[0] for option in face.command.params if option.opts[0].startswith("--")}
    assert offered | {"--config", "--home"} == {f"--{name}" for name in pipe.OPTIONS}
    help_text = pipe._help()
    assert all(f"--{name}=" in help_text for name in pipe.OPTIONS)


def test_complaints_have_an_intake_of_their_own(home: Path):
    assert run(home, "--as=complaint", "--client-address=192.0.2.7", "--recipient=abuse@example.net") == 0
    (record,) = sealed(home)
    assert (record.facts.origin.intake, record.facts.origin.kind) == ("complaints", 0)
    assert record.facts.envelope.recipients == (Recipient(b"abuse@example.net", 250, False),)
    assert run(home, "--as=complaint", "--trap=first") == 75
    assert run(home, "--as=complaint", "--mailbox=me") == 75
