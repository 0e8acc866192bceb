"""The pages of a stay: who sees what of it, what they say, and the forms in plain words."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.models import Membership
from hub.cases.alerts import add_alert
from hub.cases.models import CareCase, LegalStatus
from hub.engine.models import AccessLog
from hub.engine.perform import perform
from hub.placements.models import Placement
from hub.stays.models import Stay
from hub.stays.queries import leaves_in
from tests.admission_factory import Crew, make_crew
from tests.factories import make_actor
from tests.features.test_stays import moment_fields
from tests.placement_factory import Ward, make_stay, make_ward
from tests.stay_factory import DAY, HOUR, do
from workflows.actor import Actor
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
NOW = datetime.now(UTC).replace(second=0, microsecond=0)
WRITTEN = "WRITTENFORTHEHUB"
NAME = "HARTWIN"


@pytest.fixture
def crew(session: Session) -> Crew:
    return make_crew(session)


@pytest.fixture
def ward(session: Session) -> Ward:
    return make_ward(session)


@pytest.fixture
def stay(session: Session, crew: Crew, ward: Ward) -> Stay:
    """An emergency, admitted two days ago by way of a search; the hub has an alert and a restriction on the case."""
    law = {"sharing_restricted": True, "sharing_restriction_details": WRITTEN}
    made = make_stay(session, crew, ward, now=NOW - 2 * DAY, priority="emergency", referral=law)
    add_alert(session, made.case_id or 0, text=WRITTEN, detail=WRITTEN, by_id=crew.coordinator.user_id or 0, now=NOW)
    return made


def member(session: Session, actor: Actor) -> Membership:
    return session.get_one(Membership, actor.membership_id)


def read(session: Session, client: FlaskClient, sign_in: SignIn, who: Actor, stay: Stay, status: int = 200) -> str:
    """The page as this person meets it; empty when it is not there for them."""
    sign_in(client, member(session, who))
    answer = client.get(f"/stays/{stay.reference}")
    assert answer.status_code == status, who
    return answer.text if status == 200 else ""


def test_the_hub_by_role_the_unit_and_nobody_else(
    session: Session, client: FlaskClient, sign_in: SignIn, crew: Crew, ward: Ward, stay: Stay
) -> None:
    for role in (Role.COORDINATOR, Role.CASE_MANAGER, Role.CLINICAL_REVIEWER, Role.DIRECTOR):
        page = read(session, client, sign_in, make_actor(session, role), stay)
        assert NAME in page and WRITTEN in page and "Here so far" in page
    for who in (ward.manager, ward.clinician):
        page = read(session, client, sign_in, who, stay)
        assert NAME in page and "ask the hub before you share" in page and "Start leave" in page
        assert WRITTEN not in page
    history = read(session, client, sign_in, make_actor(session, Role.INFORMATION_GOVERNANCE), stay)
    assert NAME not in history and "Here so far" not in history and "What happens next" not in history
    others = (make_ward(session, "ZPR02", name="Larkwood").manager, make_ward(session).manager, crew.referrer)
    closed = (Role.FINANCE_LEAD, Role.ADMINISTRATOR, Role.QUALITY_LEAD, Role.FAMILY_LIAISON, Role.ACCESS_ASSESSOR)
    for who in (*others, *(make_actor(session, role) for role in closed)):
        read(session, client, sign_in, who, stay, status=404)
        assert client.get(f"/stays/{stay.reference}/end_stay").status_code == 404
    refused = session.scalars(select(AccessLog).where(AccessLog.what == "refused", AccessLog.item_id == stay.id))
    assert len(list(refused)) == 16
    opened = select(AccessLog).where(AccessLog.what == "opened", AccessLog.item_id == stay.id)
    assert {row.case_id for row in session.scalars(opened)} == {stay.case_id}


def test_a_unit_that_transferred_away_keeps_its_own_stay_and_follows_nothing(
    session: Session, client: FlaskClient, sign_in: SignIn, crew: Crew, ward: Ward, stay: Stay
) -> None:
    other = make_ward(session, "ZPR02", name="Larkwood")
    other.unit.name = "Alder"
    do(session, stay, "start_leave", ward.clinician, NOW - 5 * HOUR)
    do(session, stay, "transfer", crew.coordinator, NOW - HOUR, unit=other.unit)
    following = session.scalars(select(Stay).where(Stay.parent_id == stay.id)).one()
    note = {"note": "FORTHENEXTUNIT", "audience": "all"}
    perform(session, following, "note", other.manager, now=NOW, values=note)
    status = session.scalars(select(LegalStatus).where(LegalStatus.case_id == stay.case_id)).one()
    status.code = "03"
    case = session.get_one(CareCase, stay.case_id).reference
    page = read(session, client, sign_in, ward.manager, stay)
    assert NAME in page and "The stay ended during this leave" in page and "Section 3" not in page
    read(session, client, sign_in, ward.manager, following, status=404)
    placement = session.get_one(Placement, stay.parent_id)
    before = (f"/placements/{placement.reference}", f"/approaches/{placement.accepted_approach}")
    assert all("Sharing restricted" in client.get(address).text for address in before)
    later = (f"/cases/{case}", f"/cases/{case}/timeline", f"/search?q={following.reference}", "/worklist")
    for address in (*before, *later):
        page = client.get(address, follow_redirects=True).text
        assert following.reference not in page.replace(f'value="{following.reference}"', "") or "q=" in address
        assert "FORTHENEXTUNIT" not in page and "Section 3" not in page, address
    page = read(session, client, sign_in, other.manager, following)
    assert NAME in page and "Section 3" in page and stay.reference not in page and "Ewan Sallis" not in page
    read(session, client, sign_in, other.manager, stay, status=404)
    # The hub goes from one to the other, and the case page leads to both.
    page = read(session, client, sign_in, crew.coordinator, stay)
    assert following.reference in page and "Alder, Tarn House" in page
    page = client.get(f"/cases/{case}").text
    assert all(f"Leave, discharge and follow-up: {each.reference}" in page for each in (stay, following))
    assert "End or correct it" not in page


def test_who_is_on_call_sees_emergencies_alone(
    session: Session, client: FlaskClient, sign_in: SignIn, crew: Crew, ward: Ward, stay: Stay
) -> None:
    from hub.accounts.models import OnCallShift

    somebody = make_actor(session, Role.FINANCE_LEAD)
    begins, ends = datetime.now(UTC) - HOUR, datetime.now(UTC) + HOUR
    session.add(OnCallShift(user_id=somebody.user_id, from_at=begins, until_at=ends))
    calm = make_stay(session, crew, make_ward(session), now=NOW - DAY)
    assert NAME in read(session, client, sign_in, somebody, stay)
    read(session, client, sign_in, somebody, calm, status=404)


def test_the_unit_in_plain_words(
    session: Session, client: FlaskClient, sign_in: SignIn, crew: Crew, ward: Ward, stay: Stay
) -> None:
    sign_in(client, member(session, ward.clinician))
    here = f"/stays/{stay.reference}"
    empty = client.post(f"{here}/start_leave", data={"seen": str(stay.version)})
    assert empty.status_code == 422
    for said in ("What kind of leave: choose an answer", "Who granted it: write an answer", "Nothing was done"):
        assert said in empty.text

    def send(action: str, **typed: str) -> int:
        """Post a whole form, as the page that was just read has it."""
        session.expire_all()
        return client.post(f"{here}/{action}", data=typed | {"seen": str(stay.version)}).status_code

    leave = {**moment_fields("leave_from", NOW - 4 * HOUR), **moment_fields("leave_until", NOW - 2 * HOUR)}
    leave |= {"leave_kind": "section_17", "leave_granted_by": "Ewan Sallis", "leave_terms": "With Mum"}
    assert send("start_leave", **leave) == 303
    page = client.get(here).text
    assert "Not back from leave: 2 h" in page and "Ewan Sallis" in page and "Not back yet" in page
    assert send("return_from_leave", **moment_fields("returned_at", NOW - HOUR)) == 303
    page = client.get(here).text
    assert "1 h late" in page and "not on leave now" in page and "Not back from leave" not in page
    # The date that is changed stands in its box; one that has passed is said.
    planned = client.get(f"{here}/change_discharge_date").text
    expected = stay.estimated_discharge_on
    assert expected and all(f'value="{part}"' in planned for part in (expected.year, expected.month, expected.day))
    past = (NOW - DAY).date()
    boxes = {"day": past.day, "month": past.month, "year": past.year}
    moved = {f"estimated_discharge_on-{part}": str(value) for part, value in boxes.items()}
    assert send("change_discharge_date", **moved, reason="She is ready") == 303
    assert "The estimated discharge date was 1 day ago" in client.get(here).text
    assert client.get(f"{here}/transfer").status_code == 403
    left = {**moment_fields("left_at", NOW), "destination": "usual_home", "reason": "Well again"}
    assert client.post(f"{here}/end_stay", data=left | {"seen": "1"}).status_code == 409
    assert send("end_stay", **left) == 303
    page = client.get(here).text
    for said in ("Usual home", "Length of stay", "How this deadline was worked out: Follow-up", "72 hours"):
        assert said in re.sub(r"<[^>]*>", "", page)
    assert "Section" not in page.replace("Section 17", "")


def test_a_second_leave_keeps_what_it_has_in_common_with_the_first() -> None:
    first = {"leave_kind": "informal", "leave_from": "2026-03-16T10:00+00:00", "leave_until": "2026-03-16T12:00+00:00"}
    first |= {"leave_terms": "With Mum", "leave_granted_by": "Ewan Sallis"}
    second = {"leave_from": "2026-03-17T10:00+00:00", "leave_until": "2026-03-17T12:00+00:00"}

    def entered(values: dict[str, str]) -> dict[str, Any]:
        return {name: {"old": None, "new": value} for name, value in values.items()}

    rows: list[tuple[str, dict[str, Any], str]] = [
        ("start_leave", entered(first), "Samuel"),
        ("return_from_leave", entered({"returned_at": "2026-03-16T12:30+00:00"}), "Samuel"),
        ("start_leave", entered(second | {"leave_granted_by": "Ewan Sallis"}), "Grace"),
        ("correct_field", entered({"leave_terms": "With her aunt"}), "Grace"),
        ("correct_field", entered({"destination": "relatives"}), "Grace"),
        ("end_stay", entered({"left_at": "2026-03-17T11:00+00:00"}), "Grace"),
    ]
    latest, before = leaves_in(rows)
    assert (latest.kind, latest.terms, latest.returned_at, latest.is_over) == ("informal", "With her aunt", None, True)
    assert (before.terms, before.recorded_by, before.is_over) == ("With Mum", "Samuel", True)
    assert before.returned_at is not None and before.returned_at > before.until_at
    assert leaves_in([("end_stay", entered({}), "Grace"), ("return_from_leave", entered({}), "Grace")]) == []
