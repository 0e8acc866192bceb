"""Stays on a ward: dated, corrected and never overwritten, and of one person no two at once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.cases.models import CareCase, CaseStay
from hub.cases.services import open_case
from hub.cases.stays import StayEntry, correct_stay, record_stay
from hub.engine.refusal import ActionRefused
from tests.factories import NOW, make_membership, make_referral, make_unit
from workflows.durations import local
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
DAY = timedelta(days=1)
WARD = "Ward 6, Calder Royal"


@pytest.fixture
def case(session: Session) -> CareCase:
    return session.get_one(CareCase, make_referral(session).case_id)


def told(session: Session) -> dict[str, Any]:
    return {"by_id": make_membership(session).user_id, "now": NOW}


def test_a_transfer_and_a_readmission_on_one_day_are_allowed_and_nothing_at_once(
    session: Session, case: CareCase
) -> None:
    unit, by = make_unit(session), told(session)
    record_stay(session, case.id, StayEntry(unit.id, "", NOW - 5 * DAY, NOW - 2 * DAY), **by)
    record_stay(session, case.id, StayEntry(None, WARD, NOW - 2 * DAY, NOW - DAY), **by)
    record_stay(session, case.id, StayEntry(unit.id, "", NOW - DAY, None), **by)
    other = open_case(session, patient_id=case.patient_id, service_line="aed", now=NOW)
    with pytest.raises(ActionRefused) as refused:
        record_stay(session, other.id, StayEntry(None, "Ward 9", NOW - 3 * DAY, NOW - 2 * DAY), **by)
    assert str(refused.value) == (
        "It would overlap another stay of this person: Linden, Tarn House, from Wednesday 11 March 2026, 10am until "
        f"Saturday 14 March 2026, 10am ({case.reference})"
    )
    case.is_sealed = True
    with pytest.raises(ActionRefused, match="it is on another case of theirs") as refused:
        record_stay(session, other.id, StayEntry(None, "Ward 9", NOW - 3 * DAY, NOW - 2 * DAY), **by)
    assert "Linden" not in str(refused.value)


def test_the_database_has_the_last_word(session: Session, case: CareCase) -> None:
    by = told(session)
    made = record_stay(session, case.id, StayEntry(None, WARD, NOW - DAY, None), **by)
    again = CaseStay(
        patient_id=case.patient_id, case_id=case.id, hospital="Ward 9", from_at=NOW - DAY / 2, recorded_at=NOW
    )
    with pytest.raises(IntegrityError, match="ex_case_stay_overlap"), session.begin_nested():
        session.add(again)
        session.flush()
    made.corrected_at = NOW
    session.add(CaseStay(patient_id=case.patient_id, case_id=case.id, hospital="x", from_at=NOW, recorded_at=NOW))
    session.flush()


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (StayEntry(None, "", NOW - DAY, None), "Choose the unit, or write the ward and hospital"),
        (StayEntry(1, WARD, NOW - DAY, None), "Choose the unit, or write the ward and hospital"),
        (StayEntry(None, WARD, NOW + DAY, None), "It has not begun yet"),
        (StayEntry(None, WARD, NOW - DAY, NOW + DAY), "It has not ended yet"),
        (StayEntry(None, WARD, NOW - DAY, NOW - DAY), "It ends before it begins"),
    ],
)
def test_what_cannot_be_is_refused_in_words(session: Session, case: CareCase, entry: StayEntry, said: str) -> None:
    with pytest.raises(ActionRefused, match=said):
        record_stay(session, case.id, entry, **told(session))


def test_an_entry_is_corrected_by_another_and_stays(session: Session, case: CareCase) -> None:
    by = told(session)
    made = record_stay(session, case.id, StayEntry(None, WARD, NOW - 3 * DAY, None), **by)
    ended = StayEntry(None, WARD, NOW - 3 * DAY, NOW - DAY)
    correct_stay(session, case.id, made.id, ended, reason="She went home", **by)
    with pytest.raises(ActionRefused, match="Somebody else has corrected this entry meanwhile"):
        correct_stay(session, case.id, made.id, None, reason="Twice", **by)
    rows = session.scalars(select(CaseStay).order_by(CaseStay.id)).all()
    assert [(row.until_at, row.correction_reason) for row in rows] == [(None, "She went home"), (NOW - DAY, None)]
    correct_stay(session, case.id, rows[1].id, None, reason="It was her sister", **by)
    assert len(session.scalars(select(CaseStay)).all()) == 2


def moment_fields(name: str, at: datetime) -> dict[str, str]:
    here = local(at)
    parts = {"day": here.day, "month": here.month, "year": here.year, "time": f"{here:%H:%M}"}
    return {f"{name}-{part}": str(value) for part, value in parts.items()}


def test_by_hand_on_the_case_page(client: FlaskClient, session: Session, case: CareCase, sign_in: SignIn) -> None:
    unit, now = make_unit(session), datetime.now(UTC).replace(second=0, microsecond=0)
    sign_in(client, make_membership(session, Role.COORDINATOR))
    address = f"/cases/{case.reference}/stays/new"
    typed = {"unit_id": str(unit.id), "why": "Admitted from A&E", **moment_fields("from_at", now - 2 * DAY)}
    assert client.post(address, data=typed).status_code == 303
    again = client.post(address, data={"hospital": WARD, **moment_fields("from_at", now - DAY)})
    assert again.status_code == 422 and "It would overlap another stay of this person: Linden" in again.text
    assert WARD in again.text
    page = client.get(f"/cases/{case.reference}").text
    assert "Linden, Tarn House" in page and "still there" in page and "Admitted from A&amp;E" in page
    (made,) = session.scalars(select(CaseStay))
    correct = f"/cases/{case.reference}/stays/{made.id}/correct"
    assert "Admitted from A&amp;E" in client.get(correct).text
    done = client.post(correct, data={**typed, "never": "y", "reason": "It was her sister"})
    assert done.status_code == 303
    page = client.get(f"/cases/{case.reference}").text
    assert "<del><b>Linden, Tarn House</b>" in page and "“It was her sister”" in page
    assert client.get(correct).status_code == 404
    sign_in(client, make_membership(session, Role.CLINICAL_REVIEWER))
    assert client.get(address).status_code == 404
    assert "Record a stay" not in client.get(f"/cases/{case.reference}").text
