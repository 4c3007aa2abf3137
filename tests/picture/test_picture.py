"""Pictures of text: opened within bounds, near-copies found, cut ones mended, stacks read."""

from __future__ import annotations

import io
import itertools
import struct
import time
import zlib
from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from junkhound import picture
from junkhound.picture import ink, level, opening, stack
from junkhound.picture.ocr import Piece, lined, read
from junkhound.picture.opening import Pixels
from spamworld.content import noise

TEXT = "Trading Alert for Monday\nHarbor Crest Holdings Inc\nSymbol: QXZV\nCurrent price: $1.25\n5 day target: $4.80"
OTHER = "Cheap watches from Geneva\nAll famous makers here\nTwo for the price of one\nOrder by telephone today"


def drawn(
    text: str, ink: tuple[int, int, int] = (0, 0, 0), ground: tuple[int, int, int] = (255, 255, 255)
) -> Image.Image:
    sheet = Image.new("RGB", (430, 150), ground)
    ImageDraw.Draw(sheet).multiline_text((14, 10), text, ink, ImageFont.load_default(17), spacing=8)
    return sheet


def pixels(sheet: Image.Image) -> Pixels:
    found: Pixels = np.asarray(sheet.convert("RGB"))
    return found


def saved(sheet: Image.Image, form: str = "PNG", **words: object) -> bytes:
    out = io.BytesIO()
    sheet.save(out, form, **words)
    return out.getvalue()


def test_a_picture_is_opened() -> None:
    found = picture.open_picture(saved(drawn(TEXT)))
    assert (found.form, found.width, found.height, found.frames, found.why) == ("PNG", 430, 150, 1, "")
    assert found.colour is not None
    assert found.colour.shape == (150, 430, 3)
    clear = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    opened = picture.open_picture(saved(clear))
    assert opened.colour is not None
    assert opened.colour.min() == 255  # transparent is white: mail is read on white


def test_of_an_animation_the_frame_that_stays_is_read() -> None:
    flash, still = Image.new("RGB", (430, 150), "red"), drawn(TEXT)
    gif = saved(flash, "GIF", save_all=True, append_images=[still, flash], duration=[10, 30_000, 10], disposal=1)
    found = picture.open_picture(gif)
    assert found.frames == 3
    assert found.colour is not None
    assert found.colour.mean() > 200


def endless_gif(frames: int) -> bytes:
    first = saved(
        Image.new("P", (32, 32)), "GIF", save_all=True, append_images=[Image.new("P", (32, 32), 1)], duration=20
    )
    head, tail = first[: first.rindex(b"!\xf9")], first[first.rindex(b"!\xf9") : -1]
    return head + tail * frames + b";"


