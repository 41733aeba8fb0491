"""Retention, legal holds, dispositions, and what the keepers found"""

import packets.store.tables
import sqlalchemy as sa
from alembic import op

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None

VERBS = ('UPDATE', 'DELETE')
TABLES = (
    'retention_dates', 'protections', 'hold_documents', 'disposition_items', 'dispositions', 'retention_extensions', 'holds',
    'keeper_runs',
)


def upgrade() -> None:
    op.add_column('documents', sa.Column('disposed_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=True))
    _retention()
    _holds()
    _dispositions()
    _found()
    _append_only()


def _found() -> None:
    op.create_table('keeper_runs',
    sa.Column('run_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('began_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('ended_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('report', sa.JSON(), nullable=False),
    sa.CheckConstraint("kind IN ('fixity', 'renewal')", name=op.f('ck_keeper_runs_kind_known')),
    sa.PrimaryKeyConstraint('run_id', name=op.f('pk_keeper_runs'))
    )
    op.create_index(op.f('ix_keeper_runs_kind_ended_at_utc'), 'keeper_runs', ['kind', 'ended_at_utc'], unique=False)
    op.create_table('protections',
    sa.Column('document_id', sa.Text(), nullable=False),
    sa.Column('head_digest', sa.Text(), nullable=False),
    sa.Column('digest', sa.Text(), nullable=False),
    sa.Column('ends_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['document_id'], ['documents.document_id'], name=op.f('fk_protections_document_id_documents')),
    sa.PrimaryKeyConstraint('document_id', name=op.f('pk_protections'))
    )
    op.create_index(op.f('ix_protections_ends_at_utc'), 'protections', ['ends_at_utc'], unique=False)


def _holds() -> None:
    op.create_table('holds',
    sa.Column('hold_id', sa.Integer(), nullable=False),
    sa.Column('aco_id', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('authority', sa.Text(), nullable=False),
    sa.Column('placed_by', sa.Text(), nullable=False),
    sa.Column('placed_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('lifted_by', sa.Text(), nullable=False),
    sa.Column('lift_reason', sa.Text(), nullable=False),
    sa.Column('lifted_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(lifted_at_utc IS NULL) = (lift_reason = '') AND (lifted_at_utc IS NULL) = (lifted_by = '')", name=op.f('ck_holds_lifted_with_reason')),
    sa.CheckConstraint("reason <> '' AND authority <> ''", name=op.f('ck_holds_reason_and_authority_given')),
    sa.ForeignKeyConstraint(['placed_by'], ['people.user_id'], name=op.f('fk_holds_placed_by_people')),
    sa.PrimaryKeyConstraint('hold_id', name=op.f('pk_holds'))
    )
    op.create_table('hold_documents',
    sa.Column('hold_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('document_id', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['document_id'], ['documents.document_id'], name=op.f('fk_hold_documents_document_id_documents')),
    sa.ForeignKeyConstraint(['hold_id'], ['holds.hold_id'], name=op.f('fk_hold_documents_hold_id_holds')),
    sa.PrimaryKeyConstraint('hold_id', 'document_id', name=op.f('pk_hold_documents'))
    )


def _retention() -> None:
    op.create_table('retention_extensions',
    sa.Column('extension_id', sa.Integer(), nullable=False),
    sa.Column('aco_id', sa.Text(), nullable=False),
    sa.Column('document_id', sa.Text(), nullable=False),
    sa.Column('ground', sa.Text(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('authority', sa.Text(), nullable=False),
    sa.Column('recorded_by', sa.Text(), nullable=False),
    sa.Column('recorded_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=False),
    sa.CheckConstraint("(aco_id = '') <> (document_id = '')", name=op.f('ck_retention_extensions_aco_or_document')),
    sa.CheckConstraint("authority <> ''", name=op.f('ck_retention_extensions_authority_given')),
    sa.CheckConstraint("ground IN ('special-need', 'audit', 'dispute')", name=op.f('ck_retention_extensions_ground_known')),
    sa.ForeignKeyConstraint(['recorded_by'], ['people.user_id'], name=op.f('fk_retention_extensions_recorded_by_people')),
    sa.PrimaryKeyConstraint('extension_id', name=op.f('pk_retention_extensions'))
    )
    op.create_table('retention_dates',
    sa.Column('document_id', sa.Text(), nullable=False),
    sa.Column('keep_until', sa.Date(), nullable=False),
    sa.ForeignKeyConstraint(['document_id'], ['documents.document_id'], name=op.f('fk_retention_dates_document_id_documents')),
    sa.PrimaryKeyConstraint('document_id', name=op.f('pk_retention_dates'))
    )


def _dispositions() -> None:
    op.create_table('dispositions',
    sa.Column('disposition_id', sa.Text(), nullable=False),
    sa.Column('proposed_by', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('proposed_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('first_approver', sa.Text(), nullable=True),
    sa.Column('first_approved_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('first_step_up_id', sa.Text(), nullable=True),
    sa.Column('second_approver', sa.Text(), nullable=True),
    sa.Column('second_approved_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('second_step_up_id', sa.Text(), nullable=True),
    sa.Column('begun_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('completed_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('certificate_digest', sa.Text(), nullable=False),
    sa.Column('stopped_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('stopped_by', sa.Text(), nullable=False),
    sa.Column('stop_reason', sa.Text(), nullable=False),
    sa.CheckConstraint("(completed_at_utc IS NULL) = (certificate_digest = '')", name=op.f('ck_dispositions_completed_with_certificate')),
    sa.CheckConstraint("(stopped_at_utc IS NULL) = (stop_reason = '')", name=op.f('ck_dispositions_stopped_with_reason')),
    sa.CheckConstraint("reason <> ''", name=op.f('ck_dispositions_reason_given')),
    sa.CheckConstraint('(first_approver IS NULL) = (first_step_up_id IS NULL) AND (first_approver IS NULL) = (first_approved_at_utc IS NULL)', name=op.f('ck_dispositions_first_with_proof')),
    sa.CheckConstraint('(second_approver IS NULL) = (second_step_up_id IS NULL) AND (second_approver IS NULL) = (second_approved_at_utc IS NULL)', name=op.f('ck_dispositions_second_with_proof')),
    sa.CheckConstraint('begun_at_utc IS NULL OR second_approver IS NOT NULL', name=op.f('ck_dispositions_begun_when_approved')),
    sa.CheckConstraint('begun_at_utc IS NULL OR stopped_at_utc IS NULL', name=op.f('ck_dispositions_begun_is_not_stopped')),
    sa.CheckConstraint('completed_at_utc IS NULL OR begun_at_utc IS NOT NULL', name=op.f('ck_dispositions_completed_when_begun')),
    sa.CheckConstraint('first_approver <> proposed_by', name=op.f('ck_dispositions_first_is_another')),
    sa.CheckConstraint('second_approver <> proposed_by AND second_approver <> first_approver', name=op.f('ck_dispositions_second_is_a_third')),
    sa.CheckConstraint('second_approver IS NULL OR first_approver IS NOT NULL', name=op.f('ck_dispositions_second_after_first')),
    sa.ForeignKeyConstraint(['first_approver'], ['people.user_id'], name=op.f('fk_dispositions_first_approver_people')),
    sa.ForeignKeyConstraint(['first_step_up_id'], ['step_ups.step_up_id'], name=op.f('fk_dispositions_first_step_up_id_step_ups')),
    sa.ForeignKeyConstraint(['proposed_by'], ['people.user_id'], name=op.f('fk_dispositions_proposed_by_people')),
    sa.ForeignKeyConstraint(['second_approver'], ['people.user_id'], name=op.f('fk_dispositions_second_approver_people')),
    sa.ForeignKeyConstraint(['second_step_up_id'], ['step_ups.step_up_id'], name=op.f('fk_dispositions_second_step_up_id_step_ups')),
    sa.PrimaryKeyConstraint('disposition_id', name=op.f('pk_dispositions')),
    sa.UniqueConstraint('first_step_up_id', name=op.f('uq_dispositions_first_step_up_id')),
    sa.UniqueConstraint('second_step_up_id', name=op.f('uq_dispositions_second_step_up_id'))
    )
    op.create_table('disposition_items',
    sa.Column('disposition_id', sa.Text(), nullable=False),
    sa.Column('document_id', sa.Text(), nullable=False),
    sa.Column('keep_until', sa.Date(), nullable=False),
    sa.ForeignKeyConstraint(['disposition_id'], ['dispositions.disposition_id'], name=op.f('fk_disposition_items_disposition_id_dispositions')),
    sa.ForeignKeyConstraint(['document_id'], ['documents.document_id'], name=op.f('fk_disposition_items_document_id_documents')),
    sa.PrimaryKeyConstraint('disposition_id', 'document_id', name=op.f('pk_disposition_items'))
    )
    op.create_index(op.f('ix_disposition_items_document_id'), 'disposition_items', ['document_id'], unique=False)


def _append_only() -> None:
    """An extension is never taken back; on PostgreSQL by the function of migration 0009."""
    if op.get_bind().dialect.name == 'postgresql':
        op.execute(
            'CREATE TRIGGER retention_extensions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON retention_extensions '
            'FOR EACH STATEMENT EXECUTE FUNCTION esm_append_only()'
        )
        return
    for verb in VERBS:
        op.execute(
            f"CREATE TRIGGER retention_extensions_no_{verb.lower()} BEFORE {verb} ON retention_extensions "
            "BEGIN SELECT RAISE(ABORT, 'retention_extensions is append-only'); END"
        )


def downgrade() -> None:
    """Indexes and triggers go with their tables. That a document was disposed of is known to this schema only."""
    for table in TABLES:
        op.drop_table(table)
    op.drop_column('documents', 'disposed_at_utc')
