"""The case page: what each person sees of it, what it logs, and how many statements it takes."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.accounts.models import OnCallShift, SignInSession
from hub.cases.alerts import add_alert
from hub.cases.models import CareCase, CaseSeal
from hub.engine.models import AccessLog, WorkItem
from hub.engine.perform import perform
from tests.admission_factory import admission_of, do
from tests.factories import actor_of, make_membership, make_referral
from tests.features.test_worklist import statements
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)


def case_of(session: Session, item: Any) -> CareCase:
    """The case an item belongs to."""
    return session.get_one(CareCase, item.case_id)


def words(page: str) -> str:
    """The page without its tags."""
    return re.sub(r"<[^>]+>", "", page)


def read(client: FlaskClient, case: CareCase, part: str = "") -> str:
    """A page of the case, which must be there."""
    answer = client.get(f"/cases/{case.reference}{part}")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


@pytest.fixture
def case_manager(session: Session, client: FlaskClient, sign_in: SignIn) -> Any:
    """A case manager of the hub, signed in."""
    membership = make_membership(session, Role.CASE_MANAGER)
    sign_in(client, membership)
    return membership


def full(session: Session, state: str = "in_review", **changes: Any) -> Any:
    """A referral with everything the case page shows."""
    return make_referral(
        session,
        state,
        priority="urgent",
        now=NOW,
        preferred_name="Izzy",
        legal_status="02",
        legal_status_from=date(2026, 3, 17),
        legal_status_expires_at=NOW + timedelta(days=11),
        sharing_restricted=True,
        sharing_restriction_details="father: ask Mum first",
        consultant_name="Dr Marianne Idowu",
        **changes,
    )


def test_a_case_manager_sees_all_of_it(session: Session, client: FlaskClient, case_manager: Any) -> None:
    item = full(session)
    page = read(client, case_of(session, item))
    assert "HARTWIN, Isobel" in page
    assert "likes to be called Izzy" in page
    assert re.search(r"999 \d{3} \d{4}", page)
    assert "Section 2" in page
    assert "11 days left" in page
    assert "Sharing restricted" in page
    assert "father: ask Mum first" in page
    assert "Izzy’s case" in page
    assert "Accept, decline or redirect" in page
    assert "You can accept, decline, redirect, return as incomplete or withdraw now" in words(page)
    assert f'href="/referrals/{item.reference}/accept"' in page
    assert "Dr Marianne Idowu" in page
    assert "Brackendale Community Team" in page
    assert "Submitted → In review" in page
    assert f'href="/referrals/{item.reference}"' in page
    assert "Who has looked" in page


def test_what_is_missing_is_named(session: Session, client: FlaskClient, case_manager: Any) -> None:
    item = full(session, learning_disability="1")
    page = read(client, case_of(session, item))
    assert "<b>Accept</b>: not yet" in page
    assert "Missing:" in page
    assert "You can decline" in words(page)


def test_a_coordinator_reads_whose_move_it_is(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    item = full(session, learning_disability="1")
    sign_in(client, make_membership(session, Role.COORDINATOR))
    page = read(client, case_of(session, item))
    assert "<b>Accept</b>, for a case manager or an on-call manager: not yet" in page


def test_a_referrer_sees_its_own_items_and_nothing_else(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    theirs = make_membership(session, Role.REFERRER)
    item = full(session, referrer=actor_of(theirs))
    case = case_of(session, item)
    other_place = make_membership(session, Role.REFERRER, organisation=other_organisation(session))
    other = make_referral(
        session,
        "submitted",
        priority="urgent",
        now=NOW,
        referrer=actor_of(other_place),
        nhs_number=case.patient_id and number_of(session, case),
        date_of_birth=date(2010, 9, 14),
    )
    assert other.case_id == item.case_id
    sign_in(client, theirs)
    page = read(client, case)
    assert item.reference in page
    assert other.reference not in page
    assert "Another Team" not in page
    assert "Facts of the case" not in page
    assert "Who has looked" not in page
    assert "Possibly the same person" not in page
    assert client.get(f"/cases/{case.reference}/who-has-looked").status_code == 404
    timeline = read(client, case, "/timeline")
    assert other.reference not in timeline


def other_organisation(session: Session) -> Any:
    """Another organisation that refers."""
    from tests.factories import make_organisation

    return make_organisation(session, "ZRF09", name="Another Team", kind="referrer")


def number_of(session: Session, case: CareCase) -> str:
    """The NHS number of the case's person."""
    from hub.patients.models import Patient

    return str(session.get_one(Patient, case.patient_id).nhs_number)


