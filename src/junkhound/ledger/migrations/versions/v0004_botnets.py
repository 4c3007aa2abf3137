"""Botnets, their cells, their tenants and their events."""

from alembic import op

from junkhound.ledger import botnet_tables, schema

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    made = botnet_tables
    schema.metadata.create_all(
        op.get_bind(), tables=[made.botnets, made.botnet_cells, made.tenancies, made.botnet_events]
    )
