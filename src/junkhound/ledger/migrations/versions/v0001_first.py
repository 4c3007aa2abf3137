"""The first tables: manifest, seals, names, intakes, leases, and those of listings."""

from alembic import op

from junkhound.ledger import listing_tables, schema

revision = "0001"
down_revision = None


def upgrade() -> None:
    assert listing_tables.listings.metadata is schema.metadata  # that import adds the tables of listings
    schema.metadata.create_all(op.get_bind())
