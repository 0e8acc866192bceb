"""What a person types is kept while they type, never sent, and offered back once."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from hub.accounts.models import SessionEnd, SignInSession
from hub.engine.drafts import Draft
from hub.referrals.models import Referral
from hub.web.old_drafts import forget_old_drafts
from tests.factories import NOW, make_membership, make_referral, make_referring
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


def _page(form: str) -> str:
    """The window's token in a page."""
    found = re.search(r'name="page"[^>]*value="([^"]+)"', form)
    assert found is not None
    return found[1]


def test_two_windows_are_two_drafts_and_sending_one_takes_only_what_was_sent(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    referral = make_referral(session, state="in_review")
    member = make_membership(session, Role.CASE_MANAGER)
    sign_in(client, member)
    note = f"/referrals/{referral.reference}/note"
    one, two, three, four = (_page(client.get(note).text) for _ in range(4))
    assert len({one, two, three, four}) == 4
    said = "Rang at noon"
    for page, words in ((one, said), (two, "Her mother rang"), (three, said), (four, "")):
        assert client.post(f"{note}/draft", data={"page": page, "note": words}).status_code == 200
    assert _drafts(session) == 4

    # The newest with a word in it fills the form; what stands elsewhere and not here is told beside it
    shown = client.get(note).text
    assert f">\n{said}</textarea>" in shown.replace("\r", "") or f">{said}</textarea>" in shown
    assert shown.count("You also typed this in another window, at ") == 1
    assert "Her mother rang" in shown

    # Sending one window takes its own draft, the same words and the empty one; other words stay, and fill no form
    seen = str(session.get_one(Referral, referral.id).version)
    assert client.post(note, data={"page": one, "seen": seen, "note": said, "audience": "hub"}).status_code == 303
    left = session.scalars(select(Draft)).one()
    assert (left.page, left.is_set_aside) == (two, True)
    shown = client.get(note).text
    assert "Her mother rang" in shown and "What you typed before is still here" not in shown

    # Nobody else can forget it; its writer can, and its window may go on typing
    sign_in(client, make_membership(session, Role.CASE_MANAGER))
    assert client.post(f"/drafts/{left.id}/forget").status_code == 404
    sign_in(client, member)
    client.post(f"{note}/draft", data={"page": two, "note": "Her mother rang twice"})
    assert "What you typed before is still here" in client.get(note).text
    assert client.post(f"/drafts/{left.id}/forget", data={"next": note}).location == note
    assert _drafts(session) == 0


def test_the_oldest_window_gives_way_and_nobody_elses_page_is_taken_in(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    referral = make_referral(session, state="in_review")
    sign_in(client, make_membership(session, Role.CASE_MANAGER))
    note = f"/referrals/{referral.reference}/note"
    pages = [_page(client.get(note).text) for _ in range(7)]
    for number, page in enumerate(pages):
        client.post(f"{note}/draft", data={"page": page, "note": f"Words {number}"})
    assert sorted(session.scalars(select(Draft.page))) == sorted(pages[-5:])
    sign_in(client, make_membership(session, Role.CASE_MANAGER))
    answer = client.post(f"{note}/draft", data={"page": pages[0], "note": "Somebody sits at her desk"})
    assert (answer.status_code, "somebody else" in answer.get_json()["said"]) == (409, True)
    assert "Somebody sits" not in str(session.scalars(select(Draft.fields)).all())


def test_a_page_that_saves_itself_is_kept_after_the_session_ended(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    referral = make_referral(session, state="in_review")
    member = make_membership(session, Role.REFERRER, make_referring(session))
    sign_in(client, member)
    as_json = {"Accept": "application/json", "Referer": "http://localhost/referrals/new"}
    pages = (f"/referrals/{referral.reference}/note", "/referrals/new", "/referrals/emergency")
    tokens = {page: _page(client.get(page).text) for page in pages[1:]}
    session.execute(update(SignInSession).values(ended_at=func.now(), ended_why=SessionEnd.IDLE))
    for page in pages:
        typed = {"page": tokens.get(page, ""), "note": "kept", "family_name": "Marlowe"}
        answer = client.post(f"{page}/draft", data=typed, headers=as_json)
        told = answer.get_json()
        assert (answer.status_code, told["is_kept"]) == (401, True), page
        assert "What you typed until now is kept" in told["said"]
        assert told["sign_in_href"].startswith("/sign-in?next=/referrals/new&ended=idle&kept=yes")
    assert _drafts(session) == 3
    session.execute(update(SignInSession).values(ended_why=SessionEnd.SIGNED_OUT))
    told = client.post("/referrals/new/draft", data={"family_name": "Lost"}, headers=as_json).get_json()
    assert (told["is_kept"], "not saved" in told["said"]) == (False, True)
    sign_in(client, member)
    for page in pages[1:]:
        assert 'value="Marlowe"' in client.get(page).text


def test_old_drafts_are_forgotten_and_those_of_what_has_ended(session: Session) -> None:
    member = make_membership(session, Role.CASE_MANAGER)
    ended = make_referral(session, state="declined", now=NOW)
    still = make_referral(session, state="in_review", now=NOW)
    cases = {
        "new": (None, 0, False),
        "fill_in/person": (ended.id, 0, True),
        "note": (ended.id, 0, False),  # possible after the end
        "reopen": (ended.id, 0, False),  # and so is this
        "withdraw": (ended.id, 49, False),  # typed just now: still to be copied
        "accept": (still.id, 0, False),
        "decline": (still.id, -28 * 24, True),
        "emergency": (None, -28 * 24, True),
    }
    for action, (item_id, hours, _) in cases.items():
        session.add(
            Draft(
                user_id=member.user_id,
                kind="referral",
                action=action,
                item_id=item_id,
                fields={"note": ["x"]},
                saved_at=NOW + timedelta(hours=hours),
            )
        )
    session.flush()
    at = NOW + timedelta(hours=72)
    forgotten = [action for action, (_, _, is_forgotten) in cases.items() if is_forgotten]
    assert [forget_old_drafts(session, at), forget_old_drafts(session, at)] == [len(forgotten), 0]
    assert sorted(session.scalars(select(Draft.action))) == sorted(set(cases) - set(forgotten))
