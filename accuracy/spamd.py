"""SpamAssassin as a daemon beside a measurement: its own folder, no network, a Bayes classifier that we teach."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

CHILDREN = 2
SETTINGS = """
use_bayes 1
bayes_auto_learn 0
bayes_path {folder}/bayes/words
bayes_file_mode 0666
bayes_auto_expire 0
bayes_learn_to_journal 0
lock_method flock
dns_available no
use_auto_welcomelist 0
clear_internal_networks
clear_trusted_networks
trusted_networks {relays}
internal_networks {relays}
"""


class Spamd:
    """A running spamd: ``score`` a mail, ``learn`` one."""

    def __init__(self, port: int) -> None:
        self.port = port

    def score(self, mail: bytes) -> float:
        """The points that it gives. Errors: OSError where it does not answer."""
        head, _ = self._ask(b"CHECK", b"", mail)
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name == b"Spam":
                return float(value.partition(b";")[2].partition(b"/")[0])
        raise OSError(f"spamd says {head[:100]!r}")

    def learn(self, mail: bytes, junk: bool) -> bool:
        """Teach it; False where it knew the mail."""
        word = b"spam" if junk else b"ham"
        head, _ = self._ask(b"TELL", b"Message-class: %b\r\nSet: local\r\n" % word, mail)
        return b"DidSet" in head

    def _ask(self, verb: bytes, more: bytes, mail: bytes) -> tuple[bytes, bytes]:
        with socket.create_connection(("127.0.0.1", self.port), 120) as link:
            link.sendall(b"%b SPAMC/1.5\r\n%bContent-length: %d\r\n\r\n" % (verb, more, len(mail)) + mail)
            link.shutdown(socket.SHUT_WR)
            said = b"".join(iter(lambda: link.recv(1 << 16), b""))
        head, _, body = said.partition(b"\r\n\r\n")
        return head, body


@contextlib.contextmanager
def running(relays: Sequence[str]) -> Iterator[Spamd]:
    """spamd with Debian's rules, without network tests; ``relays`` are the addresses that it is told to trust."""
    program = shutil.which("spamd")
    assert program is not None
    with tempfile.TemporaryDirectory(prefix="junkhound-spamd-") as made:
        folder = Path(made)
        site = folder / "site"
        shutil.copytree("/etc/spamassassin", site, ignore=shutil.ignore_patterns("sa-update-*"))
        (folder / "bayes").mkdir()
        trusted = " ".join(dict.fromkeys(relays)) or "127.0.0.1"
        (site / "99_here.cf").write_text(SETTINGS.format(folder=folder, relays=trusted))
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o777 if path.is_dir() else 0o644)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        command = [program, "-L", "-x", "-l", "-i", "127.0.0.1", "-p", str(port), "-u", "nobody", "-H", str(folder)]
        command += ["-m", str(CHILDREN), f"--min-children={CHILDREN}", f"--siteconfigpath={site}"]
        command += ["-s", str(folder / "log")]
        with (folder / "said").open("wb") as said:
            process = subprocess.Popen(command, stdout=said, stderr=said)  # noqa: S603
        try:
            _wait(process, port, folder)
            yield Spamd(port)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, folder: Path, patience_s: float = 600) -> None:
    until = time.monotonic() + patience_s
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"spamd does not start: {(folder / 'said').read_text()[-2000:]}") from None
            time.sleep(0.2)
