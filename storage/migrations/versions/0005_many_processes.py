"""many processes"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString


def upgrade() -> None:
    op.create_table(
        "lease",
        sa.Column("name", TEXT(), nullable=False),
        sa.Column("holder", TEXT(), nullable=False),
        sa.Column("term", sa.Integer(), nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    pulse = op.create_table(
        "pulse",
        sa.Column("name", TEXT(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.bulk_insert(pulse, [{"name": "books", "count": 0}])
    with op.batch_alter_table("inbox") as batch_op:
        batch_op.add_column(sa.Column("holder", TEXT(), server_default="", nullable=False))
