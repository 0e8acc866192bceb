"""A search for a bed with answers that cannot be meant: dates of another year, and units that are closed."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from hub.engine.audit import verify
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from tests.admission_factory import make_crew
from tests.factories import NOW, REASON
from tests.placement_factory import accept, admit, approach, complete, make_placement, make_ward, offer
from workflows.actor import Actor


def test_slips_in_dates_and_a_closed_unit_are_refused_in_words_at_every_step(session: Session) -> None:
    """Each step is tried with answers that cannot be meant, then done as it should be."""
    crew, day = make_crew(session), timedelta(days=1)
    search, ward, other = make_placement(session, crew), make_ward(session), make_ward(session)
    far, year = NOW + 367 * day, "look at the year again"
    item: Any = search

    def no(action: str, actor: Actor, said: dict[str, str], **values: Any) -> None:
        with pytest.raises(ActionRefused) as refused, session.begin_nested():
            perform(session, item, action, actor, now=values.pop("now", NOW), values=values, reason=REASON)
        session.expire_all()
        found = {problem.field: problem.message for problem in refused.value.problems}
        assert {name: words in str(found.get(name)) for name, words in said.items()} == dict.fromkeys(said, True), found

    def closed(on: date | None) -> None:
        ward.unit.site.until_on = on
        session.flush()

    asking = {"asked_unit_id": ward.unit.id, "asked_person": "Bev", "asked_how": "page", "why_this_unit": "Near"}
    closed((NOW - day).date())
    no("approach_unit", crew.coordinator, {"asked_unit_id": "is closed: its last day was"}, **asking)
    closed(NOW.date())
    no("allow_exception", crew.director, {"exception_until": year}, exception_unit_id=ward.unit.id, exception_until=far)
    item = asked = approach(session, search, ward.unit, crew.coordinator)
    for name, at, words in (
        ("offer_from", NOW - 3 * day, "long before you were asked"),
        ("offer_from", far, year),
        ("offer_until", far, year),
        ("offer_until", NOW, "passed already"),
    ):
        no("offer", ward.manager, {name: words}, **{"offered_bed": "4", "offer_from": NOW, name: at})
    offer(session, asked, ward.manager)
    item = search
    for on, words in (((NOW - day).date(), "this day has passed already"), (far.date(), year)):
        chosen = {"accepted_approach": asked.reference, "repatriation_on": on}
        no("accept_offer", crew.case_manager, {"repatriation_on": words}, **chosen)
    closed((NOW - day).date())
    no("accept_offer", crew.case_manager, {"accepted_approach": "is closed"}, accepted_approach=asked.reference)
    closed(None)
    accept(session, item, asked, crew.case_manager)
    no("plan_conveyance", crew.coordinator, {"conveyance_at": year}, conveyance_at=far)
    complete(session, item)
    for at, on, said in (
        (NOW - 300 * day, NOW.date(), {"admitted_at": "before the referral arrived"}),
        (NOW, (NOW - day).date(), {"estimated_discharge_on": "before the admission"}),
        (NOW, date(2226, 3, 27), {"estimated_discharge_on": year}),
    ):
        no("admit", ward.manager, said, admitted_at=at, estimated_discharge_on=on)
    closed((NOW - day).date())
    no("admit", ward.manager, {"admitted_at": "is closed"}, admitted_at=NOW, estimated_discharge_on=NOW.date())
    assert (item.state, item.admitted_at) == ("bed_accepted", None)
    closed(None)
    item = stay = admit(session, item, ward.manager, estimated_discharge_on=NOW.date())
    no("correct_beginning", ward.manager, {"began_at": "before the referral arrived"}, began_at=NOW - 300 * day)
    no(
        "change_discharge_date",
        ward.manager,
        {"estimated_discharge_on": "before"},
        estimated_discharge_on=date(1900, 1, 1),
    )
    other.unit.until_on = (NOW - day).date()
    session.flush()
    moving = {"next_unit_id": other.unit.id, "transferred_at": NOW + timedelta(hours=1), "now": NOW + day}
    no("transfer", crew.coordinator, {"transferred_at": "is closed: its last day was"}, **moving)
    assert stay.state == "current" and verify(session).findings == ()
