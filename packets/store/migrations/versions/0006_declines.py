"""Declines, and who voided a document"""

import packets.store.tables
import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('documents', sa.Column('voided_by', sa.Text(), server_default='', nullable=False))
    op.execute("UPDATE documents SET voided_by = 'service' WHERE voided_at_utc IS NOT NULL")
    op.create_table('declines',
    sa.Column('decline_id', sa.Integer(), nullable=False),
    sa.Column('document_id', sa.Text(), nullable=False),
    sa.Column('slot', sa.Text(), nullable=False),
    sa.Column('user_id', sa.Text(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('declined_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('withdrawn_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_by', sa.Text(), nullable=False),
    sa.Column('withdraw_reason', sa.Text(), nullable=False),
    sa.CheckConstraint("reason <> ''", name=op.f('ck_declines_reason_given')),
    sa.CheckConstraint("(withdrawn_at_utc IS NULL) = (withdraw_reason = '')", name=op.f('ck_declines_withdrawn_with_reason')),
    sa.ForeignKeyConstraint(['document_id'], ['documents.document_id'], name=op.f('fk_declines_document_id_documents')),
    sa.ForeignKeyConstraint(['user_id'], ['people.user_id'], name=op.f('fk_declines_user_id_people')),
    sa.PrimaryKeyConstraint('decline_id', name=op.f('pk_declines'))
    )
    op.create_index(op.f('ix_declines_document_id'), 'declines', ['document_id'], unique=False)
    held = sa.text('withdrawn_at_utc IS NULL')
    op.create_index('uq_declines_open', 'declines', ['document_id'], unique=True, sqlite_where=held, postgresql_where=held)


def downgrade() -> None:
    op.drop_table('declines')
    op.drop_column('documents', 'voided_by')
