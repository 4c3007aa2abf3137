"""STARTTLS: what the listener offers, and one connection's channel over plain bytes.

The channel feeds OpenSSL from memory and not from the socket, so that the ClientHello is seen as it came, and so
that every event loop does the same. Opportunistic TLS protects nobody from anything here: old programs are the ones
we wait for, so all versions and ciphers that OpenSSL still has are taken.
"""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

from junkhound.kernel.errors import ConfigError
from junkhound.wire import hello

_VERSIONS = {"SSLv3": 0x0300, "TLSv1": 0x0301, "TLSv1.1": 0x0302, "TLSv1.2": 0x0303, "TLSv1.3": 0x0304}
_READ = 65536
_OPTIONS = ("-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3650", "-subj")


def context(certificate: str, key: str = "") -> ssl.SSLContext:
    """What a listener offers; sessions are resumed by tickets of this process.

    Errors: ConfigError for a certificate or key that cannot be used.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        made.load_cert_chain(certificate, key or None)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"certificate {certificate!r} cannot be used: {error}", "give a PEM file and the key that belongs to it"
        ) from None
    made.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    made.set_ciphers("DEFAULT:@SECLEVEL=0")
    made.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION | ssl.OP_CIPHER_SERVER_PREFERENCE
    return made


def self_signed(
    folder: Path, hostname: str, stem: str = "smtp", alternatives: tuple[str, ...] = ()
) -> tuple[Path, Path]:
    """Certificate and key in the folder, made by the ``openssl`` program where they are not there yet.

    ``alternatives`` are further names, such as ``DNS:localhost`` or ``IP:127.0.0.1``.
    Junk is sent to whatever certificate is shown; one by an authority is needed only behind strict senders.
    Errors: ConfigError without the program.
    """
    certificate, key = folder / f"{stem}.pem", folder / f"{stem}.key"
    if certificate.exists() and key.exists():
        return certificate, key
    program = shutil.which("openssl")
    if program is None:
        raise ConfigError("no program openssl to make a certificate with", "name one of yours: starttls_certificate")
    folder.mkdir(parents=True, exist_ok=True)
    key.touch(0o600)
    more = ("-addext", f"subjectAltName={','.join(alternatives)}") if alternatives else ()
    made = subprocess.run(  # noqa: S603
        [program, "req", *_OPTIONS, f"/CN={hostname[:64]}", *more, "-keyout", str(key), "-out", str(certificate)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise ConfigError(f"openssl made no certificate for {hostname!r}: {made.stderr.strip()[-200:]}")
    return certificate, key


class Channel:
    """TLS between a socket's bytes and a session's. Errors of all that receives: ``ssl.SSLError``."""

    __slots__ = ("_hello", "_in", "_object", "_out", "ended", "ja4", "ready")

    def __init__(self, offered: ssl.SSLContext) -> None:
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object = offered.wrap_bio(self._in, self._out, server_side=True)
        self._hello = bytearray()
        self.ja4: str | None = None
        self.ready = False
        self.ended = False

    def receive(self, data: bytes) -> bytes:
        """Take what the socket gave; what the client said, as far as it can be read by now."""
        self._in.write(data)
        if not self.ready:
            if len(self._hello) < hello.BYTES:
                self._hello += data
            try:
                self._object.do_handshake()
            except ssl.SSLWantReadError:
                return b""
            self.ready = True
            self.ja4 = hello.ja4(bytes(self._hello))
            self._hello.clear()
        said = []
        try:
            while part := self._object.read(_READ):
                said.append(part)
            self.ended = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.ended = True
        return b"".join(said)

    def send(self, data: bytes) -> None:
        """Encrypt what we say; ``take_output`` has it."""
        self._object.write(data)

    def take_output(self) -> bytes:
        """What to write to the socket."""
        return self._out.read()

    def close(self) -> None:
        """Say that nothing follows (close_notify)."""
        if self.ready:
            try:
                self._object.unwrap()
            except ssl.SSLError:
                return  # the client has not said the same, and need not

    @property
    def version(self) -> int | None:
        """The version's number on the wire."""
        return _VERSIONS.get(self._object.version() or "")

    @property
    def cipher(self) -> str | None:
        """OpenSSL's name of the cipher suite."""
        found = self._object.cipher()
        return found[0] if found else None

    @property
    def resumed(self) -> bool:
        """Whether an earlier session was taken up again."""
        return bool(self._object.session_reused)
