"""Importing referrals: all or nothing, through the engine, with the history they would have had."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.cases.models import CareCase
from hub.demo import make_referrals_file as shipped
from hub.engine.audit import verify
from hub.engine.models import Clock, ItemParty, OutboxMessage, Transition
from hub.engine.refusal import ActionRefused
from hub.organisations.models import Collaborative
from hub.organisations.queries import find_organisation
from hub.patients.models import Patient
from hub.referrals.import_file import FileProblem
from hub.referrals.importing import SHOWN, ImportReport, import_referrals
from hub.referrals.models import Referral
from hub.referrals.rejects import HEADER, Rejects
from hub.referrals.services import new_referral
from tests.factories import make_actor, make_hub, make_organisation, make_referring, referral_values
from tests.features.import_rows import NOW, demo_organisations, good_rows, read_csv, write_csv
from workflows.actor import Actor
from workflows.roles import Role


@pytest.fixture
def world(session: Session) -> Session:
    demo_organisations(session)
    return session


def bring_in(session: Session, path: Path, *, is_dry_run: bool = False, skip_bad: bool = False) -> ImportReport:
    return import_referrals(session, path, now=NOW, is_dry_run=is_dry_run, skip_bad=skip_bad)


def count(session: Session, model: type) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def test_the_shipped_file_comes_in_but_for_its_17_bad_rows(world: Session, tmp_path: Path) -> None:
    with Rejects(tmp_path / "rejects.csv") as rejects:
        report = import_referrals(world, shipped.FILE, now=NOW, skip_bad=True, rejects=rejects)
        rejects.publish()
    assert (report.rows, report.imported, report.repeats, report.rejected) == (200, 179, 4, 17)
    assert count(world, Referral) == 179
    assert set(world.scalars(select(Referral.state))) == {"submitted"}
    assert len(read_csv(tmp_path / "rejects.csv")) == 17
    again = bring_in(world, shipped.FILE, skip_bad=True)
    assert (again.imported, again.already_there, again.rejected) == (0, 179, 17)
    assert count(world, Referral) == 179
    assert not verify(world).findings


def test_one_bad_row_keeps_everything_out(world: Session) -> None:
    report = bring_in(world, shipped.FILE)
    assert report.is_refused and report.imported == 0 and report.problem_count == 17
    assert str(report.problems[0]).startswith("Row 8, nhs_number: NHS number has a wrong digit")
    assert count(world, Referral) == count(world, Patient) == count(world, CareCase) == 0


def test_a_dry_run_checks_everything_and_writes_nothing(world: Session, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "good.csv", good_rows(3))
    report = bring_in(world, path, is_dry_run=True)
    assert (report.good, report.imported, report.is_refused) == (3, 0, False)
    assert count(world, Referral) == 0


def test_history_is_as_of_receipt_and_names_the_row(world: Session, tmp_path: Path) -> None:
    bring_in(world, write_csv(tmp_path / "list.csv", good_rows(2)))
    referral = world.scalars(select(Referral).order_by(Referral.id)).first()
    assert referral is not None
    started, sent = world.scalars(select(Transition).where(Transition.item_id == referral.id).order_by(Transition.id))
    assert (started.action, started.to_state, sent.action, sent.to_state) == ("start", "draft", "submit", "submitted")
    assert started.at == sent.at == referral.opened_at == referral.received_at
    assert sent.reason == "Imported from list.csv, row 2"
    assert (sent.actor_id, sent.acting_role) == (None, "system")
    assert referral.title == f"{referral.family_name}, {referral.given_name}"
    assert referral.case_id is not None and referral.policy_version_id is not None
    party = world.scalars(select(ItemParty).where(ItemParty.item_id == referral.id)).one()
    place = find_organisation(world, referral.referring_organisation or "")
    assert place is not None and (party.organisation_id, party.capacities) == (place.id, ["referrer"])


def test_the_person_who_imports_stands_in_the_history(world: Session, tmp_path: Path) -> None:
    person = make_actor(world, Role.ADMINISTRATOR)
    import_referrals(world, write_csv(tmp_path / "list.csv", good_rows(1)), now=NOW, actor=person)
    rows = world.scalars(select(Transition)).all()
    assert {(row.actor_id, row.acting_as) for row in rows} == {(person.user_id, person.membership_id)}


def test_the_collaborative_of_the_line_is_on_the_referral(world: Session, tmp_path: Path) -> None:
    lead = find_organisation(world, "ZD001")
    made = Collaborative(name="Children's", service_line="cyp", lead_organisation=lead, policy_set="default")
    world.add(made)
    world.flush()
    rows = good_rows(8)
    bring_in(world, write_csv(tmp_path / "list.csv", rows))
    for referral in world.scalars(select(Referral)):
        assert referral.collaborative_id == (made.id if referral.service_line == "cyp" else None)


def test_past_deadlines_are_marked_and_nobody_is_told(world: Session, tmp_path: Path) -> None:
    late, fresh = good_rows(2)
    received = NOW - timedelta(minutes=5)
    fresh |= {"received_at": received.isoformat()}
    bring_in(world, write_csv(tmp_path / "list.csv", [late, fresh]))
    for clock in world.scalars(select(Clock)):
        if clock.due_at <= NOW:
            assert clock.rang_at == clock.warned_at == clock.due_at and clock.is_running
        else:
            assert clock.rang_at is None and clock.warned_at is None
    assert {clock.rang_at is None for clock in world.scalars(select(Clock))} == {True, False}
    messages = world.scalars(select(OutboxMessage)).all()
    assert [message.topic for message in messages] == ["referral.submitted"] * 2
    assert all(message.payload["imported"] is True for message in messages)


def test_the_same_reference_with_other_answers_is_a_problem(world: Session, tmp_path: Path) -> None:
    first, second = good_rows(2)
    bring_in(world, write_csv(tmp_path / "list.csv", [first]))
    there = world.scalars(select(Referral)).one()
    changed = first | {"where_now": "Somewhere else", "source_reference": first["source_reference"].lower()}
    report = bring_in(world, write_csv(tmp_path / "next.csv", [changed, second]))
    assert report.is_refused and report.good == 1 and report.already_there == 0
    (problem,) = report.problems
    assert (problem.row, problem.field) == (2, "source_reference")
    assert problem.message.startswith(f"{there.reference} came in with this source reference already")
    assert bring_in(world, tmp_path / "next.csv", skip_bad=True).imported == 1


def test_a_reference_in_any_letters_is_found_again(world: Session, tmp_path: Path) -> None:
    (row,) = good_rows(1)
    row |= {"source_system": "Référé", "source_reference": "ÄÖ-1"}
    bring_in(world, write_csv(tmp_path / "list.csv", [row]))
    assert bring_in(world, tmp_path / "list.csv").already_there == 1


def test_only_the_first_problems_are_kept_and_all_are_counted_and_written(world: Session, tmp_path: Path) -> None:
    rows = [row | {"priority": "asap", "service_line": "camhs"} for row in good_rows(SHOWN)]
    with Rejects(tmp_path / "rejects.csv") as rejects:
        report = import_referrals(world, write_csv(tmp_path / "bad.csv", rows), now=NOW, skip_bad=True, rejects=rejects)
        rejects.publish()
    assert len(report.problems) == SHOWN and report.problem_count == 2 * SHOWN and report.rejected == SHOWN
    assert len(read_csv(tmp_path / "rejects.csv")) == 2 * SHOWN


def test_json_comes_in_like_csv(world: Session, tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text(json.dumps(good_rows(3)), encoding="utf-8")
    assert bring_in(world, path).imported == 3


def test_the_ages_are_those_of_the_policy_set(world: Session, tmp_path: Path) -> None:
    (row,) = (row for row in good_rows(5)[:1])
    row |= {"service_line": "cyp", "priority": "urgent", "bed_type_wanted": "301", "date_of_birth": "1990-01-01"}
    report = bring_in(world, write_csv(tmp_path / "list.csv", [row]))
    assert [problem.field for problem in report.problems] == ["date_of_birth"]
    assert "takes people from 0 to 17" in report.problems[0].message


def test_a_file_that_changes_while_it_is_read_is_refused(world: Session, tmp_path: Path) -> None:
    rows = good_rows(3)
    path = write_csv(tmp_path / "list.csv", rows)

    def meddle(_done: int, _of: int) -> None:
        write_csv(path, [*rows, rows[0] | {"source_reference": "late"}])

    with pytest.raises(FileProblem, match="changed while it was being read"):
        import_referrals(world, path, now=NOW, progress=meddle)


def test_progress_is_told(world: Session, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    path = write_csv(tmp_path / "list.csv", good_rows(3))
    import_referrals(world, path, now=NOW, progress=lambda done, of: told.append((done, of)))
    assert told == [(3, 3)]


def test_rejects_hold_row_field_message_and_the_row_itself(world: Session, tmp_path: Path) -> None:
    (row,) = good_rows(1)
    row |= {"priority": "asap", "family_name": "=HYPERLINK(1)", "call_back_number": "+44 1632 960001"}
    path = write_csv(tmp_path / "list.csv", [row])
    with Rejects(tmp_path / "rejects.csv") as rejects:
        import_referrals(world, path, now=NOW, skip_bad=True, rejects=rejects)
        assert not (tmp_path / "rejects.csv").exists()
        rejects.publish()
    (written,) = read_csv(tmp_path / "rejects.csv")
    assert tuple(written) == HEADER
    assert (written["row"], written["field"]) == ("2", "priority") and "not on the list" in written["message"]
    # A spreadsheet must not run what a stranger wrote.
    assert (written["family_name"], written["call_back_number"]) == ("'=HYPERLINK(1)", "'+44 1632 960001")
    assert stat.S_IMODE((tmp_path / "rejects.csv").stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["list.csv", "rejects.csv"]


def test_rejects_of_an_import_that_fails_leave_no_trace(tmp_path: Path) -> None:
    (tmp_path / "rejects.csv").write_text("from last time")
    with pytest.raises(RuntimeError), Rejects(tmp_path / "rejects.csv") as rejects:
        rejects.complete()
        raise RuntimeError("the commit failed")
    assert [path.name for path in tmp_path.iterdir()] == ["rejects.csv"]
    assert (tmp_path / "rejects.csv").read_text() == "from last time"


def parties(session: Session, referral: Referral) -> dict[int | None, list[str]]:
    found = session.scalars(select(ItemParty).where(ItemParty.item_id == referral.id))
    return {party.organisation_id: sorted(party.capacities) for party in found}


def test_a_referrer_refers_for_their_own_organisation(session: Session) -> None:
    referrer = make_actor(session, Role.REFERRER)
    other = make_organisation(session, "ZOT01")
    values = referral_values(referring_organisation=other.ods_code)
    made = new_referral(session, referrer, now=NOW, values=values)
    assert made.referring_organisation == make_referring(session).ods_code
    assert parties(session, made) == {referrer.organisation_id: ["referrer"]}
    assert (made.state, made.title) == ("draft", "Hartwin, Isobel")


def test_the_hub_names_the_organisation_and_becomes_a_party(session: Session) -> None:
    coordinator, referring = make_actor(session, Role.COORDINATOR), make_referring(session)
    made = new_referral(session, coordinator, now=NOW, values=referral_values(referring_organisation="zrf01"))
    assert made.referring_organisation == "ZRF01"
    assert parties(session, made) == {referring.id: ["referrer"], coordinator.organisation_id: ["requester"]}


def test_the_hub_may_refer_by_itself(session: Session) -> None:
    coordinator, hub = make_actor(session, Role.COORDINATOR), make_hub(session)
    made = new_referral(session, coordinator, now=NOW, values=referral_values(referring_organisation=hub.ods_code))
    assert parties(session, made) == {hub.id: ["referrer", "requester"]}


@pytest.mark.parametrize(
    ("code", "words"), [(None, "Choose the organisation"), ("", "Choose the organisation"), ("NOWHERE", "hub knows")]
)
def test_the_hub_is_told_which_organisation_is_missing(session: Session, code: str | None, words: str) -> None:
    coordinator = make_actor(session, Role.COORDINATOR)
    with pytest.raises(ActionRefused) as refused:
        new_referral(session, coordinator, now=NOW, values=referral_values(referring_organisation=code))
    (problem,) = refused.value.problems
    assert problem.field == "referring_organisation" and words in problem.message


def test_a_referrer_of_no_organisation_is_refused(session: Session) -> None:
    with pytest.raises(ActionRefused, match="yours is not known"):
        new_referral(session, Actor(1, "Nobody", Role.REFERRER), now=NOW, values={})


def test_a_referral_without_a_name_or_line_is_called_so(session: Session) -> None:
    made = new_referral(session, make_actor(session, Role.REFERRER), now=datetime(2026, 3, 2, tzinfo=UTC), values={})
    assert (made.title, made.collaborative_id) == ("Name not known", None)
