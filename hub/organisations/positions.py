"""How closely the hub watches a unit and whether it may admit: set by an administrator, with a date and a reason."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from hub.engine.admin_log import Subject
from hub.engine.refusal import ActionRefused, Problem
from hub.organisations.models import Admissions, Level, Unit
from hub.organisations.services import Table, Values, change_place
from workflows.actor import Actor
from workflows.durations import local

LONGEST_WHY: Final = 500
POSITION: Final = Table(
    Unit,
    Subject.UNIT,
    {
        "level": "Level",
        "level_since": "Level since",
        "admissions": "Admissions",
        "admissions_since": "Admissions since",
        "admissions_why": "Why admissions are so",
    },
)
LEVELS: Final[Mapping[str, str]] = {Level.ROUTINE: "Routine", Level.ENHANCED: "Enhanced", Level.INTENSIVE: "Intensive"}
ADMISSIONS: Final[Mapping[str, str]] = {
    Admissions.OPEN: "Open",
    Admissions.CASE_BY_CASE: "Case by case",
    Admissions.SUSPENDED: "Suspended",
}


def set_position(
    session: Session, by: Actor, unit_id: int, values: Values, *, why: str, now: datetime, seen: int
) -> Unit:
    """Set level and admissions; `seen` is the last change the page knew of. The caller commits.

    ActionRefused names all that is wrong; ChangedMeanwhile when somebody else was quicker.
    """
    clean = _checked(session.get_one(Unit, unit_id), dict(values), local(now).date())
    row: Unit = change_place(session, by, POSITION, unit_id, clean, why=why, now=now, seen=seen)
    return row


def _checked(row: Unit, values: dict[str, Any], today: date) -> dict[str, Any]:
    wrong = []
    for name, known in (("level", LEVELS), ("admissions", ADMISSIONS)):
        if values.get(name) not in known:
            wrong.append(Problem("Choose one from the list", name))
        since = values.get(f"{name}_since")
        if isinstance(since, date) and since > today:
            wrong.append(Problem("This day has not come yet: set it on the day", f"{name}_since"))
        elif since is not None and values.get(name) != getattr(row, name) and since == getattr(row, f"{name}_since"):
            wrong.append(
                Problem("This is the day of what was before: enter the day since when it is so", f"{name}_since")
            )
        elif since is None and values.get(name) not in {Level.ROUTINE, Admissions.OPEN}:
            wrong.append(Problem("Enter the day since when it is so", f"{name}_since"))
    why = " ".join(str(values.get("admissions_why") or "").replace("\0", "").split())
    is_open = values.get("admissions") == Admissions.OPEN
    if not why and not is_open:
        said = "Enter why the unit may not admit freely: whoever looks for a bed reads it"
        wrong.append(Problem(said, "admissions_why"))
    if len(why) > LONGEST_WHY:
        wrong.append(Problem(f"Use {LONGEST_WHY} letters or fewer", "admissions_why"))
    if wrong:
        raise ActionRefused(wrong)
    return values | {"admissions_why": "" if is_open else why}
