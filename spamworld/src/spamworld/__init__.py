"""A simulated world of junk mail whose truth is known, as benchmark and demonstration."""

__version__ = "0.1.0"
