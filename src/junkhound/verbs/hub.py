"""A hub that this home talks to: its address, our token, and one request at a time, over TLS beyond this machine."""

from __future__ import annotations

import http.client
import json
import os
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from junkhound.kernel.errors import ConfigError, Refused, Temporary

_WORDS = 1 << 16
_PIECE = 1 << 20


class Answer(NamedTuple):
    """What a hub answered; names of headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Hub(NamedTuple):
    """Where requests go to, and as whom."""

    host: str
    port: int
    prefix: str
    token: str
    context: ssl.SSLContext | None
    timeout_s: float

    def send(self, method: str, path: str, body: bytes) -> tuple[int, str]:
        """Status and words of the hub's answer. Errors: Temporary where there is none."""
        answer = self.ask(method, path, body, {"Content-Type": "application/zstd"}, _WORDS)
        return answer.status, answer.body.decode("utf-8", "replace")

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None,
        most: int = _WORDS,
    ) -> Answer:  # fmt: skip
        """One request; of an answer beyond ``most`` bytes the rest is left.

        Errors: Temporary where there is no answer, or not all of it.
        """
        connection: http.client.HTTPConnection
        if self.context is None:
            connection = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout_s)
        else:
            connection = http.client.HTTPSConnection(self.host, self.port, timeout=self.timeout_s, context=self.context)
        said = {**({"Authorization": f"Bearer {self.token}"} if self.token else {}), **(headers or {})}
        try:
            connection.request(method, f"{self.prefix}{path}", body, said)
            answer = connection.getresponse()
            named = {name.lower(): value for name, value in answer.getheaders()}
            pieces, size = [], 0
            while size < most and (piece := answer.read(min(_PIECE, most - size))):
                pieces.append(piece)
                size += len(piece)
            wanted = named.get("content-length", "")
            if wanted.isdigit() and size < min(int(wanted), most) and answer.status == 200:
                raise Temporary(f"the hub {self.host}:{self.port} broke off after {size:,} bytes")
            return Answer(answer.status, named, b"".join(pieces))
        except (OSError, http.client.HTTPException) as error:
            raise Temporary(f"the hub {self.host}:{self.port} cannot be reached: {error}") from None
        finally:
            connection.close()


def reach(setting: str, url: str, token: str | None, ca: str, timeout_s: float, who: str) -> Hub:
    """The hub at an address; ``setting`` names where the address was read, a token of None says that none is needed.

    Errors: ConfigError.
    """
    parts = urlsplit(url)
    loopback = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if parts.hostname is None or not (parts.scheme == "https" or (parts.scheme == "http" and loopback)):
        raise ConfigError(f"{setting}: {url!r} is no https address", "without TLS only on this machine")
    if token == "":
        raise ConfigError(f"the {who} has no token", "the hub's operator makes one: junkhound partners enroll NAME")
    context = None
    if parts.scheme == "https":
        try:
            context = ssl.create_default_context(cafile=ca or None)
        except OSError as error:
            raise ConfigError(f"cannot read the certificate {ca!r}: {error}") from None
    try:
        port = parts.port or (443 if context is not None else 80)
    except ValueError:
        raise ConfigError(f"{setting}: {url!r} is no https address", "its port is no number") from None
    return Hub(parts.hostname, port, parts.path.rstrip("/"), token or "", context, timeout_s)


def token_of(setting: str, file: str, variable: str) -> str:
    """A token from its file, else from the environment. Errors: ConfigError for a file that cannot be read."""
    if not file:
        return os.environ.get(variable, "")
    try:
        return Path(file).expanduser().read_text("ascii").strip()
    except (OSError, ValueError) as error:
        raise ConfigError(f"{setting}: cannot read {file!r}: {error}") from None


def check_access(status: int, words: str) -> None:
    """Errors: Refused where the hub does not know us, Temporary where it may answer later."""
    if status == 401:
        raise Refused("the hub does not know our token", "it may have been revoked: ask the hub's operator")
    if status >= 500 or status in (408, 429):
        raise Temporary(f"the hub cannot answer now ({status}): {message(words)}")


def message(words: str) -> str:
    """What an error of the hub says."""
    try:
        return str(json.loads(words)["error"]["message"])[:200]
    except (ValueError, KeyError, TypeError):
        return words[:80]
