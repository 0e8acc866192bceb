"""Reading messages: seventy deadlines in one line, what one gets by e-mail, by keyboard, on a desk and on a phone."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from hub.accounts.models import UserAccount
from hub.db import transaction
from hub.engine.models import OutboxMessage
from hub.engine.sweep import ring_due
from hub.messages.delivery import deliver_due
from hub.messages.models import MessagePreference
from tests.engine.sweep_rows import many_items
from tests.factories import make_referral
from tests.journeys.conftest import Person
from workflows.roles import Role

pytestmark = pytest.mark.journey
Arrive = Callable[..., Person]
PHONE = {"viewport": {"width": 320, "height": 640}}


def _seventy(database: Engine, folder: Path, email: str) -> None:
    """Seventy items of this person whose deadline has passed, and they are told."""
    now = datetime.now(UTC)
    with Session(database, expire_on_commit=False) as session, transaction(session):
        item = make_referral(session, now=now - timedelta(days=60))
        item.owner_id = session.scalars(select(UserAccount.id).where(UserAccount.email == email)).one()
        many_items(session, item.id, 69)
        session.execute(delete(OutboxMessage))
        while ring_due(session, now=now):
            session.flush()
        while deliver_due(session, now=now + timedelta(days=5), folder=folder):
            session.flush()


def test_seventy_messages_are_one_line_and_each_chooses_what_comes_by_mail(
    database: Engine, person: Arrive, people: dict[Role, str], tmp_path: Path
) -> None:
    # Given seventy deadlines of one person that passed together
    _seventy(database, tmp_path, people[Role.CASE_MANAGER])
    # When she opens her messages
    priya = person(Role.CASE_MANAGER)
    priya.open("/messages")
    # Then they are one line and one unread message, which opens to all of them
    priya.says("1 message not read yet.")
    priya.is_accessible()
    lines = priya.page.locator("main tbody tr")
    assert lines.count() == 1
    link = priya.page.get_by_role("link", name="70 deadlines passed")
    link.focus()
    priya.page.keyboard.press("Enter")
    priya.page.get_by_role("heading", name="70 deadlines passed", level=1).wait_for()
    assert lines.count() == 70
    priya.is_accessible()
    priya.press("Mark these as read")
    priya.says("70 messages marked as read.")
    priya.says("You have read everything.")
    # And by keyboard alone she chooses to have deadlines once a day
    priya.press("What you get by e-mail")
    priya.says("Always at once")
    priya.is_accessible()
    group = priya.page.get_by_role("group", name="Deadlines")
    group.get_by_label("At once").focus()
    priya.page.keyboard.press("ArrowRight")
    assert group.get_by_label("Once a day, together").is_checked()
    priya.page.get_by_role("button", name="Save").focus()
    priya.page.keyboard.press("Enter")
    priya.says("What you get by e-mail is recorded.")
    with Session(database) as session:
        chosen = session.scalars(select(MessagePreference.way).where(MessagePreference.kind == "deadline"))
        assert chosen.all() == ["daily"]
    # And on a phone, without JavaScript, nothing is out of reach
    phone = person(Role.CASE_MANAGER, **PHONE)
    for path in ("/messages", "/messages/preferences"):
        phone.open(path)
        phone.is_accessible()
    plain = person(Role.CASE_MANAGER, java_script_enabled=False, **PHONE)
    plain.open("/messages/preferences")
    assert plain.page.get_by_role("group", name="Deadlines").get_by_label("Once a day, together").is_checked()
    plain.page.get_by_role("group", name="Deadlines").get_by_label("No e-mail").check()
    plain.press("Save")
    plain.says("What you get by e-mail is recorded.")
