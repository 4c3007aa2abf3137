"""What other people's block lists say, and which of them may be asked."""

from alembic import op

from junkhound.ledger import other_tables, schema

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    tables = [other_tables.accepted_blocklists, other_tables.other_checks, other_tables.other_listings]
    schema.metadata.create_all(op.get_bind(), tables=tables)
