"""The page of an approach and its answers: what is said before, what is flagged after, and for whom."""

from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.models import Membership
from hub.beds.models import BedState, BedStateEntry
from hub.papers.models import Paper
from hub.placements.approach_models import Approach
from hub.placements.approach_presenters import FOR_THE_UNIT
from hub.placements.pack import RESTRICTED, for_whom
from tests.admission_factory import make_crew
from tests.approach_factory import accept, answer, make_approach, member_of
from tests.factories import NOW, actor_of, make_actor, make_membership, make_unit
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]


def _here(approach: Approach, end: str = "") -> str:
    return f"/approaches/{approach.reference}{end}"


def _case_of(approach: Approach) -> str:
    assert approach.case is not None
    return f"/cases/{approach.case.reference}"


def _text(client: FlaskClient, path: str) -> str:
    return " ".join(unescape(client.get(path).text).split())


def _confirm_beds(session: Session, approach: Approach, *, occupied: int) -> None:
    """The unit's own figures: ten beds open, so many taken, confirmed an hour before it was asked."""
    figures: dict[str, Any] = {"commissioned": 10, "open_beds": 10, "occupied": occupied, "held": 0, "version": 1}
    at = NOW - timedelta(hours=1)
    which = {"unit_id": approach.unit_id, "bed_type": approach.bed_type, "confirmed_at": at}
    session.add(BedState(**figures, **which))
    session.add(BedStateEntry(**figures, **which, source="page", recorded_at=at))
    session.flush()


@pytest.mark.parametrize("occupied", [8, 10])
def test_no_bed_beside_a_free_one_is_said_before_and_flagged_afterwards(
    session: Session, client: FlaskClient, sign_in: SignIn, occupied: int
) -> None:
    unit, crew = make_unit(session), make_crew(session)
    approach = make_approach(session, unit=unit, crew=crew)
    _confirm_beds(session, approach, occupied=occupied)
    manager, is_free = member_of(session, unit), occupied < 10
    sign_in(client, manager)
    before = _text(client, _here(approach, "/refuse"))
    assert ("Your own bed state says that 2 of 10 open beds are free" in before) is is_free
    assert (f"/beds/{unit.unit_code}" in before) is is_free
    answer(session, approach, "refuse", actor_of(manager), refusal_reason="no_bed", refusal_details="Full")
    session.expire_all()
    own = _text(client, _here(approach))
    assert ("Your own bed state said 2 of 10 open beds free then" in own) is is_free and "Full" in own
    assert ("“No bed” was said" in own) is is_free
    sign_in(client, session.get_one(Membership, crew.coordinator.membership_id))
    seen = _text(client, _here(approach))
    assert ("The unit’s own bed state said 2 of 10 open beds free then" in seen) is is_free
    assert "Full" in seen and "HARTWIN" in seen


