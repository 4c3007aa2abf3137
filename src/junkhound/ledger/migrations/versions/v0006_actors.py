"""Actors, and the campaigns of each."""

from alembic import op

from junkhound.ledger import actors, schema

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    schema.metadata.create_all(op.get_bind(), tables=[actors.actors, actors.actor_campaigns])
