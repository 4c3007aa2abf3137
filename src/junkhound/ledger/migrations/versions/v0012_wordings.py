"""When campaigns were read, and the patterns of their wordings."""

from alembic import op

from junkhound.ledger import schema, wordings

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    schema.metadata.create_all(op.get_bind(), tables=list(wordings.TABLES))
