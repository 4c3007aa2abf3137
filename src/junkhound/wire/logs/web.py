"""Web mail and web servers: Roundcube, SOGo, Apache's and nginx's password checks."""

from __future__ import annotations

import re

from junkhound.wire.logs.event import GUESS, IP, Daemon, Event, Memory, event, first, logs, only, patterns
from junkhound.wire.logs.line import Line

_SOGO = patterns((GUESS, r"SOGoRootPage Login from '{ip}(?:, [\w.: ,]{0,200})?' for user '.*' might not have worked"))
_SAYS = (r" (?:AH\d{5}: )?(?:user .*: authentication failure for \"|user .* not found|user .*: password mismatch"
         r"|client used wrong authentication scheme)")  # fmt: skip
_APACHE = patterns(  # since 2.4 there is a pid, and a port behind every address
    (
        GUESS,
        r"(?:\[[\w:]{1,40}\] )?\[pid \d{1,10}(?::tid \d{1,20})?\] (?:\[remote \S{1,60}\] )?\[client {ip}:\d{1,5}\]"
        + _SAYS,
    ),
    (GUESS, r"(?:\[[\w:]{1,40}\] )?\[client {ip}\]" + _SAYS),
)
# The name before it and the request behind it are the client's.
_nginx = re.compile(rf", client: (?P<ip>{IP}), server: ")
_refused = re.compile(
    r"\[error\] \d{1,10}#\d{1,10}: \*\d{1,12} user \".*\":? (?:password mismatch|was not found in \"[^\"]{1,300}\")"
    r", client: "
)


def _roundcube(line: Line, _: Memory) -> Event | None:
    if line.program not in ("roundcube", "") or (not line.program and not line.whole.startswith("[")):
        return None
    text = line.text
    head = _head.match(text)
    if head is None:
        return None
    # the name stands before the address, and behind it the IMAP server's answer, which may repeat what was typed
    found = only(_from, text[head.end() :])
    return event(GUESS, found["ip"], line, "roundcube", text[head.end() :][: found.start()]) if found else None


_head = re.compile(r"(?:<\w{1,20}> )?(?:IMAP Error: )?(?:Login failed|Failed login) for ")
_from = re.compile(
    r" from (?P<ip>[0-9A-Fa-f:][0-9A-Fa-f:.]{1,44}?)(?:\(X-[^()]{0,200}\))?"
    r"(?=\. AUTHENTICATE | in session \w{1,64} \(error: \d{1,5}\)\Z|\.?\s*\Z)"
)


def _sogo(line: Line, _: Memory) -> Event | None:
    return first(line, "sogo", _SOGO) if line.program == "sogod" else None


def _server(line: Line, _: Memory) -> Event | None:
    if line.program and line.program not in ("apache", "apache2", "httpd", "nginx"):
        return None
    if found := first(line, "apache", _APACHE):
        return found
    nginx = only(_nginx, line.text) if _refused.match(line.text) else None
    return event(GUESS, nginx["ip"], line, "nginx") if nginx else None


logs.register("roundcube")(Daemon(("Login failed for ", "Failed login for "), _roundcube))
logs.register("sogo")(Daemon(("SOGoRootPage",), _sogo))
logs.register("web")(Daemon(("[client ", ", client: "), _server))
