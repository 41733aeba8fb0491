"""Jobs: what runs outside a request"""

import packets.store.tables
import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('jobs',
    sa.Column('job_id', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('arguments', sa.JSON(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('fence', sa.Integer(), nullable=False),
    sa.Column('owner', sa.Text(), nullable=False),
    sa.Column('due_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('lease_until_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('heartbeat_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('done', sa.Integer(), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('result', sa.JSON(), nullable=False),
    sa.Column('error', sa.Text(), nullable=False),
    sa.CheckConstraint("state IN ('queued', 'running', 'stopping', 'stopped', 'done', 'failed')", name=op.f('ck_jobs_state_known')),
    sa.CheckConstraint("(state IN ('running', 'stopping')) = (lease_until_utc IS NOT NULL)", name=op.f('ck_jobs_leased_while_running')),
    sa.PrimaryKeyConstraint('job_id', name=op.f('pk_jobs')),
    sa.UniqueConstraint('key', name=op.f('uq_jobs_key'))
    )
    with op.batch_alter_table('jobs', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_jobs_state_due_at_utc'), ['state', 'due_at_utc'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('jobs', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_jobs_state_due_at_utc'))

    op.drop_table('jobs')
