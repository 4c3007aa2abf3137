"""Log files read from where one left off: through rotation, truncation and compression.

Public: ``LogFile`` (one path), ``Chunk`` (bytes of whole lines and where they stand), ``Place`` (what is remembered).
The lines are read by ``wire.logs``.
"""

from junkhound.intake.logs.files import Chunk, LogFile, Place

__all__ = ["Chunk", "LogFile", "Place"]
