"""Finding a case, or one dated row of it, for a person who wants to change it."""

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session, joinedload, undefer

from hub.cases.models import CareCase, CaseAlert, CaseSeal, LegalStatus
from hub.engine.models import WorkItem
from hub.engine.visibility import EMERGENCY_KINDS, HUB_SEES, View
from workflows.actor import Actor


def find_case(session: Session, reference: str, actor: Actor) -> CareCase | None:
    """The case with what its banner shows, or None when there is none or this person may not see all of it."""
    named = exists().where(CaseSeal.case_id == CareCase.id, CaseSeal.user_id == actor.user_id)
    query = (
        select(CareCase)
        .where(CareCase.reference == reference, or_(CareCase.is_sealed.is_(False), named))
        .options(joinedload(CareCase.patient), joinedload(CareCase.current_status), undefer(CareCase.alert_texts))
    )
    if actor.role is None or not actor.is_hub or View.ALL not in HUB_SEES.get(actor.role, {}).values():
        if not actor.is_on_call:
            return None
        # The person on call acts in emergencies alone.
        query = query.where(
            exists().where(
                WorkItem.case_id == CareCase.id,
                WorkItem.kind.in_(EMERGENCY_KINDS),
                WorkItem.priority == "emergency",
                WorkItem.is_draft.is_(False),
            )
        )
    return session.scalars(query).one_or_none()


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
