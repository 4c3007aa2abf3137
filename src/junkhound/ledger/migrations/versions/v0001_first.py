"""The first tables: manifest, seals, names, intakes, leases, and those of listings."""

import importlib.util

from alembic import op

from junkhound.ledger import schema

revision = "0001"
down_revision = None


def upgrade() -> None:
    if importlib.util.find_spec("junkhound.ledger.listings"):
        importlib.import_module("junkhound.ledger.listings")  # adds its tables to the metadata
    schema.metadata.create_all(op.get_bind())
