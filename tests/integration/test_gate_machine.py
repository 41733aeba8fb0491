"""The gate against a model: random people, acts and times, and never a disagreement.

The model below knows the rules from their source (R2-R44) and shares nothing with `signing.policy`: documents, slots and
roles are written down once more, as plain data. The service is the real one: real database, real documents, real signatures.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy.exc import IntegrityError

import databases
from packets.documents.voiding import VoidRequest
from packets.errors import PacketsError
from packets.model.calendar import Activity
from packets.model.documents import Document
from packets.model.people import Contact, Role
from packets.sample.year import SampleAco
from packets.store.objects import MemoryObjects
from signing.ceremony import SignRequest
from signing.declining import DeclineRequest
from signing.proofs import STEP_UP_LIFETIME
from web.bootstrap import compose
from worlds import MovingClock, World, build_world, keys

BINDING = {"aco-executive", "authorized-to-sign-primary", "authorized-to-sign-secondary"}
AGREEMENT_SLOTS = {"AuthorizedSigner": ("aco", BINDING), "CMS": ("cms", {"cms-signatory"})}
DUA_SLOTS = {
    "Requestor_16": ("aco", {"dua-requestor"}),
    "Custodian_17": ("aco", {"dua-custodian"}),
    "CMS_20": ("cms", {"cms-signatory"}),
}
RULEBOOK: dict[str, dict[str, Any]] = {
    "provider-supplier-list": {"slots": {"AuthorizedSigner": ("aco", BINDING)}, "before": None, "gated": False},
    "participant-list": {
        "slots": {"AuthorizedSigner": ("aco", BINDING)},
        "before": "provider-supplier-list",
        "gated": False,
    },
    "data-use-agreement": {"slots": DUA_SLOTS, "before": "participant-list", "gated": True},
    "assurance-of-compliance": {
        "slots": {"AuthorizedSigner": ("aco", BINDING)},
        "before": "data-use-agreement",
        "gated": False,
    },
    "participation-agreement": {"slots": AGREEMENT_SLOTS, "before": "assurance-of-compliance", "gated": True},
}
KINDS = {"current": list(RULEBOOK)[:3], "new": list(RULEBOOK)}
MUST_BE_FILLED = {
    *BINDING, "dua-requestor", "dua-custodian", "cms-liaison", "application-contact-primary", "it-contact-primary",
    "financial-contact-primary", "compliance-contact", "medical-director", "public-contact",
}  # fmt: skip
PAIRS = [("authorized-to-sign-primary", "authorized-to-sign-secondary"), ("dua-requestor", "dua-custodian")]
ROLES = sorted(BINDING | {"dua-requestor", "dua-custodian", "cms-signatory", "cms-liaison", "medical-director"})
TOTAL_STEPS, SHARDS = 5_000, 2
EXAMPLES, STEPS = 75, 50
SEARCHES = 5
ELSEWHERE = 6
"""Runs on PostgreSQL, where each takes longer."""
DEEPEST = 7
"""Runs begin with up to so many signatures at each ACO, so that the late steps are as well tried as the early ones."""


@cache
def template(signatures: int, kind: str) -> World:
    """A year with one current and one new ACO, every document assembled and some signed; each run works on a copy."""
    if signatures:
        world = copy_of(template(signatures - 1, kind))
        for sample in world.year.acos:
            sign_next(world, sample)
        return world
    world = build_world(2, database=databases.SINGLE[kind]())
    for sample in world.year.acos:
        world.services.assembler.assemble_packet(sample.aco.aco_id, sample.aco.performance_year)
    return world


def sign_next(world: World, sample: SampleAco) -> None:
    """Sign the next slot of an ACO's packet as one of those who may; nothing when there is none."""
    for document_type in world.types(sample):
        document = world.document(sample, document_type.kind)
        for slot in document.unsigned(document_type):
            world.sign(document, slot, sample)
            return


def copy_of(world: World) -> World:
    """The same world once more, so that nothing a run does is seen by the next."""
    database, objects = databases.copy_of(world.services.database), MemoryObjects()
    objects._kept = dict(world.services.objects._kept)  # type: ignore[attr-defined]
    clock = MovingClock(world.clock.now)
    return World(compose(world.services.settings, clock, database, objects, keys()), world.year, clock)


def is_shared(holders: dict[str, str]) -> bool:
    """Whether one person holds both slots of a pair."""
    return any(one in holders and holders[one] == holders.get(other) for one, other in PAIRS)


