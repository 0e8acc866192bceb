"""An old complaint: a rule was changed while a clock stood still, and the deadline came out wrong when it ran again."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.models import Membership
from hub.engine.models import Clock
from hub.engine.perform import perform
from hub.policy_changes.services import begin_draft, content_of, revise
from tests.factories import NOW, actor_of, make_actor, make_membership, make_referral
from workflows.durations import midnight
from workflows.roles import Role

DAY = date(2026, 3, 19)
"""The Thursday after `NOW`, a Monday."""


def test_the_old_rule_and_the_pause_stand(
    client: FlaskClient, session: Session, sign_in: Callable[[FlaskClient, Any], None]
) -> None:
    # Given a routine referral of Monday, due in seven calendar days, whose clock two people let stand still on Tuesday
    manager, coordinator = make_membership(session, Role.CASE_MANAGER), make_actor(session, Role.COORDINATOR)
    referral = make_referral(session, now=NOW)
    clock = session.scalars(select(Clock).where(Clock.item_id == referral.id)).one()
    assert clock.due_at == datetime(2026, 3, 23, 23, 59, 59, tzinfo=UTC)
    pause = {"clock": "review"}
    tuesday = NOW + timedelta(days=1)
    referrer = actor_of(session.scalars(select(Membership).where(Membership.user_id == referral.opened_by_id)).one())
    perform(session, referral, "ask_pause", referrer, now=tuesday, values=pause, reason="The family is away")
    perform(session, referral, "approve_pause", coordinator, now=tuesday, values=pause)
    # When another policy set comes into force on Thursday, with three working days
    administrator, director = make_actor(session, Role.ADMINISTRATOR), make_actor(session, Role.DIRECTOR)
    change = begin_draft(session, "Shorter review", actor=administrator, now=NOW)
    policy = content_of(change).with_value("referral.review", "3 working days", service_line="cyp", priority="routine")
    entries = {"referral.review": policy.entries["referral.review"]}
    revise(session, change, entries, actor=administrator, now=NOW, seen=change.version)
    perform(session, change, "propose", administrator, now=NOW, values={"effective_on": DAY}, reason="The new SOP")
    perform(session, change, "approve", director, now=NOW)
    assert make_referral(session, now=midnight(DAY)).policy_version_id == change.policy_set_id
    # And the clock runs again on Friday
    friday = NOW + timedelta(days=4)
    perform(session, referral, "resume_clock", coordinator, now=friday, values=pause, reason="They are back")
    # Then it is due by the rule it began with, later by the three midnights of the pause
    session.refresh(clock)
    assert clock.due_at == datetime(2026, 3, 26, 23, 59, 59, tzinfo=UTC)
    assert clock.duration == "7 calendar days" and referral.policy_version_id != change.policy_set_id
    # And the page says so
    sign_in(client, manager)
    page = client.get(f"/referrals/{referral.reference}").text
    assert "Policy set 1, in force from" in page and "7 calendar days" in page and "The family is away" in page
    # And lowering or raising its priority goes by its own set too
    worse = {"priority": "urgent"}
    perform(session, referral, "change_priority", actor_of(manager), now=friday, values=worse, reason="She is worse")
    session.refresh(clock)
    assert clock.changes[0]["rule"] == "48 hours" and clock.due_at == NOW + timedelta(days=6)
