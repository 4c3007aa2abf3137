"""The real server: a process of its own, its link, its end, and clients that dawdle."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from junkhound.kernel import config
from junkhound.web import place_of, public_app, serving


@contextlib.contextmanager
def served(settings: config.Config) -> Iterator[int]:
    """The public pages in a thread; the port they are on."""
    listening = serving.bound(place_of("127.0.0.1:0", "x", loopback=True))
    ready = threading.Event()
    server = serving.server(public_app(settings), ready.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    assert ready.wait(20)
    try:
        yield int(listening.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(20)


def test_a_header_that_trickles_in_is_cut_off(settings: config.Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "_HEADERS_S", 0.5)
    with served(settings) as port:
        for said in (b"", b"GET / HTTP/1.1\r\nHost: x\r\n", b"GET /robots.txt HTTP/1.1\r\nHost: x\r\n\r\nGET /"):
            with socket.create_connection(("127.0.0.1", port), timeout=20) as slow:
                slow.sendall(said)
                begun = time.monotonic()
                got = b""
                with contextlib.suppress(ConnectionResetError):
                    while piece := slow.recv(65536):
                        got += piece
                assert time.monotonic() - begun < 10, said
                assert (b"Disallow" in got) == (b"robots" in said)


def test_a_huge_header_and_nonsense_are_refused(settings: config.Config) -> None:
    with served(settings) as port:
        huge = b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 4_000_000 + b"\r\n\r\n"
        for said in (huge, b"\x16\x03\x01 hello\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
                with contextlib.suppress(OSError):
                    client.sendall(said)
                answer = b""
                with contextlib.suppress(ConnectionResetError):
                    answer = client.recv(65536)
                assert not answer or answer.startswith(b"HTTP/1.1 400")
        with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
            client.sendall(b"GET /robots.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert client.recv(65536).startswith(b"HTTP/1.1 200")


class Stay(urllib.request.HTTPRedirectHandler):
    """Follows nothing."""

    def redirect_request(self, *_: object) -> None:  # type: ignore[override]
        return None


def fetch(url: str, **headers: str) -> tuple[int, dict[str, str]]:
    opener = urllib.request.build_opener(Stay, urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, headers=headers), timeout=30) as answer:
            return answer.status, dict(answer.headers)
    except urllib.error.HTTPError as answer:
        return answer.code, dict(answer.headers)


def document(lines: Iterator[str]) -> dict[str, str]:
    """The next JSON document of a process."""
    text = ""
    for line in lines:
        text += line
        if line.startswith("}"):
            return dict(json.loads(text))
    raise AssertionError(f"ended after {text!r}")


def test_both_listeners_start_answer_and_end_together(other_home: config.Config) -> None:
    command = [sys.executable, "-m", "junkhound", "--home", str(other_home.home), "web", "--json", "--next", "/lists",
               "--listen", "127.0.0.1:0", "--public", "127.0.0.1:0"]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "HOME": "/nonexistent"})
    late = threading.Timer(120, process.kill)
    late.start()
    try:
        assert process.stdout is not None
        told = [document(process.stdout), document(process.stdout)]
        links = {name: value for one in told for name, value in one.items()}
        status, headers = fetch(links["link"])
        assert (status, headers["location"]) == (303, "/lists")
        cookie = headers["set-cookie"].partition(";")[0]
        assert fetch(links["link"])[0] == 403
        assert fetch(f"{links['operator']}/lists", Cookie=cookie)[0] == 200
        assert fetch(f"{links['operator']}/lists")[0] == 403
        assert fetch(f"{links['public']}/")[0] == 200
        assert fetch(f"{links['public']}/lists", Cookie=cookie)[0] == 404
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        port = int(links["public"].rpartition(":")[2])
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)
    finally:
        late.cancel()
        process.kill()
        process.wait()
