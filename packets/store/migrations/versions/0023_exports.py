"""Exports: records that people take away as one file"""

import packets.store.tables
import sqlalchemy as sa
from alembic import op

revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None


def _text(*names):
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _time(name, nullable=True):
    return sa.Column(name, packets.store.tables.UtcDateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table('exports',
    *_text('export_id', 'user_id'),
    _time('asked_at_utc', nullable=False),
    sa.Column('asked', sa.JSON(), nullable=False),
    sa.Column('chosen', sa.Integer(), nullable=False),
    _time('ready_at_utc'),
    _time('expires_at_utc'),
    *_text('digest'),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('held', sa.Integer(), nullable=False),
    _time('removed_at_utc'),
    *_text('removed_by'),
    sa.CheckConstraint('chosen > 0', name=op.f('ck_exports_something_chosen')),
    sa.CheckConstraint("(ready_at_utc IS NULL) = (expires_at_utc IS NULL) AND (ready_at_utc IS NULL) = (digest = '')", name=op.f('ck_exports_ready_with_file')),
    sa.CheckConstraint("(removed_at_utc IS NULL) = (removed_by = '')", name=op.f('ck_exports_removed_by_somebody')),
    sa.ForeignKeyConstraint(['user_id'], ['people.user_id'], name=op.f('fk_exports_user_id_people')),
    sa.PrimaryKeyConstraint('export_id', name=op.f('pk_exports'))
    )
    op.create_index(op.f('ix_exports_user_id_asked_at_utc'), 'exports', ['user_id', 'asked_at_utc'], unique=False)
    op.create_table('export_items',
    *_text('export_id'),
    sa.Column('position', sa.Integer(), autoincrement=False, nullable=False),
    *_text('document_id'),
    _time('told_at_utc'),
    sa.ForeignKeyConstraint(['document_id'], ['documents.document_id'], name=op.f('fk_export_items_document_id_documents')),
    sa.ForeignKeyConstraint(['export_id'], ['exports.export_id'], name=op.f('fk_export_items_export_id_exports')),
    sa.PrimaryKeyConstraint('export_id', 'position', name=op.f('pk_export_items')),
    sa.UniqueConstraint('export_id', 'document_id', name=op.f('uq_export_items_export_id_document_id'))
    )


def downgrade() -> None:
    """Indexes go with their tables."""
    for table in ('export_items', 'exports'):
        op.drop_table(table)
