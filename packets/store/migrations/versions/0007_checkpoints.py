"""Checkpoints of the log"""

import packets.store.tables
import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('checkpoints',
    sa.Column('size', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('peaks', sa.JSON(), nullable=False),
    sa.Column('digest', sa.Text(), nullable=False),
    sa.Column('object_digest', sa.Text(), nullable=False),
    sa.Column('at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['size'], ['audit.sequence'], name=op.f('fk_checkpoints_size_audit')),
    sa.PrimaryKeyConstraint('size', name=op.f('pk_checkpoints')),
    sa.UniqueConstraint('digest', name=op.f('uq_checkpoints_digest'))
    )


def downgrade() -> None:
    op.drop_table('checkpoints')
