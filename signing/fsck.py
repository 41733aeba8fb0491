"""The independent checker of the records (DESIGN 4). It shares nothing with the ceremony but the tables and the verifier.

What it holds to be true of every document, voided ones too:

- recorded bytes exist, hash to their key and have their size; each revision is a byte prefix of the next;
- the newest revision verifies, with exactly the recorded people in the recorded slots, for this ACO and year;
- every signature has one committed intent over the revision before it, one spent re-authentication, and one audit entry;
- nothing committed, and nothing that the log tells of, lacks its signature;
- every intent has one audit entry, and every such entry its intent (since the log tells of intents at all);
- permitted roles, different people, the order of steps and parties, and the window held when each signature was recorded;
- what was disposed of was so by three people, its bytes are gone, and its certificate is there and verifies;
- the log is one unbroken chain.

Open intents are no fault: they are counted, and the reconciler closes them. Bytes that no record names are never served.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from packets.errors import Problem
from packets.model.documents import DocumentType, Party
from packets.store.database import Database
from packets.store.records.ledger import LedgerRecords, Row
from signing.fsck_bytes import REMEDY, ByteChecker, Recorded

EASTERN = ZoneInfo("America/New_York")
SIGNED = ("signed", "countersigned")
SIGNING_ACTS = ("document:sign", "document:countersign")
PEOPLE = 3
"""Who proposes a disposition, and two others who approve."""
OPENING_ACT = "intent:open"
ACTIVITIES = {Party.ACO: "sign-documents", Party.CMS: "countersign-documents"}
MOVES = "window:"
"""What the acts begin with that move windows; a signature is held against windows that have stood still since."""

GENESIS = "0" * 64
LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
Told: TypeAlias = Callable[[int, int], None]
Slots: TypeAlias = dict[str, Row]
Look: TypeAlias = Callable[[Recorded], list[Problem]]
Spread: TypeAlias = Callable[[Look, list[Recorded]], Iterable[list[Problem]]]


@dataclass(slots=True)
class Findings:
    """How much was looked at, and everything that does not hold."""

    documents: int = 0
    revisions: int = 0
    signatures: int = 0
    entries: int = 0
    open_intents: int = 0
    problems: list[Problem] = field(default_factory=list)

    def unless(self, holds: object, code: str, sentence: str, where: str) -> None:
        """Note what does not hold."""
        if not holds:
            self.problems.append(Problem(code, sentence, REMEDY, where))


@dataclass(slots=True)
class Books:
    """The rows that are looked up again and again, under what they are looked up by."""

    slots: dict[str, Slots]
    intents: dict[str, Row]
    step_ups: dict[str, Row]
    packets: dict[tuple[str, int, str], list[Row]]
    windows: dict[tuple[int, str, str], Row]
    extensions: list[Row]
    cohorts: dict[tuple[str, int], str]
    acts: dict[tuple[str, str], list[Row]] = field(default_factory=lambda: defaultdict(list))
    opened: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    moved: datetime = LONG_AGO
    dispositions: list[Row] = field(default_factory=list)
    named: frozenset[str] = frozenset()

    @classmethod
    def of(cls, ledger: LedgerRecords) -> Books:
        """The books of a ledger; the log is read apart."""
        slots: dict[str, Slots] = defaultdict(dict)
        for one in ledger.signatures():
            slots[one["document_id"]][one["slot"]] = one
        packets: dict[tuple[str, int, str], list[Row]] = defaultdict(list)
        for one in ledger.documents():
            packets[one["aco_id"], one["year"], one["kind"]].append(one)
        return cls(
            slots,
            {one["intent_id"]: one for one in ledger.intents()},
            {one["step_up_id"]: one for one in ledger.step_ups()},
            packets,
            {(one["year"], one["cohort"], one["activity"]): one for one in ledger.windows()},
            ledger.extensions(),
            ledger.cohorts(),
            dispositions=ledger.dispositions(),
            named=frozenset(ledger.digests()),
        )


@dataclass(frozen=True, slots=True)
class Checker:
    """Checks the records of a database against each other and against the bytes of a store."""

    database: Database
    types: Mapping[str, DocumentType]
    bytes: ByteChecker

    def run(
        self,
        told: Told = lambda _done, _all: None,
        only: Collection[str] | None = None,
        spread: Spread = map,
    ) -> Findings:
        """Look at everything once, or at the whole log and some documents.

        Args:
            told: hears how many documents of how many are done.
            only: ids of the documents whose bytes are looked at; all when absent.
            spread: has documents looked at, one after the other or by many hands, and gives what was found in their order.
        """
        findings = Findings()
        with self.database.read() as records:
            books = Books.of(records.ledger)
            _read_log(records.ledger, books, findings)
            _check_intents(books, findings)
            everything = [
                one for group in books.packets.values() for one in group if only is None or one["document_id"] in only
            ]
            recorded = [
                self._check(document, records.ledger.revisions(document["document_id"]), books, findings)
                for document in everything
            ]
        for done, problems in enumerate(spread(self.bytes.check, recorded), start=1):
            findings.problems += problems
            told(done, len(recorded))
        return findings

    def _check(self, document: Row, chain: list[Row], books: Books, findings: Findings) -> Recorded:
        """Hold the records of a document against each other; what they say of its bytes."""
        name = f"{document['aco_id']}/{document['year']}/{document['kind']} ({document['document_id']})"
        slots = books.slots.get(document["document_id"], {})
        findings.documents += 1
        findings.revisions += len(chain)
        findings.signatures += len(slots)
        disposition, gone = None, frozenset[str]()
        if document["disposed_at_utc"] is not None:
            disposition = self._disposition(document, books, name, findings)
            gone = frozenset({document["data_digest"], *(one["digest"] for one in chain)} - books.named)
        _check_chain(document, chain, slots, name, findings)
        for one in slots.values():
            where = f"{name}, {one['slot']}"
            _check_evidence(document, chain, one, books, where, findings)
            if document["kind"] in self.types:
                self._check_rules(document, one, slots, books, where, findings)
        return Recorded(name, document, chain, slots, disposition, tuple(sorted(gone)))

    def _disposition(self, document: Row, books: Books, name: str, findings: Findings) -> Row | None:
        """The one disposition, by three people, that took the bytes away; None until its end."""
        found = [
            one for one in books.dispositions if one["document_id"] == document["document_id"] and one["begun_at_utc"]
        ]
        people = {one[who] for one in found for who in ("proposed_by", "first_approver", "second_approver")}
        findings.unless(
            len(found) == 1 and len(people - {None}) == PEOPLE,
            "disposition-missing",
            "It was disposed of, and three people did not say so.",
            name,
        )
        return found[0] if found and found[0]["completed_at_utc"] is not None else None

    def _check_rules(
        self, document: Row, signed: Row, slots: Slots, books: Books, where: str, findings: Findings
    ) -> None:
        """The gate's rules, read from the manifest anew and held against what was recorded."""
        document_type = self.types[document["kind"]]
        by_name = {one.name: one for one in document_type.slots}
        slot = by_name.get(signed["slot"])
        if slot is None:
            findings.unless(None, "slot-unknown", "The document type has no such slot.", where)
            return
        findings.unless(signed["role"] in slot.roles, "role-broken", f"{signed['role']} may not sign here.", where)
        for other in slot.different_from:
            same = other in slots and slots[other]["user_id"] == signed["user_id"]
            findings.unless(not same, "pair-broken", f"The same person signed {other}.", where)
        at = _recorded_at(signed, books)
        if slot.party is Party.CMS:
            mine = {one.name for one in document_type.slots if one.party is Party.ACO}
            last = mine <= slots.keys() and all(_recorded_at(slots[one], books) <= at for one in mine)
            findings.unless(last, "order-broken", "CMS signed before the ACO had.", where)
        for kind in document_type.prerequisites:
            findings.unless(self._was_finished(document, kind, at, books), "order-broken", f"Not after {kind}.", where)
        in_time = document_type.on_demand or _in_window(document, slot.party, at, books)
        findings.unless(in_time, "window-broken", "Outside its window.", where)

    def _was_finished(self, document: Row, kind: str, at: datetime, books: Books) -> bool:
        """Whether the ACO had signed a document of that kind whole by then."""
        wanted = {one.name for one in self.types[kind].slots if one.party is Party.ACO} if kind in self.types else set()
        earlier = books.packets.get((document["aco_id"], document["year"], kind), [])
        return any(
            wanted <= slots.keys() and all(_recorded_at(slots[one], books) <= at for one in wanted)
            for slots in (books.slots.get(one["document_id"], {}) for one in earlier)
        )


