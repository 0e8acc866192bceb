"""A case without any referral, and closing one: nobody joins records silently, nothing open is closed over."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.cases.models import CareCase
from hub.engine.models import AccessLog
from hub.patients.models import Patient
from tests.factories import make_membership, make_referral
from tests.features.test_casefile import case_of, read
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
BORN = date(2010, 9, 14)


def typed(**changes: str) -> dict[str, str]:
    """The form as it is sent."""
    return {
        "nhs_number": "999 000 0018",
        "family_name": "Larkrise",
        "given_name": "Wren",
        "date_of_birth-day": "14",
        "date_of_birth-month": "9",
        "date_of_birth-year": "2010",
        "service_line": "cyp",
        "reason": "The ICB asked for a bespoke package",
    } | changes


def cases(session: Session) -> list[CareCase]:
    """Every case there is."""
    return list(session.scalars(select(CareCase).order_by(CareCase.id)))


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.CASE_MANAGER])
def test_a_case_is_opened_for_somebody_nobody_referred(
    session: Session, client: FlaskClient, sign_in: SignIn, role: Role
) -> None:
    who = make_membership(session, role)
    sign_in(client, who)
    assert "Open a case" in client.get("/cases/new").get_data(as_text=True)
    answer = client.post("/cases/new", data=typed())
    assert answer.status_code == 303
    [case] = cases(session)
    assert answer.location == f"/cases/{case.reference}"
    patient = session.get_one(Patient, case.patient_id)
    assert (patient.nhs_number, patient.family_name, patient.date_of_birth) == ("9990000018", "Larkrise", BORN)
    page = read(client, case)
    assert "LARKRISE, Wren" in page
    assert f"By {who.user.name}: The ICB asked for a bespoke package" in page
    assert "Nothing is open" in page
    assert "Nothing has happened yet" in page


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"nhs_number": "999 000 0019"}, "This is not an NHS number"),
        ({"nhs_number": "1111111111"}, "This is not an NHS number"),
        ({"family_name": " "}, "Enter the family name"),
        ({"date_of_birth-year": "2199"}, "The date of birth is in the future"),
        ({"date_of_birth-day": "", "date_of_birth-month": "", "date_of_birth-year": ""}, "Enter the date of birth"),
        ({"service_line": ""}, "Choose the service line"),
        ({"reason": ""}, "Enter why a case is opened"),
    ],
)
def test_what_is_wrong_is_said(
    session: Session, client: FlaskClient, sign_in: SignIn, changes: dict[str, str], said: str
) -> None:
    sign_in(client, make_membership(session, Role.COORDINATOR))
    answer = client.post("/cases/new", data=typed(**changes))
    assert answer.status_code == 422
    assert said in answer.get_data(as_text=True)
    assert "Wren" in answer.get_data(as_text=True)
    assert cases(session) == []


def test_a_known_person_is_offered_and_never_taken_silently(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    known = case_of(
        session, make_referral(session, "declined", family_name="Larkrys", nhs_number="9990000018", now=NOW)
    )
    known.closed_at = NOW
    session.flush()
    sign_in(client, make_membership(session, Role.COORDINATOR))
    asked = client.post("/cases/new", data=typed(nhs_number=""))
    page = asked.get_data(as_text=True)
    assert asked.status_code == 200
    assert "The hub may know this person already" in page
    assert "LARKRYS, Isobel, born 14 September 2010, NHS number 999 000 0018" in page
    assert "None of these: a new person" in page
    assert len(cases(session)) == 1
    refused = client.post("/cases/new", data=typed(person="new"))
    assert refused.status_code == 422
    assert "This NHS number is on the record of a known person" in refused.get_data(as_text=True)
    # A choice that was never offered opens nothing.
    assert client.post("/cases/new", data=typed(person="999999")).status_code == 200
    assert client.post("/cases/new", data=typed(person=str(known.patient_id))).status_code == 303
    first, second = cases(session)
    assert (second.patient_id, second.closed_at) == (first.patient_id, None)
    again = client.post("/cases/new", data=typed(person=str(known.patient_id)))
    assert again.status_code == 422
    assert f"This person has an open case already: {second.reference}" in again.get_data(as_text=True)
    looked = session.scalars(select(AccessLog.detail).where(AccessLog.what == "searched")).all()
    assert [row["count"] for row in looked] == [1] * 5


def test_somebody_who_only_sounds_alike_gets_a_record_of_their_own(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    known = case_of(session, make_referral(session, "submitted", family_name="Larkrys", now=NOW))
    sign_in(client, make_membership(session, Role.CASE_MANAGER))
    assert client.post("/cases/new", data=typed(person="new")).status_code == 303
    assert cases(session)[1].patient_id != known.patient_id
    assert session.scalar(select(func.count()).select_from(Patient)) == 2


def test_only_a_case_with_nothing_open_is_closed(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    open_one = case_of(session, make_referral(session, "submitted", now=NOW))
    done = case_of(session, make_referral(session, "declined", now=NOW))
    who = make_membership(session, Role.CASE_MANAGER)
    sign_in(client, who)
    assert "Close the case" not in read(client, open_one)
    refused = client.post(f"/cases/{open_one.reference}/close", data={"reason": "Well again"})
    assert refused.status_code == 422
    assert "Something is still open on this case" in refused.get_data(as_text=True)
    assert "Close the case" in read(client, done)
    assert client.post(f"/cases/{done.reference}/close", data={"reason": ""}).status_code == 422
    assert client.post(f"/cases/{done.reference}/close", data={"reason": "Well again"}).status_code == 303
    page = read(client, done)
    assert f"By {who.user.name}: Well again" in page
    assert ", closed " in page
    assert f"/cases/{done.reference}/close" not in page
    again = client.post(f"/cases/{done.reference}/close", data={"reason": "Well again"})
    assert "The case is closed already" in again.get_data(as_text=True)


@pytest.mark.parametrize("role", [Role.DIRECTOR, Role.ADMINISTRATOR, Role.REFERRER])
def test_others_open_and_close_nothing(session: Session, client: FlaskClient, sign_in: SignIn, role: Role) -> None:
    done = case_of(session, make_referral(session, "declined", now=NOW))
    sign_in(client, make_membership(session, role))
    assert client.post("/cases/new", data=typed()).status_code == 404
    assert client.post(f"/cases/{done.reference}/close", data={"reason": "x"}).status_code == 404
    session.refresh(done)
    assert done.closed_at is None


def test_a_coordinator_opens_and_does_not_close(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    done = case_of(session, make_referral(session, "declined", now=NOW))
    sign_in(client, make_membership(session, Role.COORDINATOR))
    assert "Close the case" not in read(client, done)
    assert client.post(f"/cases/{done.reference}/close", data={"reason": "x"}).status_code == 404
