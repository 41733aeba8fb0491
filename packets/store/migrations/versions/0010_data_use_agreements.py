"""The Data Use Agreement in Step 4: contacts confirmed, extension asked for; documents made on demand, several in a year"""

import packets.store.tables
import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None

CURRENT = 'uq_documents_current'
COUNTS = sa.text('voided_at_utc IS NULL')


def upgrade() -> None:
    op.create_table('dua_confirmations',
    sa.Column('confirmation_id', sa.Integer(), nullable=False),
    sa.Column('aco_id', sa.Text(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('contacts_digest', sa.Text(), nullable=False),
    sa.Column('confirmed_by', sa.Text(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('confirmed_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=False),
    sa.CheckConstraint('length(contacts_digest) = 64', name=op.f('ck_dua_confirmations_digest_length')),
    sa.ForeignKeyConstraint(['aco_id', 'year'], ['acos.aco_id', 'acos.year'], name=op.f('fk_dua_confirmations_aco_id_year_acos')),
    sa.ForeignKeyConstraint(['confirmed_by'], ['people.user_id'], name=op.f('fk_dua_confirmations_confirmed_by_people')),
    sa.PrimaryKeyConstraint('confirmation_id', name=op.f('pk_dua_confirmations'))
    )
    op.create_index(op.f('ix_dua_confirmations_aco_id_year'), 'dua_confirmations', ['aco_id', 'year'], unique=False)
    op.create_table('dua_extensions',
    sa.Column('request_id', sa.Integer(), nullable=False),
    sa.Column('aco_id', sa.Text(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('expires_on', sa.Date(), nullable=False),
    sa.Column('extended_to', sa.Date(), nullable=False),
    sa.Column('asked_by', sa.Text(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('asked_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=False),
    sa.CheckConstraint('extended_to > expires_on', name=op.f('ck_dua_extensions_never_shortened')),
    sa.ForeignKeyConstraint(['aco_id', 'year'], ['acos.aco_id', 'acos.year'], name=op.f('fk_dua_extensions_aco_id_year_acos')),
    sa.ForeignKeyConstraint(['asked_by'], ['people.user_id'], name=op.f('fk_dua_extensions_asked_by_people')),
    sa.PrimaryKeyConstraint('request_id', name=op.f('pk_dua_extensions'))
    )
    op.create_index(op.f('ix_dua_extensions_aco_id_year'), 'dua_extensions', ['aco_id', 'year'], unique=False)
    op.add_column('documents', sa.Column('occurrence', sa.Integer(), server_default='1', nullable=False))
    _count_by('aco_id', 'year', 'kind', 'occurrence')


def _count_by(*columns: str) -> None:
    op.drop_index(CURRENT, 'documents')
    op.create_index(CURRENT, 'documents', list(columns), unique=True, sqlite_where=COUNTS, postgresql_where=COUNTS)


def downgrade() -> None:
    """The earlier schema has room for one document of a kind that counts; its index refuses the way down while there are more."""
    _count_by('aco_id', 'year', 'kind')
    op.drop_column('documents', 'occurrence')
    op.drop_index(op.f('ix_dua_extensions_aco_id_year'), 'dua_extensions')
    op.drop_table('dua_extensions')
    op.drop_index(op.f('ix_dua_confirmations_aco_id_year'), 'dua_confirmations')
    op.drop_table('dua_confirmations')
