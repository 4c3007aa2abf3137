"""The face for browsers: the operator's pages, the public record pages, and nothing that decides.

``operator_app`` and ``public_app`` are two applications that share no route; ``serve`` runs one of them.
"""

from junkhound.web.operator import operator_app
from junkhound.web.public import public_app
from junkhound.web.serving import Place, place_of, serve

__all__ = ["Place", "operator_app", "place_of", "public_app", "serve"]
