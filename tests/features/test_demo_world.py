"""The demo world: every role and every state, made through the import and the engine, the same each time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

import workflows
from hub.accounts.models import UserAccount
from hub.accounts.on_call import gaps_ahead, on_call_now
from hub.accounts.passwords import problems_with_password, verify_password
from hub.accounts.queries import held_roles
from hub.admissions.models import Admission
from hub.beds.models import BedState
from hub.cases.legal_status import latest_end
from hub.cases.models import CareCase, CaseAlert, LegalStatus
from hub.db import make_engine, transaction
from hub.demo.people import PASSWORD, PEOPLE
from hub.demo.world import DemoRefused, make_world, sign_ins
from hub.documents.models import Document
from hub.engine.audit import verify
from hub.engine.available import available_actions
from hub.engine.models import Clock, ItemParty, OutboxMessage, Transition, WorkItem
from hub.engine.recounts import RECOUNTED
from hub.migrate import current, downgrade, upgrade
from hub.organisations.models import Collaborative, Organisation
from hub.organisations.queries import active_collaborative
from hub.patients.models import Patient
from hub.placements.approach_models import Approach
from hub.placements.models import Placement
from hub.referrals.models import Referral
from hub.stays.models import Stay
from tests.demo_world import NOW
from tests.factories import actor_of, make_hub
from workflows.admission.guards import SCHEME
from workflows.durations import local
from workflows.roles import PERSON_ROLES, Role


def open_clocks(session: Session) -> list[Clock]:
    return list(session.scalars(select(Clock).where(Clock.stopped_at.is_(None), Clock.is_running)))


def states(session: Session) -> dict[str, set[str]]:
    """The states that items are in, by kind."""
    found: dict[str, set[str]] = {name: set() for name in workflows.ALL}
    for kind, state in session.execute(select(WorkItem.kind, WorkItem.state).distinct()):
        found[kind].add(state)
    return found


SYSTEM_DOES = set("start recount begin submit tick_off stand_down take lapse reopen_search settle assign".split())
"""What no person does: an import, and what follows from what a person did."""
EVERY_STATE = {name: set(workflow.state_names) for name, workflow in workflows.ALL.items()}


def test_every_state_of_every_workflow_is_there(made: Session) -> None:
    assert EVERY_STATE.keys() >= {"referral", "admission", "placement", "approach", "stay"}
    assert states(made) == EVERY_STATE


def test_every_role_has_a_person_who_can_sign_in(made: Session) -> None:
    assert {role.role for role in held_roles(made, local(NOW).date(), demo_only=True)} == set(PERSON_ROLES)
    accounts = {account.email: account for account in made.scalars(select(UserAccount))}
    assert [email for email, _, _ in sign_ins()] == [person.email for person in PEOPLE]
    assert set(accounts) == {person.email for person in PEOPLE}
    assert all(email.endswith(".nhs.test") for email in accounts)
    assert verify_password(accounts["dele.okafor@zd002.nhs.test"].password_hash, PASSWORD)
    assert not any(problems_with_password(PASSWORD, email=person.email, name=person.name) for person in PEOPLE)


def test_somebody_is_on_call_now_and_the_week_ahead_has_one_gap(made: Session) -> None:
    assert on_call_now(made, NOW) is not None
    assert len(gaps_ahead(made, NOW)) == 1


def test_three_collaboratives_and_only_invented_organisations(made: Session) -> None:
    assert all(active_collaborative(made, line) for line in ("cyp", "secure", "aed"))
    assert made.scalar(select(func.count()).select_from(Collaborative)) == 3
    assert set(made.scalars(select(Organisation.is_demo))) == {True}
    assert all(number.startswith("999") for number in made.scalars(select(Referral.nhs_number)) if number)


def test_some_are_late_some_due_today_and_some_later(made: Session) -> None:
    due = [clock.due_at for clock in open_clocks(made)]
    tonight = datetime(2026, 11, 25, tzinfo=UTC)
    late, today = [at for at in due if at <= NOW], [at for at in due if NOW < at <= tonight]
    assert len(late) >= 3 and len(today) >= 3 and len(due) > len(late) + len(today)
    assert made.scalar(select(func.count()).where(Clock.paused_at.is_not(None), Clock.stopped_at.is_(None)))


def test_the_past_year_was_mostly_answered_in_time(made: Session) -> None:
    outcomes = dict(
        made.execute(select(Clock.outcome, func.count()).where(Clock.name == "review").group_by(Clock.outcome)).all()
    )
    assert outcomes["met"] > 3 * outcomes["met_late"] > 0
    old = select(Referral).where(Referral.received_at < NOW - timedelta(days=30), Referral.is_open)
    assert not made.scalars(old).all()


def test_nothing_happened_in_the_future_or_before_it_was_received(made: Session) -> None:
    assert made.scalar(select(func.max(Transition.at))) <= NOW  # type: ignore[operator]  # there are rows
    for item in made.scalars(select(WorkItem)):
        times = [row.at for row in item.history]
        assert times == sorted(times)
        assert item.parent_id is None or made.get_one(WorkItem, item.parent_id).opened_at <= times[0]


def test_history_is_sound_and_every_row_names_who_did_it(made: Session) -> None:
    assert not verify(made).findings
    nobody = made.scalars(select(Transition).where(Transition.actor_id.is_(None))).all()
    assert {row.action for row in nobody} == SYSTEM_DOES and {row.acting_role for row in nobody} == {"system"}


def test_met_deadlines_never_rang_and_one_message_waits(made: Session) -> None:
    assert not made.scalar(select(func.count()).where(Clock.stopped_at < Clock.rang_at))
    # The closure of this morning is told by the worker, in front of whoever looks.
    assert made.scalars(select(OutboxMessage.topic).where(OutboxMessage.sent_at.is_(None))).all() == [RECOUNTED]
    assert all(clock.rang_at is not None for clock in open_clocks(made) if clock.due_at <= NOW)


def test_the_referrals_worth_showing_are_there(made: Session) -> None:
    drafts = made.scalars(select(Referral).where(Referral.is_draft)).all()
    assert len(drafts) == 3
    restricted = select(Referral).where(
        Referral.sharing_restricted.is_(True), Referral.is_open, Referral.source_reference.is_(None)
    )
    assert made.scalars(restricted).all()
    soon = select(LegalStatus).where(LegalStatus.expires_at > NOW, LegalStatus.ended_on.is_(None))
    assert made.scalars(soon).all()
    people = {referral.title: referral for referral in made.scalars(select(Referral).where(Referral.is_open))}
    manager = next(
        actor_of(membership)
        for account in made.scalars(select(UserAccount).where(UserAccount.name == "Karen Stott"))
        for membership in account.memberships
    )
    accept = next(
        offer for offer in available_actions(people["Holloway, Keira"], manager) if offer.action.name == "accept"
    )
    assert accept.is_mine and not accept.is_allowed and "C(E)TR" in " ".join(accept.missing)
    assert people["Marrick, Callum"].others_open
    assert people["Yardsley, Orla"].priority == "emergency"
    closed = select(CareCase).where(CareCase.closed_at.is_not(None), CareCase.merged_into_id.is_(None))
    assert not made.scalars(closed).all(), "but for those that became part of another"


def izzy(session: Session) -> Admission:
    """The admission decision of the case the hub is measured by."""
    return session.scalars(select(Admission).where(Admission.title == "Hartwin, Isobel")).one()


def test_izzy_is_treated_where_she_is_and_nobody_ever_looked_for_a_bed(made: Session) -> None:
    admission = izzy(made)
    assert [(row.action, row.to_state) for row in admission.history] == [
        ("start", "assessment_requested"),
        ("book_assessment", "assessment_booked"),
        ("add_party", "assessment_booked"),
        ("fill_in_assessment", "assessment_booked"),
        ("sign_assessment", "assessed"),
        ("recommend", "recommended"),
        ("ask_more", "more_needed"),
        ("note", "more_needed"),
        ("answer", "assessed"),
        ("recommend", "recommended"),
        ("agree_alternative", "alternative_agreed"),
    ]
    names = {account.id: account.name for account in made.scalars(select(UserAccount))}
    who = {row.action: names[row.actor_id] for row in admission.history if row.actor_id is not None}
    assert (who["agree_alternative"], who["recommend"]) == ("Ruth Calloway", "Priya Nandakumar")
    assert (who["sign_assessment"], who["answer"]) == ("Dr Fiona Abara", "Dr Marianne Idowu")
    assert (admission.is_appropriate, admission.alternative) == (False, "package")
    assert admission.question == "Is she fit to be moved?" and "virtual Tier 4" in (
        admission.alternative_provider or ""
    )
    assert not admission.is_open and not admission.why_contested
    assert not made.scalars(select(Placement).where(Placement.case_id == admission.case_id)).all()
    # More than a case manager's limit, so the one who recommended could not have decided it alone.
    assert (admission.estimated_cost_pence or 0) > admission.policy.number("admission.limit_pence", "case_manager")


def test_izzys_referral_came_on_a_saturday_night_and_every_promise_was_kept(made: Session) -> None:
    admission = izzy(made)
    referral = made.get_one(Referral, admission.parent_id)
    began = local(referral.received_at or referral.opened_at)
    assert (began.weekday(), began.hour, began.minute) == (5, 23, 30)
    assert timedelta(days=4) < NOW - referral.opened_at < timedelta(days=12)
    assert admission.opened_at - referral.opened_at == timedelta(hours=9, minutes=12)
    rows = made.scalars(select(Clock).where(Clock.item_id.in_([referral.id, admission.id]))).all()
    kept = {clock.name: clock.outcome for clock in rows}
    assert kept == dict.fromkeys(("review", "assess", "decide", "answer"), "met")
    (pause,) = next(clock for clock in rows if clock.name == "decide").pauses
    paused = datetime.fromisoformat(pause["to"]) - datetime.fromisoformat(pause["from"])
    assert timedelta(days=3) < paused < timedelta(days=4)


def test_izzys_case_has_its_law_its_restriction_and_its_alerts(made: Session) -> None:
    case = made.get_one(CareCase, izzy(made).case_id)
    patient = made.get_one(Patient, case.patient_id)
    assert (patient.preferred_name, patient.nhs_number) == ("Izzy", "9990000018")
    assert age(patient.date_of_birth, local(case.opened_at).date()) == 15
    assert case.sharing_restricted and "ask Mum first" in (case.sharing_restriction_details or "")
    assert case.current_status is not None and case.current_status.code == "02"
    assert case.current_status.expires_at is not None and case.current_status.expires_at > NOW
    assert set(made.scalars(select(CaseAlert.text).where(CaseAlert.case_id == case.id))) == {
        "No antipsychotics",
        "Feeding tube in place",
        "Penicillin allergy",
    }
    held = select(ItemParty.capacities).where(ItemParty.item_id == izzy(made).id, ItemParty.until_at.is_(None))
    assert sorted(capacity for row in made.scalars(held) for capacity in row) == ["interested", "referrer"]


def age(born: date | None, on: date) -> int:
    assert born is not None
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def test_no_detention_is_recorded_for_longer_than_the_law_allows(made: Session) -> None:
    kept = made.scalars(select(LegalStatus).where(LegalStatus.expires_at.is_not(None))).all()
    limits = [(row, latest_end(row.code, row.from_on)) for row in kept if row.from_on is not None]
    assert len([row for row, limit in limits if limit is not None]) > 20
    assert not [
        (row.code, row.from_on, row.expires_at) for row, limit in limits if limit and (row.expires_at or limit) > limit
    ]


def test_open_admission_decisions_are_late_soon_contested_and_over_every_limit(made: Session) -> None:
    waiting = made.scalars(select(Admission).where(Admission.is_open)).all()
    assert {admission.service_line for admission in waiting} == {"cyp", "secure", "aed"}
    assert {admission.priority for admission in waiting} == {"emergency", "urgent", "routine"}
    assert any(admission.next_due_at <= NOW for admission in waiting)
    assert any(NOW < admission.next_due_at <= NOW + timedelta(hours=8) for admission in waiting)
    recommended = [admission for admission in waiting if admission.state == "recommended"]
    holders = [SCHEME.holders(admission) for admission in recommended]
    assert {who[0] if who else None for who in holders} == {
        Role.CASE_MANAGER,
        Role.HEAD_OF_COMMISSIONING,
        Role.DIRECTOR,
        None,
    }
    assert sum(bool(admission.why_contested) for admission in recommended) >= 3
    emergencies = [admission for admission in waiting if admission.state == "awaiting_ratification"]
    stands = {(bool(admission.form2_signed_at), bool(admission.ratified_at)) for admission in emergencies}
    assert stands == {(False, False), (True, False), (False, True)}


def test_a_case_without_an_agreed_admission_has_no_search(made: Session) -> None:
    for placement in made.scalars(select(Placement)):
        admission = made.get_one(Admission, placement.parent_id)
        taken = {row.action for row in admission.history}
        assert taken & {"agree_admission", "admit_in_emergency"}
    agreed = select(Admission).where(Admission.state == "admission_agreed")
    searched = set(made.scalars(select(Placement.case_id)))
    assert {admission.case_id for admission in made.scalars(agreed)} <= searched


def test_a_second_time_it_is_found_and_left_alone(made: Session) -> None:
    before = made.scalar(select(func.max(Transition.id)))
    assert not make_world(made, now=NOW + timedelta(days=3))
    made.rollback()
    assert made.scalar(select(func.max(Transition.id))) == before


@pytest.mark.slow
def test_the_same_moment_makes_the_same_world(made: Session, session: Session) -> None:
    assert make_world(session, now=NOW)
    story = (
        "SELECT string_agg(w.title || t.action || t.to_state || t.at || coalesce(t.reason, ''), '|' ORDER BY t.at, "
        "w.title, t.action) FROM transition t JOIN work_item w ON w.id = t.item_id"
    )
    assert session.execute(text(story)).scalar_one() == made.execute(text(story)).scalar_one()


@pytest.mark.slow
@pytest.mark.parametrize("day", [date(2027, 3, 28), date(2028, 2, 29)], ids=str)
def test_it_can_be_made_on_any_day(session: Session, day: date) -> None:
    now = datetime(day.year, day.month, day.day, 1, 30, tzinfo=UTC)
    assert make_world(session, now=now)
    assert states(session) == EVERY_STATE
    assert [row.action for row in izzy(session).history][-1] == "agree_alternative"
    due = [clock.due_at for clock in open_clocks(session)]
    assert any(at <= now for at in due) and any(now < at <= now + timedelta(hours=24) for at in due)


def test_it_is_not_mixed_with_anything_else(session: Session) -> None:
    make_hub(session)
    with pytest.raises(DemoRefused, match="in use already"):
        make_world(session, now=NOW)


@pytest.mark.slow
def test_the_whole_world_goes_down_and_up_again(make_database: Callable[[str], str]) -> None:
    """Every migration meets rows: what an older program knows stays, and its history still proves itself."""
    engine = make_engine(make_database("demo_down"), pool_size=2)
    with Session(engine) as session, transaction(session):
        make_world(session, now=NOW)
    kept = "SELECT (SELECT count(*) FROM referral), (SELECT count(*) FROM placement), (SELECT count(*) FROM case_stay)"
    with engine.connect() as connection:
        before = connection.execute(text(kept)).one()
    downgrade(engine, "0011")
    with engine.connect() as connection:
        assert connection.execute(text(kept)).one() == before, "where a person was stays the case's"
    for revision in ("0004", "0001"):
        downgrade(engine, revision)
        assert current(engine) == revision
    upgrade(engine)
    with Session(engine) as session:
        assert session.scalar(text("SELECT count(*) FROM referral")) == before[0]
        assert not verify(session).findings
        for gone in (Document, Stay, Approach, BedState):
            assert session.scalar(select(func.count()).select_from(gone)) == 0
    engine.dispose()
