"""Who may open a document, and what is written down about it; its place on the item's and the case's page."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.accounts.models import Membership
from hub.documents.models import Document
from hub.documents.storage import BytesMissing, default_folder
from hub.engine.models import AccessLog
from hub.engine.perform import perform
from tests import document_files as made
from tests.admission_factory import Crew, make_admission, make_crew
from tests.factories import NOW, actor_of, make_membership, make_organisation, make_provider, make_referral
from tests.features.test_attacks_sight import seal
from tests.statements import counted
from workflows.actor import Actor
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
LETTER = made.pdf()
NONCE = re.compile(r'nonce="[^"]*"')


@pytest.fixture
def add(session: Session, app: Flask) -> Callable[..., Document]:
    """Puts a document on an item as somebody, its bytes in the application's own storage."""

    def do(item: Any, actor: Actor, audience: str, name: str = "Letter.pdf", data: bytes = LETTER) -> Document:
        kept = app.extensions["hub.intake"].take_in(name, data)
        perform(session, item, "add_document", actor, now=NOW, values={"document": kept, "audience": audience})
        return session.scalars(select(Document).order_by(Document.id.desc()).limit(1)).one()

    return do


def href(document: Document) -> str:
    return f"/documents/{document.id}/{document.name}"


def membership(session: Session, actor: Actor) -> Membership:
    return session.get_one(Membership, actor.membership_id)


def test_who_may_open_it_by_role_and_audience(
    session: Session, client: FlaskClient, sign_in: SignIn, add: Callable[..., Document]
) -> None:
    crew: Crew = make_crew(session)
    admission = make_admission(session, "assessment_booked", crew=crew)
    referral = make_referral(session, "in_review", referrer=crew.referrer)
    colleague = make_organisation(session, "ZCO01", name="Harebell Trust", kind="nhs_trust")
    unit = make_membership(session, Role.UNIT_CLINICIAN, colleague)
    values = {"organisation_id": colleague.id}
    perform(session, referral, "add_party", crew.coordinator, now=NOW, values=values, reason="They know her")
    documents = {
        "all": add(referral, crew.referrer, "all"),
        "hub": add(referral, crew.case_manager, "hub"),
        "referrer's": add(referral, crew.referrer, "hub", data=b"for us and the hub", name="Ours.txt"),
        "decision": add(admission, crew.case_manager, "all"),
    }
    every = set(documents)
    may: list[tuple[Any, set[str]]] = [
        (membership(session, crew.referrer), {"all", "referrer's"}),
        (unit, {"all"}),
        (membership(session, crew.assessor), set()),
        *((make_membership(session, role), every) for role in (Role.COORDINATOR, Role.DIRECTOR)),
        *((make_membership(session, role), set()) for role in (Role.FINANCE_LEAD, Role.INFORMATION_GOVERNANCE)),
        *((make_membership(session, role), set()) for role in (Role.ADMINISTRATOR, Role.QUALITY_LEAD)),
        (make_membership(session, Role.UNIT_MANAGER, make_provider(session)), set()),
    ]
    for who, theirs in may:
        sign_in(client, who)
        opened = {name for name, each in documents.items() if client.get(href(each)).status_code == 200}
        assert opened == theirs, who.role
        if theirs:
            page = client.get(f"/referrals/{referral.reference}").text.replace("%20", " ")
            assert {name for name in documents if href(documents[name]) in page} == theirs - {"decision"}
    seal(session, referral)
    sign_in(client, make_membership(session, Role.COORDINATOR))
    assert client.get(href(documents["all"])).status_code == 404


def test_the_wrong_address_is_the_page_of_one_that_is_not_there_and_is_logged(
    session: Session, client: FlaskClient, sign_in: SignIn, add: Callable[..., Document]
) -> None:
    item = make_referral(session, "in_review")
    manager = make_membership(session, Role.CASE_MANAGER)
    document = add(item, actor_of(manager), "hub")
    referrer = session.get_one(Membership, item.history[0].acting_as)
    sign_in(client, referrer)
    none = client.get("/documents/999999/Letter.pdf")
    refused = client.get(href(document))
    assert none.status_code == refused.status_code == 404
    assert NONCE.sub("", none.text) == NONCE.sub("", refused.text)
    assert [name for name, _ in none.headers] == [name for name, _ in refused.headers]
    row = session.scalars(select(AccessLog).where(AccessLog.item_id == item.id).order_by(AccessLog.id.desc())).first()
    assert row is not None and (row.what, row.user_id, row.case_id) == ("refused", referrer.user_id, item.case_id)
    assert row.detail == {"reference": item.reference, "document": document.id}
    sign_in(client, manager)
    assert client.get(f"/documents/{document.id}/Another.pdf").status_code == 404
    client.delete_cookie("hub-session")
    assert client.get(href(document)).status_code == 302


def test_a_download_is_saved_and_never_shown(
    session: Session, client: FlaskClient, sign_in: SignIn, add: Callable[..., Document]
) -> None:
    manager = make_membership(session, Role.CASE_MANAGER)
    item = make_referral(session, "in_review")
    sign_in(client, manager)
    for name, data, media_type, said in (
        ("Zoë’s plan.pdf", LETTER, "application/pdf", "filename*=UTF-8''Zo%C3%AB%E2%80%99s%20plan.pdf"),
        ("אבג.txt", b"three letters", "text/plain", "filename*=UTF-8''%D7%90%D7%91%D7%92.txt"),
        ("Plain name.png", made.picture(), "image/png", 'filename="Plain name.png"'),
    ):
        answer = client.get(href(add(item, actor_of(manager), "hub", name, data)))
        assert answer.data == data and answer.mimetype == media_type
        disposition = answer.headers["Content-Disposition"]
        assert disposition.startswith("attachment; ") and said in disposition
        assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.headers["Cache-Control"] == "no-store"


