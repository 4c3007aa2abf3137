"""Partners: who they are, what they reported, what we reported, what they may fetch."""

from alembic import op

from junkhound.ledger import partner_tables, schema

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    made = partner_tables
    tables = [made.partners, made.partner_segments, made.sensor_sent, made.shared_objects]
    schema.metadata.create_all(op.get_bind(), tables=tables)
