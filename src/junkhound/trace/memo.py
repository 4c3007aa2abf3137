"""The memo of the kernel, under the name by which this room knows it."""

from junkhound.kernel.memo import Memo

__all__ = ["Memo"]
