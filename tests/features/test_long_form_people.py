"""A long form between people: what the hub asks for again, the rest of an emergency, and who may not look."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.models import Membership
from hub.engine.models import AccessLog
from hub.engine.perform import perform
from tests.admission_factory import make_admission, make_crew
from tests.factories import actor_of, make_membership, make_referral
from tests.features.form_filling import BORN, find, line_of, save
from workflows import form1, form2
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]


@pytest.fixture
def referrer(session: Session, client: FlaskClient, sign_in: SignIn) -> Any:
    """A referrer, signed in."""
    made = make_membership(session, Role.REFERRER)
    sign_in(client, made)
    return made


def test_what_the_hub_asks_for_is_ticked_sent_and_marked(
    session: Session, client: FlaskClient, sign_in: SignIn, referrer: Any
) -> None:
    referral = make_referral(session, "in_review", referrer=actor_of(referrer), autism="1")
    address = f"/referrals/{referral.reference}"
    sign_in(client, make_membership(session, Role.COORDINATOR))
    page = client.get(f"{address}/return_incomplete").text
    ticked = re.findall(r'value="(\w+)" checked', page)
    assert ticked == ["cetr_on"], "what accepting it would ask for"
    offered = set(re.findall(r'name="fields_asked_for" id="[^"]+" value="(\w+)"', page))
    assert set(form1.FIELD) - offered == {
        *("service_line", "priority", "referring_organisation"),
        *("prison_number", "index_offence", "earliest_release_on"),
    }, "nothing is asked for that the referrer cannot answer"
    given = {"seen": str(referral.version), "what_is_missing": "The review, and what her mother says"}
    unknown = client.post(f"{address}/return_incomplete", data={**given, "fields_asked_for": ["cetr_on", "nonsense"]})
    assert unknown.status_code == 422 and "from the list" in unknown.text
    assert re.findall(r'value="(\w+)" checked', unknown.text) == ["cetr_on"]
    done = client.post(f"{address}/return_incomplete", data={**given, "fields_asked_for": ["cetr_on", "family_views"]})
    assert done.status_code == 303, done.text
    assert "Date of the community C(E)TR, What the family thinks" in client.get(address).text, "history in words"

    sign_in(client, referrer)
    assert "What the family thinks" in client.get(address).text
    page = client.get(f"{address}/form").text
    assert "The hub asks for 2 answers" in page and "what her mother says" in page
    for title in ("Learning disability, autism and care reviews", "What the young person and family think"):
        assert "The hub asks for 1 answer here" in line_of(page, title)
    assert "The hub asks" not in line_of(page, "Consent")
    section = client.get(f"{address}/form/views").text
    assert section.count("The hub asks for this.") == 1 == section.count('class="hub-asked"')
    saved = save(client, session, address, "views", family_views="She is afraid of the distance")
    assert saved.status_code == 303, saved.text
    page = client.get(f"{address}/form").text
    assert (
        "The hub asks" not in line_of(page, "What the young person and family think") and "1 of them has been" in page
    )
    assert "it was answered" in client.get(f"{address}/form/views").text
    check = client.get(f"{address}/form/check").text
    assert "The hub asks for 1 answer not changed since" in check and "Everything needed is there" not in check
    perform(
        session,
        find(session, address),
        "submit",
        actor_of(referrer),
        now=datetime.now(UTC),
        values={"declaration": True},
    )
    assert client.get(f"{address}/form").status_code == 200
    assert "The hub asks" not in client.get(f"{address}/form").text


def test_a_returned_referral_cannot_be_turned_into_one_about_somebody_else(
    session: Session, client: FlaskClient, referrer: Any
) -> None:
    referral = make_referral(session, "returned", nhs_number="9990000018", referrer=actor_of(referrer))
    person = {"family_name": "Hartwin", "given_name": "Isobel", "postcode": "LS1 4AB", **BORN}
    address = f"/referrals/{referral.reference}"
    swapped = save(client, session, address, "person", **person, nhs_number="9990000026")
    assert swapped.status_code == 422
    assert "this says who the person is" in swapped.text
    assert find(session, address).nhs_number == "9990000018"


def test_the_rest_of_an_emergency_is_added_by_section_and_its_deciding_answers_are_not_asked_again(
    session: Session, client: FlaskClient, referrer: Any
) -> None:
    owed: dict[str, Any] = dict.fromkeys(("bed_type_wanted", "referrer_name", "primary_reason", "presenting_problem"))
    referral = make_referral(session, "submitted", priority="emergency", referrer=actor_of(referrer), **owed)
    address = f"/referrals/{referral.reference}"
    assert client.get(f"{address}/add_the_rest").location == f"{address}/form"
    page = client.get(f"{address}/form").text
    assert "2 answers needed" in line_of(page, "Clinical picture and risk")
    priority = client.get(f"{address}/form/priority").text
    assert 'name="priority"' not in priority and 'name="bed_type_wanted"' in priority
    saved = save(client, session, address, "priority", bed_type_wanted="301", referrer_name="Joy", priority="routine")
    assert saved.status_code == 303, saved.text
    item = find(session, address)
    assert (item.bed_type_wanted, item.priority, item.state) == ("301", "emergency", "submitted")
    assert "There is nothing to send" not in client.get(f"{address}/form/check").text


@pytest.mark.parametrize("role", [Role.FINANCE_LEAD, Role.INFORMATION_GOVERNANCE, Role.UNIT_MANAGER, Role.FUNDER])
def test_who_may_not_see_the_answers_finds_no_form(
    session: Session, client: FlaskClient, sign_in: SignIn, role: Role
) -> None:
    referral = make_referral(session, "returned")
    sign_in(client, make_membership(session, role))
    for page in ("form", "form/check", "form/person", "form/nonsense"):
        answer = client.get(f"/referrals/{referral.reference}/{page}")
        assert answer.status_code == 404 and "Hartwin" not in answer.text
    for page in ("form/person", "form/person/draft"):
        if role is not Role.INFORMATION_GOVERNANCE or not page.endswith("draft"):
            posted = client.post(f"/referrals/{referral.reference}/{page}", data={"seen": "4", "family_name": "X"})
            assert posted.status_code == 404
    assert find(session, f"/referrals/{referral.reference}").family_name == "Hartwin"


def test_who_sees_it_and_may_not_fill_it_in_is_told_who_may(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    referral = make_referral(session, "returned")
    address = f"/referrals/{referral.reference}"
    sign_in(client, make_membership(session, Role.DIRECTOR))
    for page in ("form", "form/check", "form/person"):
        answer = client.get(f"{address}/{page}")
        assert answer.status_code == 403 and "This is for" in answer.text and "<input" not in _main(answer.text)
    refused = client.post(f"{address}/form/person", data={"seen": "4", "family_name": "X"})
    assert refused.status_code == 403
    assert "Open the form" not in client.get(address).text
    sign_in(client, make_membership(session, Role.COORDINATOR))
    assert "Open the form" in client.get(address).text
    assert client.get(f"{address}/fill_in").location == f"{address}/form"
    assert client.get(f"{address}/form/nonsense").status_code == 404
    assert client.post(f"{address}/form/nonsense/draft", data={}).status_code == 404
    looked = session.scalars(select(AccessLog.what).where(AccessLog.item_id == referral.id)).all()
    assert set(looked) == {"opened"}


def _main(page: str) -> str:
    return page[page.index("<main") : page.index("</main")]


def test_form_2_by_section_by_the_assessor_and_by_nobody_who_only_follows_it(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    crew = make_crew(session)
    admission = make_admission(session, "assessment_booked", crew=crew)
    address = f"/admissions/{admission.reference}"
    sign_in(client, session.get_one(Membership, crew.referrer.membership_id))
    assert client.get(address).status_code == 200, "a referrer follows it"
    for page in ("form", "form/check", "form/findings"):
        assert client.get(f"{address}/{page}").status_code == 404
    sign_in(client, session.get_one(Membership, crew.assessor.membership_id))
    assert client.get(f"{address}/fill_in_assessment").location == f"{address}/form"
    signing = client.get(f"{address}/sign_assessment").text
    assert "answers missing: fill it in first" in signing and f'href="{address}/form"' in signing
    page = client.get(f"{address}/form/questions").text
    for question in form2.QUESTIONS:
        if question.section == "questions":
            assert f'for="{question.details}"' in page and question.details_label in page
    data = {question.name: "no" for question in form2.QUESTIONS}
    for section in ("questions", "needs"):
        saved = client.post(f"{address}/form/{section}", data={"seen": str(admission.version), **data})
        assert saved.status_code == 303, saved.text
        session.refresh(admission)
    check = client.get(f"{address}/form/check").text
    assert "needs details" in check and f'href="{address}/form/questions#addresses_needs_details"' in check
    assert f'href="{address}/form/assessor#assessed_at-day"' in check
    assert "What harm an admission could do" not in check, "no detail is asked for a No"
