"""Papers: what is frozen when, who may read it, and that page and PDF say the same words."""

from collections import Counter
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from hub.accounts.models import Membership
from hub.cases.models import CareCase
from hub.cli import main
from hub.config import settings
from hub.db import transaction
from hub.engine.models import AccessLog, Transition
from hub.engine.perform import perform
from hub.papers.models import Paper
from hub.papers.printing import CannotPrint, job_of, print_paper
from hub.papers.typesetting import typeset
from hub.tasks.models import Task
from tests.admission_factory import do, make_admission, make_crew
from tests.factories import NOW, REASON, make_actor, make_hub, make_membership, make_organisation, make_referral
from tests.paper_reading import catalogue, left_to_right, page_words, pdf_words, squeezed, structure
from tests.statements import counted
from workflows.actor import Actor
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
NAMES: dict[str, Any] = {
    "family_name": "Ó’Néill-Łukasz #let $x$ *b* _c_ @d <label> \\ `tick` // [ ] { }",
    "given_name": "عبد الرحمن",
    "preferred_name": "שרה",
    "presenting_problem": "Says “no” to food.\n\nSleeps\tlittle 😀 🏴󠁧󠁢󠁷󠁬󠁳󠁿 and \u202eturned\u202c. "
    + "She is tired. " * 500,
    "previous_family_names": "W" * 120,
}


def _papers(session: Session, item: Any) -> list[Paper]:
    return list(session.scalars(select(Paper).where(Paper.item_id == item.id).order_by(Paper.id)))


def _only(session: Session, item: Any, kind: str) -> Paper:
    (found,) = [paper for paper in _papers(session, item) if paper.kind == kind]
    return found


def _membership(session: Session, actor: Actor) -> Membership:
    return session.get_one(Membership, actor.membership_id)


def _said(paper: Paper) -> str:
    """Every word of a paper."""
    blocks = paper.content["blocks"]
    rows = [part for block in blocks for row in block.get("rows", ()) for part in row]
    return "\n".join([*(block.get("text", "") for block in blocks), *rows])


def test_each_sending_of_form_1_is_a_paper_and_the_first_stays(session: Session) -> None:
    make_hub(session)
    referral = make_referral(session, "returned", presenting_problem="Not eating")
    (first,) = _papers(session, referral)
    before = (first.sha256, _said(first))
    assert first.content["author"] == "Fellside Hub" and "Brackendale Community Team" in _said(first)
    referrer = make_actor(session, Role.REFERRER)
    answers = {"presenting_problem": "Not eating, and now not drinking", "postcode": "LS1 4AB"}
    perform(session, referral, "fill_in", referrer, now=NOW, values=answers)
    perform(session, referral, "submit", referrer, now=NOW, values={"declaration": True})
    first, second = _papers(session, referral)
    assert (first.sha256, _said(first)) == before
    assert "not drinking" in _said(second) and "not drinking" not in _said(first)
    rows = select(Transition.action).where(
        Transition.item_id == referral.id, Transition.position.in_([first.position, second.position])
    )
    assert session.scalars(rows).all() == ["submit", "submit"]


@pytest.mark.parametrize(
    ("state", "decided", "told"),
    [
        ("admission_agreed", "Admission agreed", ["Northmoor ICB", "A named nurse at night", "Write to the hub"]),
        ("alternative_agreed", "Alternative to admission agreed", [REASON, "Back to the case manager within a day"]),
        ("admission_refused", "No admission", [REASON, "Home treatment twice a day", "within 14 days"]),
    ],
)
def test_a_decision_notice_says_what_was_decided_and_nothing_from_inside(
    session: Session, client: FlaskClient, sign_in: SignIn, state: str, decided: str, told: list[str]
) -> None:
    crew = make_crew(session)
    admission = make_admission(
        session,
        state,
        crew=crew,
        conditions="A named nurse at night",
        assessor_position="Consultant in Form 2",
        outcome_comments="Comments in Form 2",
        purpose="Purpose in the recommendation",
    )
    notice, form_2 = _only(session, admission, "decision_notice"), _only(session, admission, "form_2")
    said = _said(notice)
    for words in (decided, crew.head.name, "Head of commissioning under the hub’s scheme of delegation", *told):
        assert words in said, words
    assert "It is not a decision about treatment or detention" in said and "Policy set 1" in said
    assert "Hartwin" in said and "How to disagree" in said and "16 March 2026, 10am" in said
    sign_in(client, _membership(session, crew.referrer))
    page = client.get(f"/papers/{notice.id}")
    assert page.status_code == 200
    inside = ("£", "Form 2", "Anorexia", "Home treatment: tried", "recommendation", "Recommended", "Who pays", "weeks")
    for hidden in (*inside, "provider collaborative’s budget", "Not eating"):
        assert hidden not in said and hidden not in page.text, hidden
    assert client.get(f"/papers/{form_2.id}").status_code == client.get(f"/papers/{form_2.id}.pdf").status_code == 404
    listed = client.get(f"/admissions/{admission.reference}").text
    assert f"/papers/{notice.id}.pdf" in listed and f"/papers/{form_2.id}" not in listed


