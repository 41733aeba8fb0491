"""Handing in corrections: who may, until when, and what becomes of the file."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook

from packets.audit.log import Act, Entry, Outcome, chain_problems
from packets.errors import ConflictError, ForbiddenError, InputError, NotFoundError, PacketsError, RenderError
from packets.list_desks.corrections import AGREEMENT, SIGNING_TIME
from packets.lists.columns import CORRECTIONS
from packets.lists.corrections import correction_row, write_corrections
from packets.model.documents import Document
from packets.model.people import CONTACT_SLOTS, Role
from packets.sample.year import SampleAco
from packets.store.database import Database
from web.demo import holder
from worlds import World, build_world

KIND = "provider-supplier-list"

pytestmark = pytest.mark.usefixtures("every_database")


@pytest.fixture
def world() -> Iterator[World]:
    world = build_world(2)
    yield world
    world.services.database.close()


@pytest.fixture
def sample(world: World) -> SampleAco:
    return next(one for one in world.year.acos if one.corrections_upload)


def hand_in(world: World, sample: SampleAco, role: Role) -> None:
    assert sample.corrections_upload
    aco = sample.aco
    world.services.corrections.accept(
        aco.aco_id, aco.performance_year, holder(sample, role), *sample.corrections_upload, agreed=True
    )


@pytest.mark.requirement("R41", "R64")
@pytest.mark.parametrize("slot", [slot for slot in CONTACT_SLOTS if slot.required], ids=lambda slot: slot.role)
def test_only_the_executive_and_those_authorized_to_sign_may_upload(
    world: World, sample: SampleAco, slot: object
) -> None:
    """The permission matrix, by the slots that each person holds."""
    role = slot.role  # type: ignore[attr-defined]
    user_id = holder(sample, role)
    held = {contact.role for contact in sample.contacts if contact.person.user_id == user_id}
    binding = {Role.ACO_EXECUTIVE, Role.AUTHORIZED_TO_SIGN_PRIMARY, Role.AUTHORIZED_TO_SIGN_SECONDARY}
    if held & binding:
        hand_in(world, sample, role)
        return
    with pytest.raises(ForbiddenError) as refusal:
        hand_in(world, sample, role)
    assert [one.code for one in refusal.value.problems] == ["upload-not-permitted"]


@pytest.mark.requirement("R66", "R70")
def test_an_accepted_file_replaces_the_draft_and_is_kept_as_evidence(world: World, sample: SampleAco) -> None:
    """The unsigned document is voided, a new one carries the corrections, the zip is in the store under its digest."""
    before = world.document(sample, KIND)
    hand_in(world, sample, Role.ACO_EXECUTIVE)
    after = world.document(sample, KIND)

    assert after.document_id != before.document_id
    with world.services.database.read() as records:
        replaced = records.documents.get(before.document_id)
        upload = records.lists.uploads(sample.aco.aco_id, sample.aco.performance_year)[0]
    assert replaced is not None
    assert replaced.voided_at == world.clock()
    assert sample.corrections_upload
    assert world.services.objects.get(upload.sha256) == sample.corrections_upload[1]


@pytest.mark.requirement("R69", "R70")
def test_files_may_be_handed_in_again_until_the_list_is_signed(world: World, sample: SampleAco) -> None:
    """Any number before; none after, and the refusal says why (E9)."""
    hand_in(world, sample, Role.ACO_EXECUTIVE)
    hand_in(world, sample, Role.AUTHORIZED_TO_SIGN_PRIMARY)
    world.finish(sample, before_step=3)

    with pytest.raises(ConflictError) as refusal:
        hand_in(world, sample, Role.ACO_EXECUTIVE)

    assert [one.code for one in refusal.value.problems] == ["list-signed"]
    with world.services.database.read() as records:
        assert len(records.lists.uploads(sample.aco.aco_id, sample.aco.performance_year)) == 2


@pytest.mark.requirement("R68")
def test_a_bad_file_is_refused_and_changes_nothing_but_the_log(world: World, sample: SampleAco) -> None:
    """No upload is recorded, the draft stays, and the refusal is in the log."""
    before = world.document(sample, KIND)
    aco = sample.aco
    with pytest.raises(InputError):
        world.services.corrections.accept(
            aco.aco_id, aco.performance_year, holder(sample, Role.ACO_EXECUTIVE), "notes.zip", b"not a zip", agreed=True
        )

    assert world.document(sample, KIND) == before
    with world.services.database.read() as records:
        assert records.lists.uploads(aco.aco_id, aco.performance_year) == []
        refused = [entry for entry in records.journal.entries() if entry.outcome is Outcome.REFUSED]
    assert [entry.act for entry in refused] == [Act.CORRECTIONS_UPLOAD]


@pytest.mark.requirement("R8", "E19")
def test_corrections_have_a_window(world: World, sample: SampleAco) -> None:
    """After the due date nothing is accepted."""
    world.clock.advance(timedelta(days=60))

    with pytest.raises(ForbiddenError) as refusal:
        hand_in(world, sample, Role.ACO_EXECUTIVE)

    assert [one.code for one in refusal.value.problems] == ["window-closed"]


def test_an_aco_that_is_not_in_the_year_is_not_found(world: World, sample: SampleAco) -> None:
    """An unknown ACO ID, before anything else is looked at."""
    with pytest.raises(NotFoundError):
        world.services.corrections.accept("A0001", 2027, holder(sample, Role.ACO_EXECUTIVE), "x.zip", b"", agreed=True)


EXECUTIVE = Role.ACO_EXECUTIVE
SLOT = "AuthorizedSigner"


def entries(world: World, act: Act) -> list[Entry]:
    with world.services.database.read() as records:
        return [entry for entry in records.journal.entries() if entry.act is act]


def facts_of(world: World, document: Document) -> dict[str, object]:
    """What a document certifies."""
    facts: dict[str, object] = json.loads(world.services.objects.get(document.data_digest))
    return facts


@pytest.mark.requirement("R54")
def test_whoever_uploads_attests_that_everybody_has_agreed(world: World, sample: SampleAco) -> None:
    """Without the attestation nothing is accepted; with it, the log has its words."""
    assert sample.corrections_upload
    aco, user_id = sample.aco, holder(sample, EXECUTIVE)
    place = (aco.aco_id, aco.performance_year, user_id)
    with pytest.raises(InputError) as refusal:
        world.services.corrections.accept(*place, *sample.corrections_upload, agreed=False)
    assert [one.code for one in refusal.value.problems] == ["agreement-missing"]
    world.services.corrections.accept(*place, *sample.corrections_upload, agreed=True)

    refused, accepted = entries(world, Act.CORRECTIONS_UPLOAD)
    assert (refused.outcome, refused.details["reasons"]) == (Outcome.REFUSED, ["agreement-missing"])
    assert (accepted.outcome, accepted.details["attested"]) == (Outcome.DONE, AGREEMENT)


@pytest.mark.requirement("R54", "R68")
def test_a_missing_attestation_is_said_together_with_what_is_wrong_with_the_file(
    world: World, sample: SampleAco
) -> None:
    """One answer, not one after the other."""
    place = (sample.aco.aco_id, sample.aco.performance_year, holder(sample, EXECUTIVE))
    with pytest.raises(InputError) as refusal:
        world.services.corrections.accept(*place, "notes.zip", b"not a zip", agreed=False)
    assert [one.code for one in refusal.value.problems] == ["agreement-missing", "file-name", "archive-not-zip"]


@pytest.mark.requirement("R70", "R46")
def test_the_certified_document_carries_the_summary_and_every_row_of_the_last_file(
    world: World, sample: SampleAco
) -> None:
    """File, digest, uploader and counts in its words, and the whole set in its annex; the file before leaves no trace."""
    aco = sample.aco
    hand_in(world, sample, EXECUTIVE)
    first = facts_of(world, world.document(sample, KIND))["rosters"]["corrections"]["rows"]  # type: ignore[index]
    name, content = write_corrections([_removal(sample)], aco.aco_id, date(2026, 11, 17))
    world.services.corrections.accept(
        aco.aco_id, aco.performance_year, holder(sample, EXECUTIVE), name, content, agreed=True
    )

    facts = facts_of(world, world.document(sample, KIND))
    told, rows = facts["corrections"], facts["rosters"]["corrections"]["rows"]  # type: ignore[index]
    assert (told["file_name"], told["additions"], told["deletions"]) == (name, 0, 1)  # type: ignore[index]
    assert world.services.objects.get(told["sha256"]) == content  # type: ignore[index]
    assert len(rows) == 1
    assert rows != first


def _removal(sample: SampleAco) -> tuple[str, ...]:
    row = next(one for one in sample.providers if one[7])
    return correction_row(
        aco_id=sample.aco.aco_id, action="D", tin=row[2], npi=row[7], first_name="Ana", last_name="Gone", reason="death"
    )


@pytest.mark.requirement("R69", "E9")
def test_nothing_is_accepted_while_somebody_signs(world: World, sample: SampleAco) -> None:
    """The signature that was begun comes to its end undisturbed; the upload says why it was refused."""
    document = world.document(sample, KIND)
    refusals: list[str] = []
    _while_signing(world, lambda: refusals.extend(_codes(world, sample)))
    world.sign(document, world.types(sample)[0].slots[0], sample)

    assert refusals == ["list-being-signed"]
    assert facts_of(world, document)["corrections"] is None
    assert [one.outcome for one in entries(world, Act.CORRECTIONS_UPLOAD)] == [Outcome.REFUSED]
    assert _codes(world, sample) == ["list-signed"]


def _codes(world: World, sample: SampleAco) -> list[str]:
    """Codes of the refusal of a good file; none when it is accepted."""
    try:
        hand_in(world, sample, EXECUTIVE)
    except PacketsError as error:
        return [one.code for one in error.problems]
    return []


def _while_signing(world: World, act: Callable[[], object]) -> None:
    """Let something happen between the intent and the record of the next signature."""
    signer = world.services.signer
    original = signer.sign

    def sign(*args: object, **options: object) -> object:
        object.__setattr__(signer, "sign", original)
        act()
        return original(*args, **options)  # type: ignore[arg-type]

    object.__setattr__(signer, "sign", sign)


@pytest.mark.requirement("R69", "R70")
def test_an_upload_between_view_and_signature_makes_the_signature_fail(world: World, sample: SampleAco) -> None:
    """What was read is not what would be certified any more: nothing is signed, and the new document can be."""
    document, user_id = world.document(sample, KIND), holder(sample, EXECUTIVE)
    request = world.request(document, SLOT, EXECUTIVE, user_id)
    hand_in(world, sample, EXECUTIVE)
    with pytest.raises(ConflictError) as refusal:
        world.services.ceremony.sign(request)

    assert [one.code for one in refusal.value.problems] == ["document-voided"]
    after = world.document(sample, KIND)
    assert not after.signatures
    assert world.sign(after, world.types(sample)[0].slots[0], sample).signatures


@pytest.mark.requirement("R69")
def test_a_signature_that_a_crash_cut_off_does_not_keep_corrections_away_for_good(
    world: World, sample: SampleAco, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After some minutes an upload is accepted, and the old document cannot be signed any more."""

    def die(*_args: object, **_options: object) -> None:
        raise KeyboardInterrupt

    document = world.document(sample, KIND)
    with monkeypatch.context() as patch:
        patch.setattr(type(world.services.ceremony), "_make", die)
        with pytest.raises(KeyboardInterrupt):
            world.sign(document, world.types(sample)[0].slots[0], sample)
    assert _codes(world, sample) == ["list-being-signed"]
    world.clock.advance(SIGNING_TIME)
    assert _codes(world, sample) == []


