"""Signatures that the real minisign checks, keys that it reads, and what is found when a file was changed."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest

from junkhound.kernel import clock
from junkhound.kernel.errors import ConfigError, DataError, NotFound, TamperError
from junkhound.publish import Signer, sign, write
from junkhound.verbs import signing
from junkhound.wire import minisign
from support.editions import AT, entry, make
from support.peers import need

SECRET = sign.secret_of(bytes(range(32)), bytes(range(8)))
FORMS = ("plain", "json", "rpz")


def published(folder: Path, at: int = AT) -> Path:
    def put(path: Path, content: bytes) -> None:
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(content)

    write(make(entry("203.0.113.7"), at=at), FORMS, folder, put, Signer(SECRET))
    return folder


@pytest.mark.peer
def test_the_real_minisign_takes_key_and_signatures(tmp_path: Path) -> None:
    program = need("minisign")
    folder = published(tmp_path)
    (folder / "minisign.pub").write_text(minisign.public_text(SECRET.public))
    for name in ("main.txt", "main.json", "main.rpz", "main.index"):
        command = [program, "-V", "-p", str(folder / "minisign.pub"), "-m", str(folder / name)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert (done.returncode, "comment signature verified" in done.stdout) == (0, True), done.stderr
        assert f"file:{name}\thashed" in done.stdout
    (folder / "main.txt").write_bytes((folder / "main.txt").read_bytes() + b"192.0.2.1\n")
    command[-1] = str(folder / "main.txt")
    assert subprocess.run(command, capture_output=True).returncode != 0


@pytest.mark.peer
def test_the_real_minisign_signs_with_our_key_and_we_with_its(tmp_path: Path) -> None:
    program = need("minisign")
    (tmp_path / "ours.key").write_text(minisign.secret_text(SECRET))
    (tmp_path / "file").write_bytes(b"content\n")
    subprocess.run(
        [program, "-S", "-s", str(tmp_path / "ours.key"), "-m", str(tmp_path / "file"), "-t", "said"],
        check=True, capture_output=True,
    )  # fmt: skip
    assert sign.verify((tmp_path / "file.minisig").read_bytes(), b"content\n", SECRET.public) == "said"
    keys = ["-p", str(tmp_path / "its.pub"), "-s", str(tmp_path / "its.key")]
    subprocess.run([program, "-G", "-W", *keys], check=True, capture_output=True)
    its = minisign.read_secret((tmp_path / "its.key").read_text())
    assert its.public == minisign.read_public((tmp_path / "its.pub").read_text())
    (tmp_path / "file.minisig").write_bytes(Signer(its).sign(b"content\n", "file", AT))
    subprocess.run([program, "-V", *keys[:2], "-m", str(tmp_path / "file")], check=True, capture_output=True)


def test_equal_content_gives_equal_signatures(tmp_path: Path) -> None:
    one, two = published(tmp_path / "one"), published(tmp_path / "two")
    names = sorted(path.name for path in one.iterdir())
    assert names == sorted(f"main.{e}{s}" for e in ("txt", "json", "rpz", "index") for s in ("", ".minisig"))
    assert [(one / name).read_bytes() for name in names] == [(two / name).read_bytes() for name in names]


def test_all_that_was_signed_is_found_good(tmp_path: Path) -> None:
    (found,) = signing.verify(published(tmp_path), SECRET.public, AT)
    assert found.good == ["main.index", "main.txt", "main.json", "main.rpz"]
    assert found.wrong == []
    signing.complain([found])


@pytest.mark.parametrize("name", ["main.txt", "main.txt.minisig", "main.index", "main.index.minisig"])
def test_no_byte_of_it_may_change_unnoticed(tmp_path: Path, name: str) -> None:
    folder = published(tmp_path)
    whole = (folder / name).read_bytes()
    for at in range(0, len(whole) - 1, max(len(whole) // 40, 1)):
        if name.endswith(".minisig") and at < len(b"untrusted comment: signature by key 0706050403020100\n"):
            continue  # the first line of a signature is signed by nobody, as it says
        (folder / name).write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        (found,) = signing.verify(folder, SECRET.public, AT)
        assert found.wrong, at
        with pytest.raises(TamperError, match="not as signed"):
            signing.complain([found])


def test_files_of_different_editions_are_told(tmp_path: Path) -> None:
    older, newer = published(tmp_path / "older", AT - clock.HOUR), published(tmp_path / "newer")
    for name in ("main.txt", "main.txt.minisig"):
        (newer / name).write_bytes((older / name).read_bytes())
    (found,) = signing.verify(newer, SECRET.public, AT)
    assert found.wrong == ["main.txt: another edition than the index names"]


def test_a_signed_file_under_another_name_is_told(tmp_path: Path) -> None:
    folder = published(tmp_path)
    for ending in ("", ".minisig"):
        (folder / f"main.json{ending}").write_bytes((folder / f"main.txt{ending}").read_bytes())
    (found,) = signing.verify(folder, SECRET.public, AT)
    assert found.wrong == ["main.json: the signature was made for a file of another name"]


def test_what_ran_out_what_is_missing_and_another_key_are_told(tmp_path: Path) -> None:
    folder = published(tmp_path)
    assert "ran out" in signing.verify(folder, SECRET.public, AT + 3 * clock.DAY)[0].wrong[0]
    (folder / "main.rpz").unlink()
    assert signing.verify(folder, SECRET.public, AT)[0].wrong == ["main.rpz: No such file or directory: main.rpz"]
    other = sign.secret_of(bytes(32), bytes(8)).public
    assert "signed by another key" in signing.verify(folder, other, AT)[0].wrong[0]
    with pytest.raises(NotFound, match="no list in"):
        signing.verify(tmp_path / "nowhere", SECRET.public, AT)


def test_an_index_cannot_lead_out_of_its_folder(tmp_path: Path) -> None:
    folder = published(tmp_path / "in")
    (tmp_path / "secret").write_bytes(b"secret")
    about = json.loads((folder / "main.index").read_bytes())
    about["files"] = [{"name": "../secret", "sha256": "0" * 64}]
    content = json.dumps(about).encode()
    (folder / "main.index").write_bytes(content)
    (folder / "main.index.minisig").write_bytes(Signer(SECRET).sign(content, "main.index", AT))
    assert signing.verify(folder, SECRET.public, AT)[0].wrong == ["../secret: a name that leads out of the folder"]


@pytest.mark.parametrize(
    "text", ["", "x", "untrusted comment: x\n!!!\n", f"a\n{base64.b64encode(bytes(158)).decode()}\n"]
)
def test_what_is_no_key_is_told(text: str) -> None:
    for read in (minisign.read_secret, minisign.read_public):
        with pytest.raises(DataError):
            read(text)


def test_a_damaged_or_locked_secret_key_is_told() -> None:
    lines = minisign.secret_text(SECRET).splitlines()
    body = bytearray(base64.b64decode(lines[1]))
    assert minisign.read_secret(minisign.secret_text(SECRET)) == SECRET
    body[70] ^= 1
    with pytest.raises(DataError, match="checksum differs"):
        minisign.read_secret(f"x\n{base64.b64encode(body).decode()}\n")
    body[2:4] = b"Sc"
    with pytest.raises(DataError, match="locked by a password"):
        minisign.read_secret(f"x\n{base64.b64encode(body).decode()}\n")


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric", None)
    with pytest.raises(ConfigError) as told:
        Signer(SECRET)
    assert told.value.hint == "pip install 'junkhound[sign]'"
