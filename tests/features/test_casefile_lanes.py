"""A case as lanes: what is drawn of each item and of the law, and the same in words."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from hub.casefile.lanes import timeline_of, title_of
from hub.casefile.queries import read_case
from hub.cases.models import CareCase
from hub.engine.perform import perform
from hub.web.swimlanes import Lane, Look, Timeline
from tests.factories import actor_of, make_actor, make_membership, make_referral, start_referral
from tests.features.test_casefile import case_of, number_of, other_organisation, read
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
START = datetime(2026, 3, 28, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def drawn(session: Session, case: CareCase, now: datetime, actor: Any = None, *, with_law: bool = True) -> Timeline:
    """What the drawing shows a case manager at a moment."""
    reading, _ = read_case(session, case.reference, actor or make_actor(session))
    assert reading is not None
    made = timeline_of(reading, now, with_law=with_law)
    assert made is not None
    return made


def lane(timeline: Timeline, name: str) -> Lane:
    """One lane by its name."""
    return next(lane for lane in timeline.lanes if lane.name == name)


def looks(timeline: Timeline, name: str = "Referral", number: int = 0) -> list[Look]:
    """The looks of one bar's pieces in order."""
    return [piece.look for piece in lane(timeline, name).strips[number].pieces]


def test_an_open_item_goes_on_to_now_and_then_has_time_left(session: Session) -> None:
    item = make_referral(session, "in_review", priority="urgent", now=START, step=HOUR)
    timeline = drawn(session, case_of(session, item), START + 10 * HOUR)
    assert looks(timeline) == [Look.LIVE, Look.LIVE, Look.LEFT]
    [strip] = lane(timeline, "Referral").strips
    assert strip.label == "In review, due Mon 30 March, 3am"
    assert strip.due_at is not None
    assert strip.pieces[-1].end == strip.due_at
    assert f"{item.reference}, opened Saturday 28 March 2026, 2am. Now: In review, due Monday 30 March" in strip.words
    assert timeline.first < START
    assert timeline.last > strip.due_at
    assert title_of(timeline).startswith("Timeline from Saturday 28 March 2026 to ")


def test_a_late_item_is_late_from_its_deadline_on(session: Session) -> None:
    item = make_referral(session, "in_review", priority="urgent", now=START, step=HOUR)
    now = START + timedelta(days=9)
    timeline = drawn(session, case_of(session, item), now)
    assert looks(timeline) == [Look.LIVE, Look.LIVE, Look.LATE]
    [strip] = lane(timeline, "Referral").strips
    assert strip.pieces[-1].start == strip.pieces[-2].end == strip.due_at
    assert strip.pieces[-1].end == now
    assert "In review, late since Mon 30 March" in strip.label


def test_an_ended_item_is_finished_and_says_how_long_it_took(session: Session) -> None:
    item = make_referral(session, "declined", priority="urgent", now=START, step=HOUR)
    timeline = drawn(session, case_of(session, item), START + timedelta(days=3))
    assert set(looks(timeline)) == {Look.DONE}
    [strip] = lane(timeline, "Referral").strips
    assert strip.label == "Declined after 3 h"
    assert "Declined Saturday 28 March 2026, 5am, after 3 h" in strip.words
    assert strip.due_at is None


def test_a_pause_is_cut_out_of_the_bar(session: Session) -> None:
    item = make_referral(session, "in_review", now=START, step=HOUR)
    asking, approving = make_actor(session, Role.COORDINATOR), make_actor(session)
    at = START + 5 * HOUR
    perform(session, item, "ask_pause", asking, now=at, values={"clock": "review"}, reason="It waits")
    perform(session, item, "approve_pause", approving, now=at + HOUR, values={"clock": "review"})
    case = case_of(session, item)
    timeline = drawn(session, case, at + 3 * HOUR)
    assert looks(timeline)[-1] is Look.PAUSED
    [strip] = lane(timeline, "Referral").strips
    assert strip.label == "In review, paused"
    assert "until now" in strip.words
    assert strip.due_at is None
    perform(session, item, "resume_clock", approving, now=at + 4 * HOUR, values={"clock": "review"}, reason="Answered")
    timeline = drawn(session, case, at + 6 * HOUR)
    assert looks(timeline)[-4:] == [Look.LIVE, Look.PAUSED, Look.LIVE, Look.LEFT]
    assert "Paused from " in lane(timeline, "Referral").strips[0].words


def test_several_items_of_a_kind_say_which_is_which(session: Session) -> None:
    referrer = make_actor(session, Role.REFERRER)
    first = make_referral(session, "declined", priority="urgent", now=START, step=HOUR, referrer=referrer)
    case = case_of(session, first)
    number = number_of(session, case)
    later = START + timedelta(days=2)
    second = make_referral(
        session, "submitted", priority="urgent", now=later, step=HOUR, referrer=referrer, nhs_number=number
    )
    timeline = drawn(session, case, later + 5 * HOUR)
    labels = [strip.label for strip in lane(timeline, "Referral").strips]
    assert labels[0] == f"{first.reference}: Declined after 3 h"
    assert labels[1].startswith(f"{second.reference}: Submitted, due")


