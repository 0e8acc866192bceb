"""A list as a CSV file: what it holds, what it says of itself, what a spreadsheet makes of it, and who asked for it."""

import csv
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from hub.engine.models import AccessLog
from hub.engine.perform import perform
from hub.worklist.export import COLUMNS
from hub.worklist.models import SavedView
from tests.factories import actor_of, make_membership, make_organisation, make_person, make_referral, start_referral
from workflows.durations import local
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
NOW = datetime.now(UTC).replace(microsecond=0)


def sheet(answer: TestResponse) -> tuple[dict[str, str], list[dict[str, str]]]:
    """What the file says of itself, and its rows by column; it must be whole."""
    assert answer.status_code == 200 and answer.content_type.startswith("text/csv")
    data = answer.get_data()
    assert int(answer.headers["Content-Length"]) == len(data)
    assert data.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(StringIO(data.decode("utf-8-sig"), newline="")))
    gap = lines.index([])
    assert lines[gap + 1] == list(COLUMNS)
    return dict(line for line in lines[:gap]), [dict(zip(COLUMNS, line, strict=True)) for line in lines[gap + 2 :]]


def test_the_file_holds_what_the_page_shows_and_says_what_made_it(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    membership = make_membership(session, Role.COORDINATOR, user=make_person(session, "Dele Okafor"))
    sign_in(client, membership)
    made = [make_referral(session, priority="urgent", now=NOW - timedelta(minutes=n)) for n in range(30)]
    make_referral(session, priority="routine", now=NOW)
    for item in made[:6]:
        perform(session, item, "assign", actor_of(membership), now=NOW, values={"owner_id": membership.user_id})
    answer = client.get("/worklist/export.csv?priority=urgent&owner=me&owner=x&kind=referral")
    about, rows = sheet(answer)
    assert answer.headers["Content-Disposition"] == f"attachment; filename=worklist-{local(NOW):%Y-%m-%d}.csv"
    assert about["By"] == "Dele Okafor, coordinator, Fellside Hub"
    assert about["Filters"] == "Kind: referral; Priority: urgent; Owner: me"
    assert about["Holds"] == "6 items" and str(NOW.year) in about["Made"]
    page = client.get("/worklist?priority=urgent&owner=me").get_data(as_text=True)
    assert [row["Reference"] for row in rows] == re.findall(r'"hub-nowrap">(REF-[\d-]+)<', page)
    for row, item in zip(rows, reversed(made[:6]), strict=True):
        session.refresh(item)
        due = datetime.fromisoformat(row["Due (ISO 8601)"])
        assert due == item.next_due_at and due.tzinfo is not None
        assert (row["Kind"], row["Priority"], row["Owner"]) == ("Referral", "Urgent", "Dele Okafor")
    whole = sheet(client.get("/worklist/export.csv"))[1]
    assert len(whole) == 31
    logged = session.scalars(select(AccessLog).where(AccessLog.what == "exported").order_by(AccessLog.id)).all()
    assert [row.detail for row in logged] == [
        {"query": "kind=referral&priority=urgent&owner=me", "count": 6},
        {"query": "", "count": 31},
    ]


def test_each_role_exports_what_its_page_shows_and_no_more(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    referrer = make_membership(session, Role.REFERRER)
    theirs = make_referral(session, referrer=actor_of(referrer), now=NOW, family_name="Hartwin")
    draft = start_referral(session, actor_of(referrer), now=NOW)
    elsewhere = make_membership(session, Role.REFERRER, make_organisation(session, "ZRG01", kind="referrer"))
    other = make_referral(session, referrer=actor_of(elsewhere), now=NOW)
    sign_in(client, referrer)
    about, rows = sheet(client.get("/worklist/export.csv"))
    assert [row["Reference"] for row in rows] == [theirs.reference, draft.reference]
    assert about["Filters"] == "None: every open item" and "referrer" in about["By"]
    assert rows[1]["Due (ISO 8601)"] == "" and rows[1]["Due"] == "Starts when it is sent"
    sign_in(client, make_membership(session, Role.INFORMATION_GOVERNANCE))
    text = client.get("/worklist/export.csv").get_data(as_text=True)
    assert theirs.reference in text and "Hartwin" not in text and "Calder Royal" not in text
    sign_in(client, make_membership(session, Role.UNIT_CLINICIAN))
    assert sheet(client.get("/worklist/export.csv"))[1] == []
    # Chosen rows: those of them that may be seen, and the file says that they were chosen.
    coordinator = make_membership(session, Role.COORDINATOR)
    sign_in(client, coordinator)
    sent = {"do": "export", "place": "kind=referral", "choose": [f"{theirs.id}-1", f"{draft.id}-1", f"{other.id}-2"]}
    about, rows = sheet(client.post("/worklist/chosen", data=sent))
    assert sorted(row["Reference"] for row in rows) == sorted([theirs.reference, other.reference])
    assert about["Chosen"] == "2 rows of this list, one by one" and about["Filters"] == "Kind: referral"
    answer = client.post("/worklist/chosen", data={**sent, "all": "2"})
    assert answer.headers["Location"] == "/worklist/export.csv?kind=referral"
    kept = {"query": "kind=referral", "role": "coordinator", "saved_at": NOW, "name": "Referrals"}
    view = SavedView(owner_id=coordinator.user_id, **kept)
    session.add(view)
    session.flush()
    about, rows = sheet(client.get(f"/worklist/export.csv?view={view.id}"))
    assert about["Filters"] == "Saved view: Referrals; Kind: referral" and len(rows) == 2
    # A view that is gone is no list of everything: neither as a file, nor for what was chosen from it.
    gone = f"view={view.id + 1}"
    assert client.get(f"/worklist/export.csv?{gone}").headers["Location"] == f"/worklist?{gone}"
    for action in ("export", "note"):
        answer = client.post("/worklist/chosen", data={"do": action, "place": gone, "all": "2"})
        assert answer.headers["Location"] == f"/worklist?{gone}"


def test_no_cell_is_a_formula_and_every_text_comes_back_as_it_was(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    referrer = make_membership(session, Role.REFERRER)
    names = ("=1+1", "+44", "-2", "@SUM(A1)", 'O’Hara; "Kit"', "Ødegård 東")
    for minutes, name in enumerate(names):
        now = NOW - timedelta(hours=1) + timedelta(minutes=minutes)
        make_referral(session, referrer=actor_of(referrer), now=now, family_name=name, given_name="Kit")
    sign_in(client, referrer)
    _, rows = sheet(client.get("/worklist/export.csv"))
    assert [row["Person"] for row in rows] == [
        f"{quote}{name}, Kit" for quote, name in zip(("'", "'", "'", "'", "", ""), names, strict=True)
    ]
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
