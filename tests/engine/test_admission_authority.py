"""Who decides on an admission: limits from the policy on the item, what is contested, and never one's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.accounts.models import UserAccount
from hub.admissions.models import Admission
from hub.cases.models import CareCase
from hub.engine.available import available_actions
from hub.engine.models import Clock, OutboxMessage, Transition
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.engine.rulebook import PolicyVersion
from tests.admission_factory import Crew, do, let_outside_in, make_admission, make_crew, searches
from tests.factories import NOW, actor_of, make_membership, make_organisation
from workflows.actor import Actor
from workflows.policy import DEFAULT
from workflows.roles import Role

DECISIONS = ("agree_admission", "agree_alternative", "refuse_admission")
LEADS_TO = dict(zip(DECISIONS, ("admission_agreed", "alternative_agreed", "admission_refused"), strict=True))
OVER_THEIR_LIMIT = 11
"""Weeks of a general bed: £52,800, above a case manager's £50,000."""
OVER_THE_HEADS = 53
OVER_ALL = 300


@pytest.fixture
def crew(session: Session) -> Crew:
    return make_crew(session)


@contextmanager
def refused(session: Session, admission: Admission) -> Iterator[list[str]]:
    """The words of the refusal; whatever happened, nothing was written."""

    def written() -> list[Any]:
        tables = (Transition, Clock, OutboxMessage)
        return [
            admission.state,
            admission.version,
            admission.head_hash,
            admission.decided_by_id,
            len(searches(session, admission)),
            *(session.scalar(select(func.count()).select_from(table)) for table in tables),
        ]

    before, words = written(), list[str]()
    with pytest.raises(ActionRefused) as no:
        yield words
    words += [problem.message for problem in no.value.problems]
    session.refresh(admission)
    assert written() == before


def also(session: Session, actor: Actor, role: Role) -> Actor:
    """The same person under a second membership."""
    user = session.get_one(UserAccount, actor.user_id)
    return actor_of(make_membership(session, role, user=user))


def another(session: Session, role: Role) -> Actor:
    return actor_of(make_membership(session, role))


@pytest.mark.parametrize("decision", DECISIONS)
@pytest.mark.parametrize(
    ("weeks", "who"),
    [(8, "case_manager"), (OVER_THEIR_LIMIT, "head"), (OVER_THE_HEADS, "director"), (OVER_ALL, "outside")],
)
def test_within_the_limit_of_their_role(session: Session, crew: Crew, decision: str, weeks: int, who: str) -> None:
    admission = make_admission(session, "recommended", crew=crew, expected_length_weeks=weeks)
    assert admission.estimated_cost_pence == weeks * 480_000
    decider = getattr(crew, who)
    if who == "outside":
        with refused(session, admission) as words:
            do(session, admission, decision, decider)
        assert words == ["There is nothing here for you to do"], "until the hub lets them in"
        let_outside_in(session, admission, crew)
    below = {"head": ["case_manager"], "director": ["case_manager", "head"], "outside": ["head", "director"]}
    for name in below.get(who, []):
        actor = replace(another(session, getattr(crew, name).role))
        with refused(session, admission) as words:
            do(session, admission, decision, actor)
        [said] = words
        assert said.startswith("The estimated cost is £") and decider.role.label in said
    do(session, admission, decision, decider)
    assert admission.state == LEADS_TO[decision]
    assert (admission.decided_by_id, admission.decided_role) == (decider.user_id, str(decider.role))
    assert admission.decided_at == NOW and len(searches(session, admission)) == (decision == "agree_admission")


def test_the_refusal_names_the_amount_and_the_button_says_the_same(session: Session, crew: Crew) -> None:
    admission = make_admission(session, "recommended", crew=crew, bed_type="309", expected_length_weeks=8)
    other = another(session, Role.CASE_MANAGER)
    words = (
        "The estimated cost is £62,400 and a case manager decides up to £50,000, "
        "so this is for a head of commissioning or a director"
    )
    with refused(session, admission) as said:
        do(session, admission, "agree_admission", other)
    assert said == [words]
    [offer] = [one for one in available_actions(admission, other) if one.action.name == "agree_admission"]
    assert (offer.is_allowed, offer.why_not) == (False, words)
    [offer] = [one for one in available_actions(admission, crew.head) if one.action.name == "agree_admission"]
    assert offer.is_allowed


