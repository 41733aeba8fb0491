"""Certified copies: named grants with an end, and every retrieval"""

import packets.store.tables
import sqlalchemy as sa
from alembic import op

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None

VERBS = ('UPDATE', 'DELETE')
RETRIEVED = ('copy_retrievals', 'copy_retrieved')


def _text(*names):
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _time(name, nullable=False):
    return sa.Column(name, packets.store.tables.UtcDateTime(timezone=True), nullable=nullable)


def _number(name, nullable=False):
    return sa.Column(name, sa.Integer(), nullable=nullable)


def upgrade() -> None:
    _grants()
    _retrievals()
    _append_only()


def _grants() -> None:
    op.create_table('copy_grants',
    *_text('grant_id', 'aco_id'),
    _number('year'),
    *_text('name', 'email', 'capacity', 'reason', 'token_digest', 'made_by'),
    _time('made_at_utc'),
    _time('expires_at_utc'),
    _number('most'),
    _number('message_id', nullable=True),
    _time('withdrawn_at_utc', nullable=True),
    *_text('withdrawn_by', 'withdraw_reason'),
    sa.CheckConstraint("capacity IN ('participant', 'provider-supplier', 'governing-body', 'auditor')", name=op.f('ck_copy_grants_capacity_known')),
    sa.CheckConstraint("name <> '' AND email <> '' AND reason <> ''", name=op.f('ck_copy_grants_named_with_reason')),
    sa.CheckConstraint('length(token_digest) = 64', name=op.f('ck_copy_grants_digest_length')),
    sa.CheckConstraint('expires_at_utc > made_at_utc', name=op.f('ck_copy_grants_ends_after_it_begins')),
    sa.CheckConstraint('most BETWEEN 1 AND 50', name=op.f('ck_copy_grants_most_in_bounds')),
    sa.CheckConstraint("(withdrawn_at_utc IS NULL) = (withdraw_reason = '') AND (withdrawn_at_utc IS NULL) = (withdrawn_by = '')", name=op.f('ck_copy_grants_withdrawn_with_reason')),
    sa.ForeignKeyConstraint(['aco_id', 'year'], ['acos.aco_id', 'acos.year'], name=op.f('fk_copy_grants_aco_id_year_acos')),
    sa.ForeignKeyConstraint(['made_by'], ['people.user_id'], name=op.f('fk_copy_grants_made_by_people')),
    sa.PrimaryKeyConstraint('grant_id', name=op.f('pk_copy_grants')),
    sa.UniqueConstraint('token_digest', name=op.f('uq_copy_grants_token_digest')),
    sa.UniqueConstraint('message_id', name=op.f('uq_copy_grants_message_id')),
    )
    for columns in (['aco_id', 'year'], ['made_at_utc']):
        op.create_index(op.f(f"ix_copy_grants_{'_'.join(columns)}"), 'copy_grants', columns, unique=False)
    op.create_table('copy_grant_documents',
    *_text('grant_id', 'document_id'),
    sa.ForeignKeyConstraint(['grant_id'], ['copy_grants.grant_id'], name=op.f('fk_copy_grant_documents_grant_id_copy_grants')),
    sa.ForeignKeyConstraint(['document_id'], ['documents.document_id'], name=op.f('fk_copy_grant_documents_document_id_documents')),
    sa.PrimaryKeyConstraint('grant_id', 'document_id', name=op.f('pk_copy_grant_documents')),
    )


def _retrievals() -> None:
    op.create_table('copy_retrievals',
    *_text('retrieval_id', 'grant_id'),
    _number('number'),
    _time('at_utc'),
    *_text('sheet_digest'),
    sa.CheckConstraint('number BETWEEN 1 AND 50', name=op.f('ck_copy_retrievals_number_in_bounds')),
    sa.CheckConstraint('length(sheet_digest) IN (0, 64)', name=op.f('ck_copy_retrievals_digest_length')),
    sa.ForeignKeyConstraint(['grant_id'], ['copy_grants.grant_id'], name=op.f('fk_copy_retrievals_grant_id_copy_grants')),
    sa.PrimaryKeyConstraint('retrieval_id', name=op.f('pk_copy_retrievals')),
    sa.UniqueConstraint('grant_id', 'number', name=op.f('uq_copy_retrievals_grant_id_number')),
    sa.UniqueConstraint('grant_id', 'retrieval_id', name=op.f('uq_copy_retrievals_grant_id_retrieval_id')),
    )
    op.create_index(op.f('ix_copy_retrievals_sheet_digest'), 'copy_retrievals', ['sheet_digest'], unique=False)
    op.create_table('copy_retrieved',
    *_text('retrieval_id', 'document_id', 'grant_id', 'digest'),
    sa.ForeignKeyConstraint(['grant_id', 'retrieval_id'], ['copy_retrievals.grant_id', 'copy_retrievals.retrieval_id'], name=op.f('fk_copy_retrieved_grant_id_retrieval_id_copy_retrievals')),
    sa.ForeignKeyConstraint(['grant_id', 'document_id'], ['copy_grant_documents.grant_id', 'copy_grant_documents.document_id'], name=op.f('fk_copy_retrieved_grant_id_document_id_copy_grant_documents')),
    sa.ForeignKeyConstraint(['document_id', 'digest'], ['revisions.document_id', 'revisions.digest'], name=op.f('fk_copy_retrieved_document_id_digest_revisions')),
    sa.PrimaryKeyConstraint('retrieval_id', 'document_id', name=op.f('pk_copy_retrieved')),
    )


def _append_only() -> None:
    """What was handed out stays on record; on PostgreSQL by the function of migration 0009."""
    for table in RETRIEVED:
        if op.get_bind().dialect.name == 'postgresql':
            op.execute(
                f'CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} '
                'FOR EACH STATEMENT EXECUTE FUNCTION esm_append_only()'
            )
            continue
        for verb in VERBS:
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def downgrade() -> None:
    """Indexes and triggers go with their tables."""
    for table in ('copy_retrieved', 'copy_retrievals', 'copy_grant_documents', 'copy_grants'):
        op.drop_table(table)
