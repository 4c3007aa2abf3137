"""The DNS responder: published lists as zones that mail servers ask (RFC 5782), by UDP and TCP.

A batch of ordinary questions is read, looked up and answered as arrays; everything else, and small batches, by one
plain function that also makes the templates of the arrays, so that both say the same.
"""

from junkhound.service.dns.answer import Book
from junkhound.service.dns.clients import Clients
from junkhound.service.dns.opening import open_responder
from junkhound.service.dns.responder import Responder
from junkhound.service.dns.zone import Data, Zone

__all__ = ["Book", "Clients", "Data", "Responder", "Zone", "open_responder"]
