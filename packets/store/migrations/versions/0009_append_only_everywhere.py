"""What was recorded stays recorded on PostgreSQL too"""

from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

IMMUTABLE = ('audit', 'revisions', 'signatures')
INTEGRITY_VIOLATION = '23000'


def upgrade() -> None:
    """SQLite has had its triggers from the first schema on."""
    if op.get_bind().dialect.name != 'postgresql':
        return
    op.execute(
        'CREATE FUNCTION esm_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ '
        f"BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '{INTEGRITY_VIOLATION}'; END $$"
    )
    for table in IMMUTABLE:
        op.execute(
            f'CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} '
            'FOR EACH STATEMENT EXECUTE FUNCTION esm_append_only()'
        )


def downgrade() -> None:
    if op.get_bind().dialect.name != 'postgresql':
        return
    for table in IMMUTABLE:
        op.execute(f'DROP TRIGGER {table}_append_only ON {table}')
    op.execute('DROP FUNCTION esm_append_only()')
