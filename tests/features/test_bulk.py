"""One thing done to many items: the preview is what then happens, it happens once, and each row says what became."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from hub.app import create_app
from hub.cases.models import CareCase
from hub.config import Settings
from hub.db import make_sessions, transaction
from hub.engine.models import Transition, WorkItem
from hub.engine.perform import perform
from hub.worklist import bulk
from hub.worklist.models import BulkChange, BulkRow
from tests.factories import actor_of, make_membership, make_person, make_referral, make_referring, signed_in_cookie
from tests.worklist_limits import put_limit
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
NOW = datetime.now(UTC).replace(microsecond=0)


def key(item: Any) -> str:
    """What the box of a row sends."""
    return f"{item.id}-{item.version}"


def choose(client: FlaskClient, action: str, *items: Any, place: str = "", **more: Any) -> TestResponse:
    """Press one of the buttons below the list."""
    return client.post(
        "/worklist/chosen", data={"do": action, "choose": [key(one) for one in items], "place": place, **more}
    )


def words(answer: TestResponse) -> str:
    """The text of a page, tags left out."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))))


def press(client: FlaskClient, where: str) -> TestResponse:
    """Press the button of a preview, as it stands on the page."""
    return client.post(f"{where}/do", data={"stamp": stamp_of(client, where)})


def rows_of(session: Session, where: str) -> list[tuple[str, str | None, str]]:
    """Reference, outcome and words of each row of a change."""
    found = select(BulkRow).where(BulkRow.change_id == int(where.rpartition("/")[2])).order_by(BulkRow.position)
    return [(row.reference, row.outcome, row.said) for row in session.scalars(found)]


@pytest.fixture
def coordinator(session: Session, client: FlaskClient, sign_in: SignIn) -> Any:
    """A coordinator of the hub, signed in."""
    membership = make_membership(session, Role.COORDINATOR, user=make_person(session, "Dele Okafor"))
    sign_in(client, membership)
    return membership


def test_given_to_somebody_once_with_a_result_for_each_row(
    session: Session, client: FlaskClient, coordinator: Any, app: Flask
) -> None:
    tom = make_membership(session, Role.CASE_MANAGER, user=make_person(session, "Tom Brierley"))
    free, owned, his, changed, ended, sealed = (make_referral(session, now=NOW) for _ in range(6))
    dele, to_tom = actor_of(coordinator), {"owner_id": tom.user_id}
    perform(session, owned, "assign", dele, now=NOW, values={"owner_id": coordinator.user_id})
    perform(session, his, "assign", dele, now=NOW, values=to_tom)
    place = "kind=referral&after=1-1"
    seen = client.get("/worklist?kind=referral").get_data(as_text=True)
    assert all(f'value="{key(one)}"' in seen for one in (free, owned, his, changed, ended, sealed))
    answer = choose(client, "assign", free, owned, his, changed, ended, sealed, place=place, owner_id=tom.user_id)
    where = answer.headers["Location"]
    # What happens between the choice and the press is told row by row, in the preview and in the result alike.
    perform(session, changed, "assign", dele, now=NOW, values={"owner_id": coordinator.user_id})
    perform(session, ended, "start_review", actor_of(tom), now=NOW)
    session.execute(update(CareCase).where(CareCase.id == sealed.case_id).values(is_sealed=True))
    before = session.scalar(select(func.count()).select_from(Transition))
    preview = words(client.get(where))
    assert session.scalar(select(func.count()).select_from(Transition)) == before
    assert "Give 6 items to Tom Brierley" in preview and "Give 2 items to Tom Brierley" in preview
    assert "Goes to Tom Brierley, from nobody" in preview and "Goes to Tom Brierley, from Dele Okafor" in preview
    assert "Will not be done: Tom Brierley owns it already" in preview
    assert preview.count(bulk.CHANGED) == 2 and bulk.NOT_SEEN in preview
    assert sealed.title not in preview
    stamp = stamp_of(client, where)
    # The button twice, the back button and a page that is sent again.
    for _ in range(3):
        assert client.post(f"{where}/do", data={"stamp": stamp}).headers["Location"] == where
    assert [row[1:] for row in rows_of(session, where)] == [
        ("done", "Given to Tom Brierley, from nobody"),
        ("done", "Given to Tom Brierley, from Dele Okafor"),
        ("refused", "Tom Brierley owns it already"),
        ("refused", bulk.CHANGED),
        ("refused", bulk.CHANGED),
        ("refused", bulk.NOT_SEEN),
    ]
    session.expire_all()
    assert [one.owner_id == tom.user_id for one in (free, owned, his, changed)] == [True, True, True, False]
    made = session.scalars(select(Transition).where(Transition.item_id.in_((free.id, owned.id)))).all()
    assert sum(row.values.get("owner_id", {}).get("new") == tom.user_id for row in made) == 2
    # One press is one moment: what is told of it is one message.
    assert len({row.at for row in made if row.values.get("owner_id", {}).get("new") == tom.user_id}) == 1
    result = client.get(where).get_data(as_text=True)
    assert "Done for 2 of 6 items" in result
    assert f'href="/worklist?kind=referral&amp;after=1-1#row-{free.reference}"' in result
    # It is its maker's alone, in the role it was made in.
    signed_in_cookie(session, other := app.test_client(), make_membership(session, Role.COORDINATOR))
    assert other.get(where).status_code == other.post(f"{where}/do").status_code == 404
    signed_in_cookie(session, client, make_membership(session, Role.DIRECTOR, user=coordinator.user))
    assert client.get(where).status_code == 404


