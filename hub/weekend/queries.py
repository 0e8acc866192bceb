"""What the on-call page reads, each by one statement: rota, emergencies and their deadlines, law and leave that end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from hub.cases.models import CareCase, LegalStatus
from hub.cases.queries import is_seen_whole
from hub.engine.models import Clock
from hub.patients.models import Patient
from hub.stays.models import Stay
from hub.worklist.filters import Filters
from hub.worklist.queries import Listed, rows_of
from hub.worklist.seen import listed
from workflows.actor import Actor
from workflows.stay import State

MOST: Final = 50
"""Rows of each list; a sheet that somebody is to read in the night holds no more."""


@dataclass(frozen=True, slots=True)
class Ending:
    """A legal status or a leave that ends, with whose it is."""

    ends_at: datetime
    code: str
    """Of the status, or of the kind of leave."""
    case: CareCase
    patient: Patient
    stay: Stay | None = None


def read_emergencies(session: Session, actor: Actor, now: datetime) -> list[Listed]:
    """The open emergencies this person may see, soonest due first; one more than MOST when there are more."""
    found = listed(actor, Filters(priority=("emergency",)), now, MOST + 1).subquery("found")
    return [Listed(*row) for row in session.execute(rows_of(found))]


def read_disputes(session: Session, actor: Actor, now: datetime) -> list[Listed]:
    """The open urgent disputes this person may see, soonest due first; one more than MOST when there are more."""
    found = listed(actor, Filters(kind=("escalation",), priority=("urgent",)), now, MOST + 1).subquery("found")
    return [Listed(*row) for row in session.execute(rows_of(found))]


def read_deadlines(session: Session, item_ids: Sequence[int], until: datetime) -> list[Clock]:
    """Every clock of these items that counts and is due before `until`, overdue ones too, the soonest first."""
    query = select(Clock).where(Clock.item_id.in_(item_ids), Clock.is_running, Clock.due_at < until)
    return list(session.scalars(query.order_by(Clock.due_at, Clock.id)))


def read_law(session: Session, actor: Actor, now: datetime, until: datetime) -> list[Ending]:
    """The legal statuses in force that run out before `until`, of open cases this person may see whole."""
    query = (
        select(LegalStatus.expires_at, LegalStatus.code, CareCase, Patient)
        .join(CareCase, CareCase.id == LegalStatus.case_id)
        .join(Patient, Patient.id == CareCase.patient_id)
        .where(
            LegalStatus.ended_on.is_(None),
            LegalStatus.corrected_at.is_(None),
            LegalStatus.expires_at >= now,
            LegalStatus.expires_at < until,
            CareCase.closed_at.is_(None),
            is_seen_whole(actor),
        )
        .order_by(LegalStatus.expires_at, LegalStatus.id)
        .limit(MOST + 1)
    )
    return [Ending(ends, code, case, patient) for ends, code, case, patient in session.execute(query) if ends]


def read_leave(session: Session, actor: Actor, until: datetime) -> list[Ending]:
    """The leave from which somebody is to be back before `until`, or should be already; of cases seen whole."""
    query = (
        select(Stay.leave_until, Stay.leave_kind, CareCase, Patient, Stay)
        .join(CareCase, CareCase.id == Stay.case_id)
        .join(Patient, Patient.id == CareCase.patient_id)
        .where(Stay.is_open, Stay.state == State.ON_LEAVE, Stay.leave_until < until, is_seen_whole(actor))
        .options(joinedload(Stay.unit))
        .order_by(Stay.leave_until, Stay.id)
        .limit(MOST + 1)
    )
    rows = session.execute(query)
    return [Ending(ends, kind or "", case, patient, stay) for ends, kind, case, patient, stay in rows if ends]
