"""Recording and correcting a legal status by hand: gaps, overlaps and impossible ends are refused in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.cases.models import LegalStatus
from hub.cases.services import lock_case, record_legal_status
from hub.codes import label
from hub.codes import rows as rows_of
from hub.engine.refusal import ActionRefused, Problem
from hub.web.filters import day, moment
from workflows.durations import local, midnight

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """A status as somebody typed it: national code, first day, and when it runs out (aware) if it does."""

    code: str
    from_on: date
    expires_at: datetime | None


def add_legal_status(session: Session, case_id: int, entry: Entry, *, by_id: int, now: datetime) -> None:
    """Record a new status, ending the current one on the day it begins. ActionRefused names all that is wrong."""
    case = lock_case(session, case_id)
    before = _standing(session, case_id)
    wrong = _wrong_in_itself(entry, now)
    if before:
        wrong += _wrong_after(entry, before[-1])
    if wrong:
        raise ActionRefused(wrong)
    record_legal_status(
        session, case, code=entry.code, from_on=entry.from_on, expires_at=entry.expires_at, by_id=by_id, now=now
    )


def correct_legal_status(
    session: Session, case_id: int, status_id: int, entry: Entry, *, reason: str, by_id: int, now: datetime
) -> None:
    """Put a right entry in the place of a wrong one, which stays with the reason. ActionRefused names what is wrong."""
    lock_case(session, case_id)
    standing = _standing(session, case_id)
    place = next((number for number, row in enumerate(standing) if row.id == status_id), None)
    if place is None:
        raise ActionRefused(["Somebody else has corrected this entry meanwhile. Look at the case again first"])
    old = standing[place]
    before = standing[place - 1] if place else None
    wrong = _wrong_in_itself(entry, now)
    if before is not None:
        wrong += _wrong_after(entry, before)
    if old.ended_on is not None and entry.from_on > old.ended_on:
        wrong.append(Problem(f"The next status began on {day(old.ended_on)}. This one must begin before", "from_on"))
    if old.ended_on is not None and entry.expires_at is not None and local(entry.expires_at).date() < old.ended_on:
        wrong.append(Problem(f"Nothing would be recorded from then until {day(old.ended_on)}", "expires_at"))
    if wrong:
        raise ActionRefused(wrong)
    old.corrected_at, old.corrected_by_id, old.correction_reason = now, by_id, reason
    if before is not None:
        before.ended_on = entry.from_on
    session.flush()  # before the new row: only one may be current at a time
    session.add(
        LegalStatus(
            case_id=case_id,
            code=entry.code,
            from_on=entry.from_on,
            expires_at=entry.expires_at,
            ended_on=old.ended_on,
            recorded_by_id=by_id,
            recorded_at=now,
        )
    )
    session.flush()


def _standing(session: Session, case_id: int) -> Sequence[LegalStatus]:
    """The entries that were not corrected, the oldest first, the current one last."""
    query = (
        select(LegalStatus)
        .where(LegalStatus.case_id == case_id, LegalStatus.corrected_at.is_(None))
        .order_by(LegalStatus.ended_on.asc().nulls_last(), LegalStatus.from_on.asc().nulls_first(), LegalStatus.id)
    )
    return session.scalars(query.execution_options(populate_existing=True)).all()


def _wrong_in_itself(entry: Entry, now: datetime) -> list[Problem]:
    named, wrong = label("legal_status", entry.code), []
    if entry.from_on > local(now).date():
        wrong.append(Problem("It has not begun yet. Record it on the day it begins", "from_on"))
    if entry.expires_at is not None and local(entry.expires_at).date() < entry.from_on:
        wrong.append(Problem("It runs out before it begins. Check both dates", "expires_at"))
    latest = latest_end(entry.code, entry.from_on)
    if latest is None:
        return wrong
    if entry.expires_at is None:
        said = f"{named} always runs out. Enter when: at the latest on {moment(latest - timedelta(minutes=1))}"
        wrong.append(Problem(said, "expires_at"))
    elif entry.expires_at > latest and _law_of(entry.code, entry.from_on)["renewable"] != "yes":
        said = f"{named} from {day(entry.from_on)} can last until {moment(latest - timedelta(minutes=1))} at the latest"
        wrong.append(Problem(said, "expires_at"))
    return wrong


def latest_end(code: str, from_on: date) -> datetime | None:
    """The moment (aware) by which the law ends a status that began on a day, or None when it sets no length.

    Days and months count the first day. Hours count from the end of that day, since its hour is not recorded; a place
    of safety may be given twelve more.
    """
    rule = _law_of(code, from_on)
    if rule["max_hours"]:
        hours = int(rule["max_hours"]) + (12 if rule["renewable"] == "once" else 0)
        return midnight(from_on + ONE_DAY) + timedelta(hours=hours)
    if rule["max_days"]:
        return midnight(from_on + timedelta(days=int(rule["max_days"])))
    if rule["max_months"]:
        months = from_on.month - 1 + int(rule["max_months"])
        first = date(from_on.year + months // 12, months % 12 + 1, 1)
        following = (first + timedelta(days=31)).replace(day=1)
        return midnight(min(first + timedelta(days=from_on.day - 1), following))
    return None


def _law_of(code: str, on: date) -> Mapping[str, str]:
    """What the list says of a status on the day it began; of one before the list knew it, what it says first."""
    rows = [row for row in rows_of("legal_status") if row.code == code]
    return next((row for row in rows if row.holds(on)), rows[0]).more


def _wrong_after(entry: Entry, before: LegalStatus) -> list[Problem]:
    """What is wrong between an entry and the one before it: they may not overlap, and leave no day out."""
    named = label("legal_status", before.code)
    if before.from_on is not None and entry.from_on < before.from_on:
        said = f"{named} is recorded from {day(before.from_on)}, so the two would overlap"
        return [Problem(f"{said}. Enter that day or a later one, or correct that entry", "from_on")]
    runs_out = local(before.expires_at).date() if before.expires_at is not None else None
    if runs_out is not None and entry.from_on > runs_out + ONE_DAY:
        said = f"{named} ran out on {day(runs_out)}, so nothing would be recorded from then until {day(entry.from_on)}"
        return [Problem(f"{said}. First record what held in between, for example “Informal”", "from_on")]
    return []
