"""The administrator sets a unit's level and admissions, and who is a member of a collaborative and when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.accounts.models import Membership
from hub.engine.admin_log import AdminChange
from hub.organisations.models import Collaborative, CollaborativeMember
from tests.factories import make_hub, make_membership, make_organisation, make_unit
from workflows.durations import local
from workflows.roles import Role

WHY = {"why": "Asked for by the quality group"}
SignIn = Callable[[FlaskClient, Any], None]


@pytest.fixture
def sam(client: FlaskClient, session: Session, sign_in: SignIn) -> Membership:
    """The administrator, signed in."""
    made = make_membership(session, Role.ADMINISTRATOR)
    sign_in(client, made)
    return made


def _day(name: str, day: date | None) -> dict[str, str]:
    parts = {"day": day.day, "month": day.month, "year": f"{day.year:04}"} if day else {}
    return {f"{name}-{box}": str(parts.get(box, "")) for box in ("day", "month", "year")}


def test_level_and_admissions_have_a_date_and_a_reason(
    client: FlaskClient, session: Session, sam: Membership, sign_in: SignIn
) -> None:
    unit, today = make_unit(session), local(datetime.now(UTC)).date()
    address = f"/admin/units/{unit.unit_code}"
    change = f"{address}/position"
    page = client.get(address).text
    assert "Routine" in page and "Admissions: <b>open</b>" in page and change in page
    plain = {"level": "routine", "admissions": "open", "admissions_why": "", "seen": "0", **WHY}
    plain |= _day("level_since", None) | _day("admissions_since", None)
    wrong: list[tuple[dict[str, str], str]] = [
        ({}, "Nothing is different"),
        ({"level": "loose"}, "Choose"),
        ({"level": "enhanced"}, "Enter the day since when it is so"),
        ({"level": "enhanced"} | _day("level_since", today + timedelta(days=1)), "has not come yet"),
        ({"admissions": "suspended"} | _day("admissions_since", today), "Enter why the unit may not admit freely"),
        (
            {"admissions": "suspended", "admissions_why": "x" * 501} | _day("admissions_since", today),
            "Use 500 letters or fewer",
        ),
        ({"level": "enhanced", "why": ""} | _day("level_since", today), "Enter why, in a few words"),
    ]
    for changes, words in wrong:
        answer = client.post(change, data=plain | changes)
        assert answer.status_code == 422 and words in answer.text, words
    right = plain | {"level": "intensive", "admissions": "case_by_case", "admissions_why": "Two  wards are one"}
    right |= _day("level_since", today) | _day("admissions_since", today)
    assert client.post(change, data=right).status_code == 303
    session.refresh(unit)
    kept = (unit.level, unit.level_since, unit.admissions, unit.admissions_since, unit.admissions_why)
    assert kept == ("intensive", today, "case_by_case", today, "Two wards are one")
    row = session.scalars(select(AdminChange).where(AdminChange.subject == "unit")).one()
    assert (row.by_id, row.old["Level"], row.new["Admissions"]) == (sam.user_id, "Routine", "Case by case")
    page = client.get(address).text
    assert "Intensive" in page and "<b>case by case</b>" in page and WHY["why"] in page
    late = client.post(change, data=plain)
    assert late.status_code == 422 and "Somebody else has changed this" in late.text
    seen = {"seen": str(row.id)}
    stuck = client.post(change, data=right | seen | {"level": "enhanced", "admissions": "suspended"})
    assert stuck.text.count("This is the day of what was before") >= 2
    again = plain | seen | {"admissions_why": "left over"}
    assert client.post(change, data=again).status_code == 303
    session.refresh(unit)
    assert (unit.level, unit.admissions, unit.admissions_why, unit.level_since) == ("routine", "open", "", None)
    with pytest.raises(IntegrityError, match="ck_unit_level_is_known"), session.begin_nested():
        unit.level = "loose"
        session.flush()
    for role in (Role.QUALITY_LEAD, Role.HEAD_OF_COMMISSIONING, Role.UNIT_MANAGER):
        sign_in(client, make_membership(session, role))
        assert client.post(change, data=right).status_code == 404
    sign_in(client, make_membership(session, Role.QUALITY_LEAD))
    assert "Routine" in client.get(f"/beds/{unit.unit_code}").text


def test_members_of_a_collaborative_have_days_and_do_not_overlap(
    client: FlaskClient, session: Session, sam: Membership, sign_in: SignIn
) -> None:
    lead, heron = make_hub(session).parent, make_organisation(session, "ZPR02", name="Heron Care")
    assert lead is not None
    made = Collaborative(name="North", service_line="cyp", lead_organisation_id=lead.id, policy_set="default")
    other = Collaborative(name="South", service_line="cyp", lead_organisation_id=lead.id, policy_set="default")
    session.add_all([made, other])
    session.flush()
    address = f"/admin/collaboratives/{made.id}"
    add = f"{address}/members/add"
    assert "No member is recorded" in client.get(address).text

    def sent(first: date | None, last: date | None = None, **more: str) -> dict[str, str]:
        seen = max(session.scalars(select(AdminChange.id).where(AdminChange.subject == "collaborative")), default=0)
        days = _day("from_on", first) | _day("until_on", last)
        return {"organisation_id": str(heron.id), "seen": str(seen), **WHY, **days} | more

    spring, summer, autumn = date(2026, 4, 1), date(2026, 7, 1), date(2026, 10, 1)
    for wrong, words in (
        (sent(None), "Enter the first day"),
        (sent(spring, organisation_id=""), "Choose the organisation"),
        (sent(spring, organisation_id=str(make_hub(session).id)), "Choose an answer"),
        (sent(summer, spring), "The last day is before the first day"),
        (sent(spring, why=""), "Enter why"),
    ):
        answer = client.post(add, data=wrong)
        assert answer.status_code == 422 and words in answer.text, words
    assert client.post(add, data=sent(spring, summer)).status_code == 303
    for first, last in ((summer, autumn), (date(2026, 1, 1), None), (date(2026, 1, 1), spring)):
        twice = client.post(add, data=sent(first, last))
        assert twice.status_code == 422 and "is a member on some of these days already" in twice.text
    assert client.post(add, data=sent(autumn)).status_code == 303
    one, two = session.scalars(select(CollaborativeMember).order_by(CollaborativeMember.id))
    page = client.get(address).text
    assert page.count("Heron Care") >= 4 and "ended on 1 July 2026" in page
    change = f"{address}/members/{one.id}"
    assert client.post(change, data=sent(spring, autumn)).status_code == 422
    assert client.post(change, data=sent(spring, summer)).status_code == 422
    assert client.post(change, data=sent(spring, date(2026, 8, 1))).status_code == 303
    assert session.get_one(CollaborativeMember, one.id, populate_existing=True).until_on == date(2026, 8, 1)
    assert client.post(change, data=sent(spring, summer, seen="0")).status_code == 422
    row = session.scalars(select(AdminChange).order_by(AdminChange.id.desc())).first()
    assert row is not None and row.old["Last day"] == "2026-07-01" and row.new["Member"] == "Heron Care"
    wrong_place = [f"/admin/collaboratives/{other.id}/members/{one.id}", f"{address}/members/{10**6}"]
    assert [client.get(path).status_code for path in wrong_place] == [404, 404]
    with pytest.raises(IntegrityError, match="ex_collaborative_member_overlap"), session.begin_nested():
        session.add(CollaborativeMember(collaborative_id=made.id, organisation_id=heron.id, from_on=two.from_on))
        session.flush()
    sign_in(client, make_membership(session, Role.QUALITY_LEAD))
    assert [client.get(add).status_code, client.post(change, data={}).status_code] == [404, 404]
