"""What a sent referral does to patient, case and legal status, in the same transaction."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.cases.models import CareCase, LegalStatus
from hub.cases.services import keep_facts, open_case, record_legal_status, reopen_case
from hub.engine.attach import attach_case
from hub.engine.perform import perform
from hub.patients.models import Patient
from hub.patients.services import find_or_add, might_be, sound_of
from tests.factories import ANSWERS, NOW, make_referral, referral_values, start_referral
from workflows.actor import Actor


def case_of(session: Session, case_id: int | None) -> CareCase:
    return session.scalars(select(CareCase).where(CareCase.id == case_id)).one()


def test_a_sent_referral_opens_a_case_with_its_facts(session: Session) -> None:
    item = make_referral(session, priority="urgent", family_told=True, responsible_icb="ZICB1")
    case = case_of(session, item.case_id)
    assert case.reference.startswith("CAS-2026-") and case.opened_at == NOW
    assert (case.service_line, case.priority, case.received_at) == ("cyp", "urgent", NOW)
    assert (case.consent_basis, case.family_told, case.responsible_icb) == ("gillick", True, "ZICB1")
    patient = session.get_one(Patient, case.patient_id)
    assert (patient.family_name, patient.nhs_number, patient.name_sound) == ("Hartwin", item.nhs_number, "HRTWN")
    assert item.case is case


def test_receipt_is_now_when_nobody_recorded_it(session: Session, referrer: Actor) -> None:
    item = start_referral(session, referrer, received=False, **referral_values("urgent"))
    sent_at = NOW + timedelta(days=3)
    perform(session, item, "submit", referrer, now=sent_at, values=ANSWERS["submit"])
    session.expire_all()
    assert (item.received_at, item.clocks[0].started_at) == (sent_at, sent_at)
    assert case_of(session, item.case_id).received_at == sent_at


def test_the_next_referral_of_the_person_shares_the_case(session: Session) -> None:
    first = make_referral(session, "accepted", family_told=True)
    again = make_referral(session, nhs_number=first.nhs_number, family_told=None, family_name="Hartwyn")
    other_line = make_referral(session, nhs_number=first.nhs_number, service_line="secure")
    assert again.case_id == first.case_id != other_line.case_id
    case = case_of(session, first.case_id)
    assert case.family_told is True, "an empty answer never erases a known one"
    assert case.patient_id == case_of(session, other_line.case_id).patient_id
    assert len(session.scalars(select(Patient)).all()) == 1


def test_the_same_number_born_on_another_day_is_another_record(session: Session) -> None:
    first = make_referral(session)
    other = make_referral(session, nhs_number=first.nhs_number, date_of_birth=date(2011, 1, 1))
    assert other.case_id != first.case_id
    patient = session.get_one(Patient, case_of(session, other.case_id).patient_id)
    assert (patient.nhs_number, patient.nhs_number_status) == (None, "05")


@pytest.mark.parametrize("missing", ["facts", "record"])
def test_an_unknown_birthday_does_not_contradict(session: Session, missing: str) -> None:
    known = find_or_add(session, make_referral(session, date_of_birth=date(2010, 1, 1)), now=NOW)
    session.execute(update(Patient).values(date_of_birth=None if missing == "record" else date(2010, 1, 1)))
    session.expire_all()
    facts = Patient(nhs_number=known.nhs_number, date_of_birth=None if missing == "facts" else date(2012, 2, 2))
    assert find_or_add(session, facts, now=NOW) is known


def test_people_without_a_number_are_never_merged_but_offered(session: Session) -> None:
    first = make_referral(session, priority="emergency", nhs_number=None, postcode=None)
    second = make_referral(session, priority="emergency", family_name="Hartwinn", nhs_number=None, postcode=None)
    assert first.case_id != second.case_id
    records = session.scalars(select(Patient).order_by(Patient.id)).all()
    assert [patient.nhs_number for patient in records] == [None, None]
    assert [row.id for row in might_be(session, records[1])] == [records[0].id]
    records[1].date_of_birth = None
    assert might_be(session, records[1]) == []
    records[1].date_of_birth, records[1].name_sound, records[1].postcode = date(2010, 9, 14), "", None
    assert might_be(session, records[1]) == []
    records[0].postcode = records[1].postcode = "LS1 4AB"
    assert [row.id for row in might_be(session, records[1])] == [records[0].id]
    assert sound_of(None) == ""


def test_how_a_person_is_called() -> None:
    full = Patient(family_name="Hartwin", given_name="Isobel", preferred_name="Izzy")
    assert (full.full_name, full.short_name, full.called) == ("HARTWIN, Isobel", "I. Hartwin", "Izzy")
    given = Patient(given_name="Isobel")
    assert (given.full_name, given.short_name, given.called) == ("Isobel", "Isobel", "Isobel")
    family = Patient(family_name="Hartwin")
    assert (family.full_name, family.short_name, family.called) == ("HARTWIN", "Hartwin", "Hartwin")
    nobody = Patient()
    assert (nobody.full_name, nobody.short_name, nobody.called) == ("Name not known", "Name not known", "This person")


def test_legal_status_is_a_history(session: Session, referrer: Actor) -> None:
    item = make_referral(session, legal_status="02", legal_status_from=date(2026, 3, 10), referrer=referrer)
    case = case_of(session, item.case_id)
    until = datetime(2026, 9, 10, tzinfo=UTC)
    for _ in range(2):
        record_legal_status(
            session, case, code="03", from_on=date(2026, 3, 20), expires_at=until, by_id=referrer.user_id, now=NOW
        )
    record_legal_status(session, case, code=None, from_on=None, expires_at=None, by_id=None, now=NOW)
    session.expire_all()
    held = session.scalars(select(LegalStatus).order_by(LegalStatus.id)).all()
    assert [(status.code, status.ended_on) for status in held] == [("02", date(2026, 3, 20)), ("03", None)]
    record_legal_status(session, case, code="01", from_on=None, expires_at=None, by_id=None, now=NOW)
    assert held[1].ended_on == NOW.date()


def test_reopening_an_item_reopens_its_case(session: Session, case_manager: Actor) -> None:
    item = make_referral(session, "declined")
    case = case_of(session, item.case_id)
    session.execute(update(CareCase).where(CareCase.id == case.id).values(closed_at=NOW))
    perform(session, item, "reopen", case_manager, now=NOW, reason="New facts")
    session.expire_all()
    assert (item.case_id, case.closed_at) == (case.id, None)


def test_reopening_moves_to_the_newer_open_case(session: Session, case_manager: Actor) -> None:
    item = make_referral(session, "declined")
    old = case_of(session, item.case_id)
    session.execute(update(CareCase).where(CareCase.id == old.id).values(closed_at=NOW))
    session.expire_all()
    newer = open_case(session, patient_id=old.patient_id, service_line="cyp", now=NOW)
    assert newer.id != old.id
    assert item.case is old
    perform(session, item, "reopen", case_manager, now=NOW, reason="New facts")
    assert (item.case_id, item.case) == (newer.id, newer)
    session.expire_all()
    assert (item.case_id, old.closed_at) == (newer.id, NOW)


def test_reopening_in_an_open_case_changes_nothing(session: Session, case_manager: Actor) -> None:
    item = make_referral(session, "redirected")
    case_id = item.case_id
    perform(session, item, "reopen", case_manager, now=NOW, reason="New facts")
    assert item.case_id == case_id is not None
    assert reopen_case(session, case_id) == case_id


def test_attaching_twice_sends_nothing(session: Session, statements: Any) -> None:
    item = make_referral(session)
    assert item.case_id is not None
    with statements() as sent:
        attach_case(session, item, item.case_id)
    assert sent == []


def test_facts_come_from_anything_that_has_them(session: Session) -> None:
    case = case_of(session, make_referral(session).case_id)
    keep_facts(session, case, object())
    assert case.consent_basis == "gillick"


def test_a_referral_without_a_case_has_no_others(session: Session, referrer: Actor) -> None:
    assert start_referral(session, referrer).others_open == []
