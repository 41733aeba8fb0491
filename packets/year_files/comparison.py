"""The files of a year compared with each other and with what is recorded (REQ §6, R45, R48)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from packets.lists.findings import place
from packets.lists.name_mismatches import plain_name
from packets.lists.provider_rows import ACO_ID, ACO_NAME, TIN, TIN_NAME
from packets.model.aco import Aco, Cohort
from packets.model.identifiers import mask_tin
from packets.year_files.layouts import AGREEMENTS, CONTACTS, PARTICIPANT_FIELDS
from packets.year_files.material import Known, Material
from packets.year_files.providers import ProviderLists
from packets.year_files.report import FileKind, Reading
from packets.year_files.sheets import column_of

MOST_NAMED = 10
ACO_COLUMN = {
    FileKind.PARTICIPANTS: column_of(PARTICIPANT_FIELDS, "aco_id"),
    FileKind.PROVIDERS: ACO_ID,
    FileKind.CONTACTS: column_of(CONTACTS, "aco_id"),
}


def compare(found: Material, known: Known) -> None:
    """Compare the files with each other and with what is recorded; findings go to the file that would have to change."""
    agreements = found.readings.get(FileKind.AGREEMENTS)
    if agreements is None or agreements.whole:
        acos = {**known.acos, **{aco_id: one.aco for aco_id, one in found.agreements.items()}}
        _compare_participants(found, acos)
        _compare_providers(found, acos, known)
        _compare_contacts(found)
        _warn_gaps(found, acos)
        _refuse_signed(found, known)
    if agreements is not None:
        _compare_agreements(found, known, agreements)


def _compare_agreements(found: Material, known: Known, reading: Reading) -> None:
    column = column_of(AGREEMENTS, "cohort")
    for aco_id, one in found.agreements.items():
        if aco_id in known.acos:
            sentence = f"{aco_id} is enrolled in {found.year} already."
            reading.errors.add("aco-enrolled", sentence, "Leave it out: its data is kept in Step 1.", place(one.row, 0))
        if known.earlier is None:
            continue
        if aco_id in known.earlier and one.aco.cohort is Cohort.NEW:
            sentence = f"{aco_id} is new, but took part in {found.year - 1}."
            reading.warnings.add("cohort-odd", sentence, "Check the cohort.", place(one.row, column))
        if aco_id not in known.earlier and one.aco.cohort is Cohort.CURRENT:
            sentence = f"{aco_id} is current, but did not take part in {found.year - 1}."
            reading.warnings.add("cohort-odd", sentence, "Check the cohort.", place(one.row, column))


def _refuse_signed(found: Material, known: Known) -> None:
    """A list stands from the first signature on a document that carries it (R69)."""
    for kind, has in _given_lists(found).items():
        for aco_id in sorted(has & known.signed.get(kind, frozenset())):
            sentence = f"A document of {aco_id} that carries this list is signed."
            remedy = "Leave out the rows of this ACO, or void the document first."
            found.readings[kind].errors.add("list-signed", sentence, remedy)


def _compare_participants(found: Material, acos: Mapping[str, Aco]) -> None:
    if found.participants is None:
        return
    reading = found.readings[FileKind.PARTICIPANTS]
    _compare_acos(found.participants.aco_names, acos, reading, column_of(PARTICIPANT_FIELDS, "aco_name"))


def _compare_providers(found: Material, acos: Mapping[str, Aco], known: Known) -> None:
    if found.providers is None:
        return
    reading = found.readings[FileKind.PROVIDERS]
    _compare_acos(found.providers.aco_names, acos, reading, ACO_NAME)
    participants = found.readings.get(FileKind.PARTICIPANTS)
    if participants is None or participants.whole:
        _compare_tins(found, found.providers, acos, _approved(found, known))


def _approved(found: Material, known: Known) -> dict[tuple[str, str], str]:
    """What each TIN of each ACO is called once the files are stored."""
    given = found.participants
    if given is None:
        return dict(known.participants)
    return {key: name for key, name in known.participants.items() if key[0] not in given.rows} | given.names


def _compare_tins(
    found: Material, providers: ProviderLists, acos: Mapping[str, Aco], approved: Mapping[tuple[str, str], str]
) -> None:
    """Who bills does so under the TIN of a participant (R45), by the same name."""
    reading, listed = found.readings[FileKind.PROVIDERS], {aco_id for aco_id, _ in approved}
    for (aco_id, tin), (row, name) in providers.names.items():
        if aco_id not in acos or aco_id not in listed:
            continue
        participant = approved.get((aco_id, tin))
        if participant is None:
            sentence = f"The TIN {mask_tin(tin)} is not on the Participant List of {aco_id}."
            remedy = "Add it to the participants, or remove its rows."
            reading.errors.add("tin-not-participant", sentence, remedy, place(row, TIN))
        elif plain_name(participant) != plain_name(name):
            sentence = f"On the Participant List this TIN is “{participant}”, here it is “{name}”."
            reading.warnings.add(
                "names-differ", sentence, "Give the name of PECOS in both files.", place(row, TIN_NAME)
            )
    for aco_id in sorted(set(providers.counts) & set(acos) - listed):
        sentence = f"{aco_id} has no Participant List with which its providers could be compared."
        reading.warnings.add("participants-missing", sentence, "Load its participants as well.")


def _compare_acos(
    names: Mapping[str, tuple[int, str]], acos: Mapping[str, Aco], reading: Reading, name_column: int
) -> None:
    for aco_id, (row, name) in names.items():
        if aco_id not in acos:
            sentence = f"The agreement data has no ACO {aco_id}."
            remedy = "Add it to the agreements, or remove its rows."
            reading.errors.add("aco-unknown", sentence, remedy, place(row, ACO_COLUMN[reading.kind]))
        elif plain_name(acos[aco_id].legal_name) != plain_name(name):
            sentence = f"{aco_id} is “{acos[aco_id].legal_name}” in the agreement data, here it is “{name}”."
            reading.warnings.add(
                "names-differ", sentence, "Give its legal name in both files.", place(row, name_column)
            )


def _compare_contacts(found: Material) -> None:
    """Contacts come with their ACO's agreement; afterwards they are the ACO's to change (R22)."""
    if found.contacts is None:
        return
    reading = found.readings[FileKind.CONTACTS]
    for aco_id in sorted(set(found.contacts) - set(found.agreements)):
        sentence = f"The agreements given with it have no ACO {aco_id}."
        reading.errors.add("aco-unknown", sentence, "Contacts are loaded together with their ACO’s agreement.")


def _warn_gaps(found: Material, acos: Mapping[str, Aco]) -> None:
    """ACOs for which a file has nothing, and participants under whose TIN nobody bills."""
    wanted = set(found.agreements) if FileKind.AGREEMENTS in found.readings else set(acos)
    for kind, has in _given_lists(found).items():
        without = sorted(({found.only_aco} if found.only_aco else wanted) - has)
        if without:
            more = f" and {len(without) - MOST_NAMED:,} more" if len(without) > MOST_NAMED else ""
            sentence = f"No rows for {', '.join(without[:MOST_NAMED])}{more}."
            found.readings[kind].warnings.add("aco-without-rows", sentence, "Check whether that is right.")
    if found.participants is None or found.providers is None:
        return
    silent = Counter(aco_id for aco_id, tin in found.participants.names if (aco_id, tin) not in found.providers.names)
    for aco_id, count in silent.items():
        if aco_id in found.providers.counts:
            sentence = f"{count} participants of {aco_id} have no provider or supplier."
            found.readings[FileKind.PROVIDERS].warnings.add("participant-without-rows", sentence, "Check their TINs.")


def _given_lists(found: Material) -> dict[FileKind, set[str]]:
    lists: dict[FileKind, set[str]] = {}
    if found.participants is not None:
        lists[FileKind.PARTICIPANTS] = set(found.participants.rows)
    if found.providers is not None:
        lists[FileKind.PROVIDERS] = set(found.providers.counts)
    if found.contacts is not None:
        lists[FileKind.CONTACTS] = set(found.contacts)
    return lists
