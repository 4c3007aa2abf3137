"""Junkhound traces junk mail to the machines that inject it, remembers them, and publishes block lists."""

__version__ = "0.1.0"
