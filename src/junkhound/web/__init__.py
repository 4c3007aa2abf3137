"""The face for browsers: the operator's pages, the public record pages, and nothing that decides.

``operator_app``, ``public_app`` and ``partners_app`` are three applications that share no route; ``serve`` runs one.
"""

from junkhound.web.operator import operator_app
from junkhound.web.partners import partners_app
from junkhound.web.public import public_app
from junkhound.web.serving import Place, place_of, serve

__all__ = ["Place", "operator_app", "partners_app", "place_of", "public_app", "serve"]
