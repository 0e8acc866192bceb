"""What an action stores: columns, history with old and new, policy set, outbox and reaction rows, and nothing twice."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.engine import topics
from hub.engine.audit import verify
from hub.engine.chain import FIRST, canonical, link
from hub.engine.checks import wrong_kind, wrong_tense
from hub.engine.models import OutboxMessage, Reaction, Transition
from hub.engine.perform import perform
from hub.engine.rulebook import BankHoliday, PolicyVersion, cached_version, rulebook
from hub.engine.start import start
from hub.engine.topics import Happened, listen, listeners, unheard
from hub.engine.turn import as_json
from tests.factories import ANSWERS, NOW, make_actor, make_referral, referral_values, start_referral
from workflows.actor import Actor
from workflows.core import A_YEAR, TWENTY_YEARS, Ask
from workflows.durations import local
from workflows.policy import DEFAULT
from workflows.referral import REFERRAL
from workflows.roles import Role


def last_row(session: Session) -> Transition:
    return session.scalars(select(Transition).order_by(Transition.id.desc()).limit(1)).one()


def test_answers_are_stored_on_columns_and_kept_old_and_new(session: Session, referrer: Actor) -> None:
    item = start_referral(session, referrer, **referral_values(given_name="Isobel", interpreter_needed=True))
    values = {"given_name": "Isabel", "date_of_birth": date(2011, 2, 3), "interpreter_needed": None, "gender": ""}
    perform(session, item, "fill_in", referrer, now=NOW, values=values)
    assert item.given_name == "Isabel"
    session.expire_all()
    assert (item.given_name, item.date_of_birth, item.interpreter_needed, item.gender) == (
        "Isabel",
        date(2011, 2, 3),
        None,
        None,
    )
    row = last_row(session)
    assert row.values == {
        "given_name": {"old": "Isobel", "new": "Isabel"},
        "date_of_birth": {"old": "2010-09-14", "new": "2011-02-03"},
        "interpreter_needed": {"old": True, "new": None},
    }
    assert (row.action, row.from_state, row.to_state, row.at, row.audience) == ("fill_in", "draft", "draft", NOW, "all")


def test_an_answer_without_a_column_is_kept_in_history_alone(session: Session, referrer: Actor) -> None:
    item = start_referral(session, referrer)
    perform(session, item, "submit", referrer, now=NOW, values={"declaration": True})
    assert last_row(session).values["declaration"] == {"new": True}
    assert not hasattr(item, "declaration")


def test_who_acted_as_what_and_for_whom(session: Session, case_manager: Actor) -> None:
    away = make_actor(session, Role.CASE_MANAGER)
    item = make_referral(session, "in_review", priority="emergency")
    deputy = Actor(
        case_manager.user_id,
        case_manager.name,
        Role.CASE_MANAGER,
        case_manager.membership_id,
        case_manager.organisation_id,
        is_hub=True,
        is_on_call=True,
        on_behalf_of=away.user_id,
    )
    perform(session, item, "redirect", deputy, now=NOW, values=ANSWERS["redirect"], reason="  Adult services  ")
    row = last_row(session)
    assert (row.actor_id, row.acting_as, row.acting_role, row.on_behalf_of, row.reason) == (
        case_manager.user_id,
        case_manager.membership_id,
        "case_manager, on_call",
        away.user_id,
        "Adult services",
    )


def test_history_is_a_chain_and_the_version_counts(session: Session) -> None:
    item = make_referral(session, "declined")
    rows = item.history
    assert [row.action for row in rows] == ["start", "submit", "start_review", "decline"]
    assert [row.position for row in rows] == [1, 2, 3, 4]
    assert [row.prev_hash for row in rows] == [FIRST, *(row.hash for row in rows[:-1])]
    assert all(link(row.__dict__) == row.hash for row in rows)
    assert (item.version, item.history_length, item.head_hash) == (4, 4, rows[-1].hash)
    assert verify(session).findings == ()


def test_ending_and_reopening(session: Session, case_manager: Actor) -> None:
    item = make_referral(session, "declined")
    assert (item.is_open, item.closed_at, item.decline_reason) == (False, NOW, "need_met_in_community")
    perform(session, item, "note", case_manager, now=NOW.replace(hour=12), values={"note": "x", "audience": "hub"})
    assert item.closed_at == NOW
    perform(session, item, "reopen", case_manager, now=NOW.replace(hour=13), reason="New facts from the school")
    session.expire_all()
    assert [item.state, item.is_open, item.closed_at] == ["in_review", True, None]


def test_the_policy_set_is_stamped_when_it_is_sent(session: Session, referrer: Actor, coordinator: Actor) -> None:
    item = start_referral(session, referrer, **referral_values("urgent"))
    later = DEFAULT.with_value("referral.review", "36 hours", service_line="cyp", priority="urgent")
    session.add(PolicyVersion(name="Second", number=2, in_force_from=NOW, content=later.to_json()))
    session.flush()
    second = session.scalars(select(PolicyVersion.id).where(PolicyVersion.number == 2)).one()
    assert [item.policy_version_id] == [None]
    perform(session, item, "submit", referrer, now=NOW, values=ANSWERS["submit"])
    assert (item.policy_version_id, item.clocks[0].duration) == (second, "36 hours")
    session.add(PolicyVersion(name="Third", number=3, in_force_from=NOW, content=DEFAULT.to_json()))
    session.flush()
    perform(session, item, "start_review", coordinator, now=NOW)
    assert item.policy_version_id == second
    child = start(session, REFERRAL, coordinator, now=NOW, values={}, parent=item)
    assert child.policy_version_id == second


def test_one_outbox_row_and_one_reaction_row_for_each_topic(session: Session, referrer: Actor) -> None:
    item = make_referral(session, referrer=referrer)
    [sent] = session.scalars(select(OutboxMessage)).all()
    assert (sent.topic, sent.item_id, sent.created_at, sent.attempts, sent.sent_at) == (
        "referral.submitted",
        item.id,
        NOW,
        0,
        None,
    )
    assert sent.payload == {"reference": item.reference, "kind": "referral", "position": 2}
    [reacted] = session.scalars(select(Reaction)).all()
    assert (reacted.item_id, reacted.position, reacted.topic) == (item.id, 2, "referral.submitted")
    perform(session, item, "withdraw", referrer, now=NOW, reason="x")
    assert session.scalars(select(OutboxMessage.topic).order_by(OutboxMessage.id)).all() == [
        "referral.submitted",
        "referral.withdrawn",
    ]
    assert session.scalars(select(Reaction.topic).order_by(Reaction.id)).all() == [
        "referral.submitted",
        "referral.withdrawn",
    ]


def test_a_listener_hears_the_item_in_its_new_state(session: Session, referrer: Actor) -> None:
    heard: list[Happened] = []
    listen("referral.withdrawn", heard.append)
    listen("referral.withdrawn", heard.append)
    try:
        item = make_referral(session, referrer=referrer)
        perform(session, item, "withdraw", referrer, now=NOW, reason="They moved")
        assert unheard(("referral.withdrawn", "referral.returned")) == ("referral.returned",)
    finally:
        topics._listeners["referral.withdrawn"].remove(heard.append)
    [one] = heard
    assert (one.item.state, one.action, one.position, one.reason, one.at) == (
        "withdrawn",
        "withdraw",
        3,
        "They moved",
        NOW,
    )
    assert heard.append not in listeners("referral.withdrawn")


def test_rolling_back_leaves_nothing(session: Session, referrer: Actor) -> None:
    item = start_referral(session, referrer)
    counts = [session.scalar(select(func.count()).select_from(table)) for table in (Transition, OutboxMessage)]
    step = session.begin_nested()
    perform(session, item, "submit", referrer, now=NOW, values=ANSWERS["submit"])
    assert item.state == "submitted"
    step.rollback()
    session.expire_all()
    assert (item.state, item.version, item.case_id, item.clocks) == ("draft", 1, None, [])
    assert [session.scalar(select(func.count()).select_from(table)) for table in (Transition, OutboxMessage)] == counts


def test_history_takes_no_fractions() -> None:
    with pytest.raises(TypeError, match="no fractions"):
        as_json(0.5)
    assert as_json([date(2026, 3, 1), NOW, None, True, 7]) == [
        "2026-03-01",
        "2026-03-16T10:00:00+00:00",
        None,
        True,
        7,
    ]
    with pytest.raises(TypeError, match="history cannot hold set"):
        canonical({"team": {1}})


def test_the_rulebook_is_read_again_only_when_something_changed(session: Session, statements: Any) -> None:
    book = rulebook(session)
    with statements() as sent:
        assert rulebook(session) is book
    assert len(sent) == 1
    assert cached_version(session) == book.version
    step = session.begin_nested()
    session.add(BankHoliday(on_date=date(2026, 3, 18), title="A day off"))
    session.flush()
    changed = rulebook(session)
    assert changed.version > book.version and date(2026, 3, 18) in changed.calendar(None, NOW).holidays
    step.rollback()
    session.add(BankHoliday(on_date=date(2026, 3, 19), title="Another"))
    session.flush()
    again = rulebook(session)
    assert date(2026, 3, 18) not in again.calendar(None, NOW).holidays, (
        "a number that was rolled back must not come again"
    )
    assert date(2026, 3, 19) in again.calendar(None, NOW).holidays
    assert book.in_force(NOW.replace(year=1999)) == book.order[0][1]


def test_the_working_day_and_the_warnings_are_those_of_the_items_policy_set(session: Session) -> None:
    changed = DEFAULT.with_value("clocks.day_ends", "16:00").with_value(
        "clocks.warn_percent", {"first": 10, "second": 20}
    )
    session.add(PolicyVersion(name="Shorter days", number=2, in_force_from=NOW, content=changed.to_json()))
    session.flush()
    before = make_referral(session, state="returned", now=NOW - timedelta(days=1))
    after = make_referral(session, state="returned", now=NOW)
    (old,), (new,) = ([row for row in item.clocks if row.name == "resubmit"] for item in (before, after))
    assert (local(old.due_at).hour, local(new.due_at).hour) == (17, 16)
    assert old.warn_50_at is not None and new.warn_50_at is not None and new.warn_80_at is not None
    assert old.warn_50_at - old.started_at > new.warn_80_at - new.started_at > new.warn_50_at - new.started_at


NUMBER, PERSON, PLACE, CODE = (
    Ask("weeks", kind="number"),
    Ask("owner_id", kind="person"),
    Ask("place_id", kind="organisation"),
    Ask("commissioner", kind="organisation"),
)


@pytest.mark.parametrize(
    ("ask", "good", "bad"),
    [
        (NUMBER, (0, 2_147_483_647), (-1, 2_147_483_648, 10**40, True, False, "8", 8.0)),
        (PERSON, (7,), (-1, 2_147_483_648, 10**40, True, "7")),
        (PLACE, (7, "ZRF01"), (-1, 2_147_483_648, True, 7.0)),
        (CODE, ("ZRF01",), (7, True, ["ZRF01"])),
    ],
)
def test_numbers_that_a_column_can_hold(ask: Ask, good: tuple[Any, ...], bad: tuple[Any, ...]) -> None:
    assert [wrong_kind(ask, value) for value in good] == [None] * len(good)
    assert all(str(wrong_kind(ask, value)).startswith(f"{ask.label}: ") for value in bad)
    assert wrong_kind(NUMBER, -1) == "Weeks: give a whole number from 0 up, not so large"
    assert wrong_kind(PLACE, 2**31) == "Place id: choose one from the list"


@pytest.mark.parametrize(
    ("tense", "earlier", "now", "later"),
    [("", "", "", ""), ("future", "passed", "passed", ""), ("past", "", "", "not")],
)
def test_a_moment_to_come_and_one_that_has_been(tense: str, earlier: str, now: str, later: str) -> None:
    ask = Ask("seen_at", kind="moment", tense=tense)
    for moment, words in ((NOW - timedelta(seconds=1), earlier), (NOW, now), (NOW + timedelta(seconds=1), later)):
        said = wrong_tense(ask, moment, NOW)
        assert words in str(said) if words else said is None
    on, today = Ask("seen_on", kind="date", tense=tense), local(NOW).date()
    yesterday, tomorrow = today - timedelta(days=1), today + timedelta(days=1)
    over = ["passed" in (wrong_tense(on, day, NOW) or "") for day in (yesterday, today, tomorrow)]
    assert over == [tense == "future", False, False]


@pytest.mark.parametrize("kind", ["date", "moment"])
def test_a_year_that_cannot_be_meant(kind: str) -> None:
    for within, last in ((A_YEAR, NOW + timedelta(days=A_YEAR)), (TWENTY_YEARS, NOW + timedelta(days=TWENTY_YEARS))):
        ask = Ask("seen_at", kind=kind, within_days=within)
        tried = (datetime(1899, 12, 31, tzinfo=UTC), datetime(1900, 1, 1, tzinfo=UTC), last, last + timedelta(days=1))
        said = [wrong_tense(ask, at if kind == "moment" else at.date(), NOW) for at in tried]
        assert [words is None for words in said] == [False, True, True, False]
        assert said[0] == "Seen at: this is too far away; look at the year again"
