"""Complaints that people and machines send us: read into what they claim and which mails they show for it.

Public: ``read``, the values ``Complaint``, ``Claim``, ``Carried``, and the words ``WHOLE``, ``HEADERS``,
``INCOMPLETE``. Forms are added to ``forms`` (``complaint.forms``). Nothing here is believed: what a complaint is worth
is decided by who sent it.
"""

from junkhound.complaint.complaint import HEADERS, INCOMPLETE, WHOLE, Carried, Claim, Complaint
from junkhound.complaint.read import read

__all__ = ["HEADERS", "INCOMPLETE", "WHOLE", "Carried", "Claim", "Complaint", "read"]
