"""Attached files that were looked into."""

from alembic import op

from junkhound.ledger import attached, schema

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    schema.metadata.create_all(op.get_bind(), tables=list(attached.TABLES))
