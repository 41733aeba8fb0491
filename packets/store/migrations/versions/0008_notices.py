"""Notices, the mail to their readers, and the reminders that were given"""

import packets.store.tables
import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('notices',
    sa.Column('notice_id', sa.Integer(), nullable=False),
    sa.Column('message_id', sa.Integer(), nullable=False),
    sa.Column('recipient', sa.Text(), nullable=False),
    sa.Column('user_id', sa.Text(), nullable=True),
    sa.Column('email', sa.Text(), nullable=False),
    sa.Column('topic', sa.Text(), nullable=False),
    sa.Column('aco_id', sa.Text(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('sample', sa.Boolean(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('body_text', sa.Text(), nullable=False),
    sa.Column('body_html', sa.Text(), nullable=False),
    sa.Column('created_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('read_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('next_attempt_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('give_up_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('sent_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('last_error', sa.Text(), nullable=False),
    sa.CheckConstraint("state IN ('inbox-only', 'queued', 'sent', 'refused', 'failed')", name=op.f('ck_notices_state_known')),
    sa.CheckConstraint("(state = 'queued') = (next_attempt_at_utc IS NOT NULL)", name=op.f('ck_notices_queued_has_its_time')),
    sa.CheckConstraint("(state = 'sent') = (sent_at_utc IS NOT NULL)", name=op.f('ck_notices_sent_has_its_time')),
    sa.ForeignKeyConstraint(['message_id'], ['outbox.message_id'], name=op.f('fk_notices_message_id_outbox')),
    sa.ForeignKeyConstraint(['user_id'], ['people.user_id'], name=op.f('fk_notices_user_id_people')),
    sa.PrimaryKeyConstraint('notice_id', name=op.f('pk_notices')),
    sa.UniqueConstraint('message_id', 'recipient', name=op.f('uq_notices_message_id_recipient'))
    )
    op.create_index(op.f('ix_notices_user_id_read_at_utc'), 'notices', ['user_id', 'read_at_utc'], unique=False)
    op.create_index(op.f('ix_notices_state_next_attempt_at_utc'), 'notices', ['state', 'next_attempt_at_utc'], unique=False)
    op.create_table('reminders',
    sa.Column('aco_id', sa.Text(), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('days', sa.Integer(), nullable=False),
    sa.Column('queued_at_utc', packets.store.tables.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('aco_id', 'year', 'subject', 'due_on', 'days', name=op.f('pk_reminders'))
    )
    _old_messages_are_history()
    waiting = sa.text('sent_at_utc IS NULL')
    op.create_index('ix_outbox_waiting', 'outbox', ['message_id'], unique=False, sqlite_where=waiting, postgresql_where=waiting)


def _old_messages_are_history() -> None:
    """Messages that were queued before anybody could be told are not told now: what they say is long known."""
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.add_column(sa.Column('failure', sa.Text(), nullable=False, server_default=''))
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.alter_column('failure', server_default=None)
    op.execute('UPDATE outbox SET sent_at_utc = queued_at_utc WHERE sent_at_utc IS NULL')


def downgrade() -> None:
    op.drop_index('ix_outbox_waiting', table_name='outbox')
    op.drop_table('reminders')
    op.drop_index(op.f('ix_notices_state_next_attempt_at_utc'), table_name='notices')
    op.drop_index(op.f('ix_notices_user_id_read_at_utc'), table_name='notices')
    op.drop_table('notices')
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.drop_column('failure')
