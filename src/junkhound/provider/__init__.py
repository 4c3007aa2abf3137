"""Abuse desks: whom to write to about an address.

Public: ``Contact``, ``Found``, ``Contacts``, ``read``, ``guess``. No look-up is made here: contacts are those of the
operator's own table; where it says nothing there is a guess, and it is marked as one.
"""

from junkhound.provider.contacts import Contact, Contacts, Found, guess, read

__all__ = ["Contact", "Contacts", "Found", "guess", "read"]
