"""What may be appended to a sealed document, checked object by object (DocMDP P=2, FieldMDP; ISO 32000-1, 12.8.2).

pyHanko's own analysis follows every path to every object, which takes minutes on a tagged roster of thousands of rows. This one
looks only at objects that a revision wrote, and permits only what this service appends:

* new objects, under numbers that the revision before could not have referred to;
* an empty signature field gets a signature and its appearance, unless an earlier signature locks it;
* a new field of an archival time-stamp with the keys of ours, and its widget on a page;
* more certificates and revocation lists in the document security store.

Everything else is a suspicious modification. It is stricter than DocMDP: no other form field can change at all. What each new
object may hold is read once more, byte for byte and without pyHanko, by `signing.standalone.revision_forms`.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject, IndirectObject, PdfObject, Reference
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader
from pyhanko.sign.diff_analysis import DiffPolicy, DiffResult, ModificationLevel, SuspiciousModification
from pyhanko.sign.fields import FieldMDPSpec, MDPPerm

from signing.fields import ARCHIVE_FIELD

TRAILER_FIXED = ("/Root", "/Info", "/Encrypt")
CATALOG_FREE = frozenset({"/AcroForm", "/DSS"})
FORM_FREE = frozenset({"/Fields", "/SigFlags"})
FIELD_FREE = frozenset({"/V", "/AP"})
STORE_LISTS = ("/Certs", "/CRLs", "/OCSPs")
PAGE_FREE = frozenset({"/Annots"})
ARCHIVAL_KEYS = frozenset({"/FT", "/T", "/Type", "/Subtype", "/F", "/Rect", "/P", "/TU", "/V"})
OFF_THE_PAGE = [-9999] * 4
SIGNATURE_KEYS = frozenset({"/Contents", "/ByteRange", "/Type", "/Filter", "/SubFilter"})
"""What a signature has at least, and a document time-stamp has alone."""
EMPTY = DictionaryObject()  # type: ignore[no-untyped-call]


class AppendedOnly(DiffPolicy):
    """The analysis, as pyHanko calls it."""

    def apply(
        self,
        old: HistoricalResolver,
        new: HistoricalResolver,
        field_mdp_spec: FieldMDPSpec | None = None,
        doc_mdp: MDPPerm | None = None,  # noqa: ARG002  the caller compares the level with it
    ) -> DiffResult:
        """What one revision changed, `new` being the next after `old`.

        Raises:
            SuspiciousModification: it changed something that may not change.
        """
        step = _Step(old, new, field_mdp_spec)
        step.check()
        level = ModificationLevel.FORM_FILLING if step.filled else ModificationLevel.LTA_UPDATES
        return DiffResult(level, step.filled)

    def review_file(
        self,
        reader: PdfFileReader,
        base_revision: int | HistoricalResolver,
        field_mdp_spec: FieldMDPSpec | None = None,
        doc_mdp: MDPPerm | None = None,
    ) -> DiffResult | SuspiciousModification:
        """What all revisions after `base_revision` changed, or the first modification that is suspicious."""
        first = base_revision if isinstance(base_revision, int) else base_revision.revision
        level, changed = ModificationLevel.NONE, set[str]()
        for number in range(first + 1, reader.xrefs.total_revisions):
            pair = reader.get_historical_resolver(number - 1), reader.get_historical_resolver(number)
            try:
                result = self.apply(*pair, field_mdp_spec, doc_mdp)
            except SuspiciousModification as error:
                return error
            level = max(level, result.modification_level)
            changed |= result.changed_form_fields
        return DiffResult(level, changed)


class _Step:
    """One revision compared with the one before it."""

    def __init__(self, old: HistoricalResolver, new: HistoricalResolver, lock: FieldMDPSpec | None) -> None:
        self.filled: set[str] = set()
        self._old, self._new, self._lock = old, new, lock
        written: set[Reference] = new.explicit_refs_in_revision()  # type: ignore[no-untyped-call]
        self._fresh = {_number(one) for one in written if old.is_ref_unassignable(one)}
        self._overwritten = {_number(one) for one in written} - self._fresh
        self._explained: set[tuple[int, int]] = set()

    def check(self) -> None:
        """Go through everything that the revision wrote.

        Raises:
            SuspiciousModification: with what is wrong.
        """
        if self._new.refs_freed_in_revision():  # type: ignore[no-untyped-call]
            raise SuspiciousModification("objects were deleted")
        self._same_entries(self._old.trailer_view, self._new.trailer_view, TRAILER_FIXED, "trailer")
        self._explained.add(_number(self._old.root_ref))
        old_root, new_root = self._old.root, self._new.root
        self._same_except(old_root, new_root, CATALOG_FREE, "catalog")
        self._check_form(*self._child(old_root, new_root, "/AcroForm"))
        self._check_store(*self._child(old_root, new_root, "/DSS"))
        if unexplained := self._overwritten - self._explained:
            raise SuspiciousModification(f"objects were replaced: {sorted(unexplained)}")

    def _check_form(self, old: DictionaryObject | None, new: DictionaryObject | None) -> None:
        if old is None or new is None:
            raise SuspiciousModification("the form appeared or disappeared")
        self._same_except(old, new, FORM_FREE, "form")
        before, after = (_items(one) for one in self._child(old, new, "/Fields"))
        for reference in before:
            if _number(reference) in self._overwritten:
                self._check_filled(reference)
        for reference in self._added(before, after, "form fields"):
            self._check_archival(reference)

    def _check_filled(self, reference: IndirectObject) -> None:
        old, new = self._both(reference)
        name = str(_value(old, "/T"))
        self._same_except(old, new, FIELD_FREE, f"field {name}")
        if _value(old, "/FT") != "/Sig" or "/V" in old:
            raise SuspiciousModification(f"the field {name} is no empty signature field")
        if self._lock is not None and self._lock.is_locked(name):
            raise SuspiciousModification(f"the field {name} was locked")
        value = _value(new, "/V")
        if not isinstance(value, DictionaryObject) or not value.keys() >= SIGNATURE_KEYS or value["/Type"] != "/Sig":
            raise SuspiciousModification(f"the field {name} was filled with something else than a signature")
        self._require_fresh(new.raw_get("/V"))
        self._require_fresh((_value(new, "/AP") or EMPTY).get_value_as_reference("/N", optional=True))
        self._explained.add(_number(reference))
        self.filled.add(name)

    def _check_archival(self, reference: IndirectObject) -> None:
        field = self._new(_reference(reference, self._new))
        value = _value(field, "/V") or EMPTY
        named = ARCHIVE_FIELD.fullmatch(str(_value(field, "/T"))) and field.keys() == ARCHIVAL_KEYS
        stamps = value.keys() == SIGNATURE_KEYS and value["/Type"] == "/DocTimeStamp"
        if not named or _value(field, "/FT") != "/Sig" or not stamps or field["/Rect"] != OFF_THE_PAGE:
            raise SuspiciousModification("a field was added that is not of an archival time-stamp")
        self._check_page(field.raw_get("/P"), reference)

    def _check_page(self, page: IndirectObject, widget: IndirectObject) -> None:
        """The page may gain the widget of an archival time-stamp, and nothing else."""
        old, new = self._both(page)
        self._same_except(old, new, PAGE_FREE, "page")
        before, after = (_items(one) for one in self._child(old, new, "/Annots"))
        if [_number(one) for one in self._added(before, after, "annotations")] != [_number(widget)]:
            raise SuspiciousModification("annotations were added to a page")
        self._explained.add(_number(page))

    def _check_store(self, old: DictionaryObject | None, new: DictionaryObject | None) -> None:
        if new is None:
            if old is not None:
                raise SuspiciousModification("the document security store was removed")
            return
        before = old if old is not None else EMPTY
        self._same_except(before, new, frozenset({*STORE_LISTS, "/Type"}), "document security store")
        for key in STORE_LISTS:
            earlier, later = (_items(one) for one in self._child(before, new, key))
            self._added(earlier, later, "validation data")

    def _child(self, old: DictionaryObject, new: DictionaryObject, key: str) -> tuple[Any, Any]:
        """The values of a key before and after; one that was an object of its own must stay the same object."""
        before, after = (one.raw_get(key) if key in one else None for one in (old, new))
        if isinstance(before, IndirectObject):
            if not isinstance(after, IndirectObject) or _number(before) != _number(after):
                raise SuspiciousModification(f"{key} is another object")
            self._explained.add(_number(before))
        elif isinstance(after, IndirectObject):
            self._require_fresh(after)
        return _value(old, key), _value(new, key)

    def _added(self, before: list[IndirectObject], after: list[IndirectObject], what: str) -> list[IndirectObject]:
        """What a list gained at its end."""
        kept = [_number(one) for one in after[: len(before)]]
        if kept != [_number(one) for one in before]:
            raise SuspiciousModification(f"{what} were removed or moved")
        added = after[len(before) :]
        for one in added:
            self._require_fresh(one)
        return added

    def _both(self, reference: IndirectObject) -> tuple[DictionaryObject, DictionaryObject]:
        old, new = (side(_reference(reference, side)) for side in (self._old, self._new))
        if not (isinstance(old, DictionaryObject) and isinstance(new, DictionaryObject)):
            raise SuspiciousModification("an object changed its type")
        return old, new

    def _require_fresh(self, value: IndirectObject | Reference | None) -> None:
        if value is not None and _number(value) not in self._fresh:
            raise SuspiciousModification("an older object was put to another use")

    def _same_except(self, old: DictionaryObject, new: DictionaryObject, free: frozenset[str], where: str) -> None:
        self._same_entries(old, new, tuple((old.keys() | new.keys()) - free), where)

    @staticmethod
    def _same_entries(old: DictionaryObject, new: DictionaryObject, keys: tuple[str, ...], where: str) -> None:
        for key in keys:
            if _literal(old, key) != _literal(new, key):
                raise SuspiciousModification(f"{key} of the {where} was changed")


def _number(value: IndirectObject | Reference) -> tuple[int, int]:
    return int(value.idnum), int(value.generation)


def _reference(value: IndirectObject, side: HistoricalResolver) -> Reference:
    return Reference(value.idnum, value.generation, pdf=side)


def _value(holder: DictionaryObject, key: str) -> Any:
    """The value of a key, followed to its object; None when absent."""
    return holder[key] if key in holder else None  # noqa: SIM401  pyHanko follows references in [] only


def _items(value: ArrayObject | None) -> list[IndirectObject]:
    """The members of a list of objects.

    Raises:
        SuspiciousModification: a member is not an object of its own.
    """
    members = [value.raw_get(index) for index in range(len(value))] if value is not None else []
    if not all(isinstance(one, IndirectObject) for one in members):
        raise SuspiciousModification("a list holds something else than objects")
    return members


def _literal(holder: DictionaryObject, key: str) -> bytes | None:
    """A value as it would be written, references as references; None when absent."""
    if key not in holder:
        return None
    buffer = BytesIO()
    value: PdfObject = holder.raw_get(key)
    value.write_to_stream(buffer, None)
    return buffer.getvalue()
