"""A workflow whose clock has an action of its own: what the hub does when it rings."""

from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Table, text
from sqlalchemy.orm import Mapped, Session, configure_mappers, mapped_column

from hub.db import Base
from hub.engine.models import WorkItem
from workflows.actor import Actor
from workflows.core import Action, Clock, May, Wording, Workflow
from workflows.roles import Role


class State(StrEnum):
    """Where an offer is."""

    OFFERED = "offered"
    TAKEN = "taken"
    LAPSED = "lapsed"


def is_not_held(watch: Any, _actor: Actor) -> str | None:
    """Nobody holds it"""
    if watch.mood == "broken":
        raise ZeroDivisionError("the wheel came off")
    return "Somebody holds it" if watch.mood == "held" else None


def is_quiet(watch: Any) -> bool:
    """Whether nothing follows from its ring."""
    return bool(watch.mood == "quiet")


def is_loud(watch: Any) -> bool:
    """Whether something does."""
    return not is_quiet(watch)


WATCH = Workflow(
    name="watch",
    title="Offer",
    prefix="WAT",
    states=State,
    initial=State.OFFERED,
    ends={State.TAKEN, State.LAPSED},
    started_by=(May(Role.COORDINATOR),),
    actions=(
        Action("take", "Take it", State.OFFERED, State.TAKEN, by=(May(Role.COORDINATOR),)),
        Action(
            "lapse",
            "Let it lapse",
            State.OFFERED,
            State.LAPSED,
            by=(May(Role.SYSTEM),),
            needs=(is_not_held,),
            emits=("watch.lapsed",),
            abandons=True,
        ),
    ),
    clocks=(
        Clock("offer", "referral.emergency_rest", {State.OFFERED}, when=is_loud, on_ring="lapse"),
        Clock("offer", "referral.emergency_rest", {State.OFFERED}, when=is_quiet),
    ),
    wording={State.OFFERED: Wording("Offered", "Answer the offer", "others")},
)


class Watch(WorkItem):
    """An offer that lapses."""

    __tablename__ = "watch"
    workflow = WATCH

    id: Mapped[int] = mapped_column(ForeignKey("work_item.id"), primary_key=True)
    mood: Mapped[str | None]

    __mapper_args__ = {"polymorphic_identity": "watch"}


configure_mappers()
TABLE = Watch.__table__
assert isinstance(TABLE, Table)
Base.metadata.remove(TABLE)  # no test of the schema may meet it


def make_table(session: Session) -> None:
    """The table and its sequence, in the caller's transaction."""
    session.execute(text("CREATE TABLE watch (id bigint PRIMARY KEY REFERENCES work_item, mood text)"))
    session.execute(text("CREATE SEQUENCE reference_watch_seq"))
