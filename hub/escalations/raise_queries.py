"""What the page that raises a dispute chooses from: organisations, who can pay meanwhile; and what it raised before."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from hub.accounts.queries import holders_at
from hub.engine.visibility import visible
from hub.escalations.models import Escalation
from hub.organisations.models import Organisation
from hub.organisations.queries import current_organisations
from workflows.actor import Actor
from workflows.escalation.who import SPEAKING_ROLES
from workflows.roles import Role


def organisations_to_choose(session: Session, today: date) -> tuple[list[Organisation], list[Organisation]]:
    """Organisations where somebody can answer a dispute in the hub on a London date, and all others; by name."""
    answer = holders_at(session, SPEAKING_ROLES, today)
    found = current_organisations(session, today)
    return [each for each in found if each.id in answer], [each for each in found if each.id not in answer]


def funders(session: Session, today: date) -> set[int]:
    """The organisations where somebody may agree to pay meanwhile."""
    return set(holders_at(session, (Role.FUNDER,), today))


def raised_before(session: Session, actor: Actor, page: str) -> Escalation | None:
    """The dispute that was raised from this page, as far as this person may see it."""
    return session.scalars(visible(Escalation, actor).where(Escalation.begun_from == page)).one_or_none()


def own_organisation(session: Session, actor: Actor) -> Organisation:
    """The organisation somebody acts for. LookupError for nobody's."""
    return session.get_one(Organisation, actor.organisation_id)