def test_the_emergency_route_has_its_notices(session: Session) -> None:
    crew, risk = make_crew(session), {"immediate_risk": "Will run", "primary_reason": None}
    refused = make_admission(session, "awaiting_ratification", crew=crew, priority="emergency", referral=risk)
    form_1 = _papers(session, refused.referral)[0]
    assert "Still to come" in _said(form_1)
    assert [block["kind"] for block in form_1.content["blocks"]].count("list") == 1
    rest = {"primary_reason": "01"}
    perform(session, refused.referral, "add_the_rest", crew.referrer, now=NOW, values=rest)
    again = _papers(session, refused.referral)[-1]
    assert again.id != form_1.id and "Added to by" in _said(again) and "Still to come" not in _said(again)
    do(session, refused, "refuse_ratification", crew.head)
    notice = _said(_only(session, refused, "decision_notice"))
    assert "The emergency admission is not ratified" in notice and "Stays on the paediatric ward" in notice
    ratified = make_admission(session, "awaiting_ratification", crew=crew, priority="emergency", referral=risk)
    do(session, ratified, "ratify", crew.head, reason="It was right")
    assert _papers(session, ratified) == []
    do(session, ratified, "book_assessment", crew.coordinator)
    do(session, ratified, "fill_in_assessment", crew.assessor)
    do(session, ratified, "sign_late_assessment", crew.assessor, reason="Signed late")
    assert [paper.kind for paper in _papers(session, ratified)] == ["form_2", "decision_notice"]
    notice = _said(_only(session, ratified, "decision_notice"))
    assert "It was right" in notice and crew.head.name in notice and "Signed late" not in notice


READERS = {
    Role.CASE_MANAGER: "form_1 form_2 decision_notice",
    Role.COORDINATOR: "form_1 form_2 decision_notice",
    Role.REFERRER: "form_1 decision_notice",
    Role.ACCESS_ASSESSOR: "",
    Role.FINANCE_LEAD: "",
    Role.INFORMATION_GOVERNANCE: "",
    Role.ADMINISTRATOR: "",
    Role.QUALITY_LEAD: "",
    Role.UNIT_MANAGER: "",
    Role.FUNDER: "",
}


