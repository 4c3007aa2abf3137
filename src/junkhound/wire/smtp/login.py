"""AUTH PLAIN and AUTH LOGIN as far as a server that lets nobody in needs them (RFC 4954, RFC 4616)."""

from __future__ import annotations

import base64
import binascii

USER_BYTES = 256
SECRET_BYTES = 1024


class Login:
    """One attempt: what is asked next, and in the end what was tried."""

    __slots__ = ("_step", "mechanism", "secret", "user")

    def __init__(self, mechanism: str) -> None:
        self.mechanism = mechanism
        self.user = self.secret = b""
        self._step = "user" if mechanism == "LOGIN" else "pair"

    def hear(self, line: bytes | None) -> str | None:
        """Take a line, None where the command brought none; the prompt for the next, None when all is said."""
        if line == b"*":
            return None
        if line is None:
            return "VXNlcm5hbWU6" if self._step == "user" else ""
        said = _decoded(line)
        if self._step == "user":
            self.user = said[:USER_BYTES]
            self._step = "secret"
            return "UGFzc3dvcmQ6"
        if self._step == "pair":
            _, _, pair = said.partition(b"\0")  # whom to act as, who, and the secret
            user, _, said = pair.partition(b"\0")
            self.user = user[:USER_BYTES]
        self.secret = said[:SECRET_BYTES]
        return None


def begin(mechanism: bytes) -> Login | None:
    """An attempt by this mechanism; None for one that is not offered."""
    name = mechanism.upper()
    return Login(name.decode()) if name in (b"PLAIN", b"LOGIN") else None


def _decoded(line: bytes) -> bytes:
    try:
        return base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError):
        return b"" if line == b"=" else line
