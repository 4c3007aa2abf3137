"""Golden dialogues: ``cases/dialogues/*.txt``, what clients say and what they hear, line by line.

``# why``, ``@ option option=value`` of the policy; ``C:`` says a line, ``C+`` holds it back so that the next goes with
it in one packet, ``C~`` says bytes without a line end. What follows is golden (``pytest --update-golden``): ``S:`` each
reply, ``=`` what came of it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from junkhound.wire.smtp import Delivery, Guess, Manner, Phase, Policy, Rcpt, Session, XClient

CASES = sorted((Path(__file__).parent / "cases/dialogues").glob("*.txt"))


def trap(address: bytes) -> Rcpt:
    return Rcpt(250, "2.1.5 fine", True) if address.endswith(b"@trap.example") else Rcpt(550, "5.7.1 we do not relay")


def policy(words: list[str]) -> Policy:
    said: dict[str, object] = {}
    for word in words:
        name, _, value = word.partition("=")
        said |= {"protocol": "lmtp"} if name == "lmtp" else {name: int(value) if value else True}
    return Policy("mx.example.org", trap, **said)  # type: ignore[arg-type]


def shown(data: bytes) -> str:
    return data.decode("latin-1").encode("unicode_escape").decode()


def played(text: str) -> str:
    """The same case with the replies and results of now."""
    lines = [line for line in text.splitlines() if line[:2] not in ("S:", "= ")]
    options = [word for line in lines if line.startswith("@ ") for word in line[2:].split()]
    client = Session(policy(options), 0)
    client.greet()
    out, waiting = [], b""

    def heard() -> None:
        while True:
            out.extend(f"S: {line}" for line in client.take_output().decode().splitlines())
            if client.phase is not Phase.WAITING:
                return
            client.answer(250, "2.0.0 kept", 0)

    started = False
    for line in lines:
        if not started and line[:2] in ("C:", "C+", "C~"):
            started = True
            heard()
        out.append(line)
        if line[:2] in ("C:", "C+", "C~"):
            said = line[3:].encode().decode("unicode_escape").encode("latin-1")
            waiting += said if line[1] == "~" else said + b"\r\n"
            if line[1] != "+":
                client.receive(waiting, 0)
                waiting = b""
                heard()
    return "\n".join([*out, *(f"= {word}" for word in results(client))]) + "\n"


def results(client: Session) -> list[str]:
    found = []
    for event in client.events:
        if isinstance(event, Delivery):
            to = b" ".join(address for address, code, _ in event.transaction.recipients if code < 400)
            found.append(f"mail from <{shown(event.transaction.mail_from)}> to {shown(to)}: {shown(event.mail)}")
        elif isinstance(event, Guess):
            found.append(f"guess {event.mechanism} {shown(event.user)} {shown(event.secret)}")
        elif isinstance(event, XClient):
            found.append(f"xclient {event.attributes}")
        else:
            found.append(f"starttls, and {len(client.take_rest())} bytes for it")
    found.append("dialect " + " | ".join(map(shown, client.trace)))
    if client.manners:
        found.append("manners " + " ".join(m.name or "" for m in Manner if m & client.manners))
    return [*found, f"ends in {client.phase.name}"]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_dialogue(path: Path, request: pytest.FixtureRequest) -> None:
    text = path.read_text()
    now = played(text)
    if request.config.getoption("--update-golden"):
        path.write_text(now)
    assert now == path.read_text()
