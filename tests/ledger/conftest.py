"""A ledger for every test: on SQLite always, on a private PostgreSQL where it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from junkhound.kernel.config import Config
from junkhound.ledger import Ledger
from support.ledgers import config_for
from support.peers import free_port, need


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return config_for(tmp_path / "home")


@pytest.fixture
def ledger(config: Config) -> Iterator[Ledger]:
    with Ledger.open(config) as opened:
        yield opened


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a server of our own, without a database name; started once, on the loopback."""
    programs = [need("initdb"), need("pg_ctl")]
    folder = Path(tempfile.mkdtemp(prefix="junkhound-pg-"))
    as_root = os.getuid() == 0
    if as_root:  # the server refuses to run as root
        shutil.chown(folder, "postgres", "postgres")
    prefix = ["runuser", "-u", "postgres", "--"] if as_root else []
    initdb, pg_ctl = (os.path.realpath(program) for program in programs)
    port = free_port()

    def run(*command: str) -> None:
        subprocess.run([*prefix, *command], check=True, cwd=folder, stdout=subprocess.DEVNULL)

    run(initdb, "-D", str(folder / "data"), "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    try:
        run(pg_ctl, "-D", str(folder / "data"), "-l", str(folder / "log"), "-w", "-o", options, "start")
        yield f"postgresql://postgres@127.0.0.1:{port}"
    finally:
        subprocess.run(
            [*prefix, pg_ctl, "-D", str(folder / "data"), "-m", "immediate", "stop"],
            cwd=folder,
            stdout=subprocess.DEVNULL,
        )
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def s3() -> Iterator[Callable[[], str]]:
    """Makes buckets of an S3 server of our own on the loopback (moto_server of ``pip install junkhound[s3-test]``)."""
    program = shutil.which("moto_server", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
    if program is None:
        pytest.skip("moto_server is not installed (pip install 'junkhound[s3-test]')")
    port = free_port()
    server = subprocess.Popen(
        [program, "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )

    def bucket() -> str:
        name = f"junkhound-{uuid.uuid4().hex[:12]}"
        urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/{name}", method="PUT"))
        return f"s3://{name}/hub"

    with pytest.MonkeyPatch.context() as patch:
        for key, value in {
            "AWS_ENDPOINT": f"http://127.0.0.1:{port}", "AWS_ALLOW_HTTP": "true", "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        }.items():  # fmt: skip
            patch.setenv(key, value)
        try:
            for _ in range(300):
                try:
                    bucket()
                    break
                except OSError:
                    assert server.poll() is None, "the S3 server does not start"
                    time.sleep(0.1)
            yield bucket
        finally:
            server.kill()
            server.wait()


@pytest.fixture
def state_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """``[store] state`` of the database under test; an empty one of its own on PostgreSQL."""
    if request.param == "sqlite":
        yield ""
        return
    import psycopg

    server = request.getfixturevalue("postgresql")
    name = f"jh_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    yield f"{server}/{name}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "state_url" in metafunc.fixturenames:
        metafunc.parametrize("state_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.peer)], indirect=True)


@pytest.fixture
def either(tmp_path: Path, state_url: str) -> Iterator[Ledger]:
    """A ledger whose state is in SQLite, then in PostgreSQL: both must pass the same tests."""
    with Ledger.open(config_for(tmp_path / "home", state_url)) as opened:
        yield opened
