"""Mail comes in here: files and archives of every kind, watched folders, the mail server's pipe.

Public: ``open_sources``, ``Mail``, ``Problem``, ``folder_kind`` (module ``sources``), ``watch`` (module ``maildir``);
the pipe is the module ``pipe``. Names are loaded when first asked for, so that the pipe starts with the standard
library alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from junkhound.intake.mail import Mail, Problem, folder_kind
    from junkhound.intake.maildir import watch
    from junkhound.intake.sources import open_sources

__all__ = ["Mail", "Problem", "folder_kind", "open_sources", "watch"]

_WHERE = {"open_sources": "sources", "watch": "maildir"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    import importlib

    return getattr(importlib.import_module(f"{__name__}.{_WHERE.get(name, 'mail')}"), name)
