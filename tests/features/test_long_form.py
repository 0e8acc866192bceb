"""A long form by section: what each section saves, what is missing, what the hub asked for, and who may not look."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.accounts.models import SessionEnd, SignInSession
from hub.engine.drafts import Draft
from hub.engine.perform import perform
from hub.referrals.models import Referral
from tests.factories import (
    actor_of,
    make_membership,
    make_organisation,
    make_referral,
    make_referring,
)
from tests.features.form_filling import BORN, SECTIONS, begin_draft, find, line_of, rows_of, save
from workflows import form1
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
BEGIN = {"service_line": "cyp", "priority": "routine", "family_name": "Marlowe", "given_name": "Ines"}


@pytest.fixture
def referrer(session: Session, client: FlaskClient, sign_in: SignIn) -> Any:
    """A referrer, signed in."""
    made = make_membership(session, Role.REFERRER)
    sign_in(client, made)
    return made


def test_a_routine_referral_is_begun_filled_in_section_by_section_and_sent(
    session: Session, client: FlaskClient, referrer: Any
) -> None:
    begun = client.post("/referrals/new", data={**BEGIN, **BORN})
    assert begun.status_code == 303, begun.text
    address = begun.location.removesuffix("/form")
    page = client.get(begun.location).text
    assert "6 of 20 needed answers are there" in page
    assert "Not started: 1 answer needed" in line_of(page, "Consent")
    assert "Nothing needed here" in line_of(page, "Safeguarding")
    check = client.get(f"{address}/form/check").text
    assert f'href="{address}/form/legal#legal_status"' in check and "14 answers still missing" in check
    sections = [section.name for section in form1.SECTIONS]
    for name, data in SECTIONS.items():
        saved = save(client, session, address, name, **data)
        assert saved.status_code == 303, saved.text
        following = sections[sections.index(name) + 1]
        assert saved.location == f"{address}/form/{following}"
    back = save(client, session, address, "views", family_told="yes", submit="list")
    assert back.location == f"{address}/form"
    last = save(client, session, address, "views", family_told="yes")
    assert last.location == f"{address}/form/check", "nothing follows the last section but the check"
    page = client.get(f"{address}/form").text
    assert "20 of 20 needed answers are there" in page
    assert "Complete" in line_of(page, "Consent") and "Started" in line_of(
        page, "What the young person and family think"
    )
    check = client.get(f"{address}/form/check").text
    assert "Everything needed is there" in check and f'href="{address}/submit"' in check
    sent = client.post(f"{address}/submit", data={"seen": str(find(session, address).version), "declaration": "y"})
    assert sent.status_code == 303, sent.text
    assert find(session, address).state == "submitted"
    # What was saved twice alike is in history once.
    assert [row.action for row in rows_of(session, address)].count("fill_in") == len(SECTIONS) + 1


def test_one_page_begins_one_referral_however_often_it_is_sent(
    session: Session, client: FlaskClient, referrer: Any
) -> None:
    data = {**BEGIN, "page": f"{referrer.user_id}-0123456789abcdef"}
    first, again = client.post("/referrals/new", data=data), client.post("/referrals/new", data=data)
    assert (first.status_code, again.status_code) == (303, 303)
    assert first.location == again.location
    # Somebody else written over it after going back is another referral, once that is said.
    other = client.post("/referrals/new", data={**data, "family_name": "Thorne"})
    assert other.status_code == 409
    assert "was begun from this page before" in other.text and 'value="Thorne"' in other.text
    token = re.search(r'name="page" type="hidden" value="([^"]+)"', other.text)
    assert token and token[1] != data["page"]
    third = client.post("/referrals/new", data={**data, "family_name": "Thorne", "page": token[1]})
    assert third.status_code == 303 and third.location != first.location
    names = session.scalars(select(Referral.family_name).order_by(Referral.id)).all()
    assert names == ["Marlowe", "Thorne"]
    assert client.post("/referrals/new", data={**BEGIN, "page": f"{referrer.user_id}-\0"}).status_code == 303


def test_a_new_referral_says_all_that_is_wrong_and_keeps_it(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    make_referring(session)
    sign_in(client, make_membership(session, Role.COORDINATOR))
    refused = client.post("/referrals/new", data={"family_name": "Marlowe", "date_of_birth-day": "31"})
    assert refused.status_code == 422
    for said in (
        "Service line: choose",
        "Priority: choose",
        "Referring organisation: choose",
        'value="31"',
        "Marlowe",
    ):
        assert said in refused.text, said
    emergency = client.post(
        "/referrals/new", data={"service_line": "cyp", "priority": "emergency", "referring_organisation": "ZRF01"}
    )
    assert emergency.status_code == 422 and "Choose one from the list" in emergency.text
    assert session.scalar(select(Referral.id)) is None


def test_a_section_saves_its_own_answers_and_nothing_else(session: Session, client: FlaskClient, referrer: Any) -> None:
    address = begin_draft(
        session, referrer, given_name="Ines", school_name="Hollin Bank", presenting_problem="Not eating"
    )
    saved = save(client, session, address, "education", school_name="", has_ehcp="no", given_name="Somebody else")
    assert saved.status_code == 303, saved.text
    item = find(session, address)
    assert (item.school_name, item.has_ehcp) == (None, False)
    assert (item.given_name, item.presenting_problem) == ("Ines", "Not eating")
    assert rows_of(session, address)[-1].values == {
        "school_name": {"old": "Hollin Bank", "new": None},
        "has_ehcp": {"old": None, "new": False},
    }


def test_bad_answers_come_back_with_everything_typed(session: Session, client: FlaskClient, referrer: Any) -> None:
    address = begin_draft(session, referrer)
    wrong = {"nhs_number": "999 000 0019", "postcode": "nowhere", "family_name": "<Marlowe>", "gender": "77"}
    refused = save(client, session, address, "person", **wrong, **BORN | {"date_of_birth-day": "31"})
    assert refused.status_code == 422
    for said in (
        "999 000 0019",
        'value="31"',
        "nowhere",
        "&lt;Marlowe&gt;",
        "must be a real date",
        "Nothing was saved",
    ):
        assert said in refused.text, said
    assert 'href="#date_of_birth-day"' in refused.text and 'href="#nhs_number"' in refused.text
    again = client.get(f"{address}/form/person").text  # left without JavaScript and opened again
    assert "What you typed before is still here" in again and "999 000 0019" in again and "nowhere" in again
    assert len(rows_of(session, address)) == 1


def test_two_windows_on_different_sections_do_not_stop_each_other_and_on_the_same_one_they_do(
    session: Session, client: FlaskClient, referrer: Any
) -> None:
    address = begin_draft(session, referrer)
    both = str(find(session, address).version)
    first = client.post(f"{address}/form/education", data={"seen": both, "school_name": "Hollin Bank School"})
    other_section = client.post(f"{address}/form/tried", data={"seen": both, "consultant_name": "Dr Vane"})
    assert (first.status_code, other_section.status_code) == (303, 303)
    same = client.post(f"{address}/form/education", data={"seen": both, "social_worker_name": "Mina Sorrel"})
    assert same.status_code == 409
    assert "Someone else has changed this" in same.text
    assert "School or college: Hollin Bank School" in same.text
    # The page carries the other window's answer, so that sending it now keeps both.
    assert 'value="Hollin Bank School"' in same.text and 'value="Mina Sorrel"' in same.text
    assert 'name="seen" type="hidden" value="3"' in same.text
    assert client.post(f"{address}/form/education", data={"school_name": "x"}).status_code == 409, (
        "no version, no trust"
    )


def test_a_section_whose_form_was_sent_meanwhile_shows_what_was_typed(
    session: Session, client: FlaskClient, referrer: Any
) -> None:
    referral = make_referral(session, "draft", referrer=actor_of(referrer))
    address, seen = f"/referrals/{referral.reference}", str(referral.version)
    perform(session, referral, "submit", actor_of(referrer), now=datetime.now(UTC), values={"declaration": True})
    typed = {"seen": seen, "consultant_name": "Dr <b>Vane</b>", **BORN, "gender": "2"}
    late = client.post(f"{address}/form/tried", data=typed)
    assert late.status_code == 409
    assert "3 2 2011" in late.text and "Female" in late.text
    assert "cannot be filled in now" in late.text and "Dr &lt;b&gt;Vane&lt;/b&gt;" in late.text
    assert find(session, address).consultant_name is None


def test_questions_are_asked_where_they_apply_and_answers_given_before_stay(
    session: Session, client: FlaskClient, referrer: Any
) -> None:
    address = begin_draft(session, referrer, prison_number="A1234BC", family_name="Hartwin")
    legal = client.get(f"{address}/form/legal").text
    assert "Children Act status" in legal and "Prison number" not in legal
    assert "Prison number (not asked any more)" in client.get(f"{address}/form/check").text
    save(client, session, address, "legal", legal_status="01")
    assert find(session, address).prison_number == "A1234BC"
    save(client, session, address, "priority", service_line="secure", priority="routine")
    legal = client.get(f"{address}/form/legal").text
    assert 'value="A1234BC"' in legal and "Children Act status" not in legal
    # Within a section the answer decides on the page: what hangs on "Yes" stands under it.
    sharing = client.get(f"{address}/form/sharing").text
    under = sharing[sharing.index('id="conditional-sharing_restricted"') :]
    assert "What must not be shared" in under.split("nhsuk-radios__item")[0]
    assert "Only if the answer to “Is there a limit on sharing information?” is Yes." in under
    undecided = begin_draft(session, referrer, service_line=None)
    assert "Only if the answer to “Service line” is Adult secure." in client.get(f"{undecided}/form/legal").text


def test_an_answer_no_list_offers_any_more_stays_until_it_is_changed(
    session: Session, client: FlaskClient, referrer: Any
) -> None:
    address = begin_draft(session, referrer, local_authority="ZLA09", education="retired-code")
    make_organisation(session, "ZLA09", name="Old Council", until_on=datetime(2026, 1, 1, tzinfo=UTC).date())
    page = client.get(f"{address}/form/education").text
    assert "Old Council (no longer in use)" in page and "retired-code (no longer in use)" in page
    kept = {"local_authority": "ZLA09", "education": "retired-code"}
    saved = save(client, session, address, "education", **kept, school_name="Hollin Bank")
    assert saved.status_code == 303, saved.text
    item = find(session, address)
    assert (item.local_authority, item.education, item.school_name) == ("ZLA09", "retired-code", "Hollin Bank")
    refused = save(client, session, address, "education", local_authority="NOBODY")
    assert refused.status_code == 422


def test_a_section_typed_in_is_kept_and_offered_back_even_after_the_session_ended(
    session: Session, client: FlaskClient, sign_in: SignIn, referrer: Any
) -> None:
    address = begin_draft(session, referrer)
    kept = client.post(f"{address}/form/tried/draft", data={"seen": "1", "consultant_name": "Dr Vane"})
    assert kept.get_json()["said"].startswith("Draft saved")
    assert "Dr Vane" in client.get(f"{address}/form/tried").text
    assert "Dr Vane" not in client.get(f"{address}/form/views").text, "each section has its own"
    unsaved = f'<a href="{address}/form/tried">What has been tried</a></li>'
    for page in (f"{address}/form", f"{address}/form/check"):  # what would not be sent is said before it is
        shown = client.get(page).text
        assert "Typed and not saved yet" in shown and unsaved in shown and f'{address}/add_document"' in shown, page
    session.execute(update(SignInSession).values(ended_at=datetime.now(UTC), ended_why=SessionEnd.IDLE))
    late = client.post(f"{address}/form/education", data={"seen": "1", "school_name": "Hollin Bank"})
    assert "kept=yes" in late.location and f"next={address}/form/education" in late.location
    unknown = client.post("/referrals/REF-1999-00001/form/education", data={"school_name": "Hollin Bank"})
    assert "kept=yes" in unknown.location, "a reference must not be guessed this way"
    sign_in(client, referrer)
    page = client.get(f"{address}/form/education").text
    assert "What you typed before is still here" in page and "Hollin Bank" in page
    assert save(client, session, address, "education", school_name="Hollin Bank").status_code == 303
    left = session.scalars(select(Draft.action).where(Draft.is_set_aside.is_(False))).all()
    assert left == ["fill_in/tried"]
    save(client, session, address, "tried", consultant_name="Dr Vane")
    assert "not saved yet" not in client.get(f"{address}/form/check").text


def test_no_two_boxes_of_a_section_share_a_name_and_every_missing_answer_has_its_box(
    session: Session, client: FlaskClient, referrer: Any
) -> None:
    address = begin_draft(session, referrer)
    boxes: dict[str, set[str]] = {}
    for section in form1.SECTIONS:
        found = re.findall(r'\sid="([^"]+)"', client.get(f"{address}/form/{section.name}").text)
        assert sorted(set(found)) == sorted(found), section.name
        boxes[section.name] = set(found)
    assert "referring_organisation" not in boxes["priority"], "a referrer refers for their own organisation"
    for page in (client.get(f"{address}/form/check").text, client.get(f"{address}/submit").text):
        links = re.findall(rf'href="{address}/form/(\w+)#([\w-]+)"', page)
        assert len(links) > 10
        assert [(section, box) for section, box in links if box not in boxes[section]] == []
