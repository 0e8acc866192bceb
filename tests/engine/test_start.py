"""`start()`: who may, what the new item knows, what stands in the tables."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from hub.engine.models import FAR, StateIsTheEngines, Transition, WorkItem
from hub.engine.refusal import ActionRefused
from hub.engine.start import Beginning, PartyTo, start
from hub.referrals.models import Referral
from tests.factories import NOW, make_actor, make_referral, referral_values, start_referral
from workflows.actor import SYSTEM, Actor
from workflows.referral import REFERRAL
from workflows.roles import PERSON_ROLES, Role
from workflows.task import TASK

MAY_START = {Role.REFERRER, Role.COORDINATOR}


@pytest.mark.parametrize("role", PERSON_ROLES)
def test_who_may_start_a_referral(session: Session, role: Role) -> None:
    actor = make_actor(session, role)
    if role in MAY_START:
        assert start(session, REFERRAL, actor, now=NOW, values={}).opened_by_id == actor.user_id
        return
    with pytest.raises(ActionRefused, match="Starting a referral is for: referrer or coordinator or on-call manager"):
        start(session, REFERRAL, actor, now=NOW, values={})
    assert session.scalars(select(WorkItem)).all() == []


def test_on_call_and_the_hub_itself_may_start(session: Session, on_call: Actor) -> None:
    assert start(session, REFERRAL, on_call, now=NOW, values={}).opened_by_id == on_call.user_id
    assert start(session, REFERRAL, SYSTEM, now=NOW, values={}).opened_by_id is None


def test_a_new_referral_is_a_draft_with_one_history_row(session: Session, referrer: Actor) -> None:
    made = start_referral(session, referrer, **referral_values("urgent"))
    session.expire_all()
    found = session.get_one(Referral, made.id)
    assert (found.state, found.version, found.history_length, found.is_open, found.is_draft) == (
        "draft",
        1,
        1,
        True,
        True,
    )
    assert (found.family_name, found.priority, found.service_line, found.title) == (
        "Hartwin",
        "urgent",
        "cyp",
        "Hartwin, Isobel",
    )
    assert (found.policy_version_id, found.case_id, found.next_due_at, found.clocks) == (None, None, FAR, [])
    row = session.scalars(select(Transition)).one()
    assert (row.action, row.from_state, row.to_state, row.position) == ("start", None, "draft", 1)
    assert (row.actor_id, row.acting_as, row.acting_role) == (referrer.user_id, referrer.membership_id, "referrer")
    assert row.values["family_name"] == {"new": "Hartwin"}
    assert row.values["date_of_birth"] == {"new": "2010-09-14"}
    assert row.hash == found.head_hash
    [party] = found.parties
    assert (party.organisation_id, party.capacities, party.kind, party.is_open) == (
        referrer.organisation_id,
        ["referrer"],
        "referral",
        True,
    )


def test_references_count_up_and_carry_the_london_year(session: Session, referrer: Actor) -> None:
    new_year = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    first = start_referral(session, referrer, now=new_year)
    second = start_referral(session, referrer, now=datetime(2026, 7, 31, 23, 30, tzinfo=UTC))
    third = start_referral(session, referrer, now=datetime(2027, 1, 1, 0, 0, tzinfo=UTC))
    numbers = [int(made.reference.rsplit("-", 1)[1]) for made in (first, second, third)]
    assert numbers == [numbers[0], numbers[0] + 1, numbers[0] + 2]
    assert [made.reference[:9] for made in (first, second, third)] == ["REF-2026-", "REF-2026-", "REF-2027-"]
    assert len(first.reference) == len("REF-2026-00042")


def test_a_child_inherits_case_line_priority_and_policy_set(session: Session, coordinator: Actor) -> None:
    parent = make_referral(session, "in_review", priority="urgent", service_line="aed")
    child = start(session, REFERRAL, coordinator, now=NOW, values={}, parent=parent)
    for name in ("case_id", "service_line", "priority", "policy_version_id"):
        assert getattr(child, name) == getattr(parent, name) is not None
    assert child.parent_id == parent.id
    other = start(session, REFERRAL, coordinator, now=NOW, values={"priority": "routine"}, parent=parent)
    assert other.priority == "routine"


def test_what_it_is_about_and_a_person_as_party(session: Session, coordinator: Actor, case_manager: Actor) -> None:
    about = Beginning(
        title="By telephone",
        owner_id=case_manager.user_id,
        organisation_id=coordinator.organisation_id,
        parties=[PartyTo(("requester",), user_id=coordinator.user_id, why="Took the call")],
    )
    made = start(session, REFERRAL, coordinator, now=NOW, values={}, about=about)
    assert (made.title, made.owner_id, made.organisation_id) == (
        "By telephone",
        case_manager.user_id,
        coordinator.organisation_id,
    )
    [party] = made.parties
    assert (party.user_id, party.organisation_id, party.why) == (coordinator.user_id, None, "Took the call")


def test_a_value_without_a_column_is_a_mistake_of_the_program(session: Session, coordinator: Actor) -> None:
    with pytest.raises(ValueError, match="a referral has no column for shoe_size, state"):
        start(session, REFERRAL, coordinator, now=NOW, values={"shoe_size": 7, "state": "accepted"})


def test_nothing_but_start_makes_an_item() -> None:
    with pytest.raises(StateIsTheEngines):
        Referral(state="accepted")
    assert Referral(title="not saved").title == "not saved"


def test_a_database_without_its_seeds_says_so(session: Session, coordinator: Actor) -> None:
    session.execute(text("DELETE FROM rulebook_state"))
    with pytest.raises(LookupError, match="run `hub migrate`"):
        start(session, REFERRAL, coordinator, now=NOW, values={})


def test_an_item_begins_where_its_workflow_says_and_nowhere_else(session: Session) -> None:
    with pytest.raises(ValueError, match="a task does not begin as done"):
        start(session, TASK, SYSTEM, now=NOW, values={}, about=Beginning(state="done"))
    values = {"what": "The bed", "asked_at": NOW}
    made = start(session, TASK, SYSTEM, now=NOW, values=values, about=Beginning(state="bed_to_settle"))
    assert (made.state, made.history[0].to_state, made.is_open) == ("bed_to_settle", "bed_to_settle", True)
    assert TASK.begun("to_do") == ("task.rest_owed",) and TASK.begun("bed_to_settle") == ("task.bed_to_settle",)
