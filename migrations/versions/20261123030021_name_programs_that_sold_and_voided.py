"""name programs that sold and voided"""

import sqlalchemy as sa
from alembic import op

revision = "20261123030021"
down_revision = "20261123030005"
branch_labels = None
depends_on = None

SALES = "wifi_token_sales"


def upgrade():
    op.add_column(SALES, sa.Column("soldWith", sa.Text(), nullable=True))
    op.add_column(SALES, sa.Column("voidedWith", sa.Text(), nullable=True))


def downgrade():
    op.drop_column(SALES, "voidedWith")
    op.drop_column(SALES, "soldWith")
