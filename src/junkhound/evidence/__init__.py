"""The message as it arrived, and its seal.

``evidence.message``: ``parse(raw)`` gives a ``Message`` with its fields, offsets, ``Part`` leaves and defects.
``evidence.seal``: what proves that kept bytes did not change.
"""
