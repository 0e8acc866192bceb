"""Legal status as a dated history: recorded, corrected, and refused in words when days would overlap or be left out."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.cases.legal_status import latest_end
from hub.cases.models import CareCase, LegalStatus
from hub.cases.services import record_legal_status
from tests.factories import make_membership, make_referral
from tests.features.test_casefile import case_of, read
from workflows.durations import LONDON
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
TODAY = NOW.astimezone(LONDON).date()


def in_days(days: int) -> date:
    """So many days from today."""
    return TODAY + timedelta(days=days)


def end_of(on: date) -> datetime:
    """The last minute of a day."""
    return datetime(on.year, on.month, on.day, 23, 59, tzinfo=LONDON).astimezone(UTC)


@pytest.fixture
def case(session: Session, client: FlaskClient, sign_in: SignIn) -> CareCase:
    """A case under section 2 since ten days ago, and a case manager signed in."""
    law: dict[str, Any] = {
        "legal_status": "02",
        "legal_status_from": in_days(-10),
        "legal_status_expires_at": end_of(in_days(17)),
    }
    sign_in(client, make_membership(session, Role.CASE_MANAGER))
    return case_of(session, make_referral(session, "in_review", priority="urgent", now=NOW, **law))


def statuses(session: Session, case: CareCase) -> list[LegalStatus]:
    """The entries in the order they were written."""
    return list(session.scalars(select(LegalStatus).where(LegalStatus.case_id == case.id).order_by(LegalStatus.id)))


def typed(code: str, from_on: date | None, expires: date | None = None, **more: str) -> dict[str, str]:
    """The form as it is sent."""
    parts = {"code": code, **more}
    if from_on:
        parts |= {
            "from_on-day": str(from_on.day),
            "from_on-month": str(from_on.month),
            "from_on-year": str(from_on.year),
        }
    if expires:
        names = {"day": expires.day, "month": expires.month, "year": expires.year, "time": "11:59pm"}
        parts |= {f"expires_at-{name}": str(value) for name, value in names.items()}
    return parts


def record(client: FlaskClient, case: CareCase, *told: Any) -> Any:
    """Send the form of a new status."""
    return client.post(f"/cases/{case.reference}/legal-status/new", data=typed(*told))


def test_a_new_status_ends_the_one_before(session: Session, client: FlaskClient, case: CareCase) -> None:
    assert "Record a new one" in read(client, case)
    answer = record(client, case, "03", TODAY, in_days(150))
    assert answer.status_code == 303
    assert answer.location.endswith("#legal-status")
    old, new = statuses(session, case)
    assert (old.code, old.ended_on) == ("02", TODAY)
    assert (new.code, new.ended_on, new.expires_at) == ("03", None, end_of(in_days(150)))
    page = read(client, case)
    assert page.index("<b>Section 3</b>") < page.index("<b>Section 2</b>")
    assert "150 days left" in page
    assert "Recorded by " in page


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (("", TODAY), "Choose the legal status"),
        (("01", None), "Enter the day it began"),
        (("01", in_days(1)), "It has not begun yet. Record it on the day it begins"),
        (("01", in_days(-11)), "so the two would overlap"),
        (("03", TODAY), "Section 3 always runs out. Enter when: at the latest on"),
        (("02", TODAY, in_days(28)), "can last until"),
        (("03", TODAY, in_days(-1)), "It runs out before it begins"),
        (("05", TODAY, in_days(5)), "can last until"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    session: Session, client: FlaskClient, case: CareCase, told: Any, said: str
) -> None:
    answer = record(client, case, *told)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert said in page
    assert "HARTWIN" in page
    if told[1]:
        assert f'value="{told[1].year}"' in page
    assert len(statuses(session, case)) == 1


def test_no_day_is_left_out(session: Session, client: FlaskClient, case: CareCase) -> None:
    session.execute(update(LegalStatus).values(expires_at=end_of(in_days(-3))))
    session.commit()
    assert "nothing recorded since" in read(client, case)
    answer = record(client, case, "01", in_days(-1))
    assert answer.status_code == 422
    assert "Section 2 ran out on" in answer.get_data(as_text=True)
    assert record(client, case, "01", in_days(-2)).status_code == 303


def test_the_last_day_allowed_is_allowed(client: FlaskClient, case: CareCase) -> None:
    assert record(client, case, "02", TODAY, in_days(27)).status_code == 303


def test_a_section_that_can_be_renewed_may_run_longer(client: FlaskClient, case: CareCase) -> None:
    assert record(client, case, "03", TODAY, in_days(300)).status_code == 303


@pytest.mark.parametrize(
    ("code", "from_on", "latest"),
    [
        ("02", date(2026, 3, 17), datetime(2026, 4, 14, tzinfo=LONDON)),
        ("03", date(2026, 8, 31), datetime(2027, 3, 1, tzinfo=LONDON)),
        ("03", date(2026, 4, 1), datetime(2026, 10, 1, tzinfo=LONDON)),
        ("06", date(2026, 3, 1), datetime(2026, 3, 2, 6, tzinfo=LONDON)),
        ("20", date(2026, 3, 1), datetime(2026, 3, 3, 12, tzinfo=LONDON)),
        ("01", date(2026, 3, 1), None),
    ],
)
def test_how_long_the_law_allows(code: str, from_on: date, latest: datetime | None) -> None:
    assert latest_end(code, from_on) == latest


def test_a_wrong_entry_is_corrected_and_stays(session: Session, client: FlaskClient, case: CareCase) -> None:
    [old] = statuses(session, case)
    address = f"/cases/{case.reference}/legal-status/{old.id}/correct"
    asked = client.get(address).get_data(as_text=True)
    assert "Correct the entry “Section 2”" in asked
    assert f'value="{old.from_on.day if old.from_on else ""}"' in asked
    right = typed("02", in_days(-9), in_days(18))
    assert client.post(address, data=right).status_code == 422
    answer = client.post(address, data={**right, "reason": "The papers say a day later"})
    assert answer.status_code == 303
    old, new = statuses(session, case)
    assert (old.from_on, old.correction_reason, old.ended_on) == (in_days(-10), "The papers say a day later", None)
    assert (new.from_on, new.corrected_at) == (in_days(-9), None)
    page = read(client, case)
    assert "<del><b>Section 2</b>" in page
    assert "“The papers say a day later”" in page
    assert page.count("18 days left") == 1
    again = client.post(address, data={**right, "reason": "Again"})
    assert again.status_code == 404


def test_correcting_moves_the_neighbours_and_keeps_the_line_whole(
    session: Session, client: FlaskClient, case: CareCase
) -> None:
    record(client, case, "03", in_days(-5), in_days(100))
    first, second = statuses(session, case)
    late = f"/cases/{case.reference}/legal-status/{second.id}/correct"
    assert client.post(late, data=typed("03", in_days(-11), in_days(90), reason="Wrong day")).status_code == 422
    assert client.post(late, data=typed("03", in_days(-4), in_days(90), reason="Wrong day")).status_code == 303
    session.refresh(first)
    assert first.ended_on == in_days(-4)
    early = f"/cases/{case.reference}/legal-status/{first.id}/correct"
    after = client.post(early, data=typed("02", in_days(-3), in_days(20), reason="Wrong day"))
    assert after.status_code == 422
    assert "This one must begin before" in after.get_data(as_text=True)
    short = client.post(early, data=typed("02", in_days(-9), in_days(-6), reason="Wrong day"))
    assert short.status_code == 422
    assert "Nothing would be recorded from then until" in short.get_data(as_text=True)
    assert client.post(early, data=typed("02", in_days(-9), in_days(10), reason="Wrong day")).status_code == 303
    standing = [row for row in statuses(session, case) if row.corrected_at is None]
    assert {(row.code, row.from_on, row.ended_on) for row in standing} == {
        ("02", in_days(-9), in_days(-4)),
        ("03", in_days(-4), None),
    }


def test_an_entry_corrected_meanwhile_is_said(session: Session, client: FlaskClient, case: CareCase) -> None:
    from hub.cases.legal_status import Entry, correct_legal_status
    from hub.engine.refusal import ActionRefused

    [old] = statuses(session, case)
    entry = Entry("02", in_days(-9), end_of(in_days(17)))
    told: dict[str, Any] = {"reason": "Wrong day", "by_id": make_membership(session).user_id, "now": NOW}
    correct_legal_status(session, case.id, old.id, entry, **told)
    with pytest.raises(ActionRefused, match="corrected this entry meanwhile"):
        correct_legal_status(session, case.id, old.id, entry, **told)


@pytest.mark.parametrize(
    "role", [Role.CLINICAL_REVIEWER, Role.DIRECTOR, Role.ADMINISTRATOR, Role.INFORMATION_GOVERNANCE, Role.REFERRER]
)
def test_others_may_not(session: Session, client: FlaskClient, sign_in: SignIn, case: CareCase, role: Role) -> None:
    sign_in(client, make_membership(session, role))
    assert record(client, case, "01", TODAY).status_code == 404
    [old] = statuses(session, case)
    assert client.get(f"/cases/{case.reference}/legal-status/{old.id}/correct").status_code == 404
    assert client.get(f"/cases/{case.reference}/legal-status/999999/correct").status_code == 404


def test_a_case_without_any_law_says_so_and_takes_one(session: Session, client: FlaskClient, case: CareCase) -> None:
    for row in statuses(session, case):
        session.delete(row)
    session.commit()
    assert "None recorded" in read(client, case)
    assert record(client, case, "02", in_days(-4), in_days(20)).status_code == 303


def test_a_form_that_tells_of_an_older_status_puts_it_behind(session: Session, case: CareCase) -> None:
    by = make_membership(session).user_id
    older: dict[str, Any] = {"code": "20", "from_on": in_days(-11), "expires_at": end_of(in_days(-10))}
    for _ in range(2):
        record_legal_status(session, case, **older, by_id=by, now=NOW)
    first, behind = statuses(session, case)
    assert (first.code, first.ended_on) == ("02", None)
    assert (behind.code, behind.ended_on) == ("20", in_days(-10))
    record_legal_status(session, case, code=None, from_on=None, expires_at=None, by_id=by, now=NOW)
    record_legal_status(session, case, code="01", from_on=None, expires_at=None, by_id=by, now=NOW)
    session.refresh(first)
    assert first.ended_on == TODAY
