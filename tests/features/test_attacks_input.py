"""What is typed where no page would send it: hidden characters, huge numbers, other people's fields."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from hub.cases.models import CareCase
from hub.engine.audit import verify
from hub.engine.drafts import Draft
from hub.engine.models import AccessLog, ItemParty
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.referrals.models import Referral
from hub.referrals.services import new_referral
from tests.factories import (
    ANSWERS,
    NOW,
    actor_of,
    emergency_values,
    make_actor,
    make_membership,
    make_organisation,
    make_person,
    make_referral,
    make_referring,
    referral_values,
    start_referral,
)
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
HUGE = "9" * 5000


@pytest.fixture
def coordinator(session: Session, client: FlaskClient, sign_in: SignIn) -> FlaskClient:
    sign_in(client, make_membership(session, Role.COORDINATOR))
    return client


@pytest.mark.parametrize(
    "path",
    [
        "/referrals/%00",
        "/referrals/REF%00/note",
        "/cases/%00",
        "/cases/%00/timeline",
        "/documents/1/%00",
        f"/documents/{'9' * 30}/a.pdf",
    ],
)
def test_an_address_with_a_nul_or_a_number_too_large_is_not_there(coordinator: FlaskClient, path: str) -> None:
    assert coordinator.get(path).status_code == 404


def test_an_email_with_a_nul_is_a_wrong_one(client: FlaskClient) -> None:
    assert client.post("/sign-in", data={"email": "a\0@hub.example", "password": "x"}).status_code == 422


@pytest.mark.parametrize("number", [HUGE, "9" * 30, "2147483648", "-1", "²"])
@pytest.mark.parametrize(
    ("action", "field"), [("assign", "owner_id"), ("add_party", "organisation_id"), ("remove_party", "organisation_id")]
)
def test_a_number_that_cannot_be_is_an_answer_to_correct(
    session: Session, coordinator: FlaskClient, action: str, field: str, number: str
) -> None:
    referral = make_referral(session)
    data = {"seen": str(referral.version), field: number, "reason": "x"}
    assert coordinator.post(f"/referrals/{referral.reference}/{action}", data=data).status_code == 422


def test_a_version_that_cannot_be_is_an_old_one(session: Session, coordinator: FlaskClient) -> None:
    address = f"/referrals/{make_referral(session).reference}/note"
    for seen in (HUGE, "²", "-1", ""):
        answer = coordinator.post(address, data={"seen": seen, "note": "x", "audience": "hub"})
        assert answer.status_code == 409 or "Someone else has changed this" in answer.text


def test_a_late_post_with_a_version_that_cannot_be_is_kept(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    from hub.accounts.models import SessionEnd
    from hub.accounts.services import end_sessions

    member, referral = make_membership(session, Role.COORDINATOR), make_referral(session)
    sign_in(client, member)
    end_sessions(session, member.user_id, SessionEnd.IDLE, NOW)
    data = {"seen": HUGE, "note": "<b>typed</b>", "audience": "hub", "a\0b": "x\0"}
    assert client.post(f"/referrals/{referral.reference}/note", data=data).status_code == 302
    assert session.scalars(select(Draft.item_version)).all() == [None]
    sign_in(client, member)
    page = client.get(f"/referrals/{referral.reference}/note").text
    assert "&lt;b&gt;typed" in page and "<b>typed" not in page


def test_a_referrer_never_rewrites_the_hubs_decision(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    member = make_membership(session, Role.REFERRER)
    referral = make_referral(session, "declined", referrer=actor_of(member))
    sign_in(client, member)
    address = f"/referrals/{referral.reference}/correct_field"
    offered = client.get(address).text
    assert 'value="given_name"' in offered
    for field in ("alternative_advice", "decline_reason", "named_clinician", "redirected_to", "superseded_by"):
        assert f'value="{field}"' not in offered
        data = {"field": field, "value": "need_met_in_community", "reason": "x", "seen": str(referral.version)}
        answer = client.post(address, data=data)
        assert answer.status_code == 422 and "There is no such answer to correct" in answer.text
    assert referral.alternative_advice == ANSWERS["decline"]["alternative_advice"]


def test_the_owner_corrects_the_decision_and_the_writer_its_form(session: Session) -> None:
    referral = make_referral(session, "declined")
    with pytest.raises(ActionRefused, match="This is for"):
        values = {"field": "alternative_advice", "value": "Ring first"}
        perform(session, referral, "correct_field", make_actor(session), now=NOW, values=values, reason="x")
    reviewed, owner = make_referral(session, "in_review"), make_actor(session, Role.CASE_MANAGER)
    perform(session, reviewed, "assign", owner, now=NOW, values={"owner_id": owner.user_id})
    perform(session, reviewed, "decline", owner, now=NOW, values=ANSWERS["decline"])
    perform(session, reviewed, "correct_field", owner, now=NOW, values=values, reason="x")
    assert reviewed.alternative_advice == "Ring first"
    make_referring(session)
    writer = make_actor(session, Role.COORDINATOR)
    theirs = new_referral(session, writer, now=NOW, values=emergency_values(referring_organisation="ZRF01"))
    perform(session, theirs, "submit", make_actor(session, Role.COORDINATOR), now=NOW, values=ANSWERS["submit"])
    values = {"field": "given_name", "value": "Isa"}
    perform(session, theirs, "correct_field", writer, now=NOW, values=values, reason="x")
    assert theirs.given_name == "Isa"


def test_who_referred_stays_who_can_see_it(session: Session) -> None:
    make_referring(session)
    make_organisation(session, "ZRF02", name="Upper Calder Team", kind="referrer")
    coordinator = make_actor(session, Role.COORDINATOR)
    draft = new_referral(session, coordinator, now=NOW, values=emergency_values(referring_organisation="ZRF01"))
    for answer in ("ZRF02", None):
        with pytest.raises(ActionRefused, match="it sees this referral already"):
            values = {"referring_organisation": answer}
            perform(session, draft, "fill_in", coordinator, now=NOW, values=values)
    perform(session, draft, "fill_in", coordinator, now=NOW, values={"referring_organisation": "ZRF01"})
    perform(session, draft, "submit", coordinator, now=NOW, values=ANSWERS["submit"])
    with pytest.raises(ActionRefused, match="it sees this referral already"):
        values = {"field": "referring_organisation", "value": "ZRF02"}
        perform(session, draft, "correct_field", coordinator, now=NOW, values=values, reason="x")
    assert draft.referring_organisation == "ZRF01"


def test_an_item_is_given_to_working_hub_people_alone(session: Session) -> None:
    referral, coordinator = make_referral(session), make_actor(session, Role.COORDINATOR)
    disabled, gone = make_membership(session, Role.CASE_MANAGER), make_membership(session, Role.CASE_MANAGER)
    disabled.user.is_active = False
    gone.until_on = date(2026, 3, 15)
    session.flush()
    outside, unseeing = make_actor(session, Role.REFERRER), make_actor(session, Role.ADMINISTRATOR)
    wrong = (disabled.user_id, gone.user_id, outside.user_id, unseeing.user_id, make_person(session).id)
    for user_id in wrong:
        with pytest.raises(ActionRefused, match="Choose a person from the list"):
            perform(session, referral, "assign", coordinator, now=NOW, values={"owner_id": user_id})
    assert referral.owner_id is None


def test_a_guess_at_superseding_names_nobody_elses_referral(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    member = make_membership(session, Role.REFERRER)
    values = referral_values("urgent")
    mine = make_referral(session, referrer=actor_of(member), **{**values, "priority": "urgent"})
    place = make_organisation(session, "ZRF02", name="Upper Calder Team", kind="referrer")
    elsewhere = actor_of(make_membership(session, Role.REFERRER, place))
    other = start_referral(session, elsewhere, **values)
    perform(session, other, "submit", elsewhere, now=NOW, values=ANSWERS["submit"])
    assert mine.case_id == other.case_id
    sign_in(client, member)
    address = f"/referrals/{mine.reference}/supersede"
    answer = client.post(address, data={"superseded_by": "x", "seen": str(mine.version)})
    assert answer.status_code == 403 and other.reference not in answer.text
    case = session.get_one(CareCase, mine.case_id)
    for page in (address, f"/referrals/{mine.reference}", f"/cases/{case.reference}"):
        text = client.get(page).text
        assert other.reference not in text and "This person has no other open referral" not in text
        assert "mark as superseded" not in text.split("can")[-1].split(".")[0] or "The hub looks" in text


def test_an_nhs_number_alone_tells_a_referrer_nothing(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    known = make_referral(
        session, priority="urgent", preferred_name="Izzy", legal_status="02", legal_status_from=date(2026, 3, 1)
    )
    place = make_organisation(session, "ZRF02", name="Upper Calder Team", kind="referrer")
    member = make_membership(session, Role.REFERRER, place)
    guess = emergency_values(
        nhs_number=known.nhs_number, family_name=None, given_name=None, date_of_birth=None, legal_status="01"
    )
    mine = new_referral(session, actor_of(member), now=NOW, values=guess)
    perform(session, mine, "submit", actor_of(member), now=NOW, values=ANSWERS["submit"])
    assert mine.case_id == known.case_id
    case = session.get_one(CareCase, mine.case_id)
    sign_in(client, member)
    pages = (
        "/worklist",
        f"/referrals/{mine.reference}",
        f"/cases/{case.reference}",
        f"/cases/{case.reference}/timeline",
    )
    for page in pages:
        answer = client.get(page)
        assert answer.status_code == 200 and mine.reference in answer.text
        for hidden in ("hartwin", "isobel", "izzy", "14 september 2010", "section 2"):
            assert hidden not in answer.text.lower(), f"{page} shows {hidden}"


def test_a_try_at_an_unseen_item_is_written_down(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    referral = make_referral(session)
    member = make_membership(session, Role.ADMINISTRATOR)
    sign_in(client, member)
    assert client.get(f"/referrals/{referral.reference}").status_code == 404
    assert client.get(f"/referrals/{referral.reference}/note").status_code == 404
    assert client.post(f"/referrals/{referral.reference}/note", data={"note": "x"}).status_code == 404
    rows = session.execute(
        select(AccessLog.case_id, AccessLog.item_id, AccessLog.user_id).where(AccessLog.what == "refused")
    ).all()
    assert rows == [(referral.case_id, referral.id, member.user_id)] * 3
    assert client.get("/referrals/REF-1999-00001").status_code == 404
    assert session.scalar(select(func.count()).where(AccessLog.what == "refused")) == 3
    assert session.scalars(select(ItemParty.until_at).where(ItemParty.item_id == referral.id)).all() == [None]


@pytest.mark.parametrize(("role", "is_received"), [(Role.REFERRER, False), (Role.COORDINATOR, True)])
def test_a_draft_left_lying_is_not_late_when_it_is_sent(
    session: Session, client: FlaskClient, sign_in: SignIn, role: Role, is_received: bool
) -> None:
    make_referring(session)
    sign_in(client, make_membership(session, role))
    data = {"family_name": "Hartwin", "service_line": "cyp", "priority": "urgent", "referring_organisation": "ZRF01"}
    assert client.post("/referrals/new", data=data).status_code == 303
    received_at = session.scalars(select(Referral.received_at)).one()
    assert (received_at is not None) is is_received, "the referrer's own draft is received when it is sent"


def test_a_row_put_in_far_away_does_not_stop_the_check(session: Session) -> None:
    referral = make_referral(session)
    session.execute(text("SET LOCAL session_replication_role = replica"))
    session.execute(
        text(
            "INSERT INTO transition (item_id, position, action, to_state, values, audience, at, prev_hash, hash) "
            "VALUES (:id, 2000000000, 'note', 'submitted', '{}', 'all', now(), 'x', 'y')"
        ),
        {"id": referral.id},
    )
    said = [str(finding) for finding in verify(session).findings]
    assert f"{referral.reference}, row 102: the row is missing: it was removed" in said
    assert f"{referral.reference}, row 103: so are 1,999,999,897 more rows, from this one on" in said
    assert f"{referral.reference}, row 2000000000: the row is one too many: it was put in" in said
    assert len(said) < 110
