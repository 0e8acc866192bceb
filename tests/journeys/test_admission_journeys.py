"""The decision on admission, by the people who take it: at 3 in the morning, contested, and with an alternative."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from hub.accounts.models import OnCallShift
from hub.admissions.models import Admission
from hub.db import transaction
from hub.engine.audit import verify
from hub.placements.models import Placement
from tests.admission_factory import make_admission
from tests.factories import make_referral
from tests.journeys.conftest import Person
from tests.journeys.telephone import put_on_call, takes_it_to_the_search_for_a_bed
from workflows.form2 import QUESTIONS
from workflows.roles import Role

pytestmark = pytest.mark.journey
Arrive = Callable[..., Person]


def _admission(database: Engine) -> Admission:
    with Session(database, expire_on_commit=False) as session:
        assert not verify(session).findings
        return session.scalars(select(Admission)).one()


def test_on_call_alone_takes_an_emergency_from_the_telephone_to_the_search_for_a_bed(
    database: Engine, person: Arrive, people: dict[Role, str]
) -> None:
    # Given one manager on call at 3 in the morning, with a doctor on the telephone
    put_on_call(database, people[Role.DIRECTOR])
    karen = person(Role.DIRECTOR)
    takes_it_to_the_search_for_a_bed(karen)
    made = _admission(database)
    karen.open(f"/admissions/{made.reference}/ratify")
    karen.says("You admitted this person")
    karen.is_accessible()
    refused = karen.page.context.request.post(
        f"{karen.address}/admissions/{made.reference}/ratify",
        form={"reason": "It was right", "seen": str(made.version), "csrf_token": _token(karen)},
        headers={"Origin": karen.address, "Referer": karen.address},
    )
    assert refused.status == 422
    assert _admission(database).ratified_at is None
    # And another person ratifies it in the morning
    ruth = person(Role.HEAD_OF_COMMISSIONING)
    ruth.open(f"/admissions/{made.reference}")
    ruth.is_accessible()
    ruth.press("Ratify the emergency admission")
    ruth.page.get_by_label("Your reason").fill("She could not be kept safe where she was")
    ruth.is_accessible()
    ruth.press("Ratify the emergency admission")
    ruth.says("Ratified; the late Form 2 is still to come")
    ruth.is_accessible()


def _token(someone: Person) -> str:
    someone.open("/account")
    return someone.page.locator("input[name=csrf_token]").first.input_value()


def test_the_rota_alone_gives_the_powers_and_they_end_with_the_shift(
    database: Engine, person: Arrive, people: dict[Role, str]
) -> None:
    # Given somebody who looks after the money by day, and sees no case
    omar = person(Role.FINANCE_LEAD)
    assert _answer(omar, "/referrals/new") == 404
    # When the rota names them, they take an emergency to the search for a bed, and may not ratify it
    put_on_call(database, people[Role.FINANCE_LEAD])
    takes_it_to_the_search_for_a_bed(omar)
    search = omar.page.url.removeprefix(omar.address)
    assert _answer(omar, search) == 200
    assert _answer(omar, f"/admissions/{_admission(database).reference}/ratify") == 403
    # Then, when the shift is over, what they opened is not theirs to see
    with Session(database) as session, transaction(session):
        session.execute(update(OnCallShift).values(until_at=datetime.now(UTC) - timedelta(minutes=1)))
    assert _answer(omar, search) == 404


def _answer(someone: Person, path: str) -> int:
    answer = someone.page.goto(f"{someone.address}{path}")
    assert answer is not None
    return answer.status


def test_an_assessor_fills_in_form_2_and_the_head_decides_what_is_over_the_case_managers_limit(
    database: Engine, person: Arrive
) -> None:
    # Given an urgent referral that was accepted, and a case manager who books Tarn House to assess
    with Session(database, expire_on_commit=False) as session, transaction(session):
        make_referral(session, "accepted", priority="urgent", now=datetime.now(UTC) - timedelta(hours=2))
    reference = _admission(database).reference
    priya = person(Role.CASE_MANAGER)
    priya.open(f"/admissions/{reference}/book_assessment")
    priya.page.get_by_label("Who will assess?").select_option(label="Tarn House")
    priya.page.get_by_label("Name of the assessor").fill("Ewan Sallis, 01632 960004")
    _in_two_days(priya, "When?")
    priya.page.get_by_label("Face to face").check()
    priya.page.get_by_label("Where?").fill("Ward 12")
    priya.is_accessible()
    priya.press("Book the assessment")
    priya.says("is assessment booked")
    # When the assessor reads the referral, answers Form 2 and signs it
    ewan = person(Role.ACCESS_ASSESSOR)
    ewan.open("/worklist")
    ewan.press("Sign the assessment")
    ewan.says("What the referral says")
    ewan.is_accessible()
    assert "Estimated cost" not in ewan.page.content()
    ewan.says("answers missing: fill it in first")
    ewan.press("Open the form")
    _fill_form_2(ewan)
    ewan.press("Sign the assessment")
    ewan.page.get_by_role("group", name="Is inpatient admission appropriate?").get_by_label("Yes").check()
    ewan.page.get_by_role("group", name="Would it be only because").get_by_label("No").check()
    ewan.page.get_by_label("I assessed this person").check()
    ewan.is_accessible()
    ewan.press("Sign the assessment")
    # Then it is signed, and the assessor's access has ended with it
    ewan.says("is assessed")
    assert ewan.page.goto(f"{ewan.address}/admissions/{reference}").status == 404  # type: ignore[union-attr]
    # And the case manager recommends what is over the limit of a case manager, so the head of commissioning decides
    priya.open(f"/admissions/{reference}/recommend")
    priya.page.get_by_label("Admit", exact=True).check()
    priya.page.get_by_label("Less restrictive options").fill("Home treatment: tried for six weeks, not enough")
    priya.page.get_by_label("What is it for?").fill("To eat and sleep again")
    priya.page.get_by_label("Type of bed").select_option(label="Psychiatric intensive care, children and young people")
    priya.page.get_by_label("How many weeks").fill("twelve")
    priya.page.get_by_label("How does it end?").fill("Home with day care")
    priya.press("Recommend")
    priya.says("How many weeks would an admission last: write a whole number, such as 12")
    priya.page.get_by_label("How many weeks").fill("12")
    priya.is_accessible()
    priya.press("Recommend")
    priya.says("is recommended")
    priya.says("£93,600")
    priya.open(f"/admissions/{reference}/agree_admission")
    priya.says("The estimated cost is £93,600 and a case manager decides up to £50,000")
    priya.says("Ruth Calloway")
    priya.is_accessible()
    ruth = person(Role.HEAD_OF_COMMISSIONING)
    ruth.open(f"/admissions/{reference}")
    ruth.is_accessible()
    ruth.press("Decide: admit")
    ruth.page.get_by_label("Responsible commissioner").select_option(index=1)
    ruth.page.get_by_label("The provider collaborative").check()
    ruth.page.get_by_role("group", name="Do you have an interest").get_by_label("No").check()
    ruth.is_accessible()
    ruth.press("Decide: admit")
    ruth.says("is admission agreed")
    ruth.says("Find a bed")
    ruth.is_accessible()
    with Session(database) as session:
        assert session.scalars(select(Placement.state)).all() == ["searching"]
    # And the referrer sees how it ended, and nothing of what was written
    joy = person(Role.REFERRER)
    assert joy.page.goto(f"{joy.address}/admissions/{reference}") is not None


def _in_two_days(someone: Person, legend: str) -> None:
    then = datetime.now(UTC) + timedelta(days=2)
    group = someone.page.get_by_role("group", name=legend)
    for label, value in (("Day", then.day), ("Month", then.month), ("Year", then.year), ("Time", "10:30am")):
        group.get_by_label(label).fill(str(value))


def _fill_form_2(someone: Person) -> None:
    """From the list of sections through each of them to the check."""
    page = someone.page
    someone.says("0 of 17 needed answers are there")
    someone.is_accessible()
    someone.press("Who assessed")
    for label in ("Full name of the assessor", "Position", "Trust or organisation", "Access assessment unit or team"):
        page.get_by_label(label).fill(f"{label}: as signed")
    page.get_by_label("Telephone of the assessor").fill("01632 960004")
    seen = page.get_by_role("group", name="When the person was seen")
    now = datetime.now(UTC) - timedelta(days=1)
    for label, value in (("Day", now.day), ("Month", now.month), ("Year", now.year), ("Time", "9:15am")):
        seen.get_by_label(label).fill(str(value))
    someone.is_accessible()
    someone.press("Save and go on")
    page.get_by_label("Provisional diagnosis").fill("Severe depression")
    page.get_by_role("textbox", name="What was found").fill("Not eating, not sleeping, wants to die")
    someone.press("Save and go on")
    for section in ("questions", "needs"):
        for question in QUESTIONS:
            if question.section == section:
                answer = "Yes" if question.name in {"addresses_needs", "has_risk_factors"} else "No"
                page.get_by_role("group", name=question.label).get_by_label(answer, exact=True).check()
        someone.is_accessible()
        if section == "needs":
            page.get_by_label("Which risk factors").fill("Has a plan and the means")
        someone.press("Save and go on")
    # What an answer calls for is missed at the end, and the link leads to its very box.
    someone.says("1 answer still missing")
    someone.is_accessible()
    page.get_by_role("link", name="needs details").click()
    page.wait_for_url("**/form/questions#addresses_needs_details")
    page.get_by_label("How it addresses the needs").fill("Safety, food, sleep, and a plan for home")
    someone.press("Save and go back to the list")
    someone.says("19 of 19 needed answers are there")
    someone.press("Check your answers")


def test_a_question_stops_the_clock_and_an_alternative_needs_no_bed(database: Engine, person: Arrive) -> None:
    # Given a young person in intensive care: Form 2 says no to an admission, an alternative is recommended
    with Session(database, expire_on_commit=False) as session, transaction(session):
        made = make_admission(session, "recommended", priority="emergency", now=datetime.now(UTC) - timedelta(hours=2))
        reference = made.reference
    # When the head of commissioning asks the referrer whether she is fit to be moved
    ruth = person(Role.HEAD_OF_COMMISSIONING)
    ruth.open(f"/admissions/{reference}/ask_more")
    ruth.page.get_by_label("What do you need to know?").fill("Is she fit to be moved?")
    ruth.page.get_by_label("Who can answer?").select_option(label="Brackendale Community Team")
    _in_two_days(ruth, "By when?")
    ruth.is_accessible()
    ruth.press("Ask for more")
    ruth.says("The question that waits for an answer")
    ruth.says("Paused")
    ruth.is_accessible()
    # Then the referrer sees the question, answers it, and sees nothing of what the hub wrote
    joy = person(Role.REFERRER)
    joy.open(f"/admissions/{reference}")
    joy.says("Is she fit to be moved?")
    assert "What was recommended" not in joy.page.content() and "Estimated cost" not in joy.page.content()
    joy.is_accessible()
    joy.press("Answer the question")
    joy.page.get_by_label("Your answer").fill("Not before mid April. Antibody tests are negative.")
    joy.is_accessible()
    joy.press("Answer the question")
    joy.says("is assessed")
    # And it is recommended again, and the alternative is agreed: no bed is looked for
    priya = person(Role.CASE_MANAGER)
    priya.open(f"/admissions/{reference}")
    priya.says("Not before mid April. Antibody tests are negative.")
    priya.press("Recommend")
    priya.is_accessible()
    priya.press("Recommend")
    priya.says("is recommended")
    ruth.open(f"/admissions/{reference}/agree_alternative")
    ruth.page.get_by_label("A bespoke package where the person is").check()
    ruth.page.get_by_label("Who will provide it?").fill("St Aelred’s, with an extra-care team")
    ruth.press("Decide: alternative to admission")
    ruth.says("things to put right")
    ruth.is_accessible()
    assert ruth.page.get_by_label("Who will provide it?").input_value() == "St Aelred’s, with an extra-care team"
    ruth.page.get_by_label("What happens if it does not work?").fill("The chair decides, after two days")
    ruth.page.get_by_role("group", name="Do you have an interest").get_by_label("No").check()
    ruth.page.get_by_label("Your reason").fill("She needs heart and breathing support at hand")
    ruth.press("Decide: alternative to admission")
    ruth.says("is alternative agreed")
    ruth.is_accessible()
    joy.open(f"/admissions/{reference}")
    joy.says("Alternative to admission agreed")
    joy.says("She needs heart and breathing support at hand")
    joy.is_accessible()
    with Session(database) as session:
        assert session.scalars(select(Placement)).all() == []
        assert not verify(session).findings
