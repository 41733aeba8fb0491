"""Upgrades of the schema are recorded"""

import sqlalchemy as sa
from alembic import op

revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('schema_upgrades',
    sa.Column('revision', sa.Text(), nullable=False),
    sa.Column('oldest_program', sa.Text(), nullable=False),
    sa.Column('version', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('revision', name=op.f('pk_schema_upgrades'))
    )


def downgrade() -> None:
    op.drop_table('schema_upgrades')
