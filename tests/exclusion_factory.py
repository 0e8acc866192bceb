"""People who may not convene or decide, for tests: interests, those who have left, the other arm, and a panel."""

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from hub.accounts.models import Membership, UserAccount
from hub.conflicts.services import declare
from hub.escalations.models import Escalation
from tests.escalation_factory import Table, do
from tests.factories import NOW, actor_of, make_hub, make_membership, make_organisation, make_person
from workflows.actor import Actor
from workflows.roles import Role


def has_interest(session: Session, actor: Actor, place: int, until_on: date | None = None) -> Any:
    """This person declares an interest."""
    return declare(
        session,
        actor,
        organisation_id=place,
        kind="financial",
        what="Shares, by the hundred",
        from_on=date(2020, 1, 1),
        until_on=until_on,
        now=NOW,
    )


def left(session: Session, actor: Actor, last: date) -> None:
    """This person's membership ended on a day."""
    session.get_one(Membership, actor.membership_id).until_on = last
    session.flush()


def ended_at(session: Session, user_id: int, place: Any, last: date) -> None:
    """This person belonged to another place until a day."""
    was = make_membership(session, Role.UNIT_CLINICIAN, place, session.get_one(UserAccount, user_id))
    was.until_on = last
    session.flush()


def provider_arm(session: Session) -> Any:
    """The other arm of the lead provider."""
    lead = make_hub(session).parent_id
    return make_organisation(session, "ZPA01", name="Fellside Services", parent_id=lead, arm="provider")


def outsider(session: Session, name: str = "Judith Marsden", place: Any = None) -> Actor:
    """Somebody outside who may sit on a panel, by name."""
    place = place or make_organisation(session, "ZEN01", name="NHS England, Northern region", kind="nhse")
    return actor_of(make_membership(session, Role.OUTSIDE_MEMBER, place, make_person(session, name)))


def panel(*people: Actor) -> list[dict[str, Any]]:
    """A panel as it is typed, its chair first."""
    return [
        {"user_id": each.user_id, "seat": "member" if place else "chair", "declaration": "none"}
        for place, each in enumerate(people)
    ]


def decide(session: Session, item: Escalation, table: Table, chair: Actor, at: Any) -> None:
    """The chair determines."""
    issues = [{"issue": "Who pays", "chosen_organisation_id": table.side_ids[0], "reasons": "So it was agreed"}]
    do(session, item, "determine", chair, at, issues=issues, binding="binding")
