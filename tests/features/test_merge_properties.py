"""Whatever two records hold, making them one and taking them apart leaves every table as it was."""

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.orm import Session

from hub.cases.alerts import add_alert, end_alert
from hub.cases.models import CareCase
from hub.cases.services import open_case, record_legal_status
from hub.cases.stays import StayEntry, record_stay
from hub.engine.audit import verify
from hub.merges.fields import FIELDS
from hub.patients.models import Patient
from hub.patients.services import sound_of
from tests.factories import NOW, make_actor, make_referral, make_unit
from tests.features.test_merges import image, make_one, take_apart
from workflows.actor import Actor
from workflows.durations import local
from workflows.roles import Role

pytestmark = pytest.mark.property

LINES = ("cyp", "secure", "aed")
WORDS = {
    "gender": ("1", "2", None),
    "phone": ("01632 960 001", "01632 960 002", None),
    "postcode": ("LS1 4AB", "YO1 7HH", None),
    "preferred_name": ("Izzy", "Bel", None),
    "interpreter_needed": (True, False, None),
    "date_of_birth": (date(2010, 9, 14), date(2011, 1, 2), None),
}


def a_record(session: Session, given: Random, by: Actor, place: int) -> int:
    """A record with a case or three, each with anything a case can have; stays of one record never meet another's."""
    given_words: dict[str, Any] = {name: given.choice(values) for name, values in WORDS.items()}
    patient = Patient(
        family_name=given.choice(("Hartwin", "Hartwynn", None)),
        nhs_number=f"99910{place:05d}" if given.random() < 0.6 else None,
        nhs_number_status=given.choice(("01", "02", None)),
        created_at=NOW,
        **given_words,
    )
    patient.name_sound = sound_of(patient.family_name)
    session.add(patient)
    session.flush()
    told: dict[str, Any] = {"by_id": by.user_id or 0, "now": NOW}
    for number, line in enumerate(given.sample(LINES, given.randint(1, 3))):
        case = open_case(session, patient_id=patient.id, service_line=line, now=NOW)
        case.autism, case.family_told = given.choice(("1", None)), given.choice((True, False, None))
        case.sharing_restricted = given.choice((True, False, None))
        case.sharing_restriction_details = "Not the father" if case.sharing_restricted else None
        if given.random() < 0.5:
            alert = add_alert(session, case.id, text=f"Alert {number}", detail="", **told)
            if given.random() < 0.5:
                end_alert(session, alert.id, reason="Over", **told)
        for code in given.sample(("01", "02", "03"), given.randint(0, 2)):
            record_legal_status(session, case, code=code, from_on=local(NOW).date(), expires_at=None, **told)
        if given.random() < 0.6:
            begun = NOW - timedelta(days=100 - 10 * (3 * place + number))
            unit = make_unit(session).id if given.random() < 0.5 else None
            entry = StayEntry(unit, "" if unit else "Ward 6", begun, begun + timedelta(days=given.randint(1, 10)))
            record_stay(session, case.id, entry, **told)
        if line == "cyp" and patient.nhs_number and given.random() < 0.8:
            state = given.choice(("submitted", "accepted", "declined"))
            number_of: dict[str, Any] = {"nhs_number": patient.nhs_number, "date_of_birth": patient.date_of_birth}
            make_referral(session, state, service_line=line, priority="emergency", **number_of)
        elif given.random() < 0.4:
            session.execute(update(CareCase).where(CareCase.id == case.id).values(closed_at=NOW, close_reason="Home"))
    session.flush()
    return patient.id


@settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 10_000))
def test_every_table_is_as_it_was(session: Session, seed: int) -> None:
    around = session.begin_nested()
    try:
        _walk(session, Random(seed))
    finally:
        around.rollback()
        session.expire_all()


def _walk(session: Session, given: Random) -> None:
    """Two merges, one on the other, and both taken back, the last one first."""
    asking, agreeing = make_actor(session, Role.COORDINATOR), make_actor(session, Role.CASE_MANAGER)
    one, two, three = (a_record(session, given, asking, place) for place in range(3))
    taken = given.sample([field.name for field in FIELDS], given.randint(0, 6))
    pictures, merges = [image(session)], []
    merges.append(make_one(session, two, three, asking, agreeing, taken))
    pictures.append(image(session))
    merges.append(make_one(session, one, two, agreeing, make_actor(session), given.sample(taken, len(taken) // 2)))
    assert not verify(session).findings
    while merges:
        take_apart(session, merges.pop(), asking, agreeing)
        session.expire_all()
        now_is, was = image(session), pictures.pop()
        for name, rows in was.items():
            assert now_is[name] == rows, name
    assert not verify(session).findings
