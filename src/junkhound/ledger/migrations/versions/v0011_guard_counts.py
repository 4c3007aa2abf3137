"""What became of the mail that guards looked at."""

from alembic import op

from junkhound.ledger import guard_counts, schema

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    schema.metadata.create_all(op.get_bind(), tables=list(guard_counts.TABLES))
