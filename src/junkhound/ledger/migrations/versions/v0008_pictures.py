"""Pictures that were looked at, their groups of near-copies, and what was found in them."""

from alembic import op

from junkhound.ledger import pictures, schema

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    schema.metadata.create_all(op.get_bind(), tables=list(pictures.TABLES))
