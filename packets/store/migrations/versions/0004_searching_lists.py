"""Lists are searched in a column of their own"""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

TIN_NAMES = {'provider-supplier': 3, 'participants': 3}
SEARCHED = {
    'provider-supplier': (3, 4, 5, 6, 7, 8, 9),
    'participants': (3, 4, 5, 6, 7, 8, 9, 10),
    'corrections': (2, 3, 4, 6, 7),
}
"""Places of the cells, as the lists had them when this was written."""
INDEX, INDEX_BEFORE = 'ix_list_rows_aco_id_year_list_tin_tin_name', 'ix_list_rows_aco_id_year_list_tin'
ROWS_AT_ONCE = 5000

rows = sa.table(
    'list_rows',
    *(sa.column(name) for name in ('aco_id', 'year', 'list', 'position', 'tin_name', 'search')),
    sa.column('cells', sa.JSON),
)


def upgrade() -> None:
    for name in ('tin_name', 'search'):
        op.add_column('list_rows', sa.Column(name, sa.Text(), server_default='', nullable=False))
    _fill()
    op.create_index(INDEX, 'list_rows', ['aco_id', 'year', 'list', 'tin', 'tin_name'], unique=False)
    op.drop_index(INDEX_BEFORE, 'list_rows')


def _fill() -> None:
    connection = op.get_bind()
    lists = connection.execute(sa.select(rows.c.aco_id, rows.c.year, rows.c.list).distinct()).all()
    found = rows.update().where(
        *(rows.c[name] == sa.bindparam(f'at_{name}') for name in ('aco_id', 'year', 'list', 'position'))
    )
    found = found.values(tin_name=sa.bindparam('new_name'), search=sa.bindparam('new_search'))
    for aco_id, year, name in lists:
        asked = sa.select(rows.c.position, rows.c.cells).where(
            rows.c.aco_id == aco_id, rows.c.year == year, rows.c.list == name
        )
        values = [
            {
                'at_aco_id': aco_id, 'at_year': year, 'at_list': name, 'at_position': row.position,
                'new_name': row.cells[TIN_NAMES[name]] if name in TIN_NAMES else '',
                'new_search': _fold('\n'.join(row.cells[at] for at in SEARCHED.get(name, ()) if row.cells[at])),
            }
            for row in connection.execute(asked)
        ]
        for start in range(0, len(values), ROWS_AT_ONCE):
            connection.execute(found, values[start:start + ROWS_AT_ONCE])


def _fold(text: str) -> str:
    if text.isascii():
        return text.lower()
    return ''.join(one for one in unicodedata.normalize('NFKD', text) if not unicodedata.combining(one)).casefold()


def downgrade() -> None:
    op.create_index(INDEX_BEFORE, 'list_rows', ['aco_id', 'year', 'list', 'tin'], unique=False)
    op.drop_index(INDEX, 'list_rows')
    for name in ('search', 'tin_name'):
        op.drop_column('list_rows', name)