def _check_chain(document: Row, chain: list[Row], slots: Slots, name: str, findings: Findings) -> None:
    numbers, events = [one["number"] for one in chain], [one["event"] for one in chain]
    whole = numbers == list(range(1, len(chain) + 1)) and events[:2] == ["drafted", "sealed"]
    findings.unless(whole, "chain-broken", "The revisions are not numbered from draft and seal on.", name)
    head = bool(chain) and chain[-1]["digest"] == document["head_digest"]
    findings.unless(head, "chain-broken", "The head is not the newest revision.", name)
    made = sorted(one["digest"] for one in chain if one["event"] in SIGNED)
    paired = made == sorted(one["revision_digest"] for one in slots.values())
    findings.unless(paired, "signature-unpaired", "Signatures and the revisions that they made differ.", name)
    executed = ("executed" in events) == (document["executed_at_utc"] is not None)
    findings.unless(executed, "chain-broken", "Executed in one place and not in the other.", name)


def _check_evidence(document: Row, chain: list[Row], signed: Row, books: Books, where: str, findings: Findings) -> None:
    """One committed intent over the revision before, one spent re-authentication, one entry of the log."""
    who = (document["document_id"], signed["slot"], signed["user_id"], signed["role"])
    intent = books.intents.get(signed["intent_id"], {})
    same = tuple(intent.get(one) for one in ("document_id", "slot", "user_id", "role")) == who
    findings.unless(same and intent["state"] == "committed", "intent-missing", "No committed intent for it.", where)
    digests = [one["digest"] for one in chain]
    place = digests.index(signed["revision_digest"]) if signed["revision_digest"] in digests else 0
    viewed = intent.get("viewed_digest")
    findings.unless(place and viewed == digests[place - 1], "viewed-differs", "Other bytes were viewed.", where)
    proof = books.step_ups.get(intent.get("step_up_id", ""), {})
    fresh = proof.get("user_id") == signed["user_id"] and proof.get("used_at_utc") is not None
    findings.unless(fresh, "step-up-missing", "No re-authentication was spent on it.", where)
    told = [
        (one["actor"], one["details"].get("role"), one["details"].get("digest"))
        for one in books.acts[document["document_id"], signed["slot"]]
    ]
    right = told == [(signed["user_id"], signed["role"], signed["revision_digest"])]
    findings.unless(right, "audit-missing", f"The log tells of it {len(told)} times, or otherwise.", where)


