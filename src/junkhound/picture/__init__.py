"""Text as pixels: what a picture looks like, which pictures are copies of one drawing, and what they say.

``open_picture(octets)`` gives an ``Opened`` or why not; ``looks(colour)`` a ``Looks``; ``Groups`` and ``grouped`` put
near-copies together; ``joined(pieces)`` mends a picture cut into tiles; ``due`` says when a group is worth a reading,
``read_group(copies, engine)`` reads it; ``codes(colour)`` reads QR codes. ``engines`` is the registry
``junkhound.ocr``, ``engine(name)`` one of it.
"""

from junkhound.picture.codes import codes
from junkhound.picture.groups import Groups, grouped
from junkhound.picture.looks import Looks, looks
from junkhound.picture.ocr import Engine, engine, engines
from junkhound.picture.opening import Opened, open_picture
from junkhound.picture.reading import Reading, due, read_group
from junkhound.picture.stack import joined

__all__ = [
    "Engine", "Groups", "Looks", "Opened", "Reading", "codes", "due", "engine", "engines", "grouped", "joined", "looks",
    "open_picture", "read_group",
]  # fmt: skip
