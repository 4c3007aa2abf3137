"""The mail server's pipe: one mail on standard input becomes one sealed segment in the spool, then exit 0.

Postfix's pipe(8), Exim's pipe transport and an alias all act on the exit code (sysexits): 0 means that the mail is on
the disk, names included; 75 keeps it in their queue. So everything that is not certain ends with 75: a full spool, a
setting that cannot be read, a signal, a bug. A process is started for every mail, hence nothing but the standard
library is loaded here, and no more of that than is needed.
"""

from __future__ import annotations

import os
import select
import stat
import sys
import time
from typing import Any, NoReturn

from junkhound.wire import segment

OK, USAGE, TEMPORARY = 0, 64, 75

_heard = -1  # readable once a signal came

# flag -> (what stands for its value, sentence); also what `junkhound pipe --help` and the manual are made from
OPTIONS = {
    "trap": ("NAME", "The trap intake that this is: [traps.NAME] in the settings. Its mail is junk."),
    "mailbox": ("NAME", "The mailbox that this is, where it is no trap."),
    "as": ("KIND", "junk, good, unsorted or complaint; default: junk for a trap, unsorted for a mailbox."),
    "sender": ("ADDRESS", "Envelope sender: ${sender}, with null_sender= in master.cf."),
    "recipient": ("ADDRESS", "Envelope recipient: ${recipient}; may be given several times."),
    "client-address": ("ADDRESS", "Who connected: ${client_address}."),
    "client-port": ("PORT", "Its port: ${client_port}."),
    "client-hostname": ("NAME", "Its name as the mail server verified it: ${client_hostname}."),
    "client-helo": ("NAME", "What it called itself: ${client_helo}."),
    "client-protocol": ("WORD", "SMTP or ESMTP: ${client_protocol}."),
    "queue-id": ("ID", "The mail server's id: ${queue_id}. A delivery it repeats is then counted once."),
    "config": ("FILE", "Settings file; default: as for every command."),
    "home": ("FOLDER", "Folder of all state; wins over [store] home."),
}
_REPEATED = {"recipient"}
_KINDS = {"junk": 0, "good": 1, "unsorted": 2}
_COMPLAINTS = "complaints"  # their intake
_UNKNOWN = ("", "unknown")
_ROLES = ("postmaster", "abuse")  # somebody may write to these for a good reason (RFC 2142): no traps
_MB = 1_000_000
_COUNTED = 4096  # segments whose size is asked for; the rest is taken to be like them

EXAMPLE = """\
In Postfix's master.cf:
  junkhound unix - n n - 4 pipe
    flags=q user=junkhound null_sender=
    argv=/usr/bin/junkhound-pipe --trap=first --queue-id=${queue_id}
    --client-address=${client_address} --client-port=${client_port} --client-hostname=${client_hostname}
    --client-helo=${client_helo} --client-protocol=${client_protocol} --sender=${sender} --recipient=${recipient}
"""


class Doubt(Exception):
    """Why this mail cannot be taken now; it stays with the mail server."""


def main(argv: list[str] | None = None) -> NoReturn:
    """The program ``junkhound-pipe``: never returns, never raises, never leaves with another code than 0, 64 or 75."""
    code = TEMPORARY
    try:
        _catch_signals()
        code = run(sys.argv[1:] if argv is None else argv)
    except BaseException as error:  # whatever it is, the mail must stay where it is
        _say(f"{type(error).__name__}: {error}" if not isinstance(error, SystemExit) else "stopped")
    try:
        sys.stderr.flush()
        sys.stdout.flush()
    finally:
        os._exit(code)


