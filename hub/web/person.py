"""Who is signed in, as pages need to know it: `g.person`. What they may do is `g.actor`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import g

from workflows.actor import Actor


@dataclass(frozen=True, slots=True)
class Person:
    """A signed-in person. `actor` is None until they have chosen which of their roles to use."""

    user_id: int
    session_id: int
    name: str
    email: str
    actor: Actor | None
    organisation_name: str | None = None
    membership_count: int = 0
    """How many memberships are current: with more than one, the page offers to change role."""
    stands_in_for: str | None = None
    """The name of the absent person in whose role they act, while they stand in for somebody."""
    may_stand_in: bool = False
    """Whether somebody is away now whose deputy they are."""
    away_until: datetime | None = None
    """When they are recorded as away themself just now."""
    lost_role: EndedSession | None = None
    """The role they acted in has just ended under them, though they are still signed in."""

    # What Flask-Login asks of its current_user.
    @property
    def is_authenticated(self) -> bool:
        """Always: a person exists only while signed in."""
        return True

    @property
    def is_active(self) -> bool:
        """Always: a disabled account has no session."""
        return True

    @property
    def is_anonymous(self) -> bool:
        """Never."""
        return False

    def get_id(self) -> str:
        """The account's id as text."""
        return str(self.user_id)

    @property
    def role_words(self) -> str:
        """The role acted in, with on-call when the rota names the person: "case manager, on call now"."""
        if self.actor is None or self.actor.role is None:
            return "no role chosen"
        words = self.actor.role.label
        if self.stands_in_for is not None:
            return f"standing in for {self.stands_in_for}, {words}"
        return f"{words}, on call now" if self.actor.is_on_call else words


@dataclass(frozen=True, slots=True)
class EndedSession:
    """A session that has ended while its page was still open. `why` is a value of accounts' SessionEnd."""

    user_id: int
    membership_id: int | None
    why: str


def current_person() -> Person | None:
    """Who is signed in, or None."""
    person: Person | None = g.get("person")
    return person


def current_actor() -> Actor | None:
    """Under which membership they act, or None."""
    actor: Actor | None = g.get("actor")
    return actor


def ended_session() -> EndedSession | None:
    """The session this browser still names although it has ended, or None."""
    ended: EndedSession | None = g.get("ended_session")
    return ended
