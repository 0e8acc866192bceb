"""Who finds what: hub roles, parties, on-call, drafts and sealed cases; and one item read for its page."""

from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from hub.cases.models import CareCase, CaseSeal
from hub.engine.authority import is_party
from hub.engine.models import ItemParty, WorkItem
from hub.engine.perform import perform
from hub.engine.reading import find_item, read_item
from hub.engine.refusal import ActionRefused
from hub.engine.start import Beginning, PartyTo, start
from hub.engine.visibility import View, may_see, opens_by_organisation, view_of, visible
from hub.referrals.models import Referral
from tests.factories import (
    NOW,
    actor_of,
    make_actor,
    make_membership,
    make_provider,
    make_referral,
    make_unit,
    start_referral,
)
from workflows.actor import SYSTEM, Actor
from workflows.referral import REFERRAL
from workflows.roles import PERSON_ROLES, Role

SEE_ALL = {
    Role.COORDINATOR,
    Role.CASE_MANAGER,
    Role.CLINICAL_REVIEWER,
    Role.HEAD_OF_COMMISSIONING,
    Role.DIRECTOR,
}


@pytest.mark.parametrize("role", PERSON_ROLES)
def test_what_a_role_finds_without_being_a_party(session: Session, role: Role) -> None:
    item = make_referral(session)
    start_referral(session)
    actor = make_actor(session, role)
    if role is Role.REFERRER:
        actor = Actor(actor.user_id, actor.name, role, organisation_id=make_provider(session).id)
    found = session.scalars(visible(Referral, actor)).all()
    assert found == ([item] if role in SEE_ALL | {Role.INFORMATION_GOVERNANCE} else [])
    assert may_see(item, actor, item.parties) is (role in SEE_ALL)


def test_the_hub_itself_finds_everything_and_nobody_nothing(session: Session) -> None:
    items = [make_referral(session), start_referral(session)]
    assert session.scalars(visible(WorkItem, SYSTEM).order_by(WorkItem.id)).all() == items
    assert session.scalars(visible(WorkItem, Actor(None, "x", Role.DIRECTOR, is_hub=True))).all() == []
    assert view_of("referral", Actor(1, "x", None, is_hub=True)) is View.NONE
    assert view_of("an unknown kind", Actor(1, "x", Role.DIRECTOR, is_hub=True)) is View.NONE


def test_on_call_finds_emergencies(session: Session, on_call: Actor) -> None:
    emergency = make_referral(session, priority="emergency")
    routine = make_referral(session)
    assert session.scalars(visible(WorkItem, on_call)).all() == [emergency]
    assert may_see(emergency, on_call, []) and not may_see(routine, on_call, [])


def test_a_sealed_case_is_open_to_a_named_list(session: Session, case_manager: Actor, on_call: Actor) -> None:
    item = make_referral(session, priority="emergency")
    session.execute(update(CareCase).where(CareCase.id == item.case_id).values(is_sealed=True))
    assert session.scalars(visible(Referral, case_manager)).all() == []
    assert session.scalars(visible(Referral, on_call)).all() == []
    with pytest.raises(ActionRefused, match="There is nothing here for you to do"):
        perform(session, item, "start_review", case_manager, now=NOW)
    session.execute(insert(CaseSeal).values(case_id=item.case_id, user_id=case_manager.user_id))
    assert session.scalars(visible(Referral, case_manager)).all() == [item]
    perform(session, item, "start_review", case_manager, now=NOW)


def test_a_unit_is_not_its_neighbour(session: Session) -> None:
    provider = make_provider(session)
    here, there = make_unit(session, provider), make_unit(session, provider)
    actors = {
        "here": actor_of(make_membership(session, Role.UNIT_MANAGER, provider, unit=here)),
        "there": actor_of(make_membership(session, Role.UNIT_MANAGER, provider, unit=there)),
        "whole": actor_of(make_membership(session, Role.UNIT_MANAGER, provider)),
        "quality": actor_of(make_membership(session, Role.PROVIDER_QUALITY_LEAD, provider)),
    }
    party = PartyTo(("interested",), organisation_id=provider.id, unit_id=here.id)
    item = start(session, REFERRAL, SYSTEM, now=NOW, values={}, about=Beginning(parties=[party]))
    found = {name: session.scalars(visible(Referral, actor)).all() for name, actor in actors.items()}
    assert found == {"here": [item], "there": [], "whole": [item], "quality": []}
    assert {name: is_party(actor, item.parties[0]) for name, actor in actors.items()} == {
        "here": True,
        "there": False,
        "whole": True,
        "quality": False,
    }