def run(argv: list[str]) -> int:
    """Take the mail on standard input; the exit code. Words that make no sense are 64 only if no mail waits."""
    try:
        given = _options(argv)
        if "help" in given:
            print(_help())
            return TEMPORARY if _mail_waits() else OK
        settings = _settings(given.get("config"), given.get("home"))
        received_at = time.time_ns() // 1000
        _facts(given, settings, received_at, False)  # words that make no sense are told before anything is read
        if settings.spool_bytes() >= settings.spool_limit:
            raise Doubt(f"the spool of {settings.home!r} is full ([store] spool_limit_mb)")
        mail, truncated = _read_mail(settings.mail_limit)
        if not mail:
            raise Doubt("no mail on standard input")
        parts = _facts(given, settings, received_at, truncated)
        _seal(settings.spool, segment.frame(os.urandom(segment.SALT_BYTES), *parts, mail))
    except Doubt as doubt:
        _say(str(doubt))
    except OSError as error:
        _say(f"{(error.strerror or str(error)).lower()}{f': {error.filename!r}' if error.filename else ''}")
    except ValueError as error:
        _say(f"{error}")
        return TEMPORARY if _mail_waits() else USAGE
    else:
        return OK
    return TEMPORARY


def _options(argv: list[str]) -> dict[str, Any]:
    """``--name=value`` and ``--name value``; words behind ``--`` are recipients. Errors: ValueError."""
    given: dict[str, Any] = {"recipient": []}
    words = iter(argv)
    for word in words:
        if word == "--":
            given["recipient"].extend(words)
            break
        if word in ("-h", "--help"):
            given["help"] = True
            continue
        name, equals, value = word[2:].partition("=")
        if not word.startswith("--") or name not in OPTIONS:
            raise ValueError(f"no such option: {word!r}; see junkhound pipe --help")
        if not equals:
            try:
                value = next(words)
            except StopIteration:
                raise ValueError(f"--{name} needs a value") from None
        if name in _REPEATED:
            given[name].append(value)
        else:
            given[name] = value
    return given


class _Settings:
    """What the pipe needs of the settings, read as ``kernel.config`` reads them."""

    def __init__(self, table: dict[str, Any], path: str, home: str | None) -> None:
        store = _section(table, "store")
        self.home = os.path.abspath(home) if home else _home(str(store.get("home", "")), path)
        self.spool = os.path.join(self.home, "spool")
        self.spool_limit = _number(store, "spool_limit_mb", 2048) * _MB
        self.mail_limit = _number(_section(table, "intake"), "mail_limit_mb", 64) * _MB
        self.traps = {name: _names(trap) for name, trap in _section(table, "traps").items()}

    def spool_bytes(self) -> int:
        """Bytes that wait; where there are very many segments, by the mean of those looked at."""
        total = seen = count = 0
        try:
            with os.scandir(self.spool) as entries:
                for entry in entries:
                    count += 1
                    if count <= _COUNTED:
                        total += _size(entry)
                        seen += 1
        except FileNotFoundError:
            return 0
        return total * count // seen if seen else 0


def _settings(config: str | None, home: str | None) -> _Settings:
    path = _find(config)
    if path is None:
        return _Settings({}, "", home)
    import tomllib

    try:
        with open(path, "rb") as file:
            table = tomllib.load(file)
    except (OSError, ValueError) as error:
        raise Doubt(f"cannot read the settings {path!r}: {error}") from None
    return _Settings(table, path, home)


def _find(config: str | None) -> str | None:
    named = config or os.environ.get("JUNKHOUND_CONFIG")
    if named:
        if not os.path.isfile(named):
            raise Doubt(f"no settings file {named!r}")
        return named
    xdg = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    for place in ("junkhound.toml", os.path.join(xdg, "junkhound/junkhound.toml"), "/etc/junkhound/junkhound.toml"):
        if os.path.isfile(place):
            return place
    return None


def _home(stated: str, path: str) -> str:
    if stated:
        return os.path.abspath(os.path.join(os.path.dirname(path), os.path.expanduser(stated)))
    data = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return os.path.join(data, "junkhound")


def _section(table: dict[str, Any], name: str) -> dict[str, Any]:
    section = table.get(name, {})
    if not isinstance(section, dict):
        raise Doubt(f"the settings say {name!r}, which must be a section")
    return section


def _number(section: dict[str, Any], name: str, default: int) -> int:
    value = section.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise Doubt(f"the settings say {name} = {value!r}, which must be a number")
    return value


