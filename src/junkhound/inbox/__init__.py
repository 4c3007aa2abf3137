"""A person's mailbox, read and sorted where it is: a Maildir, or an account on an IMAP server.

Public: ``Store`` (what both are), ``Letter``, ``maildir`` and ``imap`` (which open one). A letter is only ever moved:
nothing here deletes or changes one.
"""

from junkhound.inbox.store import Letter, Store

__all__ = ["Letter", "Store"]
