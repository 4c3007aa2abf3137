"""Interrupted, doubled, out of order: whatever is run beside what, the next run finishes and nothing counts twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support.desk import AT, SETTINGS, answer, face, ids, office, take
from support.mail import RELAY, junk, mbox

JUNK = ("ingest", "--as", "junk", "--mailbox", "me", "--relay", RELAY)


def begin(folder: Path, *words: str, settings: str = SETTINGS) -> subprocess.Popen[str]:
    """Start the command line in ``folder``, in a session of its own, and let it run."""
    (folder / "junkhound.toml").write_text(settings)
    return subprocess.Popen(
        [sys.executable, "-m", "junkhound", "--home", "home", *words],
        cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "HOME": str(folder)}, start_new_session=True, preexec_fn=_hears_ctrl_c,
    )  # fmt: skip


def _hears_ctrl_c() -> None:
    """As in a terminal, also where the tests themselves run in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def until(what: object, seconds: float = 60) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not what():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_ctrl_c_in_the_middle_is_130_and_the_next_run_finishes(tmp_path: Path) -> None:
    """Its input stays open, so that it is certainly in the middle."""
    run = begin(tmp_path, *JUNK, "-")
    assert run.stdin is not None
    mails = [junk(n, words="x" * 1500) for n in range(900)]
    run.stdin.write(mbox(tmp_path / "first", mails).read_text())
    run.stdin.flush()
    until(lambda: list(tmp_path.glob("home/fresh/*/*")))
    run.send_signal(signal.SIGINT)
    _, said = run.communicate(timeout=60)
    assert run.returncode == 130, said
    assert "Traceback" not in said
    assert "junkhound: stopped" in said
    began = len(ids(office(tmp_path / "home")))
    assert 0 < began < len(mails)
    take(office(tmp_path / "home"), mbox(tmp_path / "in.mbox", mails))
    assert len(ids(office(tmp_path / "home"))) == len(set(ids(office(tmp_path / "home")))) == len(mails)


