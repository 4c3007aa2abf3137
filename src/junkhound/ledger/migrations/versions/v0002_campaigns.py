"""Campaigns, their events and the keys they share."""

from alembic import op

from junkhound.ledger import campaign_tables, schema

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    tables = [campaign_tables.campaigns, campaign_tables.campaign_events, campaign_tables.campaign_keys]
    schema.metadata.create_all(op.get_bind(), tables=tables)
