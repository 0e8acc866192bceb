"""A small workflow for tests alone: equipment lent between units. Its table is made in the test, never migrated."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Table, text
from sqlalchemy.orm import Mapped, Session, configure_mappers, mapped_column, relationship

from hub.cases.models import CareCase
from hub.db import Base, Moment
from hub.engine.models import WorkItem
from workflows.core import SAME, Action, Actor, Ask, Clock, May, Workflow
from workflows.roles import Capacity, Role


class State(StrEnum):
    """Where a loan is."""

    REQUESTED = "requested"
    LENT = "lent"
    MENDING = "mending"
    RETURNED = "returned"
    REFUSED = "refused"


def is_whole(loan: Any, _actor: Actor) -> str | None:
    """It is whole"""
    return "It is broken" if loan.is_broken else None


def is_broken(loan: Any, _actor: Actor) -> str | None:
    """It is broken"""
    return None if loan.is_broken else "It is whole"


def is_of_an_open_case(loan: Any, _actor: Actor) -> str | None:
    """Its case is open"""
    return None if loan.case is None or loan.case.closed_at is None else "The case is closed"


ASKED = May(Role.UNIT_MANAGER, Capacity.ASKED)
COORDINATOR = May(Role.COORDINATOR)

LOAN = Workflow(
    name="loan",
    title="Equipment loan",
    prefix="LOA",
    states=State,
    initial=State.REQUESTED,
    ends={State.RETURNED, State.REFUSED},
    started_by=(COORDINATOR,),
    actions=(
        Action("answer", "Answer", State.REQUESTED, SAME, by=(ASKED, May(Role.SYSTEM)), reason=True),
        Action(
            "lend",
            "Lend it",
            State.REQUESTED,
            State.LENT,
            by=(COORDINATOR,),
            needs=(is_of_an_open_case,),
            asks=(
                Ask("due_back_at", "When is it due back?", "moment", optional=True),
                Ask("things", "What is lent?", "choices", codes="priority", optional=True),
                Ask("remark", "Anything else?", optional=True),
            ),
        ),
        Action("give_back", "Give it back", State.LENT, State.RETURNED, by=(COORDINATOR,), when=is_whole),
        Action("give_back", "Give it back", State.LENT, State.MENDING, by=(COORDINATOR,), when=is_broken),
        Action("lend_again", "Lend it again", State.MENDING, State.LENT, by=(COORDINATOR,)),
        Action("scrap", "Scrap it", State.MENDING, State.RETURNED, by=(COORDINATOR,)),
        Action("refuse", "Refuse", State.REQUESTED, State.REFUSED, by=(COORDINATOR,), abandons=True),
        Action(
            "break_it", "Break it", State.LENT, SAME, by=(COORDINATOR,), asks=(Ask("is_broken", "Broken?", "yes_no"),)
        ),
    ),
    clocks=(
        Clock("reply", "referral.emergency_rest", {State.REQUESTED}, stops_on=("answer",), per=Capacity.ASKED),
        Clock("lend", "referral.resubmit", {State.REQUESTED}, stops_on=("answer",)),
        Clock("keep", "", {State.LENT}, due_fact="due_back_at"),
        Clock("use", "referral.emergency_rest", {State.LENT}),
        Clock("mend", "referral.resubmit", {State.MENDING}, on_return="restart"),
    ),
)


class Loan(WorkItem):
    """A loan."""

    __tablename__ = "loan"
    workflow = LOAN
    needs_loaded: ClassVar[tuple[str, ...]] = ("case",)

    id: Mapped[int] = mapped_column(ForeignKey("work_item.id"), primary_key=True)
    due_back_at: Mapped[datetime | None] = mapped_column(Moment)
    is_broken: Mapped[bool | None]
    things: Mapped[list[Any] | None]

    case: Mapped[CareCase | None] = relationship(viewonly=True)

    __mapper_args__ = {"polymorphic_identity": "loan"}


configure_mappers()
TABLE = Loan.__table__
assert isinstance(TABLE, Table)
Base.metadata.remove(TABLE)  # no test of the schema may meet it


def make_table(session: Session) -> None:
    """The table and its sequence, in the test's transaction."""
    session.execute(
        text(
            "CREATE TABLE loan (id bigint PRIMARY KEY REFERENCES work_item, due_back_at timestamptz, "
            "is_broken boolean, things jsonb)"
        )
    )
    session.execute(text("CREATE SEQUENCE reference_loan_seq"))