def _names(trap: Any) -> tuple[frozenset[str], frozenset[str]]:
    """The trap's domains and its single addresses."""
    domains, addresses = (
        frozenset(str(name).lower().rstrip(".") for name in (trap.get(key, []) if isinstance(trap, dict) else []))
        for key in ("domains", "addresses")
    )
    return domains, addresses


def _facts(given: dict[str, Any], settings: _Settings, now: int, truncated: bool) -> tuple[bytes, bytes, bytes]:
    """The three encoded parts of ``wire.facts``. Errors: ValueError for words that make no sense."""
    trap, mailbox = given.get("trap"), given.get("mailbox")
    if trap and settings.traps and trap not in settings.traps:
        raise ValueError(f"no section [traps.{trap}] in the settings")
    kind = given.get("as", "junk" if trap else "unsorted")
    if kind == "complaint" and not trap and (mailbox or _COMPLAINTS) == _COMPLAINTS:
        mailbox, kind = _COMPLAINTS, "junk"  # what a complaint shows has a kind of its own
    if bool(trap) == bool(mailbox):
        raise ValueError("say --trap=NAME or --mailbox=NAME, or --as=complaint alone")
    if kind not in _KINDS:
        raise ValueError(f"--as={kind} is not one of {', '.join(_KINDS)}")
    client = _address(given.get("client-address", ""))
    imported = client is None  # no session that we know of: time and source come from trusted header lines
    origin = (client, now, trap or mailbox, _KINDS[kind], imported, given.get("queue-id", ""), truncated, 1, None)
    recipients = [(os.fsencode(word), 250, _is_trap(word, trap, settings)) for word in given["recipient"]]
    sender = given.get("sender")
    envelope = (None if sender is None else os.fsencode(sender), recipients)
    return segment.part(origin), segment.part(envelope), segment.part(_session(given))


def _session(given: dict[str, Any]) -> tuple[Any, ...]:
    """The fields of ``wire.facts.Session`` in their order."""
    helo = given.get("client-helo", "")
    port, protocol, name = (given.get(f"client-{word}", "") for word in ("port", "protocol", "hostname"))
    return (
        int(port) if port.isdecimal() and 0 < int(port) < 65536 else None,
        None,  # local address
        None,  # local port
        os.fsencode(helo) if helo not in _UNKNOWN else None,
        _text(protocol) or None,
        *(None,) * 4,  # TLS version and cipher, ClientHello, SYN
        *((),) * 3,  # dialect, command times, replies
        None,  # PROXY
        (),  # XCLIENT
        *(None,) * 2,  # AUTH, clock jump
        _text(name) if name not in _UNKNOWN else None,
        0,  # manners
    )


def _text(word: str) -> str:
    return os.fsencode(word).decode("utf-8", "replace")


def _is_trap(recipient: str, trap: str | None, settings: _Settings) -> bool:
    """Whether it is an address of this trap; a trap without stated domains or addresses owns all that it is given."""
    if not trap:
        return False
    domains, addresses = settings.traps.get(trap, ((), ()))
    whole = recipient.lower().rstrip(".")
    local, _, domain = whole.rpartition("@")
    if not domains and not addresses:
        return True
    return whole in addresses or (domain in domains and local not in _ROLES)


def _address(words: str) -> bytes | None:
    if words in _UNKNOWN:
        return None
    import socket

    words = words.removeprefix("IPv6:").partition("%")[0]
    try:
        packed = socket.inet_pton(socket.AF_INET6 if ":" in words else socket.AF_INET, words)
    except OSError:
        raise ValueError(f"--client-address={words} is no address") from None
    return packed[12:] if packed[:12] == b"\0" * 10 + b"\xff\xff" else packed


def _read() -> bytes:
    """What comes next on standard input.

    A signal that came just before ``read`` would be heard behind it, and perhaps never: it ends ``select`` in any case.
    """
    if _heard >= 0:
        select.select((0, _heard), (), ())
    return os.read(0, 1 << 20)