@pytest.mark.requirement("R69", "R70")
def test_a_late_signature_finds_its_document_replaced(world: World, sample: SampleAco) -> None:
    """The upload came when the signature had been under way for too long: the record is refused at the last moment."""
    document = world.document(sample, KIND)

    def wait_and_upload() -> None:
        world.clock.advance(SIGNING_TIME)
        assert _codes(world, sample) == []

    _while_signing(world, wait_and_upload)
    with pytest.raises(ConflictError) as refusal:
        world.sign(document, world.types(sample)[0].slots[0], sample)

    assert [one.code for one in refusal.value.problems] == ["document-voided"]
    assert not world.document(sample, KIND).signatures
    with world.services.database.read() as records:
        assert records.ceremonies.being_signed(document.document_id, world.clock() - 2 * SIGNING_TIME) is False


@pytest.mark.requirement("R69", "R70")
@pytest.mark.parametrize("head_start", [0.0, 0.1, 0.3, 0.6])
def test_of_an_upload_and_a_signature_at_once_exactly_one_comes_to_pass(tmp_path: Path, head_start: float) -> None:
    """On a real file, with threads: the signed list has the corrections if and only if they were accepted.

    The upload has a head start of so many seconds; each of the two is the faster one in some of the cases.
    """
    world = build_world(2, database=Database(f"sqlite:///{tmp_path / 'esm.db'}"))
    sample = next(one for one in world.year.acos if one.corrections_upload)
    document = world.document(sample, KIND)
    request = world.request(document, SLOT, EXECUTIVE, holder(sample, EXECUTIVE))
    barrier = threading.Barrier(2)
    outcomes: dict[str, str] = {}

    def take_part(name: str, act: Callable[[], object]) -> None:
        barrier.wait()
        time.sleep(head_start if name == "sign" else 0)
        try:
            act()
            outcomes[name] = "done"
        except PacketsError as error:
            outcomes[name] = error.problems[0].code

    acts = {"sign": lambda: world.services.ceremony.sign(request), "upload": lambda: hand_in(world, sample, EXECUTIVE)}
    threads = [threading.Thread(target=take_part, args=one) for one in acts.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert list(outcomes.values()).count("done") == 1
    assert outcomes["sign"] in {"done", "document-voided"}
    assert outcomes["upload"] in {"done", "list-being-signed", "list-signed", "document-changed"}
    after = world.document(sample, KIND)
    assert (facts_of(world, after)["corrections"] is not None) == (outcomes["upload"] == "done")
    assert bool(after.signatures) == (outcomes["sign"] == "done")
    with world.services.database.read() as records:
        assert chain_problems(records.journal.entries()) == []
        assert bool(records.lists.uploads(sample.aco.aco_id, 2027)) == (outcomes["upload"] == "done")
    world.services.database.close()


@pytest.mark.requirement("R68")
def test_a_name_that_no_document_can_print_is_refused_with_the_file(world: World, sample: SampleAco) -> None:
    """The document is made before anything is recorded, so that an accepted file always has its document."""
    before = world.document(sample, KIND)
    row = (*_removal(sample)[:4], "王", *_removal(sample)[5:])
    name, content = write_corrections([row], sample.aco.aco_id, date(2026, 11, 17))
    place = (sample.aco.aco_id, sample.aco.performance_year, holder(sample, EXECUTIVE))
    with pytest.raises(RenderError):
        world.services.corrections.accept(*place, name, content, agreed=True)

    assert world.document(sample, KIND) == before
    with world.services.database.read() as records:
        assert records.lists.uploads(*place[:2]) == []
    assert [one.outcome for one in entries(world, Act.CORRECTIONS_UPLOAD)] == [Outcome.REFUSED]


@pytest.mark.requirement("R68")
def test_a_checked_file_comes_back_with_its_findings_and_is_not_kept(world: World, sample: SampleAco) -> None:
    """The workbook has the ACO's rows; the log tells of the check; store, uploads and document are as before."""
    place = (sample.aco.aco_id, sample.aco.performance_year, holder(sample, EXECUTIVE))
    before = world.document(sample, KIND)
    row = ("A0001", *_removal(sample)[1:])
    name, content = write_corrections([row], sample.aco.aco_id, date(2026, 11, 17))
    kept = dict(world.services.objects._kept)  # type: ignore[attr-defined]
    workbook = load_workbook(io.BytesIO(world.services.corrections.annotate(*place, name, content)))

    assert [cell.value for cell in workbook["Your file"][1]][:8] == list(CORRECTIONS.headings)
    assert workbook["Your file"]["A2"].value == "A0001"
    assert world.services.objects._kept == kept  # type: ignore[attr-defined]
    assert world.document(sample, KIND) == before
    assert [one.details["problems"] for one in entries(world, Act.CORRECTIONS_CHECK)] == [1]
    with world.services.database.read() as records:
        assert records.lists.uploads(*place[:2]) == []


def test_a_check_is_for_uploaders_and_of_files_that_can_be_shown(world: World, sample: SampleAco) -> None:
    """Others are refused; a file without rows is described on the page instead; a good one gives no workbook."""
    assert sample.corrections_upload
    place = (sample.aco.aco_id, sample.aco.performance_year)
    executive, custodian = holder(sample, EXECUTIVE), holder(sample, Role.MEDICAL_DIRECTOR)
    with pytest.raises(ForbiddenError):
        world.services.corrections.annotate(*place, custodian, *sample.corrections_upload)
    with pytest.raises(InputError) as refusal:
        world.services.corrections.annotate(*place, executive, "notes.zip", b"not a zip")
    assert [one.code for one in refusal.value.problems] == ["file-name", "archive-not-zip"]
    assert world.services.corrections.annotate(*place, executive, *sample.corrections_upload) == b""
    assert [one.outcome for one in entries(world, Act.CORRECTIONS_CHECK)] == ["refused", "refused", "done"]


@pytest.mark.requirement("R70")
def test_the_set_that_counts_can_be_taken_along_and_handed_in_again(world: World, sample: SampleAco) -> None:
    """The same rows in the same form: what comes out is accepted, and comes out the same again."""
    place = (sample.aco.aco_id, sample.aco.performance_year, holder(sample, EXECUTIVE))
    with pytest.raises(InputError, match="no-corrections"):
        world.services.corrections.export(*place)
    hand_in(world, sample, EXECUTIVE)
    name, content = world.services.corrections.export(*place)
    assert sample.corrections_upload
    assert (name, content) == sample.corrections_upload
    world.services.corrections.accept(*place, name, content, agreed=True)
    assert world.services.corrections.export(*place) == (name, content)


def test_the_desk_says_why_nobody_can_upload_now(world: World, sample: SampleAco) -> None:
    """Before the window, within it, and after the signature."""
    place = (sample.aco.aco_id, sample.aco.performance_year)
    assert world.services.corrections.obstacles(*place) == ()
    world.finish(sample, before_step=3)
    assert [one.code for one in world.services.corrections.obstacles(*place)] == ["list-signed"]
    world.clock.advance(timedelta(days=60))
    assert [one.code for one in world.services.corrections.obstacles(*place)] == ["window-closed"]
