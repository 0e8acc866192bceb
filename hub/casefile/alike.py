"""Other records that may be the same person, and where the two are compared."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.cases.models import CareCase
from hub.merges.fields import which_stands
from hub.merges.queries import find_people
from hub.merges.views import PROPOSERS
from hub.patients.models import Patient
from hub.patients.services import by_number, might_be
from hub.referrals.models import Referral
from workflows.actor import Actor


@dataclass(frozen=True, slots=True)
class AlikeLine:
    """One record that may be the same person; `href` is where the two stand side by side, for who may propose."""

    name: str
    why: str
    href: str


BIRTH = "Born on the same day; the name sounds alike or the postcode is the same"
NUMBER = (
    "Has the NHS number that a referral gives for this person. One of the two is wrong, or they are the same person"
)


def may_propose(actor: Actor) -> bool:
    """Whether this person may propose that two records are one: the page asks the same again."""
    return bool(actor.roles & set(PROPOSERS))


def records_alike(session: Session, patient: Patient, actor: Actor) -> list[AlikeLine]:
    """Records like this one that the actor may open; one of a person whose case is sealed from them is not named."""
    found = dict.fromkeys((each.id for each in might_be(session, patient)), BIRTH)
    found |= dict.fromkeys(_with_a_number_of(session, patient), NUMBER)
    people = find_people(session, list(found), actor) if found else {}
    return [
        AlikeLine(_name(people[each]), why, _href(patient, people[each], actor))
        for each, why in found.items()
        if each in people
    ]


def _with_a_number_of(session: Session, patient: Patient) -> list[int]:
    """Other records that have an NHS number which a referral of this person gives, and which was left off this one."""
    if patient.nhs_number is not None:
        return []
    sent = select(Referral.nhs_number).join(CareCase, Referral.case_id == CareCase.id).distinct()
    sent = sent.where(CareCase.patient_id == patient.id, Referral.nhs_number.is_not(None))
    known = (by_number(session, number) for number in session.scalars(sent.order_by(Referral.nhs_number)) if number)
    return [each.id for each in known if each is not None and each.id != patient.id]


def _name(patient: Patient) -> str:
    return " ".join(part for part in (patient.given_name, patient.family_name) if part) or "Name not known"


def _href(patient: Patient, other: Patient, actor: Actor) -> str:
    if not may_propose(actor):
        return ""
    stands, joins = which_stands(patient, other)
    return url_for("merges.compare_two", standing=stands.id, other=joins.id)
