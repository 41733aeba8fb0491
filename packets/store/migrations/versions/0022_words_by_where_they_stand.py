"""Words of records in the order of where they stand, roles of those who signed among them"""

import sqlalchemy as sa
from alembic import op

revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None

BY_ENTRY = 'ix_record_words_entry_id_source_word'


def upgrade() -> None:
    _write_anew(['source', 'word', 'entry_id'], "source IN ('d', 's', 'l', 'r')")
    word = 'role' if op.get_bind().dialect.name == 'sqlite' else "convert_to(role, 'UTF8')"
    op.execute(f"INSERT INTO record_words (source, word, entry_id) SELECT DISTINCT 'r', CAST({word} AS {_bytes()}), entry_id "
               'FROM signatures JOIN record_entries USING (document_id)')


def _bytes() -> str:
    return 'BLOB' if op.get_bind().dialect.name == 'sqlite' else 'BYTEA'


def _write_anew(key, known) -> None:
    if op.get_bind().dialect.name == 'postgresql':
        for name in ('pk_record_words', 'ck_record_words_source_known'):
            op.drop_constraint(name, 'record_words')
        op.create_primary_key('pk_record_words', 'record_words', key)
        op.create_check_constraint(op.f('ck_record_words_source_known'), 'record_words', known)
        return
    op.drop_index(BY_ENTRY, 'record_words')  # SQLite keeps such a table in the order of its key
    op.rename_table('record_words', 'earlier_record_words')
    op.create_table('record_words',
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('word', sa.LargeBinary(), nullable=False),
    sa.Column('entry_id', sa.Integer(), nullable=False),
    sa.CheckConstraint(known, name=op.f('ck_record_words_source_known')),
    sa.ForeignKeyConstraint(['entry_id'], ['record_entries.entry_id'], name=op.f('fk_record_words_entry_id_record_entries')),
    sa.PrimaryKeyConstraint(*key, name=op.f('pk_record_words')),
    sqlite_with_rowid=False,
    )
    columns = ', '.join(key)
    op.execute(f'INSERT INTO record_words ({columns}) SELECT {columns} FROM earlier_record_words ORDER BY {columns}')
    op.drop_table('earlier_record_words')
    op.create_index(BY_ENTRY, 'record_words', ['entry_id', 'source', 'word'], unique=False)


def downgrade() -> None:
    op.execute("DELETE FROM record_words WHERE source = 'r'")
    _write_anew(['word', 'source', 'entry_id'], "source IN ('d', 's', 'l')")
