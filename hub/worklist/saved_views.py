"""Keeping a saved view, putting another in its place, and removing it: one's own, or a team's."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from hub.engine.refusal import ActionRefused, Problem
from hub.worklist.filters import Choices, Filters
from hub.worklist.models import SavedView
from hub.worklist.queries import View
from hub.worklist.stale import kept_as, names_in
from workflows.actor import Actor
from workflows.roles import Role

WHO_TIDIES = frozenset({Role.COORDINATOR, Role.HEAD_OF_COMMISSIONING})
"""Besides its maker, who may change a view of their team."""
TAKEN = "There is a view of this name already. Choose another name, or tick the box to put these filters in its place"


def may_change(view: View, actor: Actor) -> bool:
    """One's own; of a team's, what one made, and all of them for who keeps the team's lists in order."""
    return view.owner_id == actor.user_id or (view.is_team and bool(actor.roles & WHO_TIDIES))


def save_view(
    session: Session,
    actor: Actor,
    filters: Filters,
    choices: Choices,
    *,
    name: str,
    is_team: bool,
    replaces: bool,
    most: int,
    now: datetime,
) -> int:
    """Keep filters under a name; gives the view's id. The caller commits.

    ActionRefused when there are `most` already, the name is taken, or the one to be replaced is somebody else's.
    """
    if not filters.pairs():
        raise ActionRefused([Problem("Turn a filter on first: without one this is the list of every open item")])
    assert actor.user_id is not None
    given = {
        "query": kept_as(filters),
        "role": str(actor.role),
        "said": names_in(filters, choices),
        "saved_at": now,
    }
    of_these = (
        SavedView.organisation_id == actor.organisation_id
        if is_team
        else (SavedView.organisation_id.is_(None) & (SavedView.owner_id == actor.user_id))
    )
    same = select(SavedView).where(of_these, func.lower(SavedView.name) == name.lower()).with_for_update()
    old = session.scalars(same).one_or_none()
    if old is not None:
        if not replaces:
            raise ActionRefused([Problem(TAKEN, "name")])
        is_theirs = old.owner_id == actor.user_id or actor.roles & WHO_TIDIES
        if not is_theirs:
            raise ActionRefused([Problem("Somebody else made the view of this name: choose another name", "name")])
        session.execute(update(SavedView).where(SavedView.id == old.id).values(name=name, **given))
        return old.id
    if (session.scalar(select(func.count()).select_from(SavedView).where(of_these)) or 0) >= most:
        whose = "Your team has" if is_team else "You have"
        raise ActionRefused([Problem(f"{whose} {most} saved views, which is the most there can be: remove one first")])
    made: int | None = session.scalar(
        insert(SavedView)
        .values(owner_id=actor.user_id, organisation_id=actor.organisation_id if is_team else None, name=name, **given)
        .on_conflict_do_nothing()
        .returning(SavedView.id)
    )
    if made is None:  # somebody took the name a moment ago
        raise ActionRefused([Problem(TAKEN, "name")])
    return made


def remove_view(session: Session, view_id: int) -> None:
    """Forget a view; the list itself stays. The caller commits, and has made sure that it may."""
    session.execute(delete(SavedView).where(SavedView.id == view_id))
