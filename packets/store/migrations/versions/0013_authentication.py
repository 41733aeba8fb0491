"""Second factors, sessions that can be listed and rotated, limits on guessing, resets of passwords, single sign-on"""

import packets.store.tables
import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

TABLES = (
    'identities', 'challenges', 'passkeys', 'recovery_codes', 'authenticators', 'resets', 'throttles', 'known_browsers',
)


def _text(name, *, nullable=False, **options):
    return sa.Column(name, sa.Text(), nullable=nullable, **options)


def _time(name, *, nullable=False):
    return sa.Column(name, packets.store.tables.UtcDateTime(timezone=True), nullable=nullable)


def _person(table):
    return sa.ForeignKeyConstraint(['user_id'], ['people.user_id'], name=op.f(f'fk_{table}_user_id_people'))


def _key(table, *columns):
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f'pk_{table}'))


def upgrade() -> None:
    op.drop_table('sessions')  # everybody signs in anew
    _sessions()
    op.drop_column('accounts', 'locked_until_utc')
    op.drop_column('accounts', 'failures')
    op.add_column('accounts', sa.Column('stands_alone', sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column('step_ups', _text('method', server_default='password'))
    op.create_index(op.f('ix_revisions_digest'), 'revisions', ['digest'], unique=False)
    _limits()
    _factors()


def _sessions() -> None:
    op.create_table('sessions',
    _text('session_digest'), _text('session_id'), _text('user_id'), _time('opened_at_utc'), _time('seen_at_utc'),
    _text('previous_digest', nullable=True), _time('rotated_at_utc', nullable=True),
    _text('method', server_default='password'), _text('agent', server_default=''), _text('address', server_default=''),
    sa.CheckConstraint('(previous_digest IS NULL) = (rotated_at_utc IS NULL)', name=op.f('ck_sessions_rotated_with_time')),
    sa.UniqueConstraint('session_id', name=op.f('uq_sessions_session_id')),
    _person('sessions'), _key('sessions', 'session_digest'),
    )
    op.create_index(op.f('ix_sessions_user_id'), 'sessions', ['user_id'], unique=False)
    op.create_index(op.f('ix_sessions_previous_digest'), 'sessions', ['previous_digest'], unique=False)


def _limits() -> None:
    op.create_table('known_browsers',
    _text('token_digest'), _text('user_id'), _time('seen_at_utc'),
    _person('known_browsers'), _key('known_browsers', 'token_digest'),
    )
    op.create_index(op.f('ix_known_browsers_user_id'), 'known_browsers', ['user_id'], unique=False)
    op.create_table('throttles',
    _text('key'), sa.Column('count', sa.Integer(), nullable=False), _time('since_utc'), _time('until_utc', nullable=True),
    sa.CheckConstraint('count > 0', name=op.f('ck_throttles_counted')), _key('throttles', 'key'),
    )
    op.create_table('resets',
    _text('token_digest'), _text('user_id'), sa.Column('message_id', sa.Integer(), nullable=False),
    _time('asked_at_utc'), _time('used_at_utc', nullable=True),
    sa.ForeignKeyConstraint(['message_id'], ['outbox.message_id'], name=op.f('fk_resets_message_id_outbox')),
    sa.UniqueConstraint('message_id', name=op.f('uq_resets_message_id')),
    _person('resets'), _key('resets', 'token_digest'),
    )


def _factors() -> None:
    op.create_table('authenticators',
    _text('user_id'), _text('secret'), sa.Column('last_step', sa.Integer(), nullable=False),
    _time('confirmed_at_utc', nullable=True),
    _person('authenticators'), _key('authenticators', 'user_id'),
    )
    op.create_table('recovery_codes',
    _text('code_digest'), _text('user_id'), _time('used_at_utc', nullable=True),
    _person('recovery_codes'), _key('recovery_codes', 'code_digest'),
    )
    op.create_index(op.f('ix_recovery_codes_user_id'), 'recovery_codes', ['user_id'], unique=False)
    op.create_table('passkeys',
    _text('credential_id'), _text('user_id'), _text('public_key'), sa.Column('sign_count', sa.BigInteger(), nullable=False),
    _text('label'), _time('added_at_utc'), _time('used_at_utc', nullable=True),
    sa.CheckConstraint("label <> ''", name=op.f('ck_passkeys_named')),
    _person('passkeys'), _key('passkeys', 'credential_id'),
    )
    op.create_index(op.f('ix_passkeys_user_id'), 'passkeys', ['user_id'], unique=False)
    op.create_table('challenges',
    _text('challenge_digest'), _text('user_id', nullable=True), _text('purpose'), _text('nonce'), _text('document_id'),
    _text('digest'), _time('asked_at_utc'), _time('used_at_utc', nullable=True),
    sa.CheckConstraint("purpose IN ('second-factor', 'sign-in', 'enroll', 'step-up')", name=op.f('ck_challenges_purpose_known')),
    sa.CheckConstraint("purpose = 'sign-in' OR user_id IS NOT NULL", name=op.f('ck_challenges_somebodys')),
    sa.CheckConstraint("(purpose = 'step-up') = (digest <> '')", name=op.f('ck_challenges_step_up_is_bound')),
    _person('challenges'), _key('challenges', 'challenge_digest'),
    )
    op.create_table('identities',
    _text('issuer'), _text('subject'), _text('user_id'), _time('linked_at_utc'),
    sa.UniqueConstraint('issuer', 'user_id', name=op.f('uq_identities_issuer_user_id')),
    _person('identities'), _key('identities', 'issuer', 'subject'),
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.drop_index(op.f('ix_revisions_digest'), table_name='revisions')
    op.drop_column('step_ups', 'method')
    op.drop_column('accounts', 'stands_alone')
    op.add_column('accounts', sa.Column('failures', sa.Integer(), nullable=False, server_default='0'))
    op.add_column('accounts', _time('locked_until_utc', nullable=True))
    op.drop_table('sessions')
    op.create_table('sessions',
    _text('session_digest'), _text('user_id'), _time('opened_at_utc'), _time('seen_at_utc'),
    _person('sessions'), _key('sessions', 'session_digest'),
    )
    op.create_index(op.f('ix_sessions_user_id'), 'sessions', ['user_id'], unique=False)