def test_a_note_for_the_hub_is_not_read_outside(
    session: Session, client: FlaskClient, sign_in: SignIn, case_manager: Any
) -> None:
    theirs = make_membership(session, Role.REFERRER)
    item = full(session, referrer=actor_of(theirs))
    values = {"note": "The bed manager is doubtful", "audience": "hub"}
    perform(session, item, "note", actor_of(case_manager), now=NOW, values=values)
    case = case_of(session, item)
    assert "The bed manager is doubtful" in read(client, case)
    sign_in(client, theirs)
    assert "The bed manager is doubtful" not in read(client, case)
    assert "The bed manager is doubtful" not in read(client, case, "/timeline")


def test_information_governance_sees_history_and_looks_but_no_content(
    session: Session, client: FlaskClient, sign_in: SignIn, case_manager: Any
) -> None:
    item = full(session)
    values = {"note": "The bed manager is doubtful", "audience": "hub"}
    perform(session, item, "note", actor_of(case_manager), now=NOW, values=values)
    case = case_of(session, item)
    read(client, case)
    sign_in(client, make_membership(session, Role.INFORMATION_GOVERNANCE))
    for part in ("", "/timeline", "/who-has-looked"):
        page = read(client, case, part)
        for hidden in ("Hartwin", "HARTWIN", "Izzy", "Section 2", "father", "doubtful", "Dr Marianne"):
            assert hidden not in page, (part, hidden)
    assert case_manager.user.name in read(client, case, "/who-has-looked")
    assert "Write a note" in read(client, case, "/timeline")


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.FINANCE_LEAD, Role.UNIT_MANAGER, Role.REFERRER])
def test_others_are_answered_as_if_it_did_not_exist(
    session: Session, client: FlaskClient, sign_in: SignIn, role: Role
) -> None:
    elsewhere = make_membership(session, Role.REFERRER, organisation=other_organisation(session))
    case = case_of(session, full(session, referrer=actor_of(elsewhere)))
    sign_in(client, make_membership(session, role))
    for part in ("", "/timeline", "/who-has-looked"):
        refused = client.get(f"/cases/{case.reference}{part}")
        unknown = client.get(f"/cases/CAS-2026-99999{part}")
        assert refused.status_code == unknown.status_code == 404
        same = [re.sub(r'nonce="[^"]+"|value="[^"]+"', "", page.get_data(as_text=True)) for page in (refused, unknown)]
        assert same[0] == same[1]
    tried = session.scalars(select(AccessLog).where(AccessLog.what == "refused")).all()
    assert [row.case_id for row in tried] == [case.id] * 3


def test_a_sealed_case_is_open_to_its_list_alone(
    session: Session, client: FlaskClient, sign_in: SignIn, case_manager: Any
) -> None:
    case = case_of(session, full(session))
    session.execute(update(CareCase).where(CareCase.id == case.id).values(is_sealed=True))
    assert client.get(f"/cases/{case.reference}").status_code == 404
    session.add(CaseSeal(case_id=case.id, user_id=case_manager.user_id))
    session.flush()
    assert "Sealed: only the people named for this case" in read(client, case)
    sign_in(client, make_membership(session, Role.DIRECTOR))
    assert client.get(f"/cases/{case.reference}").status_code == 404