def test_roles_without_a_limit_decide_nothing(session: Session, crew: Crew) -> None:
    admission = make_admission(session, "recommended", crew=crew, priority="emergency")
    for actor in (crew.coordinator, crew.on_call, crew.referrer, another(session, Role.CLINICAL_REVIEWER)):
        for decision in DECISIONS:
            with refused(session, admission) as words:
                do(session, admission, decision, actor)
            assert words[0].startswith("This is for a case manager, a head of commissioning, a director or"), words


def test_a_policy_changed_later_is_not_this_items(session: Session, crew: Crew) -> None:
    before = make_admission(session, "recommended", crew=crew)
    row = session.scalars(select(PolicyVersion).order_by(PolicyVersion.id)).first()
    assert row is not None
    limits = {"case_manager": 1, "head_of_commissioning": 2, "director": 100_000_000}
    lower = replace(DEFAULT.with_value("admission.limit_pence", limits), version=row.number + 1)
    session.add(PolicyVersion(name="Lower", number=row.number + 1, in_force_from=NOW, content=lower.to_json()))
    session.flush()
    after = make_admission(session, "recommended", crew=crew, now=NOW + timedelta(hours=1))
    assert after.policy_version_id != before.policy_version_id
    with refused(session, after) as words:
        do(session, after, "agree_admission", crew.head)
    assert words == [
        "The estimated cost is £38,400 and a head of commissioning decides up to £0.02, so this is for a director"
    ]
    do(session, before, "agree_admission", crew.case_manager)
    assert before.state == "admission_agreed"


CONTESTED: dict[str, dict[str, Any]] = {
    "Form 2 says yes, and it is not recommended": {"recommendation": "refuse"},
    "Form 2 says no, and it is recommended": {"is_appropriate": False},
    "the family objects": {"objection_by": "family"},
    "the young person objects": {"objection_by": "young_person"},
    "the referrer objects": {"objection_by": "referrer"},
    "the case is disputed": {"is_contested": True},
    "the family objects on the referral": {"family_objects": True},
}


@pytest.mark.parametrize("why", CONTESTED)
def test_what_is_contested_goes_to_the_head_or_the_director(session: Session, crew: Crew, why: str) -> None:
    facts = CONTESTED[why]
    admission = make_admission(
        session,
        "recommended",
        crew=crew,
        expected_length_weeks=1,
        referral={name: value for name, value in facts.items() if name == "family_objects"},
        **{name: value for name, value in facts.items() if name in {"recommendation", "is_appropriate"}},
    )
    if "objection_by" in facts:
        do(session, admission, "record_objection", crew.referrer, **facts)
        assert session.get_one(CareCase, admission.case_id, populate_existing=True).is_contested
    if "is_contested" in facts:
        session.get_one(CareCase, admission.case_id).is_contested = True
        session.flush()
        session.expire_all()
    assert admission.why_contested
    for actor, said in ((another(session, Role.CASE_MANAGER), "It is contested ("), (crew.case_manager, "It is conte")):
        with refused(session, admission) as words:
            do(session, admission, "agree_alternative", actor)
        assert words[0].startswith(said) and "a head of commissioning or a director" in words[0]
    do(session, admission, "agree_alternative", crew.head)
    assert admission.decided_role == "head_of_commissioning"


def test_an_objection_that_comes_between_looking_and_deciding_counts(session: Session, crew: Crew) -> None:
    admission = make_admission(session, "recommended", crew=crew)
    assert admission.case is not None and admission.why_contested == ()
    do(session, admission, "record_objection", crew.coordinator, objection_by="young_person")
    with refused(session, admission):
        do(session, admission, "agree_admission", crew.case_manager)


def test_who_recommended_decides_within_their_own_limit(session: Session, crew: Crew) -> None:
    admission = make_admission(session, "recommended", crew=crew)
    assert admission.recommended_by_id == crew.case_manager.user_id
    do(session, admission, "agree_admission", crew.case_manager)
    assert admission.decided_by_id == admission.recommended_by_id


