"""Measures of disputes: every number against disputes that were walked there, for a period, as a page and as a file."""

import csv
import html
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from io import StringIO
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hub.engine.resuming import resume_due
from hub.escalations.measures import Measures, Met, Period, Took, read_measures
from hub.escalations.measures_page import MeasuresPage, asked_period, share
from hub.flash_points.models import FlashPoint
from tests.escalation_factory import Table, do, finish, go_up, make_dispute, make_table, ring, settle
from tests.factories import FIRST_DAY, NOW, make_actor, make_membership
from tests.statements import counted
from workflows.actor import Actor
from workflows.roles import HUB_ROLES, Role

SignIn = Callable[[FlaskClient, Any], None]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))


def _flash_point(session: Session, by: Actor) -> FlashPoint:
    made = FlashPoint(
        goes_wrong="=Nowhere to go",
        early_sign="No home named",
        first_response="Ring both",
        whom_to_ring="The hub",
        from_on=FIRST_DAY,
        written_by_id=by.user_id,
        organisation_id=by.organisation_id,
        written_at=NOW,
    )
    session.add(made)
    session.flush()
    return made


def _world(session: Session, table: Table) -> FlashPoint:
    """Eight disputes. NOW is Monday 16 March 2026, 10am; all days are working days."""
    point = _flash_point(session, table.convenor)
    make_dispute(session, "raised", table=table)
    make_dispute(session, "senior_review", table=table, dispute_kind="invoice")
    # Settled at local resolution: 3 hours without a pause; then 11 hours, of which 8 were paused, on the next day.
    quick = make_dispute(session, table=table, flash_point_id=point.id)
    settle(session, quick, table, NOW + 3 * HOUR)
    do(session, quick, "start_implementing", table.convenor, NOW + 3 * HOUR)
    for action in list(quick.open_actions):
        owner, other = table.speakers if action.owner_organisation_id == table.side_ids[0] else table.speakers[::-1]
        do(session, quick, "claim_done", owner, NOW + DAY, action_number=action.number, evidence="A letter")
        do(session, quick, "confirm_done", other, NOW + DAY, action_number=action.number)
    learned = {"would_have_prevented": "Ringing", "learned_flash_point_id": point.id}
    do(session, quick, "close", table.convenor, NOW + DAY, **learned)
    slow = make_dispute(session, table=table)
    asked = {"clock": "stage_local", "until": NOW + DAY, "pause_code": "sides_agree"}
    do(session, slow, "ask_pause", table.speakers[0], NOW, **asked)
    do(session, slow, "approve_pause", table.convenor, NOW, clock="stage_local")
    resume_due(session, now=NOW + DAY)
    session.expire_all()
    settle(session, slow, table, NOW + DAY + 3 * HOUR)
    # An urgent one of another kind goes up, is refused no more, and ends in April, after the period.
    urgent = make_dispute(session, table=table, dispute_kind="bed_refusal", urgency="urgent", now=NOW)
    go_up(session, urgent, table, "senior", NOW + HOUR)
    settle(session, urgent, table, NOW + 5 * HOUR)
    do(session, urgent, "start_implementing", table.convenor, NOW + 5 * HOUR)
    finish(session, urgent, table, NOW + 6 * HOUR)
    # One side replies late, the other not at all.
    late = make_dispute(session, table=table, dispute_kind="invoice")
    ring(session, NOW + 3 * DAY)
    do(session, late, "state_position", table.speakers[0], NOW + 3 * DAY, words="Late", wanted="A date")
    name = {"at_stage": "senior_review", "nobody_else": True}
    for place, speaker in zip(table.side_ids, table.speakers, strict=True):
        do(session, late, "name_speaker", speaker, NOW + 3 * DAY, side_id=place, **name)
    do(session, late, "escalate_to_senior", table.convenor, NOW + 3 * DAY)
    do(session, late, "withdraw", table.speakers[0], NOW + 4 * DAY)
    make_dispute(session, "out_of_scope", table=table)
    make_dispute(session, "determined", table=table, dispute_kind="invoice", now=NOW + 20 * DAY)
    session.flush()
    return point


def _read(session: Session, period: Period = MARCH) -> Measures:
    return read_measures(session, make_actor(session, Role.DIRECTOR), period)


