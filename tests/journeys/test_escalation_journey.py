"""Three sides at three browsers at once: positions typed together, a text changed once accepted, a settlement."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.accounts.models import UserAccount
from hub.db import transaction
from hub.engine.audit import verify
from hub.escalations.models import Escalation
from tests.escalation_factory import Table, make_dispute, make_table
from tests.journeys.conftest import Person

pytestmark = pytest.mark.journey
Arrive = Callable[..., Person]
POSITION, WANTED = "Your position, in your own words", "What do you propose?"


@pytest.fixture
def dispute(database: Engine) -> tuple[str, list[str]]:
    """The path of a dispute of three sides in local resolution, and who speaks for each side, by e-mail."""
    with Session(database, expire_on_commit=False) as session, transaction(session):
        table: Table = make_table(session, 3)
        item = make_dispute(session, table=table, now=datetime.now(UTC) - timedelta(hours=2))
        emails = [session.get_one(UserAccount, actor.user_id).email for actor in table.speakers]
        return f"/escalations/{item.reference}", emails


def _item(session: Session) -> Escalation:
    return session.scalars(select(Escalation)).one()


def _types(someone: Person, path: str, words: str) -> None:
    someone.open(f"{path}/state_position")
    someone.page.get_by_label(POSITION).fill(words)
    someone.page.get_by_label(WANTED).fill(f"{words}: a date")


def _sends(someone: Person, button: str) -> None:
    someone.press(button)
    someone.says(f"Done: {button.lower()}")


def _proposes(someone: Person, text: str, due: datetime) -> None:
    """A settlement with one action; of one that is worded anew the action stays as it was."""
    someone.page.get_by_label("The settlement").fill(text)
    row = someone.page.get_by_role("group", name="Number 1", exact=True)
    if not row.get_by_label("What will be done?").input_value():
        row.get_by_label("What will be done?").fill("Prepare the family")
        row.get_by_label("By which organisation?").select_option(label="Brackendale Council")
        row.get_by_label("By whom there?").fill("Robert Annis")
        for part, value in {"Day": due.day, "Month": due.month, "Year": due.year}.items():
            row.get_by_label(part).fill(str(value))
    _sends(someone, "Propose a settlement")


def test_three_sides_at_once_lose_no_word_and_settle_one_text(
    database: Engine, person: Arrive, dispute: tuple[str, list[str]]
) -> None:
    path, emails = dispute
    larkwood, council, icb = sides = [person(None, email) for email in emails]
    # Given two sides who type their positions at the same time, when both send, then both are read by all
    _types(larkwood, path, "She has waited for 31 days")
    _types(council, path, "One family is willing")
    _sends(larkwood, "State your position")
    council.press("State your position")
    # Whoever was second is shown what the first one said, with their own words where they were
    council.says("What you typed is still here")
    expect(council.page.get_by_label(POSITION)).to_have_value("One family is willing")
    council.is_accessible()
    _sends(council, "State your position")
    for side in sides:
        side.open(path)
        side.says("Local resolution: with Wharfe ICB")
        for words in ("She has waited for 31 days", "One family is willing"):
            expect(side.page.get_by_role("blockquote").get_by_text(words)).to_be_visible()
    icb.is_accessible()
    icb.press("State your position")
    icb.page.get_by_label(POSITION).fill("We pay from the day she moves")
    icb.page.get_by_label(WANTED).fill("A date")
    _sends(icb, "State your position")

    # Given a settlement that one side accepted, and another side with its text open before it
    due = datetime.now(UTC) + timedelta(days=20)
    larkwood.open(f"{path}/propose")
    _proposes(larkwood, "She moves in May", due)
    council.open(f"{path}/accept_proposal")
    icb.open(f"{path}/accept_proposal")
    _sends(icb, "Accept the settlement")
    # When the text is changed, then that acceptance is cleared, and the late one is refused with the new text to read
    larkwood.open(f"{path}/propose")
    _proposes(larkwood, "She moves in June", due)
    council.press("Accept the settlement")
    council.says("Someone else has changed this since you opened it. Look at what changed, then decide again")
    council.says("She moves in June")
    council.is_accessible()
    with Session(database) as session:
        assert [(each.proposal_id, each.side_id) for each in _item(session).acceptances] == [
            (_item(session).proposals[0].id, _item(session).sides[2].id)
        ]
    larkwood.says("so the acceptance was cleared")
    larkwood.is_accessible()
    larkwood.press("Compare with 1")
    larkwood.says("Version 2 compared with 1")
    larkwood.is_accessible()
    # When every side has accepted that text, then it is agreed, once, and each of them reads so
    council.press("Accept the settlement")
    council.says("Done: accept the settlement")
    for side in (icb, larkwood):
        side.open(f"{path}/accept_proposal")
        _sends(side, "Accept the settlement")
    for side in sides:
        side.open(path)
        side.says("Agreed: with")
        side.page.set_viewport_size({"width": 320, "height": 800})
        side.is_accessible()
    with Session(database) as session:
        item = _item(session)
        assert (item.state, len(item.proposals), len(item.acceptances)) == ("agreed", 2, 4)
        assert [line.action for line in item.history].count("settle") == 1
        assert not verify(session).findings
