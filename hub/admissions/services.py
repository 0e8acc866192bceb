"""Opening an admission decision: from an accepted referral, in the same transaction."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.admissions.models import Admission
from hub.engine.models import Clock
from hub.engine.parties import carried_on
from hub.engine.start import Beginning, start
from workflows.admission import ADMISSION, State
from workflows.core import SYSTEM
from workflows.roles import Capacity


def open_admission(session: Session, referral: Any, *, now: datetime) -> Admission:
    """The admission decision of an accepted referral, with what the referral knew that it needs.

    Whoever referred goes on seeing status and outcome; the referral's pauses do not count against the assessment.
    """
    values = {
        "received_at": referral.received_at,
        "pauses_before": _pauses(session, referral) or None,
        "immediate_risk": referral.immediate_risk,
        "objection_by": "family" if referral.family_objects else None,
        "objection": referral.family_views if referral.family_objects else None,
    }
    made: Admission = start(
        session,
        ADMISSION,
        SYSTEM,
        now=now,
        values={name: value for name, value in values.items() if value is not None},
        parent=referral,
        about=Beginning(
            title=referral.title, owner_id=referral.owner_id, parties=carried_on(session, referral, Capacity.REFERRER)
        ),
    )
    return made


def another_wants_a_bed(session: Session, admission: Admission, since: datetime) -> bool:
    """Whether another decision of this case, agreed or in an emergency, asked for a bed at `since` or later."""
    asked_at = func.greatest(Admission.decided_at, Admission.admitted_at)
    found = select(Admission.id).where(
        Admission.case_id == admission.case_id,
        Admission.id != admission.id,
        Admission.state.in_([State.ADMISSION_AGREED, State.AWAITING_RATIFICATION]),
        asked_at >= since,
    )
    return session.scalar(found.limit(1)) is not None


def _pauses(session: Session, referral: Any) -> list[Any]:
    """What the referral's review clock stood still for, ended pauses alone."""
    rows = session.scalars(select(Clock.pauses).where(Clock.item_id == referral.id, Clock.name == "review"))
    return [pause for pauses in rows for pause in pauses if pause.get("to")]