def header_of(width: int, height: int) -> bytes:
    """A PNG that says it is that large, with next to nothing in it."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (header_of(10_000, 10_000), "too large"),
        (header_of(60_000, 60_000), "too large"),
        (bytes(opening.MAX_BYTES + 1), "too many bytes"),
        (b"GIF89a", "no picture"),
        (b"<svg/>", "no picture"),
        (saved(Image.new("RGB", (1, 1))), "tiny"),
        (saved(drawn(TEXT))[:400], "broken"),
        (header_of(300, 300), "broken"),
    ],
)
def test_what_cannot_be_had_says_why(octets: bytes, why: str) -> None:
    start = time.process_time()
    assert picture.open_picture(octets).why == why
    assert time.process_time() - start < 1.0


def test_an_endless_animation_ends() -> None:
    octets = endless_gif(5000)
    start = time.process_time()
    assert picture.open_picture(octets).frames <= opening.MAX_FRAMES
    assert time.process_time() - start < 2.0


@given(st.binary(max_size=400))
def test_any_bytes_are_opened(octets: bytes) -> None:
    for head in (b"", b"GIF89a\x20\0\x20\0", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM"):
        assert isinstance(picture.open_picture(head + octets), picture.Opened)


@pytest.mark.parametrize("kind", ["speckle", "lines", "pixelation", "rotation"])
def test_near_copies_are_one_group_and_other_drawings_another(kind: str) -> None:
    made = []
    for place, text in enumerate((TEXT, OTHER, TEXT, OTHER, TEXT)):
        sheet = drawn(text, ground=(255 - 5 * place, 250, 240 + place))
        made.append(picture.looks(pixels(noise.noisy(sheet, kind, Random(place)))))
    first, second, *rest = picture.grouped(made)
    assert first != second
    assert rest == [first, second, first]


def test_the_order_of_arrival_does_not_matter_for_clear_groups() -> None:
    made = [picture.looks(pixels(noise.speckle(drawn(text), Random(n)))) for n in range(6) for text in (TEXT, OTHER)]
    for seed in range(4):
        order = Random(seed).sample(range(len(made)), len(made))
        found = picture.grouped([made[place] for place in order])
        assert len({(place % 2, number) for place, number in zip(order, found, strict=True)}) == 2


def test_tiles_are_put_together() -> None:
    whole = pixels(drawn(TEXT))
    rows = [0, 33, 90, 150]
    columns = [0, 100, 101, 430]
    tiles = [whole[a:b, c:d] for a, b in itertools.pairwise(rows) for c, d in itertools.pairwise(columns)]
    mended = picture.joined(tiles)
    assert mended is not None
    assert np.array_equal(mended, whole)
    assert picture.joined([whole[:10, :20], whole[:30, :7], whole[:9, :9]]) is None
    assert picture.joined([whole]) is None


def test_a_stack_is_cleaner_than_each_of_its_copies() -> None:
    clean = pixels(drawn(TEXT)).astype(int)
    copies = [pixels(noise.lines(noise.speckle(drawn(TEXT), Random(n)), Random(n))) for n in range(9)]
    moved = [np.roll(copy, (n % 4, -n % 5), (0, 1)) for n, copy in enumerate(copies)]
    laid, count = stack.stacked(moved)
    assert count >= 8
    down, right = stack.shift(ink.inked(opening.grey(pixels(drawn(TEXT)))), ink.inked(opening.grey(laid)))
    back = np.roll(laid, (down, right), (0, 1)).astype(int)
    assert np.abs(back - clean).mean() < 0.2 * min(np.abs(copy.astype(int) - clean).mean() for copy in copies)


@pytest.mark.parametrize("angle", [-9.0, 5.0])
def test_a_crooked_picture_is_made_level(angle: float) -> None:
    crooked = drawn(TEXT + "\n" + OTHER[:40]).rotate(angle, expand=True, fillcolor="white")
    assert abs(level.slope(pixels(crooked)) - angle) <= 1.0
    assert level.slope(pixels(drawn(TEXT))) == 0.0


def test_a_group_is_read_once_and_again_when_the_stack_gets_better() -> None:
    assert [picture.due(copies, had) for copies, had in ((1, 0), (2, 1), (5, 1), (8, 5), (9, 5), (500, 9))] == [
        True, False, True, False, True, False,
    ]  # fmt: skip


def test_pieces_become_lines() -> None:
    pieces = [
        Piece("GDKI", 1.0, (200, 11, 240, 29)),
        Piece("Symbol:", 1.0, (10, 10, 80, 30)),
        Piece("Price", 1.0, (10, 40, 60, 60)),
    ]
    assert lined(pieces) == "Symbol: GDKI\nPrice"


def test_a_poor_reading_is_tried_again_on_another_variant() -> None:
    asked: list[int] = []

    def engine(colour: Pixels) -> Sequence[Piece]:
        asked.append(colour.shape[1])
        sure = 0.4 if len(asked) == 1 else 0.95
        return [Piece("some words that were read here", sure, (0, 0, 9, 9))]

    found = read(pixels(drawn(TEXT)), engine)
    assert (found.sure, len(asked)) == (0.95, 2)


@pytest.mark.parametrize("kind", ["lines", "speckle"])
def test_nine_copies_are_read_where_one_may_not_be(kind: str) -> None:
    copies = [pixels(noise.noisy(drawn(TEXT), kind, Random(n))) for n in range(9)]
    found = picture.read_group(copies, picture.engine("rapidocr"))
    assert found.copies >= 8
    for word in ("QXZV", "$1.25", "$4.80", "Harbor"):
        assert word in found.text


def test_codes_in_pictures() -> None:
    zxingcpp = pytest.importorskip("zxingcpp")
    code = zxingcpp.write_barcode_to_image(
        zxingcpp.create_barcode("http://shop.example/q?a=1", zxingcpp.BarcodeFormat.QRCode), scale=4
    )
    sheet = np.full((300, 400, 3), 255, np.uint8)
    made = np.asarray(code)
    sheet[20 : 20 + made.shape[0], 30 : 30 + made.shape[1]] = made[..., None] if made.ndim == 2 else made[..., :3]
    assert picture.codes(sheet) == ["http://shop.example/q?a=1"]
    sheet[60:90, 60:120] = 0
    assert picture.codes(sheet) in ([], ["http://shop.example/q?a=1"])
    assert picture.codes(pixels(drawn(TEXT))) == []
