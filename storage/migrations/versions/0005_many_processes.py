"""many processes; what ten years of orders ask of the indexes"""

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
    with op.batch_alter_table("alert") as batch_op:
        batch_op.add_column(sa.Column("told_as", TEXT(), server_default="", nullable=False))
    if op.get_bind().dialect.name == "sqlite":
        op.execute("UPDATE alert SET told_as = COALESCE(json_extract(more, '$.group'), id)")
    standing = sa.text("state != 'resolved'")
    op.create_index("alert_order", "alert", ["order_no", "raised_at", "id"])
    op.create_index("alert_told_as", "alert", ["told_as"])
    op.create_index(
        "alert_standing",
        "alert",
        ["raised_at", "id"],
        sqlite_where=standing,
        postgresql_where=standing,
    )
    op.create_index("orders_touched", "orders", ["open", "updated_at"])
    with op.batch_alter_table("inbox") as batch_op:
        batch_op.add_column(sa.Column("holder", TEXT(), server_default="", nullable=False))