def test_every_number_is_that_of_the_disputes_of_the_period(session: Session, engine: Engine) -> None:
    table = make_table(session)
    point = _world(session, table)
    with counted(engine) as few:
        found = _read(session)
    assert found.open == {
        ("raised", "discharge_delay"): 1,
        ("senior_review", "invoice"): 1,
        ("agreed", "discharge_delay"): 1,
        ("determined", "invoice"): 1,
    }
    assert found.ended == {"local_resolution": 2, "senior_review": 1, "withdrawn": 1, "out_of_scope": 1}
    assert found.took == (
        Took("bed_refusal", True, 1, 5, 5, 5, 5),
        # 3 and 11 working hours, and 3 and 3 without the pause of 8.
        Took("discharge_delay", False, 2, 3 / 8, 7 / 8, 3 / 8, 11 / 8),
        Took("invoice", False, 1, 4, 4, 4, 4),
    )
    assert found.replies == {
        ("local_resolution", "met"): 4,
        ("local_resolution", "met_late"): 1,
        ("local_resolution", "missed"): 1,
        ("local_resolution", "stopped"): 4,
        ("senior_review", "stopped"): 4,
    }
    assert found.refusals == (0, 1)
    assert found.flash_points == (Met(point.id, "=Nowhere to go", 1, 1), Met(None, "None named", 6, 1))
    april = _read(session, Period(date(2026, 4, 1), date(2026, 4, 30)))
    assert april.ended == {"determined": 1} and april.refusals == (0, 0) and april.open == found.open
    assert [(each.kind, each.number) for each in april.took] == [("invoice", 1)]
    nothing = _read(session, Period(date(2026, 3, 31), date(2026, 3, 1)))
    assert not nothing.ended and not nothing.took and not nothing.flash_points
    for _ in range(3):
        make_dispute(session, "agreed", table=table)
    session.flush()
    with counted(engine) as more:
        _read(session)
    assert len(more) == len(few), "however many disputes there are"


def test_page_and_file_say_the_same_and_lead_to_the_worklist(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    _world(session, make_table(session))
    sign_in(client, make_membership(session, Role.HEAD_OF_COMMISSIONING))
    asked = {"since": "2026-03-01", "until": "2026-03-31"}
    page = client.get("/escalations/measures", query_string=asked)
    said = " ".join(html.unescape(page.text).split())
    assert page.status_code == 200
    for words in (
        "From Sunday 1 March 2026 to Tuesday 31 March 2026",
        "4 of 6 (67%)",
        "0 of 1 (0%)",
        "0.9 working days",
        "5 hours",
        "Agreed at local resolution",
        "40%",
        "=Nowhere to go",
        'href="/worklist?state=escalation.senior_review"',
    ):
        assert words in said, words
    listed = client.get("/worklist?state=escalation.senior_review").text
    assert listed.count("ESC-") and "is not a known" not in listed
    assert "Larkwood" not in said and "ESC-" not in said, "counts name nobody"
    answer = client.get("/escalations/measures.csv", query_string=asked)
    rows = list(csv.reader(StringIO(answer.data.decode("utf-8-sig"))))
    assert ["Ended", "Agreed at local resolution", "40%", "2", "disputes"] in rows
    assert ["Took", "Discharge delay, standard", "Median, with pauses", "0.9", "working days"] in rows
    assert ["Took", "Bed refusal, urgent clinical", "Longest, without pauses", "5.0", "hours"] in rows
    assert ["Replies", "Local resolution", "None", "1", "replies"] in rows
    assert ["Open now", "Invoice", "Senior review", "1", "disputes"] in rows
    assert ["Flash points", "'=Nowhere to go", "Raised with it", "1", "disputes"] in rows
    assert "disputes-2026-03-01-to-2026-03-31.csv" in answer.headers["Content-Disposition"]
    odd = client.get("/escalations/measures?since=soon&until=1066-10-14").text
    assert odd.count("must be a date like 2026-03-27") == 2
    turned = html.unescape(client.get("/escalations/measures?since=2026-03-31&until=2026-03-01").text)
    assert "nothing can be counted" in turned and "No dispute ended in this period" in turned


def test_only_hub_roles_that_see_disputes_may_read_them(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    allowed = {Role.COORDINATOR, Role.CASE_MANAGER, Role.CLINICAL_REVIEWER, Role.HEAD_OF_COMMISSIONING, Role.DIRECTOR}
    for role in (*HUB_ROLES, Role.UNIT_MANAGER, Role.FUNDER, Role.REFERRER, Role.OUTSIDE_MEMBER):
        sign_in(client, make_membership(session, role))
        for address in ("/escalations/measures", "/escalations/measures.csv"):
            assert client.get(address).status_code == (200 if role in allowed else 404), role
        assert ("Measures of disputes" in client.get("/how-it-works").text) is (role in allowed), role


def test_the_period_is_the_last_twelve_months_unless_another_is_asked_for() -> None:
    for today, since in ((date(2026, 3, 16), date(2025, 3, 17)), (date(2028, 2, 29), date(2027, 3, 1))):
        assert asked_period({}, today).period == Period(since, today)
    assert share(0, 0) == "" and share(1, 3) == "33%"
    empty = Measures(open=Counter(), ended=Counter(), took=(), replies=Counter(), refusals=(0, 0), flash_points=())
    page = MeasuresPage(empty, MARCH)
    assert page.endings == [("Agreed at local resolution", 0, "")] and page.replies_in_time == "None was owed"
    assert page.overturned == "None was closed" and page.open_in_all == 0
