"""Comparing, proposing and deciding in the browser: who may, what is logged, and how many statements it takes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.accounts.models import SignInSession
from hub.cases.models import CareCase, CaseSeal
from hub.engine.drafts import Draft
from hub.engine.models import AccessLog
from hub.merges.models import Merge
from hub.merges.services import propose
from hub.patients.models import Patient
from tests.factories import NOW, actor_of, make_membership, make_referral
from tests.features.test_worklist import statements
from workflows.roles import PERSON_ROLES, Role

SignIn = Callable[[FlaskClient, Any], None]


@pytest.fixture
def pair(session: Session) -> tuple[Any, Any]:
    """A girl with a verified number, and the same girl as a ward spelt her."""
    known: dict[str, Any] = {"nhs_number_status": "01", "address": "2 Fell View"}
    return make_referral(session, **known), make_referral(session, family_name="Hartwynn", phone="01632 960 100")


def people(session: Session, pair: tuple[Any, Any]) -> tuple[int, int]:
    one, two = (session.get_one(CareCase, item.case_id).patient_id for item in pair)
    return one, two


def looked(session: Session, what: str = "opened") -> list[int | None]:
    return list(session.scalars(select(AccessLog.case_id).where(AccessLog.what == what).order_by(AccessLog.id)))


def test_two_records_are_found_compared_and_proposed(
    client: FlaskClient, session: Session, sign_in: SignIn, pair: tuple[Any, Any]
) -> None:
    first, second = pair
    whole = make_referral(session, service_line="aed", nhs_number=second.nhs_number)
    sign_in(client, make_membership(session, Role.COORDINATOR))
    case = session.get_one(CareCase, second.case_id).reference
    assert f'value="{case}"' in client.get(f"/merges/new?one={case}").text
    wrong = client.post("/merges/new", data={"one": case, "two": "999 999 9999"})
    assert wrong.status_code == 422 and "Nobody was found by this" in wrong.text
    same = client.post("/merges/new", data={"one": case, "two": second.reference})
    assert same.status_code == 422 and "These are one record already" in same.text
    found = client.post("/merges/new", data={"one": case, "two": first.nhs_number})
    standing, other = people(session, pair)
    assert found.location == f"/merges/compare/{standing}/{other}", "the verified number stands"
    before = len(looked(session))
    page = client.get(found.location).text
    assert {first.case_id, second.case_id, whole.case_id} == set(looked(session)[before:])
    assert (
        "Hartwynn" in page
        and "becomes part of" in page
        and "goes to the record that stands" in page
        and "Nobody outside the hub sees more" in page
    )
    empty = client.post(found.location, data={"take_family_name": "other", "why": ""})
    assert empty.status_code == 422 and "Say why you think that they are one person" in empty.text
    given = {"take_family_name": "other", "take_phone": "other", "take_nhs_number": "standing", "why": "Same mother"}
    made = client.post(found.location, data=given | {"take_address": "standing"})
    assert made.status_code == 303
    (merge,) = session.scalars(select(Merge))
    assert merge.taken == [{"field": "family_name"}, {"field": "phone"}] and merge.standing_id == standing
    late = client.post(found.location, data=given | {"take_address": "standing"})
    assert late.status_code == 422 and "is not decided yet" in late.text and "Same mother" in late.text
    again = client.get(found.location).text
    assert "They cannot be made one now" in again and f"{merge.reference}, about one of these" in again
    sign_in(client, make_membership(session, Role.CASE_MANAGER))
    page = client.get(f"/merges/{merge.reference}").text
    assert "01632 960 100" in page and "Same mother" in page
    assert set(looked(session)[-3:]) == {first.case_id, second.case_id, whole.case_id}
    ask = client.get(f"/merges/{merge.reference}/agree").text
    assert "Taken from the other record" in ask
    assert client.post(f"/merges/{merge.reference}/agree", data={"seen": str(merge.version)}).status_code == 303
    session.expire_all()
    assert session.get_one(Patient, standing).phone == "01632 960 100"
    page = client.get(f"/merges/{merge.reference}").text
    assert "taken from the other record, and now “Hartwynn”" in page and "1 item moved" in page
    assert "came with its 1 item" in page
    assert "is part of" in client.get(f"/cases/{case}").text
    assert "Moved to another case" in client.get(f"/referrals/{second.reference}").text
    client.post(f"/merges/{merge.reference}/ask_to_undo", data={"seen": "9", "reason": "Two cousins"})
    sign_in(client, make_membership(session, Role.HEAD_OF_COMMISSIONING))
    assert "take them apart" in client.get(f"/merges/{merge.reference}/undo").text
    client.post(f"/merges/{merge.reference}/undo", data={"seen": "9"})
    assert "Both records are as they were." in client.get(f"/merges/{merge.reference}").text


def test_every_role_meets_what_is_its_own(
    client: FlaskClient, session: Session, sign_in: SignIn, pair: tuple[Any, Any]
) -> None:
    standing, other = people(session, pair)
    asking = actor_of(make_membership(session, Role.COORDINATOR))
    merge = propose(session, standing, other, taken=(), why="Same mother", actor=asking, now=NOW)
    proposers = {Role.COORDINATOR, Role.CASE_MANAGER}
    see = proposers | {Role.CLINICAL_REVIEWER, Role.HEAD_OF_COMMISSIONING, Role.DIRECTOR}
    for role in PERSON_ROLES:
        sign_in(client, make_membership(session, role))
        page = client.get(f"/merges/{merge.reference}")
        assert page.status_code == (200 if role in see | {Role.INFORMATION_GOVERNANCE} else 404), role
        assert ("Hartwynn" in page.text.title()) is (role in see), role
        for address in ("/merges/new", f"/merges/compare/{standing}/{other}"):
            assert client.get(address).status_code == (200 if role in proposers else 404), role
        agreed = client.post(f"/merges/{merge.reference}/agree", data={"seen": "9"})
        if role in {Role.CASE_MANAGER, Role.HEAD_OF_COMMISSIONING}:
            assert agreed.status_code == 303
            session.execute(update(Merge.__table__).values(done=None))  # type: ignore[arg-type]  # its own table
            merge = propose_again(session, merge, asking)
        else:
            assert agreed.status_code in {403, 404}, role


def propose_again(session: Session, merge: Merge, asking: Any) -> Merge:
    """Another pair, since this one is one record now."""
    fresh = (make_referral(session), make_referral(session, family_name="Hartwynn"))
    assert merge.state == "merged"
    return propose(session, *people(session, fresh), taken=(), why="Same mother", actor=asking, now=NOW)


def test_a_sealed_case_shows_neither_record_to_who_is_not_on_its_list(
    client: FlaskClient, session: Session, sign_in: SignIn, pair: tuple[Any, Any]
) -> None:
    standing, other = people(session, pair)
    priya = make_membership(session, Role.CASE_MANAGER)
    merge = propose(session, standing, other, taken=(), why="Same mother", actor=actor_of(priya), now=NOW)
    case = session.get_one(CareCase, pair[1].case_id)
    case.is_sealed = True
    session.flush()
    sign_in(client, make_membership(session, Role.HEAD_OF_COMMISSIONING))
    for path in ("", "/agree", "/note"):
        assert client.get(f"/merges/{merge.reference}{path}").status_code == 404
    assert looked(session, "refused")
    sign_in(client, priya)
    assert client.get(f"/merges/compare/{standing}/{other}").status_code == 404
    hidden = client.post("/merges/new", data={"one": case.reference, "two": pair[0].reference})
    assert hidden.status_code == 422 and "Nobody was found by this" in hidden.text
    first = session.get_one(CareCase, pair[0].case_id).reference
    assert "Hartwynn" not in client.get(f"/cases/{first}").text
    session.add(CaseSeal(case_id=case.id, user_id=priya.user_id))
    session.flush()
    page = client.get(f"/cases/{first}").text
    assert "Hartwynn" in page and f"/merges/compare/{standing}/{other}" in page


def test_what_was_typed_outlives_the_session(
    client: FlaskClient, session: Session, sign_in: SignIn, pair: tuple[Any, Any]
) -> None:
    standing, other = people(session, pair)
    address, membership = f"/merges/compare/{standing}/{other}", make_membership(session)
    sign_in(client, membership)
    session.execute(update(SignInSession).values(last_seen_at=datetime.now(UTC) - timedelta(minutes=31)))
    client.post(address, data={"why": "The ward rang about both"})
    assert session.scalars(select(Draft)).all()
    sign_in(client, membership)
    assert "The ward rang about both" in client.get(address).text


def test_a_fixed_number_of_statements(
    client: FlaskClient, session: Session, sign_in: SignIn, pair: tuple[Any, Any]
) -> None:
    standing, other = people(session, pair)
    asking = make_membership(session, Role.COORDINATOR)
    counts = []
    for more in (0, 4):
        for _ in range(more):
            make_referral(session, "accepted", nhs_number=pair[1].nhs_number)
        sign_in(client, asking)
        with statements(session) as sent:
            assert client.get(f"/merges/compare/{standing}/{other}").status_code == 200
        counts.append(len(sent))
    merge = propose(session, standing, other, taken=(), why="Same mother", actor=actor_of(asking), now=NOW)
    with statements(session) as sent:
        assert client.get(f"/merges/{merge.reference}").status_code == 200
    assert counts[0] == counts[1] <= 20, counts
    assert len(sent) <= 30, "\n\n".join(sent)