def test_on_call_sees_emergencies_only(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    emergency = case_of(session, make_referral(session, "submitted", priority="emergency", now=NOW))
    routine = case_of(session, make_referral(session, "submitted", priority="routine", now=NOW))
    membership = make_membership(session, Role.FINANCE_LEAD)
    sign_in(client, membership)
    assert client.get(f"/cases/{emergency.reference}").status_code == 404
    shift = {"from_at": NOW - timedelta(days=1), "until_at": NOW + timedelta(days=1)}
    session.add(OnCallShift(user_id=membership.user_id, **shift))
    session.flush()
    page = read(client, emergency)
    assert "Facts of the case" in page
    assert "You can start the review or add the rest of the form now" in words(page)
    assert client.get(f"/cases/{routine.reference}").status_code == 404


def test_opening_is_logged_once(session: Session, client: FlaskClient, case_manager: Any) -> None:
    case = case_of(session, full(session))
    read(client, case)
    row = session.scalars(select(AccessLog).where(AccessLog.case_id == case.id)).one()
    assert (row.what, row.user_id, row.path) == ("opened", case_manager.user_id, f"/cases/{case.reference}")


def test_eight_statements_and_one_for_each_kind_of_open_item(
    session: Session, client: FlaskClient, case_manager: Any
) -> None:
    referrer = actor_of(make_membership(session, Role.REFERRER))
    first = full(session, referrer=referrer)
    case = case_of(session, first)
    number = number_of(session, case)
    for text in ("No antipsychotics", "Falls risk"):
        add_alert(session, case.id, text=text, detail="", by_id=case_manager.user_id, now=NOW)
    counted = []
    for more in ((), ("in_review",) * 6, ("accepted",)):
        for state in more:
            other = make_referral(session, state, priority="urgent", now=NOW, referrer=referrer, nhs_number=number)
            assert other.case_id == case.id
            for turn in range(5):
                values = {"note": f"Rang the ward, call {turn}", "audience": "all"}
                perform(session, other, "note", actor_of(case_manager), now=NOW, values=values)
        read(client, case)
        # The statement that notes "still there" once a minute counts too.
        session.execute(update(SignInSession).values(last_seen_at=datetime.now(UTC) - timedelta(minutes=5)))
        session.commit()
        kinds = set(session.scalars(select(WorkItem.kind).where(WorkItem.case_id == case.id, WorkItem.is_open)))
        href = f"/cases/{case.reference}"
        with statements(session) as sent:
            assert client.get(href).status_code == 200
        counted.append((len(sent), len(kinds)))
        assert len(sent) <= 8 + len(kinds), "\n\n".join(sent)
    assert counted[0] == counted[1] == (9, 1)
    assert counted[2] == (10, 2)


def test_a_third_kind_of_open_item_costs_one_statement_more(
    session: Session, client: FlaskClient, case_manager: Any
) -> None:
    referrer = actor_of(make_membership(session, Role.REFERRER))
    case = case_of(session, full(session, referrer=referrer))
    number = number_of(session, case)
    accepted = make_referral(
        session, "accepted", priority="urgent", now=NOW, referrer=referrer, nhs_number=number, immediate_risk="Will run"
    )
    do(session, admission_of(session, accepted), "admit_in_emergency", actor_of(case_manager))
    kinds = set(session.scalars(select(WorkItem.kind).where(WorkItem.case_id == case.id, WorkItem.is_open)))
    assert kinds == {"referral", "admission", "placement"}
    read(client, case)
    session.execute(update(SignInSession).values(last_seen_at=datetime.now(UTC) - timedelta(minutes=5)))
    session.commit()
    href = f"/cases/{case.reference}"
    with statements(session) as sent:
        assert client.get(href).status_code == 200
    assert len(sent) <= 8 + 3, "\n\n".join(sent)


def test_the_whole_timeline_is_read_page_by_page(session: Session, client: FlaskClient, case_manager: Any) -> None:
    item = full(session)
    for turn in range(70):
        values = {"note": f"Call {turn}", "audience": "all"}
        perform(session, item, "note", actor_of(case_manager), now=NOW + timedelta(minutes=turn // 4), values=values)
    case = case_of(session, item)
    page = read(client, case)
    assert page.count("Write a note") == 25
    assert "Show all events" in page
    first = read(client, case, "/timeline")
    following = re.search(r'href="[^"?]+(\?[^"]+)" rel="next"', first)
    assert following is not None
    second = read(client, case, f"/timeline{following[1]}")
    calls = [int(found) for found in re.findall(r"“Call (\d+)”", first + second)]
    assert calls == list(range(69, -1, -1))
    assert "Start the review" in second
    assert "Go to the newest" in read(client, case, "/timeline?after=0-0")


def test_records_that_may_be_the_same_person(session: Session, client: FlaskClient, case_manager: Any) -> None:
    case = case_of(session, full(session, family_name="Smith", given_name="Isobel"))
    full(session, family_name="Smyth", given_name="Bel")
    page = read(client, case)
    assert "Possibly the same person" in page
    assert "Bel Smyth" in page
    # A number on somebody else's record, born on another day: neither name nor birthday would show the two.
    full(session, family_name="Okello", given_name="Ruth", nhs_number="9990000026", date_of_birth=date(2009, 5, 5))
    taken = full(session, family_name="Marsh", nhs_number="9990000026", date_of_birth=date(2011, 1, 1))
    page = read(client, case_of(session, taken))
    assert "Ruth Okello" in page and "Has the NHS number that a referral gives" in page
    assert "Has the NHS number" not in read(client, case)


def test_past_items_stand_apart(session: Session, client: FlaskClient, case_manager: Any) -> None:
    item = full(session, "declined")
    page = read(client, case_of(session, item))
    assert "Nothing is open" in page
    assert "What has ended" in page
    assert "Declined" in page
