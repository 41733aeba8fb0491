"""Data use agreements that CMS closed"""

import packets.store.tables
import sqlalchemy as sa
from alembic import op

revision = '0022'
down_revision = '0017'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('dua_closures',
    sa.Column('closure_id', sa.Integer(), nullable=False),
    sa.Column('aco_id', sa.Text(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('dua_number', sa.Text(), nullable=False),
    sa.Column('outcome', sa.Text(), nullable=False),
    sa.Column('certified_on', sa.Date(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('closed_by', sa.Text(), nullable=False),
    sa.Column('closed_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=False),
    sa.CheckConstraint("outcome IN ('destroyed', 'returned', 'none-received')", name=op.f('ck_dua_closures_outcome_known')),
    sa.CheckConstraint("reason <> ''", name=op.f('ck_dua_closures_reasoned')),
    sa.ForeignKeyConstraint(['aco_id', 'year'], ['acos.aco_id', 'acos.year'], name=op.f('fk_dua_closures_aco_id_year_acos')),
    sa.ForeignKeyConstraint(['closed_by'], ['people.user_id'], name=op.f('fk_dua_closures_closed_by_people')),
    sa.PrimaryKeyConstraint('closure_id', name=op.f('pk_dua_closures')),
    sa.UniqueConstraint('aco_id', 'dua_number', name=op.f('uq_dua_closures_aco_id_dua_number')),
    )


def downgrade() -> None:
    op.drop_table('dua_closures')
