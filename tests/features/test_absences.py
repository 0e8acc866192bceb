"""Absences with a deputy: recorded, refused, standing in, and how it ends."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from hub.absences.services import end_absence, record_absence
from hub.accounts.absence_models import Absence
from hub.accounts.absences import deputies_of, stand_ins
from hub.accounts.models import Membership, OnCallShift, UserAccount
from hub.accounts.services import AccountRefused
from hub.accounts.sessions import Limits, find
from hub.cases.models import CareCase, CaseAlert
from hub.engine.admin_log import AdminChange, Subject, log_change
from hub.engine.drafts import Draft
from hub.engine.models import AccessLog, Transition
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from tests.admission_factory import do, make_admission, make_crew
from tests.factories import actor_of, make_membership, make_person, make_provider, make_referral, make_referring
from tests.statements import counted
from workflows.roles import Role

NOW = datetime(2026, 3, 25, 10, 0, tzinfo=UTC)
"""A Wednesday; the clocks go forward on Sunday 29 March 2026."""
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LIMITS = Limits(timedelta(hours=1), timedelta(hours=12))
RUTH, DEPUTY, ADMINISTRATOR = "Ruth Calloway", "Gwen Larkrise", "Tomas Bellweather"


@pytest.fixture(autouse=True)
def wednesday() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def ruth(session: Session) -> Membership:
    return make_membership(session, Role.HEAD_OF_COMMISSIONING, user=make_person(session, RUTH))


@pytest.fixture
def deputy(session: Session) -> Membership:
    return make_membership(session, Role.CASE_MANAGER, user=make_person(session, DEPUTY))


def away(session: Session, who: Membership, deputy: Membership, start: timedelta = -HOUR, **changes: Any) -> Absence:
    """An absence from `start` (from NOW) for a week, as recorded by a command at its start."""
    given = {"from_at": NOW + start, "until_at": NOW + start + 7 * DAY, "now": min(NOW, NOW + start)} | changes
    return record_absence(session, None, user_id=who.user_id, deputy_id=deputy.user_id, **given)


def boxes(start: str, end: str, deputy: object) -> dict[str, str]:
    """The boxes of the form."""
    typed = {"deputy": str(deputy), "why": "Annual leave"}
    for name, text in (("from_at", start), ("until_at", end)):
        for box, value in zip(("day", "month", "year", "time"), text.split(" ", 3), strict=True):
            typed[f"{name}-{box}"] = value
    return typed


def stand_in(client: FlaskClient, absence: Absence, role: Membership) -> Any:
    """Choose, on the page, to act for the person who is away."""
    return client.post("/sign-in/role", data={"membership": f"{role.id} in absence {absence.id}"})


def test_what_is_refused_when_an_absence_is_recorded_is_said_in_words(session: Session, ruth: Membership) -> None:
    gwen, piotr, sam, nikhil = (
        make_membership(session, role, user=make_person(session, name))
        for role, name in (
            (Role.CASE_MANAGER, "Gwen Larkrise"),
            (Role.DIRECTOR, "Piotr Vane"),
            (Role.ADMINISTRATOR, "Sam Ridley"),
            (Role.INFORMATION_GOVERNANCE, "Nikhil Sarin"),
        )
    )
    outside = make_membership(session, Role.REFERRER, make_referring(session), make_person(session, "Nia Probert"))
    away(session, piotr, gwen, 3 * DAY)
    gone = make_membership(session, Role.CASE_MANAGER, user=make_person(session, "Joy Fenwick"))
    gone.user.is_active = False
    leaving = make_membership(session, Role.CASE_MANAGER, user=make_person(session, "Mina Sorrel"))
    leaving.until_on = date(2026, 3, 26)
    session.flush()
    by_sam = actor_of(sam)
    cases: list[tuple[str, dict[str, Any]]] = [
        ("The absence ends before it starts", {"until_at": NOW - DAY, "from_at": NOW}),
        ("This time is over already", {"from_at": NOW - 3 * DAY, "until_at": NOW - DAY}),
        ("two years at most", {"until_at": NOW + 800 * DAY}),
        ("The deputy must be another person", {"deputy_id": ruth.user_id}),
        ("Choose a person from the list", {"deputy_id": 2**31 - 1}),
        ("Joy Fenwick cannot sign in", {"deputy_id": gone.user_id}),
        ("Mina Sorrel does not belong to Fellside Hub for the whole", {"deputy_id": leaving.user_id}),
        ("Nia Probert does not belong to Fellside Hub", {"deputy_id": outside.user_id}),
        ("Piotr Vane is away from", {"deputy_id": piotr.user_id}),
        ("Gwen Larkrise stands in for Piotr Vane", {"user_id": gwen.user_id, "deputy_id": ruth.user_id}),
        ("Piotr Vane is recorded as away already", {"user_id": piotr.user_id}),
        ("Nobody can stand in as administrator", {"user_id": sam.user_id}),
        ("Nobody can stand in as information governance lead", {"user_id": nikhil.user_id}),
        ("You cannot make yourself a deputy", {"by": by_sam, "deputy_id": sam.user_id}),
        ("Mina Sorrel has no role for the whole of that time", {"user_id": leaving.user_id}),
    ]
    for words, changes in cases:
        given = {
            "by": None,
            "user_id": ruth.user_id,
            "deputy_id": gwen.user_id,
            "from_at": NOW,
            "until_at": NOW + 7 * DAY,
            "now": NOW,
        } | changes
        with pytest.raises(AccountRefused, match=words):
            record_absence(session, given.pop("by"), **given)
    assert session.scalars(select(Absence.user_id)).all() == [piotr.user_id]
    # An absence that only touches another one, and one after it was called off, are nobody's business.
    planned = away(session, ruth, gwen, 3 * DAY + HOUR)
    end_absence(session, by_sam, planned.id, NOW)
    again = away(session, ruth, gwen, 3 * DAY)
    away(session, ruth, gwen, 10 * DAY)
    with pytest.raises(AccountRefused, match="over, or somebody has ended it already"):
        end_absence(session, by_sam, planned.id, NOW)
    with pytest.raises(AccountRefused, match="over, or somebody has ended it already"):
        end_absence(session, by_sam, again.id, again.until_at)
    said = session.scalars(select(AdminChange.what).where(AdminChange.by_id == sam.user_id)).all()
    assert said == ["Absence called off"]


def test_who_is_away_and_who_stands_in_is_one_statement(
    engine: Engine, session: Session, ruth: Membership, deputy: Membership
) -> None:
    absence = away(session, ruth, deputy)
    late = make_membership(session, Role.DIRECTOR)
    away(session, late, deputy, 2 * DAY)
    everybody = [ruth.user_id, deputy.user_id, late.user_id]
    with counted(engine) as sent:
        assert deputies_of(session, everybody, NOW) == {ruth.user_id: deputy.user_id}
    assert len(sent) == 1
    assert deputies_of(session, [], NOW) == {}
    assert deputies_of(session, everybody, absence.until_at) == {late.user_id: deputy.user_id}
    assert deputies_of(session, everybody, absence.from_at - HOUR) == {}
    deputy.until_on = date(2026, 3, 24)
    session.flush()
    assert deputies_of(session, everybody, NOW) == {}
    assert stand_ins(session, deputy.user_id, NOW) == []


def test_standing_in_is_written_down_as_both_and_reads_as_the_absent_persons_work(
    session: Session, client: FlaskClient, sign_in: Any, ruth: Membership, deputy: Membership
) -> None:
    absence = away(session, ruth, deputy)
    also = make_membership(session, Role.INFORMATION_GOVERNANCE, user=ruth.user)
    session.add(OnCallShift(user_id=ruth.user_id, from_at=NOW - DAY, until_at=NOW + DAY))
    theirs, mine = (make_referral(session, state="in_review") for _ in range(2))
    for item, owner in ((theirs, ruth), (mine, deputy)):
        coordinator = actor_of(make_membership(session, Role.COORDINATOR))
        perform(session, item, "assign", coordinator, now=NOW, values={"owner_id": owner.user_id})
    sign_in(client, deputy)
    assert "Change role" in client.get("/account").text
    page = client.get("/sign-in/role").text
    assert f"Stand in for {RUTH} as head of commissioning" in page and "information governance" not in page
    assert client.post("/sign-in/role", data={"membership": f"{also.id} in absence {absence.id}"}).status_code == 200
    assert stand_in(client, absence, ruth).status_code == 303
    page = client.get("/worklist?owner=me").text
    assert f"standing in for {RUTH}, head of commissioning" in page and "on call now" not in page
    assert theirs.reference in page and mine.reference not in page
    assert client.get("/absences/add").status_code == 404
    assert client.get(f"/absences/{absence.id}/end").status_code == 404
    said = {"note": "Rang the ward", "audience": "hub", "seen": str(theirs.version)}
    assert client.post(f"/referrals/{theirs.reference}/note", data=said).status_code == 303
    row = session.scalars(select(Transition).where(Transition.action == "note")).one()
    assert (row.actor_id, row.acting_as, row.on_behalf_of) == (deputy.user_id, ruth.id, ruth.user_id)
    assert row.acting_role == "head_of_commissioning"
    shown = client.get(f"/referrals/{theirs.reference}").text
    assert f"on behalf of {RUTH}" in shown
    looked = session.scalars(select(AccessLog).where(AccessLog.what == "opened")).all()
    assert {(look.user_id, look.membership_id, look.detail["for_user_id"]) for look in looked} == {
        (deputy.user_id, ruth.id, ruth.user_id)
    }
    assert DEPUTY in client.get("/account").text


@pytest.mark.parametrize(
    "how", ["over", "ended", "deputy_left", "absent_left", "absent_off", "another_deputy", "role_of_absent_ended"]
)
def test_standing_in_stops_the_moment_its_ground_is_gone_and_keeps_what_was_typed(
    session: Session,
    client: FlaskClient,
    sign_in: Any,
    wednesday: time_machine.Traveller,
    ruth: Membership,
    deputy: Membership,
    how: str,
) -> None:
    absence = away(session, ruth, deputy, until_at=NOW + HOUR / 12)
    referral = make_referral(session, state="in_review")
    sign_in(client, deputy)
    stand_in(client, absence, ruth)
    form = client.get(f"/referrals/{referral.reference}/note")
    assert form.status_code == 200
    if how == "over":
        wednesday.move_to(absence.until_at)
    elif how == "ended":
        end_absence(session, actor_of(ruth), absence.id, NOW)
    elif how in {"deputy_left", "absent_left"}:
        (deputy if how == "deputy_left" else ruth).until_on = date(2026, 3, 24)
    elif how == "absent_off":
        ruth.user.is_active = False
    elif how == "another_deputy":
        absence.deputy_id = make_membership(session, Role.DIRECTOR).user_id
    else:
        session.execute(update(Membership).where(Membership.id == ruth.id).values(role=Role.INFORMATION_GOVERNANCE))
    session.flush()
    sent = client.post(f"/referrals/{referral.reference}/note", data={"note": "The mother rang", "audience": "hub"})
    assert sent.status_code == 302 and sent.location.startswith("/sign-in/role")
    assert "ended=absence_over" in sent.location and "kept=yes" in sent.location
    assert session.scalars(select(Draft.fields["note"][0].astext)).all() == ["The mother rang"]
    assert not session.scalars(select(Transition.id).where(Transition.action == "note")).all()
    page = client.get(sent.location).text
    assert "You no longer stand in" in page and "has been kept" in page
    assert ("You have no role today" in page) is (how == "deputy_left")
    assert f"Stand in for {RUTH}" not in page


def test_the_sign_in_statement_stays_one_and_a_session_of_another_stands_for_nobody(
    engine: Engine, session: Session, client: FlaskClient, sign_in: Any, ruth: Membership, deputy: Membership
) -> None:
    absence = away(session, ruth, deputy)
    sign_in(client, deputy)
    stand_in(client, absence, ruth)
    cookie = client.get_cookie("hub-session")
    assert cookie is not None
    with counted(engine) as sent:
        person = find(session, cookie.value, NOW, LIMITS).person
    assert len(sent) == 1
    assert person is not None and person.actor is not None
    assert (person.actor.on_behalf_of, person.stands_in_for, person.away_until) == (ruth.user_id, RUTH, None)
    sign_in(client, ruth)
    assert "You are recorded as away until Wednesday 1 April 2026, 10am" in client.get("/absences").text
    assert client.post(f"/absences/{absence.id}/end").status_code == 303
    assert "You are recorded as away" not in client.get("/absences").text
    person = find(session, cookie.value, NOW, LIMITS).person
    assert person is not None and person.actor is None


def test_the_page_records_ones_own_absence_and_an_administrator_anybodys(
    session: Session, client: FlaskClient, sign_in: Any, ruth: Membership, deputy: Membership
) -> None:
    administrator = make_membership(session, Role.ADMINISTRATOR, user=make_person(session, ADMINISTRATOR))
    stranger = make_membership(session, Role.UNIT_MANAGER, make_provider(session), make_person(session, "Una Stray"))
    sign_in(client, ruth)
    page = client.get("/absences/add").text
    assert DEPUTY in page and stranger.user.name not in page.partition("<select")[2]
    # 1:30am on the Sunday the clocks go forward never comes.
    refused = client.post("/absences/add", data=boxes("29 3 2026 1:30am", "5 4 2026 9am", deputy.user_id))
    assert refused.status_code == 422 and "did not exist" in refused.text
    assert client.post("/absences/add", data=boxes("5 4 2026 9am", "29 3 2026 9am", deputy.user_id)).status_code == 422
    sent = client.post("/absences/add", data=boxes("28 3 2026 5pm", "29 3 2026 9am", deputy.user_id))
    assert sent.status_code == 303
    made = session.scalars(select(Absence)).one()
    assert (made.from_at, made.until_at) == (
        datetime(2026, 3, 28, 17, tzinfo=UTC),
        datetime(2026, 3, 29, 8, tzinfo=UTC),
    )
    assert (made.made_by_id, made.why) == (ruth.user_id, "Annual leave")
    assert client.get(f"/absences/people/{deputy.user_id}/add").status_code == 404
    sign_in(client, deputy)
    assert client.get(f"/absences/{made.id}/end").status_code == 404
    assert RUTH in client.get("/absences").text
    sign_in(client, stranger)
    assert RUTH not in client.get("/absences").text
    # Who has left for another place is no colleague any more.
    left = make_membership(session, Role.COORDINATOR, user=stranger.user)
    left.from_on, left.until_on = date(2026, 1, 1), date(2026, 3, 1)
    span = {"from_at": NOW, "until_at": NOW + timedelta(days=1), "made_at": NOW, "why": "At the clinic"}
    session.add(Absence(user_id=left.user_id, deputy_id=ruth.user_id, **span))
    session.flush()
    sign_in(client, deputy)
    assert "At the clinic" not in client.get("/absences").text
    sign_in(client, administrator)
    assert RUTH in client.get("/absences").text
    assert client.post(f"/absences/{made.id}/end").status_code == 303
    assert session.get_one(Absence, made.id).ended_at == NOW
    data = boxes("30 3 2026 9am", "31 3 2026 9am", deputy.user_id)
    assert client.post(f"/absences/people/{ruth.user_id}/add", data=data).status_code == 303
    assert client.get("/absences/people/2147483647/add").status_code == 404
    kept = session.scalars(select(AccessLog.detail["change"].astext).where(AccessLog.what == "absence_changed")).all()
    assert kept == ["recorded", "called off", "recorded"]
    assert session.get_one(UserAccount, ruth.user_id).is_active


def test_what_a_deputy_records_outside_any_item_names_both(
    session: Session, client: FlaskClient, sign_in: Any, deputy: Membership
) -> None:
    away_one = make_membership(session, Role.COORDINATOR, user=make_person(session, "Dele Okafor"))
    absence = away(session, away_one, deputy)
    referral = make_referral(session, state="in_review")
    case = session.get_one(CareCase, referral.case_id)
    sign_in(client, deputy)
    alerts = f"/cases/{case.reference}/alerts"
    assert client.post(f"{alerts}/new", data={"text": "Allergic to nuts"}).status_code == 303
    stand_in(client, absence, away_one)
    assert client.post(f"{alerts}/new", data={"text": "Afraid of dogs"}).status_code == 303
    own, other = session.scalars(select(CaseAlert).order_by(CaseAlert.id)).all()
    assert (own.recorded_by_id, own.recorded_for_id) == (deputy.user_id, None)
    assert (other.recorded_by_id, other.recorded_for_id) == (deputy.user_id, away_one.user_id)
    # Who ends it ends it for themself again, and what was said of its recording stays.
    sign_in(client, deputy)
    assert client.post(f"{alerts}/{other.id}/end", data={"reason": "A slip"}).status_code == 303
    session.expire_all()
    assert (other.recorded_for_id, other.ended_by_id, other.ended_for_id) == (away_one.user_id, deputy.user_id, None)
    stander = actor_of(away_one, on_behalf_of=away_one.user_id)
    log_change(session, stander, Subject.PERSON, 1, "Tried", now=NOW)
    assert session.scalars(select(AdminChange.for_id).where(AdminChange.what == "Tried")).one() == away_one.user_id


def test_neither_of_two_decides_on_what_the_other_recommended_for_them(session: Session) -> None:
    crew = make_crew(session)
    head = actor_of(make_membership(session, Role.HEAD_OF_COMMISSIONING, user=make_person(session, RUTH)))
    manager = session.get_one(UserAccount, head.user_id)
    as_manager = actor_of(make_membership(session, Role.CASE_MANAGER, user=manager))
    deputy = crew.case_manager
    for recommends in (as_manager, replace(as_manager, user_id=deputy.user_id, on_behalf_of=head.user_id)):
        admission = make_admission(
            session, "recommended", crew=replace(crew, case_manager=recommends), expected_length_weeks=11
        )
        for decides in (head, replace(head, user_id=deputy.user_id, on_behalf_of=head.user_id)):
            with pytest.raises(ActionRefused, match="another person decides"):
                do(session, admission, "agree_admission", decides)
        do(session, admission, "agree_admission", crew.director)
