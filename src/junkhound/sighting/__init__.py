"""The waist: one flat row per observation of an address, made by one pure function over a batch.

Public: ``judge`` (deliveries and rules in, columns out), ``Delivery``, ``Batch``, ``Rules``, ``IntakeRules``,
``Complainant``, ``number`` (keyed numbers of names), ``sighting_id``, ``arrival_key``, ``CODE_VERSION``, ``SPARSE``,
``WITHOUT_MAIL``.
"""

from junkhound.sighting.batch import SPARSE, WITHOUT_MAIL, Batch, Delivery, judge
from junkhound.sighting.ids import arrival_key, repeat_key, sighting_id
from junkhound.sighting.numbers import number
from junkhound.sighting.rules import CODE_VERSION, Complainant, IntakeRules, Rules

__all__ = [
    "CODE_VERSION", "SPARSE", "WITHOUT_MAIL", "Batch", "Complainant", "Delivery", "IntakeRules", "Rules",
    "arrival_key", "judge", "number", "repeat_key", "sighting_id",
]  # fmt: skip
