"""Text out of pixels, by an engine that is installed: ``junkhound[ocr]`` brings one whose models ship in its wheel."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Protocol

import msgspec
import numpy as np

from junkhound.kernel.errors import ConfigError
from junkhound.kernel.registry import Registry
from junkhound.picture.ink import median3
from junkhound.picture.level import straightened
from junkhound.picture.opening import Pixels, pillow

SMALL = 480  # pixels of the longer side under which a picture is blown up before it is read
MAX_SIDE = 2400
POOR = 0.80  # mean confidence under which another variant is tried


class Piece(msgspec.Struct, frozen=True):
    """Some words that stand together: their text, confidence, and box (left, top, right, bottom)."""

    text: str
    sure: float
    box: tuple[float, float, float, float]


class Text(msgspec.Struct, frozen=True):
    """What was read: lines from top to bottom, mean confidence by letters, and which variant gave it."""

    text: str
    sure: float
    variant: str = ""


class Engine(Protocol):
    """Reads coloured pixels; gives its pieces in any order."""

    def __call__(self, colour: Pixels) -> Sequence[Piece]: ...


engines: Registry[Any] = Registry("ocr")
"""Makers of engines: each gives an ``Engine`` or raises ConfigError where it is not installed."""


@engines.register("rapidocr")
def rapidocr() -> Engine:
    """RapidOCR 3 with the models of its wheel, on one thread; it never asks the network."""
    try:
        logging.getLogger("RapidOCR").setLevel(logging.ERROR)
        from rapidocr import RapidOCR
    except ImportError:
        raise ConfigError("no OCR is installed", "pip install 'junkhound[ocr]'") from None
    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    reader: Any = RapidOCR(
        params={
            "Global.use_cls": False,
            "Global.log_level": "error",
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )

    def read(colour: Pixels) -> list[Piece]:
        found = reader(np.ascontiguousarray(colour[:, :, ::-1]))
        if found.txts is None:
            return []
        pieces = []
        for text, sure, corners in zip(found.txts, found.scores, found.boxes, strict=True):
            xs, ys = [float(x) for x, _ in corners], [float(y) for _, y in corners]
            pieces.append(Piece(str(text), float(sure), (min(xs), min(ys), max(xs), max(ys))))
        return pieces

    return read


@engines.register("tesseract")
def tesseract() -> Engine:
    """Tesseract through tesserocr: several times faster on clean pictures, lost on crooked ones."""
    try:
        from tesserocr import PSM, RIL, PyTessBaseAPI
    except ImportError:
        raise ConfigError(
            "tesserocr is not installed", "pip install tesserocr, and the language data of tesseract"
        ) from None
    reader = PyTessBaseAPI(psm=PSM.AUTO)

    def read(colour: Pixels) -> list[Piece]:
        reader.SetImage(pillow().fromarray(colour))
        reader.Recognize()
        words = reader.GetIterator()
        pieces = []
        while words is not None:
            try:
                left, top, right, bottom = words.BoundingBox(RIL.TEXTLINE)
                text = words.GetUTF8Text(RIL.TEXTLINE).strip()
            except (RuntimeError, TypeError):
                break
            if text:
                sure = words.Confidence(RIL.TEXTLINE) / 100
                pieces.append(Piece(text, sure, (float(left), float(top), float(right), float(bottom))))
            if not words.Next(RIL.TEXTLINE):
                break
        return pieces

    return read


@lru_cache(4)
def engine(name: str) -> Engine:
    """The engine of that name, made once. Errors: ConfigError where it is not installed."""
    made: Engine = engines.get(name)()
    return made


def read(colour: Pixels, reader: Engine) -> Text:
    """The text of a picture: as it is, and if that is poor, blown up and without its dots; the best of them."""
    found = Text("", 0.0)
    for variant, make in _VARIANTS:
        changed = make(colour)
        if changed is None:
            continue
        pieces = reader(changed)
        letters = sum(len(piece.text) for piece in pieces)
        sure = sum(piece.sure * len(piece.text) for piece in pieces) / letters if letters else 0.0
        one = Text(lined(pieces), sure, variant)
        if sure * min(len(one.text), 400) > found.sure * min(len(found.text), 400):
            found = one
        if found.sure >= POOR and len(found.text) >= 20:
            break
    return found


def lined(pieces: Sequence[Piece]) -> str:
    """Pieces in reading order: those on one height are one line, a wide gap between them is a tab's worth."""
    lines: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda piece: (piece.box[1] + piece.box[3]) / 2):
        middle, tall = (piece.box[1] + piece.box[3]) / 2, piece.box[3] - piece.box[1]
        last = lines[-1] if lines else []
        if last and abs(middle - (last[-1].box[1] + last[-1].box[3]) / 2) < 0.5 * min(
            tall, last[-1].box[3] - last[-1].box[1]
        ):
            last.append(piece)
        else:
            lines.append([piece])
    return "\n".join(" ".join(p.text for p in sorted(line, key=lambda piece: piece.box[0])) for line in lines)


def _as_it_is(colour: Pixels) -> Pixels | None:
    side = max(colour.shape[:2])
    if side < SMALL:
        return _scaled(colour, 2.0)
    return _scaled(colour, MAX_SIDE / side) if side > MAX_SIDE else colour


def _clean(colour: Pixels) -> Pixels | None:
    """Without single dots, twice as large."""
    smooth = np.stack([median3(np.ascontiguousarray(colour[..., part])) for part in range(3)], axis=-1)
    return _scaled(smooth, min(2.0, MAX_SIDE / max(colour.shape[:2])))


def _level(colour: Pixels) -> Pixels | None:
    turned = straightened(colour)
    return None if turned is colour else _as_it_is(turned)


def _scaled(colour: Pixels, factor: float) -> Pixels:
    module = pillow()
    height, width = (max(1, round(side * factor)) for side in colour.shape[:2])
    found: Pixels = np.asarray(module.fromarray(colour).resize((width, height), module.Resampling.BICUBIC))
    return found


_VARIANTS = (("plain", _as_it_is), ("level", _level), ("clean", _clean))