def group(leader: int) -> list[int]:
    """The living processes of a session of ours."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and os.getsid(int(entry)) == leader:
                state = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[0]
                found += [int(entry)] if state != "Z" else []
        except (OSError, ValueError):
            continue
    return found


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_the_processes_of_an_ingest_end_with_it(tmp_path: Path, how: signal.Signals) -> None:
    """Ctrl-C goes to a whole terminal: workers and parsers leave it to their parent, and outlive it never."""
    settings = SETTINGS.replace('"inline"', '"pool"\nworkers = 2').replace("isolate = false\n", "")
    run = begin(tmp_path, *JUNK, "-", settings=settings)
    assert run.stdin is not None
    mails = [junk(n, words="x" * 1500) for n in range(900)]
    run.stdin.write(mbox(tmp_path / "first", mails).read_text())
    run.stdin.flush()
    until(lambda: len(group(run.pid)) >= 4)
    if how == signal.SIGINT:
        os.killpg(run.pid, how)
    else:
        run.send_signal(how)
    _, said = run.communicate(timeout=60)
    assert run.returncode == (130 if how == signal.SIGINT else -how), said
    assert "Traceback" not in said, said
    until(lambda: not group(run.pid), 20)
    report = take(office(tmp_path / "home"), mbox(tmp_path / "in.mbox", mails))
    assert report.added + report.known >= len(mails)
    assert len(ids(office(tmp_path / "home"))) == len(set(ids(office(tmp_path / "home")))) == len(mails)


def test_two_ingests_at_once_while_others_read(tmp_path: Path) -> None:
    one = mbox(tmp_path / "one.mbox", [junk(n) for n in range(100)])
    two = mbox(tmp_path / "two.mbox", [junk(n) for n in range(60, 160)])
    runs = [begin(tmp_path, *JUNK, str(path)) for path in (one, two)]
    counted = []
    while any(run.poll() is None for run in runs):
        done = face(tmp_path, "sources", "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        counted.append(answer(done)["messages"])
        assert face(tmp_path, "why", "203.0.113.7").returncode == 0
    for run in runs:
        _, said = run.communicate()
        assert (run.returncode, "Traceback" in said) == (0, False), said
    assert counted == sorted(counted), "a reader never sees less than before"
    assert len(ids(office(tmp_path / "home"))) == len(set(ids(office(tmp_path / "home")))) == 160


@pytest.mark.parametrize("after", [1, 4])
def test_a_compaction_that_is_killed(tmp_path: Path, after: int) -> None:
    """SIGKILL at its n-th object: readers see the old objects, the next compaction the same rows."""
    for number in range(4):
        source = mbox(tmp_path / "in.mbox", [junk(n, day=1 + n % 28) for n in range(number * 40, number * 40 + 40)])
        take(office(tmp_path / "home"), source)
    before = ids(office(tmp_path / "home"))
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from junkhound.ledger import files\n"
        "from support.desk import AT, office\n"
        "really, left = files.Disk.sync_dir, int(sys.argv[2])\n"
        "def sync_dir(self, path):\n"
        "    global left\n    left -= 1\n"
        "    if left < 0:\n        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return really(self, path)\n"
        "files.Disk.sync_dir = sync_dir\n"
        "desk = office(Path('home'))\n"
        "with desk.ledger.holding('janitor', desk.clock.now):\n    desk.ledger.compact(AT, full=True)\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", code, str(Path(__file__).parents[1]), str(after)], cwd=tmp_path, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert ids(office(tmp_path / "home")) == before
    assert take(office(tmp_path / "home"), tmp_path / "in.mbox").added == 0
    office(tmp_path / "home").ledger.compact(AT, full=True)
    assert ids(office(tmp_path / "home")) == before


ODD = {
    ("why", "203.0.113.7"): 0,
    ("why", "nonsense"): 64,
    ("why", "JH-2020-000001"): 66,
    ("why", "0" * 32): 66,
    ("publish",): 77,
    ("sources",): 0,
    ("sources", "--at", "1990-01-01"): 0,
    ("sources", "--since", "2030"): (0, 64),
    ("sources", "--country", "xyz"): 64,
    ("stats", "overview"): 0,
    ("stats", "year-on-year"): 0,
    ("stats", "by", "country"): 0,
    ("lists", "show"): 0,
    ("lists", "decide", "--at", "1999-01-01"): 0,
    ("lists", "decide", "--list", "nolist"): 66,
    ("evidence", "verify"): 0,
    ("evidence", "show", "zz"): 64,
    ("evidence", "show", "0" * 32): 66,
    ("data", "list"): 0,
    ("data", "import", "absent.csv"): 66,
    ("relays", "learn", "absent"): 66,
    ("trace", "absent.eml"): 66,
    ("ingest", "absent.eml"): 66,
    ("ingest", "--trap", "nope"): 64,
    ("ingest", "--at", "soon"): 64,
    ("ingest", "--watch", "absent"): 66,
    ("config", "show"): 0,
    ("upgrade",): (0, 78),
}


@pytest.mark.parametrize("words", ODD, ids=" ".join)
def test_odd_orders_on_an_empty_home(tmp_path: Path, words: tuple[str, ...]) -> None:
    """Each has its exit code, an error that a person can read, and with --json one document on stdout."""
    wanted = ODD[words]
    allowed = wanted if isinstance(wanted, tuple) else (wanted,)
    done = face(tmp_path, *words)
    assert done.returncode in allowed, done.stdout + done.stderr
    if done.returncode:
        assert "junkhound: error: " in done.stderr or "No such file" in done.stderr, done.stderr
    done = face(tmp_path, *words, "--json")
    if "No such option '--json'" in done.stderr:
        assert words[0] in ("upgrade", "config", "data"), "this verb has no --json"
        return
    assert done.returncode in allowed, done.stdout + done.stderr
    if "--watch" not in words:
        answer(done)


def commands() -> list[tuple[str, ...]]:
    """Every command and sub-command there is."""
    import click

    from junkhound.cli import main_group

    def below(group: click.Group, path: tuple[str, ...]) -> list[tuple[str, ...]]:
        found = []
        context = click.Context(group)
        for name in group.list_commands(context):
            inner = group.get_command(context, name)
            found.append((*path, name))
            if isinstance(inner, click.Group):
                found += below(inner, (*path, name))
        return found

    return below(main_group, ())


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_has_help_that_teaches(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = face(tmp_path, *words, "--help")
    assert done.returncode == 0, done.stderr
    assert "Usage:" in done.stdout
    assert "xample" in done.stdout or "master.cf" in done.stdout, "help shows how it is used"
    assert not (tmp_path / "home").exists(), "asking for help changes nothing"
    done = face(tmp_path, *words, "--no-such-option")
    assert done.returncode in (64, 75), "75 is the pipe's, where a mail may wait"
