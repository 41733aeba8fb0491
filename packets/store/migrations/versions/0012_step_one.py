"""Step 1 on pages: drafts of contacts and organization data, change requests, recertification of user IDs"""

import packets.store.tables
import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

ACO = ['aco_id', 'year'], ['acos.aco_id', 'acos.year']
DETAILS = (
    'user_id', 'given_name', 'family_name', 'title', 'organization', 'email', 'phone', 'line_1', 'line_2', 'city', 'state',
    'zip_code', 'edited_by',
)
ORGANIZATION = ('trade_name', 'web_page', 'line_2', 'tax_status', 'edited_by')


def upgrade() -> None:
    op.add_column('people', sa.Column('recertification_due_on', sa.Date(), nullable=True))
    op.add_column('acos', sa.Column('contacts_carried_from', sa.Integer(), nullable=True))
    op.add_column('documents', sa.Column('sections_digest', sa.Text(), nullable=True))
    op.create_table('contact_drafts',
    sa.Column('aco_id', sa.Text(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('emptied', sa.Boolean(), nullable=False),
    *(sa.Column(name, sa.Text(), nullable=False) for name in DETAILS),
    sa.Column('edited_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(*ACO, name=op.f('fk_contact_drafts_aco_id_year_acos')),
    sa.ForeignKeyConstraint(['edited_by'], ['people.user_id'], name=op.f('fk_contact_drafts_edited_by_people')),
    sa.PrimaryKeyConstraint('aco_id', 'year', 'role', name=op.f('pk_contact_drafts'))
    )
    op.create_table('organization_drafts',
    sa.Column('aco_id', sa.Text(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    *(sa.Column(name, sa.Text(), nullable=False) for name in ORGANIZATION),
    sa.Column('edited_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(*ACO, name=op.f('fk_organization_drafts_aco_id_year_acos')),
    sa.ForeignKeyConstraint(['edited_by'], ['people.user_id'], name=op.f('fk_organization_drafts_edited_by_people')),
    sa.PrimaryKeyConstraint('aco_id', 'year', name=op.f('pk_organization_drafts'))
    )
    _change_requests()


def _change_requests() -> None:
    texts = ('legal_name', 'field', 'current_value', 'corrected_value', 'explanation', 'filed_by')
    op.create_table('change_requests',
    sa.Column('request_id', sa.Integer(), nullable=False),
    sa.Column('aco_id', sa.Text(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
    sa.Column('filed_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('answer', sa.Text(), nullable=False),
    sa.Column('answered_by', sa.Text(), nullable=True),
    sa.Column('answered_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(answered_at_utc IS NULL) = (answered_by IS NULL)", name=op.f('ck_change_requests_answered_by_somebody')),
    sa.CheckConstraint("(state = 'open') = (answered_at_utc IS NULL)", name=op.f('ck_change_requests_answered_or_open')),
    sa.CheckConstraint("explanation <> ''", name=op.f('ck_change_requests_explained')),
    sa.CheckConstraint("state <> 'refused' OR answer <> ''", name=op.f('ck_change_requests_refused_with_reason')),
    sa.CheckConstraint("state IN ('open', 'granted', 'refused')", name=op.f('ck_change_requests_state_known')),
    sa.ForeignKeyConstraint(*ACO, name=op.f('fk_change_requests_aco_id_year_acos')),
    sa.ForeignKeyConstraint(['answered_by'], ['people.user_id'], name=op.f('fk_change_requests_answered_by_people')),
    sa.ForeignKeyConstraint(['filed_by'], ['people.user_id'], name=op.f('fk_change_requests_filed_by_people')),
    sa.PrimaryKeyConstraint('request_id', name=op.f('pk_change_requests'))
    )
    op.create_index(op.f('ix_change_requests_aco_id_year'), 'change_requests', ['aco_id', 'year'], unique=False)
    where = sa.text("state = 'open'")
    op.create_index(
        'uq_change_requests_open', 'change_requests', ['aco_id', 'year', 'field'], unique=True,
        sqlite_where=where, postgresql_where=where,
    )


def downgrade() -> None:
    op.drop_table('change_requests')
    op.drop_table('organization_drafts')
    op.drop_table('contact_drafts')
    op.drop_column('documents', 'sections_digest')
    op.drop_column('acos', 'contacts_carried_from')
    op.drop_column('people', 'recertification_due_on')