def test_the_law_stands_in_a_lane_of_its_own(session: Session) -> None:
    law: dict[str, Any] = {
        "legal_status": "02",
        "legal_status_from": date(2026, 3, 1),
        "legal_status_expires_at": datetime(2026, 4, 5, 22, 59, tzinfo=UTC),
    }
    item = make_referral(session, "in_review", priority="urgent", now=START, **law)
    case = case_of(session, item)
    timeline = drawn(session, case, START + HOUR)
    [strip] = lane(timeline, "Legal status").strips
    assert strip.label == "Section 2 since Sun 1 March, ends Sun 5 April"
    assert [piece.look for piece in strip.pieces] == [Look.LAW]
    assert timeline.first > datetime(2026, 3, 20, tzinfo=UTC)  # an old section does not push the case off the page
    late = drawn(session, case, START + timedelta(days=20))
    assert looks(late, "Legal status") == [Look.LAW, Look.LATE]
    assert "Section 2 ran out Sun 5 April" in lane(late, "Legal status").strips[0].label
    assert next(each.name for each in drawn(session, case, START, with_law=False).lanes) == "Referral"


def test_a_law_that_ends_far_ahead_does_not_squeeze_the_days(session: Session) -> None:
    law: dict[str, Any] = {
        "legal_status": "03",
        "legal_status_from": date(2026, 3, 27),
        "legal_status_expires_at": datetime(2026, 9, 26, 22, 59, tzinfo=UTC),
    }
    item = make_referral(session, "in_review", priority="urgent", now=START, **law)
    timeline = drawn(session, case_of(session, item), START + HOUR)
    assert timeline.last < START + timedelta(days=20)


def test_a_status_that_ended_and_one_without_dates(session: Session) -> None:
    referrer = make_actor(session, Role.REFERRER)
    law: dict[str, Any] = {"legal_status": "20", "legal_status_from": date(2026, 3, 27)}
    first = make_referral(session, "submitted", priority="urgent", now=START, referrer=referrer, **law)
    case = case_of(session, first)
    make_referral(
        session,
        "submitted",
        priority="urgent",
        now=START + timedelta(days=1),
        referrer=referrer,
        nhs_number=number_of(session, case),
        legal_status="01",
    )
    timeline = drawn(session, case, START + timedelta(days=1, hours=2))
    labels = [strip.label for strip in lane(timeline, "Legal status").strips]
    assert labels == ["Section 136 to today", "Informal"]
    assert looks(timeline, "Legal status", 0) == [Look.DONE]


def test_a_closed_case_ends_where_it_was_closed(session: Session) -> None:
    item = make_referral(session, "declined", priority="urgent", now=START, step=HOUR)
    case = case_of(session, item)
    closed = START + timedelta(days=4)
    session.execute(update(CareCase).where(CareCase.id == case.id).values(closed_at=closed))
    session.expire_all()
    timeline = drawn(session, case, START + timedelta(days=90))
    assert timeline.now is None
    assert timeline.last < START + timedelta(days=6)
    assert lane(timeline, "Legal status").strips[0].pieces[-1].end == closed


def test_a_case_with_nothing_has_no_drawing(session: Session) -> None:
    item = make_referral(session, "submitted", priority="urgent", now=START)
    reading, _ = read_case(session, case_of(session, item).reference, make_actor(session))
    assert reading is not None
    reading.items.clear()  # type: ignore[attr-defined]  # a list here
    assert timeline_of(reading, START, with_law=False) is None


def test_a_draft_waits_to_be_sent(session: Session) -> None:
    referrer = make_actor(session, Role.REFERRER)
    item = make_referral(session, "submitted", priority="urgent", now=START, referrer=referrer)
    case = case_of(session, item)
    draft = start_referral(session, referrer, now=START + HOUR, received=False)
    from hub.engine.attach import attach_case

    attach_case(session, draft, case.id)
    session.flush()
    timeline = drawn(session, case, START + 5 * HOUR, referrer, with_law=False)
    labels = [strip.label for strip in lane(timeline, "Referral").strips]
    assert f"{draft.reference}: Draft" in labels
    assert looks(timeline, "Referral", labels.index(f"{draft.reference}: Draft")) == [Look.LEFT]


def test_the_page_draws_it_and_says_the_same_in_words(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    item = make_referral(session, "in_review", priority="urgent", now=datetime.now(UTC) - 3 * HOUR)
    sign_in(client, make_membership(session, Role.CASE_MANAGER))
    page = read(client, case_of(session, item))
    assert '<svg class="hub-svg hub-svg--min"' in page
    assert 'tabindex="0" role="region" aria-label="Timeline drawing, scrolls sideways"' in page
    assert "The drawing in words" in page
    assert re.search(rf"{item.reference}, opened [^<]+Now: In review, due ", page)
    assert "no working days</li>" in page


@pytest.mark.parametrize("is_theirs", [True, False])
def test_a_party_is_drawn_its_own_items_alone(
    session: Session, client: FlaskClient, sign_in: SignIn, is_theirs: bool
) -> None:
    theirs = make_membership(session, Role.REFERRER)
    item = make_referral(session, "submitted", priority="urgent", now=START, referrer=actor_of(theirs))
    case = case_of(session, item)
    elsewhere = make_membership(session, Role.REFERRER, organisation=other_organisation(session))
    other = make_referral(
        session,
        "submitted",
        priority="urgent",
        now=START + HOUR,
        referrer=actor_of(elsewhere),
        nhs_number=number_of(session, case),
    )
    sign_in(client, theirs if is_theirs else elsewhere)
    page = read(client, case)
    assert (item.reference in page) is is_theirs
    assert (other.reference in page) is not is_theirs
    assert "Legal status" not in page
    assert "Another Team" not in page or not is_theirs
