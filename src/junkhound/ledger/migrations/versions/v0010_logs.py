"""How far each followed log was read."""

from alembic import op

from junkhound.ledger import schema

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    schema.log_places.create(op.get_bind(), checkfirst=True)
