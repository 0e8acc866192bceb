"""A table on the action page: filled in without a script, and nothing that was typed into it is ever lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, update
from sqlalchemy.orm import Session

from hub.accounts.models import Membership, SessionEnd, SignInSession
from hub.escalations.models import Escalation
from tests.escalation_factory import actions_of, do, make_dispute, make_table
from tests.features.form_reading import form_of

SignIn = Callable[[FlaskClient, Any], None]
NOW = datetime.now(UTC).replace(microsecond=0)
DUE = NOW + timedelta(days=20)
ANOTHER = {"do": "another-row:actions"}


@dataclass
class Proposing:
    """Somebody of one side with the page before them on which a settlement is proposed."""

    session: Session
    client: FlaskClient
    item: Escalation
    table: Any
    sign_in: Callable[[], None]

    @property
    def path(self) -> str:
        """The page."""
        return f"/escalations/{self.item.reference}/propose"

    def row(self, place: int, what: str = "", **more: str) -> dict[str, str]:
        """One row as it is typed; without words a blank one."""
        owner = str(self.table.speakers[0].organisation_id) if what else ""
        name, due = ("Grace Lindley", (str(DUE.day), str(DUE.month), str(DUE.year))) if what else ("", ("", "", ""))
        parts = {"what": what, "owner_organisation_id": owner, "owner_name": name}
        boxes = {f"due_on-{box}": value for box, value in zip(("day", "month", "year"), due, strict=True)}
        return {f"actions-{place}-{part}": value for part, value in (parts | boxes | more).items()}

    def get(self) -> str:
        """The page, asked for."""
        return str(self.client.get(self.path).text)

    def post(self, status: int, *typed: dict[str, str], to: str = "") -> str:
        """The page, sent."""
        data: dict[str, str] = {"seen": str(self.item.version), "settlement": "As follows"}
        for each in typed:
            data |= each
        answer = self.client.post(self.path + to, data=data)
        assert answer.status_code == status, answer.text[answer.text.find("nhsuk-error-summary") :][:1500]
        self.session.expire_all()
        return str(unescape(answer.text))


@pytest.fixture
def proposing(session: Session, client: FlaskClient, sign_in: SignIn) -> Proposing:
    table = make_table(session)
    item = make_dispute(session, table=table, now=NOW)
    member = session.get_one(Membership, table.speakers[0].membership_id)
    made = Proposing(session, client, item, table, lambda: sign_in(client, member))
    session.commit()
    made.sign_in()
    return made


def test_another_row_is_had_without_a_script_and_does_nothing_else(proposing: Proposing) -> None:
    begun = form_of(proposing.get())
    assert [name for name in begun.sent if name.endswith("-what")] == ["actions-0-what", "actions-1-what"]
    assert ("do", "another-row:actions") in begun.buttons
    strange = {"actions-1-owner_organisation_id": "999999", "actions-1-due_on-day": "soon"}
    page = proposing.post(200, proposing.row(0, "Mend it"), proposing.row(1, "Look at it"), strange, ANOTHER)
    more = form_of(page)
    assert more.sent["settlement"] == "As follows"
    typed = proposing.row(0, "Mend it") | proposing.row(1, "Look at it") | {"actions-1-due_on-day": "soon"}
    assert {name: more.sent[name] for name in typed if "-1-owner_org" not in name} == {
        name: value for name, value in typed.items() if "-1-owner_org" not in name
    }
    assert more.sent["actions-2-what"] == ""
    assert "nhsuk-error-summary" not in page
    assert 'formaction="#actions-3"' in page
    assert not proposing.item.proposals
    # Whoever leaves now has it when they come back.
    back = proposing.get()
    assert "What you typed before is still here" in back
    assert form_of(back).sent["actions-1-what"] == "Look at it"


def test_blank_rows_are_left_out_and_half_filled_ones_are_refused_beside_the_box(proposing: Proposing) -> None:
    half = proposing.row(2, "Look at it", **{"due_on-day": "", "due_on-month": "", "due_on-year": ""})
    wrong_date = proposing.row(2, "Look at it", **{"due_on-day": "31", "due_on-month": "2"})
    was = proposing.row(2, "Look at it", **{"due_on-year": "2020"})
    unknown = proposing.row(2, "Look at it", owner_organisation_id="999999")
    theirs = proposing.row(2, "Look at it", owner_organisation_id=str(proposing.table.outside.organisation_id))
    for third, said, at in (
        (half, "Actions, number 3: by when: write an answer", "actions-2-due_on-day"),
        (wrong_date, "Actions, number 3: by when must be a real date", "actions-2-due_on-day"),
        (was, "Actions, number 3: by when: this day has passed already; give a day to come", "actions-2-due_on-day"),
        (unknown, "Actions, number 3: choose one from the list", "actions-2-owner_organisation_id"),
        (theirs, "Actions, number 3: choose one from the list", "actions-2-owner_organisation_id"),
    ):
        page = proposing.post(422, proposing.row(0, "Mend it"), proposing.row(1), third)
        assert f'<a href="#{at}">{said}</a>' in page, said
        assert f'id="{at}"' in page
        sent = form_of(page).sent
        assert (sent["actions-0-what"], sent["actions-1-what"]) == ("Mend it", "")
        assert sent["actions-2-what"] == "Look at it"
    two = proposing.post(422, proposing.row(0, "Mend it", owner_name=""), proposing.row(1), half)
    assert [f'href="#actions-{box}"' in two for box in ("0-owner_name", "2-due_on-day", "1-what")] == [
        True,
        True,
        False,
    ]
    nothing = proposing.post(422, proposing.row(0), proposing.row(1))
    assert '<a href="#actions-0-what">Actions: write an answer</a>' in nothing
    many = [proposing.row(place, f"Part {place}") for place in range(31)]
    too_many = proposing.post(422, *many)
    assert '<a href="#actions-0-what">Actions: give at most 30</a>' in too_many
    assert "another-row" not in too_many  # there is no room for one more
    proposing.post(422, {"actions-²-what": "x", "actions-01-what": "x", "actions--1-what": "x", "actions-0-no": "x"})
    proposing.post(303, proposing.row(0), proposing.row(1, "Mend it"), proposing.row(7, "Look at it"))
    assert [row["what"] for row in proposing.item.proposals[0].actions] == ["Mend it", "Look at it"]


def test_what_was_typed_outlives_the_session_another_window_and_a_version_of_somebody_else(
    session: Session, proposing: Proposing
) -> None:
    # the session ended while it was typed
    session.execute(update(SignInSession).values(ended_at=func.now(), ended_why=SessionEnd.IDLE))
    session.commit()
    sent_off = proposing.client.post(proposing.path, data={"settlement": "Mine", **proposing.row(0, "Mend it")})
    assert sent_off.status_code == 302
    proposing.sign_in()
    assert form_of(proposing.get()).sent["actions-0-what"] == "Mend it"
    # another window
    proposing.post(200, proposing.row(3, "Paint it"), {"page": f"{proposing.table.speakers[0].user_id}-b"}, to="/draft")
    both = proposing.get()
    assert form_of(both).sent["actions-3-what"] == "Paint it"
    elsewhere = both[both.index("You also typed this in another window") :]
    owner = proposing.item.sides[0].name
    assert f"Mend it; {owner}; Grace Lindley; {DUE.day} {DUE.month} {DUE.year}" in elsewhere
    # somebody else proposes meanwhile: mine stays mine, and what they wrote does not slip into an empty box
    seen = str(proposing.item.version)
    two = proposing.table.speakers[1]
    do(session, proposing.item, "propose", two, NOW, settlement="Theirs", actions=actions_of(proposing.table, NOW, 3))
    session.commit()
    for typed in ({"settlement": "Mine"}, {"settlement": ""}):
        stale = form_of(proposing.post(409, proposing.row(0, "Mend it"), {**typed, "seen": seen}))
        assert (stale.sent["settlement"], stale.sent["actions-0-what"]) == (typed["settlement"], "Mend it")
        assert "actions-1-what" not in stale.sent
    empty = form_of(proposing.post(409, {"settlement": "Mine", "seen": seen}))
    assert empty.sent["actions-0-what"] == ""
    # it is settled before it was sent: the words are shown to be copied
    proposing.post(303, proposing.row(0, "Mend it"))
    for who in proposing.table.speakers:
        do(session, proposing.item, "accept_proposal", who, NOW, version=2)
    session.commit()
    late = proposing.post(422, proposing.row(0, "Never sent"))
    assert "Never sent; " in late[late.index("What you typed") :]
