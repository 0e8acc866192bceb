"""What a person types is kept while they type, never sent, and offered back once."""

from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from hub.accounts.models import SessionEnd, SignInSession
from hub.engine.models import Draft
from hub.referrals.models import Referral
from tests.factories import make_membership, make_referral
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]


def _drafts(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Draft)) or 0


def test_a_draft_is_kept_and_offered_back_and_nothing_is_done(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    referral = make_referral(session, state="in_review")
    sign_in(client, make_membership(session, Role.CASE_MANAGER))
    page = f"/referrals/{referral.reference}/withdraw"
    answer = client.post(f"{page}/draft", data={"seen": str(referral.version), "reason": "The family asked"})
    assert answer.get_json()["said"].startswith("Draft saved at ")
    assert session.get_one(Referral, referral.id).state == "in_review"
    shown = client.get(page).text
    assert "What you typed before is still here" in shown
    assert "The family asked" in shown


def test_an_action_that_is_done_takes_its_draft_with_it(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    referral = make_referral(session, state="in_review")
    sign_in(client, make_membership(session, Role.CASE_MANAGER))
    page = f"/referrals/{referral.reference}/withdraw"
    typed = {"seen": str(referral.version), "reason": "The family asked"}
    client.post(f"{page}/draft", data=typed)
    assert _drafts(session) == 1
    assert client.post(page, data=typed).status_code == 303
    assert _drafts(session) == 0


def test_a_draft_is_seen_by_its_writer_alone(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    referral = make_referral(session, state="in_review")
    page = f"/referrals/{referral.reference}/withdraw"
    sign_in(client, make_membership(session, Role.CASE_MANAGER))
    client.post(f"{page}/draft", data={"reason": "The family asked"})
    sign_in(client, make_membership(session, Role.CASE_MANAGER))
    assert "The family asked" not in client.get(page).text


def test_nobody_keeps_a_draft_about_what_they_may_not_see(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    referral = make_referral(session, state="in_review")
    sign_in(client, make_membership(session, Role.ADMINISTRATOR))
    assert client.post(f"/referrals/{referral.reference}/withdraw/draft", data={"reason": "x"}).status_code == 404
    sign_in(client, make_membership(session, Role.CASE_MANAGER))
    assert client.post(f"/referrals/{referral.reference}/no_such_action/draft", data={}).status_code == 404
    assert _drafts(session) == 0


def test_a_new_referral_is_kept_while_it_is_typed(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    sign_in(client, make_membership(session, Role.COORDINATOR))
    before = session.scalar(select(func.count()).select_from(Referral))
    assert client.post("/referrals/new/draft", data={"family_name": "Marlowe"}).status_code == 200
    assert "Marlowe" in client.get("/referrals/new").text
    assert session.scalar(select(func.count()).select_from(Referral)) == before


def test_a_late_post_does_not_tell_whether_a_reference_exists(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    referral = make_referral(session, state="in_review")
    sign_in(client, make_membership(session, Role.CASE_MANAGER))
    session.execute(update(SignInSession).values(ended_at=func.now(), ended_why=SessionEnd.IDLE))
    answers = [
        client.post(f"/referrals/{reference}/withdraw", data={"reason": "The family asked", "seen": "3"})
        for reference in (referral.reference, "REF-1999-99999")
    ]
    said = {answer.location.replace(referral.reference, "").replace("REF-1999-99999", "") for answer in answers}
    assert len(said) == 1
    assert "kept=yes" in said.pop()
    assert _drafts(session) == 1
