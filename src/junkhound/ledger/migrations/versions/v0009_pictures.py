"""Pictures that were looked at, their groups of near-copies, and what was found in them."""

from alembic import op

from junkhound.ledger import pictures, schema

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    schema.metadata.create_all(op.get_bind(), tables=list(pictures.TABLES))
