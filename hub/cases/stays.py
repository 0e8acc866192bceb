"""Stays on a ward, recorded and corrected by hand: two that overlap are refused, and the refusal names the other."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.cases.models import CareCase, CaseStay
from hub.cases.services import lock_case
from hub.db import Base
from hub.engine.models import WorkItem
from hub.engine.refusal import ActionRefused, Problem
from hub.organisations.models import Site, Unit
from hub.web.filters import moment

LONGEST_HOSPITAL = 200
"""Characters of a ward and hospital in words."""
ELSEWHERE = "The hub has another stay of this person at that time. Check the moment, and ring the hub if it is right"
"""What a unit is told of a stay that is not its own."""


@dataclass(frozen=True, slots=True)
class StayEntry:
    """A stay as somebody typed it: a unit, or a ward and hospital in words; moments are aware."""

    unit_id: int | None
    hospital: str
    from_at: datetime
    until_at: datetime | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class StayFacts:
    """A stay with the name of its ward and the case it is recorded on."""

    id: int
    patient_id: int
    case_reference: str
    place: str
    from_at: datetime
    until_at: datetime | None
    is_sealed: bool

    @property
    def words(self) -> str:
        """ "Linden, Tarn House, from Monday 16 March 2026, 10am until now"."""
        return stay_words(self.place, self.from_at, self.until_at)


def stay_words(place: str, from_at: datetime, until_at: datetime | None) -> str:
    """A stay in words, as it stands inside a sentence."""
    return f"{place}, from {moment(from_at)} until {moment(until_at) if until_at else 'now'}"


def place_of() -> ColumnElement[str]:
    """The ward in words, in a statement that joins unit and site on the outside."""
    known = func.concat_ws(", ", Unit.name, Site.name)
    return func.coalesce(CaseStay.hospital, known)


def stays_of_people(session: Session, patient_ids: Sequence[int]) -> list[StayFacts]:
    """Every stay of these people that was not corrected, the oldest first."""
    query = (
        select(
            CaseStay.id,
            CaseStay.patient_id,
            CareCase.reference,
            place_of(),
            CaseStay.from_at,
            CaseStay.until_at,
            CareCase.is_sealed,
        )
        .join(CareCase, CareCase.id == CaseStay.case_id)
        .outerjoin(Unit, Unit.id == CaseStay.unit_id)
        .outerjoin(Site, Site.id == Unit.site_id)
        .where(CaseStay.patient_id.in_(patient_ids), CaseStay.corrected_at.is_(None))
        .order_by(CaseStay.from_at, CaseStay.id)
    )
    return [StayFacts(*row) for row in session.execute(query)]


def is_staying(session: Session, case_id: int | None) -> bool:
    """Whether the person of this case is on a unit now, so that no bed is looked for; on any case of theirs.

    A ward that stands in words alone is no such unit: somebody in intensive care may well need a bed.
    """
    person = select(CareCase.patient_id).where(CareCase.id == case_id).scalar_subquery()
    query = select(CaseStay.id).where(
        CaseStay.patient_id == person,
        CaseStay.unit_id.is_not(None),
        CaseStay.until_at.is_(None),
        CaseStay.corrected_at.is_(None),
    )
    return session.scalar(query.limit(1)) is not None


def overlapping(stays: Sequence[StayFacts], from_at: datetime, until_at: datetime | None) -> list[StayFacts]:
    """Those that share a moment with [from, until): where one ends the next may begin."""
    return [
        stay
        for stay in stays
        if (until_at is None or stay.from_at < until_at) and (stay.until_at is None or from_at < stay.until_at)
    ]


def record_stay(
    session: Session, case_id: int, entry: StayEntry, *, by_id: int | None, now: datetime, is_hub: bool = True
) -> CaseStay:
    """Record a stay. ActionRefused names all that is wrong, and to the hub every stay that it would overlap."""
    case = lock_case(session, case_id)
    _check(session, case, entry, now, is_hub=is_hub)
    return _add(session, case, entry, by_id=by_id, now=now)


def correct_stay(
    session: Session,
    case_id: int,
    stay_id: int,
    entry: StayEntry | None,
    *,
    reason: str,
    by_id: int,
    now: datetime,
) -> None:
    """Put a right entry in the place of a wrong or ended one, which stays with the reason; None: there was no stay."""
    case = lock_case(session, case_id)
    query = select(CaseStay).where(CaseStay.id == stay_id, CaseStay.case_id == case_id).with_for_update()
    old = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if old is None or old.corrected_at is not None:
        raise ActionRefused(["Somebody else has corrected this entry meanwhile. Look at the case again first"])
    if (kept_by := reference_of(session, stay_id)) is not None:
        raise ActionRefused([f"This stay is kept by {kept_by}. Open {kept_by} and put it right there"])
    if entry is not None:
        _check(session, case, entry, now, besides=stay_id)
    old.corrected_at, old.corrected_by_id, old.correction_reason = now, by_id, reason
    session.flush()  # before the new row: the two may overlap
    if entry is not None:
        _add(session, case, entry, by_id=by_id, now=now)


def reference_of(session: Session, stay_id: int) -> str | None:
    """The reference of the stay item that keeps this row; None for one that was recorded by hand.

    The items' table is another feature's, named here as the keys are.
    """
    items = Base.metadata.tables["stay"]
    query = select(WorkItem.reference).join(items, items.c.id == WorkItem.id)
    return session.scalar(query.where(items.c.case_stay_id == stay_id))


def set_dates(
    session: Session, stay_id: int, *, from_at: datetime, until_at: datetime | None, is_hub: bool = True
) -> None:
    """Give the row that a stay item keeps the moments that its own history tells of.

    ActionRefused when it would overlap another stay of this person, which is named to the hub alone: the row's case is
    held locked by the caller.
    """
    row = session.get_one(CaseStay, stay_id, populate_existing=True)
    others = [stay for stay in stays_of_people(session, [row.patient_id]) if stay.id != stay_id]
    case = session.get_one(CareCase, row.case_id)
    wrong = _overlaps(case, overlapping(others, from_at, until_at), is_hub=is_hub)
    if wrong:
        raise ActionRefused(wrong)
    with _the_last_word():
        session.execute(update(CaseStay).where(CaseStay.id == stay_id).values(from_at=from_at, until_at=until_at))
    session.expire(row)


def _check(
    session: Session,
    case: CareCase,
    entry: StayEntry,
    now: datetime,
    besides: int | None = None,
    *,
    is_hub: bool = True,
) -> None:
    wrong = []
    if (entry.unit_id is None) == (not entry.hospital):
        said = "Choose the unit, or write the ward and hospital: one of the two"
        wrong.append(Problem(said, "unit_id" if entry.unit_id is None else "hospital"))
    if entry.from_at > now:
        wrong.append(Problem("It has not begun yet. Record it when the person is there", "from_at"))
    if entry.until_at is not None and entry.until_at > now:
        wrong.append(Problem("It has not ended yet. Leave the end empty until the person has left", "until_at"))
    if entry.until_at is not None and entry.until_at <= entry.from_at:
        wrong.append(Problem("It ends before it begins. Check both", "until_at"))
    if not wrong:
        own = [stay for stay in stays_of_people(session, [case.patient_id]) if stay.id != besides]
        wrong += _overlaps(case, overlapping(own, entry.from_at, entry.until_at), is_hub=is_hub)
    if wrong:
        raise ActionRefused(wrong)


def _overlaps(case: CareCase, others: Sequence[StayFacts], *, is_hub: bool) -> list[Problem]:
    if others and not is_hub:  # where else somebody was, and when, is another unit's
        return [Problem(ELSEWHERE, "from_at")]
    return [
        Problem(f"It would overlap another stay of this person: {_named(other, case)}", "from_at") for other in others
    ]


def _named(other: StayFacts, case: CareCase) -> str:
    """The other stay; of another case that is sealed neither that it is nor what it says."""
    if other.is_sealed and other.case_reference != case.reference:
        return "it is on another case of theirs. Ask a head of commissioning"
    return f"{other.words} ({other.case_reference})"


def _add(session: Session, case: CareCase, entry: StayEntry, *, by_id: int | None, now: datetime) -> CaseStay:
    made = CaseStay(
        patient_id=case.patient_id,
        case_id=case.id,
        unit_id=entry.unit_id,
        hospital=entry.hospital or None,
        from_at=entry.from_at,
        until_at=entry.until_at,
        why=entry.why,
        recorded_by_id=by_id,
        recorded_at=now,
    )
    session.add(made)
    with _the_last_word():
        session.flush()
    return made


@contextmanager
def _the_last_word() -> Iterator[None]:
    """Another case of the same person: its row lock is not ours, so the database has the last word."""
    try:
        yield
    except IntegrityError as refused:
        if "ex_case_stay_overlap" not in str(refused):
            raise
        said = "Somebody else recorded another stay at this time just now. Look at the case again first"
        raise ActionRefused([Problem(said, "from_at")]) from refused


def stay_of_case(session: Session, case: CareCase, stay_id: int) -> CaseStay | None:
    """One stay of this case that was not corrected yet."""
    wanted = and_(CaseStay.id == stay_id, CaseStay.case_id == case.id, CaseStay.corrected_at.is_(None))
    return session.scalar(select(CaseStay).where(wanted))
