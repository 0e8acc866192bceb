"""`perform()` says no: everything that is wrong, in words, and nothing is written."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.engine.models import Clock, OutboxMessage, Transition
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.engine.start import Beginning, PartyTo, start
from hub.referrals.models import Referral
from tests.factories import ANSWERS, NOW, make_actor, make_referral, make_referring, referral_values, start_referral
from workflows.actor import SYSTEM, Actor
from workflows.referral import REFERRAL
from workflows.roles import Role


def written(session: Session, item: Referral) -> tuple[Any, ...]:
    """Everything a refused action could have touched, read from the database."""
    session.flush()
    session.expire_all()
    rows = [session.scalar(select(func.count()).select_from(table)) for table in (Transition, OutboxMessage, Clock)]
    columns = {column.key: getattr(item, column.key) for column in Referral.__mapper__.column_attrs}
    return (*rows, columns, [(clock.due_at, clock.is_running, clock.asked) for clock in item.clocks])


@contextmanager
def refused(session: Session, item: Referral) -> Iterator[list[str]]:
    """The action inside must be refused and change nothing; its words are put in the list."""
    before = written(session, item)
    words: list[str] = []
    with pytest.raises(ActionRefused) as no:
        yield words
    words += [problem.message for problem in no.value.problems]
    assert written(session, item) == before


def test_a_stale_page_is_refused_in_words(session: Session, coordinator: Actor) -> None:
    item = make_referral(session)
    seen = item.version
    perform(session, item, "note", coordinator, now=NOW, values={"note": "Rang", "audience": "hub"}, seen=seen)
    with refused(session, item) as words:
        perform(session, item, "start_review", coordinator, now=NOW, seen=seen)
    assert words == ["Someone else has changed this since you opened it. Look at what changed, then decide again"]
    with pytest.raises(ActionRefused) as no:
        perform(session, item, "start_review", coordinator, now=NOW, seen=seen)
    assert no.value.is_stale
    perform(session, item, "start_review", coordinator, now=NOW, seen=item.version)
    assert item.state == "in_review"


@pytest.mark.parametrize(
    ("state", "action", "words"),
    [
        ("submitted", "accept", "“Accept” is not possible now: this referral is submitted"),
        ("accepted", "decline", "“Decline” is not possible now: this referral is accepted"),
        ("withdrawn", "reopen", "“Reopen” is not possible now: this referral is withdrawn"),
        ("in_review", "fly", "There is no such action"),
    ],
)
def test_no_such_arrow(session: Session, case_manager: Actor, state: str, action: str, words: str) -> None:
    item = make_referral(session, state)
    with refused(session, item) as said:
        perform(session, item, action, case_manager, now=NOW, reason="x", values=ANSWERS.get(action))
    assert said == [words]


def test_a_role_that_may_not(session: Session) -> None:
    item = make_referral(session)
    with refused(session, item) as words:
        perform(session, item, "start_review", make_actor(session, Role.DIRECTOR), now=NOW)
    assert words == ["This is for a coordinator, a case manager or an on-call manager"]


def test_a_capacity_of_an_organisation_counts_only_with_the_role(session: Session, referrer: Actor) -> None:
    item = make_referral(session, referrer=referrer)
    clinician = Actor(None, "A clinician there", Role.UNIT_CLINICIAN, organisation_id=make_referring(session).id)
    with refused(session, item) as words:
        perform(session, item, "withdraw", clinician, now=NOW, reason="x")
    assert words == ["This is for a referrer, a case manager or a coordinator"]
    colleague = make_actor(session, Role.REFERRER)
    assert colleague.user_id != referrer.user_id
    perform(session, item, "withdraw", colleague, now=NOW, reason="The family moved away")
    assert item.state == "withdrawn"


def test_a_capacity_alone_is_a_persons_and_not_an_organisations(session: Session) -> None:
    guest = make_actor(session, Role.FUNDER)
    parties = [PartyTo(("owner",), organisation_id=guest.organisation_id)]
    item = start(session, REFERRAL, SYSTEM, now=NOW, values={}, about=Beginning(parties=parties))
    with refused(session, item) as words:
        perform(session, item, "assign", guest, now=NOW, values={"owner_id": guest.user_id})
    assert words[0].startswith("This is for the owner")


def test_the_role_without_the_capacity_sees_nothing(session: Session) -> None:
    item = make_referral(session)
    elsewhere = Actor(9_999, "A referrer elsewhere", Role.REFERRER, organisation_id=9_999)
    with refused(session, item) as words:
        perform(session, item, "withdraw", elsewhere, now=NOW, reason="x")
    assert words == ["There is nothing here for you to do"]


def test_on_call_takes_emergencies_and_nothing_else(session: Session, on_call: Actor) -> None:
    routine = make_referral(session)
    with refused(session, routine) as words:
        perform(session, routine, "start_review", on_call, now=NOW)
    assert words == ["There is nothing here for you to do"]
    emergency = make_referral(session, priority="emergency")
    perform(session, emergency, "start_review", on_call, now=NOW)
    perform(session, emergency, "accept", on_call, now=NOW)
    assert emergency.state == "accepted"
    own = select(Transition).where(Transition.item_id == emergency.id).order_by(Transition.id.desc())
    last = session.scalars(own).first()
    assert last is not None and last.acting_role == "finance_lead, on_call"


def test_on_call_without_an_emergency_is_told_why(session: Session) -> None:
    director = make_actor(session, Role.DIRECTOR, is_on_call=True)
    item = make_referral(session)
    with refused(session, item) as words:
        perform(session, item, "start_review", director, now=NOW)
    assert words == ["On-call takes emergencies; this one is not an emergency"]


def test_all_that_is_wrong_is_said_at_once(session: Session, coordinator: Actor, referrer: Actor) -> None:
    values = referral_values(postcode=None, autism=None, presenting_problem="  ")
    item = start_referral(session, referrer, **values)
    with refused(session, item) as words:
        perform(session, item, "submit", referrer, now=NOW, values={"declaration": False, "colour": "blue"})
    assert words == [
        "Home postcode is missing: write it in",
        "Problem and its history is missing: write a few words",
        "Autism status is missing: choose it from the list",
        "“colour” is not asked for here",
        "Tick the box to say that the answers are right",
    ]
    item = make_referral(session, "in_review")
    with refused(session, item) as words:
        perform(session, item, "redirect", coordinator, now=NOW)
    assert words == [
        "This is for a case manager",
        "To whom does it go: choose an answer",
        "Give your reason",
    ]


def test_what_to_do_about_an_answer_that_is_not_there(session: Session, referrer: Actor, case_manager: Actor) -> None:
    draft = start_referral(session, referrer)
    with refused(session, draft) as words:
        perform(session, draft, "submit", referrer, now=NOW)
    assert words == ["Tick the box to go on"]
    item = make_referral(session, "in_review")
    with refused(session, item) as words:
        perform(session, item, "decline", case_manager, now=NOW, values={"named_clinician": " "})
    assert words == [
        "Why is it declined: choose an answer",
        "What should happen instead: write an answer",
        "Which clinician can the referrer talk to: write an answer",
    ]


def test_problems_name_their_fields(session: Session, case_manager: Actor) -> None:
    item = make_referral(session, "in_review")
    values = {"decline_reason": "because", "alternative_advice": "a" * 8_001, "named_clinician": 7}
    with pytest.raises(ActionRefused) as no:
        perform(session, item, "decline", case_manager, now=NOW, values=values)
    assert {problem.field: problem.message for problem in no.value.problems} == {
        "decline_reason": "Why is it declined: choose one from the list",
        "alternative_advice": "What should happen instead: use at most 8,000 characters",
        "named_clinician": "Which clinician can the referrer talk to: this is not an answer of the right kind",
    }
    assert str(no.value) == "; ".join(problem.message for problem in no.value.problems)


@pytest.mark.parametrize("letter", ["\0", "\ud83d"])
def test_text_that_cannot_be_stored(session: Session, case_manager: Actor, letter: str) -> None:
    item = make_referral(session, "in_review")
    with refused(session, item) as words:
        values = {**ANSWERS["decline"], "alternative_advice": f"Home{letter}"}
        perform(session, item, "decline", case_manager, now=NOW, values=values)
    assert words == ["What should happen instead: this holds a character that cannot be stored"]
    with refused(session, item) as words:
        perform(session, item, "redirect", case_manager, now=NOW, values=ANSWERS["redirect"], reason=letter)
    assert words == ["The reason must be text of at most 8,000 characters"]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("interpreter_needed", "yes", "this is not an answer of the right kind"),
        ("date_of_birth", "2010-09-14", "this is not an answer of the right kind"),
        ("legal_status_expires_at", datetime(2026, 4, 1), "this is not an answer of the right kind"),
        ("gender", "Q", "choose one from the list"),
    ],
)
def test_answers_of_the_wrong_kind(session: Session, referrer: Actor, name: str, value: Any, words: str) -> None:
    item = start_referral(session, referrer)
    with refused(session, item) as said:
        perform(session, item, "fill_in", referrer, now=NOW, values={name: value})
    assert len(said) == 1 and said[0].endswith(words)


def test_a_reason_of_spaces_is_none(session: Session, referrer: Actor) -> None:
    item = make_referral(session, referrer=referrer)
    with refused(session, item) as words:
        perform(session, item, "withdraw", referrer, now=NOW, reason="   ")
    assert words == ["Give your reason"]


def test_adult_secure_takes_no_emergency(session: Session, case_manager: Actor, referrer: Actor) -> None:
    item = start_referral(session, referrer, **referral_values("emergency", "secure"))
    with refused(session, item) as words:
        perform(session, item, "submit", referrer, now=NOW, values=ANSWERS["submit"])
    assert words == ["This service takes no emergency referrals: choose urgent or routine"]
    sent = make_referral(session, service_line="secure")
    with refused(session, sent) as words:
        perform(
            session, sent, "change_priority", case_manager, now=NOW, values={"priority": "emergency"}, reason="worse"
        )
    assert words[0].startswith("Adult secure services take no unassessed emergency admission")
    assert sent.priority == "routine"


def test_an_emergency_is_never_returned(session: Session, coordinator: Actor) -> None:
    item = make_referral(session, "in_review", priority="emergency")
    with refused(session, item) as words:
        perform(session, item, "return_incomplete", coordinator, now=NOW, values=ANSWERS["return_incomplete"])
    assert words == ["An emergency is never sent back: ask for the rest by telephone and go on"]


def test_superseding_needs_another_open_referral_of_the_person(session: Session, coordinator: Actor) -> None:
    first = make_referral(session)
    with refused(session, first) as words:
        perform(session, first, "supersede", coordinator, now=NOW, values={"superseded_by": "REF-2026-99999"})
    assert words == [
        "This person has no other open referral",
        "Choose one of this person's other open referrals: there are none",
    ]
    second = make_referral(session, nhs_number=first.nhs_number)
    assert second.case_id == first.case_id
    with refused(session, first) as words:
        perform(session, first, "supersede", coordinator, now=NOW, values={"superseded_by": first.reference})
    assert words == [f"Choose one of this person's other open referrals: {second.reference}"]
    perform(session, first, "supersede", coordinator, now=NOW, values={"superseded_by": second.reference})
    assert (first.state, first.superseded_by) == ("superseded", second.reference)


def test_a_draft_is_its_writers_until_it_is_sent(session: Session, referrer: Actor, case_manager: Actor) -> None:
    item = start_referral(session, referrer)
    with refused(session, item) as words:
        perform(session, item, "withdraw", case_manager, now=NOW, reason="x")
    assert words == ["There is nothing here for you to do"]
