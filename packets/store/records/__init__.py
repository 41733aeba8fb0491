"""What can be asked of and told to the database, one class for each noun. Model values go in and out, never rows."""

from __future__ import annotations

from functools import cached_property

import sqlalchemy as sa

from packets.store.records.accounts import AccountRecords
from packets.store.records.acos import AcoRecords
from packets.store.records.agreements import AgreementRecords
from packets.store.records.batches import BatchRecords
from packets.store.records.ceremonies import CeremonyRecords
from packets.store.records.change_requests import ChangeRequestRecords
from packets.store.records.dispositions import DispositionRecords
from packets.store.records.documents import DocumentRecords
from packets.store.records.drafts import DraftRecords
from packets.store.records.entries import EntryRecords
from packets.store.records.exports import ExportRecords
from packets.store.records.factors import FactorRecords
from packets.store.records.finding import FindingRecords
from packets.store.records.grants import GrantRecords
from packets.store.records.jobs import JobRecords
from packets.store.records.journal import JournalRecords
from packets.store.records.keepers import KeeperRecords
from packets.store.records.keeping import KeepingRecords
from packets.store.records.ledger import LedgerRecords
from packets.store.records.lists import ListRecords
from packets.store.records.notices import NoticeRecords
from packets.store.records.people import PeopleRecords
from packets.store.records.prepared import PreparedRecords
from packets.store.records.sessions import SessionRecords
from packets.store.records.throttles import ThrottleRecords
from packets.store.records.tokens import TokenRecords
from packets.store.records.webhooks import WebhookRecords
from packets.store.records.years import YearRecords


class Records:
    """Every noun's records in one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    @cached_property
    def years(self) -> YearRecords:
        """Performance years and their windows."""
        return YearRecords(self._connection)

    @cached_property
    def people(self) -> PeopleRecords:
        """People by their CMS user ID."""
        return PeopleRecords(self._connection)

    @cached_property
    def acos(self) -> AcoRecords:
        """ACOs, their contacts and the state of Step 1."""
        return AcoRecords(self._connection)

    @cached_property
    def agreements(self) -> AgreementRecords:
        """What ACOs say about their Data Use Agreement in Step 4."""
        return AgreementRecords(self._connection)

    @cached_property
    def drafts(self) -> DraftRecords:
        """What was entered in Step 1 and not submitted yet."""
        return DraftRecords(self._connection)

    @cached_property
    def change_requests(self) -> ChangeRequestRecords:
        """Requests to correct what only CMS may change."""
        return ChangeRequestRecords(self._connection)

    @cached_property
    def lists(self) -> ListRecords:
        """Rows of the lists and the corrections uploaded to them."""
        return ListRecords(self._connection)

    @cached_property
    def documents(self) -> DocumentRecords:
        """Documents, their revisions, signatures and views."""
        return DocumentRecords(self._connection)

    @cached_property
    def entries(self) -> EntryRecords:
        """By what documents are found."""
        return EntryRecords(self._connection)

    @cached_property
    def finding(self) -> FindingRecords:
        """Documents by questions, and saved searches."""
        return FindingRecords(self._connection)

    @cached_property
    def ceremonies(self) -> CeremonyRecords:
        """Step-ups and intents."""
        return CeremonyRecords(self._connection)

    @cached_property
    def journal(self) -> JournalRecords:
        """The audit log and the outbox."""
        return JournalRecords(self._connection)

    @cached_property
    def jobs(self) -> JobRecords:
        """Jobs, and claims on them."""
        return JobRecords(self._connection)

    @cached_property
    def notices(self) -> NoticeRecords:
        """Notices to people, and the reminders that were given."""
        return NoticeRecords(self._connection)

    @cached_property
    def batches(self) -> BatchRecords:
        """Batches of countersignatures."""
        return BatchRecords(self._connection)

    @cached_property
    def accounts(self) -> AccountRecords:
        """Passwords, links to reset them, and identities elsewhere."""
        return AccountRecords(self._connection)

    @cached_property
    def sessions(self) -> SessionRecords:
        """Signed-in browsers, and browsers that are known."""
        return SessionRecords(self._connection)

    @cached_property
    def factors(self) -> FactorRecords:
        """Second factors, and challenges to prove them."""
        return FactorRecords(self._connection)

    @cached_property
    def throttles(self) -> ThrottleRecords:
        """How often something was tried."""
        return ThrottleRecords(self._connection)

    @cached_property
    def ledger(self) -> LedgerRecords:
        """Every table as it stands, for the checker."""
        return LedgerRecords(self._connection)

    @cached_property
    def tokens(self) -> TokenRecords:
        """Tokens of the JSON API, and calls that may be sent twice."""
        return TokenRecords(self._connection)

    @cached_property
    def prepared(self) -> PreparedRecords:
        """Signatures that wait for their value."""
        return PreparedRecords(self._connection)

    @cached_property
    def webhooks(self) -> WebhookRecords:
        """Webhook endpoints and what was sent to them."""
        return WebhookRecords(self._connection)

    @cached_property
    def keeping(self) -> KeepingRecords:
        """How long documents are kept, and what is held."""
        return KeepingRecords(self._connection)

    @cached_property
    def dispositions(self) -> DispositionRecords:
        """What was proposed to be disposed of, and what was."""
        return DispositionRecords(self._connection)

    @cached_property
    def grants(self) -> GrantRecords:
        """Grants of certified copies, and what was retrieved by them."""
        return GrantRecords(self._connection)

    @cached_property
    def keepers(self) -> KeeperRecords:
        """What fixity and renewal have found."""
        return KeeperRecords(self._connection)

    @cached_property
    def exports(self) -> ExportRecords:
        """Records that people take away."""
        return ExportRecords(self._connection)
