"""Batches of countersignatures"""

import packets.store.tables
import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('step_ups', sa.Column('derived_from', sa.Text(), server_default='', nullable=False))
    op.create_table('batches',
    sa.Column('batch_id', sa.Text(), nullable=False),
    sa.Column('user_id', sa.Text(), nullable=False),
    sa.Column('created_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('sheet_digest', sa.Text(), nullable=False),
    sa.Column('step_up_id', sa.Text(), nullable=True),
    sa.Column('started_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('finished_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=True),
    sa.CheckConstraint('(started_at_utc IS NULL) = (step_up_id IS NULL)', name=op.f('ck_batches_started_with_proof')),
    sa.CheckConstraint('finished_at_utc IS NULL OR started_at_utc IS NOT NULL', name=op.f('ck_batches_finished_after_start')),
    sa.ForeignKeyConstraint(['user_id'], ['people.user_id'], name=op.f('fk_batches_user_id_people')),
    sa.ForeignKeyConstraint(['step_up_id'], ['step_ups.step_up_id'], name=op.f('fk_batches_step_up_id_step_ups')),
    sa.PrimaryKeyConstraint('batch_id', name=op.f('pk_batches')),
    sa.UniqueConstraint('step_up_id', name=op.f('uq_batches_step_up_id'))
    )
    op.create_index(op.f('ix_batches_user_id'), 'batches', ['user_id'], unique=False)
    op.create_table('batch_items',
    sa.Column('batch_id', sa.Text(), nullable=False),
    sa.Column('document_id', sa.Text(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('digest', sa.Text(), nullable=False),
    sa.Column('slot', sa.Text(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('opened', sa.Boolean(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('reasons', sa.JSON(), nullable=False),
    sa.Column('closed_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('waiting', 'signed', 'skipped')", name=op.f('ck_batch_items_state_known')),
    sa.CheckConstraint("(state = 'waiting') = (closed_at_utc IS NULL)", name=op.f('ck_batch_items_closed_with_time')),
    sa.ForeignKeyConstraint(['batch_id'], ['batches.batch_id'], name=op.f('fk_batch_items_batch_id_batches')),
    sa.ForeignKeyConstraint(['document_id'], ['documents.document_id'], name=op.f('fk_batch_items_document_id_documents')),
    sa.PrimaryKeyConstraint('batch_id', 'document_id', name=op.f('pk_batch_items')),
    sa.UniqueConstraint('batch_id', 'position', name=op.f('uq_batch_items_batch_id_position'))
    )


def downgrade() -> None:
    op.drop_table('batch_items')
    op.drop_table('batches')
    op.drop_column('step_ups', 'derived_from')
