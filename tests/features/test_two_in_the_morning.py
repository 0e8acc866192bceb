"""A warning that falls at two in the morning: sweep, outbox and inbox, with the time as an argument."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.engine.sweep import warn_due
from hub.messages.delivery import deliver_due
from hub.messages.models import Message
from tests.factories import make_membership, make_referral
from workflows.roles import Role

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("priority", "received_at", "half_used_at", "told_at"),
    [
        # Seven calendar days to 23:59:59: half of them on a Friday at 2am, told at 9am; on a Saturday, told on Monday.
        ("routine", "2026-03-16T04:00:01Z", "2026-03-20T02:00Z", "2026-03-20T09:00Z"),
        ("routine", "2026-03-17T04:00:01Z", "2026-03-21T02:00Z", "2026-03-23T09:00Z"),
        # On Good Friday, due on Easter Monday: the next working morning is too late, so on Thursday at 5pm.
        ("routine", "2026-03-30T03:00:01Z", "2026-04-03T01:00Z", "2026-04-02T16:00Z"),
        # Forty-eight hours that pass: half of them on a Saturday at 2am, told at 2am.
        ("urgent", "2026-03-20T02:00Z", "2026-03-21T02:00Z", "2026-03-21T02:00Z"),
    ],
)
def test_a_warning_at_two_in_the_morning(
    session: Session, tmp_path: Path, priority: str, received_at: str, half_used_at: str, told_at: str
) -> None:
    received, half, told = (datetime.fromisoformat(text) for text in (received_at, half_used_at, told_at))
    coordinator = make_membership(session, Role.COORDINATOR)
    item = make_referral(session, priority=priority, now=received)
    [clock] = item.clocks
    assert received + (clock.due_at - received) / 2 == half

    def inbox(at: datetime) -> list[str]:
        """What the coordinator has of it once the worker has been by at `at`."""
        warn_due(session, now=at)
        deliver_due(session, now=at, folder=tmp_path)
        mine = select(Message.words).where(Message.user_id == coordinator.user_id, Message.item_id == item.id)
        return [words for words in session.scalars(mine) if words.startswith("Deadline near: review, due")]

    before = [at for at in (half - SECOND, half, told - SECOND) if at < told]
    assert [len(inbox(at)) for at in before] == [0] * len(before)
    assert len(inbox(told)) == 1
    assert len(inbox(told + SECOND)) == 1, "once"
