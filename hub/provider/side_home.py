"""The home of a side without beds of its own: funder, quality lead, assessor, outside member.

What their Today had stands here too, but for disputes, which have a part of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Final

from sqlalchemy.orm import Session

import workflows
from hub.engine.rulebook import Rulebook
from hub.messages.queries import Entry as Told
from hub.provider.disputes import DisputeList
from hub.provider.needs import Need
from hub.provider.receipts import Line
from hub.today import queries
from hub.today.lists import Plan, plan_for
from hub.today.presenters import MOST_MESSAGES, TodayPage
from hub.web.filters import moment
from hub.web.shell import other_pages
from workflows.actor import Actor

NOT_DISPUTES: Final = tuple(kind for kind in workflows.ALL if kind != "escalation")
HEADED: Final = ("Emergency referral", "New referral")
Figure = tuple[str, str, str, str, str]


def read_today(session: Session, actor: Actor, now: datetime, messages: Sequence[Told]) -> tuple[TodayPage, Rulebook]:
    """Today as this person had it, with the disputes left out of its two tables; three statements."""
    book, shifts = queries.read_ground(session, actor, now)
    plan = without_disputes(plan_for(actor, "", book.calendar(None, now), now))
    numbers = queries.read_numbers(session, actor, plan.lists, now)
    lines = queries.read_lines(session, actor, plan.tables, now)
    page = TodayPage(
        actor=actor,
        now=now,
        plan=plan,
        book=book,
        numbers=numbers,
        lines=lines,
        shifts=shifts,
        messages=messages,
    )
    return page, book


def without_disputes(plan: Plan) -> Plan:
    """The same plan, whose two tables and the lists behind them hold every kind but disputes."""
    tables = {name: (replace(filters, kind=NOT_DISPUTES), most) for name, (filters, most) in plan.tables.items()}
    lists = {**plan.lists, **{name: filters for name, (filters, _) in tables.items()}}
    return replace(plan, tables=tables, lists=lists)


class SideHome:
    """What a side is asked, its disputes, what else is open, and its messages."""

    def __init__(
        self, *, organisation: str, today: TodayPage, disputes: DisputeList, receipts: Sequence[Line], now: datetime
    ) -> None:
        self.organisation = organisation
        self.title = organisation
        self.today = today
        self.disputes = disputes
        self.receipts = receipts
        self.now = now
        self.messages = today.messages[:MOST_MESSAGES]
        self.names_units = False

    @property
    def below(self) -> str:
        """The line under the heading."""
        return f"{moment(self.now)}. This page holds only what is about {self.organisation}, or asked of you."

    @cached_property
    def begin(self) -> Mapping[str, str]:
        """What this person may begin, as buttons beside the heading: label to address."""
        return {label: href for label, href in other_pages().items() if label in HEADED}

    @property
    def needs(self) -> list[Need]:
        """What disputes want, soonest due first."""
        return self.disputes.needs

    @property
    def needs_said(self) -> str:
        """How many, and in what order."""
        return f"{len(self.needs)}, soonest first" if self.needs else ""

    @property
    def figures(self) -> list[Figure]:
        """The strip of numbers: what needs an answer, then what Today counts."""
        late = sum(1 for need in self.needs if need.face.tone == "late")
        tone = "late" if late else "soon" if self.needs else ""
        going = len(self.disputes.going)
        return [
            (str(len(self.needs)), "Need our answer", f"{late} late", "#needs-our-answer", tone),
            (str(going), "Escalations", "open now" if going else "none open", "#escalations", ""),
            *self.today.figures,
        ]
