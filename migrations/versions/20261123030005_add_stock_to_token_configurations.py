"""add stock to token configurations"""

import sqlalchemy as sa
from alembic import op

revision = "20261123030005"
down_revision = "20261123030004"
branch_labels = None
depends_on = None

TABLE = "token_configurations"
CHECKS = {
    "token_configurations_minStock_check": '"minStock" >= 1',
    "token_configurations_refillTo_check": '"refillTo" BETWEEN "minStock" AND 1000',
    "token_configurations_stock_check": '("minStock" IS NULL) = ("refillTo" IS NULL)',
}


def upgrade():
    op.add_column(TABLE, sa.Column("hotspotId", sa.Text(), nullable=True))
    op.add_column(TABLE, sa.Column("minStock", sa.Integer(), nullable=True))
    op.add_column(TABLE, sa.Column("refillTo", sa.Integer(), nullable=True))
    op.add_column(TABLE, sa.Column("keptAt", sa.DateTime(), nullable=True))
    op.create_foreign_key(
        op.f("token_configurations_hotspotId_fkey"),
        TABLE,
        "hotspots",
        ["hotspotId"],
        ["id"],
        ondelete="RESTRICT",
    )
    for name, condition in CHECKS.items():
        op.create_check_constraint(op.f(name), TABLE, condition)


def downgrade():
    for column in ("keptAt", "refillTo", "minStock", "hotspotId"):
        op.drop_column(TABLE, column)
