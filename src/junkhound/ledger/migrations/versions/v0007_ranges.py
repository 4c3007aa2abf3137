"""Listings of names and of networks with exclusions, shadow times, approvals by two people, requests for delisting."""

import sqlalchemy as sa
from alembic import op

from junkhound.ledger import listing_tables

revision = "0007"
down_revision = "0006"

_COLUMNS = {
    "listings": (("name", sa.Text), ("below", sa.Integer), ("exclusions", sa.Text)),
    "list_runs": (("shadow_until", sa.BigInteger),),
}


def upgrade() -> None:
    # The first migration makes the tables as they are today, so in a new home everything stands already.
    bind = op.get_bind()
    there = sa.inspect(bind)
    for table, columns in _COLUMNS.items():
        held = {column["name"] for column in there.get_columns(table)}
        for name, kind in columns:
            if name not in held:
                op.add_column(table, sa.Column(name, kind()))
    for new in (listing_tables.approvals, listing_tables.delistings):
        new.create(bind, checkfirst=True)
    if not any(index["name"] == "ix_listings_name" for index in there.get_indexes("listings")):
        op.create_index("ix_listings_name", "listings", ["name"])
