"""Who could decide or ratify one admission, by name."""

from datetime import datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy.orm import Session

from hub.accounts.queries import holders_of
from workflows.admission.guards import SCHEME, is_another_person
from workflows.durations import local
from workflows.roles import Role

RATIFIERS = (Role.HEAD_OF_COMMISSIONING, Role.DIRECTOR)


def who_can_decide(session: Session, admission: Any, *, now: datetime) -> list[tuple[str, str]]:
    """(name, role in words) of everybody inside who may take this decision; empty when nobody may."""
    found = holders_of(session, SCHEME.holders(admission), local(now).date())
    return [(name, role.label) for user, name, role in found if SCHEME.why_not_own(admission, _as(user)) is None]


def who_can_ratify(session: Session, admission: Any, *, now: datetime) -> list[tuple[str, str]]:
    """(name, role in words) of everybody who may ratify: not whoever admitted."""
    found = holders_of(session, RATIFIERS, local(now).date())
    return [(name, role.label) for user, name, role in found if is_another_person(admission, _as(user)) is None]


def _as(user_id: int) -> Any:
    return SimpleNamespace(user_id=user_id, on_behalf_of=None)
