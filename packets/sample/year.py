"""A whole sample year: its windows, its ACOs with people and lists, and the people of the agency. Deterministic."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from packets.errors import InputError, Problem
from packets.lists.columns import Row
from packets.lists.intake import PufAco, PufYear
from packets.model.aco import Aco, Cohort, DataUseAgreement
from packets.model.calendar import AGENCY_ZONE, Activity, PerformanceYear, Window
from packets.model.people import Contact, Person
from packets.sample.people import aco_address, agency_people, consultant, contacts_of
from packets.sample.plan import MOST_INVENTED, NEW_EVERY, TAX_STATUSES, Plan, dice, invent, plan_from_puf
from packets.sample.rosters import corrections_of, participants_of, providers_of

BEGUN_DAYS, DUE_DAYS, COUNTERSIGN_DAYS = 14, 24, 45
"""Windows began so many days ago and are due in so many days, CMS having longer (R7 has 24 days for current ACOs)."""
NEW_SIGN_DAYS = 6
"""New ACOs may sign eight days after current ones (R7)."""

INVENTED_PROVIDERS = (3, 10)
PUF_PROVIDERS = (1, 40)


@dataclass(frozen=True, slots=True)
class SampleAco:
    """An ACO with everything that it brings to a performance year.

    Attributes:
        aco: the organization.
        contacts: who holds which slot; all required ones are filled.
        participants: rows in the columns of `packets.lists.columns.PARTICIPANTS`.
        providers: rows in the columns of `packets.lists.columns.PROVIDER_SUPPLIER`.
        corrections_upload: name and bytes of a corrections archive that it will upload, or None.
    """

    aco: Aco
    contacts: tuple[Contact, ...]
    participants: tuple[Row, ...]
    providers: tuple[Row, ...]
    corrections_upload: tuple[str, bytes] | None


@dataclass(frozen=True, slots=True)
class SampleYear:
    """A performance year with its ACOs; `agency` are one person of CMS staff, one signatory and one archivist."""

    year: PerformanceYear
    acos: tuple[SampleAco, ...]
    agency: tuple[Person, ...]

    @property
    def people(self) -> tuple[Person, ...]:
        """Everybody once: the people of the ACOs in their order, then those of the agency."""
        contacts = (contact.person for one in self.acos for contact in one.contacts)
        return tuple({person.user_id: person for person in (*contacts, *self.agency)}.values())


def sample_year(performance_year: int, count: int = 3, *, now: datetime) -> SampleYear:
    """A year of invented ACOs; every third one, beginning with the first, is new.

    Args:
        performance_year: the year that is certified.
        count: how many ACOs, 1 to 600.
        now: the instant (aware) around which all windows are open.

    Raises:
        InputError: so many ACOs cannot be invented.
    """
    _check_count(count, MOST_INVENTED)
    plans = [invent(number, performance_year) for number in range(count)]
    return _assemble(performance_year, plans, INVENTED_PROVIDERS, now)


def sample_year_from_puf(
    puf: PufYear, count: int, *, now: datetime, providers_per_participant: tuple[int, int] = PUF_PROVIDERS
) -> SampleYear:
    """A year of real ACOs and participants; their numbers, people and providers are invented.

    Args:
        puf: the public-use file; its year becomes the performance year.
        count: how many ACOs, in the order of the file; both cohorts are present when `count` is 2 or more and the file has both.
        now: the instant (aware) around which all windows are open.
        providers_per_participant: fewest and most people who bill under one TIN.

    Raises:
        InputError: the file has not so many ACOs.
    """
    _check_count(count, len(puf.acos))
    plans = [plan_from_puf(number, aco) for number, aco in enumerate(_choose(puf.acos, count))]
    return _assemble(puf.year, plans, providers_per_participant, now)


def _check_count(count: int, most: int) -> None:
    if not 1 <= count <= most:
        raise InputError(
            Problem("sample-count", f"{count} sample ACOs cannot be made.", f"Ask for 1 to {most}.", "count")
        )


def _choose(acos: tuple[PufAco, ...], count: int) -> list[PufAco]:
    """The first ones; the last of them gives way to the first of a cohort that would be missing."""
    chosen = list(acos[:count])
    missing = [aco for aco in acos if aco.cohort not in {one.cohort for one in chosen}]
    return [*chosen[:-1], missing[0]] if missing and count > 1 else chosen


def _assemble(performance_year: int, plans: list[Plan], per_participant: tuple[int, int], now: datetime) -> SampleYear:
    today = now.astimezone(AGENCY_ZONE).date()
    shared = consultant()
    acos = tuple(_sample_aco(plan, performance_year, per_participant, shared, today) for plan in plans)
    return SampleYear(PerformanceYear(performance_year, _windows(today), sample=True), acos, agency_people())


def _windows(today: date) -> tuple[Window, ...]:
    return tuple(_window(activity, cohort, today) for cohort in Cohort for activity in Activity)


def _window(activity: Activity, cohort: Cohort, today: date) -> Window:
    signs_later = activity is Activity.SIGN and cohort is Cohort.NEW
    due = COUNTERSIGN_DAYS if activity is Activity.COUNTERSIGN else DUE_DAYS
    begun = NEW_SIGN_DAYS if signs_later else BEGUN_DAYS
    return Window(activity, cohort, today - timedelta(days=begun), today + timedelta(days=due))


def _sample_aco(
    plan: Plan, performance_year: int, per_participant: tuple[int, int], shared: Person, today: date
) -> SampleAco:
    aco = _aco(plan, performance_year)
    participants = participants_of(plan)
    providers = providers_of(plan, participants, per_participant)
    uploads = plan.number % NEW_EVERY == 0
    return SampleAco(
        aco=aco,
        contacts=contacts_of(plan, aco.address, shared),
        participants=participants,
        providers=providers,
        corrections_upload=corrections_of(plan, providers, today) if uploads else None,
    )


def _aco(plan: Plan, performance_year: int) -> Aco:
    expires, extended = date(performance_year - 1, 12, 31), date(performance_year, 12, 31)
    return Aco(
        aco_id=plan.aco_id,
        performance_year=performance_year,
        cohort=plan.cohort,
        legal_name=plan.legal_name,
        trade_name=plan.trade_name,
        tax_status=dice(plan.aco_id, "tax").choice(TAX_STATUSES),
        address=aco_address(plan),
        web_page=plan.web_page,
        service_area=plan.service_area,
        agreement=plan.agreement,
        dua=DataUseAgreement(f"DUA-{50_000 + int(plan.aco_id[1:])}", expires, extended),
        sample=True,
    )