class Gate(RuleBasedStateMachine):
    """Random acts; after each one, the service and the model must say the same."""

    kind = "memory"
    steps = 0
    signed_steps = 0

    @initialize(signatures=st.integers(0, DEEPEST))
    def open_the_year(self, signatures: int) -> None:
        """Start from a fresh copy of a template."""
        self.world = copy_of(template(signatures, self.kind))
        self.services = self.world.services
        self.acos: dict[str, SampleAco] = {sample.aco.aco_id: sample for sample in self.world.year.acos}
        self.ids = sorted(self.acos)
        self.year = self.world.year.year.year
        self.holders = {one: self._holders_at_first(one) for one in self.ids}
        self.people = {c.person.user_id: c.person for one in self.ids for c in self.acos[one].contacts}
        self.people |= {one.user_id: one for one in self.world.year.agency}
        self.everybody = sorted(self.people)
        kinds = [(one, kind) for one in self.ids for kind in KINDS[self._cohort(one)]]
        self.signed = {
            (one, kind): {s.slot: s.user_id for s in self._document(one, kind).signatures} for one, kind in kinds
        }
        self.made_from = {(one, kind): self._holders_at_first(one) for one, kind in kinds}
        self.declined: dict[tuple[str, str], str] = {}
        self.seen: dict[tuple[str, str, str], int] = {}
        self.minutes = 0

    def teardown(self) -> None:
        """Let go of the copy."""
        if hasattr(self, "world"):
            self.services.database.close()

    # What people do.

    @rule(data=st.data())
    def somebody_tries_to_sign(self, data: st.DataObject) -> None:
        """Anybody, in any role, on any slot, with or without having read it, in any state of their password."""
        aco_id = data.draw(st.sampled_from(self.ids))
        kind = data.draw(st.sampled_from(KINDS[self._cohort(aco_id)]))
        slot = data.draw(st.sampled_from(sorted(RULEBOOK[kind]["slots"])))
        user_id = data.draw(st.sampled_from(self.everybody))
        role = data.draw(st.sampled_from(ROLES))
        reads, step_up = (
            data.draw(st.booleans()),
            data.draw(st.sampled_from(["fresh", "fresh", "stale", "none", "other bytes"])),
        )
        self._attempt(aco_id, kind, slot, user_id, role, reads=reads, step_up=step_up)

    @rule(data=st.data())
    def everything_is_put_right_and_the_next_slot_signed(self, data: st.DataObject) -> None:
        """The way that is meant: fit accounts, full contacts, the next document, the right person."""
        aco_id = data.draw(st.sampled_from(self.ids))
        self.everybody_is_fit_again()
        self._restore_contacts(aco_id)
        self._make_outdated_ones_again(aco_id)
        for kind in KINDS[self._cohort(aco_id)]:
            rules, done = RULEBOOK[kind]["slots"], self.signed[aco_id, kind]
            if len(done) < len(rules):
                self._settle(aco_id, kind)
                slot = data.draw(st.sampled_from(sorted(set(rules) - set(done))))
                role = data.draw(st.sampled_from(sorted(rules[slot][1])))
                self._attempt(aco_id, kind, slot, self._holder(aco_id, role), role, reads=True, step_up="fresh")
                return

    @rule(data=st.data())
    def the_right_person_tries_to_sign(self, data: st.DataObject) -> None:
        """A holder of a permitted role, having read the document: permitted unless something else is in the way."""
        aco_id = data.draw(st.sampled_from(self.ids))
        kind = data.draw(st.sampled_from(self._next_kinds(aco_id)))
        slot = data.draw(st.sampled_from(sorted(RULEBOOK[kind]["slots"])))
        role = data.draw(st.sampled_from(sorted(RULEBOOK[kind]["slots"][slot][1])))
        user_id = self._holder(aco_id, role)
        if user_id:
            self._attempt(aco_id, kind, slot, user_id, role, reads=True, step_up="fresh")

    @precondition(lambda self: len(self.declined) < 2)
    @rule(data=st.data(), fit=st.booleans())
    def somebody_tries_to_decline(self, data: st.DataObject, fit: bool) -> None:
        """Anybody, or somebody who may be permitted: whoever could sign the slot now may decline it, and nobody else."""
        aco_id = data.draw(st.sampled_from(self.ids))
        kind = data.draw(st.sampled_from(self._next_kinds(aco_id) if fit else KINDS[self._cohort(aco_id)]))
        rules, done = RULEBOOK[kind]["slots"], self.signed[aco_id, kind]
        slot = data.draw(st.sampled_from(sorted(set(rules) - set(done) if fit and len(done) < len(rules) else rules)))
        role = data.draw(st.sampled_from(sorted(rules[slot][1]) if fit else ROLES))
        user_id = (self._holder(aco_id, role) if fit else "") or data.draw(st.sampled_from(self.everybody))
        self._decline(aco_id, kind, slot, user_id, role)

    @precondition(lambda self: self.declined)
    @rule(data=st.data(), fit=st.booleans())
    def somebody_tries_to_withdraw(self, data: st.DataObject, fit: bool) -> None:
        """The same party takes a decline back, or somebody else tries to."""
        aco_id, kind = data.draw(st.sampled_from(sorted(self.declined)))
        permitted = RULEBOOK[kind]["slots"][self.declined[aco_id, kind]][1]
        role = data.draw(st.sampled_from(sorted(permitted) if fit else ROLES))
        user_id = (self._holder(aco_id, role) if fit else "") or data.draw(st.sampled_from(self.everybody))
        self._withdraw(aco_id, kind, user_id, role)

    @precondition(lambda self: self.minutes % 3 == 0)
    @rule(data=st.data(), staff=st.booleans(), confirmed=st.booleans())
    def somebody_tries_to_void(self, data: st.DataObject, staff: bool, confirmed: bool) -> None:
        """CMS staff void any document, an executed one only expressly; a new one takes its place, unsigned and unseen."""
        aco_id = data.draw(st.sampled_from(self.ids))
        kind = data.draw(st.sampled_from(KINDS[self._cohort(aco_id)]))
        user_id = self.world.agency(Role.CMS_STAFF) if staff else data.draw(st.sampled_from(self.everybody))
        self._void(aco_id, kind, user_id, confirmed=confirmed)

    @rule(data=st.data(), before=st.booleans())
    def somebody_tries_outside_the_window(self, data: st.DataObject, before: bool) -> None:
        """A day too early, or months too late."""
        aco_id = data.draw(st.sampled_from(self.ids))
        kind = data.draw(st.sampled_from(KINDS[self._cohort(aco_id)]))
        slot = data.draw(st.sampled_from(sorted(RULEBOOK[kind]["slots"])))
        role = data.draw(st.sampled_from(sorted(RULEBOOK[kind]["slots"][slot][1])))
        user_id = data.draw(st.sampled_from(self.everybody))
        now = self.world.clock.now
        opens_at = min(self._window(aco_id, party).opens_at for party in ("aco", "cms"))
        self.world.clock.now = opens_at - timedelta(days=1) if before else now + timedelta(days=400)
        self._attempt(aco_id, kind, slot, user_id, role, reads=True, step_up="fresh")
        self.world.clock.now = now

    # What happens around them.

    @rule(data=st.data(), active=st.booleans(), entitled=st.booleans())
    def an_account_changes(self, data: st.DataObject, active: bool, entitled: bool) -> None:
        """A user ID lapses or comes back; an entitlement is given or taken."""
        user_id = data.draw(st.sampled_from(self.everybody))
        person = replace(self.people[user_id], account_active=active, may_sign_electronically=entitled)
        self.people[user_id] = person
        self.services.enrollment.register([person])

    @rule()
    def everybody_is_fit_again(self) -> None:
        """The help desk mends the accounts, so that runs do not get stuck in refusals."""
        for user_id in self.everybody:
            self.people[user_id] = replace(self.people[user_id], account_active=True, may_sign_electronically=True)
        self.services.enrollment.register(list(self.people.values()))

    @rule(data=st.data())
    def a_slot_changes_hands(self, data: st.DataObject) -> None:
        """Another person takes a contact slot, or it falls empty; the database refuses the forbidden pairs."""
        aco_id = data.draw(st.sampled_from(self.ids))
        role = data.draw(st.sampled_from(sorted(MUST_BE_FILLED)))
        candidates = sorted({c.person.user_id for c in self.acos[aco_id].contacts})
        user_id = data.draw(st.one_of(st.sampled_from(candidates), st.none()))
        before = dict(self.holders[aco_id])
        self.holders[aco_id].pop(role, None)
        if user_id:
            self.holders[aco_id][role] = user_id
        if is_shared(self.holders[aco_id]):
            with pytest.raises(IntegrityError):
                self._write_contacts(aco_id)
            self.holders[aco_id] = before
        else:
            self._write_contacts(aco_id)

    @rule(data=st.data())
    def the_contacts_are_put_right(self, data: st.DataObject) -> None:
        """The ACO goes back to the contacts that it began with."""
        self._restore_contacts(data.draw(st.sampled_from(self.ids)))

    @precondition(lambda self: self.minutes < 600)
    @rule(minutes=st.integers(1, 60))
    def time_passes(self, minutes: int) -> None:
        """Some minutes, inside the window."""
        self.minutes += minutes
        self.world.clock.advance(timedelta(minutes=minutes))

    @precondition(lambda self: sum(map(len, self.signed.values())) > 9)
    @rule()
    def the_due_date_passes(self) -> None:
        """The ACO's window closes; that of CMS is still open."""
        closes = max(self._window(one, "aco").closes_at for one in self.ids)
        self.world.clock.now = max(self.world.clock.now, closes + timedelta(hours=1))

    @invariant()
    def a_step_was_made(self) -> None:
        """Count the steps; hypothesis asks after each one."""
        Gate.steps += 1

    # The model.

    def _expected(self, aco_id: str, kind: str, slot: str, user_id: str, role: str, *, digest_is: str) -> set[str]:
        rules, done = RULEBOOK[kind], self.signed.get((aco_id, kind), {})
        party, permitted = rules["slots"][slot]
        person, codes = self.people[user_id], set()
        held = {r for r, holder in self.holders[aco_id].items() if holder == user_id} | {
            str(r) for r in person.cms_roles
        }
        codes |= {"document-declined"} if (aco_id, kind) in self.declined else set()
        codes |= {"already-signed"} if slot in done else set()
        codes |= {"document-outdated"} if not done and self.holders[aco_id] != self.made_from[aco_id, kind] else set()
        codes |= {"account-inactive"} if not person.account_active else set()
        codes |= {"entitlement-missing"} if not person.may_sign_electronically else set()
        codes |= {"role-not-permitted"} if role not in permitted else set()
        codes |= {"role-not-held"} if role not in held else set()
        across = {one for one, (side, _) in rules["slots"].items() if side != party}
        codes |= {"same-person"} if self._signed_the_pair(slot, done, user_id) else set()
        codes |= {"same-person"} if any(done.get(one) == user_id for one in across) else set()
        codes |= {"prerequisite-unsigned"} if rules["before"] and not self._finished(aco_id, rules["before"]) else set()
        codes |= self._gate_codes(aco_id, kind) if rules["gated"] else set()
        codes |= self._window_codes(aco_id, party)
        open_aco_slots = {one for one, (side, _) in rules["slots"].items() if side == "aco"} - set(done)
        codes |= {"countersign-too-early"} if party == "cms" and open_aco_slots else set()
        return codes | ({digest_is} if digest_is else set())

    @staticmethod
    def _signed_the_pair(slot: str, done: dict[str, str], user_id: str) -> bool:
        other = {"Requestor_16": "Custodian_17", "Custodian_17": "Requestor_16"}.get(slot)
        return other is not None and done.get(other) == user_id

    def _gate_codes(self, aco_id: str, kind: str) -> set[str]:
        codes = {"contact-missing"} if MUST_BE_FILLED - set(self.holders[aco_id]) else set()
        changed = self.holders[aco_id] != {str(c.role): c.person.user_id for c in self.acos[aco_id].contacts}
        if kind == "data-use-agreement" and changed and not self._finished(aco_id, kind):
            codes.add("dua-contacts-changed")
        return codes

    def _window_codes(self, aco_id: str, party: str) -> set[str]:
        window, now = self._window(aco_id, party), self.world.clock.now
        return {"window-not-open"} if now < window.opens_at else {"window-closed"} if now >= window.closes_at else set()

    def _finished(self, aco_id: str, kind: str) -> bool:
        mine = {one for one, (side, _) in RULEBOOK[kind]["slots"].items() if side == "aco"}
        return mine <= set(self.signed.get((aco_id, kind), {}))

    def _next_kinds(self, aco_id: str) -> list[str]:
        kinds = KINDS[self._cohort(aco_id)]
        unfinished = [kind for kind in kinds if len(self.signed.get((aco_id, kind), {})) < len(RULEBOOK[kind]["slots"])]
        return unfinished[:2] or kinds

    def _may_void(self, user_id: str) -> bool:
        person = self.people[user_id]
        return person.account_active and "cms-staff" in {str(one) for one in person.cms_roles}

    # The service.

    def _decline(self, aco_id: str, kind: str, slot: str, user_id: str, role: str) -> None:
        document = self._document(aco_id, kind)
        expected = self._expected(aco_id, kind, slot, user_id, role, digest_is="")
        asked = DeclineRequest(document.document_id, slot, user_id, Role(role), "We cannot.", document.head_digest)
        assert self._codes(lambda: self.services.declining.decline(asked)) == expected
        if expected:
            return
        if RULEBOOK[kind]["slots"][slot][0] == "cms":
            self._replaced(document)
        else:
            self.declined[aco_id, kind] = slot
            assert self._document(aco_id, kind).head_digest == document.head_digest

    def _withdraw(self, aco_id: str, kind: str, user_id: str, role: str) -> None:
        document, slot = self._document(aco_id, kind), self.declined[aco_id, kind]
        personal = {"account-inactive", "entitlement-missing", "role-not-permitted", "role-not-held"}
        expected = self._expected(aco_id, kind, slot, user_id, role, digest_is="") & personal
        asked = DeclineRequest(document.document_id, slot, user_id, Role(role), "We can.")
        assert self._codes(lambda: self.services.declining.withdraw(asked)) == expected
        if not expected:
            del self.declined[aco_id, kind]
        assert (self._document(aco_id, kind).decline is None) == (not expected)

    def _void(self, aco_id: str, kind: str, user_id: str, *, confirmed: bool) -> None:
        document = self._document(aco_id, kind)
        executed = len(self.signed[aco_id, kind]) == len(RULEBOOK[kind]["slots"])
        expected = set() if self._may_void(user_id) else {"void-not-permitted"}
        if not expected and executed and not confirmed:
            expected = {"executed-not-confirmed"}
        asked = VoidRequest(document.document_id, "A wrong name", user_id, document.head_digest, confirmed)
        assert self._codes(lambda: self.services.voiding.void(asked)) == expected
        if expected:
            assert self._document(aco_id, kind) == document
        else:
            self._replaced(document)

    def _make_outdated_ones_again(self, aco_id: str) -> None:
        """What submitting Step 1 does: unsigned documents that were made from other contacts give way to new ones."""
        kinds = [one for one in KINDS[self._cohort(aco_id)] if not self.signed[aco_id, one]]
        outdated = [one for one in kinds if self.made_from[aco_id, one] != self.holders[aco_id]]
        before = [self._document(aco_id, one) for one in outdated]
        made = self.services.assembler.refresh(aco_id, self.year)
        assert [one.kind for one in made] == outdated
        for one in before:
            self._replaced(one)

    def _replaced(self, before: Document) -> None:
        """Another document stands in its place; the old one keeps what it had."""
        aco_id, kind = before.aco_id, before.kind
        with self.services.database.read() as records:
            after = records.documents.get(before.document_id)
        assert after is not None
        assert (after.signatures, after.revisions) == (before.signatures, before.revisions)
        assert after.voided_at is not None
        assert self._document(aco_id, kind).document_id != before.document_id
        self.signed[aco_id, kind] = {}
        self.made_from[aco_id, kind] = dict(self.holders[aco_id])
        self.declined.pop((aco_id, kind), None)
        self.seen = {place: number for place, number in self.seen.items() if place[1:] != (aco_id, kind)}

    def _settle(self, aco_id: str, kind: str) -> None:
        """Take a decline back as somebody who may, if there is one."""
        if (aco_id, kind) in self.declined:
            role = min(RULEBOOK[kind]["slots"][self.declined[aco_id, kind]][1])
            self._withdraw(aco_id, kind, self._holder(aco_id, role), role)

    def _attempt(
        self, aco_id: str, kind: str, slot: str, user_id: str, role: str, *, reads: bool, step_up: str
    ) -> None:
        document = self._document(aco_id, kind)
        may_look = user_id in self.holders[aco_id].values() or bool(self.people[user_id].cms_roles)
        if reads and may_look:
            self.services.reading.show(user_id, document.document_id)
            self.seen[user_id, aco_id, kind] = len(document.revisions)
        viewed, digest_is = self._viewed(document, user_id)
        expected = self._expected(aco_id, kind, slot, user_id, role, digest_is=digest_is)
        expected |= {"stale": {"step-up-spent"}, "none": {"step-up-missing"}, "other bytes": {"step-up-missing"}}.get(
            step_up, set()
        )
        request = SignRequest(
            str(uuid.uuid4()),
            document.document_id,
            slot,
            user_id,
            Role(role),
            viewed,
            self._step_up(document, user_id, viewed, step_up),
        )
        actual = self._sign(request)
        assert actual == expected, (aco_id, kind, slot, user_id, role, step_up)
        after = self._document(aco_id, kind)
        if not expected:
            Gate.signed_steps += 1
            self.signed.setdefault((aco_id, kind), {})[slot] = user_id
        assert {one.slot: one.user_id for one in after.signatures} == self.signed.get((aco_id, kind), {})
        assert (after.head_digest != document.head_digest) == (not expected)

    def _sign(self, request: SignRequest) -> set[str]:
        return self._codes(lambda: self.services.ceremony.sign(request))

    @staticmethod
    def _codes(act: Callable[[], object]) -> set[str]:
        """What an act is refused for; nothing when it is done."""
        try:
            act()
        except PacketsError as error:
            return {one.code for one in error.problems}
        return set()

    def _viewed(self, document: Document, user_id: str) -> tuple[str, str]:
        """The digest that the person last saw, and what the gate should say about it."""
        number = self.seen.get((user_id, document.aco_id, document.kind))
        if number is None:
            return "", "not-viewed"
        digest = document.revisions[number - 1].digest
        return digest, "" if digest == document.head_digest else "document-changed"

    def _step_up(self, document: Document, user_id: str, viewed: str, state: str) -> str:
        if state == "none":
            return str(uuid.uuid4())
        now = self.world.clock.now
        if state == "stale":
            self.world.clock.now = now - STEP_UP_LIFETIME - timedelta(seconds=1)
        bound_to = viewed if state != "other bytes" else random.Random(viewed).randbytes(32).hex()  # noqa: S311  not a secret
        proof = self.services.ceremony.step_up(user_id, document.document_id, bound_to)
        self.world.clock.now = now
        return proof

    def _document(self, aco_id: str, kind: str) -> Document:
        with self.services.database.read() as records:
            document = records.documents.current(aco_id, self.year, kind)
        assert document is not None
        return document

    def _holder(self, aco_id: str, role: str) -> str:
        return self.world.agency(Role.CMS_SIGNATORY) if role == "cms-signatory" else self.holders[aco_id].get(role, "")

    def _restore_contacts(self, aco_id: str) -> None:
        self.holders[aco_id] = self._holders_at_first(aco_id)
        self._write_contacts(aco_id)

    def _holders_at_first(self, aco_id: str) -> dict[str, str]:
        """The contacts from which every document was made."""
        return {str(c.role): c.person.user_id for c in self.acos[aco_id].contacts}

    def _write_contacts(self, aco_id: str) -> None:
        filled = [Contact(Role(role), self.people[user_id]) for role, user_id in self.holders[aco_id].items()]
        with self.services.database.write() as records:
            records.acos.put_contacts(aco_id, self.year, filled)

    def _cohort(self, aco_id: str) -> str:
        return str(self.acos[aco_id].aco.cohort)

    def _window(self, aco_id: str, party: str) -> Any:
        activity = Activity.SIGN if party == "aco" else Activity.COUNTERSIGN
        return self.world.year.year.window(activity, self.acos[aco_id].aco.cohort)


