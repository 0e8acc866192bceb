"""Saved views: keeping, sharing, replacing and removing them, what is refused, and what is said when part is gone."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from hub.accounts.models import SignInSession, UserAccount
from hub.engine.drafts import Draft
from hub.organisations.models import Organisation
from hub.worklist.filters import Choices
from hub.worklist.models import SavedView
from hub.worklist.queries import View
from hub.worklist.stale import read_view
from tests.factories import actor_of, make_membership, make_organisation, make_person, make_referral
from tests.worklist_limits import put_limit
from workflows.actor import Actor
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
NOW = datetime.now(UTC).replace(microsecond=0)


def words(page: str) -> str:
    """The text of a page, tags left out."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


def read(client: FlaskClient, address: str) -> str:
    """The text of a page, which must be there."""
    answer = client.get(address)
    assert answer.status_code == 200
    return words(answer.get_data(as_text=True))


def save(client: FlaskClient, name: str, query: str = "priority=urgent", whose: str = "own", **more: str) -> Any:
    """Send the form."""
    return client.post("/worklist/views/new", data={"name": name, "query": query, "whose": whose, **more})


def test_a_view_is_kept_shown_as_a_tab_replaced_and_removed(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    dele, morag, ruth = (
        make_membership(session, role, user=make_person(session, name))
        for role, name in (
            (Role.COORDINATOR, "Dele Okafor"),
            (Role.CASE_MANAGER, "Morag Tennant"),
            (Role.HEAD_OF_COMMISSIONING, "Ruth Calloway"),
        )
    )
    made = [make_referral(session, priority=priority, now=NOW) for priority in ("urgent", "urgent", "routine")]
    sign_in(client, morag)
    page = client.get("/worklist?priority=urgent&owner=nobody").get_data(as_text=True)
    link = re.search(r'href="(/worklist/views/new\?[^"]+)">Save this view', page)
    assert link is not None and "Save this view" not in client.get("/worklist").get_data(as_text=True)
    form = client.get(unescape(link[1])).get_data(as_text=True)
    assert 'value="priority=urgent&amp;owner=nobody"' in form and "Owner nobody" in words(form)
    where = save(client, "  Urgent  ", "priority=urgent&owner=nobody&x=y").headers["Location"]
    page = client.get(where).get_data(as_text=True)
    assert re.search(rf'<a href="{re.escape(where)}" aria-current="page">Urgent <span class="hub-quiet">2<', page)
    assert page.count('class="hub-check" type="checkbox" name="choose"') == 2 and "Save this view" not in page
    # The filters that are on can be taken off one by one, and the view stays as it is.
    assert 'href="/worklist?priority=urgent"' in page and 'href="/worklist?owner=nobody"' in page
    team = save(client, "Routine", "priority=routine", "team").headers["Location"]
    # Refused with everything still there: no name, no filter, too long a name, a name that is taken.
    for data, said in (
        ({"name": ""}, "Give the view a name"),
        ({"name": "x" * 41}, "Use 40 letters or fewer"),
        ({"name": "All", "query": "kind=loan"}, "Turn a filter on first"),
        ({"name": "URGENT"}, "There is a view of this name already"),
        ({"name": "Mine", "whose": "everybody"}, "Choose an answer"),
    ):
        refused = save(client, **{"query": "due=late", **data})
        text = refused.get_data(as_text=True)
        assert refused.status_code == 422 and said in unescape(text) and data["name"] in text
    assert save(client, "urgent", "priority=urgent&due=later", replaces="y").headers["Location"] == where
    assert "Due: later" in read(client, where) and "Urgent" not in read(client, "/worklist/views")
    # A colleague sees the team's view and no other; only its maker, a coordinator or the head may change it.
    other = make_membership(session, Role.CASE_MANAGER)
    sign_in(client, other)
    # A number stands beside a view that an index counts, and beside the one that is open.
    assert "Team: Routine 1" not in read(client, "/worklist") and "Team: Routine 1" in read(client, team)
    soon = save(client, "Soon", "owner=nobody&due=today&due=week&due=later", "team")
    assert "Team: Soon 3" in read(client, "/worklist") and soon.status_code == 303
    assert client.post(f"/worklist/views/{soon.headers['Location'].rpartition('=')[2]}/remove").status_code == 303
    assert "urgent" not in read(client, "/worklist/views")
    assert "belongs to another team" in read(client, where)
    assert "Somebody else made the view of this name" in words(
        save(client, "Routine", "due=late", "team", replaces="y").get_data(as_text=True)
    )
    team_id, own_id = (int(address.rpartition("=")[2]) for address in (team, where))
    assert client.post(f"/worklist/views/{team_id}/remove").status_code == 403
    assert client.post(f"/worklist/views/{own_id}/remove").status_code == 404
    sign_in(client, dele)
    assert save(client, "Routine", "priority=routine&due=week", "team", replaces="y").headers["Location"] == team
    sign_in(client, ruth)
    assert client.post(f"/worklist/views/{team_id}/remove").status_code == 303
    assert client.get(f"{team}").status_code == 200
    sign_in(client, morag)
    assert client.post(f"/worklist/views/{own_id}/remove").status_code == 303
    assert session.scalar(select(func.count()).select_from(SavedView)) == 0
    assert "There is no saved view yet" in read(client, "/worklist/views")
    assert all(item.is_open for item in made)


def test_another_filter_beside_a_view_is_said_and_pages_stay_in_it(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    coordinator = make_membership(session, Role.COORDINATOR)
    sign_in(client, coordinator)
    for _ in range(26):
        make_referral(session, priority="urgent", now=NOW)
    where = save(client, "Urgent").headers["Location"]
    page = client.get(where).get_data(as_text=True)
    following = re.search(r'href="([^"]+)" rel="next"', page)
    assert following is not None
    after = read(client, unescape(following[1]))
    assert "1 more shown" in after and "Priority: urgent" in after
    assert "takes no other filter beside its own" in read(client, f"{where}&kind=task")
    for wrong in ("0", "x", "9" * 40, "%00", ""):
        answer = read(client, f"/worklist?view={wrong}")
        assert ("not one of yours" in answer) == bool(wrong)


def test_how_many_there_can_be_is_policy(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    sign_in(client, make_membership(session, Role.REFERRER))
    put_limit(session, "worklist.views_most", 1, NOW)
    assert save(client, "Urgent").status_code == 303
    for whose, said in (("own", "You have 1 saved view"), ("team", "")):
        answer = save(client, "Late", "due=late", whose)
        assert answer.status_code == (422 if said else 303) and said in words(answer.get_data(as_text=True))
    refused = save(client, "Later", "due=later", "team")
    assert "Your team has 1 saved view" in words(refused.get_data(as_text=True))
    assert save(client, "Late", "due=later", "team", replaces="y").status_code == 303


def test_a_name_that_came_after_the_session_ended_is_offered_back(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    membership = make_membership(session, Role.COORDINATOR)
    sign_in(client, membership)
    session.execute(update(SignInSession).values(last_seen_at=NOW, ended_at=NOW, ended_why="idle"))
    answer = save(client, "Nearly lost")
    assert answer.status_code == 302 and "kept=yes" in answer.headers["Location"]
    assert session.scalars(select(Draft.kind)).all() == ["saved_view"]
    sign_in(client, membership)
    page = client.get("/worklist/views/new").get_data(as_text=True)
    assert 'value="Nearly lost"' in page and 'value="priority=urgent"' in page


def _view(query: str, role: str = "coordinator", **said: str) -> View:
    return View(1, "A view", query, role, said, 1, False)


HUB = Choices(owners={7: "Tom Brierley"}, organisations={8: "Overmoor"}, is_hub=True)


@pytest.mark.parametrize(
    ("view", "role", "said"),
    [
        (_view("owner=7&organisation=8"), Role.COORDINATOR, []),
        (
            _view("owner=9", owner="Mina Sorrel"),
            Role.COORDINATOR,
            ["Owner “Mina Sorrel” does not work in the hub any more, so this filter is off"],
        ),
        (
            _view("organisation=9", organisation="Old Mill"),
            Role.COORDINATOR,
            ["Organisation “Old Mill” is closed, so this filter is off"],
        ),
        (
            _view("kind=loan&state=referral.gone&colour=blue"),
            Role.COORDINATOR,
            [
                "One of its filters (kind) is not known any more: it is off",
                "One of its filters (state) is not known any more: it is off",
                "One of its filters (colour) is not known any more: it is off",
            ],
        ),
        (_view("kind=referral", role="astronaut"), Role.FINANCE_LEAD, []),
        (_view("kind=referral", role="referrer"), Role.COORDINATOR, []),
        (
            _view("state=admission.assessed"),
            Role.INFORMATION_GOVERNANCE,
            [
                "Of admission decisions you see where they are, and not whom they are about. "
                "It was saved by a coordinator"
            ],
        ),
        (
            _view("kind=approach&kind=task"),
            Role.ON_CALL,
            [
                "Approaches and tasks are not shown beyond the emergencies you see while on call: a quality lead does "
                "not see them. It was saved by a coordinator"
            ],
        ),
    ],
)
def test_what_is_gone_is_said_one_by_one(view: View, role: Role, said: list[str]) -> None:
    is_on_call = role is Role.ON_CALL
    actor = Actor(1, "Ann", Role.QUALITY_LEAD if is_on_call else role, is_hub=True, is_on_call=is_on_call)
    assert list(read_view(view, actor, HUB)[1]) == said


def test_names_are_kept_for_when_they_are_gone(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    coordinator = make_membership(session, Role.COORDINATOR)
    leaver = make_membership(session, Role.CASE_MANAGER, user=make_person(session, "Mina Sorrel"))
    place = make_organisation(session, "ZRG01", name="Old Mill", kind="referrer")
    sign_in(client, coordinator)
    where = save(client, "Hers", f"owner={leaver.user_id}&organisation={place.id}").headers["Location"]
    assert actor_of(leaver).name in read(client, where)
    session.execute(update(UserAccount).where(UserAccount.id == leaver.user_id).values(is_active=False))
    session.execute(update(Organisation).where(Organisation.id == place.id).values(until_on=datetime(2021, 1, 1)))
    page = read(client, where)
    assert "Owner “Mina Sorrel” does not work in the hub any more" in page
    assert "Organisation “Old Mill” is closed" in page
    assert "Gone: Owner “Mina Sorrel”" in read(client, "/worklist/views")
