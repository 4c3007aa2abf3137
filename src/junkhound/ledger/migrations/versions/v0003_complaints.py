"""Complaints and the addresses they are about."""

from alembic import op

from junkhound.ledger import schema

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    for table in (schema.complaints, schema.complaint_addresses):  # a new home has them by now: 0001 makes all tables
        table.create(op.get_bind(), checkfirst=True)
