"""Raising a dispute from a page: once for each page, however often that is sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.db import Base
from hub.engine.refusal import ActionRefused
from hub.escalations.models import Escalation
from hub.escalations.raising import Raised, raise_dispute
from workflows.actor import Actor


class AlreadyRaised(ActionRefused):
    """A dispute was raised from this very page before: it was sent twice, or again after going back."""

    def __init__(self) -> None:
        super().__init__(["An escalation was raised from this page before"])


def raise_once(
    session: Session, actor: Actor, said: Raised, *, now: datetime, page: str, about: Any = None
) -> Escalation:
    """`raise_dispute` for the page with this token; AlreadyRaised when it raised one before. The caller commits."""
    made = raise_dispute(session, actor, said, now=now, about=about)
    if page:
        # By a statement of its own: the token is no answer, and history does not keep it.
        table = Base.metadata.tables["escalation"]
        try:
            session.execute(update(table).where(table.c.id == made.id).values(begun_from=page))
        except IntegrityError as twice:
            raise AlreadyRaised() from twice
    return made


def says_the_same(earlier: Escalation, said: Raised) -> bool:
    """Whether a dispute was raised in these words."""
    sides = tuple(side.organisation_id for side in earlier.sides)
    return (earlier.title, earlier.dispute_kind, earlier.asked_for, sides) == (
        said.question,
        said.dispute_kind,
        said.wanted,
        said.side_ids,
    )
