"""What nobody may see, break or slip in by the side doors of admissions, cases, imports, messages and backups."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from hub.accounts.models import Membership
from hub.admissions.models import Admission
from hub.cases.alerts import add_alert
from hub.cases.models import CareCase, CaseAlert
from hub.cases.opening import close_case
from hub.cases.services import open_case, reopen_case
from hub.cli import main
from hub.config import settings
from hub.db import make_sessions, transaction
from hub.engine.models import OutboxMessage
from hub.engine.perform import perform
from hub.messages.delivery import deliver_due
from hub.messages.models import Message
from hub.patients.models import Patient
from hub.referrals.import_models import ImportFile, ImportRun, Stage
from hub.referrals.import_runs import ask, forget_old_files, go_on
from tests.admission_factory import Crew, do, make_admission, make_crew
from tests.factories import NOW, actor_of, make_membership, make_organisation, make_person, make_referral
from tests.features.import_rows import content_of, demo_organisations, good_rows
from tests.features.test_attacks_sight import seal
from tests.features.test_case_opening import typed
from workflows.actor import Actor
from workflows.everyday import EVERYDAY
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
WRITTEN = "WRITTENFORTHEHUB"
TAG = "<script>alert(1)</script>"


def membership(session: Session, actor: Actor) -> Membership:
    return session.get_one(Membership, actor.membership_id)


def asked(session: Session, crew: Crew) -> tuple[Admission, Actor]:
    """An admission whose every text holds the same word, waiting for the answer of a trust; and somebody of it."""
    trust = make_organisation(session, "ZQU01", name="Harebell Trust", kind="nhs_trust")
    told = ("purpose", "exit_plan", "alternatives_considered", "diagnosis", "outcome_comments", "mental_state")
    changes: dict[str, Any] = dict.fromkeys(told, WRITTEN)
    admission = make_admission(
        session,
        "recommended",
        crew=crew,
        referral={"why_it_cannot_wait": WRITTEN},
        **changes,
    )
    do(session, admission, "record_objection", crew.case_manager, objection=WRITTEN)
    do(session, admission, "record_immediate_risk", crew.case_manager, immediate_risk=WRITTEN)
    perform(session, admission, "note", crew.case_manager, now=NOW, values={"note": WRITTEN, "audience": "all"})
    do(session, admission, "ask_more", crew.case_manager, asked_organisation_id=trust.id, question="Anything?")
    return admission, actor_of(make_membership(session, Role.UNIT_CLINICIAN, trust))


@pytest.mark.parametrize("who", ["referrer", "asked", "finance", "governance"])
def test_no_page_shows_what_was_written_to_those_who_see_the_outcome_alone(
    session: Session, client: FlaskClient, sign_in: SignIn, who: str
) -> None:
    crew = make_crew(session)
    admission, trust = asked(session, crew)
    reader: dict[str, Callable[[], Membership]] = {
        "referrer": lambda: membership(session, crew.referrer),
        "asked": lambda: membership(session, trust),
        "finance": lambda: make_membership(session, Role.FINANCE_LEAD),
        "governance": lambda: make_membership(session, Role.INFORMATION_GOVERNANCE),
    }
    sign_in(client, reader[who]())
    hidden = [WRITTEN, *([] if who in {"referrer", "asked"} else ["Hartwin", "HARTWIN"])]
    own = f"/admissions/{admission.reference}"
    case = f"/cases/{session.get_one(CareCase, admission.case_id).reference}"
    actions = sorted({f"{own}/{action.name}" for action in (*admission.workflow.actions, *EVERYDAY)})
    pages = ["/", "/worklist", "/how-it-works?workflow=admission", "/messages", own, case, f"{case}/timeline"]
    assert client.get(own).status_code == client.get(f"{case}/timeline").status_code == 200
    answers = [(at, client.get(at)) for at in (*pages, *actions)]
    answers += [(f"post {at}", client.post(at, data={"seen": "1"})) for at in actions]
    told = [at for at, answer in answers if answer.status_code >= 500 or any(word in answer.text for word in hidden)]
    assert not told, "\n".join(told)


def test_a_sealed_case_is_not_named_to_who_opens_another(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    referral = make_referral(session, "submitted")
    case = session.get_one(CareCase, referral.case_id)
    patient = session.get_one(Patient, case.patient_id)
    born = patient.date_of_birth
    assert born is not None
    told = typed(
        nhs_number=patient.nhs_number or "",
        family_name=patient.family_name or "",
        service_line=case.service_line,
        person=str(patient.id),
        **{f"date_of_birth-{part}": str(getattr(born, part)) for part in ("day", "month", "year")},
    )
    coordinator, other = make_membership(session, Role.COORDINATOR), make_membership(session, Role.COORDINATOR)
    seal(session, referral, coordinator.user_id)
    sign_in(client, coordinator)
    assert case.reference in client.post("/cases/new", data=told).text
    sign_in(client, other)
    refused = client.post("/cases/new", data=told)
    assert refused.status_code == 422
    assert "Ask a head of commissioning" in refused.text
    assert case.reference not in refused.text and "sealed" not in refused.text


def test_nothing_written_on_a_case_becomes_part_of_a_page(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    who = make_membership(session, Role.CASE_MANAGER)
    referral = make_referral(session, "in_review", family_name=TAG, preferred_name=TAG, where_now=TAG)
    alert = add_alert(session, referral.case_id or 0, text=TAG, detail=TAG, by_id=who.user_id, now=NOW)
    perform(session, referral, "note", actor_of(who), now=NOW, values={"note": TAG, "audience": "hub"})
    sign_in(client, who)
    case = f"/cases/{session.get_one(CareCase, referral.case_id).reference}"
    pages = (case, f"{case}/timeline", f"{case}/alerts/{alert.id}/end", f"/referrals/{referral.reference}", "/")
    for address in (*pages, "/worklist", f"/referrals/{referral.reference}/note"):
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert "alert(1)" not in answer.text or "&lt;script&gt;alert(1)" in answer.text, address
        assert TAG not in answer.text, address
    assert session.get_one(CaseAlert, alert.id).text == TAG


def test_a_case_closed_meanwhile_is_open_again_when_its_item_is(committed: Engine) -> None:
    sessions = make_sessions(committed)
    with sessions() as session, transaction(session):
        who = make_person(session).id
        patient = Patient(family_name="Larkrise", name_sound="L", created_at=NOW)
        session.add(patient)
        session.flush()
        case_id = open_case(session, patient_id=patient.id, service_line="cyp", now=NOW).id
    with sessions() as one:
        read = one.get_one(CareCase, case_id)  # by the page of the item, before the other closes it
        assert read.closed_at is None
        with sessions() as two, transaction(two):
            close_case(two, case_id, reason="Nothing is open", by_id=who, now=NOW)
        with transaction(one):
            assert reopen_case(one, read.id) == case_id
    with sessions() as after:
        assert after.get_one(CareCase, case_id).closed_at is None


@pytest.mark.parametrize(
    "name", ["list.csv\0", "a." + "x" * 300, "a." + "\N{LATIN SMALL LETTER E WITH ACUTE}" * 200, "a.exe", ".."]
)
def test_a_file_name_is_never_a_fault_of_the_hub(
    session: Session, client: FlaskClient, sign_in: SignIn, tmp_path: Path, name: str
) -> None:
    demo_organisations(session)
    sign_in(client, make_membership(session, Role.COORDINATOR))
    head = f'--X\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    body = head + content_of(good_rows(2), tmp_path) + b"\r\n--X--\r\n"
    answer = client.post("/referrals/import", data=body, content_type="multipart/form-data; boundary=X")
    assert answer.status_code == 422
    assert "This is not a kind of file we can read" in answer.text
    assert session.scalars(select(ImportRun)).all() == []


def test_words_in_the_place_of_a_file_are_no_file(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    sign_in(client, make_membership(session, Role.COORDINATOR))
    answer = client.post("/referrals/import", data={"file": "source_system,source_reference"})
    assert answer.status_code == 422 and "Choose a file" in answer.text


def test_a_file_that_somebody_has_imported_just_now_is_not_forgotten(committed: Engine) -> None:
    sessions = make_sessions(committed)
    late = NOW + timedelta(days=3650)
    with sessions() as session, transaction(session):
        run = ask(session, asked_by_id=make_person(session).id, file_name="a.csv", content=b"a", now=NOW)
        run.stage, run.finished_at, run.report = Stage.CHECKED.value, NOW, {"good": 1, "rejected": 0}
        run_id = run.id
    with sessions() as one, sessions() as two:
        with transaction(one):
            go_on(one, one.get_one(ImportRun, run_id), skips_bad=False, now=late)
            with transaction(two):
                two.execute(text("SET LOCAL lock_timeout = '3s'"))
                assert forget_old_files(two, late) == 0
        assert one.get_one(ImportRun, run_id).stage == Stage.QUEUED
        assert one.get(ImportFile, run_id) is not None


@pytest.mark.parametrize("payload", ["[]", '"x"', '{"position": "x"}', '{"position": {}}', '{"position": true}'])
@pytest.mark.parametrize("topic", ["referral.submitted", "clock.rang", "nobody.knows"])
def test_a_row_that_cannot_be_understood_holds_up_no_other(
    session: Session, tmp_path: Path, payload: str, topic: str
) -> None:
    make_membership(session, Role.COORDINATOR)
    referral = make_referral(session, "submitted")
    row = "INSERT INTO outbox_message (topic, item_id, payload, created_at, attempts) VALUES (:t, :i, :p, :n, 0)"
    session.execute(
        text(row.replace(":p", "CAST(:p AS jsonb)")), {"t": topic, "i": referral.id, "p": payload, "n": NOW}
    )
    with transaction(session):
        deliver_due(session, now=NOW, folder=tmp_path)
    is_mail = OutboxMessage.topic.startswith("mail.")
    [left] = session.scalars(select(OutboxMessage).where(OutboxMessage.sent_at.is_(None), ~is_mail))
    assert (left.topic, left.attempts) == (topic, 1) and "payload" in (left.last_error or "")
    assert "referral.submitted" in set(session.scalars(select(Message.topic)))


def run_backup(engine: Engine, data: Path, folder: Path) -> Any:
    with pytest.MonkeyPatch.context() as changed:
        changed.setenv("HUB_DATABASE_URL", engine.url.render_as_string(hide_password=False))
        changed.setenv("HUB_DATA_DIR", str(data))
        settings.cache_clear()
        result = CliRunner().invoke(main, ["backup", str(folder)])
    settings.cache_clear()
    return result


def test_a_backup_empties_no_folder_that_a_link_leads_to(committed: Engine, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "letter").write_text("keep me")
    (tmp_path / "night.partial").symlink_to(precious)
    assert run_backup(committed, tmp_path / "data", tmp_path / "night").exit_code == 1
    assert (precious / "letter").read_text() == "keep me"
    assert list(precious.iterdir()) == [precious / "letter"]


def test_a_backup_is_private_in_a_folder_that_was_there_before(committed: Engine, tmp_path: Path) -> None:
    (tmp_path / "night.partial").mkdir()
    (tmp_path / "night.partial").chmod(0o777)
    made = run_backup(committed, tmp_path / "data", tmp_path / "night")
    assert made.exit_code == 0, made.output
    assert (tmp_path / "night").stat().st_mode & 0o077 == 0
