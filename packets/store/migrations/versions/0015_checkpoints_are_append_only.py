"""Checkpoints of the log stay as they were made"""

from alembic import op

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None

VERBS = ('UPDATE', 'DELETE')


def upgrade() -> None:
    """As for the log itself: on PostgreSQL by the function of migration 0009, on SQLite by a trigger for each verb."""
    if op.get_bind().dialect.name == 'postgresql':
        op.execute(
            'CREATE TRIGGER checkpoints_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoints '
            'FOR EACH STATEMENT EXECUTE FUNCTION esm_append_only()'
        )
        return
    for verb in VERBS:
        op.execute(
            f"CREATE TRIGGER checkpoints_no_{verb.lower()} BEFORE {verb} ON checkpoints "
            "BEGIN SELECT RAISE(ABORT, 'checkpoints is append-only'); END"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('DROP TRIGGER checkpoints_append_only ON checkpoints')
        return
    for verb in VERBS:
        op.execute(f'DROP TRIGGER checkpoints_no_{verb.lower()}')
