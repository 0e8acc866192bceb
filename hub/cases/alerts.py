"""Alerts about a person: added and ended by name, with the reason; none is ever rubbed out."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.cases.models import CaseAlert
from hub.cases.services import lock_case
from hub.engine.refusal import ActionRefused, Problem

LONGEST = 60
"""Characters of an alert: it must fit the banner."""


def add_alert(session: Session, case_id: int, *, text: str, detail: str, by_id: int, now: datetime) -> CaseAlert:
    """Put an alert on the case. ActionRefused when the same words are already in force."""
    lock_case(session, case_id)
    same = select(CaseAlert.id).where(
        CaseAlert.case_id == case_id, CaseAlert.ended_at.is_(None), func.lower(CaseAlert.text) == text.lower()
    )
    if session.scalar(same) is not None:
        said = "This alert is already on the case. End it first if its details are wrong"
        raise ActionRefused([Problem(said, "text")])
    made = CaseAlert(case_id=case_id, text=text, detail=detail, recorded_by_id=by_id, recorded_at=now)
    session.add(made)
    session.flush()
    return made


def end_alert(session: Session, alert_id: int, *, reason: str, by_id: int, now: datetime) -> None:
    """End an alert; it stays on the case with who ended it and why. ActionRefused when it was ended meanwhile."""
    query = select(CaseAlert).where(CaseAlert.id == alert_id).with_for_update()
    alert = session.scalars(query.execution_options(populate_existing=True)).one()
    if alert.ended_at is not None:
        raise ActionRefused(["Somebody else has ended this alert meanwhile"])
    alert.ended_at, alert.ended_by_id, alert.end_reason = now, by_id, reason
    session.flush()
