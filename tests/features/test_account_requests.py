"""Asking for an account: what is refused and in which words, who decides, and that one decision counts."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from hub.accounts.asking import APPROVERS, AlreadyDecided, approve, ask, confirm, forget_unconfirmed
from hub.accounts.domains import Match, add_domain, directory, domains_of, remove_domain
from hub.accounts.models import Membership, SignInSession, UserAccount
from hub.accounts.request_models import AccountRequest, OrganisationEmailDomain
from hub.accounts.services import AccountRefused, disable_account
from hub.config import Settings
from hub.db import make_sessions, transaction
from hub.engine.models import AccessLog, OutboxMessage
from hub.messages.delivery import deliver_due
from hub.messages.mail import PostOffice
from hub.messages.models import Message
from tests.features.mailbox import link_in, send_all, text_of
from tests.features.people import People
from tests.statements import counted
from workflows.durations import local
from workflows.roles import Role

NOW = datetime(2026, 3, 27, 12, 0, tzinfo=UTC)
ASKED = {
    "name": "Dr Ada Lorne",
    "job": "Consultant",
    "email": "ada.lorne@tarn.example",
    "organisation": "xth",
    "reason": "Crisis team",
}

NOT_ACCEPTED: tuple[tuple[dict[str, str], str], ...] = (
    ({"name": ""}, "Enter your name"),
    ({"name": "Ada\r\nBcc: all@elsewhere.example"}, "“Your name” holds signs that cannot be seen"),
    ({"name": "Ada\u202eenroL"}, "holds signs that cannot be seen"),
    ({"name": "Ada\0Lorne"}, "holds signs that cannot be seen"),
    ({"name": "A" * 121}, "Use 120 characters or fewer"),
    ({"name": "   "}, "Fill in “Your name”"),
    ({"job": ""}, "Enter your job"),
    ({"organisation": ""}, "Enter your organisation"),
    ({"reason": ""}, "Say why you need an account"),
    ({"reason": "x" * 1001}, "Use 1000 characters or fewer"),
    ({"email": "ada"}, "Enter an e-mail address, such as name@example.nhs.uk"),
    ({"email": "ada lorne@tarn.example"}, "Enter an e-mail address"),
    ({"email": "ada@tarn.example,all@tarn.example"}, "Enter an e-mail address"),
    ({"email": "ada@tarn.example\nBcc:all@tarn.example"}, "Enter an e-mail address"),
    ({"email": '"ada lorne"@tarn.example'}, "Enter an e-mail address"),
    ({"email": "ada@t\u0430rn.example"}, "letters of other alphabets can look the same"),
    ({"email": "ada@xn--trn-5cd.example"}, "letters of other alphabets can look the same"),
    ({"email": "ada@gmail.com"}, "Use the e-mail address your organisation gave you"),
    ({"email": "Ada@Mail.Yahoo.co.uk"}, "Use the e-mail address your organisation gave you"),
    ({"email": "\u00e1da@tarn.example"}, "without accents or special signs"),
)

FITS: tuple[tuple[str, str, list[tuple[str, str, bool]], str], ...] = (
    ("a@tarn.example", "xth", [("XTH", "@Tarn.example.", False)], "Domain on the list"),
    ("a@tarn.example", "  tarn  HOUSE ", [("XTH", "tarn.example", False)], "Domain on the list"),
    ("a@ward.tarn.example", "xth", [("XTH", "tarn.example", True)], "Domain on the list"),
    ("a@ward.tarn.example", "xth", [("XTH", "tarn.example", False)], "Domain not on the list"),
    ("a@nottarn.example", "xth", [("XTH", "tarn.example", True)], "Domain not on the list"),
    ("a@tarn.example", "XBC", [("XTH", "tarn.example", False)], "Domain of another organisation"),
    ("a@tarn.example", "some team", [("XTH", "tarn.example", False)], "is on the list of Tarn House"),
    ("a@tarn.example", "some team", [], "No organisation has exactly this name or code"),
)
NO_DOMAINS = (
    ("gmail.com", "Anybody can get an address at gmail.com"),
    ("mail.outlook.com", "Anybody can get an address"),
    ("nhs.net", "shared by very many organisations"),
    ("nhs.uk", "shared by very many organisations"),
    ("xn--trn-5cd.example", "letters of other alphabets"),
    ("t\u0430rn.example", "letters of other alphabets"),
    ("tarn", "Enter the part after the @ alone"),
    ("a@tarn.example", "Enter the part after the @ alone"),
    ("tarn.example/x", "Enter the part after the @ alone"),
    ("-tarn.example", "Enter the part after the @ alone"),
    ("a" * 250 + ".example", "Enter the part after the @ alone"),
    ("TARN.example", "is on the list of this organisation already"),
)


@pytest.fixture
def people(session: Session) -> People:
    made = People(session)
    made.organisation("XTH")
    return made


@pytest.fixture
def office(test_settings: Settings, tmp_path: Path) -> PostOffice:
    return PostOffice(test_settings, tmp_path)


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


def asks(session: Session, now: datetime = NOW, **changed: str) -> AccountRequest:
    """A request whose address is confirmed."""
    ask(session, **{**ASKED, **changed}, now=now)
    newest = session.scalars(select(func.max(AccountRequest.id))).one()
    return confirm(session, newest, now)


def signed_in(
    client: FlaskClient, people: People, role: Role = Role.COORDINATOR, name: str = "Dele Okafor"
) -> Membership:
    member = people.someone(role, name=name)
    people.sign_in(client, member)
    return member


class TestAsking:
    """The page for everybody."""

    def test_what_will_not_do_is_said(self, client: FlaskClient, session: Session) -> None:
        for changed, said in NOT_ACCEPTED:
            answer = client.post("/account/ask", data={**ASKED, **changed})
            assert answer.status_code == 422 and said in words(answer.text), (changed, said)
        huge = client.post("/account/ask", data={**ASKED, "name": "A" * 10_000_000})
        assert huge.status_code == 413
        assert session.scalars(select(AccountRequest)).all() == []

    def test_nobody_learns_whether_there_is_an_account_and_much_asking_is_slowed_down(
        self, client: FlaskClient, session: Session, people: People, engine: Engine
    ) -> None:
        known = people.account("Ada Known")
        seen = set()
        with time_machine.travel(NOW, tick=False):
            client.post("/account/ask", data=ASKED)  # the policies are read once for all
            for email in ("nobody@tarn.example", known.email):
                with counted(engine) as sent:
                    answer = client.post("/account/ask", data={**ASKED, "email": email})
                page = re.sub(r'nonce="[^"]*"', "", client.get(answer.location).text)
                shape = tuple(statement.split(" VALUES")[0] for statement in sent)
                seen.add((answer.status_code, answer.location, page, shape))
            assert len(seen) == 1 and "Look at your e-mail" in page
            for _ in range(2):
                client.post("/account/ask", data={**ASKED, "email": known.email})
            slow = client.post("/account/ask", data={**ASKED, "email": known.email})
        assert slow.status_code == 429 and "Wait 16 seconds" in slow.text and "Crisis team" in slow.text

    def test_a_request_reaches_the_hub_once_the_address_is_confirmed(
        self, client: FlaskClient, session: Session, people: People, office: PostOffice, tmp_path: Path
    ) -> None:
        told = {people.someone(Role.COORDINATOR).user_id, people.someone(Role.ADMINISTRATOR, name="Sam Ridley").user_id}
        people.someone(Role.CASE_MANAGER, name="Tom Brierley")
        client.post("/account/ask", data={**ASKED, "name": "  Dr \U0001f600  Ada ", "email": "ADA.Lorne@tarn.example"})
        link = link_in(send_all(session, office, datetime.now(UTC))[-1])
        reader = client.application.test_client()
        signed_in(reader, people)
        number = session.scalars(select(AccountRequest.id)).one()
        assert reader.get(f"/account-requests/{number}").status_code == 404
        assert "Nobody waits for an answer" in reader.get("/account-requests").text
        for _ in range(2):
            page = client.get(link)
            assert "Dr \U0001f600 Ada" in page.text and "ada.lorne@tarn.example" in page.text
            assert client.head(link).status_code == 200
        assert session.scalars(select(AccountRequest.confirmed_at)).one() is None, "looking changes nothing"
        done = client.post("/account/link", data={"t": link.rpartition("=")[2]})
        assert "Your request is with the hub" in done.text
        assert client.post("/account/link", data={"t": link.rpartition("=")[2]}).status_code == 410
        assert "1 request for an account" in reader.get("/").text and "waits for an answer" in reader.get("/").text
        assert "Dr \U0001f600 Ada" in reader.get("/account-requests").text
        deliver_due(session, now=datetime.now(UTC), folder=tmp_path)
        messages = session.scalars(select(Message)).all()
        dele = session.scalars(select(UserAccount.id).where(UserAccount.name == "Dele Okafor")).one()
        assert {each.user_id for each in messages} == told | {dele}
        assert {each.words for each in messages} == {"Somebody asks for an account"}
        assert 'href="/account-requests"><b>Somebody asks for an account' in reader.get("/messages").text

    def test_who_asks_again_is_shown_once_and_what_nobody_confirmed_is_forgotten(self, session: Session) -> None:
        first = asks(session)
        second = asks(session, name="Dr Ada Lorne-Reed", now=NOW + timedelta(hours=1))
        assert (first.outcome, second.outcome) == ("replaced", None)
        ask(session, **ASKED, now=NOW)
        assert forget_unconfirmed(session, NOW + timedelta(days=30)) == 0
        assert forget_unconfirmed(session, NOW + timedelta(days=31)) == 1
        assert session.scalars(select(AccountRequest.id)).all() == [first.id, second.id]


class TestDeciding:
    """The hub's pages."""

    def test_how_well_the_address_fits(self, client: FlaskClient, session: Session, people: People) -> None:
        signed_in(client, people)
        for email, organisation, domains, said in FITS:
            for row in session.scalars(select(OrganisationEmailDomain)).all():
                remove_domain(session, row.id)
            for code, domain, has_subdomains in domains:
                place = people.organisation(code).id
                add_domain(session, place, domain, has_subdomains=has_subdomains, now=NOW, by=None)
            request = asks(session, email=email, organisation=organisation)
            assert said in words(client.get(f"/account-requests/{request.id}").text), (email, organisation, domains)

    def test_which_domains_cannot_be_listed(self, session: Session, people: People) -> None:
        place = people.organisation("XTH").id
        kept = add_domain(session, place, "tarn.example", has_subdomains=False, now=NOW, by=None)
        for domain, said in NO_DOMAINS:
            with pytest.raises(AccountRefused, match=re.escape(said)):
                add_domain(session, place, domain, has_subdomains=True, now=NOW, by=None)
        moor = add_domain(session, place, "moor.example", has_subdomains=True, now=NOW, by=None)
        listed = directory(session, ["a@moor.example", "b@blackmoor.example"])
        assert listed.match("a@ward.moor.example", place)[0] is Match.LISTED
        assert listed.match("b@blackmoor.example", place) == (Match.NOT_LISTED, [])
        for row in (kept, moor):
            remove_domain(session, row.id)
        assert domains_of(session, place) == []
        with pytest.raises(AccountRefused, match="off the list already"):
            remove_domain(session, kept.id)

    def test_only_those_who_decide_see_requests(self, client: FlaskClient, session: Session, people: People) -> None:
        request = asks(session)
        outside, inside = (Role.REFERRER, Role.FUNDER), (Role.CASE_MANAGER, Role.DIRECTOR, *APPROVERS)
        for role in (*outside, *inside):
            member = people.someone(role, "XHB" if role in inside else "XBC", f"Ada {role}")
            people.sign_in(client, member)
            may = role in {Role.COORDINATOR, Role.ADMINISTRATOR}
            for path in ("/account-requests", f"/account-requests/{request.id}"):
                assert client.get(path).status_code == (200 if may else 404), role
            for path in ("approve", "refuse"):
                answer = client.post(f"/account-requests/{request.id}/{path}")
                assert answer.status_code == (422 if may else 404), role
            page = client.get("/", follow_redirects=True).text
            assert ("request for an account" in page) == may, role

    def test_yes_makes_a_referrer_who_is_invited(
        self, client: FlaskClient, session: Session, people: People, office: PostOffice
    ) -> None:
        people.account("Dr Ada Lorne")  # another person of the same name
        request, by = asks(session, now=datetime.now(UTC)), signed_in(client, people)
        page = words(client.get(f"/account-requests/{request.id}").text)
        assert "Same name, another address" in page and "is sent an invitation" in page
        place, today = people.organisation("XTH"), local(datetime.now(UTC)).date()
        for given, said in (
            ({"organisation": ""}, "Choose the organisation"),
            ({"organisation": str(people.organisation("XHB").id)}, "Choose an answer"),
            ({"organisation": str(place.id), **_day("until_on", today - timedelta(days=2))}, "before the first day"),
        ):
            answer = client.post(f"/account-requests/{request.id}/approve", data=given)
            assert answer.status_code == 422 and said in words(answer.text)
        last = today + timedelta(days=90)
        answer = client.post(
            f"/account-requests/{request.id}/approve", data={"organisation": place.id, **_day("until_on", last)}
        )
        assert answer.location == "/account-requests"
        assert "Approved: Dr Ada Lorne is sent an invitation" in client.get("/account-requests").text
        made = session.get_one(Membership, request.membership_id)
        assert (made.role, made.organisation_id, made.from_on, made.until_on) == (Role.REFERRER, place.id, today, last)
        assert made.user_id == request.user_id and request.decided_by_id == by.user_id
        invitation = send_all(session, office, datetime.now(UTC))[-1]
        assert invitation["To"] == ASKED["email"] and "invitation" in invitation["Subject"]
        assert "account_approved" in session.scalars(select(AccessLog.what)).all()
        assert "Dele Okafor approved this request on" in client.get(f"/account-requests/{request.id}").text

    def test_somebody_with_an_account_gets_the_role(
        self, client: FlaskClient, session: Session, people: People, office: PostOffice
    ) -> None:
        member = people.someone(Role.FUNDER, "XBC", "Ada Known")
        place = {"organisation": people.organisation("XTH").id}
        request = asks(session, email="ada.known@hub.example", now=datetime.now(UTC))
        dele = signed_in(client, people)
        page = words(client.get(f"/account-requests/{request.id}").text)
        assert "Same address" in page and "Funder, Brackendale Council" in page and "the role is added to it" in page
        account = session.get_one(UserAccount, member.user_id)
        disable_account(session, account, NOW)
        session.flush()
        off = client.post(f"/account-requests/{request.id}/approve", data=place)
        assert off.status_code == 422 and "Ask an administrator to switch it on first" in off.text
        account.is_active = True
        session.flush()
        client.post(f"/account-requests/{request.id}/approve", data=place)
        told = send_all(session, office, datetime.now(UTC))[-1]
        assert told["To"] == account.email and "You are now a referrer of Tarn House" in text_of(told)
        again = asks(session, email="ada.known@hub.example", now=datetime.now(UTC))
        answer = client.post(f"/account-requests/{again.id}/approve", data=place)
        assert answer.status_code == 422 and "is a referrer of Tarn House already" in answer.text
        own = asks(session, email=dele.user.email, now=datetime.now(UTC))
        for path, data in (("approve", place), ("refuse", {"code": "other"})):
            answer = client.post(f"/account-requests/{own.id}/{path}", data=data)
            assert answer.status_code == 422 and "somebody else must decide about it" in answer.text

    def test_no_is_told_with_its_reason_and_the_second_to_decide_is_told_who_was_first(
        self, client: FlaskClient, session: Session, people: People, office: PostOffice
    ) -> None:
        request = asks(session, now=datetime.now(UTC))
        signed_in(client, people, Role.ADMINISTRATOR, "Sam Ridley")
        slower = client.application.test_client()
        signed_in(slower, people)
        bare = client.post(f"/account-requests/{request.id}/refuse", data={"words": "Rang the team"})
        assert bare.status_code == 422 and "Choose a reason" in bare.text and "Rang the team" in bare.text
        said = {"code": "not_found", "words": "Rang the team"}
        assert client.post(f"/account-requests/{request.id}/refuse", data=said).status_code == 303
        told = send_all(session, office, datetime.now(UTC))[-1]
        assert "We could not find out that you work at this organisation." in text_of(told)
        assert "Rang the team" not in str(told) and told["To"] == ASKED["email"]
        for path, data in (("approve", {"organisation": people.organisation("XTH").id}), ("refuse", said)):
            late = slower.post(f"/account-requests/{request.id}/{path}", data=data)
            assert late.status_code == 409 and "Sam Ridley refused this request on" in late.text
        assert session.scalars(select(UserAccount).where(UserAccount.email == ASKED["email"])).all() == []
        again = asks(session, now=datetime.now(UTC))
        assert "Asked before" in client.get(f"/account-requests/{again.id}").text
        assert client.post("/account-requests/987654/refuse", data=said).status_code == 404

    def test_what_was_typed_when_the_session_ended_is_there_again(
        self, client: FlaskClient, session: Session, people: People
    ) -> None:
        request, member = asks(session), signed_in(client, people)
        session.scalars(select(SignInSession)).one().last_seen_at -= timedelta(hours=1)
        session.flush()
        here = {"Referer": f"http://localhost/account-requests/{request.id}"}
        said = {"code": "no_need", "words": "Half a page of words"}
        lost = client.post(f"/account-requests/{request.id}/refuse", data=said, headers=here)
        assert f"next=/account-requests/{request.id}" in lost.location and "kept=yes" in lost.location
        people.sign_in(client, member)
        page = client.get(f"/account-requests/{request.id}").text
        assert "Half a page of words" in page and re.search(r'value="no_need"[^>]*checked', page)
        assert client.post(f"/account-requests/{request.id}/refuse", data=said).status_code == 303
        assert "Half a page of words" in client.get(f"/account-requests/{request.id}").text, "kept for the hub"

    def test_of_two_who_approve_at_once_one_wins(self, committed: Engine) -> None:
        sessions = make_sessions(committed)
        with sessions() as session, transaction(session):
            people = People(session)
            place = people.organisation("XTH").id
            two = [people.someone(Role.COORDINATOR, name=name).user_id for name in ("Dele Okafor", "Morag Tennant")]
            number = asks(session, now=datetime.now(UTC)).id
        given: dict[str, Any] = {"organisation_id": place, "until_on": None, "now": datetime.now(UTC)}

        def go(session: Session, by: int) -> None:
            with transaction(session):
                approve(session, number, by=by, **given)

        with ThreadPoolExecutor(1) as pool, sessions() as session, sessions() as another:
            with transaction(session):
                approve(session, number, by=two[0], **given)
                later = pool.submit(go, another, two[1])
                with pytest.raises(TimeoutError):
                    later.result(timeout=1)  # the first holds the request, and has not committed
            with pytest.raises(AlreadyDecided, match="Dele Okafor approved this request on"):
                later.result(timeout=20)
        with sessions() as session:
            assert session.scalar(select(func.count()).where(Membership.role == Role.REFERRER)) == 1
            invitations = select(func.count()).where(OutboxMessage.topic == "mail.invitation")
            assert session.scalar(invitations) == 1


def _day(name: str, on: Any) -> dict[str, int]:
    return {f"{name}-day": on.day, f"{name}-month": on.month, f"{name}-year": on.year}