def _read_mail(limit: int) -> tuple[bytes, bool]:
    """The mail, without a postmark that the transport put before it, and whether it was cut at ``limit``.

    All of it is consumed.
    """
    parts, size = [], 0
    while part := _read():
        if size < limit:
            parts.append(part[: limit - size])
        size += len(part)
    mail = b"".join(parts)
    if (
        mail.startswith(b"From ")
        and b":" not in mail[5 : mail.find(b" ", 5)]
        and not mail[5:].lstrip().startswith(b":")
    ):
        mail = mail[mail.find(b"\n") + 1 :] if b"\n" in mail else b""
    return mail, size > limit


def _seal(spool: str, record: bytes) -> None:
    """Put the record into a file that has no name until it is whole and synced; then sync the name too."""
    if not os.path.isdir(os.path.dirname(spool)):
        raise Doubt(f"there is no home {os.path.dirname(spool)!r}: make it, or say --home or [store] home")
    try:
        os.mkdir(spool, 0o700)
        _sync_folder(os.path.dirname(spool))
    except FileExistsError:
        pass
    handle = _nameless(spool)
    if handle is None:
        _seal_by_rename(spool, record)
    else:
        _write(handle, record)
        # The folder is stated only so that Python calls linkat(2), which follows the link in /proc.
        _take_name(spool, lambda name: os.link(f"/proc/self/fd/{handle}", name, src_dir_fd=handle))
        os.close(handle)
    _sync_folder(spool)


def _nameless(spool: str) -> int | None:
    """A file without a name, which vanishes with us; None where the file system has no such thing."""
    if not hasattr(os, "O_TMPFILE") or not os.path.isdir("/proc/self/fd"):
        return None
    try:
        return os.open(spool, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno in _NO_TMPFILE:
            return None
        raise


def _seal_by_rename(spool: str, record: bytes) -> None:
    """The same for other systems: a name that nobody reads, then its own."""
    hidden = os.path.join(spool, f".{os.urandom(8).hex()}.pipe")
    handle = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        _write(handle, record)
        _take_name(spool, lambda name: os.link(hidden, name))
    finally:
        os.close(handle)
        os.unlink(hidden)


def _take_name(spool: str, link: Any) -> None:
    for _ in range(8):
        number = segment.number(time.time_ns() // 1_000_000, int.from_bytes(os.urandom(3), "big"))
        try:
            link(os.path.join(spool, f"{number:016x}.seg"))
        except FileExistsError:
            continue
        return
    raise Doubt("no free segment name")


def _write(handle: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(handle, left) :]
    os.fsync(handle)


def _sync_folder(path: str) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat().st_size
    except FileNotFoundError:  # worked off meanwhile
        return 0


def _mail_waits() -> bool:
    """Whether something that may be a mail stands on standard input: not a terminal, not /dev/null."""
    try:
        mode = os.fstat(0).st_mode
    except OSError:
        return False
    return not stat.S_ISCHR(mode)


def _catch_signals() -> None:
    """Postfix asks a pipe that takes too long to end: say 75, so that it keeps the mail."""
    import signal

    global _heard
    _heard, told = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    for name in ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGPIPE", "SIGALRM", "SIGXCPU", "SIGXFSZ"):
        signal.signal(getattr(signal, name), lambda *_: os._exit(TEMPORARY))


def _say(text: str) -> None:
    os.write(2, f"junkhound: error: {text}\n".encode("utf-8", "backslashreplace"))


def _help() -> str:
    lines = ["Usage: junkhound pipe [OPTIONS] [-- RECIPIENT...]", "", "Take one mail from a mail server.", ""]
    lines += [f"  --{name + '=' + value:<26} {text}" for name, (value, text) in OPTIONS.items()]
    return "\n".join([*lines, "", EXAMPLE])


_NO_TMPFILE = (21, 22, 2, 95, 38)  # EISDIR, EINVAL, ENOENT, EOPNOTSUPP, ENOSYS: kernels and file systems differ

if __name__ == "__main__":
    main()
