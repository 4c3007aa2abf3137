"""The forms in which complaints come: one file each, behind one registry; the first that knows a letter reads it.

A form gets the letter and gives the complaint, or None where it is not its own. The order of registration counts:
what machines write stands before what may be words; a bounce carries a mail, so it stands before mails attached.
"""

from __future__ import annotations

from collections.abc import Callable

from junkhound.complaint.complaint import Complaint
from junkhound.complaint.letter import Letter
from junkhound.kernel.registry import Registry

Form = Callable[[Letter], Complaint | None]

forms: Registry[Form] = Registry("forms")

from junkhound.complaint.forms import arf, xarf, bounce, attached, notice, inline  # noqa: E402, F401, I001
