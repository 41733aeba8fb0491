"""The JSON API and webhooks: tokens, calls, prepared signatures, endpoints, deliveries; which request asked for a job"""

import packets.store.tables
import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def _text(*names):
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _time(name, nullable=False):
    return sa.Column(name, packets.store.tables.UtcDateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.add_column('jobs', sa.Column('request_id', sa.Text(), server_default='', nullable=False))
    _tokens()
    _calls()
    _prepared()
    _webhooks()


def _tokens() -> None:
    op.create_table('api_tokens',
    *_text('token_id', 'token_digest', 'user_id', 'label', 'scopes', 'created_by'),
    _time('created_at_utc'),
    _time('expires_at_utc'),
    _time('revoked_at_utc', nullable=True),
    _time('used_at_utc', nullable=True),
    sa.Column('calls', sa.Integer(), nullable=False),
    sa.CheckConstraint("expires_at_utc > created_at_utc", name=op.f('ck_api_tokens_expires')),
    sa.CheckConstraint("scopes <> ''", name=op.f('ck_api_tokens_scoped')),
    sa.ForeignKeyConstraint(['user_id'], ['people.user_id'], name=op.f('fk_api_tokens_user_id_people')),
    sa.PrimaryKeyConstraint('token_id', name=op.f('pk_api_tokens')),
    sa.UniqueConstraint('token_digest', name=op.f('uq_api_tokens_token_digest')),
    )
    op.create_index(op.f('ix_api_tokens_user_id'), 'api_tokens', ['user_id'], unique=False)


def _calls() -> None:
    op.create_table('api_calls',
    *_text('token_id', 'key', 'request_digest'),
    _time('begun_at_utc'),
    sa.Column('status', sa.Integer(), nullable=False),
    sa.Column('headers', sa.JSON(), nullable=False),
    *_text('body'),
    sa.CheckConstraint("status = 0 OR status BETWEEN 200 AND 499", name=op.f('ck_api_calls_answered_for_good')),
    sa.ForeignKeyConstraint(['token_id'], ['api_tokens.token_id'], name=op.f('fk_api_calls_token_id_api_tokens')),
    sa.PrimaryKeyConstraint('token_id', 'key', name=op.f('pk_api_calls')),
    )
    op.create_index(op.f('ix_api_calls_begun_at_utc'), 'api_calls', ['begun_at_utc'], unique=False)


def _prepared() -> None:
    op.create_table('prepared_signatures',
    *_text('prepared_id', 'document_id', 'slot', 'user_id', 'role', 'viewed_digest', 'digest', 'state'),
    _time('prepared_at_utc'),
    sa.ForeignKeyConstraint(['document_id'], ['documents.document_id'], name=op.f('fk_prepared_signatures_document_id_documents')),
    sa.ForeignKeyConstraint(['user_id'], ['people.user_id'], name=op.f('fk_prepared_signatures_user_id_people')),
    sa.PrimaryKeyConstraint('prepared_id', name=op.f('pk_prepared_signatures')),
    )
    op.create_index(op.f('ix_prepared_signatures_prepared_at_utc'), 'prepared_signatures', ['prepared_at_utc'], unique=False)


def _webhooks() -> None:
    op.create_table('webhook_endpoints',
    *_text('endpoint_id'),
    sa.Column('aco_id', sa.Text(), nullable=True),
    sa.Column('year', sa.Integer(), nullable=True),
    *_text('url', 'events'),
    sa.Column('generation', sa.Integer(), nullable=False),
    _time('rotated_at_utc', nullable=True),
    *_text('created_by'),
    _time('created_at_utc'),
    _time('ended_at_utc', nullable=True),
    sa.CheckConstraint("(aco_id IS NULL) = (year IS NULL)", name=op.f('ck_webhook_endpoints_of_an_aco_or_of_cms')),
    sa.CheckConstraint("events <> ''", name=op.f('ck_webhook_endpoints_tells_something')),
    sa.ForeignKeyConstraint(['aco_id', 'year'], ['acos.aco_id', 'acos.year'], name=op.f('fk_webhook_endpoints_aco_id_year_acos')),
    sa.ForeignKeyConstraint(['created_by'], ['people.user_id'], name=op.f('fk_webhook_endpoints_created_by_people')),
    sa.PrimaryKeyConstraint('endpoint_id', name=op.f('pk_webhook_endpoints')),
    )
    op.create_index(op.f('ix_webhook_endpoints_aco_id_year'), 'webhook_endpoints', ['aco_id', 'year'], unique=False)
    op.create_table('webhook_deliveries',
    *_text('delivery_id', 'endpoint_id'),
    sa.Column('message_id', sa.Integer(), nullable=False),
    *_text('event', 'body', 'state'),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('status', sa.Integer(), nullable=False),
    *_text('error'),
    _time('queued_at_utc'),
    _time('ended_at_utc', nullable=True),
    sa.CheckConstraint("state IN ('queued', 'delivered', 'failed')", name=op.f('ck_webhook_deliveries_state_known')),
    sa.CheckConstraint("(state = 'queued') = (ended_at_utc IS NULL)", name=op.f('ck_webhook_deliveries_ended_or_queued')),
    sa.ForeignKeyConstraint(['endpoint_id'], ['webhook_endpoints.endpoint_id'], name=op.f('fk_webhook_deliveries_endpoint_id_webhook_endpoints')),
    sa.PrimaryKeyConstraint('delivery_id', name=op.f('pk_webhook_deliveries')),
    sa.UniqueConstraint('endpoint_id', 'message_id', 'event', name=op.f('uq_webhook_deliveries_once')),
    )
    op.create_index(op.f('ix_webhook_deliveries_endpoint_id_queued_at_utc'), 'webhook_deliveries', ['endpoint_id', 'queued_at_utc'], unique=False)


def downgrade() -> None:
    for table in ('webhook_deliveries', 'webhook_endpoints', 'prepared_signatures', 'api_calls', 'api_tokens'):
        op.drop_table(table)
    op.drop_column('jobs', 'request_id')