def test_a_note_and_a_priority_are_asked_for_first_and_tried_on_each_row(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    manager = make_membership(session, Role.CASE_MANAGER)
    sign_in(client, manager)
    urgent, routine = (make_referral(session, priority=name, now=NOW) for name in ("urgent", "routine"))
    where = choose(client, "change_priority", urgent, routine).headers["Location"]
    assert "Look at what will happen" in words(client.get(where))
    for given, said in (
        ({}, "Give your reason"),
        ({"priority": "asap", "reason": "Snow"}, "Choose one from the list"),
        ({"priority": "urgent", "reason": "Sn\0w"}, "The reason must be text"),
    ):
        refused = client.post(where, data=given)
        assert refused.status_code == 422 and said in words(refused)
    assert client.post(where, data={"priority": "urgent", "reason": "Snow"}).status_code == 303
    preview = words(client.get(where))
    assert "Will not be done: It already has this priority" in preview
    assert re.search(r"Becomes urgent, was routine\. Due [^.]+ was [^.]+", preview)
    # An answer that was changed in another window after the preview was shown is not what stood above the button.
    old = stamp_of(client, where)
    client.post(where, data={"priority": "emergency", "reason": "Snow"})
    client.post(f"{where}/do", data={"stamp": old})
    assert "the answers were changed in another window" in words(client.get(where))
    session.expire_all()
    assert routine.priority == "routine"
    press(client, where)
    session.expire_all()
    assert (urgent.priority, routine.priority) == ("emergency", "emergency")
    assert [row[1] for row in rows_of(session, where)] == ["done", "done"]
    # Once pressed, the answers count no more.
    client.post(where, data={"priority": "routine", "reason": "Thaw"})
    assert session.get_one(BulkChange, int(where.rpartition("/")[2])).answers == {"priority": "emergency"}

    where = choose(client, "note", urgent, routine).headers["Location"]
    for note, said in (("a\0b", "a character that cannot be stored"), ("x" * 8001, "use at most 8,000 characters")):
        assert said in words(client.post(where, data={"note": note, "audience": "hub"}))
    client.post(where, data={"note": "Rang the ward <b>twice</b>", "audience": "hub"})
    assert "Rang the ward &lt;b&gt;twice&lt;/b&gt;" in client.get(where).get_data(as_text=True)
    press(client, where)
    session.expire_all()
    last = select(Transition).where(Transition.item_id == urgent.id).order_by(Transition.position.desc()).limit(1)
    row = session.scalars(last).one()
    assert (row.action, row.audience, row.values) == ("note", "hub", {"note": {"new": "Rang the ward <b>twice</b>"}})
    assert session.get_one(BulkChange, int(where.rpartition("/")[2])).answers == {}


def test_all_of_a_list_is_the_filter_with_the_count_that_was_seen(
    session: Session, client: FlaskClient, coordinator: Any
) -> None:
    make_referral(session, priority="routine", now=NOW)
    made = [make_referral(session, priority="urgent", now=NOW + timedelta(minutes=n)) for n in range(27)]
    page = client.get("/worklist?priority=urgent").get_data(as_text=True)
    assert 'name="all" value="27"' in page
    tom = make_membership(session, Role.CASE_MANAGER)
    made.append(make_referral(session, priority="urgent", now=NOW))
    sent: dict[str, Any] = {"all": "27", "place": "priority=urgent", "owner_id": tom.user_id}
    where = choose(client, "assign", **sent).headers["Location"]
    assert "27 items stood in the list, and 28 do now" in words(client.get(where))
    # Another one comes before the press: nothing is done, and the new preview holds it.
    stamp = stamp_of(client, where)
    made.append(make_referral(session, priority="urgent", now=NOW))
    client.post(f"{where}/do", data={"stamp": stamp})
    again = words(client.get(where))
    assert "28 items stood in the list, and 29 do now" in again and "Give 29 items to" in again
    assert session.get_one(BulkChange, int(where.rpartition("/")[2])).pressed_at is None
    press(client, where)
    session.expire_all()
    assert {one.owner_id for one in made} == {tom.user_id}
    assert session.scalar(select(func.count()).select_from(WorkItem).where(WorkItem.owner_id.is_(None))) == 1
    # Above the limit of the policy set nothing is chosen, and the number is said.
    session.execute(update(WorkItem).values(owner_id=None))
    put_limit(session, "worklist.bulk_most", 28, NOW)
    answer = choose(client, "assign", **sent)
    assert answer.headers["Location"] == "/worklist?priority=urgent"
    listed = client.get(answer.headers["Location"])
    assert "you chose 29 items, and at most 28 go at once" in words(listed)
    assert 'name="all"' not in listed.get_data(as_text=True)


WHOLE = {"assign", "note", "export"}
OFFERED = {
    Role.COORDINATOR: WHOLE | {"change_priority"},
    Role.CASE_MANAGER: WHOLE | {"change_priority"},
    Role.DIRECTOR: WHOLE,
    Role.REFERRER: {"note", "export"},
    Role.INFORMATION_GOVERNANCE: None,
    Role.UNIT_MANAGER: None,
}
"""What the bar offers; None for who sees no row that they could do something to."""


def test_boxes_and_buttons_are_for_those_who_can_use_them(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    referrer = make_membership(session, Role.REFERRER)
    made = make_referral(session, referrer=actor_of(referrer), now=NOW)
    for role, wanted in OFFERED.items():
        sign_in(client, referrer if role is Role.REFERRER else make_membership(session, role))
        page = client.get("/worklist").get_data(as_text=True)
        assert wanted is None or set(re.findall(r'name="do" value="(\w+)"', page)) == wanted, role
        for action in ("assign", "note", "change_priority"):
            answer = choose(client, action, made)
            if wanted is not None and action not in wanted:
                assert answer.status_code == 403, role
            elif wanted is None and answer.status_code == 303:
                # A row that may not be worked on is not taken by its number either.
                shown = words(client.get(answer.headers["Location"]))
                assert "Hartwin" not in shown, role
                assert press_nothing(session, client, answer.headers["Location"]), role
    session.expire_all()
    assert made.history_length == 2


def press_nothing(session: Session, client: FlaskClient, where: str) -> bool:
    """Answer and press what was chosen; True when no row was done."""
    client.post(where, data={"note": "Hello", "audience": "hub"})
    client.post(f"{where}/do", data={"stamp": stamp_of(client, where)})
    return all(row[1] != "done" for row in rows_of(session, where))


def stamp_of(client: FlaskClient, where: str) -> str:
    """What goes with the button of a preview; empty where there is no button."""
    found = re.search(r'name="stamp" value="([^"]+)"', client.get(where).get_data(as_text=True))
    return found[1] if found else ""


def test_what_a_form_may_say_wrongly(session: Session, client: FlaskClient, coordinator: Any) -> None:
    made = make_referral(session, now=NOW)
    for data, said in (
        ({}, "press one of the buttons below the list"),
        ({"do": "accept", "choose": key(made)}, "press one of the buttons below the list"),
        ({"do": "note"}, "choose at least one row first"),
        ({"do": "note", "choose": ["x", "1", "-", "9" * 30 + "-1", "\0"]}, "choose at least one row first"),
    ):
        answer = client.post("/worklist/chosen", data={"place": "priority=routine", **data})
        assert answer.headers["Location"] == "/worklist?priority=routine"
        assert said in words(client.get(answer.headers["Location"]))
    broken = client.post("/worklist/chosen", data={"do": "x", "place": "kind=task&state=x\r\nX: y"})
    assert broken.headers["Location"] == "/worklist?kind=task&state=x%0D%0AX%3A+y"
    # Somebody who cannot own an item is not taken over from the bar, and not from the form either.
    stranger = make_membership(session, Role.REFERRER, make_referring(session))
    where = choose(client, "assign", made, owner_id=stranger.user_id).headers["Location"]
    assert "Look at what will happen" in words(client.get(where))
    assert client.post(where, data={"owner_id": stranger.user_id}).status_code == 422
    assert client.post(f"{where}/do").headers["Location"] == where
    assert session.scalars(select(BulkRow.outcome)).all() == [None]
    # What nobody went on with is forgotten.
    session.execute(update(BulkChange).values(made_at=NOW - timedelta(days=3)))
    kept = choose(client, "note", made).headers["Location"]
    assert [f"/worklist/changes/{one}" for one in session.scalars(select(BulkChange.id))] == [kept]


def another_window(client: FlaskClient) -> FlaskClient:
    """The same person's, at the same application."""
    name = client.application.config["HUB_SIGN_IN_COOKIE"]
    cookie = client.get_cookie(name)
    assert cookie is not None
    other = client.application.test_client()
    other.set_cookie(name, cookie.value)
    return other


def test_stopped_half_way_each_row_is_whole_and_the_rest_is_done_by_pressing_again(
    committed: Engine, test_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = create_app(test_settings, session_factory=make_sessions(committed)).test_client()
    client.application.config |= {"TESTING": True, "WTF_CSRF_ENABLED": False, "PROPAGATE_EXCEPTIONS": False}
    with Session(committed, expire_on_commit=False) as session, transaction(session):
        dele, tom = (make_membership(session, role) for role in (Role.COORDINATOR, Role.CASE_MANAGER))
        signed_in_cookie(session, client, dele)
        made = [make_referral(session, now=NOW) for _ in range(5)]
    where = choose(client, "assign", *made, owner_id=tom.user_id).headers["Location"]
    stamp = stamp_of(client, where)
    whole = bulk._do
    calls = []

    def cut_off(*given: Any, **more: Any) -> Any:
        done = whole(*given, **more)
        calls.append(done)
        if len(calls) == 3:  # after the third item moved, before its transaction ended
            raise KeyboardInterrupt
        return done

    monkeypatch.setattr(bulk, "_do", cut_off)
    with pytest.raises(KeyboardInterrupt):
        client.post(f"{where}/do", data={"stamp": stamp})
    monkeypatch.undo()
    with Session(committed) as session:
        owners = session.scalars(select(WorkItem.owner_id).order_by(WorkItem.id)).all()
        assert owners == [tom.user_id, tom.user_id, None, None, None]
        assert [row[1] for row in rows_of(session, where)] == ["done", "done", None, None, None]
    page = words(client.get(where))
    assert "3 rows are not done yet" in page and "Do the rest" in page
    # Pressed twice at the same moment: each row is done by one of the two.
    with ThreadPoolExecutor(2) as two:
        answers = list(two.map(lambda _: another_window(client).post(f"{where}/do").status_code, range(2)))
    assert answers == [303, 303]
    with Session(committed) as session:
        assert set(session.scalars(select(WorkItem.owner_id))) == {tom.user_id}
        history = session.scalars(select(Transition.action).where(Transition.action == "assign")).all()
        assert len(history) == 5
    assert "Done for 5 of 5 items" in words(client.get(where))
