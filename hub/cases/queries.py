"""Finding a case, or one dated row of it, for a person who wants to change it."""

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, or_, select
from sqlalchemy.orm import Session, joinedload, undefer

from hub.cases.models import CareCase, CaseAlert, CaseSeal, LegalStatus
from hub.engine.models import WorkItem
from hub.engine.visibility import EMERGENCY_KINDS, PEOPLE_KINDS, View, view_of
from workflows.actor import Actor


def find_case(session: Session, reference: str, actor: Actor) -> CareCase | None:
    """The case with what its banner shows, or None when there is none or this person may not see all of it."""
    query = (
        select(CareCase)
        .where(CareCase.reference == reference, is_seen_whole(actor))
        .options(joinedload(CareCase.patient), joinedload(CareCase.current_status), undefer(CareCase.alert_texts))
    )
    return session.scalars(query).one_or_none()


def is_seen_whole(actor: Actor) -> ColumnElement[bool]:
    """The cases of which this person may see everything, as a condition; the person on call those of emergencies."""
    named = exists().where(CaseSeal.case_id == CareCase.id, CaseSeal.user_id == actor.user_id)
    is_open_to_them = or_(CareCase.is_sealed.is_(False), named)
    if any(view_of(kind, actor) is View.ALL for kind in PEOPLE_KINDS):
        return is_open_to_them
    if not actor.is_on_call:
        return false()
    # The person on call acts in emergencies alone.
    urgent = (
        exists()
        .where(WorkItem.case_id == CareCase.id, WorkItem.kind.in_(EMERGENCY_KINDS), WorkItem.priority == "emergency")
        .where(WorkItem.is_draft.is_(False))
        .correlate(CareCase)  # a query that reads items besides must not lend it its own
    )
    return and_(is_open_to_them, urgent)


def restricts_sharing(case_id: Any) -> ColumnElement[bool]:
    """Whether a case, or a form of it, says that information about the person must be kept from somebody.

    Both are asked, as for what a unit is sent: a form that is corrected later writes no case. The form's table is
    another feature's, named as the keys are.
    """
    items, forms = (WorkItem.metadata.tables[name].alias() for name in ("work_item", "referral"))
    by_case = exists().where(CareCase.id == case_id, CareCase.sharing_restricted.is_(True))
    by_form = exists().where(items.c.case_id == case_id, forms.c.id == items.c.id, forms.c.sharing_restricted.is_(True))
    return or_(by_case, by_form)


def case_id_of(session: Session, reference: str) -> int | None:
    """The id behind a reference, for the log of who was refused."""
    return session.scalar(select(CareCase.id).where(CareCase.reference == reference))


def find_alert(session: Session, case: CareCase, alert_id: int) -> CaseAlert | None:
    """One alert of this case."""
    return session.scalar(select(CaseAlert).where(CaseAlert.case_id == case.id, CaseAlert.id == alert_id))


def find_status(session: Session, case: CareCase, status_id: int) -> LegalStatus | None:
    """One entry of this case's legal history that was not corrected yet."""
    return session.scalar(
        select(LegalStatus).where(
            LegalStatus.case_id == case.id, LegalStatus.id == status_id, LegalStatus.corrected_at.is_(None)
        )
    )
