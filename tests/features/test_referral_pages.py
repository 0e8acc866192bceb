"""The referral's pages as each person meets them: the item, the one action page, a new referral."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.engine.models import AccessLog, Transition
from hub.engine.perform import perform
from hub.referrals.models import Referral
from tests.factories import actor_of, make_membership, make_organisation, make_referral
from tests.statements import counted
from workflows.form1_fields import FIELD
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
UNSEEN = (
    Role.FINANCE_LEAD,
    Role.QUALITY_LEAD,
    Role.QUALITY_GROUP_CHAIR,
    Role.FAMILY_LIAISON,
    Role.ADMINISTRATOR,
    Role.UNIT_MANAGER,
    Role.UNIT_CLINICIAN,
    Role.ACCESS_ASSESSOR,
    Role.PROVIDER_QUALITY_LEAD,
    Role.FUNDER,
    Role.OUTSIDE_MEMBER,
)


def _sent(session: Session, referral: Referral) -> list[str]:
    rows = session.scalars(select(Transition).where(Transition.item_id == referral.id).order_by(Transition.position))
    return [row.action for row in rows]


@pytest.fixture
def case_manager(session: Session, client: FlaskClient, sign_in: SignIn) -> FlaskClient:
    sign_in(client, make_membership(session, Role.CASE_MANAGER))
    return client


@pytest.mark.parametrize("role", UNSEEN)
def test_a_role_without_a_reason_meets_the_page_of_an_unknown_reference(
    session: Session, client: FlaskClient, sign_in: SignIn, role: Role
) -> None:
    referral = make_referral(session, state="in_review")
    sign_in(client, make_membership(session, role))
    unknown = _plain(client.get("/referrals/REF-1999-99999"))
    for address in (f"/referrals/{referral.reference}", f"/referrals/{referral.reference}/accept"):
        assert _plain(client.get(address)) == unknown
    assert _plain(client.post(f"/referrals/{referral.reference}/accept", data={"seen": "3"})) == _plain(
        client.post("/referrals/REF-1999-99999/accept", data={"seen": "3"})
    )
    assert _sent(session, referral)[-1] == "start_review"


def _plain(answer: Any) -> tuple[int, bytes, dict[str, str]]:
    """Everything a browser gets, but for the nonce and the form token."""
    text = re.sub(rb'nonce="[^"]*"', b"", answer.data)
    text = re.sub(rb'value="[^"]*"', b"", text)
    headers = {name: re.sub(r"nonce-[^']*", "", value) for name, value in answer.headers if name != "Set-Cookie"}
    return answer.status_code, text, headers


def test_another_referrers_referral_is_unknown_here(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    referral = make_referral(session, state="returned")
    elsewhere = make_organisation(session, "ZRF02", name="Upper Calder Team", kind="referrer")
    sign_in(client, make_membership(session, Role.REFERRER, elsewhere))
    assert client.get(f"/referrals/{referral.reference}").status_code == 404
    assert (
        client.post(f"/referrals/{referral.reference}/withdraw", data={"reason": "x", "seen": "4"}).status_code == 404
    )


def test_a_draft_is_its_writers_until_it_is_sent(session: Session, case_manager: FlaskClient) -> None:
    draft = make_referral(session, state="draft")
    assert case_manager.get(f"/referrals/{draft.reference}").status_code == 404


def test_the_page_says_where_it_is_what_can_be_done_and_why_not(session: Session, case_manager: FlaskClient) -> None:
    referral = make_referral(session, state="in_review", autism="1", cetr_on=None, laep_on=None, no_cetr_reason=None)
    page = case_manager.get(f"/referrals/{referral.reference}").text
    assert "You are here" in page
    assert "How this deadline was worked out" in page
    assert "Not yet: 1 of 2 things missing" in page
    assert "give the date of the community C(E)TR" in page
    assert "This is for a coordinator" in page


@pytest.mark.parametrize("state", ["draft", "submitted", "in_review", "returned", "accepted", "declined", "withdrawn"])
def test_an_item_page_costs_at_most_eleven_statements(
    session: Session, client: FlaskClient, sign_in: SignIn, engine: Engine, state: str
) -> None:
    reference = make_referral(session, state=state).reference
    role = Role.REFERRER if state == "draft" else Role.CASE_MANAGER
    sign_in(client, make_membership(session, role))
    client.get(f"/referrals/{reference}")
    with counted(engine) as sent:
        assert client.get(f"/referrals/{reference}").status_code == 200
    assert len(sent) <= 11, "\n\n".join(sent)


def test_history_names_people_and_organisations(session: Session, case_manager: FlaskClient) -> None:
    referral = make_referral(session, state="in_review")
    owner = make_membership(session, Role.CASE_MANAGER)
    perform(session, referral, "assign", actor_of(owner), now=datetime.now(UTC), values={"owner_id": owner.user_id})
    page = case_manager.get(f"/referrals/{referral.reference}").text
    assert f"Who owns it now: {owner.user.name}" in page
    assert "Referring organisation: Brackendale Community Team" in page


def test_opening_is_logged_once_for_the_case(session: Session, case_manager: FlaskClient) -> None:
    referral = make_referral(session, state="in_review")
    case_manager.get(f"/referrals/{referral.reference}")
    rows = session.scalars(select(AccessLog).where(AccessLog.case_id == referral.case_id)).all()
    assert [row.what for row in rows] == ["opened"]


def test_information_governance_sees_that_and_not_what(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    referral = make_referral(session, state="declined", presenting_problem="Hears a voice by night")
    sign_in(client, make_membership(session, Role.INFORMATION_GOVERNANCE))
    page = client.get(f"/referrals/{referral.reference}")
    assert page.status_code == 200
    assert "Decline" in page.text
    for hidden in ("Hears a voice", "HARTWIN", "Hartwin", "What should happen instead", "alternative"):
        assert hidden not in page.text
    assert client.get(f"/referrals/{referral.reference}/note").status_code == 404


def test_declining_asks_for_everything_at_once_and_loses_nothing(session: Session, case_manager: FlaskClient) -> None:
    referral = make_referral(session, state="in_review")
    address = f"/referrals/{referral.reference}/decline"
    refused = case_manager.post(address, data={"seen": "3", "alternative_advice": "See <the> clinic"})
    assert refused.status_code == 422
    assert "Why is it declined: choose an answer" in refused.text
    assert "Which clinician can the referrer talk to: write an answer" in refused.text
    assert "See &lt;the&gt; clinic" in refused.text
    assert _sent(session, referral)[-1] == "start_review"
    done = case_manager.post(
        address,
        data={
            "seen": "3",
            "decline_reason": "need_met_in_community",
            "alternative_advice": "See the clinic",
            "named_clinician": "Dr Abara, 01632 960002",
        },
    )
    assert done.status_code == 303, done.text
    page = case_manager.get(done.location).text
    assert "Done: decline" in page
    assert "Dr Abara" in page


def test_a_page_that_is_out_of_date_is_refused_with_what_changed(session: Session, case_manager: FlaskClient) -> None:
    referral = make_referral(session, state="in_review")
    refused = case_manager.post(f"/referrals/{referral.reference}/withdraw", data={"seen": "2", "reason": "Better now"})
    assert refused.status_code == 409
    assert "Someone else has changed this since you opened it" in refused.text
    assert "Start the review" in refused.text
    assert "Better now" in refused.text
    assert 'name="seen" type="hidden" value="3"' in refused.text


def test_a_post_without_the_version_is_out_of_date(session: Session, case_manager: FlaskClient) -> None:
    referral = make_referral(session, state="in_review")
    assert case_manager.post(f"/referrals/{referral.reference}/withdraw", data={"reason": "x"}).status_code == 409


def test_an_action_that_is_for_another_says_for_whom(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    referral = make_referral(session, state="in_review")
    sign_in(client, make_membership(session, Role.COORDINATOR))
    page = client.get(f"/referrals/{referral.reference}/accept")
    assert page.status_code == 403
    assert "This is for a case manager" in page.text
    assert "<textarea" not in page.text
    posted = client.post(f"/referrals/{referral.reference}/accept", data={"seen": "3"})
    assert posted.status_code == 403
    assert _sent(session, referral)[-1] == "start_review"


def test_an_action_whose_time_has_passed_says_where_it_is_now(session: Session, case_manager: FlaskClient) -> None:
    referral = make_referral(session, state="declined")
    page = case_manager.get(f"/referrals/{referral.reference}/accept")
    assert "is not possible now" in page.text
    posted = case_manager.post(f"/referrals/{referral.reference}/accept", data={"seen": "4"})
    assert posted.status_code == 422
    assert "this referral is declined" in posted.text


def test_an_unknown_action_is_an_unknown_page(session: Session, case_manager: FlaskClient) -> None:
    referral = make_referral(session, state="in_review")
    assert case_manager.get(f"/referrals/{referral.reference}/abolish").status_code == 404


def test_every_answer_of_the_form_is_a_column(session: Session) -> None:
    columns = {column.key for column in Referral.__mapper__.columns}
    assert set(FIELD) <= columns


def test_a_correction_is_read_by_the_rules_of_its_question(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    referral = make_referral(session, state="in_review")
    sign_in(client, make_membership(session, Role.REFERRER))
    address = f"/referrals/{referral.reference}/correct_field"
    wrong = client.post(address, data={"field": "date_of_birth", "value": "31/02/2011", "reason": "slip", "seen": "3"})
    assert wrong.status_code == 422
    right = client.post(address, data={"field": "date_of_birth", "value": "28/02/2011", "reason": "slip", "seen": "3"})
    assert right.status_code == 303, right.text
    session.refresh(referral)
    assert str(referral.date_of_birth) == "2011-02-28"


def test_a_note_for_the_hub_is_not_shown_to_the_referrer(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    referral = make_referral(session, state="in_review")
    sign_in(client, make_membership(session, Role.COORDINATOR))
    for words, audience in (("Ring the ward sister", "hub"), ("We rang you at noon", "all")):
        seen = str(referral.version)
        sent = client.post(
            f"/referrals/{referral.reference}/note", data={"note": words, "audience": audience, "seen": seen}
        )
        assert sent.status_code == 303, sent.text
        session.refresh(referral)
    assert "Ring the ward sister" in client.get(f"/referrals/{referral.reference}").text
    sign_in(client, make_membership(session, Role.REFERRER))
    page = client.get(f"/referrals/{referral.reference}").text
    assert "We rang you at noon" in page
    assert "Ring the ward sister" not in page


def test_what_another_organisation_recorded_about_sharing_stays_with_the_hub(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    first = make_referral(session, state="in_review", nhs_number="9990000018")
    elsewhere = make_organisation(session, "ZRF02", name="Upper Calder Team", kind="referrer")
    other = make_membership(session, Role.REFERRER, elsewhere)
    second = make_referral(
        session,
        state="submitted",
        nhs_number="9990000018",
        referrer=actor_of(other),
        sharing_restricted=True,
        sharing_restriction_details="Nothing to the uncle in Lonsmoor",
        legal_status="02",
        legal_status_from=date(2026, 3, 1),
    )
    assert first.case is not None and first.case_id == second.case_id
    case = first.case.reference
    sign_in(client, make_membership(session, Role.CASE_MANAGER))
    for_hub = client.get(f"/referrals/{first.reference}").text
    assert "uncle in Lonsmoor" in for_hub
    sign_in(client, make_membership(session, Role.REFERRER))
    for address in (f"/referrals/{first.reference}", f"/cases/{case}"):
        page = client.get(address).text
        assert "Sharing restricted" in page
        assert "ask the hub" in page
        assert "Lonsmoor" not in page
        assert "Section 2" not in page