def test_the_unit_answers_on_its_page_and_is_told_what_holds_when_it_says_nothing(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    unit = make_unit(session)
    approach = make_approach(session, unit=unit)
    sign_in(client, member_of(session, unit))
    shown = _text(client, _here(approach))
    assert "General, young person (13 to 17), for a 15-year-old from LS1" in shown
    assert "the hub itself" not in shown, "what the hub does by itself waits for nobody"
    form = _text(client, _here(approach, "/offer"))
    assert "If you leave this empty it stands for 4 hours from when you send it." in form and FOR_THE_UNIT not in form
    refusal = client.post(
        _here(approach, "/refuse"),
        data={"seen": str(approach.version), "refusal_reason": "acuity", "refusal_consultant": "Dr Leah Marchetti"},
    )
    said = unescape(refusal.text)
    assert refusal.status_code == 422 and "Dr Leah Marchetti" in said
    assert "Say what would change the answer, or that nothing would" in said
    assert "A clinical reason needs the criterion that is not met" in said
    day = {"day": "17", "month": "3", "year": "2026", "time": "3pm"}
    typed = {"seen": str(approach.version), "offered_bed": "Room 4", "offer_conditions": "A nurse comes too"}
    typed |= {f"offer_from-{box}": value for box, value in day.items()}
    assert client.post(_here(approach, "/offer"), data=typed).status_code == 303
    offered = _text(client, _here(approach))
    assert "Room 4" in offered and "A nurse comes too" in offered and "Tuesday 17 March 2026, 3pm" in offered
    assert _here(approach, "/withdraw_offer") in offered and _here(approach, "/offer") not in offered
    withdrawn = {"seen": str(approach.version + 1), "reason": "The ward has flooded"}
    session.expire_all()
    assert client.post(_here(approach, "/withdraw_offer"), data=withdrawn).status_code == 303
    kept = _text(client, _here(approach))
    assert "The ward has flooded" in kept and "Room 4" in kept and "HARTWIN" not in kept
    assert approach.reference in kept and "15-year-old" not in kept and "LS1" not in kept


def test_the_hub_answers_for_a_unit_by_telephone_and_sees_who_asked(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    crew = make_crew(session)
    approach = make_approach(session, crew=crew)
    sign_in(client, session.get_one(Membership, crew.coordinator.membership_id))
    shown = _text(client, _here(approach))
    for words in (crew.coordinator.name, "On the unit's own page", "Bed desk", "Linden, Tarn House", "HARTWIN"):
        assert words in shown, words
    assert FOR_THE_UNIT in _text(client, _here(approach, "/offer"))
    assert FOR_THE_UNIT in _text(client, _here(approach, "/refuse"))
    answer(session, approach, "offer", crew.coordinator)
    session.expire_all()
    accepted_at = f"/placements/{approach.placement.reference}/accept_offer"
    for role, may in ((Role.COORDINATOR, False), (Role.CASE_MANAGER, True)):
        sign_in(client, make_membership(session, role))
        assert (accepted_at in client.get(_here(approach)).text) is may
    sign_in(client, make_membership(session, Role.INFORMATION_GOVERNANCE))
    trail = _text(client, _here(approach))
    assert "History" in trail and not any(words in trail for words in ("HARTWIN", "Hartwin", "Bed desk", "LS1"))


def test_where_sharing_is_restricted_the_unit_is_not_told_who_it_is(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    unit = make_unit(session)
    limit = {
        "sharing_restricted": True,
        "sharing_restriction_details": "SECRETLIMIT",
        "presenting_problem": "Not eating",
    }
    approach = make_approach(session, "asked", crew=None, unit=unit, **limit)
    sign_in(client, member_of(session, unit))
    page = _text(client, _here(approach))
    assert RESTRICTED in page and "Sharing restricted" in page and "Not eating" in page
    for words in ("Hartwin", "HARTWIN", "Isobel", "SECRETLIMIT", "LS1", "September 2010"):
        assert words not in page, words
    for words in ("Hartwin", "14/09/2010"):
        assert approach.reference not in client.get("/search", query_string={"q": words}).text
    # Nor once its bed is accepted: the hub tells that itself.
    answer(session, approach, "offer", actor_of(member_of(session, unit)))
    accept(session, approach, make_actor(session, Role.CASE_MANAGER))
    session.expire_all()
    reference = approach.placement.reference
    lists = ("/home/", "/worklist", f"/placements/{reference}", f"/search?q={reference} {approach.reference}")
    for address in (*lists, _here(approach), "/messages", _case_of(approach)):
        page = _text(client, address)
        assert reference in page or address == "/messages", address
        for words in ("Hartwin", "HARTWIN", "Isobel", "SECRETLIMIT", "September 2010"):
            assert words not in page, (words, address)
    for words in ("Hartwin", "14/09/2010"):
        assert reference not in client.get("/search", query_string={"q": words}).text


def test_an_age_has_its_article_and_a_district_is_said_only_where_it_may_be() -> None:
    assert [for_whom(*known) for known in ((8, "HD1"), (15, None), (18, "LS1"), (85, None), (None, "HX3"))] == [
        "an 8-year-old from HD1",
        "a 15-year-old",
        "an 18-year-old from LS1",
        "an 85-year-old",
        "a person whose age is not known from HX3",
    ]


def test_a_pack_that_names_the_person_is_kept_back_once_sharing_is_restricted(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    unit, crew = make_unit(session), make_crew(session)
    approach = make_approach(session, unit=unit, crew=crew)
    pack = session.scalars(select(Paper).where(Paper.item_id == approach.id)).one()
    unit_reads, hub_reads = member_of(session, unit), session.get_one(Membership, crew.coordinator.membership_id)
    papers = (f"/papers/{pack.id}", f"/papers/{pack.id}.pdf")
    sign_in(client, unit_reads)
    assert "HARTWIN" in _text(client, _here(approach)) and client.get(papers[0]).status_code == 200
    assert approach.case is not None
    approach.case.sharing_restricted = True
    session.flush()
    shown = _text(client, _here(approach))
    assert "Sharing was restricted after you were asked" in shown
    assert not {"HARTWIN", "Isobel", "999 000"} & {word for word in ("HARTWIN", "Isobel", "999 000") if word in shown}
    assert [client.get(path).status_code for path in papers] == [404, 404]
    sign_in(client, hub_reads)
    assert [client.get(path).status_code for path in papers] == [200, 200]
