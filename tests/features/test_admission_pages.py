"""Admission decisions as each person meets them: who sees what, who may decide, and what a refusal says."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.accounts.models import Membership
from hub.admissions.models import Admission
from hub.engine.drafts import Draft
from hub.engine.models import Transition
from hub.engine.perform import perform
from hub.engine.start import Beginning, start
from hub.organisations.models import Organisation
from hub.placements.models import Placement
from hub.referrals.services import parties_of
from tests.admission_factory import admission_of, do, let_outside_in, make_admission, make_crew
from tests.factories import NOW, actor_of, emergency_values, make_membership, make_organisation, make_person
from tests.statements import counted
from workflows.actor import Actor
from workflows.referral import REFERRAL
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
UNSEEN = (
    Role.QUALITY_LEAD,
    Role.QUALITY_GROUP_CHAIR,
    Role.FAMILY_LIAISON,
    Role.ADMINISTRATOR,
    Role.UNIT_MANAGER,
    Role.UNIT_CLINICIAN,
    Role.ACCESS_ASSESSOR,
    Role.PROVIDER_QUALITY_LEAD,
    Role.REFERRER,
    Role.FUNDER,
    Role.OUTSIDE_MEMBER,
)
OVER: dict[str, Any] = {"bed_type": "309", "expected_length_weeks": 12}
"""£93,600: above a case manager's limit, within the head of commissioning's."""
AGREE = {"responsible_commissioner": "ZIC01", "funding_source": "collaborative", "has_interest": "no"}


def _membership(session: Session, actor: Actor) -> Membership:
    return session.get_one(Membership, actor.membership_id)


def _last(session: Session, item: Admission) -> str:
    rows = select(Transition.action).where(Transition.item_id == item.id).order_by(Transition.position.desc())
    return session.scalars(rows).first() or ""


@pytest.mark.parametrize("role", UNSEEN)
def test_a_role_without_a_reason_is_told_that_nothing_is_here(
    session: Session, client: FlaskClient, sign_in: SignIn, role: Role
) -> None:
    admission = make_admission(session, "recommended")
    elsewhere = {Role.REFERRER: make_organisation(session, "ZRF02", name="Upper Calder Team", kind="referrer")}
    sign_in(client, make_membership(session, role, elsewhere.get(role)))
    address = f"/admissions/{admission.reference}"
    assert client.get(address).status_code == 404
    assert client.get(f"{address}/agree_admission").status_code == 404
    assert client.post(f"{address}/agree_admission", data={"seen": "9", **AGREE}).status_code == 404
    assert client.get(f"/placements/{admission.reference}").status_code == 404
    assert _last(session, admission) == "recommend"


def test_over_the_limit_a_case_manager_is_refused_with_the_reason_and_who_can(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    crew = make_crew(session)
    admission = make_admission(session, "recommended", crew=crew, **OVER)
    sign_in(client, _membership(session, crew.case_manager))
    for answer in (
        client.get(f"/admissions/{admission.reference}/agree_admission"),
        client.post(
            f"/admissions/{admission.reference}/agree_admission", data={"seen": str(admission.version), **AGREE}
        ),
    ):
        assert answer.status_code == 403
        assert "The estimated cost is £93,600 and a case manager decides up to £50,000" in answer.text
        assert crew.head.name in answer.text
    assert _last(session, admission) == "recommend"
    assert session.scalars(select(Placement)).all() == []


def test_who_recommended_may_not_decide_what_is_contested_even_as_head_of_commissioning(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    crew = make_crew(session)
    person = make_person(session, "Morag Tennant")
    both = make_membership(session, Role.CASE_MANAGER, user=person)
    crew = type(crew)(**{**vars(crew), "case_manager": actor_of(both)})
    admission = make_admission(session, "recommended", crew=crew, is_appropriate=False)
    sign_in(client, make_membership(session, Role.HEAD_OF_COMMISSIONING, user=person))
    page = client.get(f"/admissions/{admission.reference}").text
    assert "You recommended it, and it is contested" in page
    assert "Contested:" in page and "Form 2 says that admission is not appropriate" in page
    refused = client.post(
        f"/admissions/{admission.reference}/agree_admission", data={"seen": str(admission.version), **AGREE}
    )
    assert refused.status_code == 422
    assert "so another person decides: a head of commissioning or a director" in refused.text
    assert _last(session, admission) == "recommend"


def test_within_the_own_limit_and_not_contested_one_person_recommends_and_decides(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    crew = make_crew(session)
    admission = make_admission(session, "recommended", crew=crew)
    sign_in(client, _membership(session, crew.case_manager))
    address = f"/admissions/{admission.reference}/agree_admission"
    done = client.post(address, data={"seen": str(admission.version), **AGREE})
    assert done.status_code == 303, done.text
    page = client.get(done.location).text
    assert "Find a bed" in page and "Admission agreed" in page
    assert session.scalars(select(Placement.state)).all() == ["searching"]


def test_the_second_decider_is_told_who_decided_and_keeps_what_they_wrote(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    crew = make_crew(session)
    admission = make_admission(session, "recommended", crew=crew)
    seen = str(admission.version)
    sign_in(client, _membership(session, crew.head))
    address = f"/admissions/{admission.reference}"
    assert client.post(f"{address}/agree_admission", data={"seen": seen, **AGREE}).status_code == 303
    sign_in(client, _membership(session, crew.director))
    answers = {
        "advice": "Home treatment",
        "dispute_route": "Write to us",
        "has_interest": "no",
        "reason": "Too far away",
    }
    late = client.post(f"{address}/refuse_admission", data={"seen": seen, **answers})
    assert late.status_code == 409
    assert crew.head.name in late.text and "Too far away" in late.text
    assert _last(session, admission) == "agree_admission"


def test_the_referrer_sees_where_it_is_and_how_it_ended_and_nothing_that_was_written(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    crew = make_crew(session)
    admission = make_admission(session, "alternative_agreed", crew=crew)
    sign_in(client, _membership(session, crew.referrer))
    page = client.get(f"/admissions/{admission.reference}")
    assert page.status_code == 200
    assert "Alternative to admission agreed" in page.text and "It is the right thing to do" in page.text
    for hidden in ("Anorexia", "£38,400", "Home treatment: tried for six weeks", "What was recommended", "Who pays"):
        assert hidden not in page.text, hidden


def test_an_assessor_sees_both_forms_until_the_signature(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    crew = make_crew(session)
    admission = make_admission(session, "assessment_booked", crew=crew)
    sign_in(client, _membership(session, crew.assessor))
    page = client.get(f"/admissions/{admission.reference}").text
    assert "What the referral says" in page and "Form 2" in page and "Not eating since January" in page
    other = make_organisation(session, "ZAS02", name="Other Access Team", kind="nhs_trust")
    sign_in(client, make_membership(session, Role.ACCESS_ASSESSOR, other))
    assert client.get(f"/admissions/{admission.reference}").status_code == 404
    signed = make_admission(session, "assessed", crew=crew)
    sign_in(client, _membership(session, crew.assessor))
    assert client.get(f"/admissions/{signed.reference}").status_code == 404


def test_finance_sees_cost_and_decision_and_no_clinical_text(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    admission = make_admission(session, "recommended", **OVER)
    agreed = make_admission(session, "admission_agreed")
    sign_in(client, make_membership(session, Role.FINANCE_LEAD))
    page = client.get(f"/admissions/{admission.reference}")
    assert page.status_code == 200 and "£93,600" in page.text
    for hidden in ("Anorexia", "Hartwin", "HARTWIN", "To eat and to rest", "Home treatment"):
        assert hidden not in page.text, hidden
    assert client.get(f"/admissions/{admission.reference}/ask_more").status_code == 404
    assert "The provider collaborative’s budget" in client.get(f"/admissions/{agreed.reference}").text


def test_information_governance_sees_that_and_not_what(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    admission = make_admission(session, "admission_refused")
    sign_in(client, make_membership(session, Role.INFORMATION_GOVERNANCE))
    page = client.get(f"/admissions/{admission.reference}")
    assert page.status_code == 200 and "Decide: no admission" in page.text
    for hidden in ("Anorexia", "Hartwin", "Home treatment", "£"):
        assert hidden not in page.text, hidden


def test_an_outside_member_decides_once_the_hub_let_them_in(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    crew = make_crew(session)
    admission = make_admission(session, "recommended", crew=crew, bed_type="309", expected_length_weeks=520)
    sign_in(client, _membership(session, crew.director))
    assert (
        "Nobody in the hub may decide this: a case manager lets in an outside member"
        in client.get(f"/admissions/{admission.reference}").text
    )
    sign_in(client, _membership(session, crew.outside))
    assert client.get(f"/admissions/{admission.reference}").status_code == 404
    let_outside_in(session, admission, crew)
    page = client.get(f"/admissions/{admission.reference}")
    assert page.status_code == 200 and "To eat and to rest" in page.text
    address = f"/admissions/{admission.reference}/agree_admission"
    assert client.post(address, data={"seen": str(admission.version), **AGREE}).status_code == 303


def test_a_number_of_weeks_that_is_none_comes_back_as_it_was_typed(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    crew = make_crew(session)
    admission = make_admission(session, "assessed", crew=crew)
    sign_in(client, _membership(session, crew.case_manager))
    for typed in ("a few", "0", "521", "-3", "1.5", "99999999999999999999"):
        answer = client.post(
            f"/admissions/{admission.reference}/recommend",
            data={"seen": str(admission.version), "expected_length_weeks": typed, "bed_type": "301"},
        )
        assert answer.status_code == 422 and f'value="{typed}"' in answer.text, typed
    assert _last(session, admission) == "sign_assessment"


def test_what_was_typed_after_the_session_ended_is_kept(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    crew = make_crew(session)
    admission = make_admission(session, "recommended", crew=crew)
    sign_in(client, _membership(session, crew.head))
    client.post("/sign-out")
    client.post(f"/admissions/{admission.reference}/refuse_admission", data={"seen": "9", "advice": "Home treatment"})
    assert _last(session, admission) == "recommend"
    assert session.scalars(select(Draft)).all() == []  # signed out on purpose: nobody's words are kept


@pytest.mark.parametrize("state", ["assessment_requested", "recommended", "awaiting_ratification", "admission_agreed"])
def test_an_admission_page_costs_at_most_eleven_statements(
    session: Session, client: FlaskClient, sign_in: SignIn, engine: Engine, state: str
) -> None:
    reference = make_admission(session, state, referral={"immediate_risk": "Will run"}).reference
    sign_in(client, make_membership(session, Role.HEAD_OF_COMMISSIONING))
    client.get(f"/admissions/{reference}")
    with counted(engine) as sent:
        assert client.get(f"/admissions/{reference}").status_code == 200
    assert len(sent) <= 11, "\n\n".join(sent)


def test_a_placement_shows_what_is_looked_for_and_is_stood_down(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    crew = make_crew(session)
    admission = make_admission(session, "admission_agreed", crew=crew)
    placement = session.scalars(select(Placement)).one()
    sign_in(client, _membership(session, crew.case_manager))
    page = client.get(f"/placements/{placement.reference}").text
    assert "General, young person (13 to 17)" in page and "8 weeks" in page and admission.reference in page
    done = client.post(
        f"/placements/{placement.reference}/stand_down", data={"seen": str(placement.version), "reason": "Home again"}
    )
    assert done.status_code == 303
    sign_in(client, _membership(session, crew.referrer))
    page = client.get(f"/placements/{placement.reference}").text
    assert "Stood down" in page and "General, young person" not in page and "Home again" not in page


def test_a_decision_made_anew_says_nothing_of_the_one_before(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    crew = make_crew(session)
    admission = make_admission(session, "admission_refused", crew=crew)
    do(session, admission, "reconsider", crew.case_manager)
    do(session, admission, "agree_admission", crew.head, reason="")
    sign_in(client, _membership(session, crew.case_manager))
    page = client.get(f"/admissions/{admission.reference}").text
    decision = page.partition('id="decision"')[2].partition("</section>")[0]
    assert "Admission agreed" in decision and "Northmoor ICB" in decision
    assert "Home treatment twice a day" not in decision and "Reasons" not in decision


def test_after_a_refused_ratification_the_page_names_who_decides(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    crew = make_crew(session)
    admission = make_admission(session, "assessed", crew=crew, referral={"immediate_risk": "Will run"})
    do(session, admission, "admit_in_emergency", crew.case_manager)
    do(session, admission, "refuse_ratification", crew.head)
    do(session, admission, "recommend", crew.case_manager)
    sign_in(client, _membership(session, crew.case_manager))
    page = client.get(f"/admissions/{admission.reference}").text
    assert "Who can decide" in page
    assert crew.case_manager.name in page.partition("Who can decide")[2].partition("</section>")[0]


def test_who_admitted_is_not_called_another_person_when_they_try_to_ratify(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    crew = make_crew(session)
    admission = make_admission(session, "assessed", crew=crew, referral={"immediate_risk": "Will run"})
    do(session, admission, "admit_in_emergency", crew.director)
    here = f"/admissions/{admission.reference}/ratify"
    sign_in(client, _membership(session, crew.director))
    assert "Another person admitted" not in client.get(here).text
    sign_in(client, _membership(session, crew.head))
    assert f"Another person admitted: {crew.director.name}" in client.get(here).text


def test_an_assessor_reads_the_name_that_was_filled_in_after_the_draft_was_begun(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    crew = make_crew(session)
    sent = emergency_values()
    referral = start(
        session,
        REFERRAL,
        crew.referrer,
        now=NOW,
        values={"service_line": "cyp", "priority": "emergency", "received_at": NOW},
        about=Beginning(title="Name not known", parties=parties_of(crew.referrer.organisation_id or 0, None)),
    )
    perform(session, referral, "fill_in", crew.referrer, now=NOW, values=sent)
    perform(session, referral, "submit", crew.referrer, now=NOW, values={"declaration": True})
    for action in ("start_review", "accept"):
        perform(session, referral, action, crew.case_manager, now=NOW)
    admission = admission_of(session, referral)
    do(session, admission, "book_assessment", crew.coordinator)
    sign_in(client, _membership(session, crew.assessor))
    listed = client.get("/worklist").text
    assert f"{sent['family_name']}, {sent['given_name']}" in listed
    assert "Name not known" not in listed and "Age not known" not in listed


def test_whoever_was_named_on_accepting_is_offered_when_the_assessment_is_booked(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    crew = make_crew(session)
    admission = make_admission(session, "assessment_requested", crew=crew)
    named = session.get_one(Organisation, crew.assessor.organisation_id)
    admission.referral.assessing_organisation = named.ods_code
    sign_in(client, _membership(session, crew.coordinator))
    page = client.get(f"/admissions/{admission.reference}/book_assessment").text
    assert f'value="{named.id}" selected' in page


def test_an_answer_that_no_list_offers_is_refused(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    crew = make_crew(session)
    admission = make_admission(session, "recommended", crew=crew)
    sign_in(client, _membership(session, crew.head))
    refused = client.post(
        f"/admissions/{admission.reference}/agree_admission",
        data={"seen": str(admission.version), **AGREE, "responsible_commissioner": "NOBODY"},
    )
    assert refused.status_code == 422 and "Choose one from the list" in refused.text
    assert _last(session, admission) == "recommend"
