"""Two records made one and taken apart again: by two people, exactly, and never past a stay or a seal."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from hub.admissions.models import Admission
from hub.cases.alerts import add_alert, end_alert
from hub.cases.legal_status import Entry, add_legal_status
from hub.cases.models import CareCase, CaseAlert, CaseSeal, CaseStay
from hub.cases.opening import Whom, close_case, people_like
from hub.cases.services import open_case
from hub.cases.stays import StayEntry, correct_stay, record_stay
from hub.engine.audit import verify
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.merges.models import Merge
from hub.merges.services import propose
from hub.patients.models import Patient
from tests.factories import ANSWERS, NOW, REASON, make_actor, make_provider, make_referral, make_unit
from workflows.actor import Actor
from workflows.durations import local
from workflows.roles import Role

LATER = NOW + timedelta(days=1)


@pytest.fixture
def asking(session: Session) -> Actor:
    return make_actor(session, Role.COORDINATOR)


@pytest.fixture
def agreeing(session: Session) -> Actor:
    return make_actor(session, Role.CASE_MANAGER)


def case_of(item: Any) -> int:
    assert item.case_id is not None
    return int(item.case_id)


def person_of(session: Session, item: Any) -> int:
    return session.get_one(CareCase, item.case_id).patient_id


def image(session: Session) -> dict[str, list[Any]]:
    """Every row that a merge may touch, history and its head aside."""
    session.flush()
    aside = "'version', 'history_length', 'head_hash'"
    tables = ("patient", "patient_former_number", "care_case", "case_alert", "legal_status", "case_stay")
    found = {
        name: list(session.scalars(text(f"SELECT to_jsonb({name})::text FROM {name} ORDER BY id"))) for name in tables
    }
    items = text(f"SELECT (to_jsonb(i) - ARRAY[{aside}])::text FROM work_item i WHERE kind <> 'merge' ORDER BY id")
    clocks = text(
        "SELECT to_jsonb(c)::text FROM clock c JOIN work_item i ON i.id = c.item_id "
        "WHERE i.kind <> 'merge' ORDER BY c.id"
    )
    return found | {"work_item": list(session.scalars(items)), "clock": list(session.scalars(clocks))}


def make_one(session: Session, one: int, two: int, asking: Actor, agreeing: Actor, taken: Any = ()) -> Merge:
    merge = propose(session, one, two, taken=taken, why="Same birthday and address", actor=asking, now=NOW)
    perform(session, merge, "agree", agreeing, now=NOW)
    return merge


def take_apart(session: Session, merge: Merge, asking: Actor, agreeing: Actor) -> None:
    perform(session, merge, "ask_to_undo", asking, now=LATER, reason="Two cousins after all")
    perform(session, merge, "undo", agreeing, now=LATER)


def test_a_merge_and_its_undoing_leave_both_records_as_they_were(
    session: Session, asking: Actor, agreeing: Actor
) -> None:
    first = make_referral(session, "accepted", priority="urgent", family_told=True)
    second = make_referral(
        session,
        "in_review",
        family_name="Hartwynn",
        phone="01632 960 100",
        sharing_restricted=True,
        sharing_restriction_details="Not the father",
    )
    other_line = make_referral(session, "accepted", service_line="aed", nhs_number=second.nhs_number)
    one, two = person_of(session, first), person_of(session, second)
    assert one != two and person_of(session, other_line) == two
    by_hand = open_case(session, patient_id=one, service_line="aed", now=NOW)
    for item, said in ((first, "Penicillin allergy"), (second, "Runs away")):
        add_alert(session, case_of(item), text=said, detail="", by_id=asking.user_id or 0, now=NOW)
    before = image(session)
    merge = make_one(session, one, two, asking, agreeing, ["nhs_number", "family_name", "phone"])
    session.expire_all()
    standing, other = session.get_one(Patient, one), session.get_one(Patient, two)
    assert (standing.family_name, standing.phone, other.merged_into_id) == ("Hartwynn", "01632 960 100", one)
    assert second.case_id == first.case_id and other_line.case_id == by_hand.id
    assert (by_hand.received_at, by_hand.current_status is None) == (other_line.received_at, False)
    assert not verify(session).findings
    take_apart(session, merge, asking, agreeing)
    session.expire_all()
    after = image(session)
    for name, rows in before.items():
        assert after[name] == rows, name
    assert not verify(session).findings and merge.undone == {"stayed": []}


def test_the_one_who_asked_never_agrees(session: Session, asking: Actor, agreeing: Actor) -> None:
    one, two = (person_of(session, make_referral(session)) for _ in range(2))
    merge = propose(session, one, two, taken=(), why="Same mother", actor=agreeing, now=NOW)
    with pytest.raises(ActionRefused, match="You proposed it, so another person decides"):
        perform(session, merge, "agree", agreeing, now=NOW)
    with pytest.raises(ActionRefused, match="This is for a case manager or a head of commissioning"):
        perform(session, merge, "agree", asking, now=NOW)
    perform(session, merge, "agree", make_actor(session, Role.HEAD_OF_COMMISSIONING), now=NOW)
    perform(session, merge, "ask_to_undo", agreeing, now=LATER, reason="Two cousins after all")
    with pytest.raises(ActionRefused, match="You asked for it, so another person decides"):
        perform(session, merge, "undo", agreeing, now=LATER)
    with pytest.raises(ActionRefused, match="This is for the person who asked for it"):
        perform(session, merge, "drop_the_undo", make_actor(session), now=LATER, reason=REASON)
    perform(session, merge, "drop_the_undo", agreeing, now=LATER, reason=REASON)
    assert merge.state == "merged" and [clock.outcome for clock in merge.clocks] == ["met", "stopped"]


def test_two_people_with_overlapping_stays_cannot_be_merged_and_the_message_names_the_stays(
    session: Session, asking: Actor, agreeing: Actor
) -> None:
    first, second = make_referral(session), make_referral(session, family_name="Hartwynn")
    one, two = person_of(session, first), person_of(session, second)
    unit = make_unit(session)
    by: dict[str, Any] = {"by_id": asking.user_id or 0, "now": NOW}
    tuesday = NOW - timedelta(days=6)
    record_stay(session, case_of(first), StayEntry(unit.id, "", tuesday, None), **by)
    earlier = StayEntry(None, "Ward 6, Calder Royal", tuesday - timedelta(days=3), tuesday)
    record_stay(session, case_of(second), earlier, **by)
    merge = propose(session, one, two, taken=(), why="Same birthday", actor=asking, now=NOW)
    at_once = StayEntry(None, "Ward 9, Calder Royal", tuesday, NOW - timedelta(days=1))
    record_stay(session, case_of(second), at_once, **by)
    cases = {item.id: session.get_one(CareCase, item.case_id).reference for item in (first, second)}
    with pytest.raises(ActionRefused) as refused:
        perform(session, merge, "agree", agreeing, now=NOW)
    said = str(refused.value)
    assert said == (
        "They were in two places at once, so they are two people or a stay is wrong: HARTWIN, Isobel at Linden, "
        f"Tarn House, from Tuesday 10 March 2026, 10am until now ({cases[first.id]}), and HARTWYNN, Isobel at "
        f"Ward 9, Calder Royal, from Tuesday 10 March 2026, 10am until Sunday 15 March 2026, 10am "
        f"({cases[second.id]})"
    )
    with pytest.raises(ActionRefused, match="Ward 9, Calder Royal"):
        third = propose(session, one, two, taken=(), why="Again", actor=make_actor(session), now=NOW)
        assert third is None


def test_what_was_begun_since_stays_with_the_record_that_stands_and_is_told(
    session: Session, asking: Actor, agreeing: Actor
) -> None:
    first = make_referral(session)
    second = make_referral(session, "in_review", family_name="Hartwynn")
    whole = make_referral(session, service_line="aed", nhs_number=second.nhs_number)
    one, two = person_of(session, first), person_of(session, second)
    merge = make_one(session, one, two, asking, agreeing, ["family_name"])
    told: dict[str, Any] = {"by_id": asking.user_id or 0, "now": LATER}
    # A referral and an alert on the case that came over whole, a decision opened from a referral that came over,
    # a stay, and another family name: all of it after the two were made one.
    since = make_referral(session, service_line="aed", nhs_number=second.nhs_number, now=LATER)
    assert since.case_id == whole.case_id
    add_alert(session, case_of(whole), text="Runs away", detail="", **told)
    perform(session, second, "accept", agreeing, now=LATER)
    entry = StayEntry(None, "Ward 6, Calder Royal", LATER - timedelta(days=2), None)
    record_stay(session, case_of(first), entry, **told)
    session.execute(update(Patient).where(Patient.id == one).values(family_name="Hartley"))
    take_apart(session, merge, asking, agreeing)
    session.expire_all()
    (decision,) = session.scalars(select(Admission).where(Admission.parent_id == second.id))
    assert [person_of(session, item) for item in (first, since, second, whole, decision)] == [one, one, two, two, two]
    assert session.get_one(Patient, one).family_name == "Hartley"
    assert session.get_one(Patient, two).family_name == "Hartwynn"
    alerts = session.execute(select(CaseAlert.text, CaseAlert.case_id)).all()
    assert alerts == [("Runs away", since.case_id)] and since.case_id != whole.case_id
    assert session.scalars(select(CaseStay.patient_id)).all() == [one]
    assert merge.undone is not None and not verify(session).findings
    stayed = "stays with the record that stands"
    assert [said for said in merge.undone["stayed"] if not said.startswith("Legal status")] == [
        f"Family name: “Hartley” was entered since and {stayed}",
        f"Referral {since.reference}, begun on Tuesday 17 March 2026, {stayed}",
        f"Admission decision {decision.reference}, begun on Tuesday 17 March 2026, goes back with what it was opened "
        "from",
        f"Alert “Runs away”, added on Tuesday 17 March 2026, {stayed}",
        f"The stay at Ward 6, Calder Royal, from Sunday 15 March 2026, 10am until now {stayed}",
    ]


def test_a_person_is_found_by_what_the_other_record_said(session: Session, asking: Actor, agreeing: Actor) -> None:
    first = make_referral(session)
    second = make_referral(session, family_name="Hartwynn", date_of_birth=date(2010, 9, 15))
    third = make_referral(session)
    one, two, three = (person_of(session, item) for item in (first, second, third))
    make_one(session, one, two, asking, agreeing, ["nhs_number"])
    # By the number it took over, by the one it had before, and by the other's birthday.
    for number, born in ((second.nhs_number, None), (first.nhs_number, None), (second.nhs_number, date(2010, 9, 15))):
        facts: dict[str, Any] = {"nhs_number": number} | ({"date_of_birth": born} if born else {})
        again = make_referral(session, service_line="aed", **facts)
        assert person_of(session, again) == one
    # Made part of a third one, it still leads there in one step.
    make_one(session, three, one, asking, agreeing, ["nhs_number"])
    session.expire_all()
    assert session.get_one(Patient, two).merged_into_id == session.get_one(Patient, one).merged_into_id == three
    for number in (first.nhs_number, second.nhs_number, third.nhs_number):
        found = people_like(session, Whom(number or "", "Nobody", "", date(1990, 1, 1)))
        assert [patient.id for patient in found] == [three]
    by_name = people_like(session, Whom("", "Hartwynn", "", date(2010, 9, 15)))
    assert [patient.id for patient in by_name] == [three]
    case = open_case(session, patient_id=two, service_line="secure", now=NOW)
    assert case.patient_id == three
    with pytest.raises(ActionRefused, match="is part of another record already"):
        propose(session, one, two, taken=(), why="Again", actor=asking, now=NOW)


def test_the_last_merge_is_the_first_to_be_undone(session: Session, asking: Actor, agreeing: Actor) -> None:
    one, two, three = (person_of(session, make_referral(session)) for _ in range(3))
    first = make_one(session, one, two, asking, agreeing)
    second = make_one(session, one, three, asking, agreeing)
    with pytest.raises(ActionRefused, match=f"{second.reference} came later and builds on this one"):
        perform(session, first, "ask_to_undo", asking, now=LATER, reason=REASON)
    perform(session, second, "ask_to_undo", asking, now=LATER, reason=REASON)
    with pytest.raises(ActionRefused, match=f"{second.reference}, about one of these two records, is not decided yet"):
        four = person_of(session, make_referral(session))
        propose(session, one, four, taken=(), why="Same mother", actor=asking, now=LATER)
    perform(session, second, "undo", agreeing, now=LATER)
    take_apart(session, first, asking, agreeing)
    assert session.get_one(Patient, two).merged_into_id is None


def test_two_numbers_never_become_the_same_by_undoing(session: Session, asking: Actor, agreeing: Actor) -> None:
    first, second = make_referral(session), make_referral(session)
    one, two = person_of(session, first), person_of(session, second)
    merge = make_one(session, one, two, asking, agreeing)
    session.execute(update(Patient).where(Patient.id == one).values(nhs_number=second.nhs_number))
    with pytest.raises(ActionRefused, match="Both records would have the same NHS number"):
        perform(session, merge, "ask_to_undo", asking, now=LATER, reason=REASON)
    session.execute(update(Patient).where(Patient.id == one).values(nhs_number=first.nhs_number))
    perform(session, merge, "ask_to_undo", asking, now=LATER, reason=REASON)
    perform(session, merge, "undo", agreeing, now=LATER)
    again = make_one(session, one, two, asking, agreeing, ["nhs_number"])
    session.add(Patient(nhs_number=first.nhs_number, created_at=NOW))
    session.flush()
    with pytest.raises(ActionRefused, match="is on a third record now: correct it there first"):
        perform(session, again, "ask_to_undo", asking, now=LATER, reason=REASON)


def test_a_seal_is_never_opened_by_a_merge(session: Session, asking: Actor, agreeing: Actor) -> None:
    first, second = make_referral(session), make_referral(session)
    one, two = person_of(session, first), person_of(session, second)
    session.execute(update(CareCase).where(CareCase.id == second.case_id).values(is_sealed=True))
    with pytest.raises(ActionRefused, match="is sealed, and you are not on its list"):
        propose(session, one, two, taken=(), why="Same mother", actor=asking, now=NOW)
    session.add(CaseSeal(case_id=second.case_id, user_id=asking.user_id))
    session.flush()
    with pytest.raises(ActionRefused, match="only one of them is sealed: seal both to the same people first"):
        propose(session, one, two, taken=(), why="Same mother", actor=asking, now=NOW)
    session.execute(update(CareCase).where(CareCase.id == first.case_id).values(is_sealed=True))
    session.add_all(CaseSeal(case_id=first.case_id, user_id=each.user_id) for each in (asking, agreeing))
    session.flush()
    with pytest.raises(ActionRefused, match="sealed to different people: name the same people for each first"):
        propose(session, one, two, taken=(), why="Same mother", actor=asking, now=NOW)
    session.add(CaseSeal(case_id=second.case_id, user_id=agreeing.user_id))
    session.flush()
    merge = propose(session, one, two, taken=(), why="Same mother", actor=asking, now=NOW)
    outsider = make_actor(session, Role.HEAD_OF_COMMISSIONING)
    with pytest.raises(ActionRefused, match="There is nothing here for you to do"):
        perform(session, merge, "agree", outsider, now=NOW)
    perform(session, merge, "agree", agreeing, now=NOW)
    with pytest.raises(ActionRefused, match="There is nothing here for you to do"):
        perform(session, merge, "ask_to_undo", outsider, now=NOW, reason=REASON)
    take_apart(session, merge, asking, agreeing)


def test_nobody_outside_the_hub_is_let_in_and_an_emptied_case_takes_nothing(
    session: Session, asking: Actor, agreeing: Actor
) -> None:
    first, second = make_referral(session), make_referral(session)
    one, two = person_of(session, first), person_of(session, second)
    emptied = case_of(second)
    merge = propose(session, one, two, taken=(), why="Same mother", actor=asking, now=NOW)
    organisation = make_provider(session).id
    with pytest.raises(ActionRefused, match="nobody outside can be let in"):
        perform(session, merge, "add_party", asking, now=NOW, values={"organisation_id": organisation}, reason=REASON)
    perform(session, merge, "agree", agreeing, now=NOW)
    session.expire_all()
    case = session.get_one(CareCase, emptied)
    assert case.closed_at == NOW and case.merged_into_id == first.case_id == second.case_id
    with pytest.raises(ActionRefused, match=r"is part of CAS-2026-\d+ now"):
        add_alert(session, emptied, text="Runs away", detail="", by_id=asking.user_id or 0, now=NOW)
    row = second.history[-1]
    assert (row.action, row.audience, row.actor_id) == ("move", "hub", agreeing.user_id)
    assert row.values["case"]["old"] == case.reference


def test_what_was_changed_since_goes_back_changed_and_is_told(session: Session, asking: Actor, agreeing: Actor) -> None:
    first, second = make_referral(session, family_told=None), make_referral(session, family_told=True)
    one, two = person_of(session, first), person_of(session, second)
    told: dict[str, Any] = {"by_id": asking.user_id or 0, "now": NOW}
    alert = add_alert(session, case_of(second), text="Runs away", detail="", **told)
    stay = record_stay(session, case_of(second), StayEntry(None, "Ward 6", NOW - timedelta(days=2), None), **told)
    emptied, took_in = case_of(second), case_of(first)
    merge = make_one(session, one, two, asking, agreeing)
    told["now"] = LATER
    end_alert(session, alert.id, reason="Over", **told)
    ended = StayEntry(None, "Ward 6", NOW - timedelta(days=2), LATER)
    correct_stay(session, took_in, stay.id, ended, reason="Went home", **told)
    session.execute(update(CareCase).where(CareCase.id == took_in).values(family_told=False))
    add_legal_status(session, took_in, Entry("01", local(LATER).date(), None), **told)
    take_apart(session, merge, asking, agreeing)
    session.expire_all()
    assert (alert.case_id, alert.end_reason, stay.case_id, stay.patient_id) == (emptied, "Over", emptied, two)
    assert session.scalars(select(CaseStay.patient_id).where(CaseStay.corrected_at.is_(None))).all() == [one]
    assert session.get_one(CareCase, took_in).family_told is False
    assert merge.undone is not None
    reference = session.get_one(CareCase, took_in).reference
    assert [said.partition(",")[0] for said in merge.undone["stayed"]] == [
        "Alert “Runs away” was ended since: it goes back ended",
        "Legal status “Informal”",
        "The stay at Ward 6",
        "The stay at Ward 6",
        f"1 fact of {reference} was changed since and stays with the record that stands: look through them",
    ]


def test_what_was_opened_again_since_goes_back_open(session: Session, asking: Actor, agreeing: Actor) -> None:
    first = make_referral(session)
    old = make_referral(session, "declined", family_name="Hartwynn")
    close_case(session, case_of(old), reason="Home", by_id=asking.user_id or 0, now=NOW)
    one, two, closed = person_of(session, first), person_of(session, old), case_of(old)
    merge = make_one(session, one, two, asking, agreeing)
    perform(session, old, "reopen", agreeing, now=LATER, reason="New facts")
    assert case_of(old) == case_of(first), "the person has one open case of the service line"
    take_apart(session, merge, asking, agreeing)
    session.expire_all()
    assert case_of(old) == closed and session.get_one(CareCase, closed).closed_at is None

    # With another open case of that line, which is emptied: what was opened again goes on there.
    perform(session, old, "decline", agreeing, now=LATER, values=ANSWERS["decline"])
    close_case(session, closed, reason="Home", by_id=asking.user_id or 0, now=LATER)
    fresh = make_referral(session, nhs_number=old.nhs_number)
    emptied = case_of(fresh)
    merge = make_one(session, one, two, asking, agreeing)
    perform(session, old, "reopen", agreeing, now=LATER, reason="New facts")
    take_apart(session, merge, asking, agreeing)
    session.expire_all()
    assert case_of(old) == case_of(fresh) == emptied
    assert session.get_one(CareCase, closed).closed_at is not None and not verify(session).findings

    # And when that case itself is open again, one of the two has to be closed first.
    perform(session, old, "decline", agreeing, now=LATER, values=ANSWERS["decline"])
    merge = make_one(session, one, two, asking, agreeing)
    session.execute(update(CareCase).where(CareCase.id == case_of(first)).values(closed_at=LATER))
    session.execute(update(CareCase).where(CareCase.id == closed).values(closed_at=None))
    perform(session, merge, "ask_to_undo", asking, now=LATER, reason=REASON)
    with pytest.raises(ActionRefused, match="was opened again since"):
        perform(session, merge, "undo", agreeing, now=LATER)


def test_a_proposal_needs_two_records_and_a_reason(session: Session, asking: Actor) -> None:
    one, two = (person_of(session, make_referral(session)) for _ in range(2))
    with pytest.raises(ActionRefused, match="These are one record already"):
        propose(session, one, one, taken=(), why="Same", actor=asking, now=NOW)
    with pytest.raises(ActionRefused, match="Say why you think"):
        propose(session, one, two, taken=(), why=" ", actor=asking, now=NOW)
    with pytest.raises(ActionRefused, match="Starting a merge is for"):
        propose(session, one, two, taken=(), why="Same", actor=make_actor(session, Role.DIRECTOR), now=NOW)
