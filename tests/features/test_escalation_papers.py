"""The whole dispute as one paper: all that its reader may read, kept when it is decided, referred on and closed."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.models import Membership, UserAccount
from hub.engine.documents import StoredFile
from hub.engine.models import AccessLog
from hub.engine.perform import perform
from hub.engine.resuming import resume_due
from hub.escalations.models import Escalation
from hub.escalations.papers import PRINTED_ABOVE
from hub.papers import printing
from hub.papers.checking import check_papers
from hub.papers.models import Paper
from hub.referrals.models import Referral
from tests.admission_factory import make_crew
from tests.approach_factory import make_search
from tests.escalation_factory import Table, actions_of, do, make_dispute, make_table, name_all, spokesmen
from tests.factories import NOW, make_actor
from tests.paper_reading import catalogue, left_to_right, page_words, pdf_words, squeezed, structure
from workflows.actor import Actor
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TYPED: dict[str, Any] = {
    "words": "W" * 300 + " Ó’Néill #let $x$ *b* \\ `tick` " + "She is ready. " * 540,
    "disputed": "عبد الرحمن was told on the 12th",
    "wanted": "A named home\nand a date",
}


def _said(paper: Paper) -> str:
    """Every word of a paper."""
    blocks = paper.content["blocks"]
    rows = [part for block in blocks for row in block.get("rows", ()) for part in row]
    return "\n".join([*(block.get("text", "") for block in blocks), *rows])


def _kept(session: Session, item: Escalation) -> list[Paper]:
    return list(session.scalars(select(Paper).where(Paper.item_id == item.id).order_by(Paper.id)))


def _as(session: Session, client: FlaskClient, sign_in: SignIn, actor: Actor) -> FlaskClient:
    sign_in(client, session.get_one(Membership, actor.membership_id))
    return client


def _file(session: Session, item: Escalation, actor: Actor, name: str, audience: str, sha: str) -> None:
    values = {"document": StoredFile(name, "pdf", 812, sha * 32, "clean"), "audience": audience}
    perform(session, item, "add_document", actor, now=NOW + HOUR, values=values)


def _long_dispute(session: Session, table: Table, typed: dict[str, Any]) -> Escalation:
    """Three sides at local and senior review: a pause, a side that does not reply, facts, two versions, own papers."""
    names = ("Odette Brandreth", "Zoë O’Hara-Łukasz", "Yusuf 李 Farrow")
    for speaker, name in zip(table.speakers, names, strict=True):
        session.get_one(UserAccount, speaker.user_id).name = name
    item = make_dispute(session, table=table, about=make_search(session, make_crew(session)))
    convenor, (first, second, _) = table.convenor, table.speakers
    do(session, item, "state_position", first, NOW + HOUR, **typed, new_facts="A bed is free at Linden")
    do(session, item, "state_position", second, NOW + HOUR, words="It is not ours to find", wanted="Nothing")
    for speaker in table.speakers:
        do(session, item, "agree_facts", speaker, NOW + HOUR, agreed=["1"], disputed_facts=["2"])
    for actor, said in ((convenor, "HUBSOWNNOTE"), (first, "FIRSTSOWNNOTE")):
        perform(session, item, "note", actor, now=NOW + HOUR, values={"note": said, "audience": "hub"})
    _file(session, item, first, "Ward round.pdf", "all", "ab")
    _file(session, item, second, "SECONDSOWN.pdf", "hub", "cd")
    do(session, item, "ask_pause", first, NOW + HOUR, clock="stage_local", until=NOW + DAY, pause_code="legal_advice")
    do(session, item, "approve_pause", convenor, NOW + HOUR, clock="stage_local")
    resume_due(session, now=NOW + DAY)
    session.expire_all()
    for words in ("She moves by May", "She moves by April"):
        do(session, item, "propose", convenor, NOW + DAY, settlement=words, actions=actions_of(table, NOW, 2))
        do(session, item, "accept_proposal", first, NOW + DAY, version=item.proposals[-1].version)
    for speaker in table.speakers:
        do(session, item, "ask_to_escalate", speaker, NOW + DAY)
    do(session, item, "state_position", table.speakers[2], NOW + DAY, words="Neither is ours", wanted="Ask them")
    name_all(session, item, table, "senior_review", NOW + DAY)
    do(session, item, "escalate_to_senior", convenor, NOW + 2 * DAY, why_up="Who has the last word?")
    return item


def test_a_paper_that_is_kept_has_everything_that_all_may_read_and_stays(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    table = make_table(session, 3)
    item = _long_dispute(session, table, TYPED)
    assert not _kept(session, item)
    do(session, item, "refer_on", table.convenor, NOW + 3 * DAY, referred_to="mediation", agreed_statement="She waits")
    (paper,) = _kept(session, item)
    said = _said(paper)
    shown = {
        *(
            item.reference,
            "Who finds the home, and by when?",
            "Discharge delay",
            "Standard",
            "Larkwood Care",
            "Wharfe ICB",
        ),
        *("Hartwin", "14 September 2010", "Safety plan 2, with the ward", "The hub, without prejudice"),
        *TYPED.values(),
        *("It is not ours to find", "Zoë O’Hara-Łukasz, Monday 16 March 2026, 11am", "Raised it.", "Answers it."),
        *("1. Agreed by every side, and locked", "2. Disputed by Larkwood Care, Brackendale Council and Wharfe ICB"),
        *("Version 1", "She moves by May", "Version 2", "She moves by April", "Grace Lindley, Larkwood Care, by"),
        *("1. Local resolution: Brackendale Council", "2. Senior review: Larkwood Care", "Nothing on record."),
        *("What was asked: Who has the last word?", "Took 2 working days; 1.1 working days without pauses"),
        *("Ward round.pdf", "SHA-256 begins abababababab", "Mediation", "She waits", "Refer it on", PRINTED_ABOVE),
        *("Asked for by ", "As at Thursday 19 March 2026, 10am"),
    }
    assert not [words for words in shown if words not in said]
    for words in ("HUBSOWNNOTE", "FIRSTSOWNNOTE", "SECONDSOWN", "Only", "NHS number", "999"):
        assert words not in said, words
    before = (paper.sha256, said)
    perform(session, item, "note", table.convenor, now=NOW + 4 * DAY, values={"note": "x", "audience": "all"})
    session.expire_all()
    assert [(each.sha256, _said(each)) for each in _kept(session, item)] == [before]
    assert check_papers(session).altered == ()
    for reader in (table.speakers[1], table.convenor):
        _as(session, client, sign_in, reader)
        assert f"/papers/{paper.id}" in client.get(f"/escalations/{item.reference}").text
        page, pdf = client.get(f"/papers/{paper.id}"), client.get(f"/papers/{paper.id}.pdf")
        assert (page.status_code, pdf.status_code) == (200, 200)
        printed = left_to_right(pdf_words(pdf.data))
        assert squeezed("She is ready. " * 540) in printed and squeezed("Neither is ours") in printed
        assert pdf.headers["Content-Disposition"].endswith(f"{item.reference}-dispute.pdf")
    assert left_to_right(page_words(page.text)).replace("李", "[U+674E]") in printed, "page and PDF say the same"
    root, parts = catalogue(pdf.data), structure(pdf.data)
    assert str(root["/Lang"]) == "en-GB" and "/MarkInfo" in root and parts["H1"] == 1 and parts["H2"] >= 8
    assert parts["TH"] and "Hartwin" not in str(root.get("/Metadata", ""))


def test_the_paper_of_today_has_what_its_reader_may_read_and_no_more(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    table = make_table(session, 3)
    item = _long_dispute(session, table, {"words": "A date", "wanted": "A date"})
    address = f"/escalations/{item.reference}/whole.pdf"
    sees: dict[str, tuple[Actor, set[str]]] = {
        "the first side": (table.speakers[0], {"FIRSTSOWNNOTE"}),
        "the second side": (table.seconds[1], {"SECONDSOWN"}),
        "the third side": (table.speakers[2], set()),
        "the hub": (table.convenor, {"FIRSTSOWNNOTE", "SECONDSOWN", "HUBSOWNNOTE", "NHSnumber"}),
    }
    secrets = {"FIRSTSOWNNOTE", "SECONDSOWN", "HUBSOWNNOTE", "NHSnumber"}
    for who, (actor, own) in sees.items():
        answer = _as(session, client, sign_in, actor).get(address)
        assert answer.status_code == 200, who
        printed = pdf_words(answer.data)
        assert {each for each in secrets if each in printed} == own, who
        assert "Itisnotourstofind" in printed and "hartwin" in printed.casefold()
    logged = session.scalars(select(AccessLog).where(AccessLog.path == address, AccessLog.what == "opened")).all()
    assert len(logged) == len(sees) and all(row.detail["paper"] == "The whole dispute" for row in logged)
    assert item.case is not None
    item.case.sharing_restricted = True
    session.flush()
    for actor, is_told in ((table.speakers[1], False), (table.convenor, True)):
        printed = pdf_words(_as(session, client, sign_in, actor).get(address).data)
        assert ("hartwin" in printed.casefold()) is is_told and "Sharingisrestricted" in printed
    outsiders = [
        make_actor(session, Role.UNIT_MANAGER),
        make_actor(session, Role.INFORMATION_GOVERNANCE),
        make_actor(session, Role.FINANCE_LEAD),
    ]
    for outsider in outsiders:
        assert _as(session, client, sign_in, outsider).get(address).status_code == 404
    refused = session.scalars(select(AccessLog).where(AccessLog.path == address, AccessLog.what == "refused")).all()
    assert len(refused) == len(outsiders)
    assert client.get("/escalations/ESC-2026-99999/whole.pdf").status_code == 404


def test_where_sharing_is_restricted_a_kept_paper_names_nobody_and_one_that_did_is_the_hubs(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    for is_restricted_before, by_its_form in ((False, False), (True, False), (False, True)):
        table = make_table(session)
        item = make_dispute(session, table=table, about=make_search(session, make_crew(session)))
        assert item.case is not None
        item.case.sharing_restricted = is_restricted_before
        session.flush()
        do(session, item, "refer_on", table.convenor, NOW + DAY, referred_to="court", agreed_statement="None")
        form = session.scalars(select(Referral).where(Referral.case_id == item.case_id)).one()
        (form if by_its_form else item.case).sharing_restricted = True
        session.flush()
        (paper,) = _kept(session, item)
        assert ("Hartwin" in _said(paper)) is not is_restricted_before
        for actor, status in ((table.speakers[0], 200 if is_restricted_before else 404), (table.convenor, 200)):
            assert _as(session, client, sign_in, actor).get(f"/papers/{paper.id}").status_code == status


def test_it_is_kept_at_each_end_and_says_what_was_decided_done_and_learned(session: Session) -> None:
    table = make_table(session, hub_is_a_side=True)
    closed = make_dispute(session, "closed", table=table)
    (paper,) = _kept(session, closed)
    said = _said(paper)
    for words in ("Done, and confirmed", "Said to be done by", "Ringing earlier", "Close it", "Closed", "1. Action 1"):
        assert words in said, words
    assert "Nobody of Larkwood Care or Fellside Hub" in said
    determined = make_dispute(session, "determined", dispute_kind="invoice")
    (paper,) = _kept(session, determined)
    said = _said(paper)
    for words in (
        "Chair, since",
        "Declared: none",
        "The offer of Larkwood Care was chosen.",
        "The law says so",
        "Binding",
    ):
        assert words in said, words
    for state in ("raised", "withdrawn", "senior_review", "agreed"):
        assert not _kept(session, make_dispute(session, state)), state


def test_a_paper_that_cannot_be_made_leads_back_to_the_page(
    session: Session, client: FlaskClient, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = make_table(session)
    item = make_dispute(session, "raised", table=table)
    speaker = spokesmen(item, table)[0]
    printed = _as(session, client, sign_in, speaker).get(f"/escalations/{item.reference}/whole.pdf")
    assert "Ithasnotbeenacceptedyet" in pdf_words(printed.data)
    monkeypatch.setattr(printing, "PROGRAM", Path("/dev/null/there-is-no-such-program"))
    answer = client.get(f"/escalations/{item.reference}/whole.pdf")
    assert (answer.status_code, answer.location) == (303, f"/escalations/{item.reference}")
