"""Somebody leaves: what they own is listed, tried, moved in one step, and finished when it was cut short."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from hub.absences import handover
from hub.absences.handover import hand_over
from hub.absences.leaving import read_plan
from hub.absences.services import record_absence
from hub.accounts.models import Membership, OnCallShift
from hub.accounts.services import AccountRefused
from hub.cases.models import CareCase
from hub.cli import main
from hub.config import settings
from hub.db import Base, transaction
from hub.engine.admin_log import AdminChange
from hub.engine.models import ItemParty, OutboxMessage, Transition, WorkItem
from hub.engine.perform import perform
from tests.factories import actor_of, make_actor, make_membership, make_person, make_referral
from workflows.roles import Role

NOW = datetime(2026, 3, 25, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def wednesday() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def person(session: Session, name: str, role: Role = Role.CASE_MANAGER) -> Membership:
    return make_membership(session, role, user=make_person(session, name))


def owned_by(session: Session, member: Membership, count: int) -> list[Any]:
    """Referrals in review that this person owns."""
    coordinator = make_actor(session, Role.COORDINATOR)
    made = [make_referral(session, state="in_review") for _ in range(count)]
    for item in made:
        perform(session, item, "assign", coordinator, now=NOW - DAY, values={"owner_id": member.user_id})
    return made


def owners(session: Session, items: list[Any]) -> list[int]:
    query = select(WorkItem.owner_id).where(WorkItem.id.in_([item.id for item in items])).order_by(WorkItem.id)
    return [owner or 0 for owner in session.scalars(query)]


def test_a_dry_run_says_what_moves_and_the_step_moves_exactly_that(
    session: Session, client: FlaskClient, sign_in: Any
) -> None:
    dele, gwen = person(session, "Dele Okafor"), person(session, "Gwen Larkrise")
    finance = person(session, "Piotr Vane", Role.FINANCE_LEAD)
    administrator, other = (person(session, name, Role.ADMINISTRATOR) for name in ("Sam Ridley", "Joy Fenwick"))
    items = owned_by(session, dele, 3)
    sealed = items[2]
    session.execute(
        update(Base.metadata.tables["care_case"])
        .where(Base.metadata.tables["care_case"].c.id == sealed.case_id)
        .values(is_sealed=True)
    )
    session.execute(Base.metadata.tables["case_seal"].insert().values(case_id=sealed.case_id, user_id=dele.user_id))
    ruth = person(session, "Ruth Calloway", Role.HEAD_OF_COMMISSIONING)
    absences = [
        record_absence(
            session,
            None,
            user_id=away.user_id,
            deputy_id=dele.user_id,
            from_at=NOW + days * DAY,
            until_at=NOW + (days + 1) * DAY,
            now=NOW,
        )
        for away, days in ((ruth, 1), (gwen, 5))
    ]
    shifts = [
        OnCallShift(user_id=dele.user_id, from_at=NOW - DAY, until_at=NOW + DAY),
        OnCallShift(user_id=dele.user_id, from_at=NOW + DAY, until_at=NOW + 2 * DAY),
        OnCallShift(user_id=ruth.user_id, deputy_id=dele.user_id, from_at=NOW + 3 * DAY, until_at=NOW + 4 * DAY),
    ]
    session.add_all(shifts)
    session.add(
        ItemParty(item_id=items[0].id, user_id=dele.user_id, capacities=["asked"], from_at=NOW, kind="referral")
    )
    view = Base.metadata.tables["saved_view"]
    saved = {"owner_id": dele.user_id, "query": "", "role": "case_manager", "saved_at": NOW}
    session.execute(
        view.insert(),
        [
            saved | {"name": "Ours", "organisation_id": dele.organisation_id},
            saved | {"name": "My own", "organisation_id": None},
        ],
    )
    session.flush()
    before = session.scalar(select(func.count()).select_from(Transition))

    sign_in(client, administrator)
    address = f"/absences/leavers/{dele.user_id}"
    page = client.get(f"{address}?to={gwen.user_id}").text
    for words in (
        "6 things would move to Gwen Larkrise, 5 would not",
        "Its case is sealed, and Gwen Larkrise is not on its list",
        "The deputy must be another person",
        "It runs now: change it on the rota",
        "They are named in person",
        "The list of a sealed case names people",
    ):
        assert words in page, page[page.index("<main") :]
    assert "My own" not in page and "Hartwin" not in page, "an administrator reads references and no names"
    page = client.get(f"{address}?to={finance.user_id}").text
    assert page.count("Piotr Vane has no role in the hub that can own one") == 3
    assert session.scalar(select(func.count()).select_from(Transition)) == before

    data = {"to": str(gwen.user_id), "why": "Leaves on Friday", "ends": "y"}
    coordinator = person(session, "Mina Sorrel", Role.COORDINATOR)
    for member, expected in ((coordinator, 403), (gwen, 404), (dele, 404)):
        sign_in(client, member)
        assert client.get(address).status_code == (200 if member is coordinator else 404)
        assert client.post(address, data=data).status_code == expected
    sign_in(client, coordinator)
    page = client.get(address).text
    assert items[0].reference in page and "a sealed case" in page.lower() and sealed.reference not in page
    assert session.scalars(select(CareCase.reference).where(CareCase.id == sealed.case_id)).one() not in page
    sign_in(client, administrator)
    assert client.post(f"/absences/leavers/{administrator.user_id}", data=data).status_code == 403
    assert client.post(address, data=data | {"why": ""}).status_code == 422
    assert owners(session, items) == [dele.user_id] * 3
    sent = client.post(address, data=data, follow_redirects=True)
    assert "6 things have moved from Dele Okafor to Gwen Larkrise" in sent.text
    assert "Dele Okafor can no longer sign in" in sent.text

    session.expire_all()
    assert owners(session, items) == [gwen.user_id, gwen.user_id, dele.user_id]
    assert [absence.deputy_id for absence in absences] == [gwen.user_id, dele.user_id]
    assert [shift.user_id for shift in shifts] == [dele.user_id, gwen.user_id, ruth.user_id]
    assert shifts[2].deputy_id == gwen.user_id
    assert set(session.execute(select(view.c.name, view.c.owner_id)).all()) == {
        ("Ours", gwen.user_id),
        ("My own", dele.user_id),
    }
    rows = session.scalars(select(Transition).where(Transition.reason == "Handed over from Dele Okafor")).all()
    assert {(row.actor_id, row.acting_as, row.at) for row in rows} == {(administrator.user_id, administrator.id, NOW)}
    told = session.scalars(select(OutboxMessage.created_at).where(OutboxMessage.topic == "item.assigned")).all()
    assert [at for at in told if at == NOW] == [NOW, NOW], "one moment, so one message"
    assert not dele.user.is_active and dele.until_on == NOW.date()
    changed = session.scalars(select(AdminChange.what).order_by(AdminChange.id)).all()
    assert changed[-3:] == ["Handed over", "Dates of a role changed", "Account switched off"]
    assert "Sam Ridley" in client.get(f"/admin/people/{dele.user_id}").text
    assert other.user.is_active


def test_a_handover_is_refused_before_anything_moves(session: Session) -> None:
    dele, gwen = person(session, "Dele Okafor"), person(session, "Gwen Larkrise")
    items = owned_by(session, dele, 1)
    administrator = person(session, "Sam Ridley", Role.ADMINISTRATOR)
    manager_too = make_membership(session, Role.CASE_MANAGER, user=administrator.user)
    session.add(OnCallShift(user_id=dele.user_id, from_at=NOW + DAY, until_at=NOW + 2 * DAY))
    session.flush()
    gone = person(session, "Joy Fenwick")
    gone.user.is_active = False
    session.flush()
    ruth, kay = person(session, "Ruth Calloway", Role.HEAD_OF_COMMISSIONING), person(session, "Kay Marlow")
    span: dict[str, Any] = {"from_at": NOW, "until_at": NOW + DAY, "now": NOW}
    record_absence(session, None, user_id=ruth.user_id, deputy_id=kay.user_id, **span)
    cases = (
        (administrator, dele, None, "Choose who takes over"),
        (administrator, dele, dele, "Choose another person"),
        (administrator, dele, gone, "Joy Fenwick cannot sign in"),
        (dele, dele, gwen, "You cannot hand over what is your own"),
        (administrator, dele, manager_too, "You cannot put yourself on call"),
        (administrator, kay, manager_too, "You cannot make yourself a deputy"),
    )
    for by, leaver, to, words in cases:
        plan = read_plan(session, leaver.user, to.user if to else None, NOW)
        with pytest.raises(AccountRefused, match=words):
            hand_over(session, actor_of(by), plan, why="", now=NOW)
    assert owners(session, items) == [dele.user_id]


def test_of_two_administrators_at_once_each_item_goes_to_one_of_the_two_and_is_said_so(
    committed: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Session(committed, expire_on_commit=False) as one, Session(committed, expire_on_commit=False) as two:
        with transaction(one):
            dele, gwen, ruth = (person(one, name) for name in ("Dele Okafor", "Gwen Larkrise", "Ruth Calloway"))
            sam, joy = (person(one, name, Role.ADMINISTRATOR) for name in ("Sam Ridley", "Joy Fenwick"))
            items = owned_by(one, dele, 4)
        monkeypatch.setattr(handover, "BATCH", 2)
        plans = [
            read_plan(
                session, session.get_one(type(dele.user), dele.user_id), session.get_one(type(dele.user), to), NOW
            )
            for session, to in ((one, gwen.user_id), (two, ruth.user_id))
        ]
        actors = (actor_of(sam), actor_of(joy))
        with transaction(two):
            perform(
                two,
                two.get_one(WorkItem, items[0].id),
                "assign",
                make_actor(two, Role.COORDINATOR),
                now=NOW,
                values={"owner_id": ruth.user_id},
            )
        first = hand_over(one, actors[0], plans[0], why="", now=NOW)
        second = hand_over(two, actors[1], plans[1], why="", now=NOW)
        assert (first.count, second.count) == (3, 0)
        assert owners(one, items) == [ruth.user_id, *[gwen.user_id] * 3]


def test_the_command_tries_it_and_killed_in_the_middle_goes_on_where_it_stopped(
    committed: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Session(committed, expire_on_commit=False) as session:
        with transaction(session):
            dele, gwen = person(session, "Dele Okafor"), person(session, "Gwen Larkrise")
            items = owned_by(session, dele, 6)
        url = committed.url.render_as_string(hide_password=False)
        monkeypatch.setenv("HUB_DATABASE_URL", url)
        settings.cache_clear()
        runner = CliRunner()
        asked = ["user", "handover", dele.user.email, "--to", gwen.user.email]
        tried = runner.invoke(main, [*asked, "--dry-run"])
        assert tried.exit_code == 0, tried.output
        assert "Open items: referral: 6 to move, 0 to stay" in tried.output and "Nothing was changed" in tried.output
        assert owners(session, items) == [dele.user_id] * 6
        same = runner.invoke(main, ["user", "handover", dele.user.email, "--to", dele.user.email])
        assert same.exit_code == 1 and "Choose another person" in same.output
        # The third batch of two never ends: another hand holds its first item, and kill -9 comes meanwhile.
        session.rollback()
        with committed.connect() as holder, holder.begin():
            row = select(WorkItem.id).where(WorkItem.id == items[4].id).with_for_update()
            holder.execute(row)
            code = "import hub.absences.handover as h; h.BATCH = 2; from hub.cli import main; main()"
            process = subprocess.Popen(
                [sys.executable, "-c", code, *asked],
                env={**os.environ, "HUB_DATABASE_URL": url},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            try:
                for _ in range(400):
                    if owners(session, items).count(gwen.user_id) == 4:
                        break
                    session.rollback()
                    time.sleep(0.05)
            finally:
                process.send_signal(signal.SIGKILL)
                process.wait(timeout=10)
        session.rollback()
        assert owners(session, items) == [*[gwen.user_id] * 4, *[dele.user_id] * 2]
        session.rollback()
        again = runner.invoke(main, asked)
        assert again.exit_code == 0 and "Moved to Gwen Larkrise: 2." in again.output, again.output
        assert owners(session, items) == [gwen.user_id] * 6
        session.rollback()
        nothing = runner.invoke(main, asked)
        assert "owns and holds nothing" in nothing.output and "Moved to Gwen Larkrise: 0." in nothing.output
        # And `hub absence` says who stands in while Gwen is away.
        times = ["--from", "2026-03-25T09:00", "--until", "2026-03-27T17:00", "--why", "Annual leave"]
        said = runner.invoke(main, ["absence", "add", gwen.user.email, "--deputy", dele.user.email, *times])
        assert said.exit_code == 0 and "Dele Okafor stands in." in said.output, said.output
        assert (
            "until Friday 27 March 2026, 5pm; Dele Okafor stands in" in runner.invoke(main, ["absence", "list"]).output
        )
        for expected in (0, 1):
            assert runner.invoke(main, ["absence", "end", gwen.user.email]).exit_code == expected
        settings.cache_clear()
