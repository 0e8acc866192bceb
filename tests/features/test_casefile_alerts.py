"""Alerts on a case: who may add and end them, where they show, and that none is rubbed out."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from hub.accounts.models import OnCallShift, SessionEnd, SignInSession
from hub.cases.models import CareCase, CaseAlert
from hub.engine.models import AccessLog
from tests.factories import actor_of, make_membership, make_referral
from tests.features.test_casefile import case_of, full, read
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)


def alerts(session: Session) -> list[CaseAlert]:
    """Every alert there is."""
    return list(session.scalars(select(CaseAlert).order_by(CaseAlert.id)))


def add(client: FlaskClient, case: CareCase, text: str = "No antipsychotics", detail: str = "") -> Any:
    """Send the form."""
    return client.post(f"/cases/{case.reference}/alerts/new", data={"text": text, "detail": detail})


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.CASE_MANAGER, Role.CLINICAL_REVIEWER])
def test_an_alert_is_added_shown_ended_and_kept(
    session: Session, client: FlaskClient, sign_in: SignIn, role: Role
) -> None:
    item = full(session)
    case, who = case_of(session, item), make_membership(session, role)
    sign_in(client, who)
    assert "Add an alert" in read(client, case)
    answer = add(client, case, "  No antipsychotics ", "Ring Dr Idowu first")
    assert answer.status_code == 303
    assert answer.location == f"/cases/{case.reference}#alerts"
    page = read(client, case)
    assert "The alert is on the case." in page
    assert page.count("No antipsychotics") >= 2  # in the banner and in its panel
    assert "Ring Dr Idowu first" in page
    assert f"Recorded by {who.user.name}, today" in page
    assert f'href="/cases/{case.reference}#alerts">1 alert<' in page
    on_the_item = client.get(f"/referrals/{item.reference}").get_data(as_text=True)
    assert "No antipsychotics" in on_the_item
    assert f'href="/cases/{case.reference}#alerts"' in on_the_item
    [alert] = alerts(session)
    ending = f"/cases/{case.reference}/alerts/{alert.id}/end"
    assert "End the alert “No antipsychotics”" in client.get(ending).get_data(as_text=True)
    assert client.post(ending, data={"reason": "  "}).status_code == 422
    assert client.post(ending, data={"reason": "Dr Idowu lifted it"}).status_code == 303
    page = read(client, case)
    assert "1 alert that has ended" in page
    assert f"Ended by {who.user.name}, today" in page
    assert "“Dr Idowu lifted it”" in page
    assert "No antipsychotics" not in client.get(f"/referrals/{item.reference}").get_data(as_text=True)


def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    case = case_of(session, full(session))
    sign_in(client, make_membership(session, Role.COORDINATOR))
    empty = add(client, case, "   ", "Typed with care")
    assert empty.status_code == 422
    assert "Enter the alert" in empty.get_data(as_text=True)
    assert "Typed with care" in empty.get_data(as_text=True)
    assert "HARTWIN" in empty.get_data(as_text=True)
    assert add(client, case, "x" * 61).status_code == 422
    assert add(client, case, "Falls risk").status_code == 303
    again = add(client, case, "FALLS risk")
    assert again.status_code == 422
    assert "This alert is already on the case" in again.get_data(as_text=True)
    assert "HARTWIN" in again.get_data(as_text=True)
    assert len(alerts(session)) == 1


def test_an_alert_ended_meanwhile_is_not_ended_twice(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    case = case_of(session, full(session))
    sign_in(client, make_membership(session, Role.CASE_MANAGER))
    add(client, case, "Falls risk")
    ending = f"/cases/{case.reference}/alerts/{alerts(session)[0].id}/end"
    assert client.post(ending, data={"reason": "Walks safely"}).status_code == 303
    late = client.post(ending, data={"reason": "Something else"})
    assert late.status_code == 422
    assert "Somebody else has ended this alert meanwhile" in late.get_data(as_text=True)
    assert "Something else" in late.get_data(as_text=True)
    assert alerts(session)[0].end_reason == "Walks safely"


@pytest.mark.parametrize(
    "role", [Role.DIRECTOR, Role.FINANCE_LEAD, Role.ADMINISTRATOR, Role.INFORMATION_GOVERNANCE, Role.REFERRER]
)
def test_others_may_not(session: Session, client: FlaskClient, sign_in: SignIn, role: Role) -> None:
    case = case_of(session, full(session))
    sign_in(client, make_membership(session, role))
    assert add(client, case).status_code == 404
    assert client.get(f"/cases/{case.reference}/alerts/new").status_code == 404
    assert alerts(session) == []


def test_a_director_reads_alerts_and_is_offered_no_way_to_change_them(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    case = case_of(session, full(session))
    sign_in(client, make_membership(session, Role.COORDINATOR))
    add(client, case)
    sign_in(client, make_membership(session, Role.DIRECTOR))
    page = read(client, case)
    assert "No antipsychotics" in page
    assert "Add an alert" not in page
    assert "End it" not in page
    assert "Record a new one" not in page


def test_on_call_only_in_an_emergency(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    emergency = case_of(session, make_referral(session, "submitted", priority="emergency", now=NOW))
    routine = case_of(session, make_referral(session, "submitted", priority="routine", now=NOW))
    membership = make_membership(session, Role.FINANCE_LEAD)
    shift = {"from_at": NOW - timedelta(days=1), "until_at": NOW + timedelta(days=1)}
    session.add(OnCallShift(user_id=membership.user_id, **shift))
    session.flush()
    sign_in(client, membership)
    assert add(client, emergency).status_code == 303
    assert "Add an alert" in read(client, emergency)
    assert add(client, routine).status_code == 404
    refused = session.scalars(select(AccessLog).where(AccessLog.what == "refused")).one()
    assert refused.case_id == routine.id


def test_the_pages_of_a_sealed_case_and_of_another_case_are_not_there(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    case, other = case_of(session, full(session)), case_of(session, full(session))
    sign_in(client, make_membership(session, Role.CASE_MANAGER))
    add(client, case)
    alert = alerts(session)[0]
    assert client.get(f"/cases/{other.reference}/alerts/{alert.id}/end").status_code == 404
    assert client.get(f"/cases/{case.reference}/alerts/{2**40}/end").status_code == 404
    assert client.get("/cases/CAS-2026-99999/alerts/new").status_code == 404
    case.is_sealed = True
    session.flush()
    assert client.get(f"/cases/{case.reference}/alerts/new").status_code == 404


def test_alerts_stay_inside_the_hub(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    theirs = make_membership(session, Role.REFERRER)
    item = full(session, referrer=actor_of(theirs))
    case = case_of(session, item)
    sign_in(client, make_membership(session, Role.COORDINATOR))
    add(client, case)
    for role in (theirs, make_membership(session, Role.INFORMATION_GOVERNANCE)):
        sign_in(client, role)
        page = read(client, case)
        assert "No antipsychotics" not in page
        assert "Legal status" not in page
    sign_in(client, theirs)
    assert "No antipsychotics" not in client.get(f"/referrals/{item.reference}").get_data(as_text=True)


def test_what_was_typed_when_the_session_ended_is_offered_back(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    case, who = case_of(session, full(session)), make_membership(session, Role.COORDINATOR)
    sign_in(client, who)
    session.execute(update(SignInSession).values(ended_at=func.now(), ended_why=SessionEnd.IDLE))
    session.commit()
    late = add(client, case, "No antipsychotics", "Ring Dr Idowu first")
    assert late.status_code == 302
    assert "/sign-in" in late.location
    sign_in(client, who)
    address = f"/cases/{case.reference}/alerts/new"
    assert "Ring Dr Idowu first" in client.get(address).get_data(as_text=True)
    assert add(client, case, "No antipsychotics", "Ring Dr Idowu first").status_code == 303
    assert "Ring Dr Idowu first" not in client.get(address).get_data(as_text=True)