@pytest.mark.requirement("R15", "R17", "R18", "R19", "R24", "R44", "R7", "R3", "E5", "E7", "E8", "E19", "E20")
@pytest.mark.parametrize(("kind", "examples"), [*[("memory", EXAMPLES)] * SHARDS, ("postgresql", ELSEWHERE)], ids=str)
def test_the_gate_and_the_model_never_disagree(kind: str, examples: int) -> None:
    """At least 5,000 random steps over all shards, with a hundred real signatures among them.

    How many steps and signatures come out of one search is left to chance: it begins anew until there are enough. On
    PostgreSQL the few runs are the same ones each time, as chance would decide too much there.
    """
    run = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        derandomize=kind != "memory",
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    databases.SINGLE[kind]().close()
    Gate.steps = Gate.signed_steps = 0
    machine = type("GateHere", (Gate,), {"kind": kind})

    share = examples / EXAMPLES * (1 if kind == "memory" else 0.7)  # few runs come out uneven
    steps, signed = TOTAL_STEPS / SHARDS * share, TOTAL_STEPS / SHARDS / 50 * share
    for _search in range(SEARCHES if kind == "memory" else 1):
        run_state_machine_as_test(machine, settings=run)
        if Gate.steps >= steps and Gate.signed_steps >= signed:
            break

    print(f"{kind}: {Gate.steps} steps, {Gate.signed_steps} signatures")  # noqa: T201  the figure is the point
    assert Gate.steps >= steps
    assert Gate.signed_steps >= signed
