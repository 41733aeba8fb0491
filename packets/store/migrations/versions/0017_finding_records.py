"""Records are found: an entry and words for each document, saved searches"""

import packets.store.tables
import sqlalchemy as sa
from alembic import op

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None


def _text(*names):
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _time(name, nullable=False):
    return sa.Column(name, packets.store.tables.UtcDateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    _entries()
    _words()
    _saved()
    op.create_index(op.f('ix_signatures_signed_at_utc'), 'signatures', ['signed_at_utc'], unique=False)


def _entries() -> None:
    op.create_table('record_entries',
    sa.Column('entry_id', sa.Integer(), nullable=False),
    *_text('document_id'),
    sa.Column('place', sa.LargeBinary(), nullable=False),
    *_text('aco_id'),
    sa.Column('year', sa.Integer(), nullable=False),
    *_text('kind', 'state'),
    sa.Column('signed', sa.Integer(), nullable=False),
    _time('executed_at_utc', nullable=True),
    sa.Column('ends_on', sa.Date(), nullable=True),
    *_text('contents_digest'),
    sa.CheckConstraint("state IN ('open', 'declined', 'executed', 'voided')", name=op.f('ck_record_entries_state_known')),
    sa.ForeignKeyConstraint(['document_id'], ['documents.document_id'], name=op.f('fk_record_entries_document_id_documents')),
    sa.PrimaryKeyConstraint('entry_id', name=op.f('pk_record_entries')),
    sa.UniqueConstraint('document_id', name=op.f('uq_record_entries_document_id')),
    sa.UniqueConstraint('place', name=op.f('uq_record_entries_place')),
    )
    for columns in (['aco_id', 'year', 'place'], ['kind', 'state', 'place'], ['state', 'place'], ['executed_at_utc'], ['ends_on']):
        op.create_index(op.f(f"ix_record_entries_{'_'.join(columns)}"), 'record_entries', columns, unique=False)


def _words() -> None:
    op.create_table('record_words',
    sa.Column('word', sa.LargeBinary(), nullable=False),
    *_text('source'),
    sa.Column('entry_id', sa.Integer(), nullable=False),
    sa.CheckConstraint("source IN ('d', 's', 'l')", name=op.f('ck_record_words_source_known')),
    sa.ForeignKeyConstraint(['entry_id'], ['record_entries.entry_id'], name=op.f('fk_record_words_entry_id_record_entries')),
    sa.PrimaryKeyConstraint('word', 'source', 'entry_id', name=op.f('pk_record_words')),
    sqlite_with_rowid=False,
    )
    op.create_index(op.f('ix_record_words_entry_id_source_word'), 'record_words', ['entry_id', 'source', 'word'], unique=False)


def _saved() -> None:
    op.create_table('saved_searches',
    *_text('search_id', 'user_id', 'name', 'query'),
    _time('saved_at_utc'),
    sa.CheckConstraint("name <> ''", name=op.f('ck_saved_searches_named')),
    sa.ForeignKeyConstraint(['user_id'], ['people.user_id'], name=op.f('fk_saved_searches_user_id_people')),
    sa.PrimaryKeyConstraint('search_id', name=op.f('pk_saved_searches')),
    sa.UniqueConstraint('user_id', 'name', name=op.f('uq_saved_searches_user_id_name')),
    )


def downgrade() -> None:
    op.drop_index(op.f('ix_signatures_signed_at_utc'), 'signatures')
    for table in ('saved_searches', 'record_words', 'record_entries'):
        op.drop_table(table)
