"""A year that a job is opening"""

import sqlalchemy as sa
from alembic import op

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('performance_years', sa.Column('opened_by_job', sa.Text(), server_default='', nullable=False))


def downgrade() -> None:
    half = "(SELECT year FROM performance_years WHERE opened_by_job <> '')"
    for table in ('list_rows', 'acos', 'performance_years'):  # what nobody was told of yet
        op.execute(f'DELETE FROM {table} WHERE year IN {half}')
    op.drop_column('performance_years', 'opened_by_job')