def test_who_opened_it_stands_on_the_page_for_the_hub_alone(
    session: Session, client: FlaskClient, sign_in: SignIn, add: Callable[..., Document]
) -> None:
    referrer, manager = (make_membership(session, role) for role in (Role.REFERRER, Role.CASE_MANAGER))
    item = make_referral(session, "in_review", referrer=actor_of(referrer))
    document = add(item, actor_of(referrer), "all")
    other = add(item, actor_of(manager), "hub", "Other.txt", b"other")
    sign_in(client, referrer)
    client.get(href(document))
    sign_in(client, manager)
    assert [client.get(href(document)).status_code for _ in range(2)] == [200, 200]
    assert item.case is not None
    page = client.get(f"/referrals/{item.reference}").text
    assert "Opened by 2 people" in page and f"{manager.user.name}, today" in page and "2 times" in page
    assert page.count("Not opened yet") == 1 and "Add documents" in page
    case = client.get(f"/cases/{item.case.reference}").text
    assert href(document) in case and href(other) in case and "2 documents" in case
    assert f"Opened a document of {item.reference}" in case and "Other.txt" in case
    sign_in(client, referrer)
    page = client.get(f"/referrals/{item.reference}").text
    assert href(document) in page and "Opened by" not in page and "Not opened yet" not in page
    assert "My own organisation and the hub" in client.get(f"/referrals/{item.reference}/add_document").text
    case = client.get(f"/cases/{item.case.reference}").text
    assert href(document) in case and "Other.txt" not in case


def test_a_document_taken_back_is_served_to_nobody(
    session: Session, client: FlaskClient, sign_in: SignIn, add: Callable[..., Document], app: Flask
) -> None:
    referrer, manager = (make_membership(session, role) for role in (Role.REFERRER, Role.CASE_MANAGER))
    item = make_referral(session, "in_review", referrer=actor_of(referrer))
    document = add(item, actor_of(referrer), "all", "Wrong person.txt", b"about somebody else")
    mine = add(item, actor_of(manager), "hub")
    sign_in(client, manager)
    assert "take_back_document?document_id" in client.get(f"/referrals/{item.reference}").text
    page = client.get(f"/referrals/{item.reference}/take_back_document?document_id={mine.id}").text
    assert "Wrong person.txt, added by" not in page and f'value="{mine.id}" checked' in page
    sign_in(client, referrer)
    data = {"seen": str(item.version), "document_id": str(document.id), "reason": "It is about somebody else"}
    answer = client.post(f"/referrals/{item.reference}/take_back_document", data=data)
    assert answer.status_code == 303
    for who in (referrer, manager, make_membership(session, Role.INFORMATION_GOVERNANCE)):
        sign_in(client, who)
        assert client.get(href(document)).status_code == 404
    sign_in(client, manager)
    page = client.get(f"/referrals/{item.reference}").text
    assert "<s>Wrong person.txt</s>" in page and "“It is about somebody else”. Nobody can open it." in page
    assert href(document) not in page and item.case is not None
    assert "1 document<" in client.get(f"/cases/{item.case.reference}").text
    assert app.extensions["hub.storage"].read(document.sha256) == b"about somebody else"


def test_other_bytes_under_the_same_hash_are_never_served(
    session: Session, client: FlaskClient, sign_in: SignIn, add: Callable[..., Document], app: Flask, test_settings: Any
) -> None:
    manager = make_membership(session, Role.CASE_MANAGER)
    document = add(make_referral(session, "in_review"), actor_of(manager), "hub", data=b"as it was", name="a.txt")
    path = default_folder(test_settings) / document.sha256[:2] / document.sha256[2:4] / document.sha256
    path.write_bytes(b"altered !")
    sign_in(client, manager)
    with pytest.raises(BytesMissing, match="was changed"):
        client.get(href(document))
    path.unlink()
    with pytest.raises(BytesMissing, match="nothing is kept"):
        client.get(href(document))
    log = select(AccessLog.what).where(AccessLog.detail["document"].astext.is_not(None))
    assert list(session.scalars(log)) == []


def test_documents_cost_one_statement_and_who_opened_them_another(
    session: Session, client: FlaskClient, sign_in: SignIn, add: Callable[..., Document], engine: Engine
) -> None:
    manager = make_membership(session, Role.CASE_MANAGER)
    plain, full = make_referral(session, "in_review"), make_referral(session, "in_review")
    for number in range(7):
        add(full, actor_of(manager), "hub", f"{number}.txt", b"%d" % number)
    sign_in(client, manager)
    number_of = {}
    for item in (plain, full):
        assert item.case is not None
        for page in (f"/referrals/{item.reference}", f"/cases/{item.case.reference}"):
            client.get(page)
            with counted(engine) as sent:
                assert client.get(page).status_code == 200
            number_of[page] = len(sent)
    counts = list(number_of.values())
    assert counts[2] == counts[0] + 1 and counts[3] == counts[1], counts
    document = session.scalars(select(Document).limit(1)).one()
    with counted(engine) as sent:
        assert client.get(href(document)).status_code == 200
    assert len(sent) <= 6, "\n\n".join(sent)