@pytest.mark.parametrize("decision", DECISIONS)
@pytest.mark.parametrize(
    ("weeks", "appropriate", "why"), [(OVER_THEIR_LIMIT, True, "limit of £50,000"), (1, False, "it is contested")]
)
def test_nobody_decides_what_they_recommended_over_their_limit_or_contested(
    session: Session, crew: Crew, decision: str, weeks: int, appropriate: bool, why: str
) -> None:
    given: dict[str, Any] = {"expected_length_weeks": weeks, "is_appropriate": appropriate}
    admission = make_admission(session, "recommended", crew=crew, **given)
    as_head = also(session, crew.case_manager, Role.HEAD_OF_COMMISSIONING)
    as_director = also(session, crew.case_manager, Role.DIRECTOR)
    for_them = replace(crew.head, on_behalf_of=crew.case_manager.user_id)
    for actor in (as_head, as_director, for_them):
        with refused(session, admission) as words:
            do(session, admission, decision, actor)
        assert len(words) == 1 and why in words[0] and "another person decides" in words[0]
    do(session, admission, decision, replace(crew.head, on_behalf_of=crew.director.user_id))
    assert admission.state == LEADS_TO[decision]


def test_the_facts_that_authority_hangs_on_are_not_corrected_away(session: Session, crew: Crew) -> None:
    given: dict[str, Any] = {"expected_length_weeks": OVER_THEIR_LIMIT, "is_appropriate": False}
    admission = make_admission(session, "recommended", crew=crew, **given)
    owner = another(session, Role.CASE_MANAGER)
    perform(session, admission, "assign", crew.coordinator, now=NOW, values={"owner_id": owner.user_id})
    for field, value in {
        "expected_length_weeks": "1",
        "bed_type": "206",
        "is_appropriate": "yes",
        "recommendation": "refuse",
        "assessing_organisation_id": str(owner.organisation_id),
    }.items():
        with refused(session, admission) as words:
            perform(session, admission, "correct_field", owner, now=NOW, reason="A slip",
                    values={"field": field, "value": value})  # fmt: skip
        assert words == ["There is no such answer to correct"], field
    values = {"field": "purpose", "value": "To rest"}
    perform(session, admission, "correct_field", owner, now=NOW, values=values, reason="A slip")
    assert admission.purpose == "To rest"


def test_an_outside_member_needs_the_role_and_the_hubs_invitation(session: Session, crew: Crew) -> None:
    admission = make_admission(session, "recommended", crew=crew, expected_length_weeks=OVER_ALL)
    let_outside_in(session, admission, crew)
    funder = actor_of(make_membership(session, Role.FUNDER, make_organisation(session, "ZIC01")))
    with refused(session, admission):
        do(session, admission, "agree_admission", funder)
    do(session, admission, "agree_admission", crew.outside)
    assert admission.decided_role == "outside_member"


def test_a_declared_interest_stands_with_the_decision(session: Session, crew: Crew) -> None:
    admission = make_admission(session, "recommended", crew=crew)
    with refused(session, admission) as words:
        do(session, admission, "agree_admission", crew.head, has_interest=True)
    assert words == ["Say what your interest is"], "left out or empty"
    with refused(session, admission) as words:
        do(session, admission, "agree_admission", crew.head, has_interest=True, interest="  ")
    assert words == ["Say what your interest is"]
    do(session, admission, "agree_admission", crew.head, has_interest=True, interest="My brother works there")
    assert admission.interest == "My brother works there"


@pytest.mark.parametrize("weeks", [0, -1, 521, 2**31, 10**30, True, "8", 8.0])
def test_a_length_that_is_none(session: Session, crew: Crew, weeks: Any) -> None:
    admission = make_admission(session, "assessed", crew=crew)
    with refused(session, admission) as words:
        do(session, admission, "recommend", crew.case_manager, expected_length_weeks=weeks)
    assert len(words) == 1


@pytest.mark.parametrize("code", [7, True, ["ZIC01"]])
def test_a_commissioner_is_named_by_code(session: Session, crew: Crew, code: Any) -> None:
    admission = make_admission(session, "recommended", crew=crew)
    with refused(session, admission) as words:
        do(session, admission, "agree_admission", crew.head, responsible_commissioner=code)
    assert words == ["Responsible commissioner: this is not an answer of the right kind"]