def test_a_person_as_party(session: Session) -> None:
    actor = make_actor(session, Role.OUTSIDE_MEMBER)
    party = PartyTo(("panel_member",), user_id=actor.user_id)
    item = start(session, REFERRAL, SYSTEM, now=NOW, values={}, about=Beginning(parties=[party]))
    without_organisation = Actor(actor.user_id, "x", Role.OUTSIDE_MEMBER)
    for who in (actor, without_organisation):
        assert session.scalars(visible(Referral, who)).all() == [item]
        assert may_see(item, who, item.parties)
    colleague = make_actor(session, Role.OUTSIDE_MEMBER)
    assert session.scalars(visible(Referral, colleague)).all() == []
    assert not is_party(colleague, item.parties[0])
    assert not is_party(without_organisation, ItemParty(organisation_id=7))


def test_reading_one_item_takes_a_fixed_number_of_statements(
    session: Session, referrer: Actor, case_manager: Actor, statements: Any
) -> None:
    item = make_referral(session, "returned", referrer=referrer, service_line="aed")
    perform(session, item, "note", case_manager, now=NOW, values={"note": "Ours", "audience": "hub"})
    reference = item.reference
    session.expunge_all()
    with statements() as sent:
        read = read_item(session, Referral, reference, case_manager)
        assert read is not None
        assert [line.row.action for line in read.lines][:2] == ["note", "return_incomplete"]
        assert [clock.name for clock in read.clocks] == ["review", "acknowledge", "resubmit"]
    assert len(sent) == 7, "one for the names behind the numbers in history, for what goes with it, for its documents"
    assert (read.lines[0].who, read.parties[0].name, read.is_content_hidden) == (
        case_manager.name,
        "Brackendale Community Team",
        False,
    )
    assert [offer.action.name for offer in read.offers] == ["fill_in", "submit", "withdraw"]
    theirs = read_item(session, Referral, reference, referrer)
    assert theirs is not None and "note" not in [line.row.action for line in theirs.lines]
    assert theirs.everyday and not theirs.is_content_hidden


def test_reading_what_may_not_be_seen(session: Session) -> None:
    item = make_referral(session)
    stranger = make_actor(session, Role.FINANCE_LEAD)
    assert read_item(session, Referral, item.reference, stranger) is None
    assert find_item(session, Referral, item.reference, stranger) is None
    assert find_item(session, Referral, item.reference, make_actor(session)) is item
    trail = read_item(session, Referral, item.reference, make_actor(session, Role.INFORMATION_GOVERNANCE))
    assert trail is not None and trail.is_content_hidden and trail.offers == []


def test_a_unit_and_the_hub_itself_by_name(session: Session) -> None:
    unit = make_unit(session)
    party = PartyTo(("interested",), organisation_id=unit.site.organisation_id, unit_id=unit.id)
    item = start(session, REFERRAL, SYSTEM, now=NOW, values={}, about=Beginning(parties=[party]))
    read = read_item(session, Referral, item.reference, SYSTEM)
    assert read is not None
    assert (read.lines[0].who, read.parties[0].name, list(read.clocks)) == ("The hub", "Tarn House, Linden", [])


def test_a_draft_taken_down_by_the_hub(session: Session, coordinator: Actor, on_call: Actor) -> None:
    party = PartyTo(("requester",), organisation_id=coordinator.organisation_id)
    item = start(session, REFERRAL, coordinator, now=NOW, values={}, about=Beginning(parties=[party]))
    found = {
        actor.role: session.scalars(visible(Referral, actor)).all() == [item]
        for actor in (coordinator, on_call, make_actor(session), make_actor(session, Role.QUALITY_LEAD))
    }
    assert found == {
        Role.COORDINATOR: True,
        Role.FINANCE_LEAD: True,
        Role.CASE_MANAGER: True,
        Role.QUALITY_LEAD: False,
    }
    outside = make_actor(session, Role.REFERRER)
    query = select(WorkItem).where(opens_by_organisation(outside))
    assert session.scalars(query).all() == [item], "outside the hub a row that names the organisation is enough"