def _check_intents(books: Books, findings: Findings) -> None:
    recorded = {one["intent_id"] for slots in books.slots.values() for one in slots.values()}
    for key, one in books.intents.items():
        kept = one["state"] != "committed" or key in recorded
        findings.unless(kept, "signature-lost", "A committed intent has no signature.", f"intent {key}")
        findings.open_intents += one["state"] == "open"
    _check_told_intents(books, findings)
    for (document, slot), told in books.acts.items():
        known = not told or slot in books.slots.get(document, {})
        findings.unless(
            known, "signature-lost", "The log tells of a signature that is not there.", f"{document}, {slot}"
        )


def _check_told_intents(books: Books, findings: Findings) -> None:
    """Intents that are older than the first entry of that kind were recorded by a release that told the log only of their end."""
    first = min((one["at_utc"] for told in books.opened.values() for one in told), default=None)
    for key, one in books.intents.items():
        told = [(entry["actor"], entry["details"].get("document")) for entry in books.opened.get(key, [])]
        known = told == [(one["user_id"], one["document_id"])]
        older = not told and (first is None or one["opened_at_utc"] < first)
        findings.unless(known or older, "audit-missing", f"The log tells of it {len(told)} times.", f"intent {key}")
    for key in books.opened.keys() - books.intents.keys():
        findings.unless(None, "intent-missing", "The log tells of an intent that is not there.", f"intent {key}")


def _read_log(ledger: LedgerRecords, books: Books, findings: Findings) -> None:
    previous, expected = GENESIS, 1
    for one in ledger.audit():
        findings.entries += 1
        linked = (one["sequence"], one["previous"], one["digest"]) == (expected, previous, _entry_digest(one))
        findings.unless(linked, "audit-broken", "The log is broken here.", f"entry {one['sequence']}")
        previous, expected = one["digest"], one["sequence"] + 1
        if one["act"] in SIGNING_ACTS and one["outcome"] == "done":
            books.acts[one["details"].get("document", ""), one["details"].get("slot", "")].append(one)
        if one["act"] == OPENING_ACT and one["outcome"] == "done":
            books.opened[one["details"].get("intent", "")].append(one)
        if one["act"].startswith(MOVES) and one["act"] != "window:extend" and one["outcome"] == "done":
            books.moved = one["at_utc"]


def _entry_digest(one: Row) -> str:
    at = one["at_utc"].astimezone(UTC).isoformat(timespec="microseconds")
    named = (one["act"], one["actor"], one["subject"], one["outcome"])
    content = json.dumps(
        [one["sequence"], at, *named, _ordered(one["details"]), one["previous"]],
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return hashlib.sha256(content.encode()).hexdigest()


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value, key=lambda name: name.encode("utf-16-be"))}
    return [_ordered(one) for one in value] if isinstance(value, list) else value


def _recorded_at(signed: Row, books: Books) -> datetime:
    """When the signature was recorded: its entry in the log, or the time in its time-stamp."""
    told = books.acts.get((signed["document_id"], signed["slot"]), [])
    at: datetime = told[0]["at_utc"] if told else signed["signed_at_utc"]
    return at


def _in_window(document: Row, party: Party, at: datetime, books: Books) -> bool:
    place, activity = (document["aco_id"], document["year"]), ACTIVITIES[party]
    window = books.windows.get((document["year"], books.cohorts.get(place, ""), activity))
    if window is None or at < books.moved:
        return window is not None
    granted = [
        one["due_on"]
        for one in books.extensions
        if (one["aco_id"], one["year"], one["activity"]) == (*place, activity) and one["granted_at_utc"] <= at
    ]
    return _midnight(window["begins_on"]) <= at < _midnight(max([window["due_on"], *granted]) + timedelta(days=1))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, EASTERN).astimezone(UTC)
