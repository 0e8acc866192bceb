"""Pairs of records in the demo that may be one person: one for every state, one of them waiting for a second person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.cases.alerts import add_alert
from hub.cases.models import CareCase, CaseStay
from hub.cases.opening import Whom, open_by_hand
from hub.cases.stays import StayEntry, record_stay
from hub.demo.stories import DELE, KAREN, PRIYA, RUTH
from hub.engine.models import Transition, WorkItem
from hub.engine.perform import perform
from hub.merges.services import propose
from hub.organisations.models import Unit
from hub.patients.models import Patient
from workflows.actor import Actor

QUIET: Final = timedelta(days=40)
"""Nothing happened for so long to the people whose records are doubled here, so that no other story is cut across."""


@dataclass(frozen=True, slots=True)
class Twin:
    """A second record of a known person: how long ago somebody noticed, and what was done, by whom, hours later."""

    days_ago: int
    why: str
    steps: tuple[tuple[float, str, str, str], ...] = ()
    """(hours after the proposal, action, who, reason)."""


TWINS: Final = (
    Twin(1, "Same birthday and family name; the ward spelt it with one letter more and had no NHS number to hand."),
    Twin(20, "The mother rang about both letters: it is one daughter.", ((5, "agree", PRIYA, ""),)),
    Twin(
        30,
        "Same birthday, and the names sound alike.",
        (
            (20, "agree", RUTH, ""),
            (120, "ask_to_undo", KAREN, "They are cousins: the GP has a record and a photograph of each."),
            (140, "undo", RUTH, ""),
        ),
    ),
    Twin(
        12,
        "Found by the hub as records that are alike.",
        ((6, "agree", KAREN, ""), (270, "ask_to_undo", PRIYA, "The school says that there are twin sisters.")),
    ),
    Twin(
        9, "Found by the hub as records that are alike.", ((30, "refuse", KAREN, "The addresses are 200 miles apart."),)
    ),
    Twin(8, "The referrer’s letter names both.", ((2, "withdraw", DELE, "I read the letter wrong."),)),
)


def make_twins(session: Session, people: Mapping[str, Actor], now: datetime) -> None:
    """Every pair and what happened to it."""
    for twin, case in zip(TWINS, _quiet_cases(session, now), strict=True):
        _make(session, people, twin, case, now)


def _quiet_cases(session: Session, now: datetime) -> list[CareCase]:
    """Open cases of people with an NHS number, no stay and nothing lately, as many as there are pairs."""
    last = (
        select(WorkItem.case_id)
        .join(Transition, Transition.item_id == WorkItem.id)
        .group_by(WorkItem.case_id)
        .having(func.max(Transition.at) < now - QUIET)
    )
    query = (
        select(CareCase)
        .join(Patient, Patient.id == CareCase.patient_id)
        .where(
            CareCase.id.in_(last),
            CareCase.closed_at.is_(None),
            CareCase.is_sealed.is_(False),
            CareCase.patient_id.not_in(select(CaseStay.patient_id)),
            Patient.nhs_number.is_not(None),
            Patient.date_of_birth.is_not(None),
            Patient.family_name.is_not(None),
        )
        .order_by(CareCase.id)
        .limit(len(TWINS))
    )
    return list(session.scalars(query))


def _make(session: Session, people: Mapping[str, Actor], twin: Twin, case: CareCase, now: datetime) -> None:
    at = (now - timedelta(days=twin.days_ago)).replace(second=0, microsecond=0)
    known = session.get_one(Patient, case.patient_id)
    assert known.family_name is not None and known.date_of_birth is not None
    by = people[DELE].user_id or 0
    second = open_by_hand(
        session,
        Whom("", f"{known.family_name}{known.family_name[-1]}", known.given_name or "", known.date_of_birth),
        patient_id=None,
        service_line=case.service_line,
        reason="The ward rang: nobody had referred her yet.",
        by_id=by,
        now=at - timedelta(hours=3),
    )
    unit = session.scalars(select(Unit.id).order_by(Unit.id).limit(1)).one()
    stay = StayEntry(unit, "", at - timedelta(days=5), at - timedelta(days=2), "Admitted from home")
    record_stay(session, case.id, stay, by_id=by, now=at)
    elsewhere = StayEntry(None, "Ward 6, Calderbrook General Hospital", at - timedelta(days=2), None, "Transferred")
    record_stay(session, second.id, elsewhere, by_id=by, now=at)
    add_alert(session, second.id, text="Penicillin allergy", detail="", by_id=by, now=at)
    merge = propose(
        session, known.id, second.patient_id, taken=("preferred_name",), why=twin.why, actor=people[DELE], now=at
    )
    for after, action, who, reason in twin.steps:
        perform(session, merge, action, people[who], now=at + timedelta(hours=after), reason=reason or None)
