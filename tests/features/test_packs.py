"""The frozen pack of an approach: what a unit needs to answer, what is left out, and that it stays as it was."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.models import UserAccount
from hub.cases.alerts import add_alert
from hub.engine.perform import perform
from hub.papers.models import Paper
from hub.papers.printing import print_paper
from hub.placements.approach_models import Approach, ApproachPack
from hub.placements.models import Placement
from hub.placements.pack import RESTRICTED
from tests.admission_factory import do, make_admission, make_crew, searches
from tests.approach_factory import ask, make_search
from tests.factories import NOW, make_unit
from tests.paper_reading import catalogue, pdf_words, squeezed, structure
from workflows.actor import Actor

INSIDE = "INTERNALWORDS"
WHO: dict[str, Any] = {
    "preferred_name": "Izzy",
    "address": "9 Moss Lane",
    "phone": "01632 960 111",
    "parental_responsibility_name": "Petra Hartwin",
    "parental_responsibility_relationship": "mother",
    "do_not_contact": "The stepfather, Aldous Crane",
    "school_name": "Moss End School",
    "social_worker_name": "Bram Oakes",
    "safeguarding_concerns": "He waits outside the school",
    "family_views": "Her mother wants her near",
    "care_coordinator_name": "Nell Farrow",
    "risk_from_others": "The stepfather has threatened her",
}
"""Answers of Form 1 that say who the person is, where, and who is round them."""
CARE: dict[str, Any] = {
    "presenting_problem": "Not eating since January",
    "immediate_risk": "Will run tonight",
    "medication_and_allergies": "Allergic to penicillin",
    "purpose_of_admission": "To eat and to rest",
}
"""Answers that a unit needs to know whether it can look after somebody."""


def _pack(session: Session, approach: Approach) -> Paper:
    return session.scalars(select(Paper).where(Paper.item_id == approach.id)).one()


def _said(paper: Paper) -> str:
    blocks = paper.content["blocks"]
    rows = [part for block in blocks for row in block.get("rows", ()) for part in row]
    items = [said for block in blocks for said in block.get("items", ())]
    return "\n".join([*(block.get("text", "") for block in blocks), *rows, *items])


def _asked(session: Session, placement: Placement, by: Actor) -> Approach:
    return ask(session, placement, make_unit(session), by)


def test_a_pack_says_what_a_unit_needs_to_answer_and_nothing_from_inside(session: Session) -> None:
    crew = make_crew(session)
    session.get_one(UserAccount, crew.director.user_id).name = "Hob Sallowfield"  # whose name nobody else has
    texts = ("purpose", "exit_plan", "alternatives_considered", "missing_service_details", "conditions")
    inside: dict[str, Any] = dict.fromkeys(texts, INSIDE)
    admission = make_admission(
        session, "recommended", crew=crew, referral={**WHO, **CARE}, outcome_comments="A bed is right", **inside
    )
    for item in (admission.referral, admission):
        perform(session, item, "note", crew.case_manager, now=NOW, values={"note": INSIDE, "audience": "all"})
    do(session, admission, "record_objection", crew.case_manager, objection=INSIDE)
    do(session, admission, "agree_admission", crew.director, reason=INSIDE)
    (placement,) = searches(session, admission)
    assert crew.case_manager.user_id and placement.case_id
    add_alert(session, placement.case_id, text="Penicillin", detail=INSIDE, by_id=crew.case_manager.user_id, now=NOW)
    elsewhere, here = _asked(session, placement, crew.coordinator), _asked(session, placement, crew.coordinator)
    paper = _pack(session, here)
    said = _said(paper)
    shown = {
        "HARTWIN, Isobel",
        "14 September 2010 (15)",
        "Penicillin",
        "Informal",
        "A bed is right",
        "Anorexia nervosa",
    }
    for words in {*shown, *WHO.values(), *CARE.values(), "8 weeks", "A&E, Calder Royal, cubicle 4"} - {"mother"}:
        assert words in said, words
    for words in (INSIDE, "£", elsewhere.reference, "Home treatment: tried", "Recommend", "Hob Sallowfield"):
        assert words not in said, words
    assert RESTRICTED not in said
    facts = session.get_one(ApproachPack, here.id)
    assert (facts.age_years, facts.home_outcode) == (15, "LS1")
    row = {column.key: getattr(here, column.key) for column in here.__table__.columns} | {"title": here.title}
    assert not {"Isobel", "Hartwin", "Izzy"} & {word for value in row.values() for word in str(value).split()}
    before = (paper.sha256, said)
    perform(
        session,
        placement.admission.referral,
        "note",
        crew.coordinator,
        now=NOW,
        values={"note": "x", "audience": "hub"},
    )
    session.expire_all()
    assert (_pack(session, here).sha256, _said(_pack(session, here))) == before


@pytest.mark.parametrize("where", ["referral", "case"])
def test_where_sharing_is_restricted_the_pack_tells_how_the_person_is_and_not_who(session: Session, where: str) -> None:
    crew = make_crew(session)
    limit = {"sharing_restricted": where == "referral", "sharing_restriction_details": INSIDE}
    placement = make_search(session, crew, **WHO, **CARE, **limit)
    if where == "case":
        assert placement.case is not None
        placement.case.sharing_restricted = True
        session.flush()
    approach = _asked(session, placement, crew.coordinator)
    said = _said(_pack(session, approach))
    assert RESTRICTED in said
    for words in {*CARE.values(), "Informal", "15", "Anorexia nervosa"}:
        assert words in said, words
    names = {"Hartwin", "HARTWIN", "Isobel", "14 September 2010", "LS1", "01632", "Calder Royal", "Aisha Thorne"}
    for words in {*WHO.values(), *names, INSIDE} - {"mother"}:
        assert words not in said, words
    facts = session.get_one(ApproachPack, approach.id)
    assert (facts.age_years, facts.home_outcode) == (15, None)


def test_without_forms_the_pack_says_so(session: Session) -> None:
    crew = make_crew(session)
    route = make_admission(
        session, "awaiting_ratification", crew=crew, priority="emergency", referral={"postcode": "ZZ99 3VZ"}
    )
    (placement,) = searches(session, route)
    approach = _asked(session, placement, crew.on_call)
    said = _said(_pack(session, approach))
    assert "Form 2 is not signed yet" in said and "The ward cannot keep her safe tonight" in said
    assert "Gwen Larkrise, 01632 960 004" in said
    assert session.get_one(ApproachPack, approach.id).home_outcode is None


def test_a_pack_is_printed_as_an_accessible_paper_named_by_its_reference(session: Session) -> None:
    crew = make_crew(session)
    approach = _asked(session, make_search(session, crew, **WHO), crew.coordinator)
    paper = _pack(session, approach)
    assert paper.file_name == f"{approach.reference}-pack.pdf"
    made = print_paper(paper)
    assert squeezed("HARTWIN, Isobel") in pdf_words(made)
    root, parts = catalogue(made), structure(made)
    assert str(root["/Lang"]) == "en-GB" and parts["H1"] == 1 and parts["H2"] == 4 and parts["H3"] > 5
    assert "Hartwin" not in str(root.get("/Metadata", "")) and "isobel" not in paper.file_name