def test_who_reads_which_paper(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    crew = make_crew(session)
    admission = make_admission(session, "alternative_agreed", crew=crew)
    papers = [*_papers(session, admission.referral), *_papers(session, admission)]
    people = {role: make_membership(session, role) for role in READERS} | {
        Role.REFERRER: _membership(session, crew.referrer),
        Role.ACCESS_ASSESSOR: _membership(session, crew.assessor),
    }
    for role, readable in READERS.items():
        sign_in(client, people[role])
        for paper in papers:
            expected = 200 if paper.kind in readable.split() else 404
            assert client.get(f"/papers/{paper.id}").status_code == expected, f"{role}: {paper.kind}"
            if expected == 404:
                assert client.get(f"/papers/{paper.id}.pdf").status_code == 404
    assert client.get("/papers/0").status_code == client.get(f"/papers/{2**70}").status_code == 404
    refused = session.scalars(select(AccessLog).where(AccessLog.what == "refused", AccessLog.path.like("/papers/%")))
    assert {row.detail["paper"] for row in refused} == {"Form 1", "Form 2", "Decision notice"}
    # Another organisation's referrer has nothing to look for, and a sealed case is open to its list alone.
    elsewhere = make_organisation(session, "ZRF02", name="Upper Calder Team", kind="referrer")
    sign_in(client, make_membership(session, Role.REFERRER, elsewhere))
    assert {client.get(f"/papers/{paper.id}").status_code for paper in papers} == {404}
    session.get_one(CareCase, admission.case_id).is_sealed = True
    session.flush()
    sign_in(client, people[Role.CASE_MANAGER])
    assert {client.get(f"/papers/{paper.id}.pdf").status_code for paper in papers} == {404}


def test_whoever_assesses_reads_form_1_until_they_signed(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    crew = make_crew(session)
    admission = make_admission(session, "assessment_booked", crew=crew)
    form_1 = _only(session, admission.referral, "form_1")
    sign_in(client, _membership(session, crew.assessor))
    assert f"/papers/{form_1.id}" in client.get(f"/admissions/{admission.reference}").text
    assert client.get(f"/papers/{form_1.id}").status_code == 200
    do(session, admission, "fill_in_assessment", crew.assessor)
    do(session, admission, "sign_assessment", crew.assessor)
    assert client.get(f"/papers/{form_1.id}").status_code == 404


def test_whoever_is_let_in_to_a_task_reads_no_form(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    referral = make_referral(session, "submitted", priority="emergency", primary_reason=None)
    task = session.scalars(select(Task).where(Task.parent_id == referral.id)).one()
    helper = make_membership(session, Role.FUNDER)
    values = {"organisation_id": helper.organisation_id}
    perform(session, task, "add_party", make_actor(session, Role.COORDINATOR), now=NOW, values=values, reason=REASON)
    sign_in(client, helper)
    assert client.get(f"/tasks/{task.reference}").status_code == 200
    assert client.get(f"/papers/{_only(session, referral, 'form_1').id}").status_code == 404


def test_page_and_pdf_say_the_same_words_whatever_they_are(
    session: Session, client: FlaskClient, sign_in: SignIn, engine: Engine
) -> None:
    make_hub(session)
    referral = make_referral(session, "submitted", **NAMES)
    paper = _only(session, referral, "form_1")
    sign_in(client, make_membership(session, Role.CASE_MANAGER))
    page = client.get(f"/papers/{paper.id}")
    with counted(engine) as sent:
        answer = client.get(f"/papers/{paper.id}.pdf")
    assert len(sent) <= 7, "\n\n".join(sent)
    assert answer.status_code == 200 and answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"] == f"attachment; filename={referral.reference}-form-1.pdf"
    assert answer.headers["X-Content-Type-Options"] == "nosniff" and answer.headers["Cache-Control"] == "no-store"
    opened = session.scalars(select(AccessLog).where(AccessLog.item_id == referral.id, AccessLog.what == "opened"))
    assert [row.detail["how"] for row in opened] == ["page", "pdf"]
    made = answer.data
    shown, printed = page_words(page.text), pdf_words(made)
    assert Counter(printed) == Counter(shown)
    # Letters that run from right to left stand in the file in the order they are drawn in; all others as they are read.
    assert left_to_right(printed) == left_to_right(shown)
    assert squeezed(NAMES["family_name"]) in printed and "[U+" not in printed
    reader = PdfReader(BytesIO(made))
    root: Any = catalogue(made)
    assert root["/MarkInfo"]["/Marked"] and root["/Lang"] == "en-GB" and root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata is not None and reader.metadata.title == f"Form 1, {referral.reference}"
    assert reader.metadata.author == "Fellside Hub" and b"pdfuaid:part" in root["/Metadata"].get_data()
    assert len(reader.pages) > 2 and f"Page 2 of {len(reader.pages)}" in reader.pages[1].extract_text()
    found = structure(made)
    blocks = Counter(block["kind"] for block in paper.content["blocks"])
    assert found["H1"] == 1 and found["H1"] + found["H2"] == blocks["heading"]
    assert found["Table"] == found["THead"] == blocks["pairs"] and found["TH"] == 2 * found["Table"]
    for sheet in reader.pages:
        resources: Any = sheet["/Resources"]
        for font in resources["/Font"].values():
            inner = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"]
            assert "/FontFile2" in inner or "/FontFile3" in inner
    assert print_paper(paper) == made == typeset(job_of(paper))


def test_a_letter_no_font_has_is_given_by_its_code_and_said(session: Session) -> None:
    at = NOW.replace(microsecond=123_456)
    paper = _only(session, make_referral(session, given_name="ਪ", postcode="LS1 4AB", now=at), "form_1")
    printed = pdf_words(print_paper(paper))
    assert "[U+0A2A]" in printed and "standsforaletterorsignthatthisprintcannotshow" in printed
    job = job_of(paper)
    job["paper"]["blocks"].append({"kind": "paragraph", "text": {"lines": ["ਪ"], "rtl": False}})
    assert structure(typeset(job))["H1"] == 1  # one that slipped through costs the standard's mark, never the paper


def test_printing_is_bounded_in_time(
    session: Session, client: FlaskClient, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = _only(session, make_referral(session), "form_1")
    with pytest.raises(CannotPrint):
        print_paper(paper, seconds=0.001)
    monkeypatch.setattr("hub.papers.printing.PROGRAM", "/nowhere/at/all.py")
    sign_in(client, make_membership(session, Role.CASE_MANAGER))
    answer = client.get(f"/papers/{paper.id}.pdf", follow_redirects=True)
    assert answer.status_code == 200 and "The PDF cannot be made just now" in answer.text
    assert "Not eating since January" in answer.text


def test_a_changed_paper_is_refused_by_the_database_and_named_by_the_check(
    committed: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Session(committed, expire_on_commit=False) as session, transaction(session):
        admission = make_admission(session, "admission_refused")
        notice = _only(session, admission, "decision_notice")
    monkeypatch.setenv("HUB_DATABASE_URL", committed.url.render_as_string(hide_password=False))
    settings.cache_clear()
    whole = CliRunner().invoke(main, ["papers", "check"])
    assert (whole.exit_code, whole.output) == (0, "3 papers were read: nothing was altered.\n")
    change = text(
        "UPDATE paper SET content = replace(content::text, 'No admission', 'Admission agreed')::jsonb WHERE id = :id"
    )
    with pytest.raises(DBAPIError, match="paper is append-only"), committed.begin() as connection:
        connection.execute(change, {"id": notice.id})
    with committed.begin() as connection:
        connection.execute(text("ALTER TABLE paper DISABLE TRIGGER USER"))
        connection.execute(change, {"id": notice.id})
    found = CliRunner().invoke(main, ["papers", "check"])
    settings.cache_clear()
    assert found.exit_code == 1
    assert found.output.splitlines() == [
        f"Paper {notice.id}, decision notice of {admission.reference}: "
        "it does not match its fingerprint: it was edited",
        "3 papers were read: 1 of them not as made.",
    ]
